"""Labs contain what they promise, and their checks reject wrong answers."""

import contextlib
import io
import json
import re

import nbformat
import pytest
import torch

from tests.conftest import ROOT

LABS = {path.stem: path for path in sorted((ROOT / "docs/labs").glob("*.ipynb"))}
OPEN = re.compile(r"(?<== )\.\.\.(?:, \.\.\.)*|(?<=return )\.\.\.")

# For each check a wrong and a right answer; the last of the third lab has no right one,
# which takes three times 500 steps: `test_stored_networks.py` tests it on the record.
COPY, EVEN = "[[1.0, 0.0], [0.0, 1.0]]", "[[0.5, 0.5], [0.5, 0.5]]"
CHECKS = {
    "classifiers-on-reviews": {
        "curve-task": (["4"], ["counted"]),
        "signs-task": (['"great"'], ['"american"']),
        "twice-task": (["2 * single"], ["2 * single - prior"]),
        "open-task": (["1.0"], ["6.0"]),
    },
    "what-sums-to-one": {
        "chain-check": (["1 / 3"], ["float(first_step[0])"]),
        "normal-check": (["20 * 30_000"], ["30_000**20"]),
        "prefix-run": (["1"], ["3"]),
        "energy-task": (["1.0"], ["14.744"]),
        "open-task": ([EVEN, EVEN], [COPY, COPY]),
    },
    "fill-and-continue": {
        "bayes-check": (["3 * 4, 30_000"], ["64, 30_000"]),
        "open-task": (["0.15"], []),
    },
}
FEWER_STEPS = ("lab_networks.NetworkConfig()", "lab_networks.NetworkConfig(steps=20)")
NOT_NEEDED = {"lda-run", "several-run", "write-run", "middle-run", "solution"}


def cells(lab: str) -> dict[str, str]:
    """The code of a lab by cell."""
    notebook_cells = nbformat.read(LABS[lab], as_version=nbformat.NO_CONVERT).cells
    return {cell.id: cell.source for cell in notebook_cells if cell.cell_type == "code"}


def prose(lab: str) -> list[str]:
    """The text cells of a lab."""
    notebook_cells = nbformat.read(LABS[lab], as_version=nbformat.NO_CONVERT).cells
    return [cell.source for cell in notebook_cells if cell.cell_type == "markdown"]


def answered(code: str, answers: list[str]) -> str:
    """A task with its dots replaced, in order."""
    remaining = iter(answers)
    return OPEN.sub(lambda _: next(remaining), code)


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_listed_and_can_be_downloaded(site, lab):
    """Its row on the labs page: the same minutes, and a link to the notebook itself."""
    html = (site / "labs/index.html").read_text("utf8")
    row = re.search(rf'<tr>\s*<td><a href="{lab}/">.*?</tr>', html, re.DOTALL).group()
    target = re.search(r'href="([^"]+\.ipynb)" download', row).group(1)
    notebook = json.loads((site / "labs" / target).read_text("utf8"))
    nbformat.validate(notebook)
    assert notebook == json.loads(LABS[lab].read_text("utf8"))
    minutes = re.search(r"^About (\d+) minutes\.", prose(lab)[0], re.MULTILINE)
    assert f"<td>{minutes.group(1)}</td>" in row


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_ends_in_what_to_say(lab):
    """Three prompts to answer aloud, and the pages to read on."""
    last = next(text for text in reversed(prose(lab)) if "## Say it back" in text)
    assert re.findall(r"^\d\. ", last, re.MULTILINE) == ["1. ", "2. ", "3. "]
    assert "](../" in last
    assert "You will learn" in prose(lab)[0]


def test_every_task_is_checked_here():
    """Every cell that waits for an answer has test answers in CHECKS."""
    for lab in LABS:
        tasks = {name for name, code in cells(lab).items() if OPEN.search(code)}
        assert tasks == CHECKS.get(lab, {}).keys(), lab


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("lab", CHECKS)
def test_a_check_refuses_a_wrong_answer(lab):
    """An open task passes, a wrong answer fails; a right one, if fast, passes."""
    namespace: dict = {"__name__": "__main__"}
    replacements = 0

    def run(code: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, namespace)

    try:
        for name, code in cells(lab).items():
            if name in NOT_NEEDED:
                continue
            fast_code = code.replace(*FEWER_STEPS)
            replacements += fast_code != code
            run(fast_code)
            if name in CHECKS[lab]:
                wrong, right = CHECKS[lab][name]
                with pytest.raises(AssertionError):
                    run(answered(code, wrong))
                if right:
                    run(answered(code, right))
        assert replacements == (lab == "fill-and-continue")
    finally:
        torch.set_grad_enabled(True)  # labs may disable it, other tests need it
