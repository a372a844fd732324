"""The page of whiteboard tasks: programs run in Python, in a worker of the page."""

import re

import pytest
from playwright.sync_api import expect

from paradigms.site.content.whiteboard import tasks
from paradigms.site.practice import runner
from tests.axe import contrast_findings
from tests.conftest import PHONE, ROOT, build, serving, settle
from tests.site.practice.conftest import watch
from tests.site.practice.test_access import findings
from tests.site.practice.whiteboard_page import (
    ENDLESS,
    PATH,
    TASK,
    card,
    ended,
    line,
    opened,
    readable,
    run,
    run_button,
    started,
)

GROUPS = [
    re.findall(r'"([\w-]+)"', names)
    for names in re.findall(
        r"^ids = \[(.+)\]$", (ROOT / "docs/practice/whiteboard.md").read_text(), re.M
    )
]


def test_the_groups_are_those_of_the_page():
    """Six of them, with every task once."""
    assert sorted(name for group in GROUPS for name in group) == sorted(tasks())
    assert len(GROUPS) == 6


def test_a_solution_passes_and_the_task_is_solved(shared):
    """The line says so, the task is marked, and the page counts it."""
    task = card(shared)
    assert run(task, tasks()[TASK].solution) == "All 6 tests passed."
    expect(task.locator(".task-progress")).to_have_text("solved")
    # Other tests try tasks on the same page; only this one solves one.
    count = re.compile(r"^1 of 29 tasks solved, [1-9]\d* tried\.$")
    expect(shared.locator(".task-count")).to_have_text(count)
    shared.reload()
    expect(shared.locator(".task-count")).to_have_text(count)


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_a_wrong_program_gets_its_message(shared, group):
    """The case, what was expected, what came out, and the mistake."""
    name = GROUPS[group][-1]
    wrong = tasks()[name].wrong[0]
    task = card(shared, name)
    assert "tests passed; not: " in run(task, wrong.text)
    result = task.locator(".task-result")
    case = result.locator("p > code").inner_text()
    expected, got = result.locator("dd").all_inner_texts()
    assert f"{case}: expected {expected}, got {got}" == wrong.message
    assert wrong.mistake in result.inner_text()
    expect(task.locator(".task-progress")).to_have_text("tried")


def test_what_a_program_changes_does_not_reach_the_next(shared):
    """As in the terminal, where each has a process."""
    task = card(shared)
    solution = tasks()[TASK].solution
    changed = f"import math\nmath.exp = None\n{solution}"
    assert run(task, changed).startswith("0 of 6 tests passed")
    assert run(task, solution) == "All 6 tests passed."


def test_stop_ends_a_program_at_once(shared):
    """The worker is gone, and the keyboard is at the button that starts."""
    task = card(shared)
    started(task, ENDLESS)
    task.get_by_role("button", name="Stop").press("Enter")
    assert line(task).inner_text() == "Stopped."
    assert ended(shared)
    assert run_button(task).evaluate("node => node === document.activeElement")
    assert task.get_by_role("button", name="Stop").count() == 0


def test_another_task_ends_a_program(shared):
    """One runs at a time."""
    first, second = card(shared), card(shared, "log-sum-exp")
    started(first, ENDLESS)
    assert run(second, tasks()["log-sum-exp"].solution).startswith("All ")
    text = "Stopped: the tests of another program were started."
    assert line(first).inner_text() == text


def test_leaving_the_page_ends_a_program(shared):
    """Also where the browser keeps the page for the way back."""
    task = card(shared)
    started(task, ENDLESS)
    shared.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert ended(shared)
    assert line(task).inner_text() == "Stopped: you left the page."


ALL = """async ([programs, root]) => {
  const { python } = await (await fetch("tasks/index.json")).json();
  const worker = new Worker(`${root}javascripts/practice/python-worker.js`,
    { type: "module" });
  const answer = (message) => new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(message);
  });
  await answer({ start: { folder: `${root}${python.folder}/`, megabytes: 512,
    tasks: new URL("tasks/", location.href).href } });
  const results = [];
  for (const run of programs) results.push((await answer({ run })).result);
  worker.terminate();
  return results;
}"""


