"""Whiteboard code on classifiers, probabilities and calibration."""

from itertools import pairwise
from math import prod

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch.nn.functional import one_hot
from torch.testing import assert_close

from paradigms.evaluation.calibration import expected_calibration_error
from paradigms.evaluation.receptive_field import sequence_log_prob
from paradigms.masks import Rule, bidirectional, causal
from paradigms.models.inference.prior_shift import em_class_prior
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from tests.site.boards.board import Board, tiny


def calibration_ece(board: Board) -> None:
    """Our formula on ten bins of equal width."""
    rng = torch.Generator().manual_seed(0)
    confidence = torch.rand(500, generator=rng, dtype=torch.float64).sqrt()
    confidence[:2] = torch.tensor([1.0, 0.5])
    correct = (torch.rand(500, generator=rng) < confidence**2).double()
    bins = []
    for number in range(1, 11):
        part = (confidence * 10).ceil() == number
        means = float(confidence[part].mean()), float(correct[part].mean())
        bins.append((*means, int(part.sum())))
    error = float(board.ece(confidence, correct))
    assert abs(error - expected_calibration_error(bins)) < 1e-9
    one_empty = torch.tensor([0.05, 0.95], dtype=torch.float64)
    assert round(float(board.ece(one_empty, torch.tensor([1.0, 0.0]))), 9) == 0.95
    assert round(float(board.ece(one_empty, torch.tensor([1.0, 0.0]), 1)), 9) == 0
    sixths = torch.tensor([0.12, 0.18], dtype=torch.float64)
    assert round(float(board.ece(sixths, torch.tensor([1.0, 0.0]))), 9) == 0.35


def classifiers_nb_on_the_board(board: Board) -> None:
    """Our naive Bayes, with two smoothings."""
    rng = torch.Generator().manual_seed(0)
    counts = torch.randint(0, 4, (30, 7), generator=rng).double()
    labels = torch.randint(0, 3, (30,), generator=rng)
    members = one_hot(labels).double()
    for smoothing in (1.0, 0.2):
        options = () if smoothing == 1.0 else (smoothing,)
        ours = MultinomialNaiveBayes(3, smoothing).fit(counts, labels)
        parameters = board.fit(counts, members, *options)
        assert_close(board.predict(counts, *parameters), ours.predict_proba(counts))


def taxonomy_show_by_code(board: Board) -> None:
    """A GPT sums to one and is causal, with BERT's mask it is not; means of errors."""
    network = tiny(4)

    def log_p(text: tuple[int, ...]) -> float:
        tokens = torch.tensor([[0, *text]])
        return float(sequence_log_prob(network(tokens[:, :-1]), tokens[:, 1:]))

    def states(rule: Rule, text: list[int]) -> list[list[float]]:
        return network(torch.tensor([text]), rule=rule)[0].tolist()

    assert abs(board.total(log_p, 4, 3) - 1) < 1e-9
    texts = [1, 2, 3], [1, 2, 0]
    assert board.is_causal(lambda text: states(causal, text), *texts)
    assert not board.is_causal(lambda text: states(bidirectional, text), *texts)
    curve = board.mean_errors(lambda n, seed: n + seed, float, (10, 20), (0, 1, 5))
    assert curve == {10: 12.0, 20: 22.0}


def bayes_log_space(board: Board) -> None:
    """Bayes' rule where a product works, and the same where it underflows."""
    rng = torch.Generator().manual_seed(0)
    factors = (torch.rand(3, 4, generator=rng, dtype=torch.float64) + 0.1).tolist()
    prior = [0.2, 0.3, 0.5]
    joint = [p * prod(row) for p, row in zip(prior, factors, strict=True)]
    expected = [value / sum(joint) for value in joint]
    assert_close(board.posterior(prior, factors), expected)
    long = [[1e-4] * 300, [1e-4] * 299 + [2e-4], [1e-9] * 300]
    assert prod(long[0]) == 0, "no underflow"
    posterior = board.posterior([0.5, 0.25, 0.25], long)
    assert [round(p, 9) for p in posterior] == [0.5, 0.5, 0.0]


