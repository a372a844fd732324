"""The recipes of docs/contributing.md, followed on a copy of the sources."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import build, python

TINY = '''
"""A measurement of nothing much."""
from dataclasses import dataclass

from paradigms.experiments.outcome import Outcome

QUESTION = "How many are two and two?"


@dataclass(frozen=True)
class Config:
    """Two numbers."""

    first: int = 2
    second: int = 2


CONFIG = Config()


def run(config, each):
    """One row."""
    return Outcome([{"name": "sum", "value": config.first + config.second}])
'''
RULE = """

@rule(looks_ahead=False)
def diagonal(q, k):
    return q == k


RULES["diagonal"] = diagonal
"""
CLAIM = """
[S60]
said = "Two and two are five."
verdict = "wrong"
true_if = ["tiny/sum/value = 5"]
right = "Two and two are four, as can be counted [@dong2024]."
measured = ["tiny"]
holds = ["tiny/sum/value = 4"]
"""
QUESTION = """
[extra-sum]
topic = "decoding"
level = "junior"
kind = "numbers"
question = "How many are two and two?"
answer = "Four."
key_points = ["four", "not five"]
claims = ["S60"]
"""
TABLE = """
title = "Sums compared"
columns = ["Sum", "Value"]
means = { Value = ["sum"] }
rows = [{ aspect = "2 + 2", cells = [{ say = "{value}", value = "tiny/sum/value" }] }]
"""
PAGE = """---
level: optional
---
# Extra

The sum is [=tiny/sum/value].

```figure
mask = "diagonal"
tokens = "a b c"
title = "Diagonal"
caption = "Each sees itself alone."
```

```table
name = "sums"
```

```claim
ids = ["S60"]
```

```question
ids = ["extra-sum"]
```
"""
STEPS = {
    "rule": ("src/paradigms/masks.py", RULE),
    "experiment": ("src/paradigms/experiments/tiny.py", TINY),
    "claim": ("snippets/claims/q19.toml", CLAIM),
    "question": ("snippets/questions/q19.toml", QUESTION),
    "table": ("snippets/tables/sums.toml", TABLE),
    "page": ("docs/q19/extra.md", PAGE),
    "nav": ("mkdocs.yml", ""),
    "source": ("snippets/bibliography.toml", ""),
}
# Lines of files that a step changes in their middle: before and after.
CHANGES = {
    "nav": ("      - q19/index.md\n", "      - q19/index.md\n      - q19/extra.md\n"),
    "source": ('cited_in = ["foundations/attention-masks.md", "masks-flex"',
               'cited_in = ["S60", "foundations/attention-masks.md", "masks-flex"'),
}  # fmt: skip


def walk(folder: Path, leave_out: str = "") -> subprocess.CompletedProcess[str]:
    """Take every step of the recipes but one, measure, and build."""
    for name, (file, text) in STEPS.items():
        path = folder / file
        if name == leave_out:
            continue
        if name in CHANGES:
            before, after = CHANGES[name]
            old = path.read_text("utf8")
            assert before in old
            path.write_text(old.replace(before, after), "utf8")
        else:
            old = path.read_text("utf8") if path.exists() else ""
            path.write_text(old + text, "utf8")
    if leave_out not in {"experiment", "measure"}:
        python(folder, "paradigms", "measure", "tiny")
    return build(folder, folder / "site")


def test_every_recipe_leads_to_a_built_page(sources):
    """Mask, measurement, claim, table, question and chapter, with their steps alone."""
    result = walk(sources)
    assert result.returncode == 0, result.stdout
    html = (sources / "site/q19/extra/index.html").read_text("utf8")
    assert 'aria-label="Diagonal"' in html
    assert 'id="s60"' in html
    assert 'id="extra-sum"' in html
    assert ">4</a>" in html
    probes = (
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/evaluation/test_receptive_field.py",
    )
    test_run = python(sources, *probes, "-k", "drawn")
    assert "diagonal" in python(sources, *probes, "--collect-only").stdout
    assert test_run.returncode == 0, test_run.stdout


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ("rule", "mask 'diagonal' is unknown"),
        ("experiment", "no stored result 'tiny'; run: make measure NAME=tiny"),
        ("measure", "no stored result 'tiny'; run: make measure NAME=tiny"),
        ("claim", "claim 'S60' does not exist"),
        ("question", "no question 'extra-sum'"),
        ("table", "no table 'sums'"),
        ("page", "S60: stands on no page; add a claim fence"),
        ("source", "dong2024: S60 cites it: add it to cited_in"),
        ("nav", 'not included in the "nav" configuration'),
    ],
)
def test_a_forgotten_step_stops_the_build(sources, left_out, message):
    """The build names the step of a recipe that was left out."""
    result = walk(sources, left_out)
    assert result.returncode != 0
    assert message in result.stdout
