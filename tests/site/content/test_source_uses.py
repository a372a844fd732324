"""A source lists the entries and pages that cite it, and no others."""

from collections import Counter

import pytest

from paradigms._schema import FileError
from paradigms.site.content import source_uses
from paradigms.site.content.bibliography import label, sources
from paradigms.site.content.source_uses import check_uses, citations_in, uses


def test_every_list_is_complete():
    """And each source is cited somewhere."""
    check_uses()
    assert uses().keys() == sources().keys()


def test_each_source_has_a_label_and_an_address_of_its_own():
    """A reader can tell two sources apart; one work is not listed twice."""
    labels = Counter(map(label, sources()))
    urls = Counter(source.url for source in sources().values())
    assert [name for name, count in (labels + urls).items() if count > 1] == []


def test_uses_are_read_from_entries_and_pages():
    """A claim, a question, a system, a change, a table, a page, the cheat sheet."""
    assert {"S13", "objectives-replaced", "electra", "changed-encoders"} <= uses()[
        "clark2020"
    ]
    assert "table q39-axes" in uses()["yang2019"]
    assert "q39/cache.md" in uses()["ainslie2023"]
    assert any("cheat-sheet" in places for places in uses().values())
    assert citations_in("x [@a2020, section 3] and `[@b2021]`, [@c2022]") == [
        "a2020, section 3",
        "c2022",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda places: places[1:], "S13 cites it: add it to cited_in if the source"),
        (lambda places: [*places, "S59"], "S59 does not cite it: remove it from"),
    ],
)
def test_a_difference_is_an_error(monkeypatch, change, message):
    """With the source and the place."""
    source = sources()["clark2020"]
    changed = source.model_copy(update={"cited_in": change(source.cited_in)})
    monkeypatch.setattr(
        source_uses, "sources", lambda: sources() | {"clark2020": changed}
    )
    with pytest.raises(FileError) as error:
        check_uses()
    assert f"snippets/bibliography.toml: clark2020: {message}" in str(error.value)
    assert str(error.value).count("\n") == 0
