"""Diffusion: schedules and steps equal diffusers; samples with the exact denoiser."""

import math

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from paradigms.models.denoiser import draw
from paradigms.models.diffusion import Diffusion, cosine, linear

RNG = torch.Generator().manual_seed(0)
CHAINS = st.tuples(
    st.integers(2, 300), st.floats(1e-4, 2e-3), st.floats(5e-3, 5e-2), st.booleans()
)


def betas(chain: tuple[int, float, float, bool]) -> torch.Tensor:
    """The linear or cosine schedule of a Hypothesis example."""
    steps, first, last, straight = chain
    return linear(steps, first, last) if straight else cosine(steps)


def theirs(kind: type, chain: tuple[int, float, float, bool], **options: object):
    """The scheduler of diffusers with the same settings and float64 betas.

    Its own arithmetic is float32, which loses digits of 1 - alpha_bar near t = 0.
    """
    steps, first, last, straight = chain
    scheduler = kind(
        num_train_timesteps=steps, beta_start=first, beta_end=last, clip_sample=False,
        beta_schedule="linear" if straight else "squaredcos_cap_v2", **options,
    )  # fmt: skip
    scheduler.betas = betas(chain)
    scheduler.alphas = 1 - scheduler.betas
    scheduler.alphas_cumprod = scheduler.alphas.cumprod(0)
    scheduler.one = scheduler.final_alpha_cumprod = torch.tensor(1.0).double()
    return scheduler


@settings(max_examples=60, deadline=None)
@given(CHAINS)
def test_schedules_equal_those_of_diffusers(chain):
    """Betas and alpha-bars, linear and cosine, as diffusers has them: within 1e-6.

    Its alpha-bars are float32 products of `steps` factors, each with a rounding error.
    """
    steps, first, last, straight = chain
    reference = DDPMScheduler(
        num_train_timesteps=steps, beta_start=first, beta_end=last,
        beta_schedule="linear" if straight else "squaredcos_cap_v2",
    )  # fmt: skip
    ours = Diffusion(betas(chain))
    assert (ours.beta[1:] - reference.betas).abs().max() < 1e-6
    exact = (1 - reference.betas.double()).cumprod(0)
    assert (ours.alpha_bar[1:] - exact).abs().max() < 1e-6
    rounding = steps * torch.finfo(torch.float32).eps
    assert (ours.alpha_bar[1:] - reference.alphas_cumprod).abs().max() < rounding
    assert ours.alpha_bar[0] == 1


@settings(max_examples=60, deadline=None)
@given(CHAINS, st.sampled_from(["beta", "posterior"]), st.data())
def test_noising_and_a_step_of_ddpm_equal_diffusers(chain, variance, data):
    """add_noise, and step with the same noise, at any t: within 1e-6, relative.

    Both variances, which diffusers calls fixed_large and fixed_small.
    """
    size = {"beta": "fixed_large", "posterior": "fixed_small"}[variance]
    ours = Diffusion(betas(chain), variance)
    reference = theirs(DDPMScheduler, chain, variance_type=size)
    t = data.draw(st.integers(1, chain[0]))
    x, epsilon = torch.randn(2, 4, 6, generator=RNG, dtype=torch.float64)
    times = torch.full((4,), t)
    noisy = reference.add_noise(x, epsilon, times - 1)
    assert (ours.q_sample(x, times, epsilon) - noisy).abs().max() < 1e-6
    expected = reference.step(
        epsilon, t - 1, x, generator=torch.Generator().manual_seed(t)
    ).prev_sample
    noise = torch.randn(
        x.shape, generator=torch.Generator().manual_seed(t), dtype=torch.float64
    )
    reverse = ours.ddpm(x, epsilon, times)
    previous = reverse.sample(noise) if t > 1 else reverse.mean  # no noise at t = 1
    assert (previous - expected).abs().max() < 1e-6 * max(1, expected.abs().max())


