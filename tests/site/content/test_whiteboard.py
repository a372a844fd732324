"""Whiteboard tasks as they are loaded: every mistake in a folder is one line."""

import shutil

import pytest

from paradigms._schema import ContentError
from paradigms.site.content import whiteboard
from paradigms.site.content.whiteboard import TASKS, load, task, task_places, tasks

TWO_HINTS = """\
  "Keep all tokens whose logit is not below the threshold; this handles ties.",
  "Set the logit of a removed token to minus infinity, not to 0.",
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of a task with a torch variant."""
    return shutil.copytree(TASKS / "top-k", tmp_path / "top-k")


def test_every_task_is_loaded_whole():
    """Text, hints, programs, and wrong programs in their order."""
    entry = task("top-k")
    assert entry.statement[0].startswith("Return the distribution")
    assert entry.example.startswith("top_k([0.0, 0.0, -1.0], 2)")
    assert len(entry.hints) == 3
    assert entry.hints[0] == (
        "Find the lowest of the k highest logits: it is the threshold."
    )
    assert [wrong.name for wrong in entry.wrong] == [
        "k-too-large", "not-normalised", "ties-lost", "zero-logits"
    ]  # fmt: skip
    assert entry.torch_start.startswith("import torch")
    assert all("import torch" not in entry.solution for entry in tasks().values())
    assert all("numpy" not in entry.solution for entry in tasks().values())


def test_every_task_stands_on_a_page():
    """By the fences of the page."""
    assert set(task_places()) == set(tasks())
    assert task_places()["top-k"] == "practice/whiteboard.md#top-k"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("task.toml", "", None, "top-k/task.toml: missing"),
        ("start.py", "", None, "top-k/start.py: missing"),
        ("solution.py", "", None, "top-k/solution.py: missing"),
        ("test_task.py", "", None, "top-k/test_task.py: missing"),
        ("wrong/k-too-large.py", "# Message", "# Massage",
         "top-k/wrong/k-too-large.py: begin with the lines '# Mistake: ...' and"),
        ("solution.py", "return", "retrun x", "top-k/solution.py: line 14 is not"),
        ("task.toml", "hints = [", "hnits = [", "task.toml: hints: field required"),
        ("task.toml", "hints = [", "hnits = [", "task.toml: hnits: unknown key"),
        ("task.toml", TWO_HINTS, "", "task.toml: hints: list should have at least 2"),
        ("task.toml", "example = '''", "example = '''x =\n",
         "task.toml: example: line 1 is not Python: invalid syntax"),
        ("task.toml", "junior", "jr", "level: input should be 'junior', 'mid'"),
        ("task.toml", '"decoding"', '"decodin"', "topic: is no topic of the bank (did"),
        ("task.toml", "minutes = 8", "minutes = 0", "minutes: input should be greater"),
        ("task.toml", "level", "lvel", "lvel: unknown key"),
        ("task.toml", "decoding-top-k-p", "none", "question 'none' does not exist"),
        ("task.toml", "q39/autoregressive.md", "no.md", "page 'no.md' does not exist"),
        ("task.toml", "title", "= title", "task.toml: not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(folder, file, old, new, message):
    """It names the file and what to do; each is found with all the others."""
    path = folder / file
    if new is None:
        path.unlink()
    else:
        text = path.read_text("utf8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf8")
    with pytest.raises(ContentError) as error:
        load(folder)
    lines = str(error.value).splitlines()
    assert any(message in line for line in lines), lines
    assert all("top-k" in line for line in lines), lines


def test_two_wrong_programs_are_too_few(folder):
    """Three at least."""
    for name in ("k-too-large", "ties-lost"):
        (folder / "wrong" / f"{name}.py").unlink()
    with pytest.raises(ContentError, match="top-k/wrong: 2 programs; write 3"):
        load(folder)


def test_all_mistakes_of_all_folders_are_told_at_once(folder, monkeypatch):
    """A line each; without folders one line."""
    shutil.copytree(folder, folder.parent / "second")
    (folder / "start.py").unlink()
    (folder.parent / "second" / "task.toml").unlink()
    monkeypatch.setattr(whiteboard, "TASKS", folder.parent)
    with pytest.raises(ContentError) as error:
        tasks.__wrapped__()
    assert str(error.value).splitlines() == [
        f"{folder.parent}/second/task.toml: missing; restore it from git",
        f"{folder}/start.py: missing; restore it from git",
    ]
    monkeypatch.setattr(whiteboard, "TASKS", folder.parent / "none")
    with pytest.raises(ContentError, match="snippets/whiteboard: no tasks; restore"):
        tasks.__wrapped__()


def test_a_task_on_no_page_is_named(monkeypatch):
    """Negative control: a fence forgets it."""
    ids = [(key, "practice/whiteboard.md") for key in tasks() if key != "elbo"]
    monkeypatch.setattr(whiteboard, "ids_by_page", lambda _: ids)
    with pytest.raises(ContentError, match="whiteboard/elbo: stands on no page"):
        task_places.__wrapped__()
