"""What a turn of a chat costs, if the cache of the earlier turns is kept or dropped.

Operations count reading the prompt and generating the reply, on shapes alone; seconds
are those of reading, up to the first word of the reply.
"""

from dataclasses import dataclass
from functools import partial

import torch

from paradigms.evaluation.cost import (
    NetworkSize,
    Step,
    arbitrary_tokens,
    kv_cache_bytes,
    milliseconds,
    operations,
    with_random_weights,
)
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.layers import Cache

QUESTION = "What does a further turn of a chat cost, if the cache is kept or dropped?"


@dataclass(frozen=True)
class ChatTurnCostConfig(NetworkSize):
    """A GPT, and turns of the same number of tokens, counted from 1."""

    turns: tuple[int, ...] = (1, 2, 4, 8, 16)
    prompt_tokens: int = 96
    reply_tokens: int = 32
    repetitions: int = 12
    tries: int = 3  # of each pair; the fastest counts

    def tokens_before(self, turn: int) -> int:
        """Tokens that were read and generated before a turn."""
        return (turn - 1) * (self.prompt_tokens + self.reply_tokens)


CONFIG = ChatTurnCostConfig()


def run(config: ChatTurnCostConfig, each: Each = serial_map) -> Outcome:
    """A row per turn: operations, bytes of the cache, and milliseconds."""
    counts = each(config.turns, lambda turn: costs(config, turn))
    times = each(range(config.repetitions), lambda number: seconds(config, number))
    return Outcome(
        [
            {
                "name": f"chat, turn {turn}",
                **counts[index],
                **milliseconds([at[index] for at in times]),
            }
            for index, turn in enumerate(config.turns)
        ]
    )


def costs(config: ChatTurnCostConfig, turn: int) -> dict[str, float]:
    """Operations of one turn: earlier turns cached, or recomputed at its start."""
    past = config.tokens_before(turn)
    start, end = past + config.prompt_tokens, config.tokens_before(turn + 1)
    network = with_random_weights(partial(config.gpt, end), "meta")
    tokens = arbitrary_tokens(end, "meta")

    def read_and_reply(cache: Cache) -> None:
        network(tokens[:, cache.length : start], cache=cache)
        for place in range(start, end):
            network(tokens[:, place : place + 1], cache=cache)

    cache = Cache()
    if past:
        with torch.no_grad():
            network(tokens[:, :past], cache=cache)
    with_cache = operations(partial(read_and_reply, cache))
    without = operations(partial(read_and_reply, Cache()))
    return {
        "tokens before": past,
        "operations, cached": with_cache,
        "operations, recomputed": without,
        "times fewer": without / with_cache,
        "cached bytes after it": kv_cache_bytes(cache),
    }


def seconds(config: ChatTurnCostConfig, number: int) -> list[dict[str, float]]:
    """One repetition, by turn; odd repetitions reverse the order of each pair."""
    ends = [config.tokens_before(turn) + config.prompt_tokens for turn in config.turns]
    network = with_random_weights(partial(config.gpt, max(ends)))
    steps = [Step(network, arbitrary_tokens(end), config.prompt_tokens) for end in ends]
    return [step.seconds(config.tries, number % 2 == 1) for step in steps]


def smaller() -> ChatTurnCostConfig:
    """The same experiment, small enough for a test."""
    return ChatTurnCostConfig(
        layers=2,
        turns=(1, 4),
        prompt_tokens=24,
        reply_tokens=8,
        repetitions=2,
        tries=1,
    )
