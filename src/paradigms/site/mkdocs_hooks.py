"""MkDocs hooks: only what cannot be done from Markdown."""

import re
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.exceptions import Abort, BuildError
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from pymdownx.snippets import SnippetMissingError
from rcssmin import cssmin

# Tags of highlighted code, tooltips and formulas: the search index keeps only their
# words, and parsing these tags took a tenth of a build.
UNSEARCHED = re.compile(r"</?(?:abbr|span|wbr|math|m[a-z]+)(?: [^>]*)?>")


def on_files(files: Files, config: Any) -> Files:
    """Register the downloads, so that links to them are checked with the pages.

    Their content comes later: errors in the bank are reported by the pages first.
    """
    from paradigms.site.exports.command import OFFERED  # reloaded: see _unload

    for name in OFFERED:
        files.append(File.generated(config, f"practice/{name}", content=""))
    return files


def on_env(env: Environment, config: Any, files: Files) -> Environment:
    """Fill the downloads. Keep compiled templates: a rebuild shows sooner."""
    from paradigms._schema import ContentError
    from paradigms.site.exports.command import downloads
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
    return html.replace("</h1>", f"</h1>{notebook.link(path)}", 1)


@event_priority(100)
def _before_search(_context: Any, /, page: Any, **_: Any) -> None:
    """Hide from the search plugin the tags that it would skip."""
    page.whole, page.content = page.content, UNSEARCHED.sub("", page.content)


@event_priority(-100)
def _after_search(_context: Any, /, page: Any, **_: Any) -> None:
    """Restore the page."""
    page.content = page.whole


on_page_context = CombinedEvent(_before_search, _after_search)


def on_post_build(config: Any) -> None:
    """Minify the style sheets, and unload the package."""
    for sheet in Path(config.site_dir, "stylesheets").glob("*.css"):
        sheet.write_text(cssmin(sheet.read_text("utf8")), "utf8")
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
