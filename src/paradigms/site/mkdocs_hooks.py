"""Events of MkDocs: only what cannot be done from Markdown."""

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

# Colours of code, tooltips and formulas: the search index keeps their words and none of
# their tags, and reading these took a tenth of a build.
UNSEARCHED = re.compile(r"</?(?:abbr|span|wbr|math|m[a-z]+)(?: [^>]*)?>")


def on_files(files: Files, config: Any) -> Files:
    """Make the names of the downloads known: links to them are checked with the pages.

    They are made after these, which then have said what is wrong with the bank.
    """
    from paradigms.site.exports.command import OFFERED  # anew: see _forget

    for name in OFFERED:
        files.append(File.generated(config, f"practice/{name}", content=""))
    return files


def on_env(env: Environment, config: Any, files: Files) -> Environment:
    """Fill the downloads. Keep compiled templates: a rebuild shows sooner."""
    from paradigms._schema import ContentError
    from paradigms.site.exports.command import downloads
    from paradigms.site.fences.cheat_sheet import check_formulas

    try:
        check_formulas()
    except ContentError as error:
        raise BuildError(str(error)) from None
    for name, content in downloads(config.site_url or "").items():
        files.remove(files.get_file_from_path(f"practice/{name}"))
        files.append(File.generated(config, f"practice/{name}", content=content))
    folder = Path(config.config_file_path).parent / ".cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    return env


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """A page with code can be taken along as a notebook; a lab already is one."""
    from paradigms.site.exports import notebook  # anew: see _forget

    if page.file.src_uri.endswith(".ipynb"):
        return notebook.linked(html, page, files)
    made = notebook.beside(page, config.site_url, files)
    if made is None:
        return html
    path, text = made
    files.append(File.generated(config, path, content=text))
    return html.replace("</h1>", f"</h1>{notebook.link(path)}", 1)


@event_priority(100)
def _before_search(context: Any, page: Any, config: Any, nav: Any) -> None:
    """Show the search plugin a page without the tags that it would only pass over."""
    page.whole, page.content = page.content, UNSEARCHED.sub("", page.content)


@event_priority(-100)
def _after_search(context: Any, page: Any, config: Any, nav: Any) -> None:
    """Put the page back as it was."""
    page.content = page.whole


on_page_context = CombinedEvent(_before_search, _after_search)


def on_post_build(config: Any) -> None:
    """Send style sheets without their comments, and forget the package."""
    for sheet in Path(config.site_dir, "stylesheets").glob("*.css"):
        sheet.write_text(cssmin(sheet.read_text("utf8")), "utf8")
    _forget()


def on_build_error(error: Exception) -> None:
    """Say in one line what pymdownx buries in a traceback; forget the package too."""
    _forget()
    if isinstance(error, SnippetMissingError):
        raise Abort(f"{error}: create it below snippets/, or correct the page")


def _forget() -> None:
    """The package, after each build, so that a live reload sees edits of `src`."""
    for name in [name for name in sys.modules if name.split(".")[0] == "paradigms"]:
        del sys.modules[name]
