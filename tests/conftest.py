"""What several tests need: the built site, and a copy of the sources to break."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

ROOT = Path(__file__).parents[1]
SOURCES = ["docs", "snippets", "src", "tests", "mkdocs.yml"]

# A build in which an import of torch is an error, as for a reader who has no torch.
BUILD = (
    "import sys; sys.modules['torch'] = None; "
    "from mkdocs.__main__ import cli; cli(['build', '--strict', '-d', sys.argv[1]])"
)


# How long an example takes says what else the machine does, not what the code does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The whole site, built strictly and without torch; with `-n`, once for all."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # what the processes of this run have in common
        folder = folder.parent

    def make(target: Path) -> None:
        done = build(ROOT, target)
        assert done.returncode == 0, done.stdout + done.stderr

    return once(folder / "site", make)


def once(target: Path, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, filled by the first process that asks.

    The others wait; a folder that `make` did not finish is never seen.
    """
    with FileLock(f"{target}.lock"):
        if not target.exists():
            unfinished = target.with_suffix(".unfinished")
            make(unfinished)
            unfinished.rename(target)
    return target


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """For tiny networks: threads would only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sources(tmp_path) -> Path:
    """A copy of everything that the site is built from."""
    for name in SOURCES:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, target)
    return tmp_path


@pytest.fixture
def broken(sources) -> Callable[[str, str, str], str]:
    """Change one file of the copy, build it, and return what the failed build says."""

    def break_and_build(file: str, old: str, new: str) -> str:
        path = sources / file
        text = path.read_text(encoding="utf8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf8")
        done = build(sources, sources / "site")
        assert done.returncode != 0, "the build went through"
        return done.stdout + done.stderr

    return break_and_build


def build(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build the sources in `folder` with the package of that folder."""
    return subprocess.run(
        [sys.executable, "-c", BUILD, str(target)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(folder: Path) -> dict[str, str]:
    """The environment in which `paradigms` is the package below `folder`."""
    import os

    return {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_MKDOCS_2_WARNING": "1"}
