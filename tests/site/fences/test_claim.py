"""The evidence that opens below a claim, complete and with current values."""

import re
from html import escape, unescape

import pytest

from paradigms.experiments.records import load
from paradigms.site.content.bibliography import label, split_citation
from paradigms.site.content.claims import claims, places
from paradigms.site.content.conditions import with_values
from paradigms.site.content.evidence import proofs
from paradigms.site.fences.claim import RECORDED, figures
from tests.conftest import PHONE


def opened(site, key: str) -> str:
    """The HTML inside the evidence of a claim, on its built page."""
    page, _, anchor = places()[key].partition("#")
    folder = page.removesuffix("index.md").removesuffix(".md")
    card = (site / folder / "index.html").read_text("utf8").split(f'id="{anchor}"')[1]
    pattern = r'<details class="evidence"><summary>(.*?)</summary>(.*?)</details></div>'
    summary, body = re.search(pattern, card, re.DOTALL).groups()
    assert summary == f"{key} · {claims()[key].status} · evidence"
    return body


def missing(inside: str, key: str) -> list[str]:
    """Evidence of a claim that its HTML does not show."""
    claim = claims()[key]
    expected = [f"<code>make measure NAME={name}</code>" for name in claim.measured]
    expected += [
        f"<code>{escape(proofs()[name].command)}</code>" for name in claim.tests
    ]
    expected += [
        f"<code>{escape(line)}</code><br>measured: {escape(with_values(line))}<"
        for line in claim.holds
    ]
    expected += [escape(label(split_citation(source)[0])) for source in claim.sources]
    return [html for html in expected if html not in inside]


@pytest.mark.parametrize("key", claims())
def test_all_evidence_of_a_claim_opens_in_place(site, key):
    """All commands, predicates with current values, tests and sources are there."""
    assert missing(opened(site, key), key) == []


def test_missing_evidence_is_noticed(site):
    """Negative control: other values, another command, a source left out."""
    inside = opened(site, "S14")
    other = re.sub(r"measured: -0\.\d", "measured: -7.7", inside, count=1)
    assert missing(other, "S14") != []
    assert missing(inside.replace("NAME=label", "NAME=lable"), "S14") != []
    assert missing(inside.replace("Ng &amp; Jordan", "others"), "S14") != []


def test_a_measured_claim_leads_to_its_figure(site):
    """It links to the figure of each experiment that the claim reads, if any."""
    links = re.findall(r'<a href="([^"]*)">figure</a>', opened(site, "S14"))
    assert links == ["few-labels/#whole-reviews-two-regimes"]
    experiments = {address.partition("/")[0] for address, _ in figures()}
    for key, claim in claims().items():
        figure_links = opened(site, key).count(">figure</a>")
        assert figure_links == len(experiments & set(claim.measured)), key


def test_every_figure_that_is_listed_is_recorded():
    """Addresses on the pages lead to pictures of several kinds."""
    assert len(figures()) > 40
    for address, _ in figures():
        name, _, key = address.partition("/")
        assert key in load(name).pictures
    assert len(RECORDED) > 4


def test_what_opens_is_read_as_words(site):
    """The reader sees no tag and no entity."""
    words = unescape(re.sub(r"<[^>]+>", " ", opened(site, "S14")))
    assert "at 100 < 0" in words
    assert "&" not in words.replace("Ng & Jordan", "").replace("Xue & ", "")


def test_the_keyboard_opens_the_evidence(visit):
    """Enter on the mark shows the values, without any script."""
    page = visit("q19/", java_script_enabled=False)
    fold = page.locator("#s14 details.evidence")
    run = fold.get_by_text("make measure NAME=label_efficiency")
    assert not run.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert run.is_visible()


def test_opened_evidence_fits_a_phone(visit):
    """All evidence of a chapter open, 360 pixels wide: nothing sticks out."""
    page = visit("q19/", viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.locator(".evidence code").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
