"""`mkdocs serve` shows an edited page at once, and builds the whole site meanwhile.

MkDocs renders every page after each edit. Here an edit of pages, snippets or code makes
every page stale; a page is rendered alone when a browser asks for it. A second process
builds the site as always, reports every mistake, and its files replace those of the
preview. Files that only a whole build makes, such as the search index, are sent when it
has ended. Any other change, such as a new page, is left to MkDocs.
"""

import filecmp
import importlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from stat import S_ISREG
from typing import Any

import mkdocs
from mkdocs.commands.build import _build_page, _populate_page, build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation

from paradigms.site import file_cache

LOG = logging.getLogger(f"{mkdocs.__name__}.hooks.paradigms.preview")
MOST_EDITS = 20  # files; more come from another tool, such as a checkout
TEMPORARY = (".swp", ".swx", ".tmp", "~", "#", "___", ".pyc")  # of editors
LISTING = "<!-- material/tags -->"  # the tags plugin fills it in after all pages
# MkDocs loads these once, so an edit of them shows at the next start.
RESIDENT = ("mkdocs_hooks.py", "live_preview.py", "file_cache.py")


@dataclass
class SiteInMemory:
    """What MkDocs holds in memory after a build; the hooks fill it in.

    `environment` is that of the process at its start, for builds in another one.
    """

    config: MkDocsConfig | None = None
    files: Files | None = None
    nav: Navigation | None = None
    env: Any = None
    cache: Any = None
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


