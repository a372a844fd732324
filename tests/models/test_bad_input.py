"""Bad input of all networks: each error names the argument and its value."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from paradigms.data.special_tokens import IGNORE
from paradigms.layers import Cache
from paradigms.models import albert, bart, bert, electra, gan, gpt, llama, roberta, t5
from paradigms.models.denoiser import Denoiser
from paradigms.models.vae import VAE
from paradigms.objectives import binary_cross_entropy, cross_entropy

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPE = {"vocabulary": 12, "width": 8, "layers": 2, "heads": 2}
ENCODER = {**SHAPE, "positions": 6, "hidden": 10}
CONFIGS: dict[type[nn.Module], Any] = {
    gpt.GPT: gpt.GPTConfig(**SHAPE, positions=6),
    llama.LLaMA: llama.LLaMAConfig(**SHAPE, positions=6, kv_heads=1, hidden=10),
    bert.BERT: replace(bert.BASE, **ENCODER),
    bert.Classifier: replace(bert.BASE, **ENCODER),
    roberta.RoBERTa: replace(roberta.BASE, **{**ENCODER, "positions": 8}),
    albert.ALBERT: replace(albert.BASE, **ENCODER, embedding=5),
    electra.Discriminator: replace(electra.BASE, **ENCODER),
    t5.T5: t5.T5Config(**SHAPE, head_width=4, hidden=10),
    bart.BART: bart.BARTConfig(**SHAPE, positions=6, hidden=10),
}
WRITERS = [t5.T5, bart.BART]
ENCODERS = [s for s in CONFIGS if "segments" in CONFIGS[s].__dataclass_fields__]
TEXT = torch.tensor([[4, 5, 6], [7, 8, 9]])


def named(systems: Any, name: str = "system") -> pytest.MarkDecorator:
    """Parametrise by system, with class names as ids."""
    return pytest.mark.parametrize(name, list(systems), ids=lambda s: s.__name__)


def build(system: type[nn.Module], **changes: Any) -> nn.Module:
    """A small network of the system, with a fixed seed."""
    torch.manual_seed(0)
    config = replace(CONFIGS[system], **changes)
    return system(config, 3) if system is bert.Classifier else system(config)


def read(network: nn.Module, tokens: Tensor = TEXT, **options: Any) -> Tensor:
    """The logits; for an encoder-decoder the tokens are source and target."""
    if isinstance(network, tuple(WRITERS)):
        return network(tokens, tokens, **options)
    return network(tokens, **options)


def refused(message: str, call: Callable[[], Any]) -> None:
    """The call raises a ValueError that matches the message."""
    with pytest.raises(ValueError, match=message):
        call()


TOKENS = [
    (torch.tensor([[4, 12]]), "must lie in 0..11: got 4 to 12"),
    (torch.tensor([[-1, 3]]), "must lie in 0..11: got -1 to 3"),
    (torch.empty(0, 3, dtype=torch.long), r"\(B, T\), not empty: \(0, 3\)"),
    (torch.empty(2, 0, dtype=torch.long), r"\(B, T\), not empty: \(2, 0\)"),
    (torch.tensor([4, 5]), r"\(B, T\), not empty: \(2,\)"),
    (TEXT[None], r"\(B, T\), not empty: \(1, 2, 3\)"),
    (TEXT.float(), "must be ids, int64 or int32: got torch.float32"),
    (TEXT > 5, "must be ids, int64 or int32: got torch.bool"),
]
tokens_refused = pytest.mark.parametrize(("tokens", "message"), TOKENS)


@named(CONFIGS)
@tokens_refused
def test_tokens_that_are_no_text_are_refused(system, tokens, message):
    """Ids out of range on either side, an empty batch, another shape or dtype."""
    argument = "source" if system in WRITERS else "tokens"
    refused(f"{argument} {message}|{argument} must .*{message}",
            lambda: read(build(system), tokens))  # fmt: skip


@named(WRITERS)
@tokens_refused
def test_targets_that_are_no_text_are_refused(system, tokens, message):
    """The same for the target of an encoder-decoder with a valid source."""
    refused(f"tokens .*{message}", lambda: build(system)(TEXT, tokens))


@named([s for s in CONFIGS if s is not t5.T5])  # T5 has no table of positions
def test_texts_longer_than_the_positions_are_refused(system):
    """Seven tokens for six positions, in one call or in two with a cache."""
    network, long = build(system), torch.full((2, 7), 4)
    argument = "source" if system is bart.BART else "tokens"
    message = "are 7 long; the network has 6 positions"
    refused(f"{argument} {message}", lambda: read(network, long))
    assert read(network, long[:, :6]).isfinite().all()
    if system is bart.BART:
        refused(f"tokens {message}", lambda: network(TEXT, long))
    if system in (gpt.GPT, llama.LLaMA):
        cache = Cache()
        network(long[:, :6], cache=cache)
        refused(f"tokens {message}", lambda: network(long[:, :1], cache=cache))


REAL = [
    (torch.ones(2, 4).bool(), r"boolean of shape \(2, 3\): got torch.bool .*\(2, 4\)"),
    (torch.ones(1, 3).bool(), r"boolean of shape \(2, 3\): got torch.bool .*\(1, 3\)"),
    (torch.ones(3).bool(), r"boolean of shape \(2, 3\): got torch.bool .*\(3,\)"),
    (torch.ones(2, 3), r"boolean of shape \(2, 3\): got torch.float32"),
    (torch.ones(2, 3).long(), r"boolean of shape \(2, 3\): got torch.int64"),
    (torch.tensor([[1, 1, 1], [0, 0, 0]]).bool(), "a row of padding alone, row 1"),
]
real_refused = pytest.mark.parametrize(("real", "message"), REAL)


@named(CONFIGS)
@real_refused
def test_a_wrong_padding_mask_is_refused(system, real, message):
    """Another shape or dtype, or a text of padding alone: no broadcast, no NaN."""
    refused(f"real .*{message}", lambda: read(build(system), real=real))


@named(WRITERS)
@real_refused
def test_a_wrong_padding_mask_of_the_source_is_refused(system, real, message):
    """The same for the source, also if it is already encoded."""
    network = build(system)
    refused(f"source_real .*{message}", lambda: read(network, source_real=real))
    memory = network.encode(TEXT)
    refused(f"source_real .*{message}", lambda: network.decode(TEXT, memory, real))


@named(WRITERS)
def test_texts_beside_their_sources_are_refused(system):
    """One, three or four texts for two sources, and a memory of another width."""
    network = build(system)
    for rows in (TEXT[:1], torch.cat([TEXT, TEXT[:1]]), torch.cat([TEXT, TEXT])):
        message = f"tokens must have 2 rows, as source: got {len(rows)}"
        refused(message, lambda rows=rows: network(TEXT, rows))
    memory = torch.zeros(2, 3, 9)
    message = r"memory must be of shape \(B, S, 8\), not empty: got \(2, 3, 9\)"
    refused(message, lambda: network.decode(TEXT, memory))


@named(ENCODERS)
@pytest.mark.parametrize(
    ("segments", "message"),
    [
        (torch.full((2, 3), 2), "must lie in 0..[01]: got 2 to 2"),
        (torch.full((2, 3), -1), "must lie in 0..[01]: got -1 to -1"),
        (torch.zeros(1, 3).long(), r"the tokens' shape \(2, 3\): got \(1, 3\)"),
        (torch.zeros(2, 4).long(), r"the tokens' shape \(2, 3\): got \(2, 4\)"),
        (torch.zeros(2, 3), "must be ids, int64 or int32: got torch.float32"),
    ],
)
def test_wrong_segments_are_refused(system, segments, message):
    """Out of range on either side, of another shape or dtype."""
    refused(f"segments .*{message}", lambda: read(build(system), segments=segments))


@named(CONFIGS)
def test_sizes_that_do_not_fit_are_refused(system):
    """Heads must divide the width; every size is an integer of at least 1."""
    if system is not t5.T5:  # its heads have a width of their own
        for heads in (3, 5, 16):
            message = f"heads must divide width 8: got {heads}"
            changes = {"kv_heads": heads} if system is llama.LLaMA else {}
            refused(message, lambda h=heads, c=changes: build(system, heads=h, **c))
    sizes = {"vocabulary", "width", "layers", "heads", "positions", "hidden"}
    sizes |= {"kv_heads", "segments", "head_width", "buckets", "distance"}
    for name in sorted(sizes & set(CONFIGS[system].__dataclass_fields__)):
        for value in (0, -1, 2.0, True):
            message = f"{name} must be a whole number of at least 1: {value!r}"
            refused(message, lambda n=name, v=value: build(system, **{n: v}))


def test_key_heads_must_divide_the_heads():
    """Grouped-query attention: all groups have the same size."""
    for kv_heads in (3, 4):
        refused(
            f"kv_heads must divide heads 2: got {kv_heads}",
            lambda k=kv_heads: build(llama.LLaMA, kv_heads=k),
        )
    message = "head_width must be even to form pairs: 1"
    refused(message, lambda: build(llama.LLaMA, heads=8, kv_heads=8))


@named(CONFIGS)
def test_labels_that_are_all_ignored_are_refused(system):
    """The mean of no losses would be NaN; with one label it is finite."""
    logits = read(build(system))
    if system is bert.Classifier:
        logits = logits[:, None]  # (B, 1, classes): one label a text
    loss = binary_cross_entropy if system is electra.Discriminator else cross_entropy
    labels = torch.full(logits.shape[:2], IGNORE)
    refused(f"targets are all {IGNORE}", lambda: loss(logits, labels))
    labels[0, 0] = 1
    assert loss(logits, labels).isfinite()


def everything(network: nn.Module) -> list[Tensor]:
    """The outputs of all heads, so that every weight is used."""
    pair = [network.pair(network.encoder(TEXT))] if hasattr(network, "pair") else []
    return [read(network), *pair]


def weights(system: type[nn.Module]) -> list[str]:
    """The names of its parameters."""
    return [name for name, _ in build(system).named_parameters()]


@named(CONFIGS)
def test_nan_among_the_weights_is_refused(system):
    """Each parameter in turn is NaN: an error, never a text or a score."""
    assert all(bool(out.isfinite().all()) for out in everything(build(system)))
    for name in weights(system):
        network = build(system)
        with torch.no_grad():
            network.get_parameter(name).fill_(torch.nan)
        try:
            everything(network)
        except ValueError as error:
            assert "is not finite" in str(error)  # noqa: PT017
        else:
            pytest.fail(f"NaN in {name} went through")


@named(CONFIGS)
def test_a_single_nan_inside_attention_is_refused(system):
    """One weight of a query, key or value is NaN: kernels alone would miss some."""
    names = [n for n in weights(system) if n.endswith("query_key_value.weight")]
    assert len(names) >= (1 if system is albert.ALBERT else 2)
    for name in names:
        rows = build(system).get_parameter(name).shape[0]
        for row in (0, rows // 2, rows - 1):
            network = build(system)
            with torch.no_grad():
                network.get_parameter(name)[row, 0] = torch.nan
            refused("is not finite", lambda n=network: read(n))


X = torch.linspace(-1, 1, 12).view(3, 4)
GENERATORS: dict[str, tuple[Callable[[], nn.Module], Callable[[Any], Any]]] = {
    "VAE": (lambda: VAE(4, 2, (8,)), lambda f: f(X, X[:, :2])),
    "generator": (lambda: gan.Generator(4, 2, (8,)), lambda f: f(X[:, :2])),
    "discriminator": (lambda: gan.Discriminator(4, (8,)), lambda f: f(X)),
    "denoiser": (lambda: Denoiser(4, 8, 1), lambda f: f(X, torch.arange(3))),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_nan_among_the_weights_of_a_generator_is_refused(name):
    """One number of each parameter in turn is NaN: an error, never an image."""
    build, run = GENERATORS[name]
    run(build())
    for parameter, _ in build().named_parameters():
        for place in (0, -1):
            network = build()
            with torch.no_grad():
                network.get_parameter(parameter).view(-1)[place] = torch.nan
            refused("is not finite", lambda n=network: run(n))
