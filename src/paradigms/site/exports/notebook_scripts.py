"""Notebook pages without inline scripts, which the Content-Security-Policy forbids.

mkdocs-jupyter writes its copy button into each, and loaders of MathJax and Mermaid,
which would come from another origin. The copy button becomes a file of the site;
docs/javascripts/copy-notice.js says that the code was copied.
"""

import re
from pathlib import Path

import mkdocs_jupyter
from mkdocs.exceptions import BuildError

COPY_BUTTON = "javascripts/clipboard-copy.js"
COPY_NOTICE = "javascripts/copy-notice.js"
_BUTTON = Path(
    mkdocs_jupyter.__path__[0],
    "templates/mkdocs_html/assets/clipboard.umd.js",
)
_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>\s*", re.DOTALL)
# Parts of the scripts of mkdocs-jupyter, by which they differ from one of a cell.
_JUPYTER_SCRIPTS = (
    "ClipboardCopyElement",
    "addEventListener('clipboard-copy'",
    '<script src="">',
    "text/x-mathjax-config",
    "mermaidjs",
)


def copy_button() -> str:
    """The script of the element <clipboard-copy>, which mkdocs-jupyter brings."""
    return _BUTTON.read_text("utf8")


def without_inline_scripts(html: str, where: str) -> str:
    """The HTML of a notebook without the scripts of mkdocs-jupyter.

    Errors: BuildError if there is another, such as in the output of a cell.
    """
    for script in _SCRIPT.findall(html):
        if not any(mark in script for mark in _JUPYTER_SCRIPTS):
            raise BuildError(
                f"{where}: the site's Content-Security-Policy forbids the script that "
                f"begins with {script[:60]!r}: print text or a picture instead"
            )
    return _SCRIPT.sub("", html)
