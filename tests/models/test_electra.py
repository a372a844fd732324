"""ELECTRA as a pair: shared tables, a step of both losses, the published generator."""

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
    """The pair with fresh weights, always the same."""
    torch.manual_seed(0)
    return ELECTRA.build(LARGE, SMALL)


def texts() -> torch.Tensor:
    """Eight texts of twelve words, always the same."""
    dice = torch.Generator().manual_seed(0)
    return torch.randint(
        SpecialTokens().first_word, VOCABULARY, (8, 12), generator=dice
    )


def table(network: Generator | Discriminator, name: str) -> torch.Tensor:
    """The vectors of words, positions or segments."""
    return network.encoder.get_submodule(name).weight


@pytest.mark.parametrize("name", SHARED)
def test_the_tables_of_the_generator_are_the_discriminators(name):
    """One storage, not equal copies: what the generator learns, both have learned."""
    both = built()
    ours, theirs = table(both.generator, name), table(both.discriminator, name)
    assert ours is theirs
    both.generator(texts()).square().mean().backward()
    assert bool(theirs.grad.abs().sum() > 0)
    alone = [n for n, p in both.discriminator.named_parameters() if p.grad is not None]
    assert sorted(alone) == sorted(f"encoder.{other}.weight" for other in SHARED)


def test_the_words_are_scored_by_the_shared_table():
    """The generator's last matrix is the discriminator's table of words, too."""
    both = built()
    assert both.generator.words.output.weight is table(both.discriminator, "word")
    shared = {id(table(both.discriminator, name)) for name in SHARED}
    own = {id(p) for p in both.generator.parameters()}
    assert own & {id(p) for p in both.discriminator.parameters()} == shared


def test_a_generator_leaves_the_tables_as_they_are():
    """It draws weights of its own; those that it is given may be trained already."""
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
    """A generator whose config is not of the tables that it is given: both are told."""
    with pytest.raises(ValueError, match=message):
        ELECTRA.build(large, generator)


def test_a_narrow_generator_for_tables_as_wide_as_the_states():
    """ELECTRA base: the discriminator widens nothing, its generator narrows."""
    both = ELECTRA.build(replace(LARGE, embedding=None), replace(SMALL, embedding=16))
    assert both.generator(texts()).shape == (8, 12, VOCABULARY)
    assert both.discriminator(texts()).shape == (8, 12)


def losses(both: ELECTRA) -> tuple[torch.Tensor, torch.Tensor]:
    """The generator's, and the discriminator's on what the generator filled in."""
    dice, text = torch.Generator().manual_seed(1), texts()
    hidden, words = masked_token(text, VOCABULARY, dice, fates=(1.0, 0.0, 0.0))
    logits = both.generator(hidden)
    shown, wrong = replaced_token(text, words != IGNORE, logits, dice)
    assert bool((wrong == 1).any())
    assert bool((wrong[words == IGNORE] == 0).all())
    found = both.discriminator(shown)
    return cross_entropy(logits, words), binary_cross_entropy(found, wrong)


def test_a_step_of_both_losses_trains_both():
    """Clark et al. (2020), section 3: both losses added, the second times 50.

    Every weight of both has a gradient; after 20 steps both losses are lower, and the
    tables are still shared.
    """
    both = built()
    networks = nn.ModuleList([both.generator, both.discriminator])
    optimizer = torch.optim.Adam(networks.parameters(), lr=1e-2)  # each table once
    first = losses(both)
    (first[0] + 50 * first[1]).backward()
    assert all(p.grad is not None for p in networks.parameters())
    for _ in range(20):
        optimizer.step()
        optimizer.zero_grad()
        last = losses(both)
        (last[0] + 50 * last[1]).backward()
    assert all(after < before for after, before in zip(last, first, strict=True))
    for name in SHARED:
        assert table(both.generator, name) is table(both.discriminator, name)


def test_the_discriminators_loss_teaches_the_generator_nothing():
    """No gradient flows back through a sample; only the shared tables have one."""
    both = built()
    losses(both)[1].backward()
    moved = {
        name for name, p in both.generator.named_parameters() if p.grad is not None
    }
    assert moved == {f"encoder.{name}.weight" for name in SHARED}


class Alone(Generator):
    """A generator with tables of its own, as the reference keeps it."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, Encoder(config))


@pytest.fixture
def published(monkeypatch) -> None:
    """Where the reference's generator keeps its weights, and how it is made."""
    names = {k: v for k, v in TABLES[Discriminator].items() if k.startswith("encoder.")}
    head = {
        "words.dense": "generator_predictions.dense",
        "words.norm": "generator_predictions.LayerNorm",
        "words.output": "generator_lm_head",
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
    apart = difference((ours, logits[real], loss), (theirs, out.logits[real], out.loss))
    assert apart.logits < 1e-5
    assert apart.loss < 1e-5
    assert apart.gradients < 1e-4


@pytest.mark.usefixtures("published")
def test_another_head_would_be_noticed():
    """The guard itself: a head that forgets its bend is far above the limit."""
    torch.manual_seed(0)
    ours, theirs = pair(Alone, SMALL)
    assert share(ours(texts()), theirs(texts()).logits) < 1e-5
    ours.words.activation = nn.Identity()
    assert share(ours(texts()), theirs(texts()).logits) > 1e-2
