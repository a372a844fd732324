"""Every transformer here equals the field's own: scores, loss, gradients."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from paradigms.layers import RMSNorm, gelu_tanh
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5
from paradigms.references import difference, pair, share

CONFIGS = 25  # drawn for every system and precision
many = settings(
    max_examples=CONFIGS,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would rebuild hundreds of networks
    suppress_health_check=list(HealthCheck),
)
PRECISION = pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=str
)


pytestmark = pytest.mark.usefixtures("one_thread")


def shape(draw: Any) -> dict[str, Any]:
    """Sizes that every config has."""
    heads = draw(st.integers(1, 4))
    return {
        "vocabulary": draw(st.integers(11, 41)),
        "heads": heads,
        "width": heads * draw(st.sampled_from([2, 4, 6, 10])),
        "layers": draw(st.integers(1, 3)),
    }


def hidden(draw: Any) -> int:
    return draw(st.integers(3, 40))


def draw_gpt(draw: Any) -> gpt.Config:
    return gpt.Config(**shape(draw), positions=24, tied=draw(st.booleans()))


def draw_llama(draw: Any) -> llama.Config:
    sizes = shape(draw)
    groups = [k for k in range(1, 5) if sizes["heads"] % k == 0]
    return llama.Config(
        **sizes,
        kv_heads=draw(st.sampled_from(groups)),
        hidden=hidden(draw),
        theta=draw(st.sampled_from([100.0, 10_000.0, 500_000.0])),
        eps=draw(st.sampled_from([1e-6, 1e-5])),
        tied=draw(st.booleans()),
    )


def draw_encoder(base: Any, **choices: Any) -> Any:
    def drawn(draw: Any) -> Any:
        more = {key: draw(choice) for key, choice in choices.items()}
        return replace(base, **shape(draw), hidden=hidden(draw), positions=26, **more)

    return drawn


def draw_t5(draw: Any) -> t5.Config:
    sizes = shape(draw)
    return t5.Config(
        **sizes,
        head_width=draw(st.integers(1, 7)),
        hidden=hidden(draw),
        buckets=draw(st.sampled_from([8, 16, 32])),
        distance=draw(st.sampled_from([20, 128])),
        gated=draw(st.booleans()),
        tied=draw(st.booleans()),
    )


def draw_bart(draw: Any) -> bart.Config:
    return bart.Config(**shape(draw), positions=24, hidden=hidden(draw))


ACTIVATION = st.sampled_from([F.gelu, gelu_tanh])
NARROW = st.sampled_from([5, 9])  # widths are even: never as wide as the states
ENCODERS = {
    bert.BERT: draw_encoder(
        bert.BASE, activation=ACTIVATION, segments=st.integers(1, 3)
    ),
    bert.Classifier: draw_encoder(bert.BASE, segments=st.just(2)),
    roberta.RoBERTa: draw_encoder(roberta.BASE, eps=st.sampled_from([1e-5, 1e-12])),
    albert.ALBERT: draw_encoder(albert.BASE, embedding=NARROW, activation=ACTIVATION),
    electra.Discriminator: draw_encoder(electra.BASE, embedding=NARROW | st.none()),
}
DECODERS = {gpt.GPT: draw_gpt, llama.LLaMA: draw_llama}
WRITERS = {t5.T5: draw_t5, bart.BART: draw_bart}


@dataclass
class Texts:
    """A batch of random texts; `real` False at the padding on one side."""

    tokens: torch.Tensor
    real: torch.Tensor

    @classmethod
    def draw(cls, draw: Any, vocabulary: int, left: bool = False) -> "Texts":
        lengths = torch.tensor(
            draw(st.lists(st.integers(1, 11), min_size=1, max_size=4))
        )
        places = torch.arange(int(lengths.max()))
        places = places.flip(0) if left else places
        real = places < lengths[:, None]
        tokens = torch.randint(3, vocabulary, real.shape)
        # A padded place holds the id that the references take for padding.
        return cls(tokens.masked_fill(~real, 1), real)


def exact_norms(network: nn.Module) -> None:
    """In double precision, norms in double precision.

    The reference rounds inside its RMS norms to single precision, whatever it is given;
    everything else of it is compared to the last digit.
    """
    for name, child in network.named_children():
        if type(child).__name__ in ("LlamaRMSNorm", "T5LayerNorm"):
            norm = RMSNorm(len(child.weight), child.variance_epsilon).double()
            norm.weight = child.weight
            setattr(network, name, norm)
        exact_norms(child)


def both(data: Any, system: Any, draw_config: Any, dtype: torch.dtype, **options: Any):
    """Our network and the reference with equal weights, and the config."""
    torch.manual_seed(data.draw(st.integers(0, 999), label="seed"))
    config = draw_config(data.draw)
    ours, theirs = pair(system, config, dtype, **options)
    if dtype == torch.float64:
        exact_norms(theirs)
    return ours, theirs, config


def agree(ours: Any, theirs: Any, limit: float) -> None:
    """Scores, loss and gradients of both: (network, logits, loss)."""
    found = difference(ours, theirs)
    assert found.logits < limit, found
    assert found.loss < limit, found
    assert found.gradients < 10 * limit, found  # 1e-4 in single precision


@PRECISION
@pytest.mark.parametrize("system", DECODERS, ids=lambda s: s.__name__)
@many
@given(data=st.data())
def test_decoders_equal_their_reference(system, dtype, limit, data):
    """GPT-2 and LLaMA: logits, loss and gradients, padded batches, any shape."""
    ours, theirs, config = both(data, system, DECODERS[system], dtype)
    texts = Texts.draw(data.draw, config.vocabulary, left=data.draw(st.booleans()))
    places = (texts.real.cumsum(1) - 1).clamp(min=0)
    logits = ours(texts.tokens, real=texts.real)
    out = theirs(texts.tokens, attention_mask=texts.real.long(), position_ids=places)
    real = texts.real
    # Only where the word before is real too: nothing predicts the first of a text.
    asked = F.pad(real[:, :-1], (1, 0), value=False) & real
    labels = texts.tokens.masked_fill(~asked, -100)
    if bool(asked.any()):
        loss, wanted = mean_loss(logits, labels), mean_loss(out.logits, labels)
        if dtype == torch.float32:  # the reference's own loss is of that precision
            out.loss = theirs.loss_function(out.logits, labels, config.vocabulary)
            assert share(loss, out.loss) < limit
    else:  # squares, for a plain mean may be nearly zero, and then has no digits
        loss, wanted = logits[real].square().mean(), out.logits[real].square().mean()
    agree((ours, logits[real], loss), (theirs, out.logits[real], wanted), limit)


def mean_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of the next word, at every label that is not -100."""
    return F.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100
    )


