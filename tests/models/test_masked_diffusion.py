"""Masked diffusion: samples have the right probabilities, and the bound holds."""

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from paradigms.models.gpt import GPTConfig
from paradigms.models.masked_diffusion import (
    MaskedDiffusion,
    bound,
    sample,
    substitute_visible,
)
from paradigms.objectives import masked_diffusion, weighted_cross_entropy
from tests.objectives.rates import LIMIT, errors
from tests.objectives.test_masked_diffusion import (
    FIRST,
    LENGTH,
    MASK,
    TEXTS,
    Table,
    arbitrary,
    conditional,
    expected_loss,
    joint,
    log_p,
    orders,
    seeded_rng,
)

pytestmark = pytest.mark.usefixtures("one_thread")
DRAWS = 100_000
WORDS = (FIRST, FIRST + 1)
BLANK = torch.full((DRAWS, LENGTH), MASK)


class Tabular:
    """A denoiser that is a lookup table and counts its calls."""

    def __init__(self, table: Table) -> None:
        self.calls = 0
        self.scores = torch.zeros(6, 6, 6, LENGTH, 6, dtype=torch.float64)
        for pattern, log_probabilities in table.items():
            self.scores[pattern] = log_probabilities

    def __call__(self, tokens: Tensor, **_: Tensor | None) -> Tensor:
        self.calls += 1
        return substitute_visible(self.scores[tokens.unbind(dim=1)], tokens)


def sharp_network(words: int = 2) -> MaskedDiffusion:
    """A random network whose predictions are far from uniform."""
    torch.manual_seed(0)
    config = GPTConfig(FIRST + words, positions=LENGTH, width=16, layers=2, heads=2)
    network = MaskedDiffusion(config).double()
    for weight in network.parameters():
        weight.data *= 8
    return network


@torch.no_grad()
def written_out(network: MaskedDiffusion) -> Table:
    """The network's log-probabilities for all patterns."""
    patterns = list(product((MASK, *WORDS), repeat=LENGTH))
    return dict(zip(patterns, network(torch.tensor(patterns)), strict=True))


def test_a_hidden_word_is_a_word_and_a_visible_one_stays():
    """Probabilities sum to 1; 0 for special tokens; 1 for visible words."""
    tokens = torch.tensor([[MASK, FIRST, MASK], [1, FIRST + 1, 2]])
    probabilities = sharp_network()(tokens).detach().exp()
    assert torch.allclose(
        probabilities.sum(dim=-1), torch.ones(2, 3, dtype=probabilities.dtype)
    )
    assert (probabilities[0, [0, 2], :FIRST] == 0).all()
    for row, place in ((0, 1), (1, 0), (1, 1), (1, 2)):
        assert probabilities[row, place, tokens[row, place]] == 1


def test_all_texts_add_up_to_one():
    """Unmasked one by one in a uniform order: the sum over texts is 1."""
    table = written_out(sharp_network())
    total = sum(math.exp(log_p(table, text)) for text in TEXTS)
    assert total == pytest.approx(1, abs=1e-9)


def test_the_bound_is_never_below_the_exact_loss():
    """For every text -log P is at most the bound, for some clearly less."""
    network = sharp_network()
    table = written_out(network)
    gaps = [float(bound(network, torch.tensor(t)).detach()) + log_p(table, t)
            for t in TEXTS]  # fmt: skip
    assert min(gaps) > -1e-9
    assert max(gaps) > 0.01


def test_the_bound_is_the_mean_over_orders_and_the_expected_objective():
    """The same value from masks, from orders, and from the loss over time."""
    network = sharp_network()
    table = written_out(network)
    for text in TEXTS:
        exact = float(bound(network, torch.tensor(text)).detach())
        assert exact == pytest.approx(-float(orders(table, text).mean()), abs=1e-9)
        assert exact == pytest.approx(expected_loss(table, text), abs=1e-9)


def test_true_conditionals_have_no_gap():
    """For the true conditionals the bound of each text is -log P."""
    network, exact = Tabular(conditional()), joint()
    for text in TEXTS:
        expected = -float(exact[tuple(word - FIRST for word in text)])
        assert float(bound(network, torch.tensor(text))) == pytest.approx(expected)


def far_from(texts: Tensor, wanted: dict[tuple[int, ...], float]) -> float:
    """The largest deviation of a text's rate from the wanted, in standard errors."""
    return max(
        errors((texts == torch.tensor(text)).all(dim=1), share)
        for text, share in wanted.items()
    )


def truth() -> dict[tuple[int, ...], float]:
    """The probability of every text under `joint`."""
    p = joint().exp()
    return {text: float(p[tuple(word - FIRST for word in text)]) for text in TEXTS}


def test_samples_of_true_conditionals_have_the_true_rates():
    """With as many steps as words samples follow the joint, in three calls."""
    network = Tabular(conditional())
    assert far_from(sample(network, BLANK, LENGTH, seeded_rng()), truth()) < LIMIT
    assert network.calls == LENGTH


