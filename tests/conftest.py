"""Shared fixtures: the built site, a browser, a copy of the sources."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from filelock import FileLock
from hypothesis import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from paradigms.site.exports.pdf import FLAGS, NAMES
from paradigms.site.working_copy import copy_sources, environment

ROOT = Path(__file__).parents[1]

PHONE = {"width": 360, "height": 740}

# Options for pytest on generated pages: no cache, and no Hypothesis plugin.
BARE = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")

# No deadline: the time of an example depends on the load of the machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slowest file first, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_settings.py")


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The whole site, built strictly and without torch; with `-n`, once for all.

    Tests that start pytest themselves pass its path in BUILT_SITE.
    """
    if "BUILT_SITE" in os.environ:
        return Path(os.environ["BUILT_SITE"])
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # the folder that all workers share
        folder = folder.parent

    def make(target: Path) -> None:
        result = build(ROOT, target)
        assert result.returncode == 0, result.stdout

    return once(folder / "site", make)


def once(target: Path, make: Callable[[Path], None]) -> Path:
    """Build a folder with `make`, once, in the first process that asks for it.

    The others wait for a lock; `target` never holds a partial build.
    """
    with FileLock(f"{target}.lock"):
        if not target.exists():
            unfinished = target.with_suffix(".unfinished")
            make(unfinished)
            unfinished.rename(target)
    return target


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Run torch on one thread, the fastest for tiny networks."""
    import torch  # noqa: PLC0415 - takes seconds; tests of the site do without

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def fewer_reviews(monkeypatch) -> Iterator[None]:
    """Load every fifth review only, to make small trainings fast.

    The caches of the loaded data are cleared before and after.
    """
    from paradigms.data import movie_reviews, review_endings  # noqa: PLC0415 - torch

    load = movie_reviews.load
    cached = (review_endings.review_endings, review_endings.padded_endings)
    monkeypatch.setattr(movie_reviews, "load", lambda source=None: load(source)[::5])
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def sources(tmp_path, site) -> Path:  # noqa: ARG001 - its build fills the cache
    """A copy of the sources of the site, and of the build cache."""
    copy_sources(tmp_path, more=[".cache"])
    return tmp_path


@pytest.fixture
def broken(sources) -> Callable[[str, str, str], str]:
    """Change one file of the copy; returns the output of the build, which must fail."""

    def break_and_build(file: str, old: str, new: str) -> str:
        path = sources / file
        text = path.read_text(encoding="utf8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf8")
        result = build(sources, sources / "site")
        assert result.returncode != 0, "the build went through"
        return result.stdout

    return break_and_build


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without logging."""

    def log_message(self, *args):
        pass


@contextmanager
def serving(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder on a free port; yields its URL."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def script_errors(page: Page) -> list[str]:
    """What fails in a page's scripts and stands in its console, from now on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    return errors


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    """URL of the built site."""
    with serving(site) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium from the PATH."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "no Chromium on the PATH: make browser"

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


class Traffic:
    """The open requests of a page and its workers, and how many there have been."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        self.open: set[Request] = set()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        if request.is_navigation_request():
            self.open.clear()  # nobody hears of the end of what the last page asked for
        self.count += 1
        self.open.add(request)

    def _end(self, request: Request) -> None:
        self.open.discard(request)


_traffic: WeakKeyDictionary[Page, Traffic] = WeakKeyDictionary()


def new_page(context: BrowserContext | Browser) -> Page:
    """A page whose requests are counted, for `settle`."""
    page = context.new_page()
    _traffic[page] = Traffic(page)
    return page


def settle(page: Page, quiet: int = 100) -> None:
    """Wait until a page from `new_page` has requested nothing for `quiet` milliseconds.

    Playwright's own wait for an idle network takes half a second, and on a busy machine
    sometimes never ends. This one goes on after ten seconds, whatever is still open.
    """
    traffic = _traffic[page]
    end = time.monotonic() + 10
    while time.monotonic() < end:
        count = traffic.count
        page.wait_for_timeout(quiet)
        try:
            page.evaluate("0")  # answered after the script that the page is running
        except PlaywrightError:  # the page is being left for another one
            continue
        if traffic.count == count and not traffic.open:
            return


@pytest.fixture
def visit(browser, address):
    """Open a page of the site; `options` are those of a browser context.

    `settled` waits until the network is idle. The pages' policy is off, since
    playwright's `wait_for_function` evaluates strings, which it forbids;
    test_content_security_policy.py uses every tool with the policy on.
    """
    contexts = []

    def open_page(path: str, settled: bool = True, **options):
        context = browser.new_context(**{"bypass_csp": True} | options)
        contexts.append(context)
        page = new_page(context)
        page.goto(address + path)
        if settled:
            settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def build(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build the sources in `folder` strictly, with its package and without torch."""
    return forked("site", folder, "mkdocs", "build", "--strict", "-d", str(target))


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m arguments` in `folder`, with its package if it has one."""
    return forked("torch", folder, *arguments)


def forked(
    kind: str, folder: Path, module: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module arguments` in a fork, with its output: see forks.py."""
    with tempfile.NamedTemporaryFile("r", encoding="utf8") as log:
        request = {
            "folder": str(folder),
            "module": module,
            "arguments": arguments,
            "log": log.name,
            "environment": environment(folder),
        }
        server = _fork_server(kind)
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess([], code, log.read(), "")


@cache
def _fork_server(kind: str) -> subprocess.Popen[str]:
    """The fork server of a kind for this process; it exits at end of input."""
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/forks.py"), kind],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(server.communicate)  # closes its input, and waits
    return server


def commit_all(folder: Path, date: str) -> None:
    """Make the folder a repository with one commit; no setting of git counts."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    roles = [f"GIT_{role}" for role in ("AUTHOR", "COMMITTER")]
    names = {f"{role}_{key}": "x@y.z" for role in roles for key in ("NAME", "EMAIL")}
    dates = {f"{role}_DATE": date for role in roles}
    no_settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=inherited | names | dates | no_settings,
            check=True,
        )


def project_pytest(folder: Path) -> list[str]:
    """The words after `python -m` for pytest on a folder with this project's settings.

    They end with the folder as root; options and paths may follow.
    """
    settings_file = str(ROOT / "pyproject.toml")
    return ["pytest", "-c", settings_file, "-q", *BARE, "--rootdir", str(folder)]


def nbval(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Execute one notebook in Jupyter's kernel, and compare its outputs."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "-q",
            *BARE,
            "-p",
            "paradigms.site.pytest_plugin",
            "-c",
            os.devnull,
            "--rootdir",
            str(folder),
            name,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
