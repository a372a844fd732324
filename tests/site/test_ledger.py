"""The ledger page filters its claims by verdict and by evidence, and can be linked."""

import pytest
from playwright.sync_api import Locator, Page

from paradigms.site.content.claims import claims
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE

LEDGER = "reference/claims/"
VERDICTS = sorted({claim.verdict for claim in claims().values()})
STATUSES = sorted({claim.status for claim in claims().values()})


def expected(verdict: str = "", status: str = "") -> list[str]:
    """The ids of the claims of a verdict and a status; all, if neither is given."""
    return [
        key
        for key, claim in claims().items()
        if verdict in ("", claim.verdict) and status in ("", claim.status)
    ]


def shown(page: Page) -> list[str]:
    """The ids in the visible rows of the ledger."""
    return page.evaluate(
        """() => [...document.querySelector("table.generated").tBodies[0].rows]
          .filter((row) => row.checkVisibility())
          .map((row) => row.cells[0].textContent)"""
    )


def choice(page: Page, name: str) -> Locator:
    """The select element of a filter, by its label."""
    return page.locator("form.filters").get_by_label(name)


def disagreements(page: Page, verdict: str, status: str) -> list[str]:
    """Differences of the rows, the count and the selected values from a filter."""
    ids = expected(verdict, status)
    problems = []
    if shown(page) != ids:
        problems.append(f"shows {shown(page)}, not {ids}")
    count = page.locator("form.filters output").inner_text()
    if count != f"{len(ids)} of {len(claims())} claims":
        problems.append(f"counts {count!r}")
    values = [choice(page, name).input_value() for name in ("Verdict", "Evidence")]
    if values != [verdict, status]:
        problems.append(f"has chosen {values}")
    return problems


def choose(page: Page, verdict: str, status: str) -> None:
    """Set both filters."""
    choice(page, "Verdict").select_option(verdict)
    choice(page, "Evidence").select_option(status)


def test_a_filter_shows_exactly_its_rows(visit):
    """Every verdict with every status, and back to all: rows and counts agree."""
    page = visit(LEDGER)
    assert disagreements(page, "", "") == []
    for verdict in ["", *VERDICTS]:
        for status in ["", *STATUSES]:
            choose(page, verdict, status)
            assert disagreements(page, verdict, status) == []
    choose(page, "", "")
    assert shown(page) == list(claims())
    assert page.url.endswith(LEDGER)


def test_a_row_too_many_is_noticed(visit):
    """Negative control: a row of another verdict, shown again."""
    page = visit(f"{LEDGER}?verdict=wrong")
    assert disagreements(page, "wrong", "") == []
    page.evaluate("document.querySelector('tbody tr[hidden]').hidden = false")
    assert len(disagreements(page, "wrong", "")) == 1


def test_the_lists_offer_what_there_is(visit):
    """Every verdict and every status of the claims, and all of them."""
    page = visit(LEDGER)
    for name, words in (("Verdict", VERDICTS), ("Evidence", STATUSES)):
        options = choice(page, name).locator("option").all_inner_texts()
        assert sorted(options) == sorted(["all", *words])


def test_a_link_restores_its_filter(visit):
    """The address of a filtered list, opened anew: the same rows, count and lists."""
    page = visit(LEDGER)
    choose(page, "too simple", "sourced")
    assert disagreements(page, "too simple", "sourced") == []
    address = page.url
    assert address.endswith("?verdict=too+simple&evidence=sourced")
    reopened = visit(f"{LEDGER}?{address.partition('?')[2]}")
    assert disagreements(reopened, "too simple", "sourced") == []


def test_links_on_the_page_lead_to_filtered_lists(visit):
    """The words that explain the evidence show its claims."""
    page = visit(LEDGER)
    page.get_by_role("link", name="sourced", exact=True).click()
    page.wait_for_url("**/?evidence=sourced")
    assert disagreements(page, "", "sourced") == []
    page.go_back()
    assert disagreements(page, "", "") == []


def test_an_unknown_value_in_a_link_filters_nothing(visit):
    """A filter without such a value stays at *all*; the other one filters."""
    page = visit(f"{LEDGER}?verdict=nonsense&evidence=sourced")
    assert disagreements(page, "", "sourced") == []


def test_the_filter_works_on_files(browser, site):
    """Opened without a server: it filters, and its address can be kept."""
    context = browser.new_context()
    page = context.new_page()
    file = (site / LEDGER / "index.html").as_uri()
    page.goto(f"{file}?verdict=wrong")
    assert disagreements(page, "wrong", "") == []
    choose(page, "holds", "shown")
    assert disagreements(page, "holds", "shown") == []
    assert page.url == f"{file}?verdict=holds&evidence=shown"
    context.close()


def test_without_scripts_the_whole_ledger_shows(visit):
    """Every claim is shown, whatever the URL says, and no filter."""
    page = visit(f"{LEDGER}?verdict=wrong", java_script_enabled=False)
    assert shown(page) == list(claims())
    assert page.locator("select").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_filter_is_for_everybody(visit, scheme):
    """By keyboard, on a phone: the count is read out, axe finds nothing."""
    page = visit(f"{LEDGER}?verdict=wrong", color_scheme=scheme, viewport=PHONE)
    choice(page, "Verdict").focus()
    page.keyboard.press("Home")
    assert disagreements(page, "", "") == []
    assert page.get_by_role("status").inner_text().endswith("claims")
    assert page.get_by_role("group", name="Show").count() == 1
    assert axe_findings(page) + contrast_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_other_page_loads_the_filter(site):
    """Its script stands on the ledger page alone, so no other page is heavier."""
    pages = [
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if "ledger." in path.read_text("utf8")
    ]
    assert pages == [f"{LEDGER}index.html"]
