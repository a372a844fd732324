"""Remeasuring: the record is not changed, and differences are reported."""

import json
import subprocess
import sys

import pytest

from paradigms._schema import ContentError
from paradigms.experiments import sentence_pairs
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.records import FOLDER, Result, load
from paradigms.experiments.runner import remeasure, run
from paradigms.site.content.claims import failing_conditions
from tests.conftest import ROOT, environment

NAME = "targets_per_pass"


def result(rows: list[dict]) -> Result:
    """A record of `calibration` with other rows."""
    return load("calibration").model_copy(update={"rows": rows})


def no_claims(*_: object) -> list[str]:
    """No failing conditions."""
    return []


OLD = [{"name": "a", "x": [0.5, 0.4, 0.6], "n": 3, "p": 0.25, "word": "yes"}]


@pytest.mark.parametrize(
    ("change", "lists"),
    [
        ({}, {}),
        ({"p": 0.26}, {"moved": ["a/p 0.25, now 0.26"]}),
        ({"word": "no"}, {"moved": ["a/word yes, now no"]}),
        (
            {"x": [0.55, 0.45, 0.65]},
            {"moved": ["a/x 0.5 (0.4 to 0.6), now 0.55 (0.45 to 0.65)"]},
        ),
        (
            {"x": [0.61, 0.5, 0.7]},
            {
                "moved": ["a/x 0.5 (0.4 to 0.6), now 0.61 (0.5 to 0.7)"],
                "outside": ["a/x"],
            },
        ),
        (
            {"x": [0.39, 0.3, 0.5]},
            {
                "moved": ["a/x 0.5 (0.4 to 0.6), now 0.39 (0.3 to 0.5)"],
                "outside": ["a/x"],
            },
        ),
        (
            {"x": [0.45, -0.1, 1.0]},
            {
                "moved": ["a/x 0.5 (0.4 to 0.6), now 0.45 (-0.1 to 1)"],
                "crossed": ["a/x (0.4 to 0.6), now (-0.1 to 1)"],
            },
        ),
        (
            {"x": [0.5, 0.3, 0.7]},
            {"moved": ["a/x 0.5 (0.4 to 0.6), now 0.5 (0.3 to 0.7)"]},
        ),
        ({"y": 1}, {"unmatched": ["a/y"]}),
        (
            {"name": "b"},
            {
                "unmatched": sorted(
                    f"{r}/{c}" for r in "ab" for c in ("x", "n", "p", "word")
                )
            },
        ),
    ],
)
def test_what_moved_is_told_apart(change, lists):
    """Changed cells, means outside the old interval, sign changes, unmatched cells."""
    comparison = remeasure.compare(
        "calibration", result(OLD), result([OLD[0] | change]), no_claims
    )
    kinds = ("moved", "outside", "crossed", "unmatched", "failing")
    assert {
        kind: getattr(comparison, kind) for kind in kinds if getattr(comparison, kind)
    } == lists
    same = comparison.report().startswith("calibration: same rows, ")
    assert same == (not lists)
    for kind in ("moved", "outside", "crossed", "unmatched"):
        for cell in lists.get(kind, []):
            assert f"  {kind}: {cell}" in comparison.report()


def test_a_failing_condition_is_reported_with_the_same_rows():
    """A condition that was wrong before is not hidden behind equal rows."""
    same = remeasure.compare(
        "calibration", result(OLD), result(OLD), lambda *_: ["S01: no"]
    )
    assert "1 conditions fail" in same.report()
    assert "  failing: S01: no" in same.report()


def test_pictures_are_compared():
    """Each picture counts as one cell."""
    old = result(OLD)
    name, picture = next(iter(old.pictures.items()))
    other = picture.model_copy(update={"bands": {}})
    new = old.model_copy(update={"pictures": {**old.pictures, name: other}})
    (cell,) = remeasure.compare("calibration", old, new, no_claims).moved
    assert cell.startswith(f"picture {name} ")


