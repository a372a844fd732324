"""The bill of materials is what is installed, in a valid form, and on its page."""

import json
import re
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution, distributions
from typing import Any

import pytest
from bs4 import BeautifulSoup
from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import is_expression
from cyclonedx.validation.json import JsonStrictValidator

from paradigms._schema import FileError
from paradigms.site.content import packages
from paradigms.site.exports import bill_of_materials as bill
from paradigms.site.exports.offline import LIST_PATH
from tests.conftest import ROOT

TEXT = packages.PATH.read_text("utf8")
PINS = (ROOT / "constraints.txt").read_text("utf8")
LOCK = (ROOT / "package-lock.json").read_text("utf8")
PROJECT = (ROOT / "pyproject.toml").read_text("utf8")


def components(text: str, source: str) -> dict[str, dict[str, Any]]:
    """The components of pip or of the browser, by their name with its group."""
    return {
        "/".join(filter(None, (row.get("group"), row["name"]))): row
        for row in json.loads(text)["components"]
        if row["purl"].startswith("pkg:pypi/") == (source == "pip")
    }


def differences(text: str = TEXT, pins: str = PINS, lock: str = LOCK) -> set[str]:
    """Packages that the bill lacks, has too many, or has otherwise."""
    versions = bill.pins(pins)
    listed = components(text, "pip")
    names = {name for name in versions if versions[name] != version(listed.get(name))}
    names |= listed.keys() - versions.keys()
    readers = bill.installed_by_readers(PROJECT)
    for name in listed.keys() & versions.keys():
        try:
            distribution(name)
        except PackageNotFoundError:  # an extra that is not installed here
            continue
        if (
            bill.python_package(name, listed[name]["scope"] == "required")
            != listed[name]
        ):
            names.add(name)
    required = {bill.canonicalize_name(n) for n in listed if is_required(listed[n])}
    names |= required ^ readers
    scripts = {
        row["purl"]: row for row in [*bill.npm_packages(lock), *bill.minified_copies()]
    }
    listed_scripts = {row["purl"]: row for row in components(text, "npm").values()}
    return names | {
        purl
        for purl in scripts.keys() | listed_scripts.keys()
        if scripts.get(purl) != listed_scripts.get(purl)
    }


def version(row: dict[str, Any] | None) -> str:
    """That of a component; nothing if there is none."""
    return row["version"] if row else ""


def is_required(row: dict[str, Any]) -> bool:
    """Whether a reader installs it."""
    return row["scope"] == "required"


def test_the_bill_is_what_is_installed():
    """Names, versions, licences: constraints, metadata, lock file, copies."""
    assert differences() == set()
    assert len(components(TEXT, "pip")) > 150


def test_what_is_installed_has_an_exact_version():
    """Also what a package needs without our naming it; pip itself comes with venv."""
    # Not all of sys.path: setuptools, once imported, adds the copies that it brings.
    installed = distributions(path=[sysconfig.get_path("purelib")])
    names = {bill.canonicalize_name(row.name) for row in installed}
    assert len(names) > 50
    assert unpinned(names) == set()
    assert unpinned({*names, "left-pad"}) == {"left-pad"}


def unpinned(names: set[str]) -> set[str]:
    """Canonical names of packages that constraints.txt lacks."""
    return names - {*map(bill.canonicalize_name, bill.pins(PINS)), "paradigms", "pip"}


def changed(package: str, **values: Any) -> str:
    """The bill with other values in one component."""
    content = json.loads(TEXT)
    (row,) = [row for row in content["components"] if row["name"] == package]
    row.update(values)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("arguments", "difference"),
    [
        ({"text": changed("mkdocs", version="1.6.0")}, "mkdocs"),
        ({"text": changed("mkdocs", scope="excluded")}, "mkdocs"),
        ({"text": changed("torch", licenses=[])}, "torch"),
        ({"text": changed("torch", name="touch")}, "touch"),
        ({"pins": PINS.replace("mkdocs==1.6.1\n", "mkdocs==1.6.2\n")}, "mkdocs"),
        ({"pins": PINS + "left-pad==1.0\n"}, "left-pad"),
        ({"lock": LOCK.replace('"8.0.4"', '"8.0.5"')}, "pkg:npm/idb@8.0.5"),
        ({"lock": LOCK.replace("sha512-j", "sha512-k")}, "pkg:npm/idb@8.0.4"),
        ({"text": changed("minisearch", version="7.1.0")}, "pkg:npm/minisearch@7.2.0"),
    ],
)
def test_another_package_is_noticed(arguments, difference):
    """Negative controls: one value of the bill, a pin or an entry of the lock file."""
    assert difference in differences(**arguments)


