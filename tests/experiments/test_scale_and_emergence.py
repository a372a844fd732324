"""Scale and emergence: data, scores by brute force, statements of the page."""

from math import log

import pytest
import torch

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.experiments import scale_and_emergence
from paradigms.experiments.records import load
from paradigms.generation.decoding import greedy
from paradigms.masks import causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("scale_and_emergence").rows}


def test_scale_and_emergence_again_at_reduced_size():
    """Two seeds, two widths: loss falls, accuracy rises with width, as recorded."""
    reduced = {
        row["name"]: row
        for row in scale_and_emergence.run(scale_and_emergence.smaller()).rows
    }
    stored = rows()
    for name in scale_and_emergence.OBJECTIVES:
        for results, last in ((reduced, 16), (stored, 12)):
            first, large = results[f"{name}, width 4"], results[f"{name}, width {last}"]
            assert first["loss"][0] > large["loss"][0]
            assert first["token accuracy"][0] < large["token accuracy"][0]


def test_digits_are_sorted_and_asked_without_being_shown():
    """The answer is the sorted input; inputs never show a digit at its own target."""
    for name, objective in scale_and_emergence.OBJECTIVES.items():
        rng = torch.Generator().manual_seed(0)
        batch = objective.make_batch(scale_and_emergence.draw_digits(50, 6, rng), rng)
        inputs, targets = batch.inputs, batch.targets
        digits, answer = inputs[:, :6], targets[:, 6:]
        assert answer.tolist() == [sorted(row) for row in digits.tolist()]
        assert (targets[:, :6] == IGNORE).all()
        answer_inputs = inputs[:, 6:]
        if name == "next token":
            assert answer_inputs[:, 1:].equal(answer[:, :-1])
            assert (answer_inputs[:, 0] == SPECIALS.bos).all()
        else:
            assert (answer_inputs == SPECIALS.mask).all()


def test_scores_are_those_of_counting():
    """Two answers of two tokens, one wrong: 3/4 of tokens, 1/2 of answers.

    The loss is minus the mean log-probability; if independent, positions give 1 * 1/2.
    """
    answer = torch.tensor([[0, 1], [1, 1]])
    logits = torch.tensor([[[2.0, 0], [0, 2]], [[0, 2], [2, 0]]])
    scores = scale_and_emergence.scores(logits, answer)
    assert scores["token accuracy"] == 0.75
    assert scores["answer accuracy"] == 0.5
    assert scores["if independent"] == 0.5
    assert scores[scale_and_emergence.GAP] == 0
    # Two mistakes in one answer and none in the other: not independent.
    together = scale_and_emergence.scores(logits, torch.tensor([[0, 1], [0, 1]]))
    assert together["answer accuracy"] == 0.5
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
    digits = scale_and_emergence.draw_digits(20, 5, torch.Generator().manual_seed(0))
    start = torch.full((20, 1), SPECIALS.bos)
    answer = greedy(network, torch.cat([digits, start], dim=1), 5)[:, 6:]

    def right(answer: torch.Tensor) -> float:
        inputs = torch.cat([digits, next_token(answer)[0]], dim=1)
        logits = network(inputs, causal)[:, 5:]
        return scale_and_emergence.scores(logits, answer)["answer accuracy"]

    assert right(answer) == 1
    changed = answer.clone()
    changed[:, 2] = (changed[:, 2] + 1) % 14
    assert right(changed) == 0


def test_gains_run_from_nothing_to_everything():
    """Gains are normalised to 0..1, also for falling values; constants gain 0."""
    constant = dict.fromkeys(scale_and_emergence.COLUMNS, 3.0)
    results = {
        width: [constant | {"loss": loss}]
        for width, loss in ((1, 2.0), (2, 1.5), (4, 1.0))
    }
    shares = scale_and_emergence.gains(results)
    assert [shares[width][0]["loss"] for width in results] == [0, 0.5, 1]
    assert [shares[width][0]["token accuracy"] for width in results] == [0, 0, 0]


def test_what_the_page_says_of_scale():
    """Token before answer accuracy; the product of positions."""
    results = rows()
    for name in scale_and_emergence.OBJECTIVES:
        small = results[f"{name}, width 4"]
        assert small["token accuracy"][1] > 0.5
        assert small["answer accuracy"][2] < 0.03
        assert results[f"{name}, width 12"]["answer accuracy"][1] > 0.5
        for width in (4, 6, 8, 12):  # the product over positions is near
            assert (
                abs(results[f"{name}, width {width}"][scale_and_emergence.GAP][0])
                < 0.02
            )
        weights = [results[f"{name}, width {w}"]["parameters"] for w in (2, 12)]
        assert weights == [220, 4200]
    for width in (6, 8):  # near, but not equal
        assert results[f"next token, width {width}"][scale_and_emergence.GAP][2] < 0
