"""Parity of every transformer with Hugging Face: logits, loss, gradients."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.evaluation.parity import difference, pair, share
from paradigms.layers import attention_view
from paradigms.models import albert, bart, bert, electra, gpt, llama, t5
from tests.reference_examples import (
    DECODERS,
    ENCODERS,
    SYSTEMS,
    WRITERS,
    Batch,
    both,
    examples,
    shortfalls,
)

PRECISION = pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=str
)
Side = tuple[nn.Module, Tensor, Tensor]  # a network, its logits and its loss

pytestmark = pytest.mark.usefixtures("one_thread")


def of(systems: Any) -> pytest.MarkDecorator:
    """Parametrise by system, with class names as ids."""
    return pytest.mark.parametrize("system", systems, ids=lambda s: s.__name__)


def agree(ours: Side, theirs: Side, limit: float) -> None:
    """Asserts equal logits, loss and gradients."""
    differences = difference(ours, theirs)
    assert differences.logits < limit, differences
    assert differences.loss < limit, differences
    assert differences.gradients < 10 * limit, differences  # 1e-4 in single precision


@of(SYSTEMS)
def test_what_is_drawn_is_varied(system):
    """Distinct configs, half of the batches padded, and a target in each."""
    assert shortfalls(system, examples(system)) == []


def test_examples_that_are_too_much_alike_are_noticed():
    """Negative control: a repeated config, no padding, one word, no grouped queries."""
    samples = examples(gpt.GPT)
    problems = shortfalls(gpt.GPT, [*samples[:-1], samples[0]])
    assert problems == ["distinct configs: 24"]
    narrow = [replace(e, texts=Batch((2, 2)), targets=Batch((1,))) for e in samples]
    assert shortfalls(gpt.GPT, narrow) == [
        "texts padded: 0",
        "texts padded on the left: 0",
        "texts of an odd length: 0",
        "targets padded: 0",
        "targets padded on the left: 0",
        "targets with a word to predict: 0",
    ]
    samples = [e for e in examples(llama.LLaMA) if e.config.kv_heads == 1]
    assert "configs with groups of heads: 0" in shortfalls(llama.LLaMA, samples)


@PRECISION
@of(DECODERS)
def test_decoders_equal_their_reference(system, dtype, limit):
    """GPT-2 and LLaMA: logits, loss and gradients, padded batches, any shape."""
    for example in examples(system):
        ours, theirs = both(system, example, dtype)
        vocabulary, real = example.config.vocabulary, example.texts.real()
        tokens = example.texts.tokens(vocabulary)
        positions = (real.cumsum(1) - 1).clamp(min=0)
        logits = ours(tokens, real=real)
        out = theirs(tokens, attention_mask=real.long(), position_ids=positions)
        # Only where the previous token is real: the first of a text has no prediction.
        scored = F.pad(real[:, :-1], (1, 0), value=False) & real
        labels = tokens.masked_fill(~scored, -100)
        loss, reference_loss = (next_word_loss(x, labels) for x in (logits, out.logits))
        if dtype == torch.float32:  # the reference's own loss is of that precision
            library_loss = theirs.loss_function(out.logits, labels, vocabulary)
            assert share(loss, library_loss) < limit
        agree(
            (ours, logits[real], loss),
            (theirs, out.logits[real], reference_loss),
            limit,
        )


def next_word_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of shifted logits, ignoring -100."""
    return word_loss(logits[:, :-1], labels[:, 1:])


def word_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of labels (B, T) without a shift, ignoring -100."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)


@PRECISION
@of(DECODERS)
def test_texts_of_one_word_equal_their_reference(system, dtype, limit):
    """There is no target, but the logits of the next word are equal."""
    example = replace(examples(system)[0], texts=Batch((1, 1)))
    ours, theirs = both(system, example, dtype)
    tokens = example.texts.tokens(example.config.vocabulary)
    logits, reference_logits = ours(tokens), theirs(tokens).logits
    # Squares: a plain mean may be nearly zero, with a large relative error.
    losses = logits.square().mean(), reference_logits.square().mean()
    agree((ours, logits, losses[0]), (theirs, reference_logits, losses[1]), limit)


@PRECISION
@of(ENCODERS)
def test_encoders_equal_their_reference(system, dtype, limit):
    """BERT, its classifier, RoBERTa, ALBERT, ELECTRA: logits, losses and gradients."""
    for example in examples(system):
        options = {"num_labels": 3} if system is bert.Classifier else {}
        ours, theirs = both(system, example, dtype, **options)
        real = example.texts.real()
        tokens = example.texts.tokens(example.config.vocabulary)
        segments = torch.randint(example.config.segments, real.shape)
        inputs = {"real": real, "segments": segments}
        reference_inputs = {"attention_mask": real.long(), "token_type_ids": segments}
        compare = HEADS.get(system, compare_words)
        agree(*compare((ours, theirs), tokens, inputs, reference_inputs, limit), limit)


def compare_classes(
    networks: Any, tokens: Tensor, inputs: Any, reference_inputs: Any, _limit: float
) -> tuple[Side, Side]:
    """Compares a classifier of texts."""
    ours, theirs = networks
    classes = torch.randint(2, (len(tokens),))
    logits = ours(tokens, **inputs)
    out = theirs(tokens, **reference_inputs, labels=classes)
    loss = F.cross_entropy(logits, classes)
    return (ours, logits, loss), (theirs, out.logits, out.loss)


