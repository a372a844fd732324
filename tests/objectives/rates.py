"""Distance of an observed rate from the expected one, in standard errors."""

from torch import Tensor

LIMIT = 5  # exceeded by chance less than once in a million tests


def errors(hits: Tensor, share: float) -> float:
    """Distance of the share of hits from the expected share, in standard errors."""
    spread = (share * (1 - share) / hits.numel()) ** 0.5
    return abs(float(hits.double().mean()) - share) / spread
