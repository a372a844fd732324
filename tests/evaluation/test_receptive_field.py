"""Receptive fields by gradients: drawn = declared = measured."""

import re

import pytest
import torch

from paradigms.evaluation.receptive_field import (
    reachable,
    sees,
    sequence_log_prob,
    visible,
)
from paradigms.layers import Block, MultiHeadAttention, dense_mask
from paradigms.masks import RULES, bidirectional, causal, grid, parse
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.site.content.pages import DOCS
from paradigms.site.content.toml import FOLDER


def drawn_masks() -> list[str]:
    """Every mask expression on a page or in a table of the site."""
    expressions = set()
    for path in [*DOCS.rglob("*.md"), *(FOLDER / "tables").glob("*.toml")]:
        expressions |= set(re.findall(r'\bmask = "([^"]+)"', path.read_text("utf8")))
    return sorted(expressions)


def measured(rule, queries: int = 6, keys: int = 6) -> list[list[bool]]:
    """The receptive field of one attention layer under a rule, from its gradients."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    states = torch.randn(1, queries, 16)  # independent of keys: only attention counts
    mask = dense_mask(rule, queries, keys)
    return visible(
        lambda x: layer(states, mask, x[None])[0], torch.randn(keys, 16)
    ).tolist()


@pytest.mark.parametrize("expression", drawn_masks())
def test_drawn_is_declared_is_measured(expression):
    """The drawn cells, the mask tensor and the gradients of a layer agree."""
    rule = parse(expression)
    size = 5 if expression.count(",") == 4 else 6  # a permutation of five is for five
    cells = grid(rule, size)
    assert dense_mask(rule, size).tolist() == cells
    assert measured(rule, size, size) == cells


def test_every_rule_is_drawn_somewhere():
    """A rule that no page draws would not be measured either."""
    expressions = " ".join(drawn_masks())
    for name in RULES:
        assert re.search(rf"\b{name}\b", expressions), f"{name} is drawn on no page"


def test_cross_attention_is_measured_as_a_rectangle():
    """Three decoder rows see the four unpadded columns of a source of five."""
    assert measured(parse("cross(4)"), 3, 5) == [[True] * 4 + [False]] * 3


def test_the_probe_notices_another_mask():
    """Negative control: measured under one rule, it does not equal another."""
    assert measured(causal) != grid(bidirectional, 6)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(
    "expression",
    ["causal", "causal & sliding_window(3)", "packed(3, 5)", "prefix_lm(3)"],
)
def test_a_deep_stack_sees_what_the_rule_reaches(expression, layers):
    """L layers see what the rule reaches in L steps: a window w grows to L (w - 1)."""
    torch.manual_seed(0)
    rule = parse(expression)
    blocks = torch.nn.ModuleList(Block(16, 4) for _ in range(layers)).double()
    mask = dense_mask(rule, 8)

    def network(x):
        for block in blocks:
            x = block(x[None], mask)[0]
        return x

    inputs = torch.randn(8, 16, dtype=torch.float64)
    assert visible(network, inputs).tolist() == reachable(rule, 8, layers)


def test_the_last_position_of_a_causal_network_sees_everything():
    """The last state depends on every word, the first only on itself."""
    reach = reachable(causal, 6, layers=1)
    assert all(reach[5])
    assert sum(reach[0]) == 1
    assert measured(causal)[5] == [True] * 6


def test_a_repeated_text_is_seen_whole_by_its_second_copy():
    """A text of three words twice: row 4, the first word again, sees all three."""
    view = measured(causal)
    assert view[0][:3] == [True, False, False]
    assert view[3][:3] == [True, True, True]


def test_one_network_becomes_both_by_its_rule():
    """Same weights: causal under `causal`, full attention under `bidirectional`."""
    torch.manual_seed(0)
    network = GPT(
        GPTConfig(vocabulary=20, width=16, heads=2, layers=2, positions=6)
    ).double()
    text = torch.tensor([[4, 5, 6, 7, 8, 9]])
    assert sees(network, text, network.word).tolist() == grid(causal, 6)
    assert sees(network, text, network.word, rule=bidirectional).all()


def test_an_ignored_target_has_no_probability():
    """-100 is no id: refused, instead of an error from inside torch."""
    with pytest.raises(ValueError, match=r"targets must lie in 0..4"):
        sequence_log_prob(torch.randn(1, 2, 5), torch.tensor([[1, -100]]))


def test_a_broken_network_is_refused():
    """A network that returns NaN is an error, not an empty receptive field."""
    with pytest.raises(ValueError, match="not finite"):
        visible(lambda x: x * float("nan"), torch.randn(3, 4))
