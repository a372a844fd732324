"""Data files of installed packages, verified by their SHA-256."""

import hashlib
from importlib import util
from pathlib import Path
from typing import NamedTuple


class PackageFile(NamedTuple):
    """A file at the path `inside` a package, its SHA-256, the command to `install` it.

    The package itself is never imported.
    """

    package: str
    inside: str
    sha256: str
    install: str

    def path(self) -> Path:
        """The path of the file.

        Errors: FileNotFoundError if package or file are missing, ValueError if the hash
        differs.
        """
        spec = util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(
                f"the package {self.package} is missing: {self.install}"
            )
        path = Path(spec.origin).parent / self.inside
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is missing: {self.install}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != self.sha256:
            raise ValueError(
                f"{path.name} has changed (sha256 {digest[:12]}, expected "
                f"{self.sha256[:12]}): {self.install}"
            )
        return path
