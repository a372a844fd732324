"""The cache of published networks at their full context, beside their weights."""

from dataclasses import dataclass

from paradigms.evaluation.cost import (
    Step,
    arbitrary_tokens,
    kv_cache_bytes,
    operations,
    with_random_weights,
)
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models import gpt, llama

QUESTION = "How large is the cache of a published network, beside its weights?"


@dataclass(frozen=True)
class PublishedCacheSizesConfig:
    """Networks in half precision, which is what `bytes` and `MB` count."""

    networks: tuple[str, ...] = ("GPT-2 small", "LLaMA 7B", "Llama 3 8B")


CONFIG = PublishedCacheSizesConfig()


def run(config: PublishedCacheSizesConfig, each: Each = serial_map) -> Outcome:
    """A row per network, at its full context length."""
    return Outcome(each(config.networks, size))


def size(name: str) -> Row:
    """Bytes of the cache and of the weights, and operations for the last token."""
    positions = (gpt.SIZES | llama.SIZES)[name].positions
    network = with_random_weights(lambda: build(name).half(), "meta")
    step = Step(network, arbitrary_tokens(positions, "meta")).fill_cache()
    cache_bytes = kv_cache_bytes(step.cache)
    weight_bytes = sum(p.nbytes for p in network.parameters())
    return {
        "name": name,
        "tokens": positions,
        "kB per token": cache_bytes / positions / 1e3,
        "MB of cache": cache_bytes / 1e6,
        "MB of weights": weight_bytes / 1e6,
        "texts as large as the weights": weight_bytes / cache_bytes,
        "times fewer": operations(step.without_cache) / operations(step.with_cache),
    }


def build(name: str) -> gpt.GPT | llama.LLaMA:
    """A published network by name."""
    if name in gpt.SIZES:
        return gpt.GPT(gpt.SIZES[name])
    return llama.LLaMA(llama.SIZES[name])


def smaller() -> PublishedCacheSizesConfig:
    """Two of the three."""
    return PublishedCacheSizesConfig(networks=("GPT-2 small", "Llama 3 8B"))
