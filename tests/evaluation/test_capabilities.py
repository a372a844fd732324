"""The probes of generators and classifiers say no to what is slightly wrong."""

from math import isnan

import pytest
import torch

from paradigms.data import breast_cancer
from paradigms.evaluation.capabilities import classifiers, generators
from paradigms.layers.distributions import Gaussian, standard
from paradigms.models.diffusion import Diffusion, linear
from paradigms.models.gan import Generator
from paradigms.models.svm import LinearSVM
from paradigms.models.vae import VAE

DRAWS = 1000
DICE = torch.Generator()


@pytest.fixture(autouse=True)
def dice() -> None:
    """The same weights and draws for each test."""
    torch.manual_seed(0)
    DICE.manual_seed(0)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_bound_of_a_vae_without_its_kl_is_none(monkeypatch, share):
    """Without KL, or with half of it, the number is above the likelihood."""

    def part(network, x, noise):
        posterior, likelihood = network(x, noise)
        kl = posterior.kl(standard(posterior.mean))
        return likelihood.log_density(x) - share * kl

    monkeypatch.setattr(generators, "elbo", part)
    vae = generators.exact_vae()
    assert generators.vae_bounds(vae, DRAWS, DICE) == (share == 1)
    assert (generators.vae_gap(vae) < 1e-12) == (share == 1)


@pytest.mark.parametrize("left_out", [None, 0, 5, 10])
def test_a_bound_of_diffusion_without_a_term_is_none(monkeypatch, left_out):
    """L_0, one in the middle, or L_T left out: above the likelihood."""
    whole = generators.diffusion_bound

    def rest(*arguments):
        terms = whole(*arguments)
        return terms[[t for t in range(len(terms)) if t != left_out]]

    monkeypatch.setattr(generators, "diffusion_bound", rest)
    assert generators.diffusion_bounds(4 * DRAWS, DICE) == (left_out is None)


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_steps_back_that_go_too_far_do_not_draw_the_data(monkeypatch, factor):
    """Means of DDPM's step a tenth too large."""
    step = Diffusion.ddpm

    def too_far(*arguments):
        back = step(*arguments)
        return Gaussian(factor * back.mean, back.variance)

    monkeypatch.setattr(Diffusion, "ddpm", too_far)
    assert generators.diffusion_samples(DRAWS, DICE) == (factor == 1)


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_pictures_of_another_spread_are_not_drawn_from_the_vae(monkeypatch, factor):
    """A latent that is drawn from a wider normal."""
    sample = VAE.sample

    def wider(self, count, generator):
        mean = self.decoder.layers[0].bias
        return mean + factor * (sample(self, count, generator) - mean)

    monkeypatch.setattr(VAE, "sample", wider)
    vae = generators.exact_vae()
    assert generators.vae_samples(vae, DRAWS, DICE) == (factor == 1)


def test_draws_that_hardly_differ_do_not_agree():
    """The right mean and no spread; the right spread and another mean."""
    mean, covariance = torch.tensor([5.0, 5.0]), torch.eye(2)
    drawn = mean + torch.randn(DRAWS, 2, generator=DICE)
    assert generators.agree(drawn, mean, covariance)
    assert not generators.agree(mean + 1e-6 * (drawn - mean), mean, covariance)
    assert not generators.agree(drawn + 0.5, mean, covariance)
    assert not generators.agree(drawn[:, :1].expand(-1, 2), mean, covariance)


def test_a_picture_that_is_half_covered_is_not_seen_whole():
    """Gradients of a network that reads the first number alone."""
    x = torch.ones(1, 3)
    assert generators.seen(lambda x: x.sum(dim=1), x) == "the whole input"
    assert generators.seen(lambda x: x[:, 0], x) == "otherwise"


def test_a_feature_that_changes_nothing_is_not_seen():
    """Scores of a row, each number changed in turn."""
    row = torch.tensor([0.0, 1.0, 2.0])
    assert classifiers.seen(lambda x: x.sum(dim=1), row) == "the whole input"
    assert classifiers.seen(lambda x: x[:, 1:], row) == "otherwise"


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_pictures_of_another_mean_are_not_drawn_from_the_generator(monkeypatch, shift):
    """A generator that draws from another normal than its weights say."""
    sample = Generator.sample
    monkeypatch.setattr(
        Generator, "sample", lambda *order: (sample(*order).atanh() + shift).tanh()
    )
    assert generators.gan_samples(DRAWS, DICE) == (shift == 0)


@pytest.mark.parametrize("factor", [1.0, 1.01])
def test_another_schedule_differs_from_the_reference(monkeypatch, factor):
    """Betas a hundredth larger."""
    monkeypatch.setattr(generators, "linear", lambda steps: factor * linear(steps))
    assert (generators.schedule_gap() < 1e-5) == (factor == 1)


def test_a_gap_that_is_no_number_is_not_passed_over(monkeypatch):
    """Python's own `max` would."""
    step = Diffusion.ddim

    def lost(*arguments):
        back = step(*arguments)
        return Gaussian(back.mean * torch.nan, back.variance)

    monkeypatch.setattr(Diffusion, "ddim", lost)
    assert isnan(generators.schedule_gap())


def test_decision_values_are_no_probabilities():
    """The score of an SVM leaves 0 to 1; squeezed by a sigmoid it would not."""
    x, labels = breast_cancer.load()
    scores = LinearSVM().fit(x, labels).decision(x)
    assert not classifiers.probable(scores)
    assert classifiers.probable(scores.sigmoid())
