"""Bad input on the whiteboard page: each kind gets one line, and the next run works."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from paradigms.site.content.whiteboard import tasks
from paradigms.site.exports.offline import write_lists
from paradigms.site.practice import process, runner
from tests.conftest import serving
from tests.site.practice.conftest import PUT, stored
from tests.site.practice.test_offline import Host, Uncached, keep, press
from tests.site.practice.test_storage import DENIED
from tests.site.practice.whiteboard_page import (
    PATH,
    PATIENCE,
    TASK,
    NoWasm,
    card,
    ended,
    line,
    opened,
    run,
    started,
    written,
)


@pytest.fixture(scope="module")
def paused(browser, strict_address) -> Iterator[Page]:
    """A page whose clock stands still: no program is stopped on a busy machine."""
    with opened(browser, strict_address) as page:
        page.clock.install(time=0)
        page.clock.pause_at(1)
        yield page


PAYLOADS = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<b>bold</b>",
            "&lt;i&gt;", "{{constructor}}", "</pre><iframe srcdoc='<p>'>"]  # fmt: skip


def test_html_stays_text(paused):
    """Printed, in an error, in a line of the traceback, in a value."""
    dialogs: list[str] = []
    paused.on("dialog", lambda dialog: (dialogs.append("one"), dialog.dismiss()))
    task = card(paused)
    prints = "".join(f"print({text!r})\n" for text in PAYLOADS)
    program = f"{prints}def top_k(logits, k):\n    return {PAYLOADS[0]!r}\n"
    run(task, program)
    output = task.locator(".task-output")
    assert output.text_content() == "\n".join([*PAYLOADS, ""])
    run(task, f"{prints}raise ValueError({PAYLOADS[0]!r})")
    assert PAYLOADS[0] in line(task).inner_text()
    result = task.locator(".task-result")
    assert PAYLOADS[0] in result.inner_text()
    assert result.locator("b, i, img, script, iframe").count() == 0
    assert line(task).locator("*").count() == 0
    assert dialogs == []


def test_much_output_is_cut(paused):
    """100 MB of it: the first part is shown, and a line says where it was cut."""
    task = card(paused)
    program = f"print('y' * 10**8)\n{tasks()[TASK].solution}"
    assert run(task, program) == "All 6 tests passed."
    limit = runner.LONGEST_OUTPUT
    assert task.locator(".task-output").text_content() == "y" * limit
    assert f"cut after {limit:,} characters" in task.inner_text()


BOMBS = ["x = 'x' * 10**9", "x = []\nwhile True:\n    x.append('x' * 10**6)"]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_memory_bomb_is_one_line(paused, bomb):
    """Python refuses it, and runs the next program."""
    task = card(paused)
    text = run(task, bomb)
    assert text.endswith("MemoryError: there is no memory left")
    assert "\n" not in text
    assert run(task, tasks()[TASK].solution) == "All 6 tests passed."


CRASHES = {
    "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    f()\nf()":
        "The program ended Python itself: look for recursion without end, "
        "or for more than 512 MB of memory.",
    "import os\nos._exit(3)": "The program ended Python itself (exit code 3).",
}  # fmt: skip


@pytest.mark.parametrize("program", CRASHES)
def test_a_program_that_ends_python_is_one_line(paused, program):
    """The next one gets another Python."""
    task = card(paused)
    assert run(task, program) == CRASHES[program]
    assert run(task, tasks()[TASK].solution) == "All 6 tests passed."


ALL_CAUGHT = """while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


def test_an_endless_loop_ends(paused):
    """After the time that the terminal gives; the page answers meanwhile."""
    task = card(paused)
    started(task, ALL_CAUGHT)
    assert len(paused.workers) == 1
    card(paused, "beam-search").locator("summary").first.click()
    paused.clock.run_for(1000 * process.SECONDS - 100)
    assert line(task).inner_text() == "Running the tests …"
    paused.clock.run_for(200)
    assert line(task).inner_text() == (
        f"Stopped after {process.SECONDS:g} seconds: look for a loop that does not end."
    )
    assert ended(paused)
    assert run(task, tasks()[TASK].solution) == "All 6 tests passed."


def two_tabs(open_tool) -> list[Page]:
    """The page twice in one browser."""
    one = open_tool(PATH)
    other = one.context.new_page()
    other.goto(one.url)
    return [one, other]


def test_a_program_of_another_tab_appears(open_tool):
    """Unless the editor is in use: then a line says that the next key replaces it."""
    one, other = two_tabs(open_tool)
    fields = [card(page).locator("textarea") for page in (one, other)]
    fields[1].fill("theirs = 1")
    fields[1].blur()
    expect(fields[0]).to_have_value("theirs = 1")
    fields[0].focus()
    fields[1].fill("theirs = 2")
    line_of_the_other = card(one).get_by_text("Another tab has stored another program")
    expect(line_of_the_other).to_be_visible()
    assert fields[0].input_value() == "theirs = 1"
    fields[1].blur()
    fields[0].press("End")
    fields[0].press("0")
    expect(line_of_the_other).to_have_count(0)
    written(one, "theirs = 10")
    expect(fields[1]).to_have_value("theirs = 10")


