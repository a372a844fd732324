"""What builds keep on disk: used again only while it is right, whatever happens."""

import json
import pstats
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mkdocs
import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from paradigms.site import build_cache, file_cache
from paradigms.site.build_cache import BuildCache, _restore
from paradigms.site.working_copy import copy_sources
from tests.conftest import ROOT, build, environment

PAGE = "q19/transfer.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory, site) -> Path:  # noqa: ARG001 - its build fills the cache
    """A copy of the sources whose pages are all on disk; no test changes it."""
    folder = tmp_path_factory.mktemp("built")
    copy_sources(folder, more=[".cache"])
    assert build(folder, folder / "site").returncode == 0
    return folder


@pytest.fixture
def warm(built, tmp_path) -> Path:
    """A copy of it, to change and to build again."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def stamps(folder: Path) -> dict[str, int]:
    """When each entry was written."""
    return {path.name: path.stat().st_mtime_ns for path in entries(folder)}


def entries(folder: Path) -> list[Path]:
    """The files of the cache."""
    return sorted((folder / ".cache/build").glob("*.json"))


def site(folder: Path) -> dict[str, bytes]:
    """Every file of the built site."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "site").rglob("*")
        if path.is_file()
    }


def rebuilt(folder: Path) -> set[str]:
    """Build again; returns the pages whose entries were written."""
    before = stamps(folder)
    result = build(folder, folder / "site")
    assert result.returncode == 0, result.stdout
    return names_of_new(folder, before)


def names_of_new(folder: Path, before: dict[str, int]) -> set[str]:
    """The names of the entries that were written since."""
    return {
        json.loads((folder / ".cache/build" / name).read_text("utf8"))["name"]
        for name, time in stamps(folder).items()
        if time != before.get(name)
    }


def test_what_has_not_changed_is_not_rendered(warm):
    """Nothing at first; a page; the pages that show a claim; all pages for the code."""
    before = site(warm)
    pages = {path.relative_to(warm / "docs").as_posix() for path in docs(warm)}
    assert {*all_names(warm)} >= pages | {"search index", "downloads", "practice data"}
    assert rebuilt(warm) == set()
    assert site(warm) == before

    change(warm / "docs" / PAGE, "\n## ", "\nA new sentence.\n\n## ")
    written = rebuilt(warm)
    assert written >= {PAGE, "search index"}
    # A few more search all pages for formulas, links or minutes of reading.
    assert len(written & pages) < 11
    assert b"A new sentence." in site(warm)["site/q19/transfer/index.html"]

    claims = warm / "snippets/claims/q39.toml"
    change(claims, "a factorisation, not", "a factorisation and not")
    written = rebuilt(warm)
    assert "q39/index.md" in written
    assert "labs/index.md" not in written

    change(warm / "src/paradigms/site/drawing/svg.py", "may see", "is allowed to see")
    assert rebuilt(warm) == {*all_names(warm)}
    assert b"is allowed to see" in site(warm)["site/q39/index.html"]


def test_an_edit_makes_one_notebook_again(warm):
    """That of the page, which other pages do not show."""
    change(warm / "docs/q39/cache.md", "\n## ", "\nA new sentence.\n\n## ")
    notebooks = {name for name in rebuilt(warm) if name.startswith("notebook of ")}
    assert notebooks == {"notebook of q39/cache.md"}


def test_an_abbreviation_is_read_again(warm):
    """Its words have changed: pages show them. Without the file, one line says so."""
    file = warm / "snippets/abbreviations.md"
    change(file, "Bidirectional Encoder Repr", "Both-sided Encoder Repr")
    rebuilt(warm)
    assert b'title="Both-sided Encoder Repr' in site(warm)["site/q39/index.html"]

    file.unlink()
    result = build(warm, warm / "site")
    assert result.returncode == 1
    assert "snippets/abbreviations.md: missing; restore it from git" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_page_before_a_broken_one_is_kept(warm):
    """Also if fewer pages than a batch were rendered before the error."""
    before = stamps(warm)
    change(warm / "docs/index.md", "\n## ", "\nA new sentence.\n\n## ")
    change(warm / "docs/contributing.md", "\n## ", "\n```figure\nmask = 0\n```\n\n## ")
    assert build(warm, warm / "site").returncode == 1
    assert "index.md" in names_of_new(warm, before)


