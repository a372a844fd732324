"""What each objective makes of one sentence: what is read, and what is asked."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paradigms.data.special_tokens import IGNORE, SpecialTokens
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

QUESTION = "What does each objective show of a text, and what does it ask?"
NAMES = {
    SpecialTokens().pad: "[PAD]",
    SpecialTokens().bos: "[BOS]",
    SpecialTokens().eos: "[EOS]",
    SpecialTokens().mask: "[MASK]",
}
Strip = dict[str, list[str]]


@dataclass(frozen=True)
class ObjectivesAtWorkConfig:
    """A text of two sentences, and how much of it is damaged: more than usual."""

    text: str = "the old cat sat down . it fell asleep ."
    rate: float = 0.4
    mean_span: float = 2.0
    seed: int = 1


CONFIG = ObjectivesAtWorkConfig()


class Words:
    """Ids for the words of a text, in order of appearance, and back."""

    def __init__(self, text: str) -> None:
        words = list(dict.fromkeys(text.split()))
        self.size = SpecialTokens().first_word + len(words)
        self.sentinels = list(range(self.size, 2 * self.size))
        places = range(SpecialTokens().first_word, self.size)
        self.ids = dict(zip(words, places, strict=True))
        self.names = NAMES | dict(zip(places, words, strict=True))
        self.names |= {s: f"<{n}>" for n, s in enumerate(self.sentinels)}

    def sentences(self, text: str) -> list[list[int]]:
        """Ids of a text's words, sentence by sentence; a full stop ends each."""
        found = [part.split() for part in text.split(" . ")]
        whole = [[*part, "."] if part[-1] != "." else part for part in found]
        return [[self.ids[word] for word in part] for part in whole]

    def spell(self, ids: Tensor | list[int]) -> list[str]:
        """Names of ids; nothing where there is no target."""
        return ["" if int(n) == IGNORE else self.names[int(n)] for n in ids]


def run(
    config: ObjectivesAtWorkConfig, each: Each = serial_map
) -> list[dict[str, Any]]:
    """A row an objective: how many tokens are read, and its strip, of named lines."""
    words = Words(config.text)
    strips = token_by_token(config, words) | whole_texts(config, words)
    return [
        {
            "name": name,
            "read": len(next(iter(strip.values()))),
            "pictures": {"strip": {"strip": strip}},
        }
        for name, strip in strips.items()
    ]


def token_by_token(config: ObjectivesAtWorkConfig, words: Words) -> dict[str, Strip]:
    """Below each token that is read stands its target, or nothing."""
    dice = torch.Generator().manual_seed(config.seed)
    text = torch.tensor(words.sentences(config.text)[:1])
    shifted, following = next_token(text)
    masked, hidden = masked_token(text, words.size, dice, config.rate)
    anew, others = masked_token(text, words.size, dice, config.rate)
    unlearnt = torch.zeros(*text.shape, words.size)  # a generator that draws any word
    filled, replaced = replaced_token(text, hidden != IGNORE, unlearnt, dice)
    first = {"reads": words.spell(masked[0]), "asked": words.spell(hidden[0])}
    answers = ["replaced" if answer else "original" for answer in replaced[0]]
    return {
        "next token": {
            "reads": words.spell(shifted[0]),
            "asked": words.spell(following[0]),
        },
        "masked token": first,
        "dynamic masks": {
            "epoch 1": first["reads"],
            "asked": first["asked"],
            "epoch 2": words.spell(anew[0]),
            "asked then": words.spell(others[0]),
        },
        "replaced token": {"reads": words.spell(filled[0]), "asked": answers},
    }


def whole_texts(config: ObjectivesAtWorkConfig, words: Words) -> dict[str, Strip]:
    """Two sentences in an order, and damaged sources with what a decoder writes."""
    dice = torch.Generator().manual_seed(config.seed)
    sentences = words.sentences(config.text)
    text = [token for sentence in sentences for token in sentence]
    sizes = (dice, config.rate, config.mean_span)
    source, target = span_corruption(text, words.sentinels, *sizes)
    shuffled, whole = sentence_permutation(sentences, dice)
    blanks, _ = text_infilling(shuffled, *sizes)
    pairs = sentence_order([sentences] * 20, dice)
    first, second, _ = next(pair for pair in pairs if pair.label == 0)
    late, early, _ = next(pair for pair in pairs if pair.label == 1)
    return {
        "sentence order": {
            "in order": _pair(words.spell(first), words.spell(second)),
            "swapped": _pair(words.spell(late), words.spell(early)),
        },
        "span corruption": {
            "reads": words.spell(source),
            "writes": words.spell(target),
        },
        "infilling and permutation": {
            "reads": words.spell(blanks),
            "writes": words.spell(whole),
        },
    }


def _pair(first: list[str], second: list[str]) -> list[str]:
    return ["[CLS]", *first, "[SEP]", *second, "[SEP]"]
