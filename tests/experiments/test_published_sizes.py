"""Parameter counts equal those of the published networks, exactly."""

from dataclasses import replace
from typing import Any

import pytest
import transformers as hf

from paradigms.evaluation.parity import MAKERS, reference
from paradigms.experiments import published_sizes
from paradigms.experiments.records import load
from paradigms.models import albert, bart, bert, electra, gpt, llama, t5
from paradigms.models.albert import ALBERT
from paradigms.models.bert import BERT

# Counted in the published checkpoints, not from our configs; as of 2026.
TOTALS = {
    # The presets of KerasHub, converted from OpenAI's files.
    "GPT-2 small": 124_439_808,
    "GPT-2 medium": 354_823_168,
    "GPT-2 large": 774_030_080,
    "GPT-2 XL": 1_557_611_200,
    # Touvron et al. (2023), table 2, has 6.7, 13.0, 32.5 and 65.2 billion.
    "LLaMA 7B": 6_738_415_616,
    "LLaMA 13B": 13_015_864_320,
    "LLaMA 33B": 32_528_943_616,
    "LLaMA 65B": 65_285_660_672,
    # The index of the checkpoint; its card says 8.03 billion.
    "Llama 3 8B": 8_030_261_248,
    # As BertForPreTraining: encoder and pooler have 109,482,240 and 335,141,888, plus
    # two heads of W^2 + 5 W + 30,522 + 2.
    "BERT base": 110_106_428,
    "BERT large": 336_226_108,
    # The checkpoints' own headers, without the row numbers of the positions.
    "RoBERTa base": 124_697_433,
    "RoBERTa large": 355_412_057,
    # Encoder and pooler have 11,683,584 and 17,683,968 (KerasHub), plus two heads of
    # 128 (W + 3) + 30,000 + 2 (W + 1).
    "ALBERT base": 11_813_810,
    "ALBERT large": 17_847_474,
    # Small: 13,548,800 with the dense layer of the head (KerasHub), plus the last 257.
    "ELECTRA small": 13_549_057,
    # Base: BERT's encoder; a dense layer the size of BERT's pooler; the last 769.
    "ELECTRA base": 109_482_240 + 769,
    # The presets of KerasHub, converted from Google's files; 11B: loaded and counted.
    "T5 small": 60_506_624,
    "T5 base": 222_903_552,
    "T5 large": 737_668_096,
    "T5 3B": 2_851_598_336,
    "T5 11B": 11_307_321_344,
    # The checkpoints of facebook/bart-base and facebook/bart-large, loaded and counted.
    "BART base": 139_420_416,
    "BART large": 406_291_456,
}

# Layers, width, heads and hidden width. A total hides a wrong number of heads.
SHAPES = {
    # Radford et al. (2019), table 2; the heads are those of OpenAI's hparams.json.
    "GPT-2 small": (12, 768, 12, 3072),
    "GPT-2 medium": (24, 1024, 16, 4096),
    "GPT-2 large": (36, 1280, 20, 5120),
    "GPT-2 XL": (48, 1600, 25, 6400),
    # Touvron et al. (2023), table 2; the hidden width is 2/3 of 4 W, rounded up to 256.
    "LLaMA 7B": (32, 4096, 32, 11008),
    "LLaMA 13B": (40, 5120, 40, 13824),
    "LLaMA 33B": (60, 6656, 52, 17920),
    "LLaMA 65B": (80, 8192, 64, 22016),
    # Grattafiori et al. (2024), table 3.
    "Llama 3 8B": (32, 4096, 32, 14336),
    # Devlin et al. (2019), section 3.
    "BERT base": (12, 768, 12, 3072),
    "BERT large": (24, 1024, 16, 4096),
    # Liu et al. (2019), sections 4 and 5: those of BERT.
    "RoBERTa base": (12, 768, 12, 3072),
    "RoBERTa large": (24, 1024, 16, 4096),
    # Lan et al. (2020), table 1; hidden and heads: section 3.1, 4 W and W / 64.
    "ALBERT base": (12, 768, 12, 3072),
    "ALBERT large": (24, 1024, 16, 4096),
    # Clark et al. (2020), table 6.
    "ELECTRA small": (12, 256, 4, 1024),
    "ELECTRA base": (12, 768, 12, 3072),
    # Raffel et al. (2020), section 3.7; base: section 3.1.1.
    "T5 small": (6, 512, 8, 2048),
    "T5 base": (12, 768, 12, 3072),
    "T5 large": (24, 1024, 16, 4096),
    "T5 3B": (24, 1024, 32, 16384),
    "T5 11B": (24, 1024, 128, 65536),
    # Lewis et al. (2020), sections 2.1 and 5: layers on each side; the rest is BERT's.
    "BART base": (6, 768, 12, 3072),
    "BART large": (12, 1024, 16, 4096),
}


