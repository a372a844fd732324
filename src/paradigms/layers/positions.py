"""Position encodings: rotary embeddings (RoPE) and relative position biases.

Learned positions are a plain `nn.Embedding` in the models' files.
"""

import math

import torch
from torch import Tensor, nn

from paradigms._checks import check_positive


class Rotary(nn.Module):
    """The angles by which RoPE rotates queries and keys: position times frequency.

    The product of a rotated query and key depends on positions only through their
    difference.
    Shapes: positions (T,) or (B, T) -> cosines and sines, each (1 or B, 1, T, D).
    Errors: ValueError for an odd width, or a theta that is not positive.
    Source: Su et al. (2021), section 3.2.2.
    """

    def __init__(self, head_width: int, theta: float = 10_000.0) -> None:
        super().__init__()
        if head_width % 2:
            raise ValueError(f"head_width must be even to form pairs: {head_width}")
        check_positive(theta, "theta")
        self.head_width, self.theta = head_width, theta

    def forward(self, positions: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        pairs = torch.arange(0, self.head_width, 2, device=positions.device)  # (D/2,)
        frequency = 1.0 / self.theta ** (pairs.float() / self.head_width)
        angle = positions[..., None].float() * frequency  # (..., T, D/2)
        angle = torch.cat([angle, angle], dim=-1)  # (..., T, D)
        angle = angle[None, None] if positions.ndim == 1 else angle[:, None]
        return angle.cos().to(like.dtype), angle.sin().to(like.dtype)


def rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate each pair (x[i], x[i + D/2]) by the angle of its position. (B, H, T, D)

    Pairs are D/2 apart, as in Hugging Face transformers; LLaMA's own code pairs
    neighbours, so its weights must be permuted.  The scores are the same.
    Source: Su et al. (2021), section 3.2.2.
    """
    cosine, sine = rotation  # (1 or B, 1, T, D)
    first, second = x.chunk(2, dim=-1)  # (B, H, T, D/2)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine


class RelativeBias(nn.Module):
    """A learned bias per head and bucket of distance, added to the attention scores.

    Short distances have a bucket each, long ones share buckets of growing size; those
    beyond `distance` share the last.  A bidirectional bias has half of its buckets for
    each side; a causal one has none for the right.
    Shapes: positions (T,) and (S,) -> (H, T, S); with a batch (B, H, T, S).
    Errors: ValueError for fewer than four buckets, two if causal, or for a distance
    that has a bucket of its own.
    Source: Raffel et al. (2020), section 2.1.
    """

    def __init__(
        self, heads: int, bidirectional: bool, buckets: int = 32, distance: int = 128
    ) -> None:
        super().__init__()
        minimum = 4 if bidirectional else 2  # one of them is for short distances
        if buckets < minimum:
            raise ValueError(f"buckets must be at least {minimum}: {buckets}")
        if distance <= buckets // minimum:
            raise ValueError(
                f"distance must be above {buckets // minimum}, where buckets grow: "
                f"{distance}"
            )
        self.bidirectional, self.distance = bidirectional, distance
        self.weight = nn.Embedding(buckets, heads)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        ahead = keys[..., None, :] - queries[..., :, None]  # (..., T, S)
        bias: Tensor = self.weight(self.bucket(ahead))  # (..., T, S, H)
        return bias.movedim(-1, -3)  # (..., H, T, S)

    def bucket(self, ahead: Tensor) -> Tensor:
        """The bucket of each signed distance key minus query."""
        buckets = self.weight.num_embeddings
        right = torch.zeros_like(ahead)
        if self.bidirectional:
            buckets //= 2
            right = (ahead > 0) * buckets
            distances = ahead.abs()
        else:
            distances = (-ahead).clamp(min=0)
        near = buckets // 2  # distances below `near` have a bucket each
        growth = (distances.float() / near).log() / math.log(self.distance / near)
        # A distance of zero gives -inf here, and is not selected below.
        far = near + (growth.clamp(min=0) * (buckets - near)).long()
        return right + torch.where(
            distances < near, distances, far.clamp(max=buckets - 1)
        )
