"""Conversion of Hugging Face weights to our networks, name by name.

Each table maps our modules to those of the reference (Hugging Face transformers), whose
weights are concatenated where there are several, as those of query, key and value.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from paradigms.models.albert import ALBERT
from paradigms.models.bart import BART
from paradigms.models.bert import BERT, Classifier
from paradigms.models.electra import Discriminator
from paradigms.models.encoder import Encoder
from paradigms.models.gpt import GPT
from paradigms.models.llama import LLaMA
from paradigms.models.roberta import RoBERTa
from paradigms.models.t5 import T5

# Our module: the reference's module or modules; {} is the number of a layer.
Names = dict[str, str | tuple[str, ...]]
CONV1D = ("c_attn", "c_proj", "c_fc")  # GPT-2's linear layers, stored transposed


def _parts(theirs: str | tuple[str, ...]) -> tuple[str, ...]:
    return (theirs,) if isinstance(theirs, str) else theirs


def _below(prefix: str, names: Names, ours: str = "") -> Names:
    """The same names, one level deeper on both sides."""
    return {
        ours + our: tuple(prefix + part for part in _parts(names[our])) for our in names
    }


_BERT_BLOCK: Names = {
    "attention.query_key_value": (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
    ),
    "attention.output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "feed_forward.input": "intermediate.dense",
    "feed_forward.output": "output.dense",
    "feed_forward_norm": "output.LayerNorm",
}
_TABLES_OF_TEXT = {
    "word": "embeddings.word_embeddings",
    "position": "embeddings.position_embeddings",
    "segment": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
}
_ENCODER = {
    **_TABLES_OF_TEXT,
    "widen": "embeddings_project",
    **_below("encoder.layer.{}.", _BERT_BLOCK, "stack.blocks.{}."),
}
_ALBERT_ENCODER = {
    **_TABLES_OF_TEXT,
    "widen": "encoder.embedding_hidden_mapping_in",
    **_below(
        "encoder.albert_layer_groups.0.albert_layers.0.",
        {
            "attention.query_key_value": (
                "attention.query",
                "attention.key",
                "attention.value",
            ),
            "attention.output": "attention.dense",
            "attention_norm": "attention.LayerNorm",
            "feed_forward.input": "ffn",
            "feed_forward.output": "ffn_output",
            "feed_forward_norm": "full_layer_layer_norm",
        },
        "stack.blocks.{}.",
    ),
}


def _t5_side(side: str, cross: bool) -> Names:
    first, last = f"{side}.block.0.layer.0.SelfAttention", 2 if cross else 1
    block = _t5_attention("attention", "layer.0", "SelfAttention")
    if cross:
        block |= _t5_attention("cross", "layer.1", "EncDecAttention")
    feed_forward = f"layer.{last}.DenseReluDense"
    block |= {
        "feed_forward_norm": f"layer.{last}.layer_norm",
        "feed_forward.input": f"{feed_forward}.wi",
        "feed_forward.output": f"{feed_forward}.wo",
    }
    return {
        f"{side}_bias.weight": f"{first}.relative_attention_bias",
        f"{side}.norm": f"{side}.final_layer_norm",
        **_below(f"{side}.block.{{}}.", block, f"{side}.blocks.{{}}."),
    }


def _t5_attention(ours: str, layer: str, kind: str) -> Names:
    return {
        f"{ours}.query_key_value": tuple(f"{layer}.{kind}.{k}" for k in "qkv"),
        f"{ours}.output": f"{layer}.{kind}.o",
        f"{ours}_norm": f"{layer}.layer_norm",
    }


def _bart_side(side: str, cross: bool) -> Names:
    block = _bart_attention("attention", "self_attn")
    if cross:
        block |= _bart_attention("cross", "encoder_attn")
    block |= {
        "feed_forward.input": "fc1",
        "feed_forward.output": "fc2",
        "feed_forward_norm": "final_layer_norm",
    }
    return {
        f"{side}.word": "model.shared",
        f"{side}.position": f"model.{side}.embed_positions",
        f"{side}.norm": f"model.{side}.layernorm_embedding",
        **_below(f"model.{side}.layers.{{}}.", block, f"{side}.stack.blocks.{{}}."),
    }


def _bart_attention(ours: str, theirs: str) -> Names:
    return {
        f"{ours}.query_key_value": tuple(f"{theirs}.{k}_proj" for k in "qkv"),
        f"{ours}.output": f"{theirs}.out_proj",
        f"{ours}_norm": f"{theirs}_layer_norm",
    }


# Weights that the reference has under several names.
OTHER_NAMES = {
    "shared.weight": ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
    "model.shared.weight": (
        "model.encoder.embed_tokens.weight",
        "model.decoder.embed_tokens.weight",
    ),
    "cls.predictions.decoder.bias": ("cls.predictions.bias",),
    "lm_head.decoder.bias": ("lm_head.bias",),
    "predictions.decoder.bias": ("predictions.bias",),
}
TABLES: dict[type[nn.Module], Names] = {
    Encoder: _ENCODER,
    GPT: {
        "word": "transformer.wte",
        "position": "transformer.wpe",
        "head": "lm_head",
        "stack.norm": "transformer.ln_f",
        **_below(
            "transformer.h.{}.",
            {
                "attention_norm": "ln_1",
                "attention.query_key_value": "attn.c_attn",
                "attention.output": "attn.c_proj",
                "feed_forward_norm": "ln_2",
                "feed_forward.input": "mlp.c_fc",
                "feed_forward.output": "mlp.c_proj",
            },
            "stack.blocks.{}.",
        ),
    },
    LLaMA: {
        "word": "model.embed_tokens",
        "head": "lm_head",
        "stack.norm": "model.norm",
        **_below(
            "model.layers.{}.",
            {
                "attention_norm": "input_layernorm",
                "attention.query_key_value": (
                    "self_attn.q_proj",
                    "self_attn.k_proj",
                    "self_attn.v_proj",
                ),
                "attention.output": "self_attn.o_proj",
                "feed_forward_norm": "post_attention_layernorm",
                "feed_forward.input": ("mlp.gate_proj", "mlp.up_proj"),
                "feed_forward.output": "mlp.down_proj",
            },
            "stack.blocks.{}.",
        ),
    },
    BERT: {
        **_below("bert.", _ENCODER, "encoder."),
        "pooler": "bert.pooler.dense",
        "pair_head": "cls.seq_relationship",
        "mlm_head.dense": "cls.predictions.transform.dense",
        "mlm_head.norm": "cls.predictions.transform.LayerNorm",
        "mlm_head.output": "cls.predictions.decoder",
    },
    Classifier: {
        **_below("bert.", _ENCODER, "encoder."),
        "pooler": "bert.pooler.dense",
        "label": "classifier",
    },
    RoBERTa: {
        **_below("roberta.", _ENCODER, "encoder."),
        "mlm_head.dense": "lm_head.dense",
        "mlm_head.norm": "lm_head.layer_norm",
        "mlm_head.output": "lm_head.decoder",
    },
    ALBERT: {
        **_below("albert.", _ALBERT_ENCODER, "encoder."),
        "pooler": "albert.pooler",
        "pair_head": "sop_classifier.classifier",
        "mlm_head.dense": "predictions.dense",
        "mlm_head.norm": "predictions.LayerNorm",
        "mlm_head.output": "predictions.decoder",
    },
    Discriminator: {
        **_below("electra.", _ENCODER, "encoder."),
        "dense": "discriminator_predictions.dense",
        "replaced": "discriminator_predictions.dense_prediction",
    },
    T5: {
        "word": "shared",
        "head": "lm_head",
        **_t5_side("encoder", cross=False),
        **_t5_side("decoder", cross=True),
    },
    BART: {
        "head": "lm_head",
        **_bart_side("encoder", cross=False),
        **_bart_side("decoder", cross=True),
    },
}


def convert(network: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A reference's weights, or gradients, under the names of our network.

    A weight with several names, such as a tied output layer, may be stored under one of
    them.  Errors: ValueError for a network without a table, a missing name, a layer too
    many, another shape, or different weights where the network has one.
    """
    table = TABLES.get(type(network))
    if table is None:
        supported = ", ".join(sorted(kind.__name__ for kind in TABLES))
        raise ValueError(
            f"network {type(network).__name__} has no table: {supported} have"
        )
    _check_layers(table, network, state)
    converted: dict[str, Tensor] = {}
    for tied in _names_by_weight(network):
        sources = {name: _sources(table, name, state) for name in tied}
        stored = [name for name in tied if all(s in state for s in sources[name])]
        if not stored:
            missing = next(s for s in sources[tied[0]] if s not in state)
            raise ValueError(f"state lacks {missing}, which {tied[0]} is made from")
        ours = network.get_parameter(tied[0])
        weights = {n: _concatenate(sources[n], n, ours, state) for n in stored}
        for other in stored[1:]:
            pair = sources[stored[0]][0], sources[other][0]
            _check_equal(weights[stored[0]], weights[other], *pair)
        converted |= dict.fromkeys(tied, weights[stored[0]])
    return converted


