"""Where the package and the repository are; atomic replacement of a file."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parents[1]
# A wheel brings its pages and snippets along, inside the package.
ROOT = CHECKOUT if (CHECKOUT / "snippets").is_dir() else PACKAGE / "repository"

# Error numbers of a file that does not fit: its size, the disk, the user's quota.
DISK_FULL = {errno.EFBIG, errno.ENOSPC, errno.EDQUOT}


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that replaces it if no exception is raised.

    Errors: ValueError with one line if nothing can be written there.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}: create it first")
    try:
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
        )
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp creates it with mode 0600
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
