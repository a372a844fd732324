"""A file is written completely or not at all; relative paths in texts have slashes."""

import ast
from collections.abc import Iterator
from pathlib import PureWindowsPath

import pytest

from paradigms._files import PACKAGE, replaced
from paradigms.site.content.evidence import pytest_name


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


def test_the_name_of_a_test_has_slashes_on_windows():
    """Claims and questions name tests so; with a backslash no build would know them."""
    folder = PureWindowsPath(r"C:\paradigms\tests")
    path = folder / "site" / "test_site.py"
    assert pytest_name(path, folder, "test_a") == "site/test_site.py::test_a"


def native_paths(code: str) -> Iterator[int]:
    """Lines where a relative path becomes text with the separator of the system."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.FormattedValue(value=value):
                pass
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                pass
            case _:
                continue
        match value:
            case ast.Call(func=ast.Attribute(attr="relative_to" | "with_suffix")):
                yield value.lineno


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_relative_path_is_text_with_backslashes(path):
    """Ids, keys, addresses and messages are the same on every system."""
    assert list(native_paths(path.read_text("utf8"))) == []


def test_a_relative_path_with_backslashes_is_noticed():
    """Negative control: in a formatted text and in `str`, but not with `as_posix`."""
    lines = [
        'f"{path.relative_to(folder)}::{test}"',
        "str(path.relative_to(folder).with_suffix(''))",
        'f"{path.relative_to(folder).as_posix()}"',
        "str(path)",
    ]
    assert sorted(native_paths("\n".join(lines))) == [1, 2]
