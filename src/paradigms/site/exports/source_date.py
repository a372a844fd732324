"""When the sources changed last: the date of what is built, on whatever day."""

import os
import subprocess
from contextlib import suppress

from paradigms._files import PACKAGE, ROOT

VARIABLE = "SOURCE_DATE_EPOCH"  # reproducible-builds.org; MkDocs reads it, too
_SOURCES = (ROOT / "docs", ROOT / "snippets", ROOT / "mkdocs.yml", PACKAGE)


def source_date() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, the last commit, or the newest source.

    A clone has the files' dates of its own day, so the commit counts, unless a source
    differs from it or there is no git.
    Errors: ValueError for an environment variable that is no number.
    """
    if epoch := os.environ.get(VARIABLE):
        if not epoch.isdecimal():
            raise ValueError(f"{VARIABLE} must be seconds since 1970: {epoch!r}")
        return int(epoch)
    commit = _git("log", "-1", "--format=%ct") if (ROOT / ".git").exists() else None
    if commit and _git("status", "--porcelain", "--", *map(str, _SOURCES)) == "":
        return int(commit)
    return max(int(commit or 0), _newest())


def _git(*arguments: str) -> str | None:
    """What git prints; None if it fails or is not installed.

    In the background it must not hold a lock that the reader's own git needs.
    """
    try:
        result = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _newest() -> int:
    times = [0.0]
    for source in _SOURCES:
        for path in source.rglob("*.*") if source.is_dir() else [source]:
            if "__pycache__" not in path.parts and path.is_file():
                with suppress(FileNotFoundError):  # removed just now
                    times.append(path.stat().st_mtime)
    return int(max(times))
