"""Invalid configs and heads are refused by name and value."""

from dataclasses import replace
from math import inf, nan

import pytest
import torch

from paradigms.layers import Cache, RelativeBias
from paradigms.models import albert, bert, llama
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
    """At or below zero a norm may divide by zero; at infinity every state is zero."""
    message = f"eps must be a positive, finite number: {value!r}"
    refused(message, lambda: build(system, eps=value))


@pytest.mark.parametrize("value", [0.0, -1.0, nan, inf, True])
def test_a_theta_that_is_not_positive_is_refused(value):
    """A theta of 0 gives infinite rotary frequencies, an infinite theta zeros."""
    message = f"theta must be a positive, finite number: {value!r}"
    refused(message, lambda: build(llama.LLaMA, theta=value))


@named(ENCODERS)
@pytest.mark.parametrize("value", [0, -1, 2.0, True])
def test_word_vectors_without_a_width_are_refused(system, value):
    """A width of 0 is an error, not a way to say "as wide as the states"."""
    message = f"embedding must be a whole number of at least 1: {value!r}"
    refused(message, lambda: replace(CONFIGS[system], embedding=value))


@pytest.mark.parametrize(
    ("shared", "embedding"), [(False, None), (True, None), (False, 5)]
)
def test_an_albert_shares_its_block_and_has_narrow_word_vectors(shared, embedding):
    """One of both is not enough: it would be a BERT under another name."""
    message = (
        "config must share its block and name an embedding width: "
        f"got shared={shared}, embedding={embedding}"
    )
    refused(message, lambda: build(albert.ALBERT, shared=shared, embedding=embedding))


@named(ENCODERS)
def test_positions_that_end_before_the_first_are_refused(system):
    """The table of positions would have no row for a token."""
    rows = CONFIGS[system].positions
    message = f"positions must be a whole number of at least {rows + 1}: {rows}"
    refused(message, lambda: replace(CONFIGS[system], first_position=rows))
    network = build(system, first_position=rows - 1)
    assert network(TEXT[:, :1]).isfinite().all()


@named(CONFIGS)
def test_a_config_refuses_a_wrong_size_itself(system):
    """The config itself refuses, before a network is built."""
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
    """The logarithm would divide by zero; the next valid size gives valid buckets."""
    refused(message, lambda: RelativeBias(2, both, buckets, distance))
    valid = {"buckets": buckets + 1} if buckets < 4 else {"distance": distance + 1}
    bias = RelativeBias(2, both, **({"buckets": buckets, "distance": distance} | valid))
    indices = bias.bucket(torch.arange(-50, 51))
    assert 0 <= int(indices.min()) <= int(indices.max()) < bias.weight.num_embeddings


@pytest.mark.parametrize("classes", [1, 0, -1, 2.0, True, None])
def test_a_head_that_decides_nothing_is_refused(classes):
    """A classifier needs at least two classes."""
    config = CONFIGS[bert.Classifier]
    message = f"classes must be a whole number of at least 2: {classes!r}"
    refused(message, lambda: bert.Classifier(config, classes))


@named(PAIRS)
@pytest.mark.parametrize("shape", [(2, 8), (2, 3, 7), (2, 0, 8), (0, 3, 8)])
def test_states_of_another_shape_are_refused(system, shape):
    """Without a first token there is no score, nor for states of another width."""
    dims = ", ".join(map(str, shape))
    message = rf"states must be of shape \(B, T, 8\), not empty: got \({dims}\)"
    refused(message, lambda: build(system).pair(torch.zeros(shape)))


@named(PAIRS)
def test_states_that_are_ids_are_refused(system):
    """States must be floating-point numbers."""
    states = torch.zeros(2, 3, 8).long()
    message = "states must hold floating-point numbers: torch.int64"
    refused(message, lambda: build(system).pair(states))


@named(WRITERS)
@pytest.mark.parametrize("started", [False, True])
def test_a_memory_of_nothing_is_refused(system, started):
    """A memory of no text or no word, or of ids; also after the first step."""
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
