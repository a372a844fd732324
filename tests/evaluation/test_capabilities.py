"""The capability probes detect generators and classifiers that are slightly wrong."""

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
RNG = torch.Generator()


@pytest.fixture(autouse=True)
def seeded_rng() -> None:
    """The same weights and draws for each test."""
    torch.manual_seed(0)
    RNG.manual_seed(0)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_bound_of_a_vae_without_its_kl_is_none(monkeypatch, share):
    """Without the KL term, or with half of it, the ELBO exceeds the likelihood."""

    def partial_elbo(network, x, noise):
        posterior, likelihood = network(x, noise)
        kl = posterior.kl(standard(posterior.mean))
        return likelihood.log_density(x) - share * kl

    monkeypatch.setattr(generators, "elbo", partial_elbo)
    vae = generators.exact_vae()
    assert generators.vae_bounds(vae, DRAWS, RNG) == (share == 1)
    assert (generators.vae_gap(vae) < 1e-12) == (share == 1)


@pytest.mark.parametrize("left_out", [None, 0, 5, 10])
def test_a_bound_of_diffusion_without_a_term_is_none(monkeypatch, left_out):
    """Without L_0, a middle term, or L_T the bound exceeds the likelihood."""
    original = generators.diffusion_bound

    def without_term(*arguments):
        terms = original(*arguments)
        return terms[[t for t in range(len(terms)) if t != left_out]]

    monkeypatch.setattr(generators, "diffusion_bound", without_term)
    assert generators.diffusion_bounds(4 * DRAWS, RNG) == (left_out is None)


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_steps_back_that_go_too_far_do_not_draw_the_data(monkeypatch, factor):
    """Means of the DDPM step 10% too large are detected."""
    original = Diffusion.ddpm

    def scaled_step(*arguments):
        reverse = original(*arguments)
        return Gaussian(factor * reverse.mean, reverse.variance)

    monkeypatch.setattr(Diffusion, "ddpm", scaled_step)
    assert generators.diffusion_samples(DRAWS, RNG) == (factor == 1)


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_pictures_of_another_spread_are_not_drawn_from_the_vae(monkeypatch, factor):
    """Samples with a deviation 20% too large are detected."""
    sample = VAE.sample

    def wider(self, count, generator):
        mean = self.decoder.layers[0].bias
        return mean + factor * (sample(self, count, generator) - mean)

    monkeypatch.setattr(VAE, "sample", wider)
    vae = generators.exact_vae()
    assert generators.vae_samples(vae, DRAWS, RNG) == (factor == 1)


def test_draws_that_hardly_differ_do_not_agree():
    """The right mean without variance, another mean, and equal coordinates fail."""
    mean, covariance = torch.tensor([5.0, 5.0]), torch.eye(2)
    samples = mean + torch.randn(DRAWS, 2, generator=RNG)
    assert generators.agree(samples, mean, covariance)
    assert not generators.agree(mean + 1e-6 * (samples - mean), mean, covariance)
    assert not generators.agree(samples + 0.5, mean, covariance)
    assert not generators.agree(samples[:, :1].expand(-1, 2), mean, covariance)


def test_a_picture_that_is_half_covered_is_not_seen_whole():
    """Gradients show a network that reads only the first number."""
    x = torch.ones(1, 3)
    assert generators.receptive_field(lambda x: x.sum(dim=1), x) == "the whole input"
    assert generators.receptive_field(lambda x: x[:, 0], x) == "otherwise"


def test_a_feature_that_changes_nothing_is_not_seen():
    """Changing each feature in turn shows which affect the scores."""
    row = torch.tensor([0.0, 1.0, 2.0])
    assert classifiers.receptive_field(lambda x: x.sum(dim=1), row) == "the whole input"
    assert classifiers.receptive_field(lambda x: x[:, 1:], row) == "otherwise"


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_pictures_of_another_mean_are_not_drawn_from_the_generator(monkeypatch, shift):
    """Samples of a GAN with a shifted mean are detected."""
    sample = Generator.sample
    monkeypatch.setattr(
        Generator, "sample", lambda *order: (sample(*order).atanh() + shift).tanh()
    )
    assert generators.gan_samples(DRAWS, RNG) == (shift == 0)


@pytest.mark.parametrize("factor", [1.0, 1.01])
def test_another_schedule_differs_from_the_reference(monkeypatch, factor):
    """Betas 1% larger are detected."""
    monkeypatch.setattr(generators, "linear", lambda steps: factor * linear(steps))
    assert (generators.schedule_gap() < 1e-5) == (factor == 1)


def test_a_gap_that_is_no_number_is_not_passed_over(monkeypatch):
    """A NaN is not dropped, as Python's `max` would do."""
    original = Diffusion.ddim

    def nan_step(*arguments):
        reverse = original(*arguments)
        return Gaussian(reverse.mean * torch.nan, reverse.variance)

    monkeypatch.setattr(Diffusion, "ddim", nan_step)
    assert isnan(generators.schedule_gap())


def test_decision_values_are_no_probabilities():
    """SVM scores leave [0, 1]; their sigmoids do not."""
    x, labels = breast_cancer.load()
    scores = LinearSVM().fit(x, labels).decision(x)
    assert not classifiers.probable(scores)
    assert classifiers.probable(scores.sigmoid())
