"""Reads the files that authors write: pages, snippets, code, `mkdocs.yml`."""

from pathlib import Path

from paradigms._files import ROOT
from paradigms._schema import FileError


def read_text(path: Path) -> str:
    """A file in UTF-8, with or without a byte order mark.

    Errors: FileError with one line that names the file.
    """
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise FileError(
            f"{path_in_repository(path)}: missing; restore it from git"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path_in_repository(path)}, line {line}: not UTF-8; save it in UTF-8"
        ) from None
    except OSError as error:
        raise FileError(f"{path_in_repository(path)}: {error.strerror}") from None


def source_files(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder and of those below it that match, in order.

    Without hidden ones, which MkDocs ignores, too: an editor keeps a lock or a copy of
    an open file beside it, such as `.#page.md`.
    """
    return sorted(
        path
        for path in folder.rglob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def path_in_repository(path: Path) -> str:
    """The path in the repository, as messages show it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