@PRECISION
@pytest.mark.parametrize("system", ENCODERS, ids=lambda s: s.__name__)
@many
@given(data=st.data())
def test_encoders_equal_their_reference(system, dtype, limit, data):
    """BERT, its classifier, RoBERTa, ALBERT, ELECTRA: every head, loss and gradient."""
    options = {"num_labels": 3} if system is bert.Classifier else {}
    ours, theirs, config = both(data, system, ENCODERS[system], dtype, **options)
    texts = Texts.draw(data.draw, config.vocabulary)
    inputs = {"segments": torch.randint(config.segments, texts.tokens.shape)}
    states = ours.encoder(texts.tokens, real=texts.real, **inputs)
    labels = texts.tokens.masked_fill(~texts.real, -100)
    asked = {
        "attention_mask": texts.real.long(),
        "token_type_ids": inputs["segments"],
    }
    pair_label = torch.randint(2, (len(labels),))
    if system is bert.Classifier:
        logits = ours(texts.tokens, real=texts.real, **inputs)
        theirs_loss, theirs_logits = theirs(
            texts.tokens, **asked, labels=pair_label
        ).values()
        loss = F.cross_entropy(logits, pair_label)
    elif system is electra.Discriminator:
        logits = ours(texts.tokens, real=texts.real, **inputs)[texts.real]
        flags = torch.randint(2, texts.tokens.shape)
        out = theirs(texts.tokens, **asked, labels=flags)
        theirs_logits = out.logits[texts.real]
        flags = flags[texts.real].to(dtype)
        theirs_loss = out.loss
        if dtype == torch.float64:  # the reference rounds its labels
            theirs_loss = F.binary_cross_entropy_with_logits(theirs_logits, flags)
        loss = F.binary_cross_entropy_with_logits(logits, flags)
    else:
        word_logits = ours(texts.tokens, real=texts.real, **inputs)
        loss = F.cross_entropy(
            word_logits.flatten(0, 1), labels.flatten(), ignore_index=-100
        )
        logits = word_logits[texts.real]
        asked["labels"] = labels
        if system is not roberta.RoBERTa:
            task = "sentence_order" if system is albert.ALBERT else "next_sentence"
            asked[f"{task}_label"] = pair_label
            pairs = ours.pair(states)
            loss = loss + F.cross_entropy(pairs, pair_label)
        out = theirs(texts.tokens, **asked)
        theirs_loss, theirs_logits = out[0], out[1][texts.real]
        if system is not roberta.RoBERTa:
            assert share(pairs, out[2]) < limit
    agree((ours, logits, loss), (theirs, theirs_logits, theirs_loss), limit)


@PRECISION
@pytest.mark.parametrize("system", WRITERS, ids=lambda s: s.__name__)
@many
@given(data=st.data())
def test_encoder_decoders_equal_their_reference(system, dtype, limit, data):
    """T5 (both forms) and BART: logits, loss and gradients, sources padded."""
    ours, theirs, config = both(data, system, WRITERS[system], dtype)
    source = Texts.draw(data.draw, config.vocabulary)
    target = torch.randint(3, config.vocabulary, (len(source.tokens), 6))
    labels = target.clone()
    labels[0, 4:] = -100
    logits = ours(source.tokens, target, source.real)
    out = theirs(
        input_ids=source.tokens,
        attention_mask=source.real.long(),
        decoder_input_ids=target,
        labels=labels,
    )
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
    agree((ours, logits, loss), (theirs, out.logits, out.loss), limit)


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
    """The guard itself: the slightest departure from GPT-2 is far above the limit."""
    torch.manual_seed(0)
    config = gpt.Config(vocabulary=30, positions=9, width=16, layers=2, heads=4)
    ours, theirs = pair(gpt.GPT, config)
    tokens = torch.randint(3, 30, (2, 9))
    wanted = theirs(tokens).logits
    assert share(ours(tokens), wanted) < 1e-5
    wrong(ours)
    assert share(ours(tokens), wanted) > 3e-5
