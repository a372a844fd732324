"""Four generators: reduced size, statements of the page, metrics on known cases."""

import math
from itertools import pairwise

import pytest
import torch

from paradigms.data.digits import PIXELS, LabelledDigits, load, scale
from paradigms.experiments import generators_compared
from paradigms.experiments.records import load as recorded
from paradigms.layers.distributions import Gaussian


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in recorded("generators_compared").rows}


@pytest.fixture(scope="module")
def again() -> dict:
    """The same experiment with two seeds and a few steps."""
    return {
        row["name"]: row
        for row in generators_compared.run(generators_compared.smaller()).rows
    }


def test_generators_compared_again_at_reduced_size(again):
    """Rows of the data and the cost of noise agree with the record."""
    stored = rows()
    real = [results["training digits"]["precision"][0] for results in (again, stored)]
    assert real[0] == pytest.approx(real[1], abs=0.1)
    bits = [
        results["independent pixels"]["bits per pixel"][0]
        for results in (again, stored)
    ]
    assert bits[0] == pytest.approx(bits[1], abs=0.05)
    noise = "autoregressive, 99% noise"
    assert again[noise]["excess nats"][0] == pytest.approx(math.log(100), abs=0.01)
    assert stored[noise]["excess nats"][0] == pytest.approx(math.log(100), abs=0.01)
    # Thirty steps teach less than hundreds.
    for name in ("VAE", "DDPM", "autoregressive"):
        assert again[name]["bits per pixel"][1] > stored[name]["bits per pixel"][2]
        assert again[name]["Frechet"][0] > stored[name]["Frechet"][2]
    assert set(again) <= set(stored)
    vae, gpt = again["VAE"], again["autoregressive"]
    config = generators_compared.smaller()
    assert (
        vae[generators_compared.SEEN] == config.shared.vae_steps * config.shared.batch
    )
    assert gpt[generators_compared.SEEN] == config.gpt.steps * config.gpt.batch
    gap = again["VAE - DDPM"]["precision"][0]
    assert gap == pytest.approx(vae["precision"][0] - again["DDPM"]["precision"][0])


def test_what_the_page_says_of_the_four():
    """Statements of the page beyond those that claims check."""
    results = rows()
    vae, gan, ddpm = results["VAE"], results["GAN"], results["DDPM"]
    gpt, real = results["autoregressive"], results["training digits"]
    alone, noisy = results["independent pixels"], results["VAE, with pixel noise"]
    generators = (vae, gan, ddpm, gpt)
    assert all(vae["precision"][1] > other["precision"][2] for other in generators[1:])
    assert all(vae["coverage"][1] > other["coverage"][2] for other in generators[1:])
    for other in ("VAE", "GAN", "DDPM"):
        assert results[f"autoregressive - {other}"]["Frechet"][2] < 0
    fifty = results["DDIM, 50 calls"]["Frechet"]
    assert gpt["Frechet"][1] < fifty[1] < gpt["Frechet"][2]
    assert all(gpt[c][2] < ddpm[c][1] for c in ("precision", "coverage"))
    assert gan["Frechet"][1] > ddpm["Frechet"][2]
    assert gan["coverage"][2] < min(vae["coverage"][1], ddpm["coverage"][1])
    assert gan["precision"][1] < gpt["precision"][0] < gan["precision"][2]
    assert all(real["coverage"][1] > other["coverage"][2] for other in generators)
    assert all(real["Frechet"][2] < other["Frechet"][1] for other in generators)
    difference = results["VAE - training digits"]["precision"]
    assert difference[1] < 0 < difference[2]
    examples_read = [row[generators_compared.SEEN] for row in (gpt, vae, ddpm, gan)]
    assert all(fewer < more for fewer, more in pairwise(examples_read))
    for column in ("precision", "coverage"):
        assert 0.3 < noisy[column][0] / vae[column][0] < 0.5
        assert noisy[column][2] < vae[column][1]
    bits = [row["bits per pixel"] for row in (gpt, alone, ddpm, vae)]
    assert all(low[2] < high[1] for low, high in pairwise(bits))
    assert alone["Frechet"][1] > ddpm["Frechet"][2]
    tighter = vae["bits per pixel, importance-weighted bound"]
    assert tighter[2] < vae["bits per pixel"][1]
    assert vae["bits per pixel"][0] - tighter[0] < 0.02
    assert real["held-out digits in the training set"] == [0, 0, 0]
    assert "bits per pixel" not in gan
    zero_share = (load().pixels == 0).double().mean(dim=0)
    assert int((zero_share > 0.95).sum()) == real["blank pixels"]
    mixed = results["autoregressive, 99% noise"]
    assert mixed["bits per pixel"][2] < ddpm["bits per pixel"][1]
    assert mixed["precision"][0] < 0.01
    assert mixed["precision"][2] < 0.02
    assert mixed["bits per pixel"][2] < alone["bits per pixel"][1]