def compare_flags(
    networks: Any, tokens: Tensor, inputs: Any, reference_inputs: Any, _limit: float
) -> tuple[Side, Side]:
    """Compares replaced-token detection, a binary label for each token."""
    ours, theirs = networks
    real = inputs["real"]
    logits = ours(tokens, **inputs)[real]
    flags = torch.randint(2, tokens.shape)
    out = theirs(tokens, **reference_inputs, labels=flags)
    theirs_logits, theirs_loss = out.logits[real], out.loss
    flags = flags[real].to(logits.dtype)
    if logits.dtype == torch.float64:  # the reference rounds its labels
        theirs_loss = F.binary_cross_entropy_with_logits(theirs_logits, flags)
    loss = F.binary_cross_entropy_with_logits(logits, flags)
    return (ours, logits, loss), (theirs, theirs_logits, theirs_loss)


def compare_words(
    networks: Any, tokens: Tensor, inputs: Any, reference_inputs: Any, limit: float
) -> tuple[Side, Side]:
    """Compares masked LM heads and, if the system has one, the sentence-pair head.

    Pair logits are compared here; the pair loss is added to the returned loss.
    """
    ours, theirs = networks
    real = inputs["real"]
    labels = tokens.masked_fill(~real, -100)
    logits = ours(tokens, **inputs)
    loss = word_loss(logits, labels)
    task = PAIR_TASKS.get(type(ours))
    if task is None:
        out = theirs(tokens, **reference_inputs, labels=labels)
    else:
        pair_label = torch.randint(2, (len(tokens),))
        out = theirs(tokens, **reference_inputs, labels=labels, **{task: pair_label})
        pairs = ours.pair(ours.encoder(tokens, **inputs))
        assert share(pairs, out[2]) < limit
        loss = loss + F.cross_entropy(pairs, pair_label)
    return (ours, logits[real], loss), (theirs, out[1][real], out[0])


HEADS = {bert.Classifier: compare_classes, electra.Discriminator: compare_flags}
PAIR_TASKS = {bert.BERT: "next_sentence_label", albert.ALBERT: "sentence_order_label"}


@PRECISION
@of(WRITERS)
def test_encoder_decoders_equal_their_reference(system, dtype, limit):
    """T5 (both forms) and BART: logits, loss, gradients; both texts padded."""
    for example in examples(system):
        ours, theirs = both(system, example, dtype)
        vocabulary = example.config.vocabulary
        source, source_real = example.texts.tokens(vocabulary), example.texts.real()
        target, real = example.targets.tokens(vocabulary), example.targets.real()
        labels = target.masked_fill(~real, -100)
        logits = ours(source, target, source_real, real)
        out = theirs(
            input_ids=source,
            attention_mask=source_real.long(),
            decoder_input_ids=target,
            decoder_attention_mask=real.long(),
            labels=labels,
        )
        loss = word_loss(logits, labels)
        agree((ours, logits[real], loss), (theirs, out.logits[real], out.loss), limit)


@pytest.mark.parametrize("unseen", ["source_real", "real"])
def test_padding_that_is_read_is_noticed(unseen, monkeypatch):
    """Negative control: a T5 encoder or decoder that attends to padding fails."""

    def ignoring_padding(tokens, rule, real=None, cache=None, what="real"):
        return attention_view(
            tokens, rule, None if what == unseen else real, cache, what
        )

    monkeypatch.setattr(t5, "attention_view", ignoring_padding)
    with pytest.raises(AssertionError):
        test_encoder_decoders_equal_their_reference(t5.T5, torch.float64, 1e-10)


def to_the_left(tokens: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Moves padding from the right to the left."""
    gaps = (~real).sum(1).tolist()
    rows = [row.roll(gap) for row, gap in zip(tokens, gaps, strict=True)]
    return torch.stack(rows), real.flip(1)


@torch.no_grad()
def test_bart_reads_the_same_with_padding_on_the_left():
    """Our logits do not change; the reference counts padding in its positions."""
    for example in examples(bart.BART):
        ours, theirs = both(bart.BART, example, torch.float64)
        vocabulary = example.config.vocabulary
        source, source_real = example.texts.tokens(vocabulary), example.texts.real()
        target, real = example.targets.tokens(vocabulary), example.targets.real()
        expected = ours(source, target, source_real, real)[real]
        source, source_real = to_the_left(source, source_real)
        shifted, shifted_real = to_the_left(target, real)
        scores = ours(source, shifted, source_real, shifted_real)[shifted_real]
        assert share(scores, expected) < 1e-10
        if example.texts.padded:
            scores = theirs(
                input_ids=source,
                attention_mask=source_real.long(),
                decoder_input_ids=target,
            ).logits[real]
            assert share(scores, expected) > 1e-3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda net: setattr(net.stack.blocks[0].attention, "scale", 1.0),
        lambda net: setattr(net.stack.blocks[0].feed_forward, "activation", F.gelu),
        lambda net: setattr(net.stack.norm, "eps", 1e-3),
    ],
    ids=["unscaled scores", "another GELU", "another epsilon"],
)
def test_a_small_mistake_is_noticed(wrong):
    """Negative control: small deviations from GPT-2 are above the limit."""
    torch.manual_seed(0)
    config = gpt.GPTConfig(vocabulary=30, positions=9, width=16, layers=2, heads=4)
    ours, theirs = pair(gpt.GPT, config)
    tokens = torch.randint(3, 30, (2, 9))
    expected = theirs(tokens).logits
    assert share(ours(tokens), expected) < 1e-5
    wrong(ours)
    assert share(ours(tokens), expected) > 3e-5
