"""The VAE: its ELBO is at most the likelihood, with equality for linear VAEs."""

import math

import pytest
import torch

from paradigms.models.probabilistic_pca import ProbabilisticPCA
from paradigms.models.vae import VAE
from paradigms.objectives import elbo

LATENT, WIDTH = 2, 5
RNG = torch.Generator().manual_seed(0)
MIX = torch.randn(WIDTH, WIDTH, generator=RNG, dtype=torch.float64)
DATA = torch.randn(300, WIDTH, generator=RNG, dtype=torch.float64) @ MIX + 1


def directions(rows: int) -> torch.Tensor:
    """Noise (2Z, rows, Z) whose mean over the first axis is exact for a quadratic.

    The points +-sqrt(Z) on each axis have mean 0 and covariance I; the log-likelihood
    of a linear VAE is quadratic in z.
    """
    axes = torch.eye(LATENT, dtype=torch.float64) * LATENT**0.5
    return torch.cat([axes, -axes])[:, None].expand(-1, rows, -1)


def exact_elbo(model: VAE) -> torch.Tensor:
    """The ELBO of each row of DATA, without sampling error: (300,)."""
    return elbo(model, DATA, directions(len(DATA))).mean(dim=0)


def linear_vae() -> VAE:
    """No hidden layers: the decoder is W z + b, the encoder linear too."""
    return VAE(WIDTH, LATENT, hidden=()).double()


def best_likelihood() -> float:
    """Maximum mean log-likelihood of probabilistic PCA, from eigenvalues."""
    eigenvalues = torch.linalg.eigvalsh(torch.cov(DATA.T, correction=0)).flip(0)
    noise = eigenvalues[LATENT:].mean()
    log_det = eigenvalues[:LATENT].log().sum() + (WIDTH - LATENT) * noise.log()
    return float(-0.5 * (WIDTH * math.log(2 * math.pi) + log_det + WIDTH))


def at_optimum() -> VAE:
    """A linear VAE with the closed-form weights of probabilistic PCA."""
    pca, model = ProbabilisticPCA(LATENT).fit(DATA), linear_vae()
    w, identity = pca.weights, torch.eye(LATENT, dtype=torch.float64)
    # p(z | x) has covariance variance * M^-1, M = W'W + variance I, here diagonal.
    m_inv = torch.linalg.inv(w.T @ w + pca.variance * identity)  # (Z, Z)
    back = m_inv @ w.T  # (Z, D)
    with torch.no_grad():
        model.decoder.layers[0].weight.copy_(w)
        model.decoder.layers[0].bias.copy_(pca.mean)
        model.log_variance.fill_(float(pca.variance.log()))
        model.encoder.layers[0].weight.zero_()[:LATENT] = back
        model.encoder.layers[0].bias[:LATENT] = -back @ pca.mean
        model.encoder.layers[0].bias[LATENT:] = (pca.variance * m_inv.diagonal()).log()
    return model


def marginal(model: VAE) -> torch.Tensor:
    """Log p(x) under a linear VAE: N(b, WW' + variance I). (300,)"""
    w, b = model.decoder.layers[0].weight, model.decoder.layers[0].bias
    noise = model.log_variance.exp() * torch.eye(WIDTH, dtype=torch.float64)
    density = torch.distributions.MultivariateNormal(b, w @ w.T + noise)
    return density.log_prob(DATA)


def test_probabilistic_pca_has_the_likelihood_of_its_eigenvalues():
    """Its mean log density is the closed form of Tipping & Bishop."""
    mean = ProbabilisticPCA(LATENT).fit(DATA).log_density(DATA).mean()
    assert float(mean) == pytest.approx(best_likelihood(), abs=1e-10)


def test_a_linear_vae_reaches_the_likelihood_of_probabilistic_pca():
    """At the closed-form optimum the ELBO equals the log-likelihood of each row."""
    model = at_optimum()
    exact = ProbabilisticPCA(LATENT).fit(DATA).log_density(DATA)
    assert torch.allclose(exact_elbo(model), exact, atol=1e-10)
    mean = float(exact_elbo(model).mean().detach())
    assert mean == pytest.approx(best_likelihood(), abs=1e-9)


def test_the_bound_never_exceeds_the_likelihood():
    """For 50 random linear VAEs, on each row; the mean is below the maximum."""
    best = best_likelihood()
    for seed in range(50):
        torch.manual_seed(seed)
        model = linear_vae()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(2 * torch.rand(1).double())
            bound = exact_elbo(model)
            assert bool((bound <= marginal(model) + 1e-9).all())
        assert bound.mean().item() < best


def test_leaving_out_the_divergence_would_be_noticed():
    """Negative control: without the KL term the value exceeds the likelihood."""
    model = at_optimum()
    _, likelihood = model(DATA, directions(len(DATA)))
    with torch.no_grad():
        wrong = likelihood.log_density(DATA).mean(dim=0)
    assert bool((wrong > marginal(model) + 1e-3).any())


