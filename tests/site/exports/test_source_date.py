"""The date of what is built: the environment, the last commit, or the newest source."""

import os

import pytest

from paradigms.site.exports import source_date as module
from paradigms.site.exports.source_date import VARIABLE, source_date
from tests.conftest import commit_all

COMMIT, LATER = 1_700_000_000, 1_800_000_000


@pytest.fixture
def page(monkeypatch, tmp_path):
    """A page in a folder that is not a repository yet, changed after COMMIT."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "_SOURCES", (tmp_path / "docs",))
    path = tmp_path / "docs/page.md"
    path.parent.mkdir()
    path.write_text("# Page\n")
    os.utime(path, (LATER, LATER))
    return path


def commit(page) -> None:
    """Make the folder a repository with one commit of that date."""
    commit_all(page.parents[1], f"{COMMIT} +0000")


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


def test_a_deletion_is_not_older_than_the_commit(page):
    """A deck that were older would not be imported."""
    (page.parent / "other.md").touch()
    os.utime(page.parent / "other.md", (COMMIT - 5, COMMIT - 5))
    commit(page)
    page.unlink()
    assert source_date() == COMMIT


def test_a_date_that_is_no_number_is_named(page, monkeypatch):  # noqa: ARG001
    """With the name of the variable."""
    monkeypatch.setenv(VARIABLE, "yesterday")
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH must be seconds since"):
        source_date()


def test_the_environment_takes_precedence(page, monkeypatch):
    """As in other reproducible builds; an empty value counts as none."""
    commit(page)
    monkeypatch.setenv(VARIABLE, "1234567890")
    assert source_date() == 1_234_567_890
    monkeypatch.setenv(VARIABLE, "")
    assert source_date() == COMMIT
