"""How far a counted share lies from the stated one, in standard errors."""

from torch import Tensor

LIMIT = 5  # by chance a share lies further off less than once in a million tests


def errors(hits: Tensor, share: float) -> float:
    """Standard errors between the share of hits among all draws and the stated one."""
    spread = (share * (1 - share) / hits.numel()) ** 0.5
    return abs(float(hits.double().mean()) - share) / spread
