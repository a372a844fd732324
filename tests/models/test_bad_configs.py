"""Configs of no network, and heads of no use: refused by name and value."""

from dataclasses import replace
from math import inf, nan

import pytest
import torch

from paradigms.layers import Cache, RelativeBias
from paradigms.models import bert, llama
from tests.models.test_bad_input import (
    CONFIGS,
    ENCODERS,
    TEXT,
    WRITERS,
    build,
    named,
    refused,
)

pytestmark = pytest.mark.usefixtures("one_thread")
PAIRS = [s for s in CONFIGS if hasattr(s, "pair")]  # BERT and ALBERT


@named([llama.LLaMA, *ENCODERS])
@pytest.mark.parametrize("value", [0.0, -1e-6, nan, inf, True, "small", None])
def test_an_epsilon_that_is_not_positive_is_refused(system, value):
    """Below zero a norm may divide by nothing; at infinity every state is zero."""
    message = f"eps must be a positive, finite number: {value!r}"
    refused(message, lambda: build(system, eps=value))


@pytest.mark.parametrize("value", [0.0, -1.0, nan, inf, True])
def test_a_theta_that_is_not_positive_is_refused(value):
    """Angles of no frequency: zero gives infinity, infinity stops every turn."""
    message = f"theta must be a positive, finite number: {value!r}"
    refused(message, lambda: build(llama.LLaMA, theta=value))


@named(ENCODERS)
@pytest.mark.parametrize("value", [0, -1, 2.0, True])
def test_word_vectors_without_a_width_are_refused(system, value):
    """A width of 0 is a mistake, and no way to say "as wide as the states"."""
    message = f"embedding must be a whole number of at least 1: {value!r}"
    refused(message, lambda: replace(CONFIGS[system], embedding=value))


@named(ENCODERS)
def test_positions_that_end_before_the_first_are_refused(system):
    """A table of rows that no token could have."""
    rows = CONFIGS[system].positions
    message = f"positions must be a whole number of at least {rows + 1}: {rows}"
    refused(message, lambda: replace(CONFIGS[system], first_position=rows))
    network = build(system, first_position=rows - 1)
    assert network(TEXT[:, :1]).isfinite().all()


@named(CONFIGS)
def test_a_config_refuses_a_wrong_size_itself(system):
    """Before any network is built from it."""
    for value in (0, -1, 2.0, True):
        message = f"layers must be a whole number of at least 1: {value!r}"
        refused(message, lambda v=value: replace(CONFIGS[system], layers=v))


@pytest.mark.parametrize(
    ("buckets", "distance", "both", "message"),
    [
        (3, 128, True, "buckets must be at least 4: 3"),
        (1, 128, False, "buckets must be at least 2: 1"),
        (32, 8, True, "distance must be above 8, where buckets grow: 8"),
        (32, 16, False, "distance must be above 16, where buckets grow: 16"),
    ],
)
def test_buckets_that_fit_no_distance_are_refused(buckets, distance, both, message):
    """The logarithm would divide by zero; one step further every bias is a number."""
    refused(message, lambda: RelativeBias(2, both, buckets, distance))
    least = {"buckets": buckets + 1} if buckets < 4 else {"distance": distance + 1}
    bias = RelativeBias(2, both, **({"buckets": buckets, "distance": distance} | least))
    found = bias.bucket(torch.arange(-50, 51))
    assert 0 <= int(found.min()) <= int(found.max()) < bias.weight.num_embeddings


@pytest.mark.parametrize("classes", [1, 0, -1, 2.0, True, None])
def test_a_head_that_decides_nothing_is_refused(classes):
    """One class is certain whatever the text, and fewer are none."""
    config = CONFIGS[bert.Classifier]
    message = f"classes must be a whole number of at least 2: {classes!r}"
    refused(message, lambda: bert.Classifier(config, classes))


@named(PAIRS)
@pytest.mark.parametrize("shape", [(2, 8), (2, 3, 7), (2, 0, 8), (0, 3, 8)])
def test_states_of_another_shape_are_refused(system, shape):
    """Without a first token there is no score, and none for states of another width."""
    shown = ", ".join(map(str, shape))
    message = rf"states must be of shape \(B, T, 8\), not empty: got \({shown}\)"
    refused(message, lambda: build(system).pair(torch.zeros(shape)))


@named(PAIRS)
def test_states_that_are_ids_are_refused(system):
    """Whole numbers are no states."""
    states = torch.zeros(2, 3, 8).long()
    message = "states must hold floating-point numbers: torch.int64"
    refused(message, lambda: build(system).pair(states))


@named(WRITERS)
@pytest.mark.parametrize("started", [False, True])
def test_a_memory_of_nothing_is_refused(system, started):
    """Of no text or of no word, or ids for states; also when something is written."""
    network = build(system)
    memory = network.encode(TEXT).detach()

    def write(other: torch.Tensor) -> None:
        cache = Cache()
        if started:
            network.decode(TEXT, memory, cache=cache)
        network.decode(TEXT[:, :1], other, cache=cache)

    with torch.no_grad():
        write(memory)
        refused(r"memory must be .*got \(0, 3, 8\)", lambda: write(memory[:0]))
        refused(r"memory must be .*got \(2, 0, 8\)", lambda: write(memory[:, :0]))
        message = "memory must hold floating-point numbers: torch.int64"
        refused(message, lambda: write(memory.long()))
