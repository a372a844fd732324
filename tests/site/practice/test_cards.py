"""The card at each question of a page: ticks, grades, undo."""

import pytest
from playwright.sync_api import Page

from tests.conftest import PHONE, settle
from tests.site.practice.conftest import stored

PATH = "practice/decoding/"


def opened(page: Page, number: int = 0):
    """A question of the page, opened, with its panel; the locator of the question."""
    question = page.locator("article details.question").nth(number)
    question.locator("summary").click()
    question.locator(".practice-grades").wait_for()
    return question


def grade(question, name: str) -> None:
    """Press one of the four buttons."""
    question.get_by_role("button", name=name).click()
    question.get_by_text("comes back in").wait_for()


def test_ticks_suggest_and_a_grade_is_stored(open_tool):
    """Each tick changes the suggestion; a grade says when the question comes back."""
    page = open_tool(PATH)
    question = opened(page)
    boxes = question.locator(".key-points input")
    assert boxes.count() >= 2
    grades = question.locator(".practice-grades button")
    assert [text.split()[0] for text in grades.all_inner_texts()] == [
        "Again", "Hard", "Good", "Easy",
    ]  # fmt: skip
    assert "10 min" in grades.nth(2).inner_text()
    for box in boxes.all():
        box.check()
    assert f"{boxes.count()} of {boxes.count()}" in question.inner_text()
    assert "Good is suggested" in question.inner_text()
    boxes.first.uncheck()
    assert "Good is suggested" not in question.inner_text()
    grade(question, "Good")
    key = question.get_attribute("id")
    assert stored(page)[key]["grade"] == 3
    page.reload()
    settle(page)
    question = opened(page)
    assert "10 min" not in question.locator("button", has_text="Easy").inner_text()
    days = question.locator("button", has_text="Good").inner_text()
    assert "days" in days  # the second Good leaves the steps of learning


def test_a_grade_is_taken_back(open_tool):
    """What was stored before is stored again; the buttons are there again."""
    page = open_tool(PATH)
    question = opened(page)
    grade(question, "Easy")
    assert not question.locator(".practice-grades").is_visible()
    question.get_by_role("button", name="Undo").click()
    question.get_by_text("Undone.").wait_for()
    assert stored(page) == {}
    grade(question, "Hard")
    key = question.get_attribute("id")
    assert stored(page)[key]["grade"] == 2


def test_two_tabs_grade_one_question(open_tool):
    """Both grades count; undo takes back none but its own."""
    one = open_tool(PATH)
    first = opened(one)
    other = one.context.new_page()
    other.goto(one.url)
    second = opened(other)
    grade(first, "Good")
    grade(second, "Good")
    key = first.get_attribute("id")
    assert stored(one)[key]["reps"] == 2
    first.get_by_role("button", name="Undo").click()
    first.get_by_text("in another tab").wait_for()
    assert stored(one)[key]["reps"] == 2


def test_by_keyboard_alone(open_tool):
    """From the fold over the key points to the grade; a tick by the space bar."""
    page = open_tool(PATH)
    page.locator("article details.question summary").first.focus()
    page.keyboard.press("Enter")
    page.locator(".practice-grades").first.wait_for()
    focused = "document.activeElement.matches('.practice-tick input')"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(focused):
            break
    page.keyboard.press(" ")
    assert page.locator(".practice-tick input").first.is_checked()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.startsWith('Hard')"):
            break
    page.keyboard.press("Enter")
    page.get_by_text("Hard: comes back in").wait_for()


def test_a_question_on_a_chapter_has_its_card_too(open_tool):
    """The same store: one question is one card wherever it stands."""
    page = open_tool("q39/#q39-generate", viewport=PHONE)  # opened by its address
    question = page.locator("#q39-generate")
    question.locator(".practice-grades").wait_for()
    grade(question, "Again")
    assert stored(page)["q39-generate"]["grade"] == 1


def test_paper_shows_no_buttons(open_tool):
    """Neither of a card that was used nor of one that printing opens."""
    page = open_tool(PATH)
    opened(page)
    before = page.locator(".practice-grading").count()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    assert page.locator("details .practice-grading").count() == before
    for css in (".practice-grading", ".practice-tick input"):
        assert not any(item.is_visible() for item in page.locator(css).all())
    point = page.locator(".printed-answers .practice-tick").first
    assert point.is_visible()  # the text of the point is printed, with the answers


def test_without_scripts_the_answer_is_there(visit):
    """Key points as a list, and no box and no button."""
    page = visit(PATH, java_script_enabled=False)
    question = page.locator("article details.question").first
    question.locator("summary").click()
    assert question.locator(".key-points li").count() >= 2
    assert question.locator("input, button").count() == 0


@pytest.mark.parametrize("path", ["practice/review/", "index.html"])
def test_from_a_file_a_tool_says_what_it_needs(browser, site, path):
    """One plain line; questions open as ever."""
    with browser.new_context() as context:
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        file = site / (path if path.endswith(".html") else f"{path}index.html")
        page.goto(file.as_uri())
        tool = page.locator("[data-practice]:not([data-practice=offline])")
        assert "make serve" in tool.inner_text()
        assert tool.locator("[role=status]").count() == 1
        page.goto((site / PATH / "index.html").as_uri())
        page.locator("article details.question summary").first.click()
        page.wait_for_timeout(200)
        assert page.locator(".practice-grades").count() == 0
        assert problems == []
