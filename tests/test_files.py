"""A file is written completely or not at all."""

import pytest

from paradigms._files import replaced


def test_a_file_is_whole_or_as_it_was(tmp_path):
    """A failed write leaves the old file, and no temporary file beside it."""
    path = tmp_path / "bank.csv"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replaced(path) as draft:
        draft.write_text((tmp_path / "missing").read_text())
    assert [p.name for p in tmp_path.iterdir()] == ["bank.csv"]
    assert path.read_text() == "old"
    with replaced(path) as draft:
        draft.write_text("new")
    assert path.read_text() == "new"
    other = tmp_path / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode  # not only its owner's