def test_training_finds_the_optimum():
    """Training from random weights comes within 1e-3 nats, and never above."""
    torch.manual_seed(1)
    model, best = linear_vae(), best_likelihood()
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=400, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        cost = -exact_elbo(model).mean()
        cost.backward()
        assert -cost.item() < best + 1e-9
        return cost

    assert -loss().item() < best - 0.5  # the start is far from the optimum
    optimiser.step(loss)
    assert -loss().item() == pytest.approx(best, abs=1e-3)


def test_sampled_noise_estimates_the_same_bound():
    """The mean over 4,000 samples is within five standard errors of the exact ELBO."""
    torch.manual_seed(2)
    model, x = linear_vae(), DATA[:10]
    noise = torch.randn(4000, 10, LATENT, generator=RNG, dtype=torch.float64)
    with torch.no_grad():
        estimates = elbo(model, x, noise)  # (4000, 10)
        error = (estimates.mean(dim=0) - exact_elbo(model)[:10]).abs()
    assert bool((error < 5 * estimates.std(dim=0) / 4000**0.5).all())


def test_gradients_reach_encoder_and_decoder():
    """With a reparameterised z every parameter has a gradient."""
    torch.manual_seed(0)
    model = VAE(4, 2, (8,))
    elbo(model, torch.randn(3, 4), torch.randn(3, 2)).mean().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in model.parameters())


def test_samples_are_fixed_by_their_generator():
    """The same seed gives the same samples, another seed others."""
    model = VAE(4, 2, (8,))
    first, again, other = (
        model.sample(5, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert first.shape == (5, 4)


@pytest.mark.parametrize(
    ("x", "noise", "message"),
    [
        (torch.zeros(0, 4), torch.zeros(0, 2), r"x must be of shape \(\.\.\., B, 4\)"),
        (
            torch.zeros(2, 3, 4),
            torch.zeros(3, 2),
            r"noise must end in the shape \(2, 3, 2\)",
        ),
        (torch.zeros(3, 5), torch.zeros(3, 2), r"x must be of shape \(\.\.\., B, 4\)"),
        (torch.full((3, 4), torch.nan), torch.zeros(3, 2), "x must hold finite"),
        (torch.zeros(3, 4), torch.zeros(1, 2), r"noise must end in the shape \(3, 2\)"),
        (torch.zeros(3, 4), torch.full((3, 2), torch.nan), "noise is not finite"),
    ],
)
def test_bad_input_is_refused(x, noise, message):
    """An empty batch, a wrong width, NaN, noise of another shape."""
    with pytest.raises(ValueError, match=message):
        elbo(VAE(4, 2, (8,)), x, noise)


def test_probabilistic_pca_needs_fewer_latents_than_coordinates():
    """With as many latents there would be no noise left."""
    with pytest.raises(ValueError, match=r"latent must lie in 1\.\.4: 5"):
        ProbabilisticPCA(5).fit(DATA)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (DATA[0], r"x must be of shape \(N, V\), not empty: \(5,\)"),
        (DATA.long(), "x must hold floating-point numbers: torch.int64"),
        (DATA * 1e200, "x is too large for a covariance: 1e"),
        (DATA * 1e-30 * torch.tensor([1e30, 1, 1, 1, 1]), "directions: .*rounding"),
        (DATA * 0 + 0.1, "x must vary in more than 2 directions: .* is rounding"),
        (
            DATA * torch.tensor([1.0, 1, 0, 0, 0]),
            "x must vary in more than 2 directions",
        ),
    ],
)
def test_data_that_have_no_density_are_refused(x, message):
    """A vector, integers, overflow, constant data, or no noise beyond the latents."""
    with pytest.raises(ValueError, match=message):
        ProbabilisticPCA(2).fit(x)


def test_directions_that_all_vary_alike_leave_weights_of_zero():
    """Rounding may put an equal eigenvalue below the noise variance: no NaN."""
    x = torch.cat([torch.eye(11), -torch.eye(11)]).double() * 0.7
    model = ProbabilisticPCA(5).fit(x)
    assert float(model.weights.abs().max()) < 1e-6
    assert model.log_density(x).isfinite().all()


@pytest.mark.parametrize("name", ["mean", "weights", "variance"])
def test_parameters_of_probabilistic_pca_must_be_finite(name):
    """Each in turn is NaN: the error names it."""
    model = ProbabilisticPCA(2).fit(DATA)
    setattr(model, name, getattr(model, name) * torch.nan)
    with pytest.raises(ValueError, match=f"{name} must hold finite numbers: nan"):
        model.log_density(DATA)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (DATA[:, :1], "x must have 5 columns .*: got 1"),
        (DATA.float(), "x must have 5 columns of torch.float64.*of torch.float32"),
        (DATA * 1e300, "x is too large for its density: 1e"),
    ],
)
def test_rows_without_a_density_are_refused(x, message):
    """A column that would broadcast, another dtype, overflow; and before fitting."""
    with pytest.raises(ValueError, match=message):
        ProbabilisticPCA(2).fit(DATA).log_density(x)
    with pytest.raises(ValueError, match="ProbabilisticPCA must be fitted first"):
        ProbabilisticPCA(2).log_density(x)
