"""ELECTRA: shared embeddings, joint training, parity of the generator."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.evaluation.parity import MAKERS, difference, pair, share
from paradigms.models import electra
from paradigms.models.electra import ELECTRA, Discriminator, Generator
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.models.pretrained.hf_weights import TABLES
from paradigms.objectives import (
    binary_cross_entropy,
    cross_entropy,
    masked_token,
    replaced_token,
)

pytestmark = pytest.mark.usefixtures("one_thread")

VOCABULARY, NARROW = 30, 6
LARGE = replace(
    electra.BASE,
    vocabulary=VOCABULARY,
    positions=12,
    embedding=NARROW,
    width=16,
    layers=2,
    heads=4,
    hidden=20,
)
SMALL = replace(LARGE, width=8, heads=2, hidden=12)  # of the generator
SHARED = ("word", "position", "segment")


def built() -> ELECTRA:
    """An ELECTRA model with fresh weights and a fixed seed."""
    torch.manual_seed(0)
    return ELECTRA.build(LARGE, SMALL)


def texts() -> torch.Tensor:
    """Eight texts of twelve words, with a fixed seed."""
    rng = torch.Generator().manual_seed(0)
    return torch.randint(SpecialTokens().first_word, VOCABULARY, (8, 12), generator=rng)


def table(network: Generator | Discriminator, name: str) -> torch.Tensor:
    """The embedding weights of words, positions or segments."""
    return network.encoder.get_submodule(name).weight


@pytest.mark.parametrize("name", SHARED)
def test_the_tables_of_the_generator_are_the_discriminators(name):
    """One parameter, not equal copies: the generator's loss trains it for both."""
    model = built()
    ours, theirs = table(model.generator, name), table(model.discriminator, name)
    assert ours is theirs
    model.generator(texts()).square().mean().backward()
    assert bool(theirs.grad.abs().sum() > 0)
    names = [n for n, p in model.discriminator.named_parameters() if p.grad is not None]
    assert sorted(names) == sorted(f"encoder.{other}.weight" for other in SHARED)


def test_the_words_are_scored_by_the_shared_table():
    """The generator's output weights are tied to the shared word embeddings."""
    model = built()
    assert model.generator.mlm_head.output.weight is table(model.discriminator, "word")
    shared = {id(table(model.discriminator, name)) for name in SHARED}
    own = {id(p) for p in model.generator.parameters()}
    assert own & {id(p) for p in model.discriminator.parameters()} == shared


def test_a_generator_leaves_the_tables_as_they_are():
    """Initialising a generator does not reset the shared embeddings."""
    tables = Encoder(LARGE)
    before = {name: weight.clone() for name, weight in tables.state_dict().items()}
    Generator(SMALL, tables)
    assert all(torch.equal(tables.state_dict()[n], before[n]) for n in before)


@pytest.mark.parametrize(
    ("generator", "large", "message"),
    [
        (replace(SMALL, embedding=7), LARGE, "embedding must be 6, .*: got 7"),
        (replace(SMALL, embedding=None), LARGE, "embedding must be 6, .*: got 8"),
        (SMALL, replace(LARGE, embedding=None), "embedding must be 16, .*: got 6"),
        (replace(SMALL, vocabulary=29), LARGE, "vocabulary must be 30, .*: got 29"),
        (replace(SMALL, positions=13), LARGE, "positions must be 12, .*: got 13"),
        (replace(SMALL, segments=3), LARGE, "segments must be 2, .*: got 3"),
        (replace(SMALL, first_position=2), LARGE, "first_position must be 0, .* got 2"),
    ],
)
def test_tables_of_another_size_are_refused(generator, large, message):
    """A config that does not fit the shared embeddings: both values are named."""
    with pytest.raises(ValueError, match=message):
        ELECTRA.build(large, generator)


def test_a_narrow_generator_for_tables_as_wide_as_the_states():
    """ELECTRA base: only the generator projects the embeddings, to a smaller width."""
    model = ELECTRA.build(replace(LARGE, embedding=None), replace(SMALL, embedding=16))
    assert model.generator(texts()).shape == (8, 12, VOCABULARY)
    assert model.discriminator(texts()).shape == (8, 12)


