"""Every pretraining objective on one network."""

import math

import pytest
import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.data.review_endings import encode_rows
from paradigms.data.special_tokens import IGNORE
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.masked_diffusion import MaskedDiffusion, bound
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import (
    MaskedOrCausalLM,
    Objective,
    in_order,
    loss_at_targets,
    mean_state,
    objectives,
    pretrain,
    single_span,
    single_span_objective,
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
    cheat = Objective(OBJECTIVES["next token"].make_batch, lambda _: bidirectional)
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
        batch = objective.make_batch(text.expand(40_000, -1), rng)
        total, count = objective.loss(model.network, batch)
        exact = float(bound(model, text[0]))
    assert int(count) == 40_000 * 6
    assert float(total) / 40_000 == pytest.approx(exact, rel=0.02)


def test_texts_without_words_cannot_be_masked():
    """Rows of BOS and padding are an error; a word in one row is enough."""
    make_batch = OBJECTIVES["masked"].make_batch
    rows = torch.tensor([[1, 0], [1, 0]])
    with pytest.raises(ValueError, match=r"must hold a word to mask: \[\[1, 0\]"):
        make_batch(rows, torch.Generator().manual_seed(0))
    rows[1, 1] = 5
    targets = make_batch(rows, torch.Generator().manual_seed(0)).targets
    assert targets.tolist() == [[IGNORE, IGNORE], [IGNORE, 5]]


def test_another_head_leaves_the_network_alone():
    """States of width 16 or three scores a position; the network is not modified."""
    whole = network()
    before = whole(texts(0))
    assert with_head(whole)(texts(0)).shape == (32, 6, 16)
    assert with_head(whole, 3)(texts(0)).shape == (32, 6, 3)
    assert whole(texts(0)).equal(before)


def test_texts_come_in_order_and_again_from_the_start():
    """Three steps read a pool of six texts once; the fourth step is the first."""
    pool = torch.arange(12).view(6, 2)
    batches = in_order(pool, 2)
    steps = [batches(step)[:, 0].tolist() for step in range(4)]
    assert steps == [[0, 2], [4, 6], [8, 10], [0, 2]]


def test_one_span_is_cut_out_and_is_the_target():
    """Source and target together hold every word, and two sentinels."""
    tokens = texts(0)
    for sentinels in ((90, 91), (7, 8)):
        batch = single_span(2, sentinels)(tokens, torch.Generator().manual_seed(0))
        assert batch.inputs.shape == (32, 5)
        assert batch.targets.shape == (32, 4)
        assert (batch.targets[:, 0] == sentinels[0]).all()
        assert (batch.targets[:, -1] == sentinels[1]).all()
        for text, visible, hidden in zip(
            tokens, batch.inputs, batch.targets, strict=True
        ):
            position = visible.tolist().index(sentinels[0])
            rebuilt = [*visible[:position], *hidden[1:-1], *visible[position + 1 :]]
            assert rebuilt == text.tolist()
    positions = (batch.inputs == 7).long().argmax(dim=1)
    assert set(positions.tolist()) == set(range(5)), "a span may lie anywhere"


def test_the_span_is_predicted_from_the_source_and_its_own_start():
    """Targets are the span and the second sentinel; no query sees its target."""
    objective = single_span_objective(2, (7, 8))
    batch = objective.make_batch(texts(0), torch.Generator().manual_seed(0))
    assert batch.inputs.shape == batch.targets.shape == (32, 8)
    assert (batch.targets[:, :5] == -100).all()
    assert (batch.targets[:, -1] == 8).all()
    assert batch.targets[:, 5:7].equal(batch.inputs[:, 6:])
    rule = objective.rule(batch)
    assert [k for k in range(8) if rule(5, k)] == [0, 1, 2, 3, 4, 5]
    assert [k for k in range(8) if rule(0, k)] == [0, 1, 2, 3, 4, 5]


def test_a_whole_text_is_read_as_in_training():
    """With BOS and the attention mask of training; only next token is causal."""
    bare = with_head(network())
    tokens = texts(0)
    changed = tokens.clone()
    changed[:, -1] = 4 + (changed[:, -1] - 3) % 3
    for name, objective in OBJECTIVES.items():
        states, others = (objective.outputs(bare, t) for t in (tokens, changed))
        assert states.shape == (32, 6, 16)
        same = torch.allclose(states[:, 0], others[:, 0], atol=1e-6)
        assert same == (name == "next token"), name


SHAPE = GPTConfig(vocabulary=20, positions=8, width=16, layers=2, heads=2)


def language_models() -> list[MaskedOrCausalLM]:
    """A network for each rule, with equal initial weights."""
    models = []
    for rule in (causal, bidirectional):
        torch.manual_seed(0)
        models.append(MaskedOrCausalLM(SHAPE, rule))
    return models


def test_nothing_but_the_rule_tells_the_two_apart():
    """Equal weights; a later word changes earlier states under one rule only."""
    left, both = language_models()
    for name, weight in left.state_dict().items():
        assert weight.equal(both.state_dict()[name])
    rows, other = encode_rows([[0, 1, 2, 3]], 8), encode_rows([[0, 1, 2, 9]], 8)
    assert left.states(rows)[:, :4].equal(left.states(other)[:, :4])
    assert not both.states(rows)[:, :4].equal(both.states(other)[:, :4])


def test_the_head_shares_the_word_embeddings():
    """As in GPT: the output layer is tied."""
    for model in language_models():
        assert model.head.weight is model.body.word.weight


def test_the_mean_leaves_padding_out():
    """Two tokens and two of padding: the mean of the two tokens."""
    states = torch.tensor([[[1.0], [3.0], [50.0], [50.0]]])
    assert mean_state(states, torch.tensor([[1, 4, 0, 0]])).tolist() == [[2.0]]


@pytest.mark.parametrize("name", ["next token", "masked"])
def test_the_loss_at_targets_is_a_sum_with_their_number(name):
    """Sum and count equal the log-softmax, summed target by target."""
    rows = encode_rows([[0, 1, 2, 3, 4, 5, 6]] * 8, 8)
    batch = objectives(20)[name].make_batch(rows, torch.Generator().manual_seed(0))
    for network in language_models():
        total, count = loss_at_targets(network, batch)
        scores = network.head(network.states(batch.inputs)).log_softmax(dim=-1)
        positions = (batch.targets != IGNORE).nonzero().tolist()
        expected = -sum(scores[b, t, batch.targets[b, t]] for b, t in positions)
        assert int(count) == len(positions)
        assert torch.allclose(total, expected)
