"""Equal sources make equal bytes, wherever and whenever they are built."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SOURCES, environment

COMMIT = "2026-01-02T03:04:05Z"
SETTINGS = {
    "here": {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    "elsewhere": {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8"},
}


def clone(folder: Path, age: int) -> Path:
    """The sources in a folder as a repository with one commit; files of another age."""
    folder.mkdir()
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.tmp")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    (folder / ".gitignore").write_text("__pycache__\n.cache\nsite\n")
    names = {f"GIT_{role}_{key}": "x@y.z" for role in ("AUTHOR", "COMMITTER")
             for key in ("NAME", "EMAIL")}  # fmt: skip
    dates = {"GIT_AUTHOR_DATE": COMMIT, "GIT_COMMITTER_DATE": COMMIT}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(
            ["git", *arguments], cwd=folder, env=os.environ | names | dates, check=True
        )
    for path in (folder / "snippets").rglob("*.toml"):
        os.utime(path, (age, age))
    return folder


def site(folder: Path, settings: dict[str, str]) -> dict[str, bytes]:
    """Every file of a cold build of the site."""
    variables = environment(folder) | {"SITE_URL": "https://example.org/"}
    variables.pop("SOURCE_DATE_EPOCH", None)
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-d", "site"],
        cwd=folder, env=variables | settings, check=True,
    )  # fmt: skip
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "site").rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> list[dict[str, bytes]]:
    """Two sites, built in other folders, with other settings and ages of files."""
    base = tmp_path_factory.mktemp("reproducible")
    return [
        site(clone(base / name, age), settings)
        for (name, settings), age in zip(
            SETTINGS.items(), (10**9, 2 * 10**9), strict=True
        )
    ]


def test_two_builds_are_the_same_bytes(sites):
    """Pages, downloads, search index, site map."""
    here, elsewhere = sites
    assert here.keys() == elsewhere.keys()
    assert [name for name in here if here[name] != elsewhere[name]] == []


def test_the_date_is_that_of_the_commit(sites):
    """In the site map: neither today's nor that of a file."""
    dates = re.findall(rb"<lastmod>(.*?)</lastmod>", sites[0]["site/sitemap.xml"])
    assert set(dates) == {COMMIT[:10].encode()}


def test_another_date_is_noticed(sites, tmp_path):
    """Negative control: with a date of its own, the deck and the site map differ."""
    dated = clone(tmp_path / "dated", 10**9)
    built = site(dated, SETTINGS["here"] | {"SOURCE_DATE_EPOCH": "1000000000"})
    assert {name for name in built if built[name] != sites[0][name]} >= {
        "site/sitemap.xml",
        "site/practice/model-paradigms.apkg",
    }
