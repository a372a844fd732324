"""Inputs and targets of each objective for one text."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.pictures import Strip
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.objectives import (
    masked_token,
    next_token,
    replaced_token,
    sentence_order,
    sentence_permutation,
    span_corruption,
    text_infilling,
)

QUESTION = "What does each objective show the network, and what must it predict?"
NAMES = {
    SPECIALS.pad: "[PAD]",
    SPECIALS.bos: "[BOS]",
    SPECIALS.eos: "[EOS]",
    SPECIALS.mask: "[MASK]",
}
Lines = dict[str, list[str]]


@dataclass(frozen=True)
class ObjectivesAtWorkConfig:
    """A text of two sentences, with more corruption than usual."""

    text: str = "the old cat sat down . it fell asleep ."
    rate: float = 0.4
    mean_span: float = 2.0
    seed: int = 1


CONFIG = ObjectivesAtWorkConfig()


class Words:
    """Ids for the words of a text, in order of appearance, and back."""

    def __init__(self, text: str) -> None:
        words = list(dict.fromkeys(text.split()))
        self.size = SPECIALS.first_word + len(words)
        self.sentinels = list(range(self.size, 2 * self.size))
        word_ids = range(SPECIALS.first_word, self.size)
        self.ids = dict(zip(words, word_ids, strict=True))
        self.names = NAMES | dict(zip(word_ids, words, strict=True))
        self.names |= {s: f"<{n}>" for n, s in enumerate(self.sentinels)}

    def sentences(self, text: str) -> list[list[int]]:
        """Ids of a text's words, sentence by sentence; a full stop ends each."""
        pieces = [part.split() for part in text.split(" . ")]
        complete = [[*part, "."] if part[-1] != "." else part for part in pieces]
        return [[self.ids[word] for word in part] for part in complete]

    def spell(self, ids: Tensor | list[int]) -> list[str]:
        """Names of ids; empty where there is no target."""
        return ["" if int(n) == IGNORE else self.names[int(n)] for n in ids]


def run(config: ObjectivesAtWorkConfig, each: Each = serial_map) -> Outcome:
    """A row per objective: its number of input tokens, and its strip of named lines."""
    words = Words(config.text)
    kinds = each((token_by_token, whole_texts), lambda kind: kind(config, words))
    strips = {name: lines for kind in kinds for name, lines in kind.items()}
    return Outcome(
        [
            {"name": name, "input tokens": len(next(iter(lines.values())))}
            for name, lines in strips.items()
        ],
        {f"{name}/strip": Strip(strip=lines) for name, lines in strips.items()},
    )


def token_by_token(config: ObjectivesAtWorkConfig, words: Words) -> dict[str, Lines]:
    """Objectives with a target, or none, for each input token."""
    rng = torch.Generator().manual_seed(config.seed)
    text = torch.tensor(words.sentences(config.text)[:1])
    next_inputs, next_targets = next_token(text)
    masked_inputs, masked_targets = masked_token(text, words.size, rng, config.rate)
    second_inputs, second_targets = masked_token(text, words.size, rng, config.rate)
    uniform_logits = torch.zeros(*text.shape, words.size)  # a uniform generator
    replaced_inputs, is_replaced = replaced_token(
        text, masked_targets != IGNORE, uniform_logits, rng
    )
    first_epoch = {
        "reads": words.spell(masked_inputs[0]),
        "asked": words.spell(masked_targets[0]),
    }
    answers = ["replaced" if answer else "original" for answer in is_replaced[0]]
    return {
        "next token": {
            "reads": words.spell(next_inputs[0]),
            "asked": words.spell(next_targets[0]),
        },
        "masked token": first_epoch,
        "dynamic masks": {
            "epoch 1": first_epoch["reads"],
            "asked": first_epoch["asked"],
            "epoch 2": words.spell(second_inputs[0]),
            "asked then": words.spell(second_targets[0]),
        },
        "replaced token": {"reads": words.spell(replaced_inputs[0]), "asked": answers},
    }


def whole_texts(config: ObjectivesAtWorkConfig, words: Words) -> dict[str, Lines]:
    """Pairs of sentences in an order, and corrupted sources with decoder targets."""
    rng = torch.Generator().manual_seed(config.seed)
    sentences = words.sentences(config.text)
    text = [token for sentence in sentences for token in sentence]
    options = (rng, config.rate, config.mean_span)
    source, target = span_corruption(text, words.sentinels, *options)
    permuted_text, whole_text = sentence_permutation(sentences, rng)
    infilling_source, _ = text_infilling(permuted_text, *options)
    pairs = sentence_order([sentences] * 20, rng)
    first, second, _ = next(pair for pair in pairs if pair.label == 0)
    late, early, _ = next(pair for pair in pairs if pair.label == 1)
    return {
        "sentence order": {
            "in order": _sentence_pair(words.spell(first), words.spell(second)),
            "swapped": _sentence_pair(words.spell(late), words.spell(early)),
        },
        "span corruption": {
            "reads": words.spell(source),
            "writes": words.spell(target),
        },
        "infilling and permutation": {
            "reads": words.spell(infilling_source),
            "writes": words.spell(whole_text),
        },
    }


def _sentence_pair(first: list[str], second: list[str]) -> list[str]:
    return ["[CLS]", *first, "[SEP]", *second, "[SEP]"]