class LivePreview:
    """Decides after each change what is rendered when; one object for a server.

    `unload` removes the package from memory, `finish_pages` does to the pages what the
    hooks do between rendering and templates, `minify` what they do to a built file.
    """

    def __init__(
        self,
        server: LiveReloadServer,
        site: SiteInMemory,
        *,
        unload: Callable[[], None],
        finish_pages: Callable[[Files], None],
        minify: Callable[[Path], None],
    ) -> None:
        self.server = server
        self.site = site
        self.unload = unload
        self.finish_pages = finish_pages
        self.minify = minify
        self.build_everything = server.builder
        self.serve_file = server.serve_request
        self.lock = threading.RLock()  # for all below, and for Markdown
        self.stamps = self._stamps()
        self.pages = self._pages()
        self.stale: set[str] = set()  # paths of pages, relative to docs
        self.rendered: set[str] = set()  # since the last change
        self.usable = True  # what is in memory
        self.page_in_view = ""
        self.whole_build: WholeBuild | None = None
        self.whole = threading.Event()  # set while the site in its folder is whole
        self.whole.set()

    def start(self) -> None:
        """Take the place of MkDocs' builder and of its answer to a request."""
        self.server.builder = self.rebuild
        self.server.set_app(self.answer)

    def close(self) -> None:
        """End the second process."""
        with self.lock:
            if self.whole_build:
                self.whole_build.cancel()

    def rebuild(self) -> None:
        """After a change: show the page in view anew, and start a whole build."""
        with self.lock:
            changed = self._changes()
            self.close()
            if changed is None or not self.usable or not self._may_preview(changed):
                self._rebuild_everything()
                return
            self.site.cache.enabled = False  # files have changed since it was made
            self.rendered = set()
            self.stale = {file.src_uri for file in self.pages.values()}
            self.usable = False  # until the changed code is loaded
            self._forget(changed)
            self.usable = True
            self.whole_build = WholeBuild(
                self._config(), self._on_build_end, self.site.environment
            )
            self.whole.clear()
            self._copy(changed)
            for path in self._urgent_pages(changed):
                try:
                    self._render(path)
                except Exception as error:
                    LOG.error(str(error))  # MkDocs has named the page

    def answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request; a stale page is rendered first."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "ignore")
        try:
            self._prepare(path)
        except Exception as error:
            server, text = self.server, f"<body><pre>{escape(str(error))}</pre></body>"
            # The page loads again after the next edit.
            html = server._inject_js_into_html(text.encode(), server._visible_epoch)
            headers = [("Content-Type", "text/html; charset=utf-8")]
            start_response("500 Internal Server Error", headers)
            return [html]
        return self.serve_file(environ, start_response)

    def _prepare(self, path: str) -> None:
        """Make what a request asks for. Errors: what prevents a page."""
        destination = path.removeprefix(self.server.mount_path)
        if destination.endswith("/") or not destination:
            destination += "index.html"
        page = self.pages.get(destination)
        if page and self._may_render(page):
            with self.lock:
                self.page_in_view = page.src_uri
                self._render(page.src_uri)
        elif not path.startswith("/livereload/") and not self._is_copied(destination):
            self.whole.wait()

    def _render(self, path: str) -> None:
        """Write one page, if it is stale."""
        if path not in self.stale:
            return
        memory = self.site
        assert memory.files
        assert memory.nav
        file = memory.files.get_file_from_path(path)
        assert file
        assert file.page
        _populate_page(file.page, self._config(), memory.files)
        self.finish_pages(memory.files)
        pages = memory.files.documentation_pages()
        _build_page(file.page, self._config(), pages, memory.nav, memory.env)
        self.stale.discard(path)
        self.rendered.add(path)
        LOG.debug("Rendered for the preview: %s", path)

    def _urgent_pages(self, changed: set[Path]) -> list[str]:
        """The edited pages, whose titles other pages show, and the page in view."""
        docs = Path(self._config().docs_dir)
        edited = [
            path.relative_to(docs).as_posix()
            for path in sorted(changed)
            if path.is_relative_to(docs) and path.suffix == ".md"
        ]
        pages = {file.src_uri: file for file in self.pages.values()}
        return [
            path
            for path in dict.fromkeys([*edited, self.page_in_view])
            if self._may_render(pages.get(path))
        ]

    def _copy(self, changed: set[Path]) -> None:
        """Copy the changed files that are no pages."""
        assert self.site.files
        for file in self.site.files:
            source = file.abs_src_path
            if source and Path(source) in changed and not file.is_documentation_page():
                file.copy_file()
                self.minify(Path(file.abs_dest_path))

    def _forget(self, changed: set[Path]) -> None:
        """Forget what was read from the changed files; load changed code again."""
        code = Path(__file__).parents[1]
        if any(path.is_relative_to(code) for path in changed):
            self.unload()
            self.site.env.cache.clear()  # templates of the theme
            options = self._config()["mdx_configs"]["pymdownx.superfences"]
            for fence in options["custom_fences"]:
                module = importlib.import_module(fence["format"].__module__)
                fence["format"] = getattr(module, fence["format"].__name__)
        else:
            file_cache.forget(changed)

    def _rebuild_everything(self) -> None:
        """As MkDocs does; if it fails, what is in memory cannot be used."""
        self.unload()
        self.stale = set()
        self.usable = False
        self.build_everything()
        self.pages = self._pages()
        self.usable = True
        self.whole.set()

    def _on_build_end(self, folder: Path | None, build: "WholeBuild") -> None:
        """The second process has ended; without a folder it has failed."""
        with self.lock:
            if build is not self.whole_build or build.cancelled:
                return
            try:
                if folder:
                    self._install(folder)
                    self.stale = set()
                else:
                    LOG.error(
                        "The site was not built: its index and downloads are old."
                    )
            finally:
                self.whole.set()

    def _install(self, folder: Path) -> None:
        """Replace the files of the site by those of a whole build."""
        site = Path(self._config().site_dir)
        new = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        old = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
        for path in old - new:
            (site / path).unlink()
        for path in sorted(new):
            target = site / path
            if path in old and filecmp.cmp(folder / path, target, shallow=False):
                continue
            page = self.pages.get(path.as_posix())
            if page and page.src_uri in self.rendered:
                LOG.warning(
                    "docs/%s: the preview differs from the build, which is shown now; "
                    "reload the page",
                    page.src_uri,
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / path, target)

    def _may_preview(self, changed: set[Path]) -> bool:
        """Whether what is in memory still holds, apart from the text of files."""
        config = self._config()
        folders = (config.docs_dir, *config.watch)
        return len(changed) <= MOST_EDITS and all(
            any(path.is_relative_to(folder) for folder in folders)
            and path.suffix != ".ipynb"
            and path.name not in RESIDENT
            for path in changed
        )

    def _changes(self) -> set[Path] | None:
        """The files whose content changed; None if there are new or missing ones."""
        before, self.stamps = self.stamps, self._stamps()
        if before.keys() != self.stamps.keys():
            return None
        return {path for path, stamp in self.stamps.items() if stamp != before[path]}

    def _stamps(self) -> dict[Path, tuple[int, int, int]]:
        """Time, size and inode of every watched file."""
        config = self._config()
        stamps = {}
        folders = {config.docs_dir, config.config_file_path, *config.watch}
        for folder in map(Path, sorted(folders)):
            for path in [folder] if folder.is_file() else folder.rglob("*"):
                if path.name.endswith(TEMPORARY) or path.name == "4913":  # of Vim
                    continue
                try:
                    stat = path.stat()
                except FileNotFoundError:  # renamed just now
                    continue
                if S_ISREG(stat.st_mode):
                    stamps[path] = stat.st_mtime_ns, stat.st_size, stat.st_ino
        return stamps

    def _config(self) -> MkDocsConfig:
        assert self.site.config
        return self.site.config

    def _pages(self) -> dict[str, File]:
        """Every page by the file of the site that shows it."""
        assert self.site.files
        return {file.dest_uri: file for file in self.site.files.documentation_pages()}

    def _may_render(self, file: File | None) -> bool:
        """Whether a page is a file of its own; records and the list of tags are not."""
        path = Path(file.abs_src_path) if file and file.abs_src_path else None
        if not path or path.suffix != ".md":
            return False
        try:
            return LISTING not in path.read_text("utf8")
        except FileNotFoundError:  # removed just now
            return False

    def _is_copied(self, destination: str) -> bool:
        """Whether a file of the site is one of the sources or of the theme."""
        assert self.site.files
        file = self.site.files.get_file_from_path(destination)
        return bool(file and file.abs_src_path and not file.is_documentation_page())