def test_samples_of_any_denoiser_have_the_rates_that_it_defines():
    """For arbitrary conditionals samples follow the mean probability over orders."""
    table = arbitrary()
    expected = {text: float(torch.tensor(log_p(table, text)).exp()) for text in TEXTS}
    assert (
        far_from(sample(Tabular(table), BLANK, LENGTH, seeded_rng()), expected) < LIMIT
    )


def test_all_words_in_one_step_are_independent():
    """In one step samples follow the product of the marginals, not the joint."""
    network, p = Tabular(conditional()), joint().exp()
    samples = sample(network, BLANK, 1, seeded_rng())
    one, two, three = (p.sum([o for o in range(3) if o != i]) for i in range(3))
    product_p = torch.einsum("i,j,k->ijk", one, two, three)
    expected = {t: float(product_p[tuple(word - FIRST for word in t)]) for t in TEXTS}
    assert network.calls == 1
    assert far_from(samples, expected) < LIMIT
    assert far_from(samples, truth()) > LIMIT


def test_what_is_visible_stays_and_conditions():
    """A visible middle word stays, and the others follow the conditional."""
    network, blank = Tabular(conditional()), BLANK.clone()
    blank[:, 1] = FIRST
    consistent = {text: p for text, p in truth().items() if text[1] == FIRST}
    expected = {text: p / sum(consistent.values()) for text, p in consistent.items()}
    assert far_from(sample(network, blank, 99, seeded_rng()), expected) < LIMIT
    assert network.calls == 2  # at most one call for each masked word


def test_rows_with_different_numbers_of_blanks():
    """All masks are filled for any number of steps, and nothing else changes."""
    tokens = torch.tensor([[MASK] * 3, [FIRST, MASK, 5], [4, 5, 4], [MASK, 5, MASK]])
    for steps in (1, 2, 3, 7):
        network = Tabular(arbitrary())
        samples = sample(network, tokens, steps, seeded_rng())
        assert (samples >= FIRST).all()
        assert torch.equal(samples[tokens != MASK], tokens[tokens != MASK])
        assert network.calls == min(steps, 3)
    complete = torch.tensor([[4, 5, 4]])
    assert torch.equal(sample(network, complete, 5, seeded_rng()), complete)


def test_a_network_learns_the_joint():
    """After 300 steps the mean bound is near the entropy of the joint."""
    torch.manual_seed(0)
    config = GPTConfig(FIRST + 2, positions=LENGTH, width=16, layers=2, heads=2)
    network, rng, p = MaskedDiffusion(config), seeded_rng(), joint().exp().flatten()
    texts = torch.tensor(TEXTS)
    entropy = -float((p * p.log()).sum())
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)

    def excess() -> float:
        losses = torch.stack([bound(network, text) for text in texts]).detach()
        return float((p * losses).sum()) - entropy

    before = excess()
    for _ in range(300):
        rows = torch.multinomial(p, 96, replacement=True, generator=rng)
        inputs, targets, weights = masked_diffusion(texts[rows], rng)
        optimiser.zero_grad()
        weighted_cross_entropy(network(inputs), targets, weights).backward()
        optimiser.step()
    assert before > 0.3
    assert 0 < excess() < 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sample(Tabular(arbitrary()), BLANK, 0, seeded_rng()),
            "steps must be a whole number of at least 1: 0",
        ),
        *(
            (
                lambda steps=steps: sample(
                    Tabular(arbitrary()), BLANK, steps, seeded_rng()
                ),
                f"steps must be a whole number of at least 1: {steps}",
            )
            for steps in (2.5, True)
        ),
        (
            lambda: sample(Tabular(arbitrary()), BLANK[0], 1, seeded_rng()),
            r"tokens must be of shape \(B, T\), not empty: \(.,\)",
        ),
        (
            lambda: sample(Tabular(arbitrary()), BLANK[:0], 1, seeded_rng()),
            r"tokens must be of shape \(B, T\), not empty: \(0, .\)",
        ),
        (
            lambda: bound(sharp_network(), torch.full((1, 1), FIRST)),
            r"text must be of shape \(T\), not empty: \(1, 1\)",
        ),
        (
            lambda: substitute_visible(torch.zeros(2, 3, 6), torch.full((1, 3), FIRST)),
            r"tokens must be of the logits' shape \(2, 3\): got \(1, 3\)",
        ),
        (
            lambda: MaskedDiffusion(GPTConfig(vocabulary=4)),
            "vocabulary must be a whole number of at least 5: 4",
        ),
        (
            lambda: bound(sharp_network(), torch.tensor([1, 2, 0])),
            r"1 to 12 words, and no \[MASK\]: tensor\(\[1, 2, 0",
        ),
        (
            lambda: bound(sharp_network(), torch.tensor([FIRST, 3])),
            r"and no \[MASK\]: tensor\(\[4, 3",
        ),
        (
            lambda: bound(sharp_network(), torch.full((13,), FIRST)),
            "text must hold 1 to 12 words",
        ),
        (
            lambda: sharp_network()(torch.tensor([[9]])),
            "tokens must lie in 0..5: got 9 to 9",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    """The error names the argument and its value."""
    with pytest.raises(ValueError, match=message):
        call()
