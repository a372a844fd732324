"""Scale and emergence: data, scores by brute force, statements of the page."""

from itertools import pairwise, product
from math import log

import pytest
import torch

from paradigms.data.special_tokens import IGNORE
from paradigms.experiments import scale_and_emergence
from paradigms.experiments.records import load
from paradigms.generation.decoding import greedy
from paradigms.masks import causal
from paradigms.models.gpt import GPT, GPTConfig

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("scale_and_emergence").rows}


def test_scale_and_emergence_again_at_reduced_size():
    """Two seeds, two sizes: loss falls and accuracy rises with width, as recorded."""
    reduced = {
        row["name"]: row
        for row in scale_and_emergence.run(scale_and_emergence.smaller())
    }
    stored = rows()
    for name in scale_and_emergence.RULES:
        for results, last in ((reduced, 16), (stored, 12)):
            first, large = results[f"{name}, width 4"], results[f"{name}, width {last}"]
            assert first["loss"][0] > large["loss"][0]
            assert first["tokens right"][0] < large["tokens right"][0]
    for results in (reduced, stored):
        next_token = results["next token, each text read 64 times"]["against fresh"][0]
        masked = results["masked token, each text read 64 times"]["against fresh"][0]
        assert next_token > 0.5
        assert masked < next_token
    entropy = scale_and_emergence.least(
        scale_and_emergence.CONFIG.words, scale_and_emergence.CONFIG.length
    )
    assert stored["language"]["nats a word"] == pytest.approx(entropy)


def test_digits_are_sorted_and_asked_without_being_shown():
    """The answer is the sorted input; inputs never show a digit at its own target."""
    rng = torch.Generator().manual_seed(0)
    digits, answer = scale_and_emergence.draw_digits(50, 6, rng)
    assert answer.tolist() == [sorted(row) for row in digits.tolist()]
    for name in scale_and_emergence.RULES:
        inputs, targets = scale_and_emergence.inputs_and_targets(name, digits, answer)
        assert inputs[:, :6].equal(digits)
        assert targets[:, 6:].equal(answer)
        assert (targets[:, :6] == IGNORE).all()
        answer_inputs = inputs[:, 6:]
        if name == "next token":
            assert answer_inputs[:, 1:].equal(answer[:, :-1])
            assert (answer_inputs[:, 0] == scale_and_emergence.IDS.bos).all()
        else:
            assert (answer_inputs == scale_and_emergence.IDS.mask).all()


def test_scores_are_those_of_counting():
    """Two answers of two tokens, one wrong: 3/4 of tokens, 1/2 of answers.

    The loss is minus the mean log-probability; if independent, positions give 1 * 1/2.
    """
    answer = torch.tensor([[0, 1], [1, 1]])
    logits = torch.tensor([[[2.0, 0], [0, 2]], [[0, 2], [2, 0]]])
    scores = scale_and_emergence.scored(logits, answer)
    assert scores["tokens right"] == 0.75
    assert scores["answers right"] == 0.5
    assert scores["if independent"] == 0.5
    assert scores[scale_and_emergence.GAP] == 0
    # Two mistakes in one answer and none in the other: not independent.
    together = scale_and_emergence.scored(logits, torch.tensor([[0, 1], [0, 1]]))
    assert together["answers right"] == 0.5
    assert together["if independent"] == 0.25
    assert together[scale_and_emergence.GAP] == 0.25
    right, wrong = logits.softmax(-1).max().item(), logits.softmax(-1).min().item()
    expected = -(3 * log(right) + log(wrong)) / 4
    assert scores["loss"] == pytest.approx(expected, abs=1e-6)


@torch.no_grad()
def test_right_in_every_token_is_what_greedy_writing_gives():
    """The greedy answer has every token right; with one changed it has not."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=14, positions=12, width=16, layers=2, heads=2))
    for parameter in network.parameters():
        parameter.add_(torch.randn_like(parameter), alpha=0.3)
    digits, _ = scale_and_emergence.draw_digits(20, 5, torch.Generator().manual_seed(0))
    start = torch.full((20, 1), scale_and_emergence.IDS.bos)
    answer = greedy(network, torch.cat([digits, start], dim=1), 5)[:, 6:]

    def right(answer: torch.Tensor) -> float:
        inputs, _ = scale_and_emergence.inputs_and_targets("next token", digits, answer)
        return scale_and_emergence.scored(network(inputs, causal)[:, 5:], answer)[
            "answers right"
        ]

    assert right(answer) == 1
    changed = answer.clone()
    changed[:, 2] = (changed[:, 2] + 1) % 14
    assert right(changed) == 0


def test_the_language_follows_its_rule():
    """Only the four allowed successors occur, at their probabilities."""
    table = scale_and_emergence.language(12, seed=0)
    assert all(len(set(row)) == len(scale_and_emergence.ODDS) for row in table.tolist())
    assert not table.equal(scale_and_emergence.language(12, seed=1))
    rng = torch.Generator().manual_seed(0)
    texts = (
        scale_and_emergence.sample_texts(table, 4000, 6, rng)
        - scale_and_emergence.IDS.first_word
    )
    matches = (table[texts[:, :-1]] == texts[:, 1:, None]).double()  # (N, T - 1, 4)
    assert (matches.sum(dim=-1) == 1).all()
    shares = matches.mean(dim=(0, 1)).tolist()
    assert shares == pytest.approx(scale_and_emergence.ODDS, abs=0.015)


def test_no_loss_can_be_lower_than_the_entropy():
    """The entropy equals brute force over all texts of three words out of five."""
    table = scale_and_emergence.language(5, seed=0).tolist()
    total = 0.0
    for text in product(range(5), repeat=3):
        probability = 1 / 5
        for before, after in pairwise(text):
            follows = after in table[before]
            probability *= (
                scale_and_emergence.ODDS[table[before].index(after)] if follows else 0
            )
        total -= probability * log(probability) if probability else 0
    assert scale_and_emergence.least(5, 3) == pytest.approx(total / 3)
    assert scale_and_emergence.least(5, 3) != pytest.approx(
        scale_and_emergence.least(5, 4)
    )


def test_gains_run_from_nothing_to_everything():
    """Gains are normalised to 0..1, also for falling values; constants gain 0."""
    results = {
        1: [{"a": 2.0, "b": 3.0}],
        2: [{"a": 1.5, "b": 3.0}],
        4: [{"a": 1.0, "b": 3}],
    }
    assert scale_and_emergence.gains(results, "a") == {1: [0.0], 2: [0.5], 4: [1.0]}
    assert scale_and_emergence.gains(results, "b") == {1: [0.0], 2: [0.0], 4: [0.0]}
    assert scale_and_emergence.grouped((1, 2), list("abcd")) == {
        1: ["a", "b"],
        2: ["c", "d"],
    }


def test_what_the_page_says_of_scale():
    """Token before answer accuracy; the product of positions; repeated texts."""
    results = rows()
    for name in scale_and_emergence.RULES:
        small = results[f"{name}, width 4"]
        assert small["tokens right"][1] > 0.5
        assert small["answers right"][2] < 0.03
        assert results[f"{name}, width 12"]["answers right"][1] > 0.5
        for width in (4, 6, 8, 12):  # the product over positions is near
            assert (
                abs(results[f"{name}, width {width}"][scale_and_emergence.GAP][0])
                < 0.02
            )
        weights = [results[f"{name}, width {w}"]["weights"] for w in (2, 12)]
        assert weights == [220, 4200]
    for width in (6, 8):  # near, but not equal
        assert results[f"next token, width {width}"][scale_and_emergence.GAP][2] < 0
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
