"""The page of whiteboard tasks: everything without scripts, and files that run."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from paradigms.site.content.whiteboard import tasks
from paradigms.site.practice import interpreter, runner
from tests.conftest import PHONE

FOLDER = "practice/whiteboard"


@pytest.fixture(scope="module")
def cards(site) -> dict[str, Tag]:
    """The block of each task on the page."""
    html = (site / FOLDER / "index.html").read_text("utf8")
    blocks = BeautifulSoup(html, "html.parser").select("details.task")
    return {str(block["data-task"]): block for block in blocks}


def test_the_page_has_all_of_every_task(cards):
    """Text, start, hints one by one, solution, mistakes, download and command."""
    assert set(cards) == set(tasks())
    for name, card in cards.items():
        task = tasks()[name]
        assert card["id"] == name
        assert card.select_one("code.start").get_text() == task.start
        assert card.select_one("code.reference").get_text() == task.solution
        assert card.select_one("code.example").get_text() == task.example
        assert len(card.select("details.hint")) == len(task.hints)
        mistakes = card.select("details.solution ul")[1].select("li")
        assert len(mistakes) == len(task.wrong)
        assert f"practise {name}" in card.get_text()
        assert ("--torch" in card.get_text()) == bool(task.torch_start)
        assert not any(fold.has_attr("open") for fold in card.select("details"))
        assert not card.select("script")


def test_its_links_lead_to_files(site, cards):
    """Downloads, questions and pages."""
    for name, card in cards.items():
        links = [str(link["href"]) for link in card.select("p.evidence a")]
        assert links[0] == f"tasks/{name}.zip"
        assert len(links) == 1 + len(tasks()[name].questions) + len(tasks()[name].read)
        for link in links:
            path = (site / FOLDER / link.partition("#")[0]).resolve()
            assert path.exists(), link


def test_the_files_for_the_page_are_those_of_the_repository(site):
    """The runner as it is, the programs as JSON, a list."""
    folder = site / FOLDER / "tasks"
    text = (folder / "runner.py").read_text("utf8")
    shared = Path(interpreter.__file__).read_text("utf8")
    assert (folder / "interpreter.py").read_text("utf8") == shared
    scope: dict[str, object] = {"__name__": "runner"}
    exec(compile(text, "runner.py", "exec"), scope)
    index = json.loads((folder / "index.json").read_text("utf8"))["tasks"]
    assert [entry["name"] for entry in index] == list(tasks())
    for name, task in tasks().items():
        data = json.loads((folder / f"{name}.json").read_text("utf8"))
        assert data == {
            "name": name, "title": task.title, "start": task.start,
            "tests": task.tests, "solution": task.solution,
            "mistakes": [
                {"message": wrong.message, "mistake": wrong.mistake}
                for wrong in task.wrong
            ],
        }  # fmt: skip
    result = scope["run"](data["solution"], data["tests"])
    assert result == runner.run(data["solution"], data["tests"])


@pytest.mark.parametrize("name", ["top-k", "beam-search"])
def test_a_download_runs_without_the_package(site, tmp_path, name):
    """`python runner.py` in its folder, before and after the reader has written."""
    content = (site / FOLDER / "tasks" / f"{name}.zip").read_bytes()
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    folder = tmp_path / name
    assert {path.name for path in folder.iterdir()} == {
        "README.txt", "attempt.py", "runner.py", "test_task.py"
    }  # fmt: skip
    command = [sys.executable, "-I", "runner.py"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        )

    before = run()
    assert (before.returncode, "NotImplementedError" in before.stdout) == (1, True)
    (folder / "attempt.py").write_text(tasks()[name].solution)
    after = run()
    assert after.returncode == 0
    assert after.stdout.startswith("All ")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("snippets/whiteboard/top-k/task.toml", "hints =", "hint =",
         "snippets/whiteboard/top-k/task.toml: hints: field required"),
        ("docs/practice/whiteboard.md", '"top-k", ', "",
         "snippets/whiteboard/top-k: stands on no page; add a whiteboard fence"),
        ("docs/practice/whiteboard.md", '"top-k"', '"topk"', "no whiteboard task"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_build(broken, file, old, new, message):
    """One line names it."""
    output = broken(file, old, new)
    assert any(message in line for line in output.splitlines()), output


def test_without_scripts_a_reader_opens_hints_and_solution(visit):
    """By clicks alone, on a phone, without a line that is cut."""
    page = visit(f"{FOLDER}/", viewport=PHONE, java_script_enabled=False)
    card = page.locator("#beam-search")
    card.locator("summary").first.click()
    hint = card.locator("details.hint").first
    assert not hint.locator("p").is_visible()
    hint.locator("summary").click()
    assert hint.locator("p").is_visible()
    solution = card.locator("details.solution")
    assert not solution.locator("code.reference").is_visible()
    solution.locator("summary").click()
    assert solution.locator("code.reference").is_visible()
    box = solution.locator("code.reference").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
