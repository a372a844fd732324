"""What changed since 2020: two answers each, with dates that are possible."""

import re
from calendar import month_name
from datetime import datetime

import pytest

from paradigms._schema import ContentError
from paradigms.site.content import changes as module
from paradigms.site.content.bibliography import label, sources, split_citation
from paradigms.site.content.changes import NOW, THEN, Change, changes
from paradigms.site.content.pages import DOCS
from paradigms.site.fences.change import ChangeFence

PAGE = DOCS / "practice/what-changed.md"


def altered(**update) -> list[str]:
    """The findings for one change, after an update."""
    return changes()["changed-rate"].model_copy(update=update).findings()


def test_every_change_is_dated_and_stands_on_the_page(site):
    """Both answers, every source, the years and the measurements are shown."""
    html = (site / "practice/what-changed/index.html").read_text("utf8")
    for key, change in changes().items():
        card = html.split(f'id="{key}"')[1].split("</dl>")[0]
        for citation in (*change.then, *change.sources):
            assert label(split_citation(citation)[0]).replace("&", "&amp;") in card
        first, last = change.years()
        assert THEN <= first <= last <= NOW
        assert re.search(rf"Changed by work from {first}( to {last})?:", card), key
        assert all(f"measured: {name}</a>" in card for name in change.measured)
        assert all(f">{name}</a>" in card for name in change.claims)


def test_both_questions_have_their_changes():
    """There are twelve to twenty, some for each topic."""
    topics = [change.topic for change in changes().values()]
    assert 12 <= len(topics) <= 20
    assert {"Q19", "Q39", "both"} == set(topics)


def undated(change: Change) -> list[str]:
    """Years that the newer answer names and none of its sources has."""
    years = {
        str(sources()[split_citation(citation)[0]].year) for citation in change.sources
    }
    text = re.sub(r"(between|until) 20\d\d( and 20\d\d)?", "", change.now)
    older_years = {
        str(sources()[split_citation(citation)[0]].year) for citation in change.then
    }
    return [
        year
        for year in re.findall(r"\b20\d\d\b", text)
        if year not in years | older_years
    ]


@pytest.mark.parametrize("key", changes())
def test_a_year_in_an_answer_is_that_of_a_source(key):
    """ModernBERT alone was released in the December before its paper's year."""
    expected = ["2024"] if key == "changed-encoders" else []
    assert undated(changes()[key]) == expected


def test_a_wrong_year_in_an_answer_is_noticed():
    """The guard itself."""
    change = changes()["changed-rate"]
    text = change.now.replace("2023", "2019")
    assert undated(change.model_copy(update={"now": text})) == []  # BERT's own year
    text = change.now.replace("2023", "2022")
    assert undated(change.model_copy(update={"now": text})) == ["2022"]


def test_a_date_that_cannot_be_is_an_error():
    """No change by a work from before 2020, no older answer from a work after it."""
    assert altered() == []
    assert "no change since 2020" in altered(sources=["devlin2019"])[0]
    assert "did not say so by 2020" in altered(then=["wettig2023"])[0]
    assert "no source" in altered(sources=[])[0]
    assert "nothing measured" in altered(measured=[])[0]
    assert "nobody1999" in altered(then=["nobody1999"])[0]
    assert "S99" in altered(claims=["S99"])[0]


def test_a_change_that_stands_on_no_page_or_twice_is_an_error(monkeypatch):
    """Each is named, and so is an unknown one."""
    fences = [("change", key) for key in changes()]
    placements = [(key, "a.md") for _, key in [*fences[1:], fences[1]]]
    monkeypatch.setattr(module, "ids_by_page", lambda _: placements)
    with pytest.raises(ContentError) as error:
        module.changes.__wrapped__()
    assert "stands in 0 change fences" in str(error.value)
    assert "stands in 2 change fences" in str(error.value)
    with pytest.raises(ContentError, match="no change 'changed-nothing'"):
        ChangeFence(ids=["changed-nothing"]).render(None)


def month_of(key: str) -> str:
    """Year and month (2602) of a preprint, or of what names its month as its venue."""
    source = sources()[key]
    if match := re.search(r"abs/(\d{4})\.", source.url):
        return match[1]
    match = re.search(rf"\b(?:{'|'.join(month_name[1:])}) \d{{4}}$", source.venue)
    return datetime.strptime(match[0], "%B %Y").strftime("%y%m") if match else ""


def newest(text: str) -> str:
    """Year and month of the newest work that a page cites, where these are known."""
    citations = re.findall(r"\[@([^\],]+)", text)
    citations += [source for change in changes().values() for source in change.sources]
    return max(month_of(split_citation(key)[0]) for key in citations)


def stated(text: str) -> str:
    """Year and month that the page states."""
    month = re.search(r"No work on this page is newer than (\w+ \d{4})", text)[1]
    return datetime.strptime(month, "%B %Y").strftime("%y%m")


def test_the_page_says_how_new_its_newest_work_is():
    """The stated month is that of the newest work; an earlier one is noticed."""
    text = PAGE.read_text("utf8")
    assert newest(text) == stated(text)
    early = text.replace("newer than June 2026", "newer than May 2026")
    assert newest(early) > stated(early)
