"""A file that is whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]  # of the repository


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place if nothing goes wrong.

    Errors: ValueError with one line if nothing can be written there.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}: create it first")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o666 & ~_umask())  # a temporary file is its owner's alone
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """What the shell takes away from new files; only setting it tells."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
