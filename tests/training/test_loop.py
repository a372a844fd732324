"""The training loop: it learns, and two processes have the curve of one."""

import json
import subprocess
import sys

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn

from paradigms.training.loop import Batch, TrainingConfig, shard, train
from tests.conftest import ROOT

STEPS = 30


def course(
    steps: int = STEPS, rate: float = 0.05, weight: float = 1
) -> list[tuple[int, float]]:
    """The loss curve of a linear regression; odd batch sizes, some weights zero."""
    torch.manual_seed(0)
    network = nn.Linear(3, 1)

    def batch(step: int) -> Batch:
        rng = torch.Generator().manual_seed(step)
        x = torch.randn(7, 3, generator=rng)
        y = x @ torch.tensor([[1.0], [-2.0], [0.5]])
        return Batch(x, y, weights=weight * (torch.arange(7) % 3))

    def loss(network, part):
        error = (network(part.inputs) - part.targets)[:, 0].square()
        return (error * part.weights).sum(), part.weights.sum()

    config = TrainingConfig(steps, rate, warmup=5)
    return train(network, batch, loss, config, log_every=10)


def test_the_loss_falls_and_is_written_down():
    """A point for every ten steps, the last far below the first."""
    curve = course()
    assert [step for step, _ in curve] == [10, 20, 30]
    assert curve[-1][1] < 0.5 * curve[0][1]
    assert [step for step, _ in course(steps=13)] == [10, 13]


def test_two_processes_have_the_same_curve():
    """Launched with torch.distributed.run; the shards of a batch differ in size."""
    alone = course()
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
              "--standalone", "-m", "tests.training.test_loop"]  # fmt: skip
    process = subprocess.run(
        launch, cwd=ROOT,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    lines = [line for line in process.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == 2, process.stderr
    for processes, curve in map(json.loads, lines):
        assert processes == 2
        for (step, mean), (other_step, other_mean) in zip(alone, curve, strict=True):
            assert step == other_step
            assert other_mean == pytest.approx(mean, rel=1e-5)


def test_another_curve_would_be_noticed():
    """Negative control: a learning rate 1% higher."""
    assert course(rate=0.0505)[-1][1] != pytest.approx(course()[-1][1], rel=1e-5)


def test_the_rate_rises_and_falls():
    """Linear warm-up to the full rate, then decay to almost zero."""
    config = TrainingConfig(steps=100, warmup=10)
    shares = [config.factor(step) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == 1
    assert shares[-1] == pytest.approx(1 / 90)
    assert shares[10:] == sorted(shares[10:], reverse=True)


def test_what_cannot_be_trained_is_refused():
    """No steps, a diverging loss, no target, a batch too small to be sharded."""
    with pytest.raises(ValueError, match="steps must be at least 1: 0"):
        course(steps=0)
    with pytest.raises(ValueError, match=r"no longer finite .*: lower the rate"):
        course(rate=1e30)
    with pytest.raises(ValueError, match="the batch of step 0 holds no target"):
        course(weight=0)
    with pytest.raises(ValueError, match=r"no longer finite \(-inf\): lower the rate"):
        train(
            nn.Linear(1, 1),
            lambda _: (torch.zeros(1, 1),),
            lambda network, batch: ((0 * network(*batch)).log().sum(), torch.tensor(1)),
            TrainingConfig(1),
        )

    class Two:
        num_processes, process_index = 2, 0

    with pytest.raises(ValueError, match="a batch needs a row a process: 1 for 2"):
        shard(Two(), (torch.zeros(1, 3),))


def test_every_tensor_of_a_batch_is_split_by_row():
    """Each process has its rows of all tensors; what a batch lacks stays absent."""

    class Second:
        num_processes, process_index = 2, 1

    rows = torch.arange(5)
    names = ("inputs", "targets", "weights", "prefix_lengths", "text", "seeds")
    part = shard(Second(), Batch(**dict.fromkeys(names, rows)))
    assert all(getattr(part, name).tolist() == [3, 4] for name in names)
    assert shard(Second(), Batch(rows, rows)).weights is None
    assert [x.tolist() for x in shard(Second(), (rows, rows))] == [[3, 4]] * 2


def test_the_network_stays_on_the_processor_beside_a_gpu(monkeypatch):
    """With a GPU in sight, the curve and the device are those without one."""
    alone = course()
    AcceleratorState._reset_state(reset_partial_state=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    try:
        assert course() == alone
    finally:
        monkeypatch.undo()
        AcceleratorState._reset_state(reset_partial_state=True)


if __name__ == "__main__":
    from accelerate import PartialState

    line = json.dumps([PartialState(cpu=True).num_processes, course()])
    sys.stdout.write(f"\n{line}\n")  # one write, else lines interleave
