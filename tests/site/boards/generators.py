"""Whiteboard code on VAE, GAN, diffusion and flows."""

import torch
from torch import Tensor
from torch.testing import assert_close

from paradigms.data.special_tokens import IGNORE
from paradigms.layers.distributions import Gaussian, standard
from paradigms.models.diffusion import Diffusion
from paradigms.models.gan import Generator
from paradigms.models.vae import VAE
from paradigms.objectives.generative import game_value, generator_loss, simple_loss
from paradigms.objectives.losses import (
    weighted_cross_entropy,
)
from tests.site.boards.board import Board


def generators_draw_three(board: Board) -> None:
    """The same samples as ours, from the same noise."""
    gan, vae = Generator(6, 2, (8,)), VAE(6, 2, (8,))

    def rng() -> torch.Generator:
        return torch.Generator().manual_seed(0)

    z = torch.randn(3, 2, generator=rng())
    assert_close(board.sample("GAN", gan, z), gan.sample(3, rng()))
    assert_close(
        board.sample("VAE", lambda z: vae.decode(z).mean, z), vae.sample(3, rng())
    )
    betas = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    diffusion, x = Diffusion(betas), torch.randn(3, 6, dtype=torch.float64)
    torch.manual_seed(1)
    mine = board.sample("diffusion", lambda x, t: x.sin() + t, x, betas)
    torch.manual_seed(1)
    for t in (4, 3, 2, 1):
        step = diffusion.ddpm(x, x.sin() + t - 1, torch.full((3,), t))
        x = step.sample(torch.randn_like(x)) if t > 1 else step.mean
    assert_close(mine, x)


def generators_vae_loss_code(board: Board) -> None:
    """Minus our ELBO, from the same noise, with a Bernoulli decoder."""
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(5, 6, generator=rng, dtype=torch.float64).round()
    into, out = torch.nn.Linear(6, 6).double(), torch.nn.Linear(3, 6).double()
    torch.manual_seed(1)
    mine = board.vae_loss(x, into, out)
    torch.manual_seed(1)
    mean, log_variance = into(x).chunk(2, dim=1)
    posterior = Gaussian(mean, log_variance.exp())
    logits = out(posterior.sample(torch.randn_like(mean)))
    log_p = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(dim=1)
    assert_close(mine, (posterior.kl(standard(mean)) - log_p).mean())


def generators_ddpm_loss_code(board: Board) -> None:
    """Our simple loss at the same times, from the same noise; every time occurs."""
    betas = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)).double()
    times: list[Tensor] = []

    def model(noisy: Tensor, t: Tensor) -> Tensor:
        times.append(t)
        return noisy.sin() + t[:, None]

    torch.manual_seed(1)
    mine = board.ddpm_loss(model, x, betas)
    torch.manual_seed(1)
    t = torch.randint(4, (50,))
    noise = torch.randn_like(x)
    ours = simple_loss(
        lambda noisy, t: model(noisy, t - 1), Diffusion(betas), x, t + 1, noise
    )
    assert_close(mine, ours)
    assert times[0].unique().tolist() == [0, 1, 2, 3]


def flows_gan_step_code(board: Board) -> None:
    """Our losses; after three steps the weights of a loop that clears every gradient.

    The discriminator's loss leaves no gradient in the generator.
    """
    torch.manual_seed(0)
    x, z = torch.randn(2, 6, 1)
    judge, maker = _pair()
    real, fake = judge(x).flatten(), judge(maker(z)).flatten()
    loss = board.d_loss(judge, maker, x, z)
    assert_close(loss, -game_value(real, fake))
    assert_close(board.g_loss(judge, maker, z), generator_loss(fake))
    loss.backward()
    assert all(weight.grad is None for weight in maker.parameters())

    ours, mine = _pair(), _pair()
    of_ours, of_mine = (
        [torch.optim.SGD(network.parameters(), lr=0.5) for network in pair]
        for pair in (ours, mine)
    )
    for _ in range(3):
        board.step(*mine, x, z, *of_mine)
        for turn, optimiser in enumerate(of_ours):
            ours.zero_grad()
            real, fake = ours[0](x).flatten(), ours[0](ours[1](z)).flatten()
            loss = generator_loss(fake) if turn else -game_value(real, fake)
            loss.backward()
            optimiser.step()
    assert_close(list(mine.parameters()), list(ours.parameters()))


def _pair() -> torch.nn.ModuleList:
    """A discriminator and a generator of one number, always with the same weights."""
    torch.manual_seed(1)
    return torch.nn.ModuleList([torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)])


def generators_flow_matching(board: Board) -> None:
    """The loss from the same noise and times; Euler steps, in order, from noise."""
    x = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))

    def model(x_t: Tensor, t: Tensor) -> Tensor:
        return x_t.sin() * (t + 1)

    torch.manual_seed(1)
    mine = board.flow_loss(model, x)
    torch.manual_seed(1)
    noise, t = torch.randn_like(x), torch.rand(9, 1)
    assert_close(mine, (model(noise + t * (x - noise), t) + noise - x).square().mean())
    point = x.clone()
    for t in (0.0, 0.25, 0.5, 0.75):
        point = point + model(point, torch.full((9, 1), t)) * 0.25
    assert_close(board.sample(model, x, 4), point)


def generators_vq_vae(board: Board) -> None:
    """The nearest code; gradients as the formula has them, for z and for the codes."""
    rng = torch.Generator().manual_seed(0)
    z, codes = (torch.randn(n, 3, generator=rng).requires_grad_() for n in (6, 4))
    for beta in (0.25, 2.0):
        passed, index, loss = board.quantise(z, codes, *[beta] * (beta != 0.25))
        distances = (z[:, None] - codes).square().sum(dim=2)
        assert index.equal(distances.argmin(dim=1))
        assert_close(passed, codes[index])
        gap = (z - codes[index]).detach()
        assert_close(loss, (1 + beta) * gap.square().mean())
        of_z, of_codes = torch.autograd.grad(loss, [z, codes], retain_graph=True)
        assert_close(of_z, 2 * beta * gap / gap.numel())
        expected = torch.zeros(4, 3).index_add(0, index, -2 * gap / gap.numel())
        assert_close(of_codes, expected)
        slope = torch.randn(6, 3, generator=rng)
        (copied,) = torch.autograd.grad((passed * slope).sum(), z)
        assert_close(copied, slope)


def masked_diffusion_weight(board: Board) -> None:
    """Our weighted loss for the same masks; its mean is the loss of a uniform guess."""
    x = torch.randint(1, 6, (40, 5), generator=torch.Generator().manual_seed(0))
    shown: list[Tensor] = []

    def model(tokens: Tensor) -> Tensor:
        shown.append(tokens)
        return torch.arange(6.0).sin() * (tokens + 1)[:, :, None]

    torch.manual_seed(1)
    mine = board.diffusion_loss(model, x, 0)
    torch.manual_seed(1)
    times = 1 - torch.rand(40, 1)
    hidden = torch.rand(x.shape) < times
    assert shown[0].equal(x.where(~hidden, 0))
    targets = x.where(hidden, IGNORE)
    logits = model(shown[0])
    assert_close(mine, weighted_cross_entropy(logits, targets, 1 / times.flatten()))
