"""Mask rules, evaluated on integers, on tensors and by FlexAttention."""

import subprocess
import sys
import warnings
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import scaled_dot_product_attention

from paradigms import masks
from paradigms.layers import Cache, attend, attention_view, dense_mask
from paradigms.masks import bidirectional, causal, grid, packed, padding, parse
from paradigms.models.gpt import GPT, GPTConfig

EXPRESSIONS = [
    "causal",
    "bidirectional",
    "prefix_lm(3)",
    "padding(4)",
    "causal & padding(5)",
    "sliding_window(2)",
    "causal & sliding_window(3)",
    "packed(2, 3, 2)",
    "causal & packed(3, 4)",
    "cross(5)",
    "block_causal(3)",
    "permutation_content(2, 0, 4, 1, 3, 6, 5)",
    "permutation_query(2, 0, 4, 1, 3, 6, 5)",
    "~causal | sliding_window(1)",
]


def rows(*lines: str) -> list[list[bool]]:
    """A mask written by hand: x for visible, . for hidden."""
    return [[cell == "x" for cell in line] for line in lines]


def test_the_causal_matrix_of_the_textbook():
    """“The cat sat on the”: a lower triangle of 15 ticks."""
    assert grid(causal, 5) == rows("x....", "xx...", "xxx..", "xxxx.", "xxxxx")


def test_the_bidirectional_matrix_of_the_textbook():
    """“The [MASK] sat on the [MASK]”: 36 ticks, and [MASK] is no exception."""
    assert grid(bidirectional, 6) == rows(*["xxxxxx"] * 6)


def test_cross_attention_is_a_rectangle():
    """Three decoder rows, four source columns of which the last is padding."""
    assert grid(masks.cross(3), 3, 4) == rows("xxx.", "xxx.", "xxx.")


@pytest.mark.parametrize(
    ("expression", "matrix"),
    [
        ("prefix_lm(2)", rows("xx..", "xx..", "xxx.", "xxxx")),
        ("causal & sliding_window(2)", rows("x...", "xx..", ".xx.", "..xx")),
        ("packed(1, 2)", rows("x...", ".xx.", ".xx.", "...x")),
        ("block_causal(2)", rows("xx..", "xx..", "xxxx", "xxxx")),
        ("permutation_content(2, 0, 3, 1)", rows("x.x.", "xxxx", "..x.", "x.xx")),
        ("permutation_query(2, 0, 3, 1)", rows("..x.", "x.xx", "....", "x.x.")),
        ("~causal", rows(".xxx", "..xx", "...x", "....")),
    ],
)
def test_each_rule_equals_its_picture(expression, matrix):
    """Every rule against a matrix written down by hand."""
    assert grid(parse(expression), 4) == matrix


def test_packed_documents_do_not_see_each_other():
    """Changing a document leaves the outputs of its neighbour in the row equal."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=30, width=16, heads=2, layers=3, positions=7))
    text = torch.randint(4, 30, (1, 7))
    other = text.clone()
    other[0, 3:] = (other[0, 3:] + 5) % 26 + 4
    rule = packed(3, 4)
    before, after = network(text, rule), network(other, rule)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_the_query_stream_never_sees_its_own_content():
    """XLNet's query stream is its content stream without the diagonal."""
    order = (3, 0, 2, 1, 4)
    content = dense_mask(masks.permutation_content(*order), 5)
    query = dense_mask(masks.permutation_query(*order), 5)
    assert not query.diagonal().any()
    assert torch.equal(query | torch.eye(5, dtype=torch.bool), content)
    assert not query[3].any()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(EXPRESSIONS), st.integers(1, 9), st.integers(1, 9))
def test_integers_and_tensors_follow_one_rule(expression, queries, keys):
    """The drawing (integers) and the network's mask (tensors) are the same matrix."""
    rule = parse(expression)
    assert dense_mask(rule, queries, keys).tolist() == grid(rule, queries, keys)


