"""The network of a diffusion model: what it reads, and what it refuses."""

import pytest
import torch

from paradigms.models.denoiser import Denoiser, time_embedding

X, T3 = torch.zeros(3, 4), torch.tensor([1, 2, 3])


def test_times_have_different_embeddings():
    """No two of a thousand times look alike to the network; t = 0 is (0.., 1..)."""
    table = time_embedding(torch.arange(1000), 32)
    assert float(torch.pdist(table).min()) > 0.1
    assert table[0].tolist() == [0] * 16 + [1] * 16
    with pytest.raises(ValueError, match="width must be even: 5"):
        time_embedding(torch.arange(3), 5)


def test_the_network_refuses_what_it_cannot_read():
    """Another width, one time for three pictures, times that are none, no block."""
    network = Denoiser(4, 8, 1)
    assert network(X, T3).shape == (3, 4)
    with pytest.raises(ValueError, match=r"x must be of shape \(B, 4\)"):
        network(torch.zeros(3, 5), T3)
    with pytest.raises(ValueError, match=r"x must be .*: \(3, 3, 4\)"):
        network(X.expand(3, 3, 4), T3)  # each time would go to another picture
    with pytest.raises(ValueError, match=r"t must be of shape \(3,\)"):
        network(X, T3[:1])
    for t in (T3.float(), -T3):
        with pytest.raises(ValueError, match="t must be whole numbers from 0 on"):
            network(X, t)
    with pytest.raises(ValueError, match="blocks must be at least 1: 0"):
        Denoiser(4, 8, 0)
