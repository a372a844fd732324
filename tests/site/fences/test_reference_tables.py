"""Tables of the reference pages that are made of whole lists."""

from paradigms.site.content.packages import PARTS, packages
from paradigms.site.fences.reference_tables import _packages


def test_each_package_is_listed_once_with_its_kind():
    """By who needs it and where it comes from, in alphabetical order."""
    parts = _packages()["parts"]
    for (source, for_readers), title in PARTS.items():
        rows = parts[title]
        assert rows, title
        assert {(row.source, row.for_readers) for row in rows} == {
            (source, for_readers)
        }
        names = [row.name.lower() for row in rows]
        assert names == sorted(names)
    assert sum(map(len, parts.values())) == len(packages())
