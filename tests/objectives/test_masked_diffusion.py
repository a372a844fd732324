"""The bound of masked diffusion, summed exactly over a tiny vocabulary.

A denoiser is a table: for each of the patterns of three places, each a word or [MASK],
the log-probabilities of two words at every place. All that can be hidden and all orders
in which it can come back are few enough to be summed one by one.
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


def dice(seed: int = 0) -> torch.Generator:
    """Reproducible draws."""
    return torch.Generator().manual_seed(seed)


def table(scores: Callable[[tuple[int, ...]], Tensor]) -> Table:
    """Scores (T, 2) of every pattern as log-probabilities; special tokens have none."""
    bars = torch.full((LENGTH, FIRST), -torch.inf, dtype=torch.float64)
    return {
        pattern: torch.cat([bars, scores(pattern)], dim=1).log_softmax(dim=1)
        for pattern in product((MASK, *WORDS), repeat=LENGTH)
    }


def independent() -> Table:
    """Each place has its own distribution, whatever else is seen."""
    scores = torch.randn(LENGTH, 2, dtype=torch.float64, generator=dice())
    return table(lambda pattern: scores)


def arbitrary() -> Table:
    """Any network: conditionals that belong to no joint distribution."""
    draws = dice(1)
    return table(lambda _: torch.randn(LENGTH, 2, dtype=torch.float64, generator=draws))


def joint() -> Tensor:
    """Log-probabilities of the eight texts, (2, 2, 2), all places dependent."""
    scores = torch.randn((2,) * LENGTH, dtype=torch.float64, generator=dice(2))
    return (2 * scores).flatten().log_softmax(0).view_as(scores)


def conditional() -> Table:
    """The true conditionals of `joint`, given what is seen."""
    p = joint().exp()

    def scores(pattern: tuple[int, ...]) -> Tensor:
        fits = p.clone()
        for place, word in enumerate(pattern):
            if word != MASK:
                fits.select(place, 1 - (word - FIRST)).zero_()
        rest = [
            fits.sum([other for other in range(LENGTH) if other != place])
            for place in range(LENGTH)
        ]
        return torch.stack(rest).log()

    return table(scores)


def orders(model: Table, text: tuple[int, ...]) -> Tensor:
    """Log-probability of writing the text in each of the six orders."""
    totals = []
    for order in permutations(range(LENGTH)):
        seen, total = [MASK] * LENGTH, torch.zeros((), dtype=torch.float64)
        for place in order:
            total = total + model[tuple(seen)][place, text[place]]
            seen[place] = text[place]
        totals.append(total)
    return torch.stack(totals)


def log_p(model: Table, text: tuple[int, ...]) -> float:
    """Words come back one by one, each order equally likely: the sum over orders."""
    totals = orders(model, text)
    return float(totals.logsumexp(0) - np.log(len(totals)))


def expected_loss(
    model: Table, text: tuple[int, ...], start: float = 0.0, weigh: bool = True
) -> float:
    """The mean of the weighted loss over all t in (start, 1) and all that can hide.

    For each t the sum over patterns is a polynomial in t, of degree below LENGTH + 1:
    Gauss's rule with four nodes integrates it exactly.
    """
    nodes, shares = np.polynomial.legendre.leggauss(4)
    words, total = torch.tensor([text]), 0.0
    for node, share in zip(nodes, shares, strict=True):
        t = start + (1 - start) * (node + 1) / 2
        for hidden in product((False, True), repeat=LENGTH):
            shown = words.masked_fill(torch.tensor([hidden]), MASK)
            targets = words.masked_fill(~torch.tensor([hidden]), IGNORE)
            logits = model[tuple(shown[0].tolist())][None]
            weight = torch.tensor([1 / t if weigh else 1.0], dtype=torch.float64)
            chance = t ** sum(hidden) * (1 - t) ** (LENGTH - sum(hidden))
            loss = float(weighted_cross_entropy(logits, targets, weight))
            total += share / 2 * chance * loss
    return total


def test_the_expected_loss_of_independent_places_is_exact():
    """Then the bound has no gap: it is the sum of the places' losses, -log p."""
    model = independent()
    blank = model[(MASK,) * LENGTH]
    for text in TEXTS:
        exact = -sum(float(blank[place, word]) for place, word in enumerate(text))
        assert expected_loss(model, text) == pytest.approx(exact, abs=1e-12)
        assert -log_p(model, text) == pytest.approx(exact, abs=1e-12)


