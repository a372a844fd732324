"""MkDocs hooks: only what cannot be done from Markdown."""

import gc
import json
import logging
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import mkdocs
from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.base import Config
from mkdocs.config.config_options import Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, BuildError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from pymdownx.snippets import SnippetMissingError

from paradigms._files import DISK_FULL
from paradigms.site import file_cache
from paradigms.site.exports.source_date import VARIABLE, source_date
from paradigms.site.live_preview import LivePreview, SiteInMemory

LOG = logging.getLogger(f"{mkdocs.__name__}.hooks.paradigms")


class SearchOptions(Config):
    """The theme shows its search box while this is true."""

    enabled = Type(bool, default=True)


class Search(BasePlugin[SearchOptions]):
    """Takes the place of the theme's search plugin, and writes our index.

    The theme's index has no entry for a question or a term, and every page loads it.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}

    @event_priority(-100)
    def on_page_context(self, _context: Any, /, page: Any, **_: Any) -> None:
        """Note what a page says, after all that changes it."""
        from paradigms.site.exports.search_index import IndexedPage

        path = page.file.src_uri
        if not (page.meta.get("search") or {}).get("exclude"):
            self.pages[path] = IndexedPage(path, page.url, page.title, page.content)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write the index, before the hook below unloads the package."""
        from paradigms._schema import ContentError
        from paradigms.site.exports.search_index import search_index

        try:
            key = json.dumps([astuple(page) for page in self.pages.values()])
            index = partial(search_index, self.pages)
            files = _BUILD.cache.get_or_make("search index", key, index)
        except ContentError as error:
            raise BuildError(str(error)) from None
        for name, text in files.items():
            path = Path(config.site_dir, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf8")


_SERVING = False
_BUILD = SiteInMemory()  # what a live preview starts from
_PREVIEW: LivePreview | None = None


def on_startup(*, command: str, dirty: bool) -> None:
    """Note whether pages are served while they are edited; collect garbage rarely.

    A build makes many objects that stay and few cycles: looking for cycles as often as
    Python does by default took a twentieth of its time.
    """
    global _SERVING  # noqa: PLW0603 - MkDocs says it once, before the first build
    _SERVING = command == "serve"
    _BUILD.environment = dict(os.environ)
    gc.set_threshold(50_000, 20, 50)
    file_cache.observe()


def on_serve(server: Any, config: Any, builder: Any) -> Any:
    """Show edits at once: see `live_preview`."""
    global _PREVIEW  # noqa: PLW0603 - ended when MkDocs shuts down
    _PREVIEW = LivePreview(
        server, _BUILD, unload=_unload, finish_pages=_mark_optional, minify=_minify
    )
    _PREVIEW.start()
    return server


def on_shutdown() -> None:
    """End the second process of the preview."""
    if _PREVIEW:
        _PREVIEW.close()
        if _PREVIEW.whole_build:
            _PREVIEW.whole_build.thread.join()


def on_config(config: MkDocsConfig) -> None:
    """Put our search where the theme looks for its own; date what is built.

    The site map and the deck have the date of the sources, not of the build.
    """
    if not config.use_directory_urls:
        raise BuildError(
            "mkdocs.yml: use_directory_urls: the scripts link to folders, such as "
            "practice/quiz/; leave it true"
        )
    os.environ[VARIABLE] = _BUILD.environment.get(VARIABLE, "")
    try:
        os.environ[VARIABLE] = str(source_date())
    except ValueError as error:
        raise BuildError(str(error)) from None
    search = Search()
    search.load_config({})
    config.plugins["material/search"] = search
    from paradigms.site.build_cache import BuildCache

    _BUILD.config, _BUILD.cache = config, BuildCache(config)


def on_nav(nav: Any, config: Any, files: Any) -> Any:
    """Keep it for the preview. All files are known now."""
    _BUILD.cache.start(files)
    _BUILD.nav, _BUILD.files = nav, files
    return nav


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of records. Register downloads, so that links to them are checked.

    The content of downloads comes later: pages report errors in the bank first.
    """
    from paradigms._schema import ContentError
    from paradigms.site.content.navigation import levels
    from paradigms.site.exports.site_files import linked_paths
    from paradigms.site.fences.record import record_pages

    try:
        levels()
    except ContentError as error:
        raise BuildError(str(error)) from None
    for path, text in record_pages().items():
        files.append(File.generated(config, path, content=text))
    for path in linked_paths():
        files.append(File.generated(config, path, content=""))
    return files


def on_pre_page(page: Any, config: Any, files: Any) -> Any:
    """Render a Markdown page only if what it is made from has changed."""
    if not page.file.src_uri.endswith(".ipynb"):
        supplement = partial(_supplement, page)
        page.render = partial(_BUILD.cache.render, page, supplement)
    return page


def _supplement(page: Any) -> tuple[list[list[Any]], bool]:
    """The questions of a page, as its contents, and whether it has a notebook."""
    from paradigms.site.build_cache import as_lists
    from paradigms.site.content.pages import has_notebook
    from paradigms.site.exports.page_contents import page_contents

    contents = as_lists(page_contents(page.file.src_uri))
    return contents, has_notebook(page.markdown)


def on_env(env: Environment, config: Any, files: Files) -> Environment:
    """Fill the downloads, add the data of the tools, mark optional pages."""
    from paradigms._schema import ContentError
    from paradigms.site.exports.pyodide import pyodide
    from paradigms.site.exports.site_files import Site, data_files

    python = pyodide(Path(config.config_file_path).parent)
    if python.missing:
        LOG.info("Programs cannot be run in the page: %s", python.missing)
    site = Site(
        config.site_name,
        config.site_description,
        config.site_url or "",
        config.theme["icon"]["logo"],
    )
    url = {file.src_uri: file.url for file in files}.__getitem__
    try:
        contents = data_files(site, python, url, _kept)
    except ContentError as error:
        raise BuildError(str(error)) from None
    for path, content in contents.items():
        placeholder = files.get_file_from_path(path)
        if placeholder:
            files.remove(placeholder)
        files.append(File.generated(config, path, content=content))
    for path, source in python.files.items():
        files.append(File.generated(config, path, abs_src_path=str(source)))
    _mark_optional(files)
    _prepare_templates(env)
    _BUILD.env = env
    return env


def _mark_optional(files: Files) -> None:
    """A mark beside optional pages in the navigation."""
    from paradigms.site.content.navigation import levels

    for file in files.documentation_pages():
        if file.page and levels().get(file.src_uri) == "optional":
            file.page.meta["status"] = "optional"


def _kept(
    name: str, key: str, make: Callable[[], dict[str, bytes]]
) -> dict[str, bytes]:
    """Files by their path, from the cache."""

    def encoded() -> dict[str, str]:
        return {path: b64encode(content).decode() for path, content in make().items()}

    texts = _BUILD.cache.get_or_make(name, key, encoded)
    return {path: b64decode(text) for path, text in texts.items()}


def _prepare_templates(env: Environment) -> None:
    """Give them the policy. Keep them compiled: a rebuild shows sooner."""
    from paradigms.site.exports.security_policy import policy
    from paradigms.site.templates.environment import CACHE

    # `mkdocs serve` adds an inline script, which reloads the page after an edit.
    env.globals["content_security_policy"] = "" if _SERVING else policy(header=False)
    CACHE.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(CACHE))


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Offer each page with code as a notebook; a lab is one already.

    The contents of a page of questions are its questions.
    """
    from paradigms.site.build_cache import as_links
    from paradigms.site.content.pages import notebook_path
    from paradigms.site.exports import notebook  # reloaded: see _unload

    path = page.file.src_uri
    if path.endswith(".ipynb"):
        return notebook.lab_page(html, page, files)
    contents, has_notebook = _BUILD.cache.supplements.pop(path)
    if page.toc.items:
        page.toc.items[0].children[:0] = as_links(contents)
    if not has_notebook:
        return html

    def url(path: str) -> str | None:
        file = files.get_file_from_path(path)
        return file.url if file else None

    # Not part of the entry of the page, since it names the address of the site.
    text = _BUILD.cache.get_or_make(
        f"notebook of {path}",
        f"{config.site_url} {page.markdown}",
        lambda: notebook.page_notebook(path, page.markdown, config.site_url, url),
    )
    name = notebook_path(path)
    before = files.get_file_from_path(name)  # of a page that is rendered again
    if before:
        files.remove(before)
    files.append(File.generated(config, name, content=text))
    return html


@event_priority(-100)
def on_post_build(config: Any) -> None:
    """Write the cache, minify style sheets and scripts, list all files, unload."""
    from paradigms.site.exports import offline
    from paradigms.site.exports.site_files import MINIFIED

    _BUILD.cache.write()
    site = Path(config.site_dir)
    for pattern in MINIFIED:
        for path in site.glob(pattern):
            _minify(path)
    offline.write_lists(site)
    if not _SERVING:  # a preview keeps it
        _unload()


def _minify(path: Path) -> None:
    from paradigms.site.exports.site_files import minify

    minify(path)


def on_build_error(error: Exception) -> None:
    """Report a missing snippet or a full disk in one line; unload the package.

    What was made before the error is kept for the next build.
    """
    if _BUILD.cache:
        _BUILD.cache.write()
    if not _SERVING:
        _unload()
    if isinstance(error, SnippetMissingError):
        raise Abort(f"{error}: create it below snippets/, or correct the page")
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        path = error.filename2 or error.filename or "a file of the site"
        raise Abort(f"{path}: {error.strerror}: the site is not complete; build again")


def _unload() -> None:
    """Remove the package from `sys.modules`, so that a reload sees edits of `src`."""
    file_cache.drop()
    for name in [name for name in sys.modules if name.split(".")[0] == "paradigms"]:
        if name != file_cache.__name__:  # Python calls it when a file is opened
            del sys.modules[name]
