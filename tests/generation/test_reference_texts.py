"""Every generator writes what its reference writes, token for token."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from paradigms.generation.beam_search import BeamSearch, beam_search
from paradigms.generation.decoding import Network, as_decoder, greedy
from paradigms.models import gpt
from tests.evaluation.test_parity import of
from tests.reference_examples import (
    CONFIGS,
    DECODERS,
    PAD,
    WRITERS,
    Example,
    both,
    examples,
)

STEPS = 8
START = 2  # the decoder start token

pytestmark = pytest.mark.usefixtures("one_thread")


@dataclass
class Task:
    """A network of ours with a prompt, and the reference with the same prompt."""

    network: Network
    prompt: Tensor
    theirs: Any
    inputs: dict[str, Tensor]
    real: Tensor | None = None

    def ours(self, beams: int, penalty: float, eos: int | None = None) -> Tensor:
        """Greedy with one beam, as in the reference."""
        generate = greedy
        if beams > 1:
            generate = partial(beam_search, beams=beams, length_penalty=penalty)
        return generate(
            self.network, self.prompt, STEPS, eos=eos, pad=PAD, real=self.real
        )

    def wanted(self, beams: int, penalty: float, eos: int) -> Tensor:
        """The text of the reference, with settings that raise no warnings."""
        settings = self.theirs.generation_config
        settings.pad_token_id, settings.eos_token_id = PAD, eos
        settings.bos_token_id = settings.forced_bos_token_id = None
        settings.forced_eos_token_id = None
        settings.num_beams, settings.do_sample = beams, False
        settings.early_stopping, settings.no_repeat_ngram_size = False, None
        settings.length_penalty = penalty
        settings.max_length = None
        settings.max_new_tokens = STEPS
        return self.theirs.generate(**self.inputs)


def compare(task: Task, random: Random) -> Counter[str]:
    """Compare greedy and beam search; counts the searches in which a text reached EOS.

    EOS is the token that, without EOS, would be the second or third of the first text:
    a random token would seldom be generated.
    """
    width = task.prompt.shape[1]
    beams, penalty = random.randint(2, 4), random.choice([0.5, 1.0, 2.0])
    counts = Counter()
    for name, settings in {"greedy": (1, 1.0), "beam": (beams, penalty)}.items():
        eos = int(task.ours(*settings)[0, width + random.choice([1, 2])])
        text, expected = task.ours(*settings, eos), task.wanted(*settings, eos)
        assert text.tolist() == expected.tolist(), (name, settings, eos)
        counts[name] = int((text[:, width:] == eos).any())
    return counts


def decoder(system: Any, example: Example) -> Task:
    """Prompts padded on the left, as generation continues on the right."""
    ours, theirs = both(system, example, torch.float64)
    texts = replace(example.texts, left=True)
    tokens, real = texts.tokens(example.config.vocabulary), texts.real()
    inputs = {"input_ids": tokens, "attention_mask": real.long()}
    return Task(ours, tokens, theirs, inputs, real)


def encoder_decoder(system: Any, example: Example) -> Task:
    """A padded source to read, and a first token."""
    ours, theirs = both(system, example, torch.float64, decoder_start_token_id=START)
    theirs.generation_config.decoder_start_token_id = START
    real = example.texts.real()
    source = example.texts.tokens(example.config.vocabulary)
    inputs = {"input_ids": source, "attention_mask": real.long()}
    first = torch.full((len(source), 1), START)
    return Task(as_decoder(ours, source, real), first, theirs, inputs)


def ends(system: Any, task: Any) -> Counter[str]:
    """Compare all examples; in how many a text reaches EOS, by kind of search."""
    random, counts = Random(0), Counter()
    for example in examples(system):
        counts.update(compare(task(system, example), random))
    return counts


@of(DECODERS)
def test_decoders_write_what_their_reference_writes(system):
    """Greedy and beam search equal `generate`, token for token, padded on the left."""
    assert min(ends(system, decoder).values()) >= CONFIGS / 2


@of(WRITERS)
def test_encoder_decoders_write_what_their_reference_writes(system):
    """The same, after reading a padded source."""
    assert min(ends(system, encoder_decoder).values()) >= CONFIGS / 2


def unweighted(_: BeamSearch, score: float, words: list[int]) -> float:
    """A score in which every length penalty is one."""
    return score / len(words)


def test_a_search_with_another_rating_is_noticed(monkeypatch):
    """Negative control: beams scored without the length penalty write other texts."""
    monkeypatch.setattr(BeamSearch, "_rating", unweighted)
    with pytest.raises(AssertionError, match="beam"):
        ends(gpt.GPT, decoder)


def test_a_text_that_goes_on_after_its_end_is_noticed(monkeypatch):
    """Negative control: without EOS, a greedy text is another one."""
    ours = Task.ours
    monkeypatch.setattr(Task, "ours", lambda task, *asked: ours(task, *asked[:2]))
    with pytest.raises(AssertionError, match="greedy"):
        ends(gpt.GPT, decoder)