def semisupervised_em(board: Board) -> None:
    """Naive Bayes at first; then the penalised likelihood never falls.

    With the weight 0 the unlabelled texts change nothing.
    """
    rng = torch.Generator().manual_seed(0)
    rates = torch.tensor([[8.0, 4, 1, 1, 2], [1, 2, 8, 4, 1]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 0, 1])
    hidden = torch.randint(0, 2, (40,), generator=rng)
    labelled, others = (torch.poisson(rates[y] / 4, rng) for y in (labels, hidden))
    data = labelled, one_hot(labels).double(), others

    def likelihood(parameters: tuple[Tensor, Tensor], weight: float) -> float:
        log_p, log_prior = parameters
        joint = ((labelled @ log_p + log_prior) * data[1]).sum()
        evidence = (others @ log_p + log_prior).logsumexp(1).sum()
        return float(joint + weight * evidence + log_p.sum())

    first = MultinomialNaiveBayes().fit(labelled, labels)
    start = first.log_likelihood, first.log_prior
    for weight in (1.0, 0.1):
        course = [board.em(*data, steps, weight) for steps in range(8)]
        assert_close(course[0], start)
        values = [likelihood(parameters, weight) for parameters in course]
        assert all(after >= before - 1e-9 for before, after in pairwise(values))
        assert values[-1] > values[0] + 0.1
        assert values[-1] - values[-2] < 0.01 * (values[1] - values[0])
    assert_close(board.em(*data, 3), board.em(*data, 3, 1.0))
    assert_close(board.em(*data, 3, 0.0), start)


def semisupervised_mixture(board: Board) -> None:
    """The EM of scikit-learn from the same start; the floor of the deviations."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(90, generator=rng, dtype=torch.float64)
    x[30:] = 2 * x[30:] + 3
    mean, std = x.new_tensor([-1.0, 1]), x.new_tensor([1.0, 2])
    start = {"weights_init": [0.5, 0.5], "means_init": mean[:, None].numpy()}
    start["precisions_init"] = std.pow(-2).view(2, 1, 1).numpy()
    theirs = []
    for steps in (5, 6):
        model = GaussianMixture(2, reg_covar=0, tol=0, max_iter=steps, **start)
        with pytest.warns(ConvergenceWarning):
            theirs.append(model.fit(x[:, None].numpy()))
    before, after = theirs
    expected = [after.weights_, after.means_[:, 0], after.covariances_[:, 0, 0] ** 0.5]
    expected.append(before.predict_proba(x[:, None].numpy()))
    assert_close(board.em(x, mean, std, 6), tuple(map(torch.tensor, expected)))
    lonely, start_mean = x.new_tensor([0.0, 9, 10]), x.new_tensor([0.0, 9.5])
    for floor in (1e-3, 0.1):
        options = () if floor == 1e-3 else (floor,)
        deviations = board.em(lonely, start_mean, torch.ones(2), 9, *options)[2]
        assert_close(deviations, x.new_tensor([floor, 0.5]))


def classifiers_softmax_step(board: Board) -> None:
    """The gradient of autograd, with and without a penalty; its rate by default."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(7, 3, generator=rng, dtype=torch.float64)
    y = torch.tensor([0, 1, 2, 3, 1, 1, 0])
    for rate, penalty in ((0.1, 0.0), (0.5, 0.3)):
        w = torch.randn(3, 4, generator=rng, dtype=torch.float64, requires_grad=True)
        b = torch.randn(4, generator=rng, dtype=torch.float64, requires_grad=True)
        loss = torch.nn.functional.cross_entropy(x @ w + b, y)
        (loss + penalty / 2 * w.square().sum()).backward()
        options = () if penalty == 0 else (rate, penalty)
        mine = board.step(w.detach(), b.detach(), x, y, *options)
        assert_close(mine[0], (w - rate * w.grad).detach())
        assert_close(mine[1], (b - rate * b.grad).detach())


