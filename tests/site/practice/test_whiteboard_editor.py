"""The editor of a whiteboard task: keys, touch, what is kept, hints."""

from playwright.sync_api import expect

from paradigms.site.content.whiteboard import tasks
from tests.conftest import PHONE
from tests.site.practice.conftest import stored
from tests.site.practice.whiteboard_page import (
    PATH,
    PATIENCE,
    TASK,
    card,
    line,
    opened,
    run,
    written,
)


def test_a_touch_screen_gets_letters_that_a_browser_does_not_enlarge(
    browser, strict_address
):
    """16 pixels at least, and the whole width of the task."""
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    with opened(browser, strict_address, **options) as page:
        field = card(page).locator("textarea")
        size = field.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        assert size >= 16
        assert field.bounding_box()["width"] > 0.8 * PHONE["width"]
        field.tap()
        page.keyboard.press("Control+End")
        page.keyboard.type("x")
        page.get_by_role("button", name="Indent").tap()
        assert field.input_value().splitlines()[-1] == "    x"
        assert field.evaluate("node => node === document.activeElement")


def test_the_keyboard_alone(open_tool):
    """In and out by Tab, indentation by Enter and Backspace, a run by Ctrl+Enter."""
    page = open_tool(PATH)
    page.locator(f"#{TASK} > summary").focus()
    page.keyboard.press("Enter")
    field = page.locator(f"#{TASK} textarea")
    field.wait_for()

    def focused(selector: str) -> bool:
        return page.evaluate("(s) => document.activeElement.matches(s)", selector)

    for _ in range(8):
        page.keyboard.press("Tab")
        if focused("textarea"):
            break
    assert focused(f"#{TASK} textarea")
    page.keyboard.press("Control+a")
    page.keyboard.type("def top_k(logits, k):  # mine\n")
    page.keyboard.type("if k < 1:\nraise ValueError\n")
    page.keyboard.press("Backspace")
    page.keyboard.type("return 1")
    program = (
        "def top_k(logits, k):  # mine\n    if k < 1:\n"
        "        raise ValueError\n    return 1"
    )
    assert field.input_value() == program
    page.keyboard.press("Control+]")
    assert field.input_value() == program.replace("    return", "        return")
    page.keyboard.press("Control+z")
    assert field.input_value() == program
    page.keyboard.press("Control+[")
    assert field.input_value() == program.replace("    return", "return")
    page.keyboard.press("Control+]")
    page.keyboard.press("Tab")
    assert focused("button.practice-main")
    page.keyboard.press("Shift+Tab")
    assert focused("textarea")
    page.keyboard.press("Control+Enter")
    task = page.locator(f"#{TASK}")
    expect(line(task)).to_contain_text("tests passed; not: ", timeout=PATIENCE)
    assert field.input_value() == program
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused("details.solution > summary"):
            break
    assert focused("details.solution > summary")


def test_lines_of_a_selection_move_together(open_tool):
    """Empty lines stay empty, and a line without indentation stays where it is."""
    field = card(open_tool(PATH)).locator("textarea")
    field.fill("a\n\n  b\nc")
    field.evaluate("node => node.setSelectionRange(0, 6)")
    field.press("Control+]")
    assert field.input_value() == "    a\n\n      b\nc"
    field.press("Control+[")
    field.press("Control+[")
    assert field.input_value() == "a\n\nb\nc"
    field.press("Control+z")
    assert field.input_value() == "a\n\n  b\nc"


def test_the_program_is_kept(open_tool):
    """In the store of tasks, at each key; the start is not."""
    page = open_tool(PATH)
    field = card(page).locator("textarea")
    assert field.input_value() == tasks()[TASK].start
    field.fill("mine = ")
    field.press("End")
    field.press("1")
    written(page, "mine = 1")
    page.reload()
    field = card(page).locator("textarea")
    assert field.input_value() == "mine = 1"
    card(page, "elbo")
    rows = stored(page, "tasks")
    assert [*rows] == [TASK]
    assert (rows[TASK]["text"], rows[TASK]["runs"]) == ("mine = 1", 0)
    expect(page.locator(".task-count")).to_have_text("0 of 29 tasks solved, 0 tried.")


def test_the_start_comes_back_and_can_be_undone(open_tool):
    """Nothing that was typed is lost, before it and after it."""
    page = open_tool(PATH)
    task = card(page)
    field = task.locator("textarea")
    undo = task.get_by_role("button", name="Undo")
    field.fill("mine = 1")
    assert undo.count() == 0
    task.get_by_role("button", name="Restore the start").click()
    assert field.input_value() == tasks()[TASK].start
    field.fill("other = 2")
    undo.click()
    assert field.input_value() == "mine = 1"
    undo.click()
    assert field.input_value() == "other = 2"
    undo.click()
    written(page, "mine = 1")


def test_hints_open_one_at_a_time_and_the_solution_is_offered_later(open_tool):
    """Each hint appears when the one before has been opened."""
    page = open_tool(PATH)
    task = card(page)
    hints = task.locator("details.hint")
    assert [hint.is_visible() for hint in hints.all()] == [True, False, False]
    hints.nth(0).locator("summary").click()
    expect(hints.nth(1)).to_be_visible()
    assert not hints.nth(2).is_visible()
    offer = task.get_by_role("button", name="Compare with the solution")
    run(task, tasks()[TASK].start)
    assert offer.count() == 0
    assert stored(page, "tasks") == {}
    run(task, "mine = 1")
    expect(page.locator(".task-count")).to_have_text("0 of 29 tasks solved, 1 tried.")
    offer.click()
    assert task.locator("details.solution").get_attribute("open") is not None
    summary = task.locator("details.solution > summary")
    assert summary.evaluate("node => node === document.activeElement")
