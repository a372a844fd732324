"""Broken training: run at reduced size, and the record against the page."""

import torch

from paradigms.data.special_tokens import IGNORE
from paradigms.experiments import broken_training
from paradigms.experiments.broken_training import variants
from paradigms.experiments.records import load

TOKENS = torch.tensor([[4, 5, 6, 7, 0]])


def test_broken_training_again_at_reduced_size():
    """The rows and figures of the record."""
    outcome = broken_training.run(broken_training.smaller())
    record = load("broken_training")
    assert [row["name"] for row in outcome.rows] == [row["name"] for row in record.rows]
    assert outcome.figures.keys() == record.pictures.keys()


def test_each_bug_is_the_one_that_its_name_says():
    """Targets of the next-token runs for one text with padding."""
    rng = torch.Generator().manual_seed(0)
    batches = {
        name: variant.make_batch(TOKENS, rng)
        for name, variant in variants(12).items()
        if name.startswith("GPT")
    }
    targets = {name: batch.targets[0].tolist() for name, batch in batches.items()}
    assert targets["GPT, correct"] == [4, 5, 6, 7, IGNORE]
    assert targets["GPT, targets shifted twice"] == [5, 6, 7, IGNORE, IGNORE]
    assert targets["GPT, padding is a target"] == [4, 5, 6, 7, 0]
    same = batches["GPT, targets not shifted"]
    assert same.inputs[0, :4].tolist() == same.targets[0, :4].tolist()
    rule = variants(12)["GPT, mask one position too far"].rule
    assert [bool(rule(1, k)) for k in range(4)] == [True, True, True, False]


def test_each_masked_bug_is_the_one_that_its_name_says():
    """What is shown, and where there is a target."""
    text = torch.arange(4, 12).repeat(50, 1)
    rng = torch.Generator().manual_seed(0)
    masked = {name: v for name, v in variants(12).items() if v.masked}
    every = masked["BERT, loss at every position"].make_batch(text, rng)
    assert torch.equal(every.targets, text)
    assert not torch.equal(every.inputs, text)
    shown = masked["BERT, chosen words not replaced"].make_batch(text, rng)
    assert torch.equal(shown.inputs, text)
    assert 0 < int((shown.targets != IGNORE).sum()) < text.numel() / 2


def test_what_the_page_says_of_symptoms():
    """Below the entropy or at zero with a leak, above it with a shift too many."""
    rows = {row["name"]: row for row in load("broken_training").rows}

    def mean(name: str, column: str) -> float:
        return rows[name][column][0]

    for name in ("GPT, correct", "GPT, padding is a target"):
        lowest = mean(name, "lowest possible loss")
        assert mean(name, "loss at inference") < 1.05 * lowest
    copying = [
        "GPT, no causal mask",
        "GPT, mask one position too far",
        "GPT, targets not shifted",
        "BERT, chosen words not replaced",
    ]
    for name in copying:
        assert mean(name, "training loss") < 0.05
        assert mean(name, "loss at inference") > 4
    padded = "GPT, padding is a target"
    assert mean(padded, "training loss") < mean(padded, "lowest possible loss")
    twice = "GPT, targets shifted twice"
    assert mean(twice, "training loss") > 1.2 * mean(twice, "lowest possible loss")
    assert mean("GPT, no causal mask", "later words visible") == 7.5
    assert mean("GPT, targets not shifted", "later words visible") == 0
    correct = mean("BERT, correct", "loss at inference")
    assert mean("BERT, causal mask left on", "loss at inference") > correct
    everywhere = "BERT, loss at every position"
    assert mean(everywhere, "training loss") < mean(everywhere, "lowest possible loss")
    assert mean(everywhere, "loss at inference") > correct
