"""MkDocs hooks: only what cannot be done from Markdown."""

import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.base import Config
from mkdocs.config.config_options import Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, BuildError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from pymdownx.snippets import SnippetMissingError
from rcssmin import cssmin
from rjsmin import jsmin


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
            files = search_index(self.pages)
        except ContentError as error:
            raise BuildError(str(error)) from None
        for name, text in files.items():
            path = Path(config.site_dir, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf8")


def on_config(config: MkDocsConfig) -> None:
    """Put our search where the theme looks for its own."""
    search = Search()
    search.load_config({})
    config.plugins["material/search"] = search


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of records. Register downloads, so that links to them are checked.

    The content of downloads comes later: pages report errors in the bank first.
    """
    from paradigms._schema import ContentError
    from paradigms.site.content.navigation import levels
    from paradigms.site.exports.command import OFFERED  # reloaded: see _unload
    from paradigms.site.fences.record import record_pages

    try:
        levels()
    except ContentError as error:
        raise BuildError(str(error)) from None
    for path, text in record_pages().items():
        files.append(File.generated(config, path, content=text))
    for name in OFFERED:
        files.append(File.generated(config, f"practice/{name}", content=""))
    return files


def on_env(env: Environment, config: Any, files: Files) -> Environment:
    """Fill the downloads. Keep compiled templates: a rebuild shows sooner."""
    from paradigms._schema import ContentError
    from paradigms.site.content.navigation import levels
    from paradigms.site.exports.command import downloads
    from paradigms.site.exports.plan_data import PATH, plan_data
    from paradigms.site.fences.cheat_sheet import check_formulas
    from paradigms.site.templates.environment import CACHE

    try:
        check_formulas()
    except ContentError as error:
        raise BuildError(str(error)) from None
    for name, content in downloads(config.site_url or "").items():
        placeholder = files.get_file_from_path(f"practice/{name}")
        if placeholder:
            files.remove(placeholder)
        files.append(File.generated(config, f"practice/{name}", content=content))
    urls = {file.src_uri: file.url for file in files}
    data = plan_data(lambda path: urls[path])
    files.append(File.generated(config, PATH, content=data))
    for file in files.documentation_pages():
        if file.page:  # the theme shows it beside the title in the navigation
            file.page.meta["status"] = levels().get(file.src_uri, "optional")
    CACHE.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(CACHE))
    return env


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Offer each page with code as a notebook; a lab is one already."""
    from paradigms.site.exports import notebook  # reloaded: see _unload

    if page.file.src_uri.endswith(".ipynb"):
        return notebook.with_page_links(html, page, files)
    export = notebook.page_notebook(page, config.site_url, files)
    if export is None:
        return html
    path, text = export
    files.append(File.generated(config, path, content=text))
    return notebook.with_link(html, path)


@event_priority(-100)
def on_post_build(config: Any) -> None:
    """Minify style sheets and scripts, and unload the package: the last event."""
    for sheet in Path(config.site_dir, "stylesheets").glob("*.css"):
        sheet.write_text(cssmin(sheet.read_text("utf8")), "utf8")
    for script in Path(config.site_dir, "javascripts").glob("*.js"):
        script.write_text(jsmin(script.read_text("utf8")), "utf8")
    _unload()


def on_build_error(error: Exception) -> None:
    """Report a missing snippet in one line, without traceback; unload the package."""
    _unload()
    if isinstance(error, SnippetMissingError):
        raise Abort(f"{error}: create it below snippets/, or correct the page")


def _unload() -> None:
    """Remove the package from `sys.modules`, so that a reload sees edits of `src`."""
    for name in [name for name in sys.modules if name.split(".")[0] == "paradigms"]:
        del sys.modules[name]