@settings(max_examples=60, deadline=None)
@given(CHAINS, st.floats(0, 1), st.data())
def test_a_step_of_ddim_equals_diffusers(chain, eta, data):
    """Any eta, any number of steps, at any step: within 1e-6, relative."""
    steps = data.draw(st.integers(1, chain[0]))
    ours, reference = Diffusion(betas(chain)), theirs(DDIMScheduler, chain)
    reference.set_timesteps(steps)
    index = data.draw(st.integers(0, steps - 1))
    t = int(reference.timesteps[index])
    before = max(t - chain[0] // steps, -1)
    x, epsilon, noise = torch.randn(3, 4, 6, generator=RNG, dtype=torch.float64)
    expected = reference.step(epsilon, t, x, eta=eta, variance_noise=noise).prev_sample
    times, earlier = torch.full((4,), t + 1), torch.full((4,), before + 1)
    previous = ours.ddim(x, epsilon, times, earlier, eta).sample(noise)
    assert (previous - expected).abs().max() < 1e-6 * max(1, expected.abs().max())


@settings(max_examples=40, deadline=None)
@given(CHAINS, st.data())
def test_in_single_precision_a_step_still_equals_diffusers(chain, data):
    """Unmodified diffusers in float32: a DDIM step within 1e-4, relative.

    The difference is its rounding of 1 - alpha_bar, up to 6e-8 / 1e-4 for the first t.
    """
    steps, first, last, straight = chain
    reference = DDIMScheduler(
        num_train_timesteps=steps, beta_start=first, beta_end=last, clip_sample=False,
        beta_schedule="linear" if straight else "squaredcos_cap_v2",
    )  # fmt: skip
    reference.set_timesteps(steps)
    t = data.draw(st.integers(1, steps))
    x, epsilon = torch.randn(2, 4, 6, generator=RNG)
    times = torch.full((4,), t)
    previous = Diffusion(betas(chain)).ddim(x, epsilon, times, times - 1).mean
    expected = reference.step(epsilon, t - 1, x).prev_sample
    assert (previous - expected).abs().max() < 1e-4 * max(1, expected.abs().max())


MEAN, SPREAD = 0.7, 1.5  # of the Gaussian data


def best_denoiser(process: Diffusion):
    """E[epsilon | x_t] for data from N(MEAN, SPREAD^2): linear in x_t."""

    def predict(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = process.alpha_bar[t][:, None]
        return (
            (1 - alpha_bar).sqrt()
            * (x - alpha_bar.sqrt() * MEAN)
            / (alpha_bar * SPREAD**2 + 1 - alpha_bar)
        )

    return predict


@settings(max_examples=30, deadline=None)
@given(CHAINS)
def test_ddim_with_eta_one_and_all_steps_is_ddpm(chain):
    """At every t the variance of the posterior, and the same mean."""
    process = Diffusion(betas(chain), "posterior")
    t = torch.arange(1, process.steps + 1)
    x, epsilon = torch.randn(2, process.steps, 3, generator=RNG, dtype=torch.float64)
    ddim, ddpm = (
        process.ddim(x, epsilon, t, t - 1, eta=1.0),
        process.ddpm(x, epsilon, t),
    )
    assert torch.allclose(ddim.variance, ddpm.variance, atol=1e-12)
    assert torch.allclose(ddim.mean, ddpm.mean, rtol=1e-6, atol=1e-6)


def test_ddim_without_noise_is_fixed_by_its_start_and_ddpm_is_not():
    """For the same x_T and other seeds DDIM gives the same sample, DDPM another."""
    process = Diffusion(linear(30, 1e-3, 0.3))
    network, x = best_denoiser(process), torch.randn(6, 2, generator=RNG).double()

    def picture(seed: int, steps: int | None) -> torch.Tensor:
        return draw(network, process, x, torch.Generator().manual_seed(seed), steps)[-1]

    assert torch.equal(picture(0, 5), picture(1, 5))
    assert not torch.allclose(picture(0, None), picture(1, None))


@pytest.mark.parametrize("steps", [None, 400])
def test_drawing_with_the_best_denoiser_gives_the_data(steps):
    """20,000 samples of Gaussian data: mean and deviation within five standard errors.

    Plus the discretisation error of 400 steps, up to 0.02 here.
    """
    process = Diffusion(linear(400, 1e-4, 0.05))
    x = torch.randn(20_000, 1, generator=RNG, dtype=torch.float64)
    path = draw(best_denoiser(process), process, x, RNG, steps)
    assert len(path) == 401
    error = SPREAD / 20_000**0.5
    assert abs(float(path[-1].mean()) - MEAN) < 5 * error + 0.02
    assert float(path[-1].std()) == pytest.approx(SPREAD, abs=5 * error + 0.02)


def apart(steps: int, straight: bool, eta: float = 0, spacing: str = "trailing"):
    """Largest relative difference of `draw` from the loop of diffusers, at any step.

    Trailing timesteps are T, T - T / steps and so on, as here.
    """
    chain = (120, 1e-3, 0.05, straight)
    reference = theirs(DDIMScheduler, chain, timestep_spacing=spacing)
    process = Diffusion(betas(chain))
    network = best_denoiser(process)
    x, make_rng = (
        torch.randn(5, 3, generator=RNG, dtype=torch.float64),
        torch.Generator,
    )
    path = draw(network, process, x, make_rng().manual_seed(0), steps, eta)
    reference.set_timesteps(steps)
    rng, differences = make_rng().manual_seed(0), []
    for t, state in zip(reference.timesteps, path[1:], strict=True):
        epsilon = network(x, torch.full((5,), int(t) + 1))  # diffusers counts from 0
        x = reference.step(epsilon, t, x, eta=eta, generator=rng).prev_sample
        differences.append((state - x).abs().max() / x.abs().max())
    return float(torch.stack(differences).max())  # Python's `max` passes over a NaN


@pytest.mark.parametrize("straight", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 3, 10, 24, 60, 120])
def test_drawing_in_few_steps_equals_diffusers(steps, straight):
    """The whole loop, with and without noise: every state within 1e-6, relative.

    For steps that divide T; else diffusers rounds to steps of equal length.
    """
    assert apart(steps, straight) < 1e-6
    assert apart(steps, straight, eta=1) < 1e-6


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 24, 60])
def test_another_grid_of_times_would_be_noticed(steps, monkeypatch):
    """Negative control: leading timesteps, or the last steps alone, fail."""
    assert apart(steps, False, spacing="leading") > 1e-3
    last = torch.arange(steps, -1.0, -1)
    monkeypatch.setattr(torch, "linspace", lambda *_: last)  # not called by cosine
    assert apart(steps, False) > 1e-3


