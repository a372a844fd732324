"""Checkpoints that do not fit are refused by name, and nothing is loaded."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from paradigms.evaluation.parity import reference
from paradigms.models import albert, bart, bert, gpt, llama, roberta, t5
from paradigms.models.pretrained.hf_weights import load
from tests.models.test_bad_input import CONFIGS, build, named, refused

pytestmark = pytest.mark.usefixtures("one_thread")


def state(system: type[nn.Module], **changes: Any) -> dict[str, Tensor]:
    """The state dict of a randomly initialised reference."""
    options = {"num_labels": 3} if system is bert.Classifier else {}
    torch.manual_seed(0)
    theirs = reference(system, replace(CONFIGS[system], **changes), **options)
    return {name: weight.clone() for name, weight in theirs.state_dict().items()}


@named(CONFIGS)
def test_checkpoints_with_nan_are_refused(system):
    """NaN or infinity in any weight: nothing is loaded, and the weight is named."""
    checkpoint, network = state(system), build(system)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    name = next(n for n in checkpoint if "norm" in n.lower() or "ln_" in n)
    for value in (torch.nan, torch.inf):
        checkpoint[name].view(-1)[-1] = value
        refused("state holds NaN or infinity in .*", lambda: load(network, checkpoint))
        after = network.state_dict()
        assert all(torch.equal(before[n], after[n]) for n in before)


@named(CONFIGS)
def test_checkpoints_that_lack_a_weight_are_refused(system):
    """Each weight in turn is left out: if the network needs it, the error names it."""
    network, checkpoint = build(system), state(system)
    required = 0
    for name in checkpoint:
        partial = {other: w for other, w in checkpoint.items() if other != name}
        try:
            load(network, partial)
        except ValueError as error:
            required += 1
            assert f"state lacks {name}" in str(error)  # noqa: PT017
    # The reference keeps a tied table under two names, either of which will do.
    assert required >= len({id(p) for p in network.parameters()}) - 1


@named(CONFIGS)
def test_files_of_save_pretrained_are_loaded(system, tmp_path):
    """They hold each tied weight under one name; the network is the same."""
    options = {"num_labels": 3} if system is bert.Classifier else {}
    torch.manual_seed(0)
    theirs = reference(system, CONFIGS[system], **options)
    theirs.save_pretrained(tmp_path)
    from_file, from_memory = build(system), build(system)
    load(from_file, load_file(tmp_path / "model.safetensors"))
    load(from_memory, theirs.state_dict())
    for name, weight in from_memory.state_dict().items():
        assert torch.equal(weight, from_file.state_dict()[name]), name


TIED = {
    gpt.GPT: ("transformer.wte.weight", "lm_head.weight"),
    bert.BERT: (
        "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.weight",
    ),
    roberta.RoBERTa: (
        "roberta.embeddings.word_embeddings.weight",
        "lm_head.decoder.weight",
    ),
    albert.ALBERT: (
        "albert.embeddings.word_embeddings.weight",
        "predictions.decoder.weight",
    ),
    t5.T5: ("shared.weight", "lm_head.weight"),
    bart.BART: ("model.shared.weight", "lm_head.weight"),
}


@named(TIED)
def test_weights_of_an_untied_model_are_refused(system):
    """The head would overwrite the word vectors, or the other way round."""
    network, checkpoint = build(system), state(system)
    first, second = TIED[system]
    load(network, checkpoint)
    checkpoint[second] = checkpoint[second] + 1
    message = f"state has different {first} and {second}, which are one weight .*"
    refused(message, lambda: load(network, checkpoint))


@named([gpt.GPT, llama.LLaMA, t5.T5])
def test_tied_and_untied_configs_take_what_fits_them(system):
    """Untied: both weights. Tied, the weights of an untied model: refused."""
    untied = replace(CONFIGS[system], tied=False)
    network = system(untied)
    checkpoint = state(system, tied=False)
    load(network, checkpoint)
    assert not torch.equal(network.word.weight, network.head.weight)
    tied = system(replace(CONFIGS[system], tied=True))
    refused("state has different .*", lambda: load(tied, checkpoint))


# ALBERT has one shared block for any number of layers.
LAYERED = [system for system in CONFIGS if system is not albert.ALBERT]


@named(LAYERED)
def test_checkpoints_with_another_number_of_layers_are_refused(system):
    """One layer too few or too many: either is an error."""
    network = build(system)
    refused("state lacks .*", lambda: load(network, state(system, layers=1)))
    message = "state has .*, one layer more than the network's 2"
    refused(message, lambda: load(network, state(system, layers=3)))


@named(CONFIGS)
def test_checkpoints_of_another_width_are_refused(system):
    """Weights are neither cut nor repeated to fit."""
    network = build(system)
    for changes in ({"vocabulary": 13}, {"width": 12}):
        refused(
            r"state has .* of shape .* is of shape",
            lambda c=changes: load(network, state(system, **c)),
        )


def test_parts_of_different_widths_are_refused():
    """A query of another width than the key: named, not an error inside torch."""
    checkpoint = state(llama.LLaMA)
    name = "model.layers.1.self_attn.q_proj.weight"
    checkpoint[name] = torch.zeros(8, 9)
    message = r"state has parts of stack.blocks.1.attention.* differ in width"
    refused(message, lambda: load(build(llama.LLaMA), checkpoint))


def test_a_network_without_a_table_is_refused():
    """Only systems with a reference can be loaded."""
    refused("network Linear has no table", lambda: load(nn.Linear(2, 2), {}))
