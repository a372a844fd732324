"""The GAN: the optimum of the game, and training towards it."""

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from paradigms.models.gan import Discriminator, Generator
from paradigms.objectives import game_value, generator_loss


def density(x: torch.Tensor, means: list[float]) -> torch.Tensor:
    """The density of an equal mixture of normals with deviation 0.5."""
    parts = Normal(torch.tensor(means, dtype=x.dtype), 0.5)
    weights = Categorical(torch.ones(len(means), dtype=x.dtype))
    return MixtureSameFamily(weights, parts).log_prob(x).exp()


def test_a_trained_discriminator_finds_p_over_p_plus_q():
    """For two known densities on a line D(x) comes within 0.02 of p / (p + q).

    Expectations are weighted sums over a grid, so the only error left is that of
    training.
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
    support = p + q > 1e-4  # elsewhere there are no samples to learn from
    with torch.no_grad():
        predictions = network(x[:, None]).sigmoid()
    assert float((predictions - p / (p + q))[support].abs().max()) < 0.02
    mixture = (p + q) / 2
    jensen_shannon = 0.5 * ((p * (p / mixture).log()) + (q * (q / mixture).log())).sum()
    best = 2 * jensen_shannon - torch.tensor(4.0).log()
    assert -loss().item() == pytest.approx(float(best), abs=1e-3)
    assert -loss().item() <= float(best) + 1e-6  # no discriminator does better


def test_each_step_improves_its_own_network():
    """A small gradient step: D's raises the game's value, G's lowers its own loss.

    Detached samples give the generator no gradient while the discriminator learns.
    """
    torch.manual_seed(0)
    generator, critic = Generator(2, 2, (16,)), Discriminator(2, (16,))
    z, real = torch.randn(64, 2), torch.randn(64, 2)
    before = game_value(critic(real), critic(generator(z).detach()))
    before.backward()
    assert all(p.grad is None for p in generator.parameters())
    step(critic, uphill=1)
    assert game_value(critic(real), critic(generator(z))) > before
    loss = generator_loss(critic(generator(z)))
    loss.backward()
    step(generator, uphill=-1)
    assert generator_loss(critic(generator(z))) < loss


def step(network: torch.nn.Module, uphill: int) -> None:
    """A gradient step at rate 0.01, uphill (1) or downhill (-1)."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(parameter.grad, alpha=0.01 * uphill)


def test_pictures_lie_between_minus_one_and_one():
    """Outputs are in the range of the scaled data, for any noise."""
    x = Generator(6, 3)(1e3 * torch.randn(50, 3))
    assert x.shape == (50, 6)
    assert x.abs().max().item() <= 1


def test_dropout_is_off_when_judging():
    """In evaluation mode logits are deterministic; in training mode they vary."""
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
    """An empty batch, another width, NaN: for both networks."""
    with pytest.raises(ValueError, match=message):
        network(x)