def test_every_program_gives_in_the_page_what_it_gives_in_the_terminal(
    shared, strict_address
):
    """All solutions pass and all wrong programs get their message, in one worker."""
    programs = [
        (text, task.tests)
        for task in tasks().values()
        for text in (task.start, task.solution, *(wrong.text for wrong in task.wrong))
    ]
    texts = [{"attempt": text, "tests": tests} for text, tests in programs]
    results = shared.evaluate(ALL, [texts, strict_address])
    assert len(results) == len(programs) > 5 * len(tasks())
    assert all(result.pop("clean") for result in results)
    for (text, tests), result in zip(programs, results, strict=True):
        expected = runner.run(text, tests)
        # A comprehension has a frame of its own before Python 3.12.
        last = [
            re.sub(r" in \S+:", ":", " ".join(each.pop("traceback")[-1:]), count=1)
            for each in (result, expected)
        ]
        assert last[0] == last[1]
        assert result == expected
    passed = sum(result["status"] == "passed" for result in results)
    assert passed == len(tasks())


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_axe_finds_nothing(shared, device):
    """A result with all its parts, light and dark; nothing is too wide."""
    wide = shared.viewport_size
    task = card(shared)
    wrong = tasks()[TASK].wrong[0].text
    run(task, wrong.replace("    ordered", "    print('seen')\n    ordered", 1))
    shared.set_viewport_size(PHONE if device == "phone" else wide)
    shared.emulate_media(reduced_motion="reduce")
    for scheme in ("slate", "default"):
        shared.evaluate(
            "scheme => { document.body.dataset.mdColorScheme = scheme; }", scheme
        )
        assert findings(shared, f"#{TASK}") == []
        assert findings(shared, "[data-practice]") == []
        assert contrast_findings(shared) == []
        width = shared.evaluate("document.documentElement.scrollWidth")
        assert width <= shared.evaluate("innerWidth")
        for part in ("textarea", ".task-result", ".task-output"):
            box = task.locator(part).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= shared.viewport_size["width"]
    shared.set_viewport_size(wide)


def test_nothing_heavy_is_loaded_before_the_click(browser, strict_address):
    """Which says the size; nothing is ever loaded from elsewhere."""
    sizes: dict[str, int] = {}

    def note(response) -> None:
        length = response.headers.get("content-length", "0")
        sizes[response.url] = int(length)

    with opened(browser, strict_address) as page:
        page.on("response", note)
        page.reload()
        task = card(page)
        settle(page, quiet=500)
        assert len(sizes) > 10
        assert max(sizes.values()) < 1_000_000
        assert not any("pyodide" in url or "worker" in url for url in sizes)
        label = run_button(task).inner_text()
        run(task, tasks()[TASK].solution)
        loaded = sum(size for url, size in sizes.items() if "/pyodide-" in url)
        assert label == f"Run the tests (loads Python, {loaded / 1e6:.1f} MB)"
        assert run_button(task).inner_text() == "Run the tests"
        assert all(url.startswith(strict_address) for url in sizes)


def test_the_printed_page_has_the_start_alone(open_tool):
    """No editor, and no hint, also if it has been opened."""
    page = open_tool(PATH)
    task = card(page)
    hints = task.locator("details.hint")
    hints.first.locator("summary").click()
    assert hints.first.is_visible()
    page.emulate_media(media="print")
    assert task.locator("code.start").is_visible()
    assert not task.locator("textarea").is_visible()
    assert not any(hint.is_visible() for hint in hints.all())


def test_without_scripts_and_as_a_file_the_tasks_are_text(browser, site, visit):
    """A line says what is missing."""
    page = visit(PATH, java_script_enabled=False)
    assert readable(page)
    assert "With JavaScript, each task has an editor" in page.inner_text("article")
    page = browser.new_page()
    page.goto((site / PATH / "index.html").as_uri())
    assert readable(page)
    assert "needs a web server" in page.locator("[data-practice]").inner_text()
    page.close()


def test_a_build_without_pyodide_says_what_is_missing(browser, sources):
    """It succeeds with one line; the page has the tasks as text, and the target."""
    for name in ("package.json", "package-lock.json"):
        (sources / name).write_bytes((ROOT / name).read_bytes())
    result = build(sources, sources / "site")
    assert result.returncode == 0
    reason = "node_modules/pyodide has no pyodide.mjs; run “make npm”"
    lines = [text for text in result.stdout.splitlines() if "make npm" in text]
    assert len(lines) == 1
    assert lines[0].startswith("INFO")
    assert reason in lines[0]
    assert not list((sources / "site").rglob("pyodide*"))
    with serving(sources / "site") as url, opened(browser, url) as page:
        assert reason in page.locator("[data-practice]").inner_text()
        assert readable(page)


def test_no_script_of_the_page_fails(browser, strict_address):
    """From opening it to the end of a run."""
    problems: list[str] = []
    with opened(browser, strict_address) as page:
        watch(page, problems)
        page.reload()
        run(card(page), tasks()[TASK].wrong[0].text)
    assert problems == []
