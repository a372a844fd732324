"""What a reader can keep offline: the list of the site's files, and the web manifest.

`offline-files.json` in the root of a built site has every file with its size and hash;
its version is the hash of the list. `offline.json` has what a page says before a click.
docs/javascripts/practice/offline-copy.js stores the files, docs/service-worker.js
answers from them.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from xml.etree import ElementTree

from paradigms.site.exports.formats import compact_json

SUMMARY_PATH = "offline.json"
LIST_PATH = "offline-files.json"
MANIFEST_PATH = "manifest.webmanifest"
ICON_PATH = "images/icon.svg"
# Python for the whiteboard is large, and stored only by those who want it.
_PYTHON = re.compile(r"/pyodide[^/]*/")
# For hosts, crawlers and debuggers; for languages and a search that Material brings;
# downloads, which a reader keeps as files.
_NOT_OFFLINE = re.compile(
    r"_headers|404\.html|sitemap\.xml(\.gz)?|service-worker\.js|offline(-files)?\.json|tags\.json"
    r"|.*\.map|assets/javascripts/(lunr|workers)/.*|practice/bank\..*"
    r"|reference/bom\.cdx\.json"
    r"|.*\.(ipynb|apkg)|practice/.*\.zip"  # Python itself has a zip, which it needs
)
_SVG = "{http://www.w3.org/2000/svg}"
_INK = "#23395b"  # --md-primary-fg-color in site.css
_PAPER = "#ffffff"


@dataclass(frozen=True)
class OfflineFile:
    """One file: its address from the root of the site, its bytes, SHA-256 in hex."""

    address: str
    size: int
    hash: str


def offline_files(site: Path) -> dict[str, list[OfflineFile]]:
    """The files of a built site by part, `site` and `python`."""
    parts: dict[str, list[OfflineFile]] = {"site": [], "python": []}
    for path in _paths(site):
        content = (site / path).read_bytes()
        address = re.sub(r"(^|/)index\.html$", r"\1", path)
        entry = OfflineFile(address, len(content), hashlib.sha256(content).hexdigest())
        parts["python" if _PYTHON.search(path) else "site"].append(entry)
    return parts


def _paths(site: Path) -> Iterator[str]:
    paths = (p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
    return (path for path in sorted(paths) if not _NOT_OFFLINE.fullmatch(path))


def write_lists(site: Path) -> None:
    """Write both lists of a built site into it, after every other file."""
    files = offline_files(site)
    parts = {name: [astuple(file) for file in part] for name, part in files.items()}
    sizes = {name: sum(file.size for file in part) for name, part in files.items()}
    version = hashlib.sha256(compact_json(parts).encode()).hexdigest()[:16]
    whole_list = compact_json({"version": version, "parts": parts})
    summary = compact_json({"version": version, "bytes": sizes})
    (site / LIST_PATH).write_text(whole_list, "utf8")
    (site / SUMMARY_PATH).write_text(summary, "utf8")


def icon(logo: str) -> str:
    """The site's icon from its logo: an SVG of 24 units, in white on ink.

    The logo keeps to the inner 60%: a phone may cut the icon to a circle.
    """
    svg = ElementTree.fromstring(logo)
    if [child.tag for child in svg] != [f"{_SVG}path"]:
        raise ValueError("mkdocs.yml: theme.icon.logo is not one path: choose another")
    shape = f'<path d="{svg[0].get("d")}"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<path fill="{_INK}" d="M0 0h40v40H0z"/>'
        f'<g fill="{_PAPER}" transform="translate(8 8)">{shape}</g></svg>'
    )


def web_manifest(name: str, description: str) -> str:
    """The web manifest, in the root of the site; its addresses are relative to it."""
    image = {"src": ICON_PATH, "sizes": "any", "type": "image/svg+xml"}
    manifest = {
        "name": name,
        "short_name": name,
        "description": description,
        "start_url": ".",
        "scope": ".",
        "display": "minimal-ui",
        "theme_color": _INK,
        "background_color": _PAPER,
        "icons": [image | {"purpose": "any maskable"}],
    }
    return json.dumps(manifest, indent=1)