def test_an_interval_on_the_other_side_of_zero_has_crossed():
    """From above to below zero is a crossing, as is an interval that includes zero."""
    rows = [[{"name": "a", "x": x}] for x in ([1, 0.5, 1.5], [-1, -1.5, -0.5])]
    comparison = remeasure.compare("calibration", *map(result, rows), no_claims)
    assert comparison.crossed == ["a/x (0.5 to 1.5), now (-1.5 to -0.5)"]


def chance(rows: list[dict]) -> list[dict]:
    """Rows with the accuracy of chance."""
    return [{"name": row["name"], "accuracy": [0.5, 0.4, 0.6]} for row in rows]


def test_a_condition_that_no_longer_holds_is_named():
    """Conditions of claims are evaluated on the new rows."""
    record = load("sentence_pairs")
    assert (
        remeasure.compare("sentence_pairs", record, record, failing_conditions).failing
        == []
    )
    remeasured = record.model_copy(update={"rows": chance(record.rows)})
    (failing,) = remeasure.compare(
        "sentence_pairs", record, remeasured, failing_conditions
    ).failing
    assert "accuracy > 0.5' does not hold: 0.5 (0.4 to 0.6) > 0.5" in failing


def test_a_condition_whose_row_is_gone_is_named():
    """A missing row is a failing condition, not an error."""
    record = load("sentence_pairs")
    renamed = [{**row, "name": f"{row['name']} again"} for row in record.rows]
    remeasured = record.model_copy(update={"rows": renamed})
    comparison = remeasure.compare(
        "sentence_pairs", record, remeasured, failing_conditions
    )
    assert len(comparison.unmatched) == 8
    (failing,) = comparison.failing
    assert "is not recorded" in failing


def test_the_record_is_kept(tmp_path, capsys):
    """The same code gives the same rows; the record is not written."""
    before = (FOLDER / f"{NAME}.json").stat().st_mtime_ns
    remeasure.check([NAME], failing_conditions, tmp_path)
    assert capsys.readouterr().out == f"{NAME}: same rows, 3 cells\n"
    assert (FOLDER / f"{NAME}.json").stat().st_mtime_ns == before
    assert json.loads((tmp_path / f"{NAME}.json").read_text("utf8"))["rows"]


def test_other_rows_are_an_error(tmp_path, monkeypatch, capsys):
    """Negative control: rows that break the condition of a claim."""
    outcome = Outcome(chance(load("sentence_pairs").rows))
    monkeypatch.setattr(sentence_pairs, "run", lambda *_: outcome)
    with pytest.raises(ValueError, match="no longer true: S"):
        remeasure.check(["sentence_pairs"], failing_conditions, tmp_path)
    output = capsys.readouterr().out
    assert output.startswith("sentence_pairs: 4 of 4 cells moved, ")
    assert "  failing: S" in output


def test_what_is_not_recorded_cannot_be_checked(tmp_path, monkeypatch):
    """The error comes before anything is measured."""
    monkeypatch.setattr(run, "measure", None)
    with pytest.raises(ValueError, match=r"no experiment 'target_per_pass'.*did you"):
        remeasure.check([NAME, "target_per_pass"], failing_conditions, tmp_path)
    monkeypatch.setattr(remeasure, "names", lambda: [NAME, "absent"])
    with pytest.raises(ContentError, match=r"absent\.json is missing; run: make"):
        remeasure.check([NAME, "absent"], failing_conditions, tmp_path)


def test_make_measure_takes_check():
    """`make measure CHECK=1 NAME=...` runs `measure --check`."""
    process = subprocess.run(
        ["make", "-n", "--no-print-directory", "-o", ".venv/test.done", "measure",
         "CHECK=1", f"NAME={NAME}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert process.stdout.split()[1:] == ["-m", "paradigms", "measure", "--check", NAME]


def test_the_command_line_checks(sources):
    """In a copy of the sources: one line of output, and the record unchanged."""
    path = sources / f"src/paradigms/experiments/results/{NAME}.json"
    before = path.read_bytes()
    process = subprocess.run(
        [sys.executable, "-m", "paradigms", "measure", "--check", NAME], cwd=sources,
        env=environment(sources), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout == f"{NAME}: same rows, 3 cells\n"
    assert path.read_bytes() == before