def classifiers_lda_code(board: Board) -> None:
    """The posterior of scikit-learn's LDA, with classes of unequal size."""
    rng = torch.Generator().manual_seed(0)
    y = torch.tensor([0, 1, 2] * 4 + [0] * 8)
    x = torch.randn(20, 2, generator=rng, dtype=torch.float64)
    x[:, 0] = x[:, 0] * 3 + x[:, 1] + y
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x.numpy(), y.numpy())
    prior, means, cov = board.fit(x, y, 3)
    assert_close(prior, torch.tensor([0.6, 0.2, 0.2], dtype=torch.float64))
    expected = torch.from_numpy(theirs.predict_proba(x.numpy()))
    assert_close(board.posterior(x, prior, means, cov), expected)


def bayes_divergences(board: Board) -> None:
    """Those of torch, zeros included; infinite where q excludes what p has."""
    rng = torch.Generator().manual_seed(0)
    p, q = torch.rand(2, 4, 5, generator=rng, dtype=torch.float64)
    p[0, :2] = 0
    p[1, 3] = 0
    p, q = p / p.sum(dim=1, keepdim=True), q / q.sum(dim=1, keepdim=True)
    expected = torch.nn.functional.kl_div(q.log(), p, reduction="none").sum(dim=1)
    assert_close(board.kl(p, q), expected)
    assert_close(board.cross_entropy(p, q), -(p * q.log()).sum(dim=1))
    assert (board.kl(q, p)[:2] == torch.inf).all()
    middle = ((p + q) / 2).log()
    halves = [
        torch.nn.functional.kl_div(middle, one, reduction="none").sum(dim=1)
        for one in (p, q)
    ]
    assert_close(board.jensen_shannon(p, q), sum(halves) / 2)


def shift_em(board: Board) -> None:
    """The shares of ours, far from the old ones."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(60, 3, generator=rng, dtype=torch.float64) * 3
    prior = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    logits[:, 2] += 1
    expected = em_class_prior(logits, prior.log()).exp()
    mine = board.class_priors(logits.softmax(dim=1), prior, 300)
    assert_close(mine, expected, atol=1e-4, rtol=0)
    once = board.class_priors(logits.softmax(dim=1), prior, 1)
    assert_close(once, logits.softmax(dim=1).mean(dim=0))


def calibration_conformal(board: Board) -> None:
    """Labels up to the score of rank 90 of 99; with too few rows, every label."""
    rng = torch.Generator().manual_seed(0)
    p = torch.rand(99, 3, generator=rng, dtype=torch.float64)
    y = torch.randint(0, 3, (99,), generator=rng)
    limit = (1 - p[range(99), y]).sort().values[89]
    apart = torch.tensor([[1e-9, -1e-9, 0.5], [-0.1, 0.1, -0.2]])
    new = 1 - limit + apart.double()
    expected = [[True, False, True], [False, True, False]]
    assert board.prediction_sets(p, y, new).tolist() == expected
    half = board.prediction_sets(p, y, p, 0.5)
    assert int(half[range(99), y].sum()) == 50
    nothing = torch.zeros(1, 3)
    assert board.prediction_sets(p[:8], y[:8], nothing).all()
    assert not board.prediction_sets(p[:9], y[:9], nothing).any()


def calibration_temperature(board: Board) -> None:
    """No other temperature has a smaller loss, by a grid."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 3, generator=rng) * 4
    y = (logits / 3).softmax(dim=1).multinomial(1, generator=rng).flatten()
    grid = torch.linspace(0.5, 6, 1101)
    losses = [torch.nn.functional.cross_entropy(logits / t, y) for t in grid]
    best = float(grid[torch.stack(losses).argmin()])
    assert 2 < best < 4
    assert abs(board.fit_temperature(logits, y) - best) < 0.01