@pytest.mark.parametrize("wrong", [[], [0.5, 1.0], [[0.1]], [math.nan]])
def test_impossible_betas_are_refused(wrong):
    """Empty, a beta of 1, two axes, NaN."""
    with pytest.raises(ValueError, match="betas must be one row between 0 and 1"):
        Diffusion(torch.tensor(wrong))


X, T3 = torch.zeros(3, 4), torch.tensor([1, 2, 3])
CALLS = {
    "noised": lambda p, x, t: p.q_sample(x, t, torch.zeros_like(x)),
    "posterior": lambda p, x, t: p.posterior(x, x, t),
    "ddpm": lambda p, x, t: p.ddpm(x, x, t),
    "ddim": lambda p, x, t: p.ddim(x, x, t, t - 1),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("x", "t", "message"),
    [
        (X, torch.tensor([0, 1, 2]), r"t must lie in 1\.\.5"),
        (X, torch.tensor([1, 2, 6]), r"t must lie in 1\.\.5"),
        (X, torch.tensor([1, 2]), "t must be 3 whole numbers"),
        (X, T3.float(), "t must be 3 whole numbers"),
        (X[:0], T3[:0], "not empty"),
        (X.expand(3, 3, 4), T3, r"not empty: \(3, 3, 4\)"),  # t would broadcast
        (X.new_full((3, 4), torch.nan), T3, r"finite numbers: nan at \(0, 0\)"),
    ],
)
def test_bad_input_is_refused(call, x, t, message):
    """All methods: t out of range or of another length, an empty batch, NaN."""
    with pytest.raises(ValueError, match=message):
        CALLS[call](Diffusion(linear(5)), x, t)


def test_an_unknown_variance_is_refused():
    """A misspelt variance does not fall back to the default."""
    with pytest.raises(ValueError, match="variance must be beta or posterior: 'post'"):
        Diffusion(linear(5), "post")


def test_shapes_that_would_broadcast_are_refused():
    """One x_0, or one predicted noise, for a batch of three."""
    process = Diffusion(linear(5))
    with pytest.raises(ValueError, match="x0 must be of shape"):
        process.posterior(X[:1], X, T3)
    with pytest.raises(ValueError, match="epsilon must be of shape"):
        process.ddpm(X, X[:1], T3)
    with pytest.raises(ValueError, match="noise must end in the shape"):
        process.q_sample(X, T3, X[:1])
    with pytest.raises(ValueError, match="noise is not finite"):
        process.q_sample(X, T3, X + torch.nan)
    with pytest.raises(ValueError, match="to must lie before t"):
        process.ddim(X, X, T3, T3[:1] - 1)


def test_a_jump_forward_is_refused():
    """DDIM steps must go back in time, eta lies in 0..1, steps in 1..T."""
    process = Diffusion(linear(5))
    for to, eta in ((T3, 0.0), (T3 - 1, 1.5)):
        with pytest.raises(ValueError, match="to must lie before t"):
            process.ddim(X, X, T3, to, eta)
    for steps in (0, 6):
        with pytest.raises(ValueError, match=r"steps must lie in 1\.\.5"):
            draw(lambda x, _: x, process, X, RNG, steps)
