"""Sums over all texts: at reduced size, and in the record."""

import pytest
import torch

from paradigms.experiments import what_sums_to_one
from paradigms.experiments.records import load

EXACT = (
    "next token, left to right", "next token, right to left",
    "next token, random order", "masked, filled in one order",
    "masked diffusion, samples", "VAE, exact likelihood",
)  # fmt: skip
BOUNDS = ("masked diffusion, its bound", "VAE, its bound", "diffusion, its bound")


@pytest.mark.parametrize("again", [True, False], ids=["again", "recorded"])
def test_distributions_sum_to_one_and_bounds_to_less(again):
    """Also with an end symbol whose probability stays positive, or fades."""
    config = what_sums_to_one.smaller()
    records = (
        what_sums_to_one.run(config).rows if again else load("what_sums_to_one").rows
    )
    rows = {row["name"]: row for row in records}
    for name in EXACT:
        assert rows[name]["sum"] == pytest.approx([1, 1, 1], abs=1e-5), name
    for name in BOUNDS:
        assert rows[name]["highest"] < 1, name
    ends = rows["next token, with an end"]
    assert ends["ended or going on"][0] == pytest.approx(1, abs=1e-5)
    assert ends["ended after 1"][0] < ends["ended after 4"][0] < 1
    pseudo = rows["masked, each from all others"]
    assert pseudo["highest"] - pseudo["lowest"] > 0.1
    faded = rows["an end that fades"]["ended after 10,000"]
    assert faded == pytest.approx(0.5, abs=1e-3)


def test_a_sum_that_is_not_one_would_be_seen():
    """Negative control: with a text left out the sum is below 1."""
    config = what_sums_to_one.smaller()
    texts = what_sums_to_one.all_texts(config, config.length)
    assert len(texts) == config.words**config.length
    torch.manual_seed(0)
    network = torch.nn.Embedding(
        16, what_sums_to_one.SPECIALS.first_word + config.words
    )
    probabilities = what_sums_to_one.chain(network, texts).exp().detach()
    assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)
    assert float(probabilities[1:].sum()) < 1 - 1e-4
