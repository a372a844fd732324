"""Every pretraining objective on one network."""

import math

import pytest
import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import MaskedDiffusion, bound
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    Objective,
    Pair,
    objectives,
    one_span,
    pretrain,
    replaced,
    span,
    with_head,
)

LANGUAGE = MarkovLanguage(words=3, seed=0, sharpness=3.0)
OBJECTIVES = objectives(LANGUAGE.vocabulary)


def network() -> GPT:
    """A small GPT with fixed weights."""
    torch.manual_seed(0)
    return GPT(GPTConfig(LANGUAGE.vocabulary, 8, width=16, layers=1, heads=2))


def texts(step: int) -> torch.Tensor:
    """The batch of a step."""
    return LANGUAGE.sample(32, 6, torch.Generator().manual_seed(step))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_network_learns_what_it_is_asked(name):
    """The loss falls below that of a uniform guess among the words; runs repeat."""
    curve = pretrain(
        network(), OBJECTIVES[name], texts, TrainingConfig(120, 1e-2, 10), 0
    )
    assert curve[-1][1] < math.log(LANGUAGE.words) < math.log(LANGUAGE.vocabulary)
    again = pretrain(
        network(), OBJECTIVES[name], texts, TrainingConfig(120, 1e-2, 10), 0
    )
    assert curve == again


def test_next_token_in_plain_sight_is_copied():
    """With bidirectional attention the loss falls below half of the entropy."""
    cheat = Objective(OBJECTIVES["next token"].show, lambda batch: bidirectional)
    honest = pretrain(
        network(), OBJECTIVES["next token"], texts, TrainingConfig(200, 1e-2, 10), 0
    )
    leaky = pretrain(network(), cheat, texts, TrainingConfig(200, 1e-2, 10), 0)
    entropy = -float(LANGUAGE.log_p(texts(0)).mean())
    assert leaky[-1][1] < 0.5 * entropy < honest[-1][1]


def test_the_weighted_loss_is_the_bound_of_masked_diffusion():
    """The mean over 40,000 draws of one text equals the exact bound, within 2%."""
    model = MaskedDiffusion(
        GPTConfig(LANGUAGE.vocabulary, 8, width=16, layers=1, heads=2)
    )
    text = texts(0)[:1]
    objective = OBJECTIVES["masked diffusion"]
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        batch = objective.show(text.expand(40_000, -1), rng)
        total, count = objective.loss(model.network, batch)
        exact = float(bound(model, text[0]))
    assert int(count) == 40_000 * 6
    assert float(total) / 40_000 == pytest.approx(exact, rel=0.02)


def test_another_head_leaves_the_network_alone():
    """States of width 16 or three scores a position; the network is not modified."""
    whole = network()
    before = whole(texts(0))
    assert with_head(whole)(texts(0)).shape == (32, 6, 16)
    assert with_head(whole, 3)(texts(0)).shape == (32, 6, 3)
    assert whole(texts(0)).equal(before)


def test_one_span_is_cut_out_and_asked_for():
    """Source and target together hold every word, and two sentinels."""
    tokens = texts(0)
    for marks in ((90, 91), (7, 8)):
        source, target = one_span(2, marks)(tokens, torch.Generator().manual_seed(0))
        assert source.shape == (32, 5)
        assert target.shape == (32, 4)
        assert (target[:, 0] == marks[0]).all()
        assert (target[:, -1] == marks[1]).all()
        for text, visible, hidden in zip(tokens, source, target, strict=True):
            place = visible.tolist().index(marks[0])
            rebuilt = [*visible[:place], *hidden[1:-1], *visible[place + 1 :]]
            assert rebuilt == text.tolist()
    positions = (source == 7).long().argmax(dim=1)
    assert set(positions.tolist()) == set(range(5)), "a span may lie anywhere"


def test_the_span_is_predicted_from_the_source_and_its_own_start():
    """Targets are the span and the second sentinel; no query sees its target."""
    objective = span(2, (7, 8))
    inputs, targets = objective.show(texts(0), torch.Generator().manual_seed(0))
    assert inputs.shape == targets.shape == (32, 8)
    assert (targets[:, :5] == -100).all()
    assert (targets[:, -1] == 8).all()
    assert targets[:, 5:7].equal(inputs[:, 6:])
    rule = objective.rule((inputs, targets))
    assert [k for k in range(8) if rule(5, k)] == [0, 1, 2, 3, 4, 5]
    assert [k for k in range(8) if rule(0, k)] == [0, 1, 2, 3, 4, 5]


def test_a_whole_text_is_looked_at_as_in_training():
    """With BOS and the attention mask of training; only next token is causal."""
    bare = with_head(network())
    tokens = texts(0)
    changed = tokens.clone()
    changed[:, -1] = 4 + (changed[:, -1] - 3) % 3
    for name, objective in OBJECTIVES.items():
        states, others = (objective.look(bare, t) for t in (tokens, changed))
        assert states.shape == (32, 6, 16)
        same = torch.allclose(states[:, 0], others[:, 0], atol=1e-6)
        assert same == (name == "next token"), name


def test_who_finds_out_learns_from_who_fills():
    """The loss of ELECTRA falls; each batch has a new sampling seed."""
    pair = Pair(network(), network())
    objective = replaced(LANGUAGE.vocabulary)
    curve = pretrain(pair, objective, texts, TrainingConfig(120, 1e-2, 10), 0)
    assert curve[-1][1] < 0.9 * curve[0][1]
    rng = torch.Generator().manual_seed(0)
    first, second = (objective.show(texts(0), rng)[3][0] for _ in range(2))
    assert first != second