def test_two_tabs_write_and_run_one_attempt(open_tool):
    """What was typed last is stored; both runs count, and one of them solved it."""
    one, other = two_tabs(open_tool)
    first, second = card(one), card(other)
    assert run(first, tasks()[TASK].solution) == "All 6 tests passed."
    assert "tests passed; not: " in run(second, tasks()[TASK].wrong[0].text)
    row = stored(one, "tasks")[TASK]
    assert (row["text"], row["runs"]) == (tasks()[TASK].wrong[0].text, 2)
    assert row["solved"] > 0
    for page in (one, other):
        expect(page.locator(".task-count")).to_have_text(
            "1 of 29 tasks solved, 1 tried."
        )


def test_without_storage_a_program_lasts_as_long_as_the_page(open_tool):
    """One line says so; the editor works."""
    page = open_tool(PATH)
    page.add_init_script(DENIED)
    page.reload()
    task = card(page)
    task.locator("textarea").fill("mine = 1")
    task.locator("textarea").blur()
    assert "stores nothing" in task.inner_text()
    task.locator("summary").first.click()
    task.locator("summary").first.click()
    assert task.locator("textarea").input_value() == "mine = 1"
    assert run(task, tasks()[TASK].solution) == "All 6 tests passed."
    expect(page.locator(".task-count")).to_have_text("1 of 29 tasks solved, 1 tried.")
    assert task.get_by_text("stores nothing").count() == 1


def test_a_damaged_program_is_set_aside(open_tool):
    """The task begins anew; the entry is not deleted."""
    page = open_tool(PATH)
    damaged = {"id": TASK, "changed": 1_790_000_000_000, "text": 7, "runs": 1}
    page.evaluate("async () => { await tool('storage'); }")
    page.evaluate(PUT, ["tasks", [damaged]])
    page.reload()
    assert card(page).locator("textarea").input_value() == tasks()[TASK].start
    aside = page.evaluate(
        "async () => (await (await tool('storage')).storage.leftovers()).damaged"
    )
    assert [entry["row"] for entry in aside] == [damaged]


def test_python_that_cannot_be_loaded_is_one_line(browser, site):
    """Such as under a policy without WebAssembly; the program is kept."""
    with serving(site, NoWasm) as url, opened(browser, url) as page:
        text = run(card(page), "mine = 1")
        assert text == "Python could not be loaded; try again when you are online."
        assert card(page).locator("textarea").input_value() == "mine = 1"


def test_offline_is_one_line(browser, strict_address):
    """The tests or Python are missing; the next click tries again."""
    with opened(browser, strict_address) as page:
        task = card(page)
        page.context.set_offline(True)
        assert "try again when you are online" in run(task, "mine = 1")
        page.context.set_offline(False)
        assert run(task, tasks()[TASK].solution) == "All 6 tests passed."


def test_python_that_fails_once_is_loaded_at_the_next_run(browser, strict_address):
    """The tests are there, a file of Python is not: a new worker starts anew."""
    with opened(browser, strict_address) as page:
        task = card(page)
        page.context.route("**/pyodide-lock.json", lambda route: route.abort())
        text = "Python could not be loaded; try again when you are online."
        assert run(task, "mine = 1") == text
        page.context.unroute("**/pyodide-lock.json")
        assert run(task, tasks()[TASK].solution) == "All 6 tests passed."


PARTS = ["assets", "javascripts", "stylesheets", "practice/whiteboard"]
SINGLE = ["index.html", "service-worker.js", "manifest.webmanifest"]


@pytest.fixture
def host(site, tmp_path) -> Iterator[Host]:
    """The page of tasks with the real Python, where a copy can be kept offline."""
    for name in PARTS:
        shutil.copytree(site / name, tmp_path / "project" / name)
    for name in SINGLE:
        shutil.copy(site / name, tmp_path / "project" / name)
    write_lists(tmp_path / "project")
    with serving(tmp_path, Uncached) as address:
        yield Host(tmp_path, address)


def test_an_offline_copy_without_python_is_one_line(browser, host):
    """The task can be read; with Python in the copy its tests run offline."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(host.address)
        keep(page)
        context.set_offline(True)
        page.goto(host.address + PATH)
        text = "Python could not be loaded; try again when you are online."
        assert run(card(page), tasks()[TASK].solution) == text
        context.set_offline(False)
        page.goto(host.address)
        press(page, re.compile("Add Python for the whiteboard"))
        buttons = page.locator("[data-practice=offline]").get_by_role("button")
        expect(buttons).to_have_text(["Remove the offline copy"], timeout=PATIENCE)
        context.set_offline(True)
        page.goto(host.address + PATH)
        assert run(card(page), tasks()[TASK].solution) == "All 6 tests passed."
