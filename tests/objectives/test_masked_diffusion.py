"""The bound of masked diffusion, summed exactly over a tiny vocabulary.

A denoiser is a table: for each pattern of three positions, each a word or [MASK], the
log-probabilities of two words at every position. All masks and all orders of unmasking
are few enough to be enumerated.
"""

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest
import torch
from torch import Tensor

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.objectives import masked_diffusion, weighted_cross_entropy
from tests.objectives.rates import LIMIT, errors

MASK, FIRST, LENGTH = SpecialTokens().mask, SpecialTokens().first_word, 3
WORDS = (FIRST, FIRST + 1)
TEXTS = list(product(WORDS, repeat=LENGTH))
Table = dict[tuple[int, ...], Tensor]  # a pattern -> log-probabilities (T, V)


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def table(scores: Callable[[tuple[int, ...]], Tensor]) -> Table:
    """Scores (T, 2) of every pattern as log-probabilities; -inf for special tokens."""
    specials = torch.full((LENGTH, FIRST), -torch.inf, dtype=torch.float64)
    return {
        pattern: torch.cat([specials, scores(pattern)], dim=1).log_softmax(dim=1)
        for pattern in product((MASK, *WORDS), repeat=LENGTH)
    }


def independent() -> Table:
    """Each position has its own distribution, independent of the context."""
    scores = torch.randn(LENGTH, 2, dtype=torch.float64, generator=seeded_rng())
    return table(lambda _: scores)


def arbitrary() -> Table:
    """Random conditionals that belong to no joint distribution."""
    rng = seeded_rng(1)
    return table(lambda _: torch.randn(LENGTH, 2, dtype=torch.float64, generator=rng))


def joint() -> Tensor:
    """Log-probabilities of the eight texts, (2, 2, 2), all positions dependent."""
    scores = torch.randn((2,) * LENGTH, dtype=torch.float64, generator=seeded_rng(2))
    return (2 * scores).flatten().log_softmax(0).view_as(scores)


def conditional() -> Table:
    """The true conditionals of `joint`, given the visible words."""
    p = joint().exp()

    def scores(pattern: tuple[int, ...]) -> Tensor:
        consistent = p.clone()
        for place, word in enumerate(pattern):
            if word != MASK:
                consistent.select(place, 1 - (word - FIRST)).zero_()
        marginals = [
            consistent.sum([other for other in range(LENGTH) if other != place])
            for place in range(LENGTH)
        ]
        return torch.stack(marginals).log()

    return table(scores)


def orders(model: Table, text: tuple[int, ...]) -> Tensor:
    """Log-probability of writing the text in each of the six orders."""
    totals = []
    for order in permutations(range(LENGTH)):
        pattern, total = [MASK] * LENGTH, torch.zeros((), dtype=torch.float64)
        for place in order:
            total = total + model[tuple(pattern)][place, text[place]]
            pattern[place] = text[place]
        totals.append(total)
    return torch.stack(totals)


def log_p(model: Table, text: tuple[int, ...]) -> float:
    """Words are unmasked one by one, each order equally likely: summed over orders."""
    totals = orders(model, text)
    return float(totals.logsumexp(0) - np.log(len(totals)))


def expected_loss(
    model: Table, text: tuple[int, ...], start: float = 0.0, weigh: bool = True
) -> float:
    """The mean of the weighted loss over all t in (start, 1) and all masks.

    For each t the sum over masks is a polynomial in t of degree at most LENGTH:
    Gauss-Legendre quadrature with four nodes integrates it exactly.
    """
    nodes, node_weights = np.polynomial.legendre.leggauss(4)
    words, total = torch.tensor([text]), 0.0
    for node, node_weight in zip(nodes, node_weights, strict=True):
        t = start + (1 - start) * (node + 1) / 2
        for mask in product((False, True), repeat=LENGTH):
            inputs = words.masked_fill(torch.tensor([mask]), MASK)
            targets = words.masked_fill(~torch.tensor([mask]), IGNORE)
            logits = model[tuple(inputs[0].tolist())][None]
            weight = torch.tensor([1 / t if weigh else 1.0], dtype=torch.float64)
            probability = t ** sum(mask) * (1 - t) ** (LENGTH - sum(mask))
            loss = float(weighted_cross_entropy(logits, targets, weight))
            total += node_weight / 2 * probability * loss
    return total


def test_the_expected_loss_of_independent_places_is_exact():
    """Then the bound is tight: the sum of the losses of all positions is -log p."""
    model = independent()
    blank = model[(MASK,) * LENGTH]
    for text in TEXTS:
        exact = -sum(float(blank[place, word]) for place, word in enumerate(text))
        assert expected_loss(model, text) == pytest.approx(exact, abs=1e-12)
        assert -log_p(model, text) == pytest.approx(exact, abs=1e-12)


