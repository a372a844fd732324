"""Repeated text: the language by brute force, statements of the pages."""

from itertools import pairwise, product
from math import log

import pytest
import torch

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.experiments import repeated_text
from paradigms.experiments.records import load
from paradigms.training.loop import Batch

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("repeated_text").rows}


def test_repeated_text_again_at_reduced_size():
    """Two seeds: early stopping keeps far better weights than the last ones."""
    outcome = repeated_text.run(repeated_text.smaller())
    reduced = {row["name"]: row for row in outcome.rows}
    repeated = reduced["next token, up to 64 passes"]
    assert repeated["passes at the best step"][0] < 64
    assert repeated["excess loss"][0] < repeated["excess loss, last step"][0] - 0.1
    fresh = reduced["next token, up to 1 passes"]
    cost = reduced["next token, up to 64 passes - fresh"]["cost"][0]
    assert cost == pytest.approx(repeated["excess loss"][0] - fresh["excess loss"][0])
    masked = reduced["masked token, up to 64 passes - fresh"]["cost"][0]
    difference = reduced["masked token - next token, up to 64 passes"]
    assert difference["cost"][0] == pytest.approx(masked - cost)
    corrected = reduced["masked token - next token, up to 64 passes, Holm"]["cost"]
    assert 0 <= corrected <= 1
    for row in (fresh, repeated):
        assert row["learning rate"] in repeated_text.smaller().rates


def test_weights_of_the_lowest_validation_loss_are_kept():
    """Losses 3, 1, 2: the weights at the second check, not the last ones."""
    network = torch.nn.Linear(1, 1, bias=False)
    losses = iter((3.0, 1.0, 2.0))
    best = repeated_text.BestWeights(network, lambda: next(losses))
    for step in (0, 10, 20):
        torch.nn.init.constant_(network.weight, step)
        best.check(step)
    assert (best.lowest, best.step) == (1, 10)
    assert best.weights["weight"].item() == 10


def test_the_language_follows_its_rule():
    """Only the four allowed successors occur, at their probabilities."""
    language = repeated_text.SparseLanguage(12, seed=0)
    assert not language.second.equal(repeated_text.SparseLanguage(12, seed=1).second)
    for row in language.second.tolist():
        assert sorted(filter(None, row)) == sorted(repeated_text.ODDS)
    texts = language.sample(4000, 6, torch.Generator().manual_seed(0))
    pairs = (texts - repeated_text.FIRST).unfold(1, 2, 1).flatten(0, 1)  # (N, 2)
    counts = torch.zeros(12, 12, dtype=torch.float64)
    counts.index_put_(tuple(pairs.T), torch.ones(()).double(), accumulate=True)
    shares = counts / counts.sum(dim=1, keepdim=True)
    assert shares.tolist() == [
        pytest.approx(row, abs=0.05) for row in language.second.tolist()
    ]


def test_the_loss_of_the_source_is_the_lowest():
    """Of both objectives; at a mask, a word is judged by the words on both sides."""
    language = repeated_text.SparseLanguage(6, seed=0)
    config = repeated_text.RepeatedTextConfig(words=6, length=8)
    rng = torch.Generator().manual_seed(0)
    texts = language.sample(2000, 8, rng)
    losses = {}
    for name in repeated_text.NAMES:
        batch = repeated_text.objective(config, name).make_batch(texts, rng)
        losses[name] = repeated_text.source_loss(language, name, batch)
    assert losses["next token"] == pytest.approx(repeated_text.entropy(6, 8), abs=0.03)
    one = torch.full_like(texts, IGNORE)
    one[:, 3] = texts[:, 3]
    batch = Batch(texts.index_fill(1, torch.tensor(3), SPECIALS.mask), one)
    a, b, c = (texts[:, 2:5] - repeated_text.FIRST).T
    joint = language.second[a] * language.second[:, c].T  # (N, V)
    expected = (joint / joint.sum(1, keepdim=True)).gather(1, b[:, None]).log()
    loss = repeated_text.source_loss(language, "masked token", batch)
    assert loss == pytest.approx(-float(expected.mean()))
    assert loss < losses["masked token"]  # fewer masks, so more is visible


def test_no_loss_can_be_lower_than_the_entropy():
    """The entropy equals brute force over all texts of three words out of five."""
    table = repeated_text.SparseLanguage(5, seed=0).second.tolist()
    total = 0.0
    for text in product(range(5), repeat=3):
        probability = 1 / 5
        for before, after in pairwise(text):
            probability *= table[before][after]
        total -= probability * log(probability) if probability else 0
    assert repeated_text.entropy(5, 3) == pytest.approx(total / 3)
    assert repeated_text.entropy(5, 3) != pytest.approx(repeated_text.entropy(5, 4))


def test_what_the_page_says_of_repeated_text():
    """Four passes cost nothing significant, 256 cost both objectives, about alike."""
    results = rows()
    for name in repeated_text.NAMES:
        four = results[f"{name}, up to 4 passes - fresh"]
        most = results[f"{name}, up to 256 passes - fresh"]
        assert four["cost"][1] < 0 < four["cost"][2]
        assert most["cost"][1] > 0
        corrected = [
            results[f"{name}, up to {n} passes - fresh, Holm"]["cost"] for n in (256, 4)
        ]
        assert corrected[0] < 0.05 < corrected[1]
    gap = results["masked token - next token, up to 256 passes"]
    assert gap["cost"][1] < 0 < gap["cost"][2]
    pair = "masked token - next token, up to 256 passes, Holm"
    assert results[pair]["cost"] > 0.05
    next_token, masked = (
        results[f"{name}, up to 256 passes"] for name in repeated_text.NAMES
    )
    best, last = "excess loss", "excess loss, last step"
    assert next_token[best][2] < next_token[last][1]
    assert masked[last][1] < masked[best][0] < masked[last][2]
    assert masked[last][0] < masked[best][0]  # no higher after the last epoch
    step = "passes at the best step"
    assert next_token[step][2] < masked[step][1]
    assert next_token[best][2] < masked[best][1]  # and no closer to the source
    trained = [row for row in results.values() if "texts" in row]
    assert len({row["parameters"] for row in trained}) == 1
    assert {row["texts"] for row in trained} == {49152, 12288, 192}
    fresh = [results[f"{name}, up to 1 passes"][best] for name in repeated_text.NAMES]
    assert fresh[0][2] < 0.01 < fresh[1][1]
    config = repeated_text.CONFIG
    for name in ("next token, up to 256 passes", "masked token, up to 1 passes"):
        assert results[name]["learning rate"] == max(config.rates)
    entropy = repeated_text.entropy(config.words, config.length)
    assert results["language"]["nats per word"] == pytest.approx(entropy)