def findings(text: str) -> str:
    """What the schema of CycloneDX 1.6 says against it."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return repr(error) if error else ""


def test_the_form_is_cyclonedx():
    """Its strict schema, with the identifiers of SPDX; references are unique."""
    assert findings(TEXT) == ""
    rows = json.loads(TEXT)["components"]
    assert len({row["bom-ref"] for row in rows}) == len(rows)
    entries = [entry for row in rows for entry in row["licenses"]]
    expressions = [row["expression"] for row in entries if "expression" in row]
    assert len(expressions) > 3
    assert all(map(is_expression, expressions))
    assert not is_expression("MIT AND Something")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"id": "MIT"', '"id": "MITT"'),
        ('"scope": "required"', '"scope": "site"'),
        ('"bomFormat": "CycloneDX"', '"bomFormat": "SPDX"'),
    ],
)
def test_another_form_is_noticed(old, new):
    """Negative controls for the schema."""
    assert old in TEXT
    assert findings(TEXT.replace(old, new, 1))


def test_it_is_written_from_what_is_installed(monkeypatch, tmp_path):
    """A package that is missing stops it with the command that brings it."""
    monkeypatch.setattr(bill, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf8")
    (tmp_path / "constraints.txt").write_text("mkdocs==1.6.1\nleft-pad==1.0\n", "utf8")
    with pytest.raises(ValueError, match=r"not installed: left-pad; run .* left-pad"):
        bill.bill_of_materials()


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT OR Apache-2.0", {"spdx": "MIT OR Apache-2.0"}),
        ("License: Apache 2.0 License", {"spdx": "Apache-2.0"}),
        ("License: BSD\nClassifier: License :: OSI Approved :: BSD License",
         {"name": "BSD"}),
        ("License: BSD\nClassifier: License :: OSI Approved :: MIT License",
         {"spdx": "MIT"}),
        ("License: Copyright me\n        and you\nClassifier: License :: Public Domain",
         {"name": "Public Domain"}),
    ],
)  # fmt: skip
def test_a_licence_is_taken_as_it_is_declared(tmp_path, metadata, licence):
    """The exact field first, then words; a whole text is none."""
    package = distribution_of(tmp_path, metadata)
    assert bill.declared(package) == licence


def test_a_package_without_licence_is_an_error(tmp_path):
    """Somebody must read its file."""
    with pytest.raises(ValueError, match="left-pad names no licence"):
        bill.declared(distribution_of(tmp_path, "License: UNKNOWN"))


def distribution_of(folder, metadata: str):
    """A package whose metadata has these lines."""
    path = folder / "left_pad-1.0.dist-info"
    path.mkdir()
    head = "Metadata-Version: 2.1\nName: left-pad\nVersion: 1.0\n"
    (path / "METADATA").write_text(head + metadata + "\n", "utf8")
    return bill.Distribution.at(path)


def test_the_page_shows_every_package(site):
    """A row each, with version and licence; the file is beside it, but not offline."""
    text = (site / "reference/licences/index.html").read_text("utf8")
    html = BeautifulSoup(text, "html.parser")
    rows = [
        tuple(cell.get_text() for cell in row.find_all(["th", "td"]))
        for row in html.select("table tbody tr")
        if not row.find("th", scope="rowgroup")
    ]
    expected = {(row.name, row.version, row.licence) for row in packages.packages()}
    assert len(rows) == len(expected) == len(json.loads(TEXT)["components"])
    assert set(rows) == expected
    assert (site / "reference/bom.cdx.json").read_text("utf8") == TEXT
    assert "bom.cdx" not in (site / LIST_PATH).read_text("utf8")


def test_a_bill_of_another_form_stops_the_build(monkeypatch, tmp_path):
    """In one line, with the command that writes it again."""
    path = tmp_path / "bom.cdx.json"
    path.write_text(re.sub('"purl"', '"url"', TEXT), "utf8")
    monkeypatch.setattr(packages, "PATH", path)
    packages.packages.cache_clear()
    with pytest.raises(FileError, match="not a bill of materials; run python -m"):
        packages.packages()
    packages.packages.cache_clear()
