"""The training loop: it learns, and two processes have the curve of one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from paradigms.training.loop import TrainingConfig, shard, train

ROOT = Path(__file__).parents[2]
STEPS = 30


def course(steps: int = STEPS, rate: float = 0.05) -> list[tuple[int, float]]:
    """The loss curve of a linear regression; odd batch sizes, some weights zero."""
    torch.manual_seed(0)
    network = nn.Linear(3, 1)

    def batch(step: int) -> tuple[torch.Tensor, ...]:
        rng = torch.Generator().manual_seed(step)
        x = torch.randn(7, 3, generator=rng)
        return x, x @ torch.tensor([[1.0], [-2.0], [0.5]]), torch.arange(7) % 3

    def loss(network, shared):
        x, y, weight = shared
        error = (network(x) - y)[:, 0].square()
        return (error * weight).sum(), weight.sum()

    return train(network, batch, loss, TrainingConfig(steps, rate, warmup=5), often=10)


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
    """No steps, a diverging loss, a batch too small to be sharded."""
    with pytest.raises(ValueError, match="steps must be at least 1: 0"):
        course(steps=0)
    with pytest.raises(ValueError, match=r"no longer finite .*: lower the rate"):
        course(rate=1e30)

    class Two:
        num_processes, process_index, device = 2, 0, "cpu"

    with pytest.raises(ValueError, match="a batch needs a row a process: 1 for 2"):
        shard(Two(), [torch.zeros(1, 3)])


if __name__ == "__main__":
    from accelerate import PartialState

    line = json.dumps([PartialState(cpu=True).num_processes, course()])
    sys.stdout.write(f"\n{line}\n")  # one write, else lines interleave
