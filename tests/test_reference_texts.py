"""What every writer here writes is what the field's own writes, token for token."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paradigms.decoding import beam, greedy, writer
from paradigms.models.encoder_decoder import EncoderDecoder
from tests.test_references import DECODERS, WRITERS, Texts, both, many

pytestmark = pytest.mark.usefixtures("one_thread")


def generate(theirs: Any, prompt: dict[str, Any], beams: int, steps: int, eos: int):
    """The reference's own text, without its warnings about settings."""
    settings_ = theirs.generation_config
    settings_.pad_token_id, settings_.eos_token_id = 1, eos
    settings_.bos_token_id = settings_.forced_bos_token_id = None
    settings_.forced_eos_token_id = None
    settings_.num_beams, settings_.do_sample = beams, False
    settings_.early_stopping, settings_.no_repeat_ngram_size = False, None
    settings_.max_length = None
    settings_.max_new_tokens = steps
    return theirs.generate(**prompt)


@pytest.mark.parametrize("system", DECODERS, ids=lambda s: s.__name__)
@many
@given(data=st.data())
def test_decoders_write_what_their_reference_writes(system, data):
    """Greedy and beam search equal `generate`, token for token, padded on the left."""
    ours, theirs, config = both(data, system, DECODERS[system], torch.float64)
    texts = Texts.draw(data.draw, config.vocabulary, left=True)
    beams, eos = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 10))
    prompt = {"input_ids": texts.tokens, "attention_mask": texts.real.long()}
    wanted = generate(theirs, prompt, beams, steps=8, eos=eos)
    options = {"eos": eos, "pad": 1, "real": texts.real}
    found = (
        greedy(ours, texts.tokens, 8, **options)
        if beams == 1
        else beam(ours, texts.tokens, 8, beams, **options)
    )
    assert found.tolist() == wanted.tolist()


@pytest.mark.parametrize("system", WRITERS, ids=lambda s: s.__name__)
@many
@given(data=st.data())
def test_encoder_decoders_write_what_their_reference_writes(system, data):
    """The same, after reading a padded source."""
    start = 2
    ours, theirs, config = both(
        data, system, WRITERS[system], torch.float64, decoder_start_token_id=start
    )
    source = Texts.draw(data.draw, config.vocabulary)
    beams, eos = data.draw(st.integers(1, 4)), data.draw(st.integers(3, 10))
    prompt = {"input_ids": source.tokens, "attention_mask": source.real.long()}
    theirs.generation_config.decoder_start_token_id = start
    wanted = generate(theirs, prompt, beams, steps=8, eos=eos)
    first = torch.full((len(source.tokens), 1), start)
    network = writer(ours, source.tokens, source.real)
    options = {"eos": eos, "pad": 1}
    found = (
        greedy(network, first, 8, **options)
        if beams == 1
        else beam(network, first, 8, beams, **options)
    )
    assert found.tolist() == wanted.tolist()
    assert isinstance(ours, EncoderDecoder)
