"""A cached value is computed again once a file changes that it was computed from."""

from pathlib import Path

import pytest

from paradigms.site import file_cache


@pytest.fixture
def texts(tmp_path, monkeypatch):
    """Two files, a function that reads one, and one that joins both."""
    monkeypatch.setattr(file_cache, "_caches", [])
    monkeypatch.setattr(file_cache, "_shared_reads", {})
    file_cache.observe()
    for name in "ab":
        (tmp_path / name).write_text(name)
    calls = []

    @file_cache.cache
    def text(name: str) -> str:
        calls.append(name)
        return (tmp_path / name).read_text()

    @file_cache.cache
    def joined() -> str:
        calls.append("joined")
        return text("a") + text("b")

    return tmp_path, text, joined, calls


def test_a_value_is_computed_once(texts):
    """Also for a function that calls a cached one."""
    _, text, joined, calls = texts
    assert [joined(), joined(), text("a"), text(name="b"), text(name="b")] == [
        "ab", "ab", "a", "b", "b",
    ]  # fmt: skip
    assert calls == [
        "joined",
        "a",
        "b",
        "b",
    ]  # by position and by keyword, as functools


@pytest.mark.parametrize("warm", [False, True])
def test_what_depends_on_a_file_is_forgotten(texts, warm):
    """And nothing else, whether the inner value was computed before or not."""
    folder, text, joined, calls = texts
    if warm:
        text("a")
    assert joined() == "ab"
    calls.clear()
    (folder / "a").write_text("new")
    assert joined() == "ab"
    file_cache.forget([folder / "a"])
    assert [joined(), text("b")] == ["newb", "b"]
    assert calls == ["joined", "a"]


def test_a_relative_path_names_the_same_file(texts, monkeypatch):
    """The cache compares absolute paths."""
    folder, text, _, calls = texts
    monkeypatch.chdir(folder)
    text("a")
    file_cache.forget([Path("a")])
    text("a")
    assert calls == ["a", "a"]


def test_nothing_is_kept_of_a_failure(texts):
    """The next call reads again, and its files are its own."""
    folder, _, joined, _ = texts
    (folder / "b").unlink()
    with pytest.raises(FileNotFoundError):
        joined()
    (folder / "b").write_text("late")
    assert joined() == "alate"


def test_who_catches_an_error_depends_on_the_file(texts):
    """A value that says "not there" changes when the file is."""
    folder, text, _, _ = texts

    @file_cache.cache
    def length() -> int | None:
        try:
            return int(text("a"))
        except ValueError:
            return None

    assert length() is None
    (folder / "a").write_text("7")
    file_cache.forget([folder / "a"])
    assert length() == 7


def test_values_from_the_same_files_share_their_list(texts):
    """A thousand of them hold one list of files: memory grows with values alone.

    Negative control: a value from one file more has another list.
    """
    folder, text, joined, _ = texts

    def lists(function: file_cache.FileCache) -> set[int]:
        return {id(reads) for _, reads in function._values.values()}

    @file_cache.cache
    def numbered(number: int) -> str:
        return f"{number} {text('a')}"

    for number in range(1000):
        numbered(number)
    joined()
    assert len(lists(numbered)) == 1
    assert lists(joined).isdisjoint(lists(numbered))
    file_cache.forget([folder / "b"])
    assert len(numbered._values) == 1000
    file_cache.forget([folder / "a"])
    assert not numbered._values


def test_dropped_functions_are_not_searched(texts):
    """After the package is loaded again its old functions keep their values."""
    folder, text, _, calls = texts
    text("a")
    file_cache.drop()
    file_cache.forget([folder / "a"])
    text("a")
    assert calls == ["a"]


def test_what_is_made_from_a_value_depends_on_the_value(tmp_path, monkeypatch):
    """The caller notes the call instead of the files, and forgets with them too."""
    monkeypatch.setattr(file_cache, "_caches", [])
    file_cache.observe()
    path = tmp_path / "a"
    path.write_text("text")

    @file_cache.cache_by_value
    def length() -> int:
        return len(path.read_text())

    @file_cache.cache
    def double() -> int:
        return 2 * length()

    for _ in range(2):  # computed, and from the cache
        with file_cache.reads_of_block() as reads:
            assert double() == 8
        assert reads.files == {str(path)}
        assert reads.direct == set()
        assert reads.calls == {(__name__, "length")}
    path.write_text("longer")
    file_cache.forget([path])
    assert double() == 12


def test_a_block_that_fails_ends(texts):
    """What is read afterwards is not part of it."""
    _, text, _, _ = texts
    with pytest.raises(ZeroDivisionError), file_cache.reads_of_block() as reads:
        raise ZeroDivisionError
    text("a")
    assert reads.files == set()
    assert file_cache._thread.reads == []
