"""What the tests of the whiteboard page share: opening a task, running a program."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from paradigms.site.exports.security_policy import policy as site_policy
from tests.conftest import Quiet, new_page

PATH = "practice/whiteboard/"
TASK = "top-k"
PATIENCE = 120_000  # milliseconds: the machine may be busy


class Strict(Quiet):
    """Serves scripts under the policy of the site's headers."""

    policy = site_policy(header=True)

    def end_headers(self) -> None:
        """The header is the worker's own: it does not inherit that of the page."""
        if self.path.startswith("/javascripts/"):
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()


class NoWasm(Strict):
    """Forbids WebAssembly as well."""

    policy = Strict.policy.replace(" 'wasm-unsafe-eval'", "")


@contextmanager
def opened(browser, address: str, **options) -> Iterator[Page]:
    """The page of tasks in a new context."""
    context = browser.new_context(**options)
    page = new_page(context)
    page.goto(address + PATH)
    page.locator("[data-practice] .task-count").wait_for()
    yield page
    context.close()


def card(page: Page, name: str = TASK) -> Locator:
    """A task, open, with its editor."""
    task = page.locator(f"#{name}")
    if task.get_attribute("open") is None:
        task.locator("summary").first.click()
    task.locator("textarea").wait_for()
    return task


def run_button(task: Locator) -> Locator:
    """The button, whatever it says."""
    return task.get_by_role("button", name="Run the tests")


def line(task: Locator) -> Locator:
    """The line that says how it went."""
    return task.locator(".task-attempt > .practice-status").first


def start(task: Locator, text: str) -> None:
    """Write a program, and run its tests."""
    task.locator("textarea").fill(text)
    run_button(task).click()


def started(task: Locator, text: str) -> None:
    """Start a program, and wait until Python runs it."""
    start(task, text)
    expect(line(task)).to_have_text("Running the tests …", timeout=PATIENCE)


def run(task: Locator, text: str) -> str:
    """Run a program to its end; the line that says how it went."""
    start(task, text)
    expect(run_button(task)).to_have_attribute(
        "aria-disabled", "false", timeout=PATIENCE
    )
    return line(task).inner_text()


def ended(page: Page) -> bool:
    """Whether the worker is gone, as soon as the browser has said so."""
    for _ in range(50):
        if not page.workers:
            return True
        page.wait_for_timeout(100)
    return False


ENDLESS = "while True:\n    pass"


STORED_TEXT = """async (task) => {
  const { storage } = await tool("storage");
  return (await storage.all("tasks")).get(task)?.text;
}"""


def written(page: Page, text: str) -> None:
    """Wait until the storage has a program."""
    for _ in range(50):
        if page.evaluate(STORED_TEXT, TASK) == text:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not stored: {text}")


def readable(page: Page) -> bool:
    """Whether the task is there as text, with its download and command."""
    task = page.locator(f"#{TASK}")
    task.locator("summary").first.click()
    return (
        task.locator("code.start").is_visible()
        and task.locator("a[download]").is_visible()
        and f"python -m paradigms practise {TASK}" in task.inner_text()
        and page.locator("textarea").count() == 0
    )