def losses(both: ELECTRA) -> tuple[torch.Tensor, torch.Tensor]:
    """The generator's loss, and the discriminator's on the generator's samples."""
    rng, text = torch.Generator().manual_seed(1), texts()
    inputs, targets = masked_token(text, VOCABULARY, rng, fates=(1.0, 0.0, 0.0))
    logits = both.generator(inputs)
    tokens, labels = replaced_token(text, targets != IGNORE, logits, rng)
    assert bool((labels == 1).any())
    assert bool((labels[targets == IGNORE] == 0).all())
    scores = both.discriminator(tokens)
    return cross_entropy(logits, targets), binary_cross_entropy(scores, labels)


def test_a_step_of_both_losses_trains_both():
    """Clark et al. (2020), section 3: the sum of both losses, the second times 50.

    Every parameter has a gradient; after 20 steps both losses are lower, and the
    embeddings are still shared.
    """
    model = built()
    networks = nn.ModuleList([model.generator, model.discriminator])
    optimizer = torch.optim.Adam(networks.parameters(), lr=1e-2)  # no duplicates
    first = losses(model)
    (first[0] + 50 * first[1]).backward()
    assert all(p.grad is not None for p in networks.parameters())
    for _ in range(20):
        optimizer.step()
        optimizer.zero_grad()
        last = losses(model)
        (last[0] + 50 * last[1]).backward()
    assert all(after < before for after, before in zip(last, first, strict=True))
    for name in SHARED:
        assert table(model.generator, name) is table(model.discriminator, name)


def test_the_discriminators_loss_teaches_the_generator_nothing():
    """No gradient flows through a sample; only the shared embeddings have one."""
    model = built()
    losses(model)[1].backward()
    names = {
        name for name, p in model.generator.named_parameters() if p.grad is not None
    }
    assert names == {f"encoder.{name}.weight" for name in SHARED}


class Alone(Generator):
    """A generator with its own embeddings, as in the reference."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, Encoder(config))


@pytest.fixture
def published(monkeypatch) -> None:
    """Registers the names of the reference generator's weights, and its class."""
    names = {k: v for k, v in TABLES[Discriminator].items() if k.startswith("encoder.")}
    head = {
        "mlm_head.dense": "generator_predictions.dense",
        "mlm_head.norm": "generator_predictions.LayerNorm",
        "mlm_head.output": "generator_lm_head",
    }
    monkeypatch.setitem(TABLES, Alone, names | head)
    maker = ("ElectraForMaskedLM", MAKERS[Discriminator][1])
    monkeypatch.setitem(MAKERS, Alone, maker)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("config", [SMALL, LARGE, replace(SMALL, embedding=None)])
def test_the_generator_equals_its_reference(config):
    """Same weights: logits, loss and gradients, with segments and padding."""
    torch.manual_seed(0)
    ours, theirs = pair(Alone, config)
    text, segments = texts(), torch.randint(2, (8, 12))
    real = torch.arange(12) < torch.arange(5, 13)[:, None]
    labels = text.masked_fill(~real, IGNORE)
    logits = ours(text, segments=segments, real=real)
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE)
    out = theirs(
        text, attention_mask=real.long(), token_type_ids=segments, labels=labels
    )
    differences = difference(
        (ours, logits[real], loss), (theirs, out.logits[real], out.loss)
    )
    assert differences.logits < 1e-5
    assert differences.loss < 1e-5
    assert differences.gradients < 1e-4


@pytest.mark.usefixtures("published")
def test_another_head_would_be_noticed():
    """Negative control: a head without its activation is far above the limit."""
    torch.manual_seed(0)
    ours, theirs = pair(Alone, SMALL)
    assert share(ours(texts()), theirs(texts()).logits) < 1e-5
    ours.mlm_head.activation = nn.Identity()
    assert share(ours(texts()), theirs(texts()).logits) > 1e-2
