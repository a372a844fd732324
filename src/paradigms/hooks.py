"""Events of MkDocs: only what cannot be done from Markdown."""

import sys
from typing import Any

from mkdocs.exceptions import Abort
from pymdownx.snippets import SnippetMissingError


def on_post_build(config: Any) -> None:
    """Forget the package after each build, so a live reload sees edits of `src`."""
    for name in [name for name in sys.modules if name.split(".")[0] == "paradigms"]:
        del sys.modules[name]


def on_build_error(error: Exception) -> None:
    """Say in one line what pymdownx buries in a traceback; forget the package too."""
    on_post_build(None)
    if isinstance(error, SnippetMissingError):
        raise Abort(f"{error}: create it below snippets/, or correct the page")
