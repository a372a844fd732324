"""Linear probes: what is read from states, and how it is scored."""

import pytest
import torch

from paradigms.training.linear_probe import Labelled, linear_probe, score, standardise


def test_scores_are_compared_by_error_then_by_loss():
    """A lower error wins; at equal errors the lower loss."""
    labels = torch.tensor([0, 0])
    mild = score(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), labels)
    sure = score(torch.tensor([[2.0, 0.0], [0.0, 9.0]]), labels)
    right = score(torch.tensor([[2.0, 0.0], [1.0, 0.0]]), labels)
    assert mild.error == sure.error == mild.accuracy == 0.5
    assert right.accuracy == 1
    assert right < mild < sure


def test_parts_are_standardised_by_the_first_alone():
    """Mean 0 and deviation 1 in the first part; a constant feature stays finite."""
    rng = torch.Generator().manual_seed(0)
    train, test = (torch.randn(40, 3, generator=rng) * 5 + 2 for _ in range(2))
    train[:, 2] = test[:, 2] = 7
    x, y = standardise(train, test)
    assert torch.allclose(x.mean(dim=0), torch.zeros(3), atol=1e-5)
    assert torch.allclose(x[:, :2].std(dim=0), torch.ones(2), atol=1e-5)
    assert y.isfinite().all()
    assert not torch.allclose(y[:, :2].mean(dim=0), torch.zeros(2), atol=1e-2)
    assert standardise(train, test[:1])[1].equal(y[:1])


@pytest.mark.parametrize(
    ("informative", "low", "high"), [(True, 0.99, 1.01), (False, 0.4, 0.6)]
)
def test_the_probe_reads_what_a_state_encodes(informative, low, high):
    """A label is read from states that encode it; noise is at chance."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (1600,), generator=rng)
    states = torch.randn(1600, 8, generator=rng)
    if informative:
        states[:, 3] = labels.float()
    parts = [Labelled(states[:600], labels[:600]), Labelled(states[600:], labels[600:])]
    (test,) = linear_probe(*parts)
    assert low < test.accuracy < high


def test_a_large_penalty_makes_the_probe_unsure():
    """The log-loss comes near log 2, though the state encodes the label."""
    labels = torch.tensor([0, 1] * 50)
    part = Labelled(labels[:, None].float(), labels)
    (free,), (bound,) = (linear_probe(part, part, penalty=p) for p in (1e-3, 1e3))
    assert free.loss < 0.1
    assert bound.loss > 0.69