class WholeBuild:
    """A build in a process of its own, into a folder of its own."""

    def __init__(
        self,
        config: MkDocsConfig,
        end: Callable[[Path | None, "WholeBuild"], None],
        environment: dict[str, str],
    ) -> None:
        self.cancelled = False
        self._end = end
        self._folder = tempfile.TemporaryDirectory(prefix="mkdocs_")
        options = {
            "config_file": config.config_file_path,
            "site_dir": self._folder.name,
            "strict": config.strict,
            "use_directory_urls": config.use_directory_urls,
        }
        program = sys.executable, "-m", "paradigms.site.live_preview"
        self._process = subprocess.Popen(
            [*program, json.dumps(options), config.site_url or ""],
            env=environment,
            stdin=subprocess.PIPE,  # closed when this process ends, however it ends
        )
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()

    def cancel(self) -> None:
        """End the process; its files are removed."""
        self.cancelled = True
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        with self._folder as folder, self._process:
            succeeded = self._process.wait() == 0
            self._end(Path(folder) if succeeded else None, self)


def main(options: str, url: str) -> None:
    """Build the site as `mkdocs serve` does; warnings and errors go to the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends this process
    threading.Thread(target=_end_with_server, args=[options], daemon=True).start()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)-8s-  %(message)s")
    config = load_config(**json.loads(options))
    config.plugins.on_startup(command="serve", dirty=False)
    config.site_url = url
    build(config, serve_url=url)


def _end_with_server(options: str) -> None:
    sys.stdin.read()
    site = Path(json.loads(options)["site_dir"])
    while site.exists():  # the build still writes
        shutil.rmtree(site, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
