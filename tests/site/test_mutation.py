"""Wrong entries and outputs are noticed, and the tool says which are not."""

import random
from shutil import copy

import pytest

from paradigms.__main__ import main
from paradigms.site.mutation import KINDS, Mutant, killed, report
from tests.conftest import ROOT

CLAIMS = "snippets/claims/q39.toml"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_of_each_kind_is_killed(sources, kind):
    """And the copy is afterwards as it was."""
    copy(ROOT / "pyproject.toml", sources)
    mutant = next(iter(KINDS[kind](random.Random(0))))
    before = (sources / mutant.file).read_bytes()
    assert killed(mutant, sources)
    assert (sources / mutant.file).read_bytes() == before


def test_a_change_of_words_alone_survives(sources):
    """Negative control: no check reads how a claim is put."""
    text = (sources / CLAIMS).read_text("utf8")
    old = "Autoregressive models predict the next token"
    mutant = Mutant("words", CLAIMS, "S25", text.index(old), old, f"All {old}")
    assert not killed(mutant, sources)
    with pytest.raises(ValueError, match=r"S25: .*: the text is not there"):
        killed(Mutant("words", CLAIMS, "S25", 0, old, ""), sources)


def test_a_test_that_cannot_run_is_no_kill(sources):
    """Negative control: the name of the test does not exist."""
    copy(ROOT / "pyproject.toml", sources)
    text = (sources / CLAIMS).read_text("utf8")
    old = "Autoregressive models predict the next token"
    mutant = Mutant("words", CLAIMS, "S25", text.index(old), old, f"All {old}",
                    ("test_masks.py::test_absent",))  # fmt: skip
    with pytest.raises(ValueError, match="pytest fails: ERROR: not found"):
        killed(mutant, sources)


def test_the_report_counts_and_names_survivors():
    """Killed mutants by kind and file; each survivor with its change."""
    mutants = [
        Mutant("verdict", CLAIMS, key, 0, "holds", "wrong") for key in ("S25", "S26")
    ]
    lines = report(list(zip(mutants, (True, False), strict=True))).split("\n")
    assert lines == [
        f"verdict, {CLAIMS}: 1 of 2 killed",
        f"survived: {CLAIMS}: S26: holds -> wrong",
        "1 of 2 killed",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verdicts"], "no kind ['verdicts']; there are: verdict, sign"),
        (["--sample", "0"], "--sample must be at least 1: 0"),
    ],
)
def test_bad_arguments_are_named(capsys, arguments, message):
    """In one line."""
    assert main(["mutate", *arguments]) == 1
    assert message in capsys.readouterr().err