def test_changing_the_future_changes_nothing():
    """Under `causal` in a deep network, a future token leaves earlier outputs equal."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=30, width=16, heads=2, layers=3, positions=8))
    text = torch.randint(4, 30, (2, 8))
    for position in range(1, 8):
        other = text.clone()
        other[:, position] = (other[:, position] + 1) % 26 + 4
        before, after = network(text, causal), network(other, causal)
        assert torch.equal(before[:, :position], after[:, :position])
        assert not torch.equal(before[:, position:], after[:, position:])


def looks_ahead(rule: masks.Rule, size: int = 16) -> bool:
    """By brute force: whether some query sees a later key."""
    return any(rule(q, k) for q in range(size) for k in range(q + 1, size))


SEEING_BACK = ["sliding_window(1)", "block_causal(1)", "causal & packed(3, 4)"]


SEEING_ONE_AHEAD = ["sliding_window(2)", "block_causal(2)"]


@pytest.mark.parametrize("expression", [*EXPRESSIONS, *SEEING_BACK, *SEEING_ONE_AHEAD])
def test_a_rule_knows_whether_it_looks_ahead(expression):
    """By name, and in combinations with a causal rule, as on the grid."""
    rule = parse(expression)
    assert rule.looks_ahead == looks_ahead(rule)
    for other in (rule & causal, rule | causal, causal & rule, ~~causal & rule):
        assert other.looks_ahead or not looks_ahead(other)
    assert not (rule & causal).looks_ahead
    assert (rule | bidirectional).looks_ahead


@pytest.mark.parametrize("past", [1, 3, 5])
def test_a_cache_is_refused_exactly_where_a_cached_token_would_see_ahead(past):
    """All pairs of rules by `&` and `|`, against the grid of cached and new tokens."""
    tokens, cache = torch.zeros(1, 3, dtype=torch.long), Cache()
    cache.advance(past)
    for first, second in product(map(parse, [*EXPRESSIONS, *SEEING_BACK]), repeat=2):
        for rule in (first & second, first | second):
            ahead = any(rule(q, k) for q in range(past) for k in range(past, past + 3))
            try:
                attention_view(tokens, rule, cache=cache)
            except ValueError as error:
                assert ahead, rule
                assert f"a look ahead: got {rule}" in str(error)  # noqa: PT017
            else:
                assert not ahead, rule
            assert rule.looks_ahead or not looks_ahead(rule, 9)


def test_padding_does_not_count_as_seen_from_a_cache():
    """The first token is padding, or the new ones are: nothing is seen ahead."""
    tokens, cache = torch.zeros(1, 2, dtype=torch.long), Cache()
    cache.advance(2)
    rule = bidirectional & padding(9)
    for real in ([0, 0, 1, 1], [1, 1, 0, 0]):
        attention_view(tokens, rule, torch.tensor([real]).bool(), cache)
    with pytest.raises(ValueError, match="cache needs a rule without a look ahead"):
        attention_view(tokens, rule, torch.tensor([[0, 1, 0, 1]]).bool(), cache)


def test_a_leaking_mask_is_caught_by_the_perturbation():
    """Negative control: with the future visible, the same perturbation is noticed."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=30, width=16, heads=2, layers=1, positions=8))
    text = torch.randint(4, 30, (1, 8))
    other = text.clone()
    other[0, 7] = (other[0, 7] + 1) % 26 + 4
    assert not torch.equal(network(text, ~causal)[:, 0], network(other, ~causal)[:, 0])


def test_changing_padding_changes_nothing():
    """Neither the tokens nor the number of padded positions change a real output."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=30, width=16, heads=2, layers=3, positions=9))
    text = torch.randint(4, 30, (1, 5))
    unpadded = network(text, bidirectional)
    for token in (0, 7):
        padded = torch.cat([text, torch.full((1, 4), token)], dim=1)
        assert torch.allclose(network(padded, padding(5))[:, :5], unpadded, atol=1e-6)


def test_a_batch_may_have_a_length_for_each_sequence():
    """Lengths of shape (B, 1, 1) give each sequence of a batch its own mask."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(vocabulary=30, width=16, heads=2, layers=2, positions=6))
    text = torch.randint(4, 30, (2, 6))
    batched = network(text, padding(torch.tensor([6, 3])[:, None, None]))
    assert torch.allclose(
        batched[1, :3], network(text[1:, :3], bidirectional)[0], atol=1e-6
    )


