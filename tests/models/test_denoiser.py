"""The network of a diffusion model: its time embedding, and bad input."""

import pytest
import torch

from paradigms.models.denoiser import Denoiser, draw, time_embedding
from paradigms.models.diffusion import Diffusion, linear

X, T3 = torch.zeros(3, 4), torch.tensor([1, 2, 3])


def test_times_have_different_embeddings():
    """The embeddings of 1,000 times are more than 0.1 apart; t = 0 is (0.., 1..)."""
    table = time_embedding(torch.arange(1000), 32)
    assert float(torch.pdist(table).min()) > 0.1
    assert table[0].tolist() == [0] * 16 + [1] * 16
    with pytest.raises(ValueError, match="width must be even: 5"):
        time_embedding(torch.arange(3), 5)
    with pytest.raises(
        ValueError, match="width must be a whole number of at least 1: 0"
    ):
        time_embedding(torch.arange(3), 0)
    with pytest.raises(ValueError, match=r"t must be of shape \(B\).*: \(3, 1\)"):
        time_embedding(torch.arange(3)[:, None], 4)


def test_the_network_refuses_what_it_cannot_read():
    """Another width, one time for three images, negative or float times."""
    network = Denoiser(4, 8, 1)
    assert network(X, T3).shape == (3, 4)
    with pytest.raises(ValueError, match=r"x must be of shape \(B, 4\)"):
        network(torch.zeros(3, 5), T3)
    with pytest.raises(ValueError, match=r"x must be .*: \(3, 3, 4\)"):
        network(X.expand(3, 3, 4), T3)  # each time would broadcast to another image
    with pytest.raises(ValueError, match=r"t must be of shape \(3,\)"):
        network(X, T3[:1])
    for t in (T3.float(), -T3):
        with pytest.raises(ValueError, match="t must be whole numbers from 0 on"):
            network(X, t)


@pytest.mark.parametrize("name", ["pixels", "width", "blocks"])
@pytest.mark.parametrize("value", [0, -2, 2.0, True])
def test_sizes_that_are_none_are_refused(name, value):
    """Every size is an integer of at least 1; True is refused."""
    message = f"{name} must be a whole number of at least 1: {value!r}"
    with pytest.raises(ValueError, match=message):
        Denoiser(**{"pixels": 4, "width": 8, "blocks": 1, name: value})


def test_an_odd_width_is_refused_before_anything_is_read():
    """Sines and cosines of the time embedding come in pairs."""
    with pytest.raises(ValueError, match="width must be even: 7"):
        Denoiser(4, 7, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, r"steps must lie in 1\.\.5: 0"),
        ({"steps": 1.5}, "steps must be a whole number of at least 1: 1.5"),
        ({"steps": True}, "steps must be a whole number of at least 1: True"),
        ({"steps": 6}, r"steps must lie in 1\.\.5: 6"),
        ({"eta": 0.5}, "eta is DDIM's, and needs steps; .*: 0.5"),
        ({"steps": 2, "eta": float("nan")}, r"eta in 0\.\.1: .*nan"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message):
    """Zero or too many steps, and an eta that DDPM would silently ignore."""
    with pytest.raises(ValueError, match=message):
        draw(Denoiser(4, 8, 1), Diffusion(linear(5)), X, torch.Generator(), **options)
