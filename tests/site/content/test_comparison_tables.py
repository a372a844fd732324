"""A cell of a comparison table reads what its column, or its row, is about."""

import pytest
from pydantic import ValidationError

from paradigms.experiments.records import load
from paradigms.site.content.claims import claims
from paradigms.site.content.comparison_tables import (
    Comparison,
    comparison,
    mask_problems,
    names,
    subject_problems,
)
from paradigms.site.content.pages import DOCS

MEANS = {"Left": ["logistic regression"], "Right": ["naive Bayes", "causal"]}
ADDRESS = "label_efficiency/imdb, naive Bayes, 100/error"


def problems(**cell: object) -> list[str]:
    """What is wrong with a cell in the column about naive Bayes."""
    cells = [{"say": "words"}, {"say": "words"} | cell]
    row = {"aspect": "Accuracy", "cells": cells}
    columns = ["Aspect", "Left", "Right"]
    table = Comparison.model_validate(
        {"title": "A table", "columns": columns, "means": MEANS,
         "settings": ["imdb"], "rows": [row]}
    )  # fmt: skip
    return subject_problems(table, table.rows[0], "Right", table.rows[0].cells[1])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"say": "{value} of 100", "value": ADDRESS}, None),
        ({"say": f"[={ADDRESS}|percent] with 100 labels"}, None),
        ({"mask": "causal"}, None),
        ({"tests": ["models/test_naive_bayes.py::test_x"]}, None),
        ({"tests": ["test_masks.py::test_of_neither"]}, None),
        ({"say": "{value}", "value": ADDRESS}, "'100' is neither in settings"),
        ({"say": "{value}, 1,000", "value": ADDRESS}, "'100' is neither in settings"),
        (
            {"say": "{value} 100", "value": ADDRESS.replace("imdb", "digits")},
            "'digits' is neither in settings nor in means",
        ),
        (
            {"say": "[=review_classifiers/imdb logistic regression/accuracy]"},
            "is about none of: naive Bayes, causal",
        ),
        ({"mask": "bidirectional"}, "mask 'bidirectional' is about none of"),
        ({"mask": "block_causal(2)"}, None),
        (
            {"tests": ["models/test_logistic_regression.py::test_x"]},
            "is about another column or row",
        ),
    ],
)
def test_what_a_cell_reads(cell, message):
    """Words of its column, settings and numbers of the sentence; else a finding."""
    lines = problems(**cell)
    assert bool(lines) == bool(message), lines
    assert message is None or any(message in line for line in lines)


@pytest.mark.parametrize("name", names())
def test_masks_are_in_one_row_or_column(name):
    """In every table; one that has changed places with its neighbour is not."""
    assert mask_problems(comparison(name)) == []
    table = comparison("q39-axes").model_copy(deep=True)
    cells = table.rows[0].cells
    cells[0], cells[1] = cells[1], cells[0]
    assert mask_problems(table) == [
        "masks stand in 7 rows and 2 columns; one of both is 1"
    ]


def test_a_subject_that_the_table_lacks_is_named():
    """A column or a row that is spelt in another way."""
    table = {"title": "A table", "columns": ["Aspect", "Left"],
             "means": {"left": ["x"]}, "rows": []}  # fmt: skip
    with pytest.raises(
        ValidationError, match="means: no column or row is called 'left'"
    ):
        Comparison.model_validate(table)


def test_the_accuracies_are_means_over_as_many_seeds_as_stated():
    """The caption and claim S36 state the seeds of the recorded run in words."""
    assert load("objective_race").config["seeds"] == 8
    caption = (DOCS / "q39/index.md").read_text("utf-8")
    assert "Accuracies are means over eight seeds" in caption
    assert "(eight seeds, wide interval)" in claims()["S36"].right