def test_a_row_that_sees_nothing_gives_zeros():
    """An empty row is zero, not NaN, forward and backward; other rows are unchanged."""
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 8).requires_grad_().unbind()
    visible = dense_mask(causal, 4)
    full = attend(query, key, value, visible)
    empty = visible.clone()
    empty[2] = False
    mixed = attend(query, key, value, empty)
    assert not mixed[:, 2].any()
    assert torch.equal(mixed[:, [0, 1, 3]], full[:, [0, 1, 3]])
    (gradient,) = torch.autograd.grad(mixed.sum(), query)
    assert gradient.isfinite().all()


def test_minus_infinity_alone_would_give_nan():
    """Negative control: without the special case, an empty row is NaN."""
    assert torch.full((3,), float("-inf")).softmax(dim=0).isnan().all()


def test_both_boolean_conventions_of_pytorch():
    """True = visible for scaled_dot_product_attention, hidden for the module."""
    torch.manual_seed(0)
    rule = causal & padding(4)
    query, key, value = torch.randn(3, 1, 5, 8)
    ours = attend(query, key, value, dense_mask(rule, 5))
    theirs = scaled_dot_product_attention(
        query, key, value, attn_mask=dense_mask(rule, 5)
    )
    assert torch.allclose(ours, theirs, atol=1e-6)
    module = torch.nn.MultiheadAttention(8, 1, bias=False, batch_first=True)
    torch.nn.init.eye_(module.out_proj.weight)
    module.in_proj_weight.data.copy_(torch.eye(8).repeat(3, 1))
    inverted, _ = module(query, key, value, attn_mask=dense_mask(~rule, 5))
    assert torch.allclose(ours, inverted, atol=1e-6)
    not_inverted, _ = module(query, key, value, attn_mask=dense_mask(rule, 5))
    assert not torch.allclose(ours, not_inverted, atol=1e-3)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_flex_attention_equals_the_dense_mask(expression):
    """FlexAttention, given `rule.mask_mod`, computes what the dense mask computes."""
    torch.manual_seed(0)
    rule = parse(expression)
    query, key, value = torch.randn(3, 1, 2, 7, 8)

    blocks = create_block_mask(rule.mask_mod, None, None, 7, 7, device="cpu")
    with warnings.catch_warnings():
        # Uncompiled FlexAttention warns that it is slow; speed is not tested here.
        warnings.simplefilter("ignore")
        theirs = flex_attention(query, key, value, block_mask=blocks)
    ours = attend(query, key, value, dense_mask(rule, 7))
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_rules_and_drawings_need_no_torch():
    """Importing masks, figures and tables leaves torch unimported."""
    code = (
        "import sys, paradigms.masks; "
        "import paradigms.site.fences.figure, paradigms.site.fences.table; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("casual", "mask 'casual' is unknown; known are: causal"),
        ("causal &", "is not a valid expression"),
        ("prefix_lm", "mask 'prefix_lm' lacks its numbers"),
        ("causal & packed", "mask 'packed' lacks its numbers"),
        ("~prefix_lm", "mask 'prefix_lm' lacks its numbers"),
        ("causal(3)", "mask 'causal' takes no numbers"),
        ("prefix_lm(1, 2)", "mask 'prefix_lm' takes another count of numbers"),
        ("prefix_lm(x)", "mask 'prefix_lm' takes whole numbers"),
        ("padding(3.5)", "mask 'padding' takes whole numbers"),
        ("padding('x')", "mask 'padding' takes whole numbers"),
        ("packed()", "lengths must name at least one document"),
        ("packed(2, 0)", "lengths must be a whole number of at least 1: 0"),
        ("prefix_lm(-1)", "prefix must be a whole number of at least 0: -1"),
        ("sliding_window(0)", "window must be a whole number of at least 1: 0"),
        ("permutation_query(0, 2)", "order must be a permutation of 0 to 1"),
        ("__import__('os')", "is unknown"),
    ],
)
def test_a_mistaken_expression_names_its_part(expression, message):
    """Nothing but rules is evaluated, and the message says what to write."""
    with pytest.raises(ValueError, match=r".") as error:
        parse(expression)
    assert message in str(error.value)


def test_a_rule_prints_as_it_is_written():
    """`str(rule)` can be read back by `parse`."""
    for expression in EXPRESSIONS:
        rule = parse(expression)
        assert grid(parse(str(rule)), 7) == grid(rule, 7)
