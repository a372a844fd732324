"""What a network sees, by its gradients: drawn = declared = measured."""

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
from paradigms.site.content.toml import DOCS, FOLDER


def drawn_masks() -> list[str]:
    """Every mask that a page or a table of the site draws."""
    found = set()
    for path in [*DOCS.rglob("*.md"), *(FOLDER / "tables").glob("*.toml")]:
        found |= set(re.findall(r'\bmask = "([^"]+)"', path.read_text("utf8")))
    return sorted(found)


def measured(rule, queries: int = 6, keys: int = 6) -> list[list[bool]]:
    """What one real attention layer sees under a rule, from its gradients."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    asking = torch.randn(1, queries, 16)  # apart from the keys: only attention counts
    mask = dense_mask(rule, queries, keys)
    return visible(
        lambda x: layer(asking, mask, x[None])[0], torch.randn(keys, 16)
    ).tolist()


@pytest.mark.parametrize("expression", drawn_masks())
def test_drawn_is_declared_is_measured(expression):
    """One rule: the drawing's cells, the tensor and a real layer's gradients agree."""
    rule = parse(expression)
    size = 5 if expression.count(",") == 4 else 6  # a permutation of five is for five
    drawn = grid(rule, size)
    assert dense_mask(rule, size).tolist() == drawn
    assert measured(rule, size, size) == drawn


def test_every_rule_is_drawn_somewhere():
    """A rule without a picture on a page would not be measured either."""
    drawn = " ".join(drawn_masks())
    for name in RULES:
        assert re.search(rf"\b{name}\b", drawn), f"{name} is drawn on no page"


def test_cross_attention_is_measured_as_a_rectangle():
    """Three decoder rows see the four real columns of a source of five."""
    assert measured(parse("cross(4)"), 3, 5) == [[True] * 4 + [False]] * 3


def test_the_probe_notices_another_mask():
    """The guard itself: measured under one rule, it does not agree with another."""
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
    """One-sidedness is per position: the last state depends on every word."""
    seen = reachable(causal, 6, layers=1)
    assert all(seen[5])
    assert sum(seen[0]) == 1
    assert measured(causal)[5] == [True] * 6


def test_a_repeated_text_is_seen_whole_by_its_second_copy():
    """Give a text of three words twice: row 4, the first word again, sees all three."""
    seen = measured(causal)
    assert seen[0][:3] == [True, False, False]
    assert seen[3][:3] == [True, True, True]


def test_one_network_becomes_both_by_its_rule():
    """Same weights: under `causal` word 1 sees itself, under `bidirectional` all."""
    torch.manual_seed(0)
    network = GPT(
        GPTConfig(vocabulary=20, width=16, heads=2, layers=2, positions=6)
    ).double()
    text = torch.tensor([[4, 5, 6, 7, 8, 9]])
    assert sees(network, text, network.word).tolist() == grid(causal, 6)
    assert sees(network, text, network.word, rule=bidirectional).all()


def test_an_ignored_target_has_no_probability():
    """-100 is no word: refused, instead of an error from inside torch."""
    with pytest.raises(ValueError, match=r"targets must lie in 0..4"):
        sequence_log_prob(torch.randn(1, 2, 5), torch.tensor([[1, -100]]))


def test_a_broken_network_is_refused():
    """NaN weights: an error instead of a picture of nothing."""
    with pytest.raises(ValueError, match="not finite"):
        visible(lambda x: x * float("nan"), torch.randn(3, 4))
