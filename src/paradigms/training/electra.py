"""ELECTRA's pretraining: replaced-token detection."""

from typing import cast

import torch
from torch import Tensor, nn

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT
from paradigms.objectives import (
    binary_cross_entropy,
    replaced_token,
    summed_cross_entropy,
)
from paradigms.training.loop import Batch
from paradigms.training.pretraining import Objective, masked_batch, with_head


class GeneratorAndDiscriminator(nn.Module):
    """ELECTRA's two networks, both with the architecture of GPT, nothing shared."""

    def __init__(self, generator: GPT, discriminator: GPT) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = with_head(discriminator, 1)


class ReplacedTokenDetection(Objective):
    """Both losses of ELECTRA, the second times 50: Clark et al. (2020), section 3."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The sum over the tokens, and their number.

        A token counts 50 times with the discriminator's loss, a masked one also with
        the generator's, times the tokens per masked token of the whole batch: the mean
        is the sum of both means.  The first seed draws the replacements, so that each
        of several processes draws its own.
        """
        networks = cast(GeneratorAndDiscriminator, network)
        tokens, seeds = cast(Tensor, batch.text), cast(Tensor, batch.seeds)
        logits = networks.generator(batch.inputs, bidirectional)
        # Weights are tokens per masked token: the mean is the sum of both means.
        generator_loss, _ = summed_cross_entropy(logits, batch.targets, batch.weights)
        masked = batch.targets != IGNORE
        rng = torch.Generator().manual_seed(int(seeds[0]))
        corrupted, is_replaced = replaced_token(tokens, masked, logits, rng)
        detector_logits = networks.discriminator(corrupted, bidirectional)[..., 0]
        count = (is_replaced != IGNORE).sum()
        detector_loss = binary_cross_entropy(detector_logits, is_replaced) * count
        return generator_loss + 50 * detector_loss, count


def replaced_token_detection(vocabulary: int) -> ReplacedTokenDetection:
    """ELECTRA's objective: a masked batch with its text, and seeds for the samples.

    The weights are the tokens per masked token of the batch, the same in every row.
    """
    mask = masked_batch(vocabulary, fates=(1.0, 0.0, 0.0))

    def batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        seeds = torch.randint(2**31, (len(tokens),), generator=rng)
        masked = mask(tokens, rng)
        share = (tokens != SPECIALS.pad).sum() / (masked.targets != IGNORE).sum()
        weights = share.expand(len(tokens))
        return Batch(masked.inputs, masked.targets, weights, text=tokens, seeds=seeds)

    return ReplacedTokenDetection(batch)