@pytest.fixture(scope="module")
def counted() -> list[dict[str, Any]]:
    """Every published size, counted on the meta device."""
    return published_sizes.run(published_sizes.CONFIG).rows


def test_published_sizes_equal_the_reference(counted):
    """On the meta device all counts equal those of the reference."""
    assert len(counted) == 24
    for row in counted:
        assert row["all"] == row["reference"], row
    assert counted == load("published_sizes").rows


def test_a_missing_parameter_is_noticed(monkeypatch):
    """Negative control: with another number of layers the counts differ."""
    larger = replace(gpt.GPTConfig(), layers=13)
    monkeypatch.setattr(
        published_sizes,
        "reference",
        lambda system, _size: reference(system, larger),
    )
    row = published_sizes.counts(gpt.GPT, "larger", gpt.GPTConfig())
    assert row["all"] != row["reference"]


def test_totals_are_those_of_the_published_checkpoints(counted):
    """The reference is built from our config; these totals are independent of it."""
    assert {row["name"]: row["all"] for row in counted} == TOTALS


def shape(config: Any) -> tuple[int, int, int, int]:
    """Layers, width, heads and hidden width, for GPT-2 4 times the width."""
    hidden = getattr(config, "hidden", 4 * config.width)
    return config.layers, config.width, config.heads, hidden


def test_shapes_are_those_of_the_papers():
    """Layers, width, heads and hidden width of all 24, as in the papers' tables."""
    sizes = {n: size for _, group in published_sizes.SIZES for n, size in group.items()}
    assert {name: shape(size) for name, size in sizes.items()} == SHAPES
    assert sizes["Llama 3 8B"].kv_heads == 8
    # The config of the published checkpoint; LLaMA 7B has 1e-6.
    assert sizes["Llama 3 8B"].eps == 1e-5
    assert [sizes[f"T5 {name}"].head_width for name in ("3B", "11B")] == [128, 128]


def unlike(system: type, config: Any, default: Any) -> set[str]:
    """Fields in which the reference for our config differs from the library's default.

    Except dropout, which no network here has, and ids of special tokens.
    """
    ours, library = MAKERS[system][1](config).to_dict(), default.to_dict()
    fields = {key for key in library if ours[key] != library[key]}
    return {key for key in fields if not key.endswith(("drop", "dropout", "token_id"))}


# The library's defaults are published sizes, written by the library's authors.
# RoBERTa's are not: they are BERT's with a larger vocabulary.
DEFAULTS = {
    "GPT-2 small": (gpt.GPT, gpt.SIZES, hf.GPT2Config),
    "LLaMA 7B": (llama.LLaMA, llama.SIZES, hf.LlamaConfig),
    "BERT base": (BERT, bert.SIZES, hf.BertConfig),
    "ELECTRA small": (electra.Discriminator, electra.SIZES, hf.ElectraConfig),
    "T5 small": (t5.T5, t5.SIZES, hf.T5Config),
    "BART large": (bart.BART, bart.SIZES, hf.BartConfig),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_configs_are_the_defaults_of_the_library(name):
    """Every field, including heads, epsilon and activation, which no total shows."""
    system, sizes, default = DEFAULTS[name]
    allowed = {"hidden_dropout_prob", "attention_probs_dropout_prob", "dropout_rate"}
    assert unlike(system, sizes[name], default()) <= allowed


def test_albert_is_the_default_of_the_library_but_for_its_size():
    """The default is the largest of the four, which no page here uses."""
    largest = replace(albert.BASE, width=4096, heads=64, hidden=16384)
    allowed = {"classifier_dropout_prob"}  # of a head that is not here
    assert unlike(ALBERT, largest, hf.AlbertConfig()) <= allowed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"heads": 16}, "n_head"),
        ({"layers": 13}, "n_layer"),
        ({"width": 756}, "n_embd"),
    ],
)
def test_a_wrong_published_size_is_noticed(change, field):
    """Negative control: a wrong GPT-2 equals its own reference, not these values."""
    wrong = replace(gpt.GPTConfig(), **change)
    assert unlike(gpt.GPT, wrong, hf.GPT2Config()) == {field}
    assert shape(wrong) != SHAPES["GPT-2 small"]
    if "heads" not in change:
        row = published_sizes.counts(gpt.GPT, "wrong", wrong)
        assert row["all"] == row["reference"] != TOTALS["GPT-2 small"]
