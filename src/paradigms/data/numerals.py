"""The numbers from 1 to 999 in English words and in Roman numerals.

A source is a prefix and the number; the prefix names the language, as T5's prefixes do
("translate English to German:", Raffel et al., 2020), or omits it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data.special_tokens import SPECIALS

LARGEST = 999
LONGEST = 13  # tokens of 888 in Roman letters, and EOS
PREFIXES = ("translate to English:", "translate to Roman:", "translate:")
UNITS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
DIGITS = "0123456789"
PARTS = [digit + zeros for zeros in ("00", "0") for digit in DIGITS]
WORDS = (*PREFIXES, *PARTS, *DIGITS, *UNITS, *TENS, "hundred", *"IVXLCDM")
IDS = {word: SPECIALS.first_word + index for index, word in enumerate(WORDS)}
VOCABULARY = SPECIALS.first_word + len(WORDS)


class SourceStyle(NamedTuple):
    """How a source is written: if `named`, the prefix names the language.

    472 is 400 70 2 with `parts`; without, 4 7 2, with place values by the order alone.
    """

    named: bool
    parts: bool


def english(number: int) -> list[str]:
    """A number from 1 to 999 in words, without *and*."""
    hundreds, rest = divmod(number, 100)
    words = [UNITS[hundreds - 1], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(TENS[rest // 10 - 2])
        rest %= 10
    return words + ([UNITS[rest - 1]] if rest else [])


def roman(number: int) -> list[str]:
    """A number from 1 to 999 in Roman letters, four and nine by subtraction."""
    letters = ""
    for one, five, ten, value in (
        ("C", "D", "M", 100),
        ("X", "L", "C", 10),
        ("I", "V", "X", 1),
    ):
        digit = number // value % 10
        if digit in (4, 9):
            letters += one + (five if digit == 4 else ten)
        else:
            letters += five * (digit // 5) + one * (digit % 5)
    return list(letters)


def source(number: int, language: int, task: SourceStyle) -> list[int]:
    """Ids of the prefix and of the number: four tokens."""
    hundreds, tens, units = list(f"{number:03}")
    tokens = (
        (hundreds + "00", tens + "0", units) if task.parts else (hundreds, tens, units)
    )
    return [IDS[word] for word in (PREFIXES[language if task.named else 2], *tokens)]


def translations(
    numbers: list[int], languages: list[int], task: SourceStyle
) -> tuple[Tensor, Tensor]:
    """Sources (B, 4) and targets (B, 13): the latter end with EOS, then padding."""
    sources, targets = [], []
    for number, language in zip(numbers, languages, strict=True):
        ids = [IDS[word] for word in (english, roman)[language](number)]
        ids.append(SPECIALS.eos)
        targets.append(ids + [SPECIALS.pad] * (LONGEST - len(ids)))
        sources.append(source(number, language, task))
    return torch.tensor(sources), torch.tensor(targets)
