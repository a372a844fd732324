"""ELECTRA's pretraining: replaced-token detection."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT
from paradigms.objectives import binary_cross_entropy, replaced_token
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
        """Mean generator loss plus 50 times the discriminator's, times the tokens.

        And the number of tokens.  The first seed draws the replacements.
        """
        networks = cast(GeneratorAndDiscriminator, network)
        tokens, seeds = cast(Tensor, batch.text), cast(Tensor, batch.seeds)
        logits = networks.generator(batch.inputs, bidirectional)
        generator_loss = F.cross_entropy(
            logits.transpose(1, 2), batch.targets, ignore_index=IGNORE, reduction="sum"
        )
        masked = batch.targets != IGNORE
        rng = torch.Generator().manual_seed(int(seeds[0]))
        corrupted, is_replaced = replaced_token(tokens, masked, logits, rng)
        detector_logits = networks.discriminator(corrupted, bidirectional)[..., 0]
        count = torch.tensor(tokens.numel())
        generator_mean = generator_loss / masked.sum().clamp(min=1)
        return (
            generator_mean + 50 * binary_cross_entropy(detector_logits, is_replaced)
        ) * count, count


def replaced_token_detection(vocabulary: int) -> ReplacedTokenDetection:
    """ELECTRA's objective: a masked batch with its text, and seeds for the samples."""
    mask = masked_batch(vocabulary, fates=(1.0, 0.0, 0.0))

    def batch(tokens: Tensor, rng: torch.Generator) -> Batch:
        seeds = torch.randint(2**31, (len(tokens),), generator=rng)
        masked = mask(tokens, rng)
        return Batch(masked.inputs, masked.targets, text=tokens, seeds=seeds)

    return ReplacedTokenDetection(batch)
