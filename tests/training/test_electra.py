"""Replaced-token detection: both networks learn."""

from dataclasses import fields

import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import binary_cross_entropy
from paradigms.training.electra import (
    GeneratorAndDiscriminator,
    replaced_token_detection,
)
from paradigms.training.loop import Batch, TrainingConfig
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


def test_the_losses_of_parts_of_a_batch_add_up():
    """Two parts, as two processes have them, give the sum and count of the whole.

    The generator always samples the same word, so that all draw the same replacements.
    The mean is that of the generator over masked words plus 50 times that of the
    discriminator over all words; padding counts nowhere.
    """
    objective, model = replaced_token_detection(8), networks(8)
    model.generator.head = torch.nn.Linear(8, 8)
    model.generator.head.weight.data.zero_()
    model.generator.head.bias.data = torch.tensor([0.0] * 7 + [200.0])
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(4, 8, (64, 6), generator=rng)
    tokens[:20, 4:] = 0
    batch = objective.make_batch(tokens, rng)
    parts = (
        Batch(*(getattr(batch, field.name)[rows] if field.name != "prefix_lengths"
                else None for field in fields(batch)))
        for rows in (slice(10), slice(10, 64))
    )  # fmt: skip
    total, count = objective.loss(model, batch)
    totals, counts = zip(*(objective.loss(model, part) for part in parts), strict=True)
    assert int(count) == int(sum(counts)) == 64 * 6 - 40
    assert torch.allclose(total, sum(totals), rtol=1e-5)
    masked = batch.targets != IGNORE
    corrupted = tokens.masked_fill(masked, 7)
    log_p = model.generator(batch.inputs, bidirectional).log_softmax(dim=-1)
    generator = -log_p[masked].gather(1, tokens[masked][:, None]).mean()
    logits = model.discriminator(corrupted, bidirectional)[..., 0]
    detector = binary_cross_entropy(
        logits, (corrupted != tokens).long().masked_fill(tokens == 0, IGNORE)
    )
    assert torch.allclose(total / count, generator + 50 * detector, rtol=1e-5)
