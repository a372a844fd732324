"""Recorded results as input: a modified record is refused in one line."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from paradigms._schema import ContentError
from paradigms.experiments import records, targets_per_pass
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.pictures import Curves
from paradigms.experiments.records import FOLDER, digest, load, stems
from paradigms.experiments.runner import run
from paradigms.experiments.runner.resume import ResumableRun
from paradigms.experiments.runner.run import check_rows, measure
from tests.conftest import environment

NAME = "targets_per_pass"
TEXT = (FOLDER / f"{NAME}.json").read_text("utf8")
RECORD = json.loads(TEXT)
REMEDY = f"; run: make measure NAME={NAME}"


def without(*keys: str) -> str:
    """The record without some of its fields."""
    return json.dumps({key: RECORD[key] for key in RECORD if key not in keys})


def with_rows(rows: list) -> str:
    """The record with other rows, and their digest."""
    record = {**RECORD, "rows": rows}
    return json.dumps({**record, "digest": digest(record)})


BAD = {
    "truncated": (TEXT[: len(TEXT) // 2], " is not JSON"),
    "empty": ("", " is not JSON"),
    "a list": ("[1, 2]", ": the entry: input should be a valid dictionary"),
    "a number": ("7", ": the entry: input should be a valid dictionary"),
    "without a field": (without("seconds"), ": seconds: field required"),
    "without a fingerprint": (without("fingerprint"), ": fingerprint: field required"),
    "without a digest": (without("digest"), ": digest: field required"),
    "with another": (TEXT.replace("{", '{"x": 1,', 1), ": x: unknown key; known are"),
    "without rows": (with_rows([]), ": rows: list should have"),
    "a row without a name": (with_rows([{"x": 1}]), ": rows.0: a row needs a name"),
    "not a number": (TEXT.replace("100.0", "NaN"), " holds NaN"),
    "infinite": (TEXT.replace("100.0", "-Infinity"), " holds -Infinity"),
    "a changed fingerprint": (
        TEXT.replace(RECORD["fingerprint"], "0" * 16), " was changed by hand"
    ),
    "a changed digest": (
        TEXT.replace(RECORD["digest"], "0" * 16), " was changed by hand"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_result_is_refused_in_one_line(case, tmp_path, monkeypatch):
    """The error names the file, the problem, and the command that recreates it."""
    text, message = BAD[case]
    assert text != TEXT
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    (tmp_path / f"{NAME}.json").write_text(text, "utf8")
    with pytest.raises(ContentError) as error:
        load.__wrapped__(NAME)
    error_text = str(error.value)
    assert error_text.startswith(f"results/{NAME}.json{message}")
    assert error_text.endswith(REMEDY)
    assert "\n" not in error_text


def numbers(text: str) -> list[re.Match[str]]:
    """The first digit of each number of a record; the last may not change a float."""
    return list(re.finditer(r"(?<=[-\s])\d(?=[\d.,\s])", text))


@pytest.mark.parametrize("name", sorted(stems()))
def test_one_flipped_digit_is_noticed(name, tmp_path, monkeypatch):
    """A changed first, middle or last number of any record is detected."""
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    text = (FOLDER / f"{name}.json").read_text("utf8")
    matches = numbers(text)
    for match in (matches[0], matches[len(matches) // 2], matches[-1]):
        digit = str((int(match[0]) + 1) % 9 + 1)
        flipped = text[: match.start()] + digit + text[match.end() :]
        assert json.loads(flipped) != json.loads(text)
        (tmp_path / f"{name}.json").write_text(flipped, "utf8")
        with pytest.raises(ContentError) as error:
            load.__wrapped__(name)
        assert str(error.value) == (
            f"results/{name}.json was changed by hand; run: make measure NAME={name}"
        )


def test_a_flipped_digit_stops_the_build(broken):
    """Even for a number that no claim uses; the build names file and command."""
    output = broken(f"src/paradigms/experiments/results/{NAME}.json", "100.0", "100.1")
    assert f"results/{NAME}.json was changed by hand{REMEDY}" in output


def test_what_measure_writes_is_read_back(tmp_path, monkeypatch):
    """Tuples become lists; pictures and networks are stored apart from the rows."""
    outcome = Outcome(
        [{"name": "a", "x": (1.0, 0.5, 1.5)}, {"name": "b", "weights": 220}],
        {"a/c": Curves(curves={})},
        {"b": {"head.bias": torch.tensor([0.5])}},
    )
    module = SimpleNamespace(
        QUESTION=targets_per_pass.QUESTION,
        CONFIG=targets_per_pass.CONFIG,
        run=lambda *_: outcome,
    )
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setattr(run.importlib, "import_module", lambda _: module)
    measure(NAME)
    record = load.__wrapped__(NAME)
    assert record.rows == [
        {"name": "a", "x": [1.0, 0.5, 1.5]},
        {"name": "b", "weights": 220},
    ]
    assert list(record.pictures) == ["a/c"]
    assert list(record.weights) == ["b"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"x": 1}], "a row without a name: {'x': 1}"),
        ([{"name": "a"}, {"name": "a"}], "two rows are named 'a'"),
        ([{"name": "a/b"}], "'a/b' must not hold any of / [ ] < > = ~"),
        ([{"name": "[MASK]"}], "'[MASK]' must not hold any of"),
        ([{"name": "a", "x/y": 1}], "'x/y' must not hold any of"),
        ([{"name": "a", "p < 0.5": 1}], "'p < 0.5' must not hold any of"),
        ([{"name": "a", "x": float("nan")}], "'x' of row 'a' is nan, which JSON lacks"),
        ([{"name": "a", "x": [0.0, float("inf")]}], "'x' of row 'a' is [0.0, inf]"),
    ],
)
def test_rows_that_no_page_could_quote_are_refused(rows, message):
    """The error of `measure` names module, mistake and remedy."""
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        check_rows("tiny", rows)
    assert str(error.value).startswith("experiments/tiny.py: ")
    assert str(error.value).endswith("; correct it and measure again")


def test_code_that_is_edited_during_a_run_is_refused(monkeypatch, tmp_path):
    """Its rows belong to neither version; the old result stays."""
    (tmp_path / f"{NAME}.json").write_text("the old result")
    prints = iter(["before", "after"])
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "fingerprint", lambda _: next(prints))
    with pytest.raises(ValueError, match=f"the code of {NAME} was edited while it ran"):
        measure(NAME)
    assert (tmp_path / f"{NAME}.json").read_text() == "the old result"


def test_measure_checks_the_rows(monkeypatch, tmp_path):
    """A name that cannot be quoted leaves the old result unchanged."""
    (tmp_path / f"{NAME}.json").write_text("the old result")
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    outcome = Outcome([{"name": "a/b", "x": 1}])
    monkeypatch.setattr(targets_per_pass, "run", lambda *_: outcome)
    with pytest.raises(ValueError, match="'a/b' must not hold"):
        measure(NAME)
    assert (tmp_path / f"{NAME}.json").read_text() == "the old result"


def test_a_second_run_at_once_leaves_the_result_alone(monkeypatch, tmp_path):
    """The second run is refused before it computes anything."""
    (tmp_path / f"{NAME}.json").write_text("the old result")
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    with (
        ResumableRun(tmp_path / f"{NAME}.parts", {}),
        pytest.raises(ValueError, match=f"{NAME} is being measured by another run"),
    ):
        measure(NAME)
    assert (tmp_path / f"{NAME}.json").read_text() == "the old result"


def test_a_results_folder_that_cannot_be_written_is_named(sources):
    """One line on the command line; a file in its place, since root may write."""
    folder = sources / "src/paradigms/experiments/results"
    folder.rename(sources / "elsewhere")
    folder.write_text("")
    process = subprocess.run(
        [sys.executable, "-m", "paradigms", "measure", NAME], cwd=sources,
        env=environment(sources), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1
    assert "results cannot be written (Not a directory): make it writable" in (
        process.stderr
    )
