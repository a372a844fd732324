"""Repeated text: the language by brute force, statements of the pages."""

from itertools import pairwise, product
from math import log

import pytest
import torch

from paradigms.experiments import repeated_text
from paradigms.experiments.records import load

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("repeated_text").rows}


def test_repeated_text_again_at_reduced_size():
    """Two seeds: many readings cost the next token much, masked tokens less."""
    outcome = repeated_text.run(repeated_text.smaller())
    reduced = {row["name"]: row for row in outcome.rows}
    stored = rows()
    for results in (reduced, stored):
        next_token = results["next token, each text read 64 times"]["against fresh"][0]
        masked = results["masked token, each text read 64 times"]["against fresh"][0]
        assert next_token > 0.5
        assert masked < next_token
    entropy = repeated_text.entropy(
        repeated_text.CONFIG.words, repeated_text.CONFIG.length
    )
    assert stored["language"]["nats a word"] == pytest.approx(entropy)


def test_the_language_follows_its_rule():
    """Only the four allowed successors occur, at their probabilities."""
    table = repeated_text.successors(12, seed=0)
    assert all(len(set(row)) == len(repeated_text.ODDS) for row in table.tolist())
    assert not table.equal(repeated_text.successors(12, seed=1))
    rng = torch.Generator().manual_seed(0)
    texts = repeated_text.sample_texts(table, 4000, 6, rng) - repeated_text.FIRST
    matches = (table[texts[:, :-1]] == texts[:, 1:, None]).double()  # (N, T - 1, 4)
    assert (matches.sum(dim=-1) == 1).all()
    shares = matches.mean(dim=(0, 1)).tolist()
    assert shares == pytest.approx(repeated_text.ODDS, abs=0.015)


def test_no_loss_can_be_lower_than_the_entropy():
    """The entropy equals brute force over all texts of three words out of five."""
    table = repeated_text.successors(5, seed=0).tolist()
    total = 0.0
    for text in product(range(5), repeat=3):
        probability = 1 / 5
        for before, after in pairwise(text):
            follows = after in table[before]
            probability *= (
                repeated_text.ODDS[table[before].index(after)] if follows else 0
            )
        total -= probability * log(probability) if probability else 0
    assert repeated_text.entropy(5, 3) == pytest.approx(total / 3)
    assert repeated_text.entropy(5, 3) != pytest.approx(repeated_text.entropy(5, 4))


def test_what_the_page_says_of_repeated_text():
    """Few readings cost nothing that shows, many half of what was learned."""
    results = rows()
    once, four, many, most = (
        results[f"next token, each text read {n} times"] for n in (1, 4, 16, 64)
    )
    assert four["against fresh"][1] < 0 < four["against fresh"][2] < 0.01
    assert 0 < many["against fresh"][1] < many["against fresh"][2] < 0.05
    half = once["learned"][0] / 2
    assert most["against fresh"][1] < half < most["against fresh"][2]
    assert most["held-out loss"][2] < log(32)  # but not all
    weights = [row["weights"] for row in results.values() if "texts" in row]
    assert len(set(weights)) == 1
    for times in (4, 16, 64):
        gap = results[f"masked token, each text read {times} times"]["against fresh"]
        assert gap[1] < 0 < gap[2] < most["against fresh"][1]
    entropy = results["language"]["nats a word"]
    assert entropy < once["held-out loss"][1] < entropy + 0.05
