"""Files that installed packages bring along, byte for byte those that were measured."""

import hashlib
from importlib import util
from pathlib import Path
from typing import NamedTuple


class PackageFile(NamedTuple):
    """A file by its place `inside` a package, with its SHA-256 and how to `install` it.

    The package itself is never imported.
    """

    package: str
    inside: str
    sha256: str
    install: str

    def path(self) -> Path:
        """Where the file is.

        Errors: FileNotFoundError if package or file are missing, ValueError if the file
        is another one.
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
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ValueError(
                f"{path.name} has changed (sha256 {found[:12]}, expected "
                f"{self.sha256[:12]}): {self.install}"
            )
        return path
