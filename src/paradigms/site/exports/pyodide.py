"""Pyodide, the Python that runs attempts in the page, from npm's folder into the site.

Its files are not in the repository: `make npm` brings them, checked against the hash in
`package-lock.json`.  A build without them succeeds, and the page says what is missing.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from paradigms.site.practice import process

FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
LICENCE = Path(__file__).with_name("pyodide-licence.txt")
MEGABYTES = 512  # a phone ends a page that takes more


class Pyodide(NamedTuple):
    """What a build has of Pyodide: a folder of the site, and the files by their path.

    `missing` says in a sentence why there is none; then there is no file either.
    """

    folder: str
    files: dict[str, Path]
    missing: str

    def for_page(self) -> dict[str, str | int | float]:
        """What the page must know: folder, size, limits; or what is missing."""
        if self.missing:
            return {"missing": self.missing}
        return {
            "folder": self.folder,
            "bytes": sum(
                path.stat().st_size for path in self.files.values() if path != LICENCE
            ),
            "seconds": process.SECONDS,
            "megabytes": MEGABYTES,
        }


def pyodide(repository: Path) -> Pyodide:
    """Pyodide in `node_modules`, if it has the version of `package.json`."""
    package = repository / "node_modules/pyodide"
    missing = [name for name in FILES if not (package / name).is_file()]
    if missing:
        return _without(f"node_modules/pyodide has no {missing[0]}")
    version = _json(package / "package.json").get("version")
    wanted = _json(repository / "package.json").get("dependencies", {}).get("pyodide")
    if version is None or version != wanted:
        return _without(
            f"node_modules/pyodide is {version}, and package.json asks for {wanted}"
        )
    folder = f"javascripts/vendor/pyodide-{version}"
    files = {f"{folder}/{name}": package / name for name in FILES}
    return Pyodide(folder, {**files, f"{folder}/LICENCE.txt": LICENCE}, "")


def _without(reason: str) -> Pyodide:
    return Pyodide("", {}, f"{reason}; run “make npm”, then build the site again")


def _json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; {} if there is none."""
    try:
        data = json.loads(path.read_text("utf8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