def test_the_expected_loss_is_the_mean_over_all_orders():
    """For any denoiser the expected loss is minus the mean log p over orders."""
    model = arbitrary()
    for text in TEXTS:
        exact = -float(orders(model, text).mean())
        assert expected_loss(model, text) == pytest.approx(exact, abs=1e-12)


def test_the_loss_bounds_the_likelihood():
    """All p sum to 1, and the expected loss is never below -log p."""
    model = arbitrary()
    assert sum(np.exp(log_p(model, text)) for text in TEXTS) == pytest.approx(1)
    gaps = [expected_loss(model, text) + log_p(model, text) for text in TEXTS]
    assert min(gaps) > 0.01


def test_true_conditionals_close_the_gap():
    """All orders agree for the true conditionals: the bound equals -log p."""
    model, exact = conditional(), joint()
    for text in TEXTS:
        expected = -float(exact[tuple(word - FIRST for word in text)])
        assert expected_loss(model, text) == pytest.approx(expected, abs=1e-12)
        assert log_p(model, text) == pytest.approx(-expected, abs=1e-12)


def test_without_its_weight_the_loss_is_no_bound():
    """Negative control: the unweighted masked-token loss falls below -log p."""
    model = conditional()
    below = [expected_loss(model, text, weigh=False) + log_p(model, text)
             for text in TEXTS]  # fmt: skip
    assert max(below) < 0


def test_words_are_hidden_at_the_rate_of_their_time():
    """Two million words: in each tenth of t a share t is masked, and t is uniform."""
    text = torch.full((1_000_000, 2), FIRST)
    inputs, targets, weights = masked_diffusion(text, seeded_rng())
    time = 1 / weights
    assert 0 < float(time.min()) < 1e-5
    assert float(time.max()) <= 1
    hidden = inputs == MASK
    assert torch.equal(hidden, targets != IGNORE)
    for tenth in range(10):
        rows = (time > tenth / 10) & (time <= (tenth + 1) / 10)
        assert errors(rows, 0.1) < LIMIT
        excess = hidden[rows].double() - time[rows, None]
        spread = (time[rows] * (1 - time[rows])).mean() / excess.numel()
        assert abs(float(excess.mean())) < LIMIT * float(spread) ** 0.5


def test_every_row_has_a_uniform_time_of_its_own():
    """10,000 batches: times are stratified within a batch, yet uniform for each row."""
    text, rng = torch.full((4, 1), FIRST), seeded_rng()
    times = torch.stack(
        [1 / masked_diffusion(text, rng)[2] for _ in range(10_000)]
    )  # (10000, 4)
    assert ((times * 4).ceil().sort(dim=1).values == torch.arange(1, 5)).all()
    for row in range(4):
        for tenth in range(10):
            inside = (times[:, row] * 10).ceil() == tenth + 1
            assert errors(inside, 0.1) < LIMIT


def test_the_loss_of_a_million_draws_is_the_bound():
    """Draws with t above 0.1, where 1/t keeps the variance finite, in 100 batches.

    Leaving out the draws without a masked word gives a biased estimate.
    """
    model, text, rng = arbitrary(), (FIRST, FIRST + 1, FIRST), seeded_rng()
    patterns = list(model)
    logits = torch.stack([model[pattern] for pattern in patterns])  # (27, T, V)
    index = torch.zeros(6, 6, 6, dtype=torch.long)
    for row, pattern in enumerate(patterns):
        index[pattern] = row
    batch, means, biased = torch.tensor([text]).expand(12_000, -1), [], []
    for _ in range(100):
        inputs, targets, weights = masked_diffusion(batch, rng)
        for rows, values in (
            (weights < 10, means),
            ((weights < 10) & (targets != IGNORE).any(dim=1), biased),
        ):
            scores = logits[index[inputs[rows].unbind(dim=1)]]  # (N, T, V)
            loss = weighted_cross_entropy(scores, targets[rows], weights[rows])
            values.append(float(loss))
    exact = expected_loss(model, text, start=0.1)
    standard_error = float(np.std(means, ddof=1)) / 10
    assert abs(np.mean(means) - exact) < LIMIT * standard_error
    assert abs(np.mean(biased) - exact) > LIMIT * standard_error


def test_special_tokens_are_never_hidden():
    """Padding, BOS and EOS are unchanged, at every time."""
    text = torch.tensor([[1, 5, 6, 2, 0]]).expand(1000, -1)
    inputs, targets, _ = masked_diffusion(text, seeded_rng())
    assert torch.equal(inputs[:, [0, 3, 4]], text[:, [0, 3, 4]])
    assert (targets[:, [0, 3, 4]] == IGNORE).all()


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.zeros(0, 3, dtype=torch.long), "not empty"),
        (torch.tensor([[5, 6], [0, 0]]), "row 1 is padding alone"),
        (torch.tensor([[5, -6]]), "must not be negative: got -6 to 5"),
    ],
)
def test_a_batch_without_words_is_refused(tokens, message):
    """The error names the argument, and the row."""
    with pytest.raises(ValueError, match=message):
        masked_diffusion(tokens, seeded_rng())
