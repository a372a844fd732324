"""Predicates bind each claim to the recorded rows that support it."""

import json
import re
import shutil

import pytest

from paradigms._schema import ContentError, validate
from paradigms.experiments import records
from paradigms.site.content.claims import Claim, claims, condition_problems
from paradigms.site.content.conditions import experiments, failure, with_values

ROWS = [
    {"name": "a", "low": [1.0, 0.5, 1.5], "high": [3.0, 2.0, 4.0], "word": "yes"},
    {"name": "b", "near": [1.4, 0.9, 1.9], "count": 7, "close": 0.999996},
]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A recorded result of two rows."""
    record = json.loads((records.FOLDER / "targets_per_pass.json").read_text("utf8"))
    record |= {"rows": ROWS}
    record["digest"] = records.digest(record)
    (tmp_path / "toy.json").write_text(json.dumps(record), "utf8")
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.load.cache_clear()
    yield
    records.load.cache_clear()


@pytest.mark.parametrize(
    "predicate",
    [
        "toy/a/low < toy/a/high", "toy/a/high > toy/a/low", "toy/a/low > 0.4",
        "toy/a/low ~ toy/b/near", "toy/a/low ~ 1.2", "toy/a/word = yes",
        "toy/b/count = 7",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("toy")
def test_what_the_rows_show_holds(predicate):
    """Predicates for less, more, overlapping and equal."""
    assert failure(predicate) is None
    assert experiments(predicate) == {"toy"}


@pytest.mark.parametrize(
    ("predicate", "values"),
    [
        ("toy/a/low < toy/b/near", "1 (0.5 to 1.5) < 1.4 (0.9 to 1.9)"),
        ("toy/a/low > 0.6", "1 (0.5 to 1.5) > 0.6"),
        ("toy/a/low ~ toy/a/high", "1 (0.5 to 1.5) ~ 3 (2 to 4)"),
        ("toy/a/low ~ 1.6", "1 (0.5 to 1.5) ~ 1.6"),
        ("toy/a/word = no", "yes = no"),
    ],
)
@pytest.mark.usefixtures("toy")
def test_what_they_do_not_show_is_said(predicate, values):
    """The message has both values; overlapping intervals are not less."""
    assert failure(predicate).endswith(f"does not hold: {values}")


@pytest.mark.usefixtures("toy")
def test_two_numbers_that_differ_are_written_so():
    """Values are printed with enough digits to differ: 0.999996 instead of 1."""
    assert with_values("toy/b/close < 1") == "0.999996 < 1"
    assert with_values("toy/b/count = 7") == "7 = 7"


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        ("toy/a/low", "must read: experiment/row/column, then <"),
        ("toy/a/low <= 3", "must read"),
        ("toy/a/low < toy/c/x", "'toy/c/x' is not recorded; there is: a/low"),
        ("toy/a/word < 3", "not both numbers: only = fits"),
    ],
)
@pytest.mark.usefixtures("toy")
def test_a_mistake_in_a_predicate_is_named(predicate, message):
    """A wrong form, a wrong address, or words where numbers belong."""
    with pytest.raises(ContentError, match=re.escape(message)):
        failure(predicate)


def test_every_measured_claim_is_bound_to_rows():
    """A measured claim without predicates, or with a false one, is named."""
    measured = [claim for claim in claims().values() if claim.measured]
    assert len(measured) > 8
    fields = {"said": "x" * 8, "verdict": "wrong", "right": "x" * 20}
    without_holds = Claim(**fields, measured=["systems"])
    assert condition_problems(without_holds) == [
        "measured 'systems' without a line in holds that reads it"
    ]
    other = Claim(**fields, holds=["systems/gan/scores = no"])
    assert condition_problems(other) == [
        "holds reads 'systems', which is not in measured"
    ]
    false = Claim(**fields, measured=["systems"], holds=["systems/gan/scores = yes"])
    assert condition_problems(false)[0].endswith("does not hold: no = yes")


def test_a_changed_number_fails_by_name(tmp_path, monkeypatch):
    """End to end: when a recorded number changes, its claim is named."""
    shutil.copytree(records.FOLDER, tmp_path / "results")
    path = tmp_path / "results" / "label_efficiency.json"
    record = json.loads(path.read_text("utf8"))
    (row,) = (
        row
        for row in record["rows"]
        if row["name"] == "imdb, naive Bayes - logistic regression"
    )
    row["at 100"] = [-value for value in row["at 100"]]
    record["digest"] = records.digest(record)  # as `measure` would have written it
    path.write_text(json.dumps(record), "utf8")
    monkeypatch.setattr(records, "FOLDER", tmp_path / "results")
    records.load.cache_clear()
    claims.cache_clear()
    with pytest.raises(ContentError, match=r"S14: .*at 100 < 0' does not hold"):
        claims()
    records.load.cache_clear()
    claims.cache_clear()


def test_a_malformed_condition_is_found_with_its_claim():
    """Its place in the file is named before any record is read."""
    body = claims()["S14"].model_dump() | {"holds": ["toy/a/x<1"]}
    with pytest.raises(ContentError, match=r"^q: S14: holds\.0: 'toy/a/x<1' must read"):
        validate(Claim, body, "q: S14")
