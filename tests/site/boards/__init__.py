"""What each piece of whiteboard code must do, compared with ours or a reference.

A function for each question with code, by its id with underscores.  It gets what the
code defines, and what it prints as `printed`.
"""

from collections.abc import Callable

from tests.site.boards import classifiers, decoders, encoders, generators
from tests.site.boards.board import Board

MODULES = (classifiers, decoders, encoders, generators)


def check_of(key: str) -> Callable[[Board], None]:
    """The check of the code of a question. Errors: ValueError unless there is one."""
    name = key.replace("-", "_")
    (check,) = (getattr(part, name) for part in MODULES if hasattr(part, name))
    return check
