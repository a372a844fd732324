"""Checkpoints that do not fit are refused by name, and nothing is loaded of them."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from paradigms.evaluation.parity import reference
from paradigms.models import albert, bert, llama
from paradigms.models.pretrained.hf_weights import load
from tests.models.test_bad_input import CONFIGS, build, named, refused

pytestmark = pytest.mark.usefixtures("one_thread")


def state(system: type[nn.Module], **changes: Any) -> dict[str, Tensor]:
    """A reference's random weights, under the reference's names."""
    options = {"num_labels": 3} if system is bert.Classifier else {}
    torch.manual_seed(0)
    theirs = reference(system, replace(CONFIGS[system], **changes), **options)
    return {name: weight.clone() for name, weight in theirs.state_dict().items()}


@named(CONFIGS)
def test_checkpoints_with_nan_are_refused(system):
    """NaN or infinity anywhere: nothing is loaded, and the weight is named."""
    weights_, network = state(system), build(system)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    name = next(n for n in weights_ if "norm" in n.lower() or "ln_" in n)
    for value in (torch.nan, torch.inf):
        weights_[name].view(-1)[-1] = value
        refused("state holds NaN or infinity in .*", lambda: load(network, weights_))
        after = network.state_dict()
        assert all(torch.equal(before[n], after[n]) for n in before)


@named(CONFIGS)
def test_checkpoints_that_lack_a_weight_are_refused(system):
    """Every weight in turn is left out: if the network needs it, its name is told."""
    network, whole = build(system), state(system)
    needed = 0
    for name in whole:
        rest = {other: w for other, w in whole.items() if other != name}
        try:
            load(network, rest)
        except ValueError as error:
            needed += 1
            assert f"state lacks {name}" in str(error)  # noqa: PT017
    # The reference keeps tied weights under several names.
    assert needed >= len({id(p) for p in network.parameters()})


# ALBERT keeps one block, however many layers: its weights do not tell.
LAYERED = [system for system in CONFIGS if system is not albert.ALBERT]


@named(LAYERED)
def test_checkpoints_with_another_number_of_layers_are_refused(system):
    """One layer fewer is missing, one more would be lost: both are told."""
    network = build(system)
    refused("state lacks .*", lambda: load(network, state(system, layers=1)))
    message = "state has .*, one layer more than the network's 2"
    refused(message, lambda: load(network, state(system, layers=3)))


@named(CONFIGS)
def test_checkpoints_of_another_width_are_refused(system):
    """Nothing is cut or repeated to fit."""
    network = build(system)
    for changes in ({"vocabulary": 13}, {"width": 12}):
        refused(
            r"state has .* of shape .* is of shape",
            lambda c=changes: load(network, state(system, **c)),
        )


def test_parts_of_different_widths_are_refused():
    """A query beside a key of another width: named, not an error inside torch."""
    weights_ = state(llama.LLaMA)
    name = "model.layers.1.self_attn.q_proj.weight"
    weights_[name] = torch.zeros(8, 9)
    message = r"state has parts of stack.blocks.1.attention.* differ in width"
    refused(message, lambda: load(build(llama.LLaMA), weights_))


def test_a_network_without_a_table_is_refused():
    """Only systems with a known reference can be loaded."""
    refused("network Linear has no table", lambda: load(nn.Linear(2, 2), {}))
