"""One network under two mask rules: visibility, pooling and losses."""

import torch

from paradigms.data.special_tokens import IGNORE
from paradigms.models.gpt import GPTConfig
from paradigms.training.two_rules import (
    RULES,
    Label,
    Words,
    encode_rows,
    inputs_and_targets,
    label_loss,
    mean_state,
    word_loss,
)

SHAPE = GPTConfig(vocabulary=20, positions=8, width=16, layers=2, heads=2)


def networks() -> dict[str, Words]:
    """A network for each rule, with equal initial weights."""
    models = {}
    for name, rule in RULES.items():
        torch.manual_seed(0)
        models[name] = Words(SHAPE, rule)
    return models


def test_texts_stand_in_rows_behind_the_first_symbol():
    """Ids are offset by the four specials, behind BOS; rows are cut or padded."""
    rows = encode_rows([[0, 1], [2, 3, 4, 5], []], 4)
    assert rows.tolist() == [[1, 4, 5, 0], [1, 6, 7, 8], [1, 0, 0, 0]]


def test_nothing_but_the_rule_tells_the_two_apart():
    """Equal weights; a later word changes earlier states under one rule only."""
    left, both = networks().values()
    for name, weight in left.state_dict().items():
        assert weight.equal(both.state_dict()[name])
    rows, other = encode_rows([[0, 1, 2, 3]], 8), encode_rows([[0, 1, 2, 9]], 8)
    assert left.states(rows)[:, :4].equal(left.states(other)[:, :4])
    assert not both.states(rows)[:, :4].equal(both.states(other)[:, :4])


def test_padding_changes_no_label():
    """The same text in a longer row gives the same scores, under both rules."""
    for network in networks().values():
        head = Label(network, SHAPE.width)
        short, long = (
            head(encode_rows([[0, 1, 2]], 4)),
            head(encode_rows([[0, 1, 2]], 8)),
        )
        assert torch.allclose(short, long, atol=1e-6)
        assert not torch.allclose(short, head(encode_rows([[0, 1, 3]], 4)), atol=1e-6)


def test_the_mean_leaves_padding_out():
    """Two tokens and two of padding: the mean of the two tokens."""
    states = torch.tensor([[[1.0], [3.0], [50.0], [50.0]]])
    assert mean_state(states, torch.tensor([[1, 4, 0, 0]])).tolist() == [[2.0]]


def test_the_losses_are_sums_with_their_number():
    """Sum and count equal the log-softmax, summed target by target."""
    rng = torch.Generator().manual_seed(0)
    rows = encode_rows([[0, 1, 2, 3, 4, 5, 6]] * 8, 8)
    for name, network in networks().items():
        inputs, targets = inputs_and_targets(name, rows, 20, rng)
        total, count = word_loss(network, (inputs, targets))
        scores = network.head(network.states(inputs)).log_softmax(dim=-1)
        positions = (targets != IGNORE).nonzero().tolist()
        expected = -sum(scores[b, t, targets[b, t]] for b, t in positions)
        assert int(count) == len(positions)
        assert torch.allclose(total, expected)
        head, labels = Label(network, 16), torch.tensor([0, 1] * 4)
        total, count = label_loss(head, (rows, labels))
        expected = -head(rows).log_softmax(dim=1)[range(8), labels].sum()
        assert int(count) == 8
        assert torch.allclose(total, expected)