def test_a_copy_in_another_folder_renders_no_page(sources):
    """Files beside `mkdocs.yml` that the copy lacks count for no page.

    Negative control: a new file below `docs` counts for every page.
    """
    pages = {path.relative_to(sources / "docs").as_posix() for path in docs(sources)}
    assert not (sources / "README.md").exists()
    assert rebuilt(sources).isdisjoint(pages)

    (sources / "docs/note.txt").write_text("A note.")
    assert rebuilt(sources) >= pages


def test_another_address_of_the_site_renders_no_page(warm, monkeypatch):
    """`mkdocs serve` has one of its own, and `mkdocs build` filled the cache.

    Negative control: the notebooks, which name the address, are made again.
    """
    pages = {path.relative_to(warm / "docs").as_posix() for path in docs(warm)}
    monkeypatch.setenv("SITE_URL", "https://example.org/")
    written = rebuilt(warm)
    assert written.isdisjoint(pages)
    assert "notebook of q39/cache.md" in written


def calls(folder: Path) -> Counter[str]:
    """How often each function of the package is called in a build."""
    profile = folder / ".cache/calls"
    arguments = "cProfile", "-o", str(profile), "-m", "mkdocs", "build", "-d", "site"
    subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=True,
    )
    stats: Any = pstats.Stats(str(profile))  # its numbers have no public name
    package = str(folder / "src")
    return Counter(
        {
            f"{Path(file).stem}.{name}": count
            for (file, _, name), (_, count, *_) in stats.stats.items()
            if file.startswith(package)
        }
    )


def test_a_build_without_changes_parses_nothing(warm):
    """Neither pages nor the bank.

    Negative control: a changed page is parsed, and the questions it shows are read.
    """
    parsers = "fenced_blocks.fenced_blocks", "toml.read", "pages.has_notebook"
    unchanged = calls(warm)
    assert [unchanged[name] for name in parsers] == [0, 0, 0]

    change(warm / "docs" / PAGE, "\n## ", "\nA new sentence.\n\n## ")
    changed = calls(warm)
    assert all(changed[name] for name in parsers), changed


