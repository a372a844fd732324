"""`mkdocs serve`: an edit shows at once, and what is served is what a build makes."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from paradigms.site.benchmarks.processes import Server as MkDocsServer
from paradigms.site.working_copy import copy_sources
from tests.conftest import environment

EDITS = int(os.environ.get("EDITS", "6"))  # of the walk; each costs a build
# Where a word can be added: files, and what stands before the place.
PLAIN = r"[^\n\"|`$<>\[\]*_{}\\]"
TEXTS = {
    "page": (
        "docs/q*/*.md",
        re.compile(rf"^[A-Z][a-z]+ [a-z]+ {PLAIN}{{30,}}(?=\.$)", re.M),
    ),
    "claim": (
        "snippets/claims/*.toml",
        re.compile(rf'^right = "{PLAIN}{{30,}}(?=\."$)', re.M),
    ),
    "question": (
        "snippets/questions/*.toml",
        re.compile(rf'^answer = "{PLAIN}{{30,}}(?=\."$)', re.M),
    ),
}

SENTENCE = "This has three consequences."  # of docs/q39/index.md
EDITED = "This has three effects."


class Server(MkDocsServer):
    """`mkdocs serve` on a copy of the sources; its log names what is rendered."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "--verbose")

    def start(self) -> None:
        """Wait for the first page."""
        self.until("q39/", "Autoregressive and autoencoding")

    def status(self, path: str) -> int:
        """The status of the answer to a request."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=300) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def until(self, path: str, text: str) -> None:
        """Wait until a page shows a text. Errors: TimeoutError."""
        self.wait(path, lambda html: text in html)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the sources, and wait for the reload."""
        text = (self.folder / file).read_text("utf8")
        assert old in text, f"{old!r} is not in {file}"
        before = self.reloads()
        (self.folder / file).write_text(text.replace(old, new, 1), "utf8")
        start = time.monotonic()
        while self.reloads() <= before:
            assert time.monotonic() - start < 120, self.tail()
            time.sleep(0.05)

    def reloads(self) -> int:
        """How often browsers were told to load their page again."""
        return self.log.read_text("utf8").count("Reloading browsers")

    def wait_for_whole_build(self) -> None:
        """The list of all pages comes only from a whole build."""
        self.get("sitemap.xml")

    def rendered(self) -> list[str]:
        """Pages that the process of the server rendered, in order."""
        return re.findall(
            r"Rendered for the preview: (\S+)", self.log.read_text("utf8")
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory, site) -> Iterator[Server]:  # noqa: ARG001 - fills the cache
    """One server for this module; each test leaves a site that can be built."""
    folder = tmp_path_factory.mktemp("served")
    copy_sources(folder, more=[".cache"])
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def clean_build(folder: Path, target: Path, url: str) -> dict[str, bytes]:
    """Every file of a whole build in a new process that finds no rendered page."""
    shutil.rmtree(folder / ".cache/build")
    options = {"config_file": str(folder / "mkdocs.yml"), "site_dir": str(target)}
    command = "-m", "paradigms.site.live_preview", json.dumps(options), url
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=folder, env=environment(folder), stdin=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.wait() == 0
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }


def random_edit(server: Server, draw: random.Random, number: int) -> None:
    """Add a mark to a sentence, a drawing, a style sheet or a template, in turn."""
    kinds = [*TEXTS, "drawing", "sheet", "template"]
    kind = kinds[number % len(kinds)]
    mark = f"mark{number}"
    if kind == "template":
        main = "src/paradigms/site/theme/main.html"
        block = "{% block site_meta %}"
        server.edit(main, block, f"{block}<!-- {mark} -->")
    elif kind == "drawing":
        server.edit("src/paradigms/site/drawing/svg.py", ">may ", f">may {mark} ")
    elif kind == "sheet":
        server.edit("docs/stylesheets/site.css", ":root,", f".{mark},\n:root,")
    else:
        pattern, text = TEXTS[kind]
        path = draw.choice(sorted(server.folder.glob(pattern)))
        ends = [match.end() for match in text.finditer(path.read_text("utf8"))]
        place = draw.choice(ends)
        source = path.read_text("utf8")
        before, after = source[:place], source[place:]
        name = path.relative_to(server.folder).as_posix()
        server.edit(name, before + after, f"{before} {mark}{after}")


def test_what_is_served_is_what_a_build_makes(server, tmp_path):
    """After each random edit: pages at once, all pages after the whole build."""
    draw = random.Random(20)
    pages = [url for url in site_pages(server) if not url.startswith("reference/ev")]
    for number in range(EDITS):
        random_edit(server, draw, number)
        sample = [*draw.sample(pages, 4), "q39/", "q19/"]
        previews = {page: server.get(page) for page in sample}
        server.wait_for_whole_build()
        assert previews == {page: server.get(page) for page in sample}, number
        assert server.process.poll() is None, server.tail()
    assert "differs from the build" not in server.log.read_text("utf8")
    built = clean_build(server.folder, tmp_path / "site", server.address)
    assert any(b"mark0" in text for text in built.values())
    for path, text in built.items():
        assert server.get(path) == text, path


