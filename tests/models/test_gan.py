"""The GAN: what the game's optimum is, and that its networks can get there."""

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from paradigms.models.gan import Discriminator, Generator
from paradigms.objectives import game_value, generator_loss


def density(x: torch.Tensor, means: list[float]) -> torch.Tensor:
    """An even mixture of normal densities of deviation 0.5."""
    parts = Normal(torch.tensor(means, dtype=x.dtype), 0.5)
    weights = Categorical(torch.ones(len(means), dtype=x.dtype))
    return MixtureSameFamily(weights, parts).log_prob(x).exp()


def test_a_trained_discriminator_finds_p_over_p_plus_q():
    """Two known densities on a line: D(x) comes within 0.02 of p / (p + q).

    The expectations of the game are weighted sums over a grid, so that the only
    difference left is what the network has not learned.
    """
    torch.manual_seed(0)
    x = torch.linspace(-4, 4, 201)
    p, q = density(x, [-1.0, 1.5]), density(x, [0.0])
    p, q = p / p.sum(), q / q.sum()
    network = Discriminator(1, (32, 32))
    optimiser = torch.optim.LBFGS(
        network.parameters(), max_iter=300, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = network(x[:, None])
        value = -(p * torch.nn.functional.logsigmoid(logits)).sum()
        value = value - (q * torch.nn.functional.logsigmoid(-logits)).sum()
        value.backward()
        return value

    optimiser.step(loss)
    seen = p + q > 1e-4  # elsewhere nothing is ever drawn, and nothing is learned
    with torch.no_grad():
        found = network(x[:, None]).sigmoid()
    assert float((found - p / (p + q))[seen].abs().max()) < 0.02
    middle = (p + q) / 2
    jensen_shannon = 0.5 * ((p * (p / middle).log()) + (q * (q / middle).log())).sum()
    best = 2 * jensen_shannon - torch.tensor(4.0).log()
    assert -loss().item() == pytest.approx(float(best), abs=1e-3)
    assert -loss().item() <= float(best) + 1e-6  # no discriminator does better


def test_each_step_improves_its_own_network():
    """A small step on its loss: D's raises the game's value, G's what D thinks of it.

    Detached pictures leave the generator alone while the discriminator learns.
    """
    torch.manual_seed(0)
    made, critic = Generator(2, 2, (16,)), Discriminator(2, (16,))
    z, real = torch.randn(64, 2), torch.randn(64, 2)
    before = game_value(critic(real), critic(made(z).detach()))
    before.backward()
    assert all(p.grad is None for p in made.parameters())
    step(critic, uphill=1)
    assert game_value(critic(real), critic(made(z))) > before
    loss = generator_loss(critic(made(z)))
    loss.backward()
    step(made, uphill=-1)
    assert generator_loss(critic(made(z))) < loss


def step(network: torch.nn.Module, uphill: int) -> None:
    """A hundredth of the gradient, added or subtracted."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.01 * uphill * parameter.grad


def test_pictures_lie_between_minus_one_and_one():
    """The range of the scaled data, whatever the noise."""
    x = Generator(6, 3)(1e3 * torch.randn(50, 3))
    assert x.shape == (50, 6)
    assert x.abs().max().item() <= 1


def test_dropout_is_off_when_judging():
    """In evaluation one picture has one logit; in training it varies."""
    critic, x = Discriminator(6, (8,), dropout=0.5), torch.ones(4, 6)
    assert not torch.equal(critic(x), critic(x))
    critic.eval()
    assert torch.equal(critic(x), critic(x))


@pytest.mark.parametrize("network", [Generator(3, 3), Discriminator(3)])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(0, 3), r"must be of shape \(B, 3\), not empty"),
        (torch.zeros(2, 2), r"must be of shape \(B, 3\)"),
        (torch.full((2, 3), torch.nan), "must hold finite"),
    ],
)
def test_bad_input_is_refused(network, x, message):
    """Empty, another width, NaN: for both networks."""
    with pytest.raises(ValueError, match=message):
        network(x)
