"""Packages that readers and contributors install, from the bill of materials.

`docs/reference/bom.cdx.json` is a bill of materials in the format CycloneDX 1.6;
`python -m paradigms packages` writes it, `exports/bill_of_materials.py` says from what.
"""

import json
from typing import Any, NamedTuple

from paradigms._files import ROOT
from paradigms._schema import FileError
from paradigms.site.content.files import path_in_repository, read_text
from paradigms.site.file_cache import cache

PATH = ROOT / "docs/reference/bom.cdx.json"
# What the reference page says of each source, in its order.
PARTS = {
    ("pip", True): "pip: to build and serve the site",
    ("pip", False): "pip: to test, to measure, to develop",
    ("copy", True): "copied into docs/javascripts/vendor",
    ("npm", True): "npm: for the site",
    ("npm", False): "npm: for the tests",
}


class Package(NamedTuple):
    """One package; `source` is pip, npm, or copy for a file in docs/javascripts."""

    name: str
    version: str
    licence: str
    source: str
    for_readers: bool


@cache
def packages() -> list[Package]:
    """All, in the order of the file. Errors: FileError if it is no bill of ours."""
    try:
        components = json.loads(read_text(PATH))["components"]
        return [_package(component) for component in components]
    except (ValueError, KeyError, TypeError, IndexError):
        raise FileError(
            f"{path_in_repository(PATH)}: not a bill of materials; "
            "run python -m paradigms packages"
        ) from None


def _package(component: dict[str, Any]) -> Package:
    source = "pip" if component["purl"].startswith("pkg:pypi/") else "npm"
    group = f"{component['group']}/" if "group" in component else ""
    return Package(
        name=group + component["name"],
        version=component["version"],
        licence=_licence(component["licenses"]),
        source="copy" if "evidence" in component else source,
        for_readers=component["scope"] == "required",
    )


def _licence(licences: list[dict[str, Any]]) -> str:
    """The licence in words, from one of the three forms that the format has."""
    (entry,) = licences
    if "expression" in entry:
        return str(entry["expression"])
    licence = entry["license"]
    return str(licence.get("id") or licence["name"])
