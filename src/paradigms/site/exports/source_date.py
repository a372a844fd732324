"""When the sources changed last: the date of what is built, on whatever day."""

import os
import subprocess
from pathlib import Path

from paradigms._files import PACKAGE, ROOT

VARIABLE = "SOURCE_DATE_EPOCH"  # reproducible-builds.org; MkDocs reads it, too
_FOLDERS = (ROOT / "docs", ROOT / "snippets", PACKAGE)


def source_date() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, the last commit, or the newest source.

    A clone has the files' dates of its own day, so the commit counts, unless a source
    differs from it or there is no git.
    """
    if epoch := os.environ.get(VARIABLE):
        return int(epoch)
    return _date_of_commit() or _newest()


def _date_of_commit() -> int | None:
    """The committer's date of a folder without changes."""
    if not (ROOT / ".git").exists():
        return None
    if _git("status", "--porcelain", "--", *map(str, _FOLDERS)) != "":
        return None
    date = _git("log", "-1", "--format=%ct")
    return int(date) if date else None


def _git(*arguments: str) -> str | None:
    """What git prints; None if it fails or is not installed."""
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _newest() -> int:
    files = (path for folder in _FOLDERS for path in Path(folder).rglob("*.*"))
    times = (
        path.stat().st_mtime
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    )
    return int(max(times))