def imports(folder: Path) -> set[str]:
    """The modules that a build imports."""
    code = (
        "import atexit, runpy, sys\n"
        "atexit.register(lambda: print(*sys.modules))\n"
        "sys.argv = ['mkdocs', 'build', '-q', '-d', 'site']\n"
        "runpy.run_module('mkdocs', run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_a_build_without_changes_imports_no_converter_of_notebooks(warm):
    """Negative control: a notebook that was saved is converted."""
    unchanged = imports(warm)
    assert "mkdocs_jupyter.plugin" in unchanged
    assert not {"nbconvert", "jupytext.jupytext"} & unchanged

    with (warm / "docs/labs/mask-probe.ipynb").open("a") as notebook:
        notebook.write("\n")
    assert "nbconvert" in imports(warm)


def test_a_new_file_counts_although_nothing_read_it(warm):
    """A question in a file of its own reaches the glossary, the search and its page."""
    folder = warm / "snippets/questions"
    text = (folder / "history-of-the-two-paradigms.toml").read_text("utf8")
    first = text.split("\n\n")[0]
    new = re.sub(r"^\[[a-z0-9-]+\]", "[history-of-a-new-file]", first)
    (folder / "new.toml").write_text(new, "utf8")
    result = build(warm, warm / "site")
    assert "history-of-a-new-file" in result.stdout + str(site(warm))


def docs(folder: Path) -> Iterator[Path]:
    """Every page in Markdown."""
    return (folder / "docs").rglob("*.md")


def all_names(folder: Path) -> Iterator[str]:
    """The names of all entries."""
    for path in entries(folder):
        yield json.loads(path.read_text("utf8"))["name"]


def change(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file."""
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf8")


def test_entries_that_cannot_be_read_are_replaced(warm):
    """Empty, cut off, no JSON, another form."""
    before = site(warm)
    paths = entries(warm)[:5]
    text = paths[1].read_text("utf8")
    other = json.dumps({**json.loads(paths[4].read_text("utf8")), "files": None})
    damaged = ["", text[: len(text) // 2], "<html>", "[]", other]
    for path, content in zip(paths, damaged, strict=True):
        path.write_text(content, "utf8")
    assert len(rebuilt(warm)) == 5
    assert site(warm) == before


def test_a_cache_that_cannot_be_written_only_costs_time(warm):
    """A line says so; the site is the same."""
    before = site(warm)
    folder = warm / ".cache/build"
    for path in entries(warm):
        path.unlink()
    folder.rmdir()
    folder.write_text("a file")
    result = build(warm, warm / "site")
    assert result.returncode == 0
    assert "The next build starts anew" in result.stdout
    assert site(warm) == before


def test_a_full_disk_stops_the_build_with_one_line(warm):
    """A limit on the size of a file stands in for it; the next build is as before."""
    before = site(warm)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", "site-new"]
    full = subprocess.run(
        ["sh", "-c", 'ulimit -f 1024; exec "$@"', "sh", *command],
        check=False,
        cwd=warm,
        env=environment(warm),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert full.returncode == 1
    assert "Traceback" not in full.stdout
    assert ": File too large: the site is not complete; build again" in full.stdout
    assert site(warm) == before
    assert build(warm, warm / "site").returncode == 0
    assert site(warm) == before


def test_a_page_with_a_warning_warns_again(warm):
    """A link that leads nowhere stops every build, not only the first."""
    change(warm / "docs" / PAGE, "\n## ", "\n[a link](nowhere.md)\n\n## ")
    for _ in range(2):
        result = build(warm, warm / "site")
        assert result.returncode != 0
        assert "nowhere.md" in result.stdout


def test_a_build_that_is_killed_leaves_a_right_cache(warm):
    """After 1, 21 and 61 new entries, each in another batch; all pages are rendered."""
    for number, entries_before_the_end in enumerate((1, 21, 61)):
        change(warm / "src/paradigms/site/drawing/svg.py", ">may ", f">may {number} ")
        before = stamps(warm)
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(warm / "killed")],
            cwd=warm, env=environment(warm),
        )  # fmt: skip
        while newer(warm, before) < entries_before_the_end:
            assert process.poll() is None, "the build ended too soon"
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert 0 < newer(warm, before) < len(before)
    rebuilt(warm)
    with_cache = site(warm)
    for path in entries(warm):
        path.unlink()
    rebuilt(warm)
    assert site(warm) == with_cache


def newer(folder: Path, before: dict[str, int]) -> int:
    """How many entries were written since."""
    return sum(before.get(name) != time for name, time in stamps(folder).items())


def test_a_file_named_on_the_command_line_is_the_same(warm):
    """`mkdocs build -f mkdocs.yml` observes what it reads too."""
    command = ["-m", "mkdocs", "build", "-q", "-f", "mkdocs.yml", "-d", "site"]
    for old, new in ((", not", " and not"), (" and not", ", and not")):
        claims = warm / "snippets/claims/q39.toml"
        change(claims, f"factorisation{old}", f"factorisation{new}")
        subprocess.run(
            [sys.executable, *command], cwd=warm, env=environment(warm), check=True
        )
        assert f"factorisation{new}".encode() in site(warm)["site/q39/index.html"]


def test_the_time_in_the_environment_counts(warm, monkeypatch):
    """The deck holds SOURCE_DATE_EPOCH."""
    before = site(warm)["site/practice/model-paradigms.apkg"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert "downloads" in rebuilt(warm)
    assert site(warm)["site/practice/model-paradigms.apkg"] != before


def test_two_builds_at_once_give_the_same_site(warm):
    """Both render all pages and write the same entries."""
    change(warm / "src/paradigms/site/drawing/svg.py", "may see", "is allowed to see")
    builds = [
        subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(warm / name)],
            cwd=warm, env=environment(warm),
        )
        for name in ("site", "other")
    ]  # fmt: skip
    assert [process.wait() for process in builds] == [0, 0]
    assert site(warm) == {
        f"site/{path.relative_to(warm / 'other')}": path.read_bytes()
        for path in (warm / "other").rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("edited", [False, True])
def test_a_file_that_changes_during_the_build_is_not_trusted(tmp_path, edited):
    """What was read from it may be old or new: the page is rendered again next time."""
    (tmp_path / "docs").mkdir()
    read = tmp_path / "docs/a.md"
    read.write_text("before")
    (tmp_path / "mkdocs.yml").write_text("")
    cache = BuildCache(MkDocsConfig(str(tmp_path / "mkdocs.yml")))
    assert not cache.enabled  # the package belongs to other sources
    cache.enabled = True
    file_cache.observe()
    if edited:
        read.write_text("edited since")
    assert cache.get_or_make("x", "", read.read_text) == read.read_text()
    cache.write()
    assert bool([*cache.folder.glob("*")]) is not edited


@pytest.mark.parametrize(("batch", "times"), [(20, 3), (1, 45)])
def test_code_is_stamped_once_a_batch(tmp_path, monkeypatch, batch, times):
    """Not once for each of 45 entries, as in the negative control; all are written."""
    (tmp_path / "mkdocs.yml").write_text("")
    cache = BuildCache(MkDocsConfig(str(tmp_path / "mkdocs.yml")))
    cache.enabled = True
    stamped = Counter[str]()

    def counted(path: str | Path) -> Any:
        stamped[str(path)] += 1
        return real(path)

    real = build_cache._stamp
    monkeypatch.setattr(build_cache, "_stamp", counted)
    monkeypatch.setattr(build_cache, "BATCH", batch)
    for number in range(45):
        cache.get_or_make(str(number), "", lambda: "value")
    cache.write()
    assert stamped[build_cache.__file__] == times
    assert len([*cache.folder.glob("*.json")]) == 45


def test_the_cache_stands_beside_the_sources():
    """Where git does not see it."""
    ignored = subprocess.run(
        ["git", "check-ignore", ".cache/build/x.json"], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0


def test_settings_and_the_builder_belong_to_the_key(monkeypatch):
    """Also those of another file than mkdocs.yml; the folder of the site does not."""

    def key(**settings: Any) -> str:
        config = MkDocsConfig(str(ROOT / "mkdocs.yml"))
        config.load_dict({"site_name": "x", "plugins": [], **settings})
        config.validate()
        cache = BuildCache(config)
        cache.start(Files([]))
        return cache._common

    before = key()
    assert before == key(site_dir="elsewhere")
    extension = {"toc": {"permalink": "#"}}
    assert len({before, key(markdown_extensions=[extension])}) == 2
    monkeypatch.setattr(mkdocs, "__name__", "properdocs")
    assert key() != before


def test_a_restored_page_costs_the_same_in_a_larger_site():
    """It looks its links up: to list all files for each page would be quadratic."""

    class Listed(Files):
        def __iter__(self):
            raise AssertionError("all files were listed")

    file = File("a.md", None, "site", True)
    page, files = Page("A", file, MkDocsConfig()), Listed([])
    files.append(file)
    link = ["Title", "title", 1, []]
    state = {"content": "<p>", "title": "A", "toc": [link], "ids": [],
             "links": {"a.md": {"b": "a.md#b"}}}  # fmt: skip
    _restore(page, state, files)
    assert page.links_to_anchors == {file: {"b": "a.md#b"}}
    assert [item.title for item in page.toc] == ["Title"]
    with pytest.raises(AssertionError, match="were listed"):
        list(files)
