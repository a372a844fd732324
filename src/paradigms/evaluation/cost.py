"""Cost of a call and of a new token: operations, bytes, seconds, scaling."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from paradigms.evaluation.statistics import t_interval
from paradigms.generation.decoding import Network
from paradigms.layers import Cache
from paradigms.models.bert import BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.models.gpt import GPT, GPTConfig

Call = Callable[[], object]
Built = TypeVar("Built")


def operations(call: Call) -> int:
    """Floating point operations of the matrix products, two to a multiply-add.

    Attention uses the math backend: PyTorch's counter silently ignores the fused CPU
    kernel.
    """
    with (
        FlopCounterMode(display=False) as counter,
        sdpa_kernel(SDPBackend.MATH),
        torch.no_grad(),
    ):
        call()
    return int(counter.get_total_flops())


def peak_bytes(call: Call) -> int:
    """Peak memory of a call in bytes, beyond what was allocated before it.

    From the allocator's record, with the workspace of fused CPU kernels.
    """
    with (
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler,
        torch.no_grad(),
    ):
        call()
    events = profiler.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    allocated = peak = 0
    for _, change in sorted(changes, key=lambda event: event[0]):
        allocated += change
        peak = max(peak, allocated)
    return peak


def best_seconds(
    calls: Sequence[Call], tries: int, reverse: bool = False
) -> list[float]:
    """Seconds of each call, the minimum of `tries` rounds over all calls.

    Each runs once before that, untimed; `reverse` reverses their order.
    """
    timings: list[list[float]] = [[] for _ in calls]
    order = list(zip(calls, timings, strict=True))[:: -1 if reverse else 1]
    with torch.no_grad():
        for call, _ in order:
            call()
        for _ in range(tries):
            for call, times in order:
                start = time.perf_counter()
                call()
                times.append(time.perf_counter() - start)
    return [min(times) for times in timings]


def masked_operations(layers: int, width: int, length: int) -> int:
    """Operations of attention that are counted for pairs masked by the causal rule.

    Two products of that width for each of T (T - 1) / 2 pairs in each layer.
    """
    return layers * 4 * width * (length * (length - 1) // 2)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent with which positive values grow with size.

    The slope of log value over log size, by least squares.
    """
    x = torch.tensor(sizes, dtype=torch.float64).log()
    y = torch.tensor(values, dtype=torch.float64).log()
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


def geometric_mean_interval(values: Iterable[float]) -> list[float]:
    """Geometric mean and its 95% interval, less sensitive to outliers."""
    return [exp(value) for value in t_interval(tuple(map(log, values)))]


def kv_cache_bytes(cache: Cache) -> int:
    """Bytes of the keys and values in use, without spare capacity."""
    return sum(tensor.nbytes for tensor in cache.in_use())


@dataclass(frozen=True)
class NetworkSize:
    """The size of the small networks whose cost is counted or timed."""

    vocabulary: int = 256
    width: int = 128
    layers: int = 4
    heads: int = 4

    def gpt(self, positions: int) -> GPT:
        """A GPT of this size, for texts of up to `positions` tokens."""
        return GPT(
            GPTConfig(self.vocabulary, positions, self.width, self.layers, self.heads)
        )

    def bert(self, positions: int) -> BERT:
        """A BERT of this size, for texts of up to `positions` tokens."""
        return BERT(
            EncoderConfig(
                self.vocabulary,
                positions,
                self.width,
                self.layers,
                self.heads,
                hidden=4 * self.width,
            )
        )


def with_random_weights(build: Callable[[], Built], device: str = "cpu") -> Built:
    """What `build` returns, with the same random weights each time.

    On the device "meta" a network has shapes alone: operations and bytes are counted
    without memory.
    """
    torch.manual_seed(0)
    with torch.device(device), torch.no_grad():
        return build()


def arbitrary_tokens(length: int, device: str | None = None) -> Tensor:
    """Tokens (1, length) of which only the number matters, for a cost."""
    return torch.ones(1, length, dtype=torch.long, device=device)


class Step:
    """The last `new` tokens of a text: with a cache of the others, or without."""

    def __init__(self, network: Network, tokens: Tensor, new: int = 1) -> None:
        self.network, self.tokens = network, tokens
        self.past = tokens.shape[1] - new
        self.cache = Cache()

    def fill_cache(self) -> "Step":
        """Fill the cache, and allocate space for the new tokens."""
        with torch.no_grad():
            if self.past:
                self.network(self.tokens[:, : self.past], cache=self.cache)
            self.with_cache()
        return self

    def with_cache(self) -> None:
        """Read the new tokens; the next call overwrites them."""
        self.cache.rewind(self.past)
        self.network(self.tokens[:, self.past :], cache=self.cache)

    def without_cache(self) -> None:
        """Read everything."""
        self.network(self.tokens)

    def seconds(
        self, tries: int, reverse: bool, has_cache: bool = True
    ) -> dict[str, float]:
        """`best_seconds` without the cache and, if there is one, with it."""
        calls = {"without": self.without_cache}
        if has_cache:
            calls["with"] = self.fill_cache().with_cache
        times = best_seconds(list(calls.values()), tries, reverse)
        return dict(zip(calls, times, strict=True))


def milliseconds(
    repetitions: Sequence[Mapping[str, float]],
) -> dict[str, list[float]]:
    """Columns of a row: milliseconds of `Step.seconds`, and their paired ratio.

    Geometric means with intervals over the repetitions.
    """
    columns = {
        f"milliseconds {mode}": geometric_mean_interval(
            1e3 * seconds[mode] for seconds in repetitions
        )
        for mode in repetitions[0]
    }
    if "with" in repetitions[0]:
        columns["times faster"] = geometric_mean_interval(
            seconds["without"] / seconds["with"] for seconds in repetitions
        )
    return columns