def site_pages(server: Server) -> list[str]:
    """Addresses of all pages, from the list for search engines."""
    urls = re.findall(
        rf"<loc>{server.address}(.*?)</loc>", server.get("sitemap.xml").decode()
    )
    assert len(urls) > 100
    return urls


def test_a_difference_would_be_seen(server, tmp_path):
    """Negative control: after an edit a page is not what the build before it made."""
    built = clean_build(server.folder, tmp_path / "site", server.address)
    server.edit("docs/q19/index.md", "\n## ", "\nAnother line.\n\n## ")
    server.until("q19/", "Another line.")
    assert server.get("q19/") != built["q19/index.html"]
    server.edit("docs/q19/index.md", "\nAnother line.\n\n## ", "\n## ")
    server.wait_for_whole_build()


def test_edits_of_snippets_and_code_show(server):
    """A claim, and twice the code that draws."""
    drawing = "src/paradigms/site/drawing/svg.py"
    for file, old, new in (
        ("snippets/claims/q39.toml", "factorisation, not a", "factorisation and not a"),
        (drawing, " see →", " attend to →"),  # the walk marks the word before
        (drawing, " attend to →", " see →"),
        ("snippets/claims/q39.toml", "factorisation and not a", "factorisation, not a"),
    ):
        server.edit(file, old, new)
        server.until("q39/", new)


def test_an_open_page_reloads_itself(server, browser):
    """The reader sees an edit at once: no policy forbids the reload."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.address}q39/")
        server.edit("docs/q39/index.md", SENTENCE, EDITED)
        page.get_by_text(EDITED).wait_for(state="attached", timeout=120_000)
    server.edit("docs/q39/index.md", EDITED, SENTENCE)
    server.wait_for_whole_build()


def test_one_page_is_rendered_after_an_edit(server):
    """The page in view alone; another one when a browser asks for it, and once."""
    server.get("q39/")
    before = len(server.rendered())
    server.edit("docs/q39/index.md", SENTENCE, EDITED)
    server.until("q39/", EDITED)
    server.get("q19/transfer/")
    server.get("q19/transfer/")
    assert server.rendered()[before:] == ["q39/index.md", "q19/transfer.md"]
    server.edit("docs/q39/index.md", EDITED, SENTENCE)
    server.wait_for_whole_build()


def test_an_edit_during_a_build_ends_that_build(server):
    """Two edits at once: the site shows both, also where only a whole build writes."""
    page, title = "docs/q39/cache.md", "title: What the cache saves"
    server.edit(page, title, f"{title}, first")
    server.until("q39/cache/", "saves, first")
    server.edit(page, f"{title}, first", f"{title}, second")
    server.until("q39/cache/", "saves, second")
    assert b"saves, second" in server.get("reference/tags/")
    server.edit(page, f"{title}, second", title)
    server.wait_for_whole_build()


def test_a_mistake_is_said_in_one_line_and_the_site_goes_on(server):
    """The edited page waits for its repair, which shows as soon as it is saved."""
    server.get("q39/")
    server.edit("docs/q39/index.md", '"q39-axes"', '"q39-axis"')
    lines = [line for line in server.tail().splitlines() if "'q39-axis'" in line]
    assert lines[0].endswith("ids: no question 'q39-axis' in snippets/questions"), lines
    assert "Traceback" not in server.tail()
    assert server.status("q39/") == 500
    assert server.status("q19/") == 200
    server.edit("docs/q39/index.md", '"q39-axis"', '"q39-axes"')
    assert b"q39-axes" in server.get("q39/")
    server.wait_for_whole_build()


def test_new_renamed_and_removed_pages_are_built_by_mkdocs(server):
    """Navigation and all pages change with them."""
    page, menu = server.folder / "docs/q39/extra.md", "      - q39/cache.md\n"
    text = (server.folder / "docs/q39/cache.md").read_text("utf8")
    front = text.split("---")[1].replace("What the cache saves", "An extra page")
    page.write_text(f"---{front}---\n# An extra page\n", "utf8")
    server.edit("mkdocs.yml", menu, f"{menu}      - q39/extra.md\n")
    server.until("q39/cache/", "An extra page")
    page.rename(page.with_name("more.md"))
    server.edit("mkdocs.yml", "q39/extra.md", "q39/more.md")
    server.until("q39/more/", "An extra page")
    page.with_name("more.md").unlink()
    server.edit("mkdocs.yml", "      - q39/more.md\n", "")
    deadline = time.monotonic() + 120
    while server.status("q39/more/") != 404:
        assert time.monotonic() < deadline, server.tail()
        time.sleep(0.1)


def test_no_process_outlives_the_server(site, tmp_path):  # noqa: ARG001 - fills the cache
    """Killed in the middle of a build, it leaves no builder behind."""
    copy_sources(tmp_path, more=[".cache"])
    server = Server(tmp_path)
    server.start()
    server.edit("docs/q39/index.md", SENTENCE, EDITED)
    server.until("q39/", EDITED)
    children = subprocess.run(
        ["pgrep", "-P", str(server.process.pid)],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert len(children) == 1
    server.process.kill()
    server.process.wait()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{children[0]}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