def test_what_the_page_says_of_few_calls():
    """DDIM in ten calls shows no difference to DDPM in 200; in two it is worse."""
    results = rows()
    ten, ddpm, two = (results[n] for n in ("DDIM, 10 calls", "DDPM", "DDIM, 2 calls"))
    difference = results["DDIM, 10 calls - DDPM"]
    for column in generators_compared.MEASURES:
        assert difference[column][1] < 0 < difference[column][2]
    assert two["Frechet"][1] > ddpm["Frechet"][2]
    assert two["coverage"][2] < ddpm["coverage"][1]
    assert [ddpm["calls per image"], ten["calls per image"]] == [200, 10]
    assert results["autoregressive"]["calls per image"] == PIXELS
    assert [results[name]["calls per image"] for name in ("VAE", "GAN")] == [1, 1]


def test_pixels_on_their_own_are_scored_by_their_shares():
    """Three images, by hand, with add-one smoothing."""
    pixels = torch.zeros(3, PIXELS, dtype=torch.long)
    pixels[0, 0] = 4
    levels = generators_compared.frequencies(pixels)
    assert levels[0, 4] == pytest.approx(2 / 20)
    assert levels[1, 0] == pytest.approx(4 / 20)
    log_p = generators_compared.independent(levels, pixels[:1])
    expected = math.log(2 / 20) + (PIXELS - 1) * math.log(4 / 20)
    assert float(log_p) == pytest.approx(expected, abs=1e-3)


class Line:
    """A linear VAE, x = w z + noise of variance 1/2, with the true posterior of z."""

    latent = 1
    w = torch.linspace(-1, 1, PIXELS)

    def __call__(self, x, noise):
        precision = 1 + 2 * self.w.square().sum()
        posterior = Gaussian((2 * x @ self.w / precision)[..., None], 1 / precision)
        z = posterior.sample(noise)
        return posterior, Gaussian(z * self.w, torch.tensor(0.5))


class FixedTraining:
    """Six digits, without dequantisation noise, and standard normal noise."""

    test = LabelledDigits(load().pixels[:6], load().labels[:6])

    def dequantised(self, pixels):
        return scale(pixels.flatten(0, 1)).unflatten(0, pixels.shape[:2])

    def noise(self, *shape):
        return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_the_tighter_bound_is_the_likelihood_where_that_is_known():
    """With the true posterior all importance weights are equal: exactly log p(x)."""
    covariance = Line.w[:, None] * Line.w + 0.5 * torch.eye(PIXELS)
    exact = torch.distributions.MultivariateNormal(torch.zeros(PIXELS), covariance)
    expected = float(exact.log_prob(scale(FixedTraining.test.pixels)).mean())
    for samples in (1, 7):
        estimate = generators_compared.importance_weighted_bound(
            Line(), FixedTraining(), samples
        )
        assert estimate == pytest.approx(expected, abs=1e-2)