def load(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a reference's weights into the network. Errors: ValueError, also for NaN."""
    ours = convert(network, state)
    for name, weight in ours.items():
        if not bool(weight.isfinite().all()):
            raise ValueError(f"state holds NaN or infinity in {name}")
    network.load_state_dict(ours)


def _check_layers(
    table: Names, network: nn.Module, state: Mapping[str, Tensor]
) -> None:
    """Errors: ValueError if the state has more layers than the network."""
    modules = {name.rpartition(".")[0] for name in network.state_dict()}
    for module, theirs in table.items():
        first = _parts(theirs)[0]
        if "{}" not in module or "{}" not in first:  # ALBERT's layers are one
            continue
        count = 0
        while module.format(count) in modules:
            count += 1
        extra = first.format(count) + ".weight"
        if count and extra in state:
            raise ValueError(
                f"state has {extra}, one layer more than the network's {count}"
            )


def _names_by_weight(network: nn.Module) -> list[list[str]]:
    """The names of each weight of the network; tied ones have two."""
    groups: dict[int, list[str]] = {}
    for name, weight in network.named_parameters(remove_duplicate=False):
        groups.setdefault(id(weight), []).append(name)
    return list(groups.values())


def _check_equal(weight: Tensor, other: Tensor, name: str, other_name: str) -> None:
    """Errors: ValueError for two weights that are one in the network."""
    if not torch.equal(weight.nan_to_num(), other.nan_to_num()):
        raise ValueError(
            f"state has different {name} and {other_name}, which are one weight in the "
            "network: load them into one with tied=False, if its config has it"
        )


def _sources(table: Names, name: str, state: Mapping[str, Tensor]) -> list[str]:
    """The reference's names of the parts of one of our weights."""
    module, _, kind = name.rpartition(".")
    layer = re.search(r"(?<=blocks\.)\d+", module)
    template = re.sub(r"(?<=blocks\.)\d+", "{}", module)
    parts = [part.format(layer and layer[0]) for part in _parts(table[template])]
    if f"{parts[0]}_0.{kind}" in state:  # T5 1.1 has gate and value separately
        parts = [f"{parts[0]}_0", f"{parts[0]}_1"]
    return [_stored_name(f"{part}.{kind}", state) for part in parts]


def _stored_name(name: str, state: Mapping[str, Tensor]) -> str:
    """The name under which the reference stores a weight; `save_pretrained` keeps one.

    Errors: ValueError if it is stored under two with different values.
    """
    names = [n for n in (name, *OTHER_NAMES.get(name, ())) if n in state]
    for other in names[1:]:
        _check_equal(state[names[0]], state[other], names[0], other)
    return names[0] if names else name


def _concatenate(
    names: list[str], name: str, ours: Tensor, state: Mapping[str, Tensor]
) -> Tensor:
    """The reference's weights for one of ours."""
    weights = [state[part] for part in names]
    if names[0].removesuffix(".weight").endswith(CONV1D):
        weights = [weight.T for weight in weights]
    if len({weight.shape[1:] for weight in weights}) > 1:
        shapes = [tuple(weight.shape) for weight in weights]
        raise ValueError(f"state has parts of {name} that differ in width: {shapes}")
    weight = torch.cat(weights)
    if weight.shape != ours.shape:
        raise ValueError(
            f"state has {names[0]} of shape {tuple(weight.shape)}, "
            f"{name} is of shape {tuple(ours.shape)}"
        )
    return weight
