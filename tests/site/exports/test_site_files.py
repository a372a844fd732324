"""What hooks add to a site is written for other builders, byte for byte."""

import re

import pytest
from mkdocs.structure.files import File

from paradigms.__main__ import main
from paradigms._schema import ContentError
from paradigms.site.content.navigation import levels
from paradigms.site.content.pages import DOCS, page_url
from paradigms.site.exports import site_files
from paradigms.site.fences.record import record_pages

# Files that MkDocs, its theme or the hooks make of finished pages, notebooks included.
OF_FINISHED_PAGES = re.compile(
    r"assets/.*|.*\.html|sitemap\.xml(\.gz)?|search/.*|tags\.json"
    r"|offline(-files)?\.json|labs/[^/]+/[^/]+\.ipynb"
)
MARK = "status: optional\n"
OF_SOURCES = re.compile(r".*\.md|.*\.d\.ts|.*tsconfig\.json|labs/[^/]+\.ipynb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The prepared folder, as the command writes it."""
    path = tmp_path_factory.mktemp("prepared") / "docs"
    assert main(["prepare", str(path)]) == 0
    return path


def contents(folder) -> dict[str, bytes]:
    """Every file by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_file_of_the_site_is_prepared(folder, site):
    """Downloads, data, notebooks, models, scripts and styles: the same bytes."""
    ours = {
        path: content
        for path, content in contents(folder).items()
        if not OF_SOURCES.fullmatch(path)
    }
    built = {
        path: content
        for path, content in contents(site).items()
        if not OF_FINISHED_PAGES.fullmatch(path)
    }
    assert ours.keys() == built.keys()
    assert [path for path in ours if ours[path] != built[path]] == []
    assert {"practice/bank.csv", "q39/cache/cache.ipynb", "_headers"} <= ours.keys()


def test_every_page_is_prepared(folder):
    """With the pages of records; optional ones say so, others stay as they are."""
    for path, level in levels().items():
        if path.endswith(".md"):
            text, source = ((place / path).read_text() for place in (folder, DOCS))
            assert text.count(MARK) == (level == "optional"), path
            assert text.replace(MARK, "", 1) == source, path
    for path, text in record_pages().items():
        assert (folder / path).read_text() == text


def test_addresses_are_those_of_mkdocs():
    """Of pages, start pages of folders, notebooks and other files."""
    paths = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.*")]
    for path in [*paths, "a/big-index.md"]:
        url = File(path, "docs", "site", use_directory_urls=True).url
        expected = url.removesuffix("./")
        if path.endswith(".ipynb"):  # the plugin makes pages of them
            expected = f"{path.removesuffix('.ipynb')}/"
        assert page_url(path) == expected, path


def test_a_folder_with_files_is_refused(tmp_path, capsys):
    """In one line, as a file is; they stay as they are."""
    (tmp_path / "mine.txt").write_text("x")
    for path, reason in (
        (tmp_path, "not empty; remove it, or name a new folder"),
        (tmp_path / "mine.txt", "a file; name a new folder"),
    ):
        assert main(["prepare", str(path)]) == 1
        assert capsys.readouterr().err == f"{path}: {reason}\n"
    assert contents(tmp_path) == {"mine.txt": b"x"}


def test_a_mistake_leaves_no_folder(tmp_path, monkeypatch):
    """What is half written is not found under its name, and is replaced next time."""

    def fail() -> None:
        raise ContentError("a finding")

    with monkeypatch.context() as patch:
        patch.setattr(site_files, "check_uses", fail)
        with pytest.raises(ContentError, match="a finding"):
            site_files.write(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "new").mkdir()  # an empty folder may be there
    site_files.write(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
