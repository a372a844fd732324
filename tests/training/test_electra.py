"""Replaced-token detection: both networks learn."""

import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.electra import (
    GeneratorAndDiscriminator,
    replaced_token_detection,
)
from paradigms.training.loop import TrainingConfig
from paradigms.training.pretraining import pretrain

LANGUAGE = MarkovLanguage(words=3, seed=0, sharpness=3.0)


def texts(step: int) -> torch.Tensor:
    """The batch of a step."""
    return LANGUAGE.sample(32, 6, torch.Generator().manual_seed(step))


def networks(vocabulary: int) -> GeneratorAndDiscriminator:
    """A small generator and a larger discriminator, with fixed weights."""
    torch.manual_seed(0)
    small, large = (GPT(GPTConfig(vocabulary, 8, width, 1, 2)) for width in (8, 16))
    return GeneratorAndDiscriminator(small, large)


def test_both_networks_learn():
    """The loss falls; each batch has a new sampling seed."""
    objective = replaced_token_detection(LANGUAGE.vocabulary)
    model = networks(LANGUAGE.vocabulary)
    curve = pretrain(model, objective, texts, TrainingConfig(120, 1e-2, 10), 0)
    assert curve[-1][1] < 0.9 * curve[0][1]
    rng = torch.Generator().manual_seed(0)
    first, second = (objective.make_batch(texts(0), rng).seeds[0] for _ in range(2))
    assert first != second


def test_every_word_is_classified_as_original_or_replaced():
    """Both losses are summed, and a wrong discriminator has a higher loss."""
    objective, model = replaced_token_detection(8), networks(8)
    tokens = torch.randint(4, 8, (64, 6), generator=torch.Generator().manual_seed(0))
    batch = objective.make_batch(tokens, torch.Generator())
    assert batch.text.equal(tokens)
    visible = batch.targets == IGNORE
    assert batch.inputs[visible].equal(tokens[visible])
    losses = []
    for bias in (-2.0, 5.0):  # "nothing is replaced" is nearly right, "all" is not
        model.discriminator.head.weight.data.zero_()
        model.discriminator.head.bias.data.fill_(bias)
        total, count = objective.loss(model, batch)
        assert int(count) == tokens.numel()
        losses.append(float(total.detach() / count))
    assert losses[1] > losses[0] + 50
