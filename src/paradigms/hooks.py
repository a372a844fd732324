"""Events of MkDocs: only what cannot be done from Markdown."""

import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.exceptions import Abort
from pymdownx.snippets import SnippetMissingError


def on_env(env: Environment, config: Any, files: Any) -> Environment:
    """Keep compiled templates between builds: a rebuild shows half a second sooner."""
    folder = Path(config.config_file_path).parent / ".cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    return env


def on_post_build(config: Any) -> None:
    """Forget the package after each build, so a live reload sees edits of `src`."""
    for name in [name for name in sys.modules if name.split(".")[0] == "paradigms"]:
        del sys.modules[name]


def on_build_error(error: Exception) -> None:
    """Say in one line what pymdownx buries in a traceback; forget the package too."""
    on_post_build(None)
    if isinstance(error, SnippetMissingError):
        raise Abort(f"{error}: create it below snippets/, or correct the page")
