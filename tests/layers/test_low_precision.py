"""Large and shifted inputs in half and single precision keep their digits."""

import copy

import pytest
import torch

from paradigms.layers import RMSNorm
from paradigms.models.diffusion import Diffusion, cosine, linear
from paradigms.models.llama import LLaMA, LLaMAConfig
from paradigms.models.svm import rbf

pytestmark = pytest.mark.usefixtures("one_thread")
LOW = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", LOW)
def test_a_norm_of_large_states_is_not_zero(dtype):
    """The square of 300 is infinite in half precision; the result has the same type."""
    norm = RMSNorm(4).to(dtype)
    x = torch.full((2, 4), 300.0, dtype=dtype)
    assert norm(x).dtype == dtype
    assert norm(x).tolist() == [[1] * 4] * 2
    half = torch.full((4,), 300.0, dtype=torch.float16)
    assert float(half.square().mean().rsqrt()) == 0  # as it would be without


@pytest.mark.parametrize("dtype", LOW)
def test_a_llama_with_large_word_vectors(dtype):
    """In low precision within 1e-3 of single precision, and not constant."""
    torch.manual_seed(0)
    config = LLaMAConfig(vocabulary=17, width=16, layers=2, heads=4, kv_heads=2,
                         hidden=24, positions=20)  # fmt: skip
    network = LLaMA(config).eval()
    tokens = torch.randint(17, (2, 9))
    with torch.no_grad():
        network.word.weight.mul_(5000)
        expected = network(tokens)
        logits = copy.deepcopy(network).to(dtype)(tokens).float()
    assert float((logits - expected).abs().max()) < 1e-3
    assert float(expected.abs().max()) > 0.1


def test_distances_far_from_zero():
    """Of 40 rows around 10,000 in single precision; matrix products lose the digits."""
    x = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)) + 10_000
    kernel = rbf(0.1)(x, x)
    expected = rbf(0.1)(x.double(), x.double())
    assert torch.allclose(kernel.double(), expected, atol=1e-5)
    products = torch.cdist(x, x, compute_mode="use_mm_for_euclid_dist")
    assert not torch.allclose((-0.1 * products.square()).exp(), kernel, atol=0.1)


@pytest.mark.parametrize("betas", [linear(1000), cosine(1000)])
def test_the_noise_schedule_in_single_precision(betas):
    """Every coefficient is that of double precision, rounded once."""
    process = Diffusion(betas, "posterior")
    times = torch.arange(1, 1001)
    zeros, ones = torch.zeros(1000, 1), torch.ones(1000, 1)
    for x0, x in ((ones, zeros), (zeros, ones)):
        for single, double in (
            (process.marginal(x0, times), process.marginal(x0.double(), times)),
            (process.posterior(x0, x, times),
             process.posterior(x0.double(), x.double(), times)),
        ):  # fmt: skip
            assert single.variance.equal(double.variance.float())
            assert torch.allclose(single.mean, double.mean.float(), rtol=2e-7, atol=0)
    first = Diffusion(linear(1000)).marginal(zeros[:1], times[:1])
    assert float(first.variance) == pytest.approx(1e-4, rel=1e-7)
    second = process.posterior(zeros[:1], zeros[:1], times[1:2])
    if betas.equal(linear(1000)):
        assert float(second.variance) == pytest.approx(5.45319e-5, rel=1e-6)
