"""The date of what is built: the environment, the last commit, or the newest source."""

import os
import subprocess

import pytest

from paradigms.site.exports import source_date as module
from paradigms.site.exports.source_date import VARIABLE, source_date

COMMIT, LATER = 1_700_000_000, 1_800_000_000


@pytest.fixture
def page(monkeypatch, tmp_path):
    """A page in a folder that is not a repository yet, changed after COMMIT."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "_FOLDERS", (tmp_path / "docs",))
    path = tmp_path / "docs/page.md"
    path.parent.mkdir()
    path.write_text("# Page\n")
    os.utime(path, (LATER, LATER))
    return path


def commit(page) -> None:
    """Make the folder a repository with one commit of that date."""
    identity = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (
            ("NAME", "x"),
            ("EMAIL", "x@y.z"),
            ("DATE", f"{COMMIT} +0000"),
        )
    }
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(
            ["git", *arguments], cwd=page.parents[1], check=True,
            env=os.environ | identity,
        )  # fmt: skip


def test_without_git_the_newest_source_counts(page):
    """Of all folders; compiled code is no source."""
    assert source_date() == LATER
    cache = page.parent / "__pycache__/x.pyc"
    cache.parent.mkdir()
    cache.touch()
    assert source_date() == LATER


def test_a_commit_counts_on_any_day(page, monkeypatch):
    """The dates of a clone's files do not; without the git program they do."""
    commit(page)
    assert source_date() == COMMIT
    monkeypatch.setenv("PATH", "")
    assert source_date() == LATER


def test_changed_sources_are_newer_than_their_commit(page):
    """Negative control: a change that is not committed, and one elsewhere."""
    commit(page)
    (page.parents[1] / "other.md").touch()
    assert source_date() == COMMIT
    page.write_text("# Another\n")
    os.utime(page, (LATER, LATER))
    assert source_date() == LATER


def test_the_environment_takes_precedence(page, monkeypatch):
    """As in other reproducible builds; an empty value counts as none."""
    commit(page)
    monkeypatch.setenv(VARIABLE, "1234567890")
    assert source_date() == 1_234_567_890
    monkeypatch.setenv(VARIABLE, "")
    assert source_date() == COMMIT