def test_the_expected_loss_is_the_mean_over_all_orders():
    """For any denoiser, the analytic bound: minus the mean log p over orders."""
    model = arbitrary()
    for text in TEXTS:
        exact = -float(orders(model, text).mean())
        assert expected_loss(model, text) == pytest.approx(exact, abs=1e-12)


def test_the_loss_bounds_the_likelihood():
    """All p add up to one, and the expected loss is never below -log p."""
    model = arbitrary()
    assert sum(np.exp(log_p(model, text)) for text in TEXTS) == pytest.approx(1)
    gaps = [expected_loss(model, text) + log_p(model, text) for text in TEXTS]
    assert min(gaps) > 0.01


def test_true_conditionals_close_the_gap():
    """All orders agree if the denoiser knows the joint: the bound is -log p itself."""
    model, exact = conditional(), joint()
    for text in TEXTS:
        expected = -float(exact[tuple(word - FIRST for word in text)])
        assert expected_loss(model, text) == pytest.approx(expected, abs=1e-12)
        assert log_p(model, text) == pytest.approx(-expected, abs=1e-12)


def test_without_its_weight_the_loss_is_no_bound():
    """The guard itself: a plain masked-token loss falls below -log p."""
    model = conditional()
    below = [expected_loss(model, text, weigh=False) + log_p(model, text)
             for text in TEXTS]  # fmt: skip
    assert max(below) < 0


def test_words_are_hidden_at_the_rate_of_their_time():
    """Two million words: in each tenth of t a share t is hidden, and t is uniform."""
    text = torch.full((1_000_000, 2), FIRST)
    inputs, targets, weights = masked_diffusion(text, dice())
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
    """10,000 batches: the times are spread over a batch, yet none prefers a tenth."""
    text, draws = torch.full((4, 1), FIRST), dice()
    times = torch.stack(
        [1 / masked_diffusion(text, draws)[2] for _ in range(10_000)]
    )  # (10000, 4)
    assert ((times * 4).ceil().sort(dim=1).values == torch.arange(1, 5)).all()
    for row in range(4):
        for tenth in range(10):
            inside = (times[:, row] * 10).ceil() == tenth + 1
            assert errors(inside, 0.1) < LIMIT


def test_the_loss_of_a_million_draws_is_the_bound():
    """Draws with t above 0.1, where 1/t keeps the variance finite, in 100 batches.

    Leaving out the draws that hide nothing would be noticed.
    """
    model, text, draws = arbitrary(), (FIRST, FIRST + 1, FIRST), dice()
    patterns = list(model)
    logits = torch.stack([model[pattern] for pattern in patterns])  # (27, T, V)
    index = torch.zeros(6, 6, 6, dtype=torch.long)
    for number, pattern in enumerate(patterns):
        index[pattern] = number
    batch, means, careless = torch.tensor([text]).expand(12_000, -1), [], []
    for _ in range(100):
        inputs, targets, weights = masked_diffusion(batch, draws)
        for kept, into in (
            (weights < 10, means),
            ((weights < 10) & (targets != IGNORE).any(dim=1), careless),
        ):
            scores = logits[index[inputs[kept].unbind(dim=1)]]  # (N, T, V)
            loss = weighted_cross_entropy(scores, targets[kept], weights[kept])
            into.append(float(loss))
    exact = expected_loss(model, text, start=0.1)
    spread = float(np.std(means, ddof=1)) / 10
    assert abs(np.mean(means) - exact) < LIMIT * spread
    assert abs(np.mean(careless) - exact) > LIMIT * spread


def test_special_tokens_are_never_hidden():
    """Padding, BOS and EOS stay, at every time."""
    text = torch.tensor([[1, 5, 6, 2, 0]]).expand(1000, -1)
    inputs, targets, _ = masked_diffusion(text, dice())
    assert torch.equal(inputs[:, [0, 3, 4]], text[:, [0, 3, 4]])
    assert (targets[:, [0, 3, 4]] == IGNORE).all()


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.zeros(0, 3, dtype=torch.long), "not empty"),
        (torch.tensor([[5, 6], [0, 0]]), "row 1 is padding alone"),
        (torch.tensor([[5, -6]]), "found -6 to 5"),
    ],
)
def test_a_batch_without_words_is_refused(tokens, message):
    """One line that names the argument, and the row."""
    with pytest.raises(ValueError, match=message):
        masked_diffusion(tokens, dice())
