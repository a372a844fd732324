"""Progress on the start page: counts, export, import, reset."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from paradigms.site.content.questions import questions
from tests.site.practice.conftest import PUT, row, stored
from tests.site.practice.test_storage import ROWS

TOOL = "[data-practice=progress]"
IDS = [*questions()][:4]


def ready(page: Page) -> Page:
    """Wait until the tool is there."""
    page.locator(f"{TOOL} ul").wait_for()
    return page


def exported(page: Page) -> dict:
    """The file that the button gives."""
    with page.expect_download() as file:
        page.get_by_role("button", name="Export").click()
    return json.loads(file.value.path().read_text("utf8"))


def imported(page: Page, data: object, tmp_path: Path) -> str:
    """Import a file through the button; what the page says then."""
    path = tmp_path / "progress.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf8")
    line = page.locator(f"{TOOL} > .practice-status").first
    line.evaluate("(line) => { line.textContent = ''; }")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files(path)
    line.filter(has_text="mported").wait_for()
    return line.inner_text()


def file(**parts: object) -> dict[str, object]:
    """An export."""
    empty = {"reviews": [], "drafts": [], "interviews": [], "tasks": [], "marks": []}
    head = {"format": "model-paradigms progress", "version": 1, "exported": 1}
    return head | empty | parts


def attempt(key: str, runs: int = 0, solved: int | None = None) -> dict[str, object]:
    """A stored program of a whiteboard task."""
    program = {"id": key, "changed": 1_790_000_000_000, "text": "", "runs": runs}
    return program | ({"solved": solved} if solved else {})


MINE = {"id": "d", "changed": 2, "text": "<b>mine</b>"}


def test_the_start_page_counts(open_tool):
    """Cards due and seen, interviews, tasks, pages."""
    page = ready(open_tool(""))
    assert "0 due today, 0 seen" in page.locator(TOOL).inner_text()
    page.evaluate(PUT, ["reviews", [row(IDS[0]), row(IDS[1], due=4e12)]])
    page.evaluate(PUT, ["interviews", [{"id": "i", "changed": 1}]])
    page.evaluate(PUT, ["tasks", [attempt("a", 2, 3), attempt("b", 1), attempt("c")]])
    page.reload()
    text = ready(page).locator(TOOL).inner_text()
    assert "1 due today, 2 seen" in text
    assert "Mock interviews: 1" in text
    assert "Whiteboard tasks: 1 solved, 2 tried" in text
    page.locator(TOOL).get_by_role("link", name="Cards").click()
    page.wait_for_url("**/practice/review/")


def test_an_export_comes_back_in_another_browser(open_tool, tmp_path):
    """All rows of all stores and all marks; unknown keys as well."""
    page = ready(open_tool(""))
    rows = [row(IDS[0], later={"unknown": [1]}), row(IDS[1], due=4e12)]
    page.evaluate(PUT, ["reviews", rows])
    for store, entry in (ROWS | {"drafts": MINE}).items():
        if store != "reviews":
            page.evaluate(PUT, [store, [entry]])
    others = [f"model-paradigms.{kind}.other" for kind in ("visited", "done")]
    for mark in others:
        page.evaluate("(mark) => localStorage.setItem(mark, '1')", mark)
    page.reload()
    data = exported(ready(page))
    page.get_by_text("is among your downloads").wait_for()
    assert data["version"] == 1
    assert len(data["reviews"]) == 2
    assert {*others} < {*data["marks"]}
    other = ready(open_tool(""))
    assert "Imported: 6 entries" in imported(other, data, tmp_path)
    assert "1 due today, 2 seen" in other.locator(TOOL).inner_text()
    assert "2 pages visited" in other.locator("[data-visited]").inner_text()
    again = exported(other)
    assert {*again["marks"]} == {*data["marks"]}
    parts = data.keys() - {"exported", "marks"}
    assert all(again[part] == data[part] for part in parts)


def test_the_counts_follow_another_tab(open_tool):
    """A card that is graded there is counted here."""
    page = ready(open_tool(""))
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    page.evaluate("""async () => (await tool("storage")).storage.update("interviews",
      "i", () => ({ id: "i", changed: 1 }))""")
    other.get_by_text("Mock interviews: 1").wait_for()


def test_of_two_reviews_the_later_one_wins(open_tool, tmp_path):
    """In both directions; what only one side has stays."""
    page = ready(open_tool(""))
    old, new = 1_700_000_000_000, 1_800_000_000_000
    here = [row(IDS[0], changed=old), row(IDS[1], changed=new), row(IDS[2])]
    page.evaluate(PUT, ["reviews", here])
    data = file(
        reviews=[
            row(IDS[0], changed=new, grade=1),
            row(IDS[1], changed=old, grade=1),
            row("not-in-the-bank", grade=1),
        ]
    )
    assert "2 entries" in imported(page, data, tmp_path)
    grades = {key: entry["grade"] for key, entry in stored(page).items()}
    assert grades == {IDS[0]: 1, IDS[1]: 3, IDS[2]: 3, "not-in-the-bank": 1}
    assert "0 entries" in imported(page, data, tmp_path)


def test_a_task_that_was_solved_anywhere_stays_solved(open_tool, tmp_path):
    """The later program wins, the time of the solution stays; in both directions."""
    page = ready(open_tool(""))
    early, late = 1_790_000_000_000, 1_795_000_000_000
    here = [attempt("a", 1, early), attempt("b", 1) | {"changed": late}]
    page.evaluate(PUT, ["tasks", here])
    there = [
        attempt("a", 2) | {"changed": late, "text": "later"},
        attempt("b", 1, early) | {"text": "earlier"},
    ]
    assert "2 entries" in imported(page, file(tasks=there), tmp_path)
    rows = stored(page, "tasks")
    assert [rows[key]["solved"] for key in "ab"] == [early, early]
    assert [rows[key]["text"] for key in "ab"] == ["later", ""]
    assert "0 entries" in imported(page, file(tasks=there), tmp_path)


OTHERS = {
    "no JSON": "model-paradigms progress",
    "a list": "[1, 2]",
    "null": "null",
    "another object": '{"questions": []}',
    "no version": '{"format": "model-paradigms progress"}',
    "nothing": "",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_of_another_kind_changes_nothing(open_tool, tmp_path, kind):
    """One line says that it is no export."""
    page = ready(open_tool(""))
    page.evaluate(PUT, ["reviews", [row(IDS[0])]])
    text = imported(page, OTHERS[kind], tmp_path)
    assert text == "Nothing was imported: this file is not an export of this site."
    assert [*stored(page)] == [IDS[0]]


def test_a_huge_file_is_not_read(open_tool, tmp_path):
    """Over 50 MB nothing is loaded into the page."""
    page = ready(open_tool(""))
    text = imported(page, " " * 50_000_001, tmp_path)
    assert text == "Nothing was imported: the file is larger than 50 MB."


def test_a_newer_file_is_taken_in_as_far_as_it_is_known(open_tool, tmp_path):
    """The unknown part is in the next export; damaged rows stay out and are counted."""
    page = ready(open_tool(""))
    data = file(
        version=7,
        reviews=[row(IDS[0]), row(IDS[1], stability=None)],
        essays=[{"id": "e", "text": "later"}],
    )
    text = imported(page, data, tmp_path)
    assert "Imported: 1 entry" in text
    assert "Not readable in the file, and left out: 1 entry." in text
    assert "newer version" in text
    assert exported(page)["essays"] == data["essays"]


PAYLOADS = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)", "\"'><img src=x onerror=alert(1)>", "{{constructor}}",
    "__proto__", "<iframe srcdoc='<script>parent.alert(1)</script>'>",
]  # fmt: skip


def test_nothing_that_is_imported_becomes_html(open_tool, tmp_path):
    """Payloads as ids, texts, marks and unknown parts: text, or left out."""
    page = ready(open_tool(""))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    elements = page.locator(f"{TOOL} *").count()
    data = file(
        reviews=[row(text) for text in PAYLOADS],
        drafts=[{"id": text, "changed": 1, "text": text} for text in PAYLOADS],
        marks=PAYLOADS + [f"model-paradigms.visited.{text}" for text in PAYLOADS],
        **{text: text for text in PAYLOADS},
    )
    imported(page, data, tmp_path)
    page.reload()
    ready(page)
    assert page.locator(f"{TOOL} *").count() == elements
    assert page.locator("article :is(img, iframe, script[src=x])").count() == 0
    again = exported(page)
    assert {entry["text"] for entry in again["drafts"]} == set(PAYLOADS)
    assert {entry["id"] for entry in again["reviews"]} == set(PAYLOADS)
    keys = page.evaluate("Object.keys(localStorage)")
    assert len([key for key in keys if "visited" in key]) > len(PAYLOADS)
    assert not {*keys} & {*PAYLOADS}
    page.goto(f"{page.url}practice/review/")
    page.locator(".practice-card").wait_for()
    assert page.locator("article :is(img, iframe, script[src=x])").count() == 0


def test_a_reset_asks_first(open_tool, tmp_path):
    """Then rows, marks, damaged rows and unknown parts of imports are gone."""
    page = ready(open_tool(""))
    imported(page, file(reviews=[row(IDS[0])], essays=["later"]), tmp_path)
    page.evaluate(PUT, ["reviews", [row(IDS[1], grade=7)]])
    page.reload()
    damaged = ready(page).get_by_role("button", name="Download damaged entries")
    assert damaged.is_visible()
    reset = page.get_by_role("button", name="Reset")
    page.once("dialog", lambda dialog: dialog.dismiss())
    reset.click()
    assert [*stored(page)] == [IDS[0]]
    page.once("dialog", lambda dialog: dialog.accept())
    reset.click()
    page.get_by_text("Your progress is deleted.").wait_for()
    assert stored(page) == {}
    assert not damaged.is_visible()
    assert "essays" not in exported(page)
    assert "0 pages visited" in page.locator("[data-visited]").inner_text()
    page.reload()
    assert "0 due today, 0 seen" in ready(page).locator(TOOL).inner_text()


def test_without_scripts_the_place_says_what_would_be_there(visit):
    """A sentence with a link."""
    page = visit("", java_script_enabled=False)
    assert "With JavaScript" in page.locator(TOOL).inner_text()
    assert page.locator(f"{TOOL} :is(button, input)").count() == 0
