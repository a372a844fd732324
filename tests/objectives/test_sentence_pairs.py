"""Sentence pairs and permutations: labels half and half, all orders uniform."""

from collections import Counter
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
import torch

from paradigms.objectives import (
    Pair,
    next_sentence,
    sentence_order,
    sentence_permutation,
)
from paradigms.objectives.sentence_pairs import Document
from tests.objectives.rates import LIMIT, errors


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


# Three documents of one-word sentences; the word is 1001 * document + position.
SIZE = 1001
CORPUS = [[[d * SIZE + s] for s in range(SIZE)] for d in range(3)]


def million(
    objective: Callable[[list[Document], torch.Generator], list[Pair]],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """First words, second words and labels of 340 epochs: 1,020,000 pairs."""
    rng, passes = seeded_rng(), []
    for _ in range(340):
        pairs = objective(CORPUS, rng)
        words = [(pair.first[0], pair.second[0], pair.label) for pair in pairs]
        passes.append(torch.from_numpy(np.array(words)).T)  # (3, 3000)
    first, second, label = torch.cat(passes, dim=1)
    assert len(label) == 1_020_000
    return first, second, label


def test_next_sentence_is_half_true_and_half_from_another_document():
    """A million pairs: half are consecutive, half from two different documents."""
    first, second, label = million(next_sentence)
    assert errors(label == 1, 0.5) < LIMIT
    follows = label == 0
    assert torch.equal(second[follows], first[follows] + 1)
    source, partner = first[~follows] // SIZE, second[~follows] // SIZE
    assert (partner != source).all()
    for document in range(3):
        partners = partner[source == document]
        assert errors(partners == (document + 1) % 3, 0.5) < LIMIT
    assert errors(second[~follows] % SIZE < 200, 200 / SIZE) < LIMIT


def test_sentence_order_is_half_swapped():
    """A million pairs of adjacent sentences; half of them are swapped."""
    first, second, label = million(sentence_order)
    assert errors(label == 1, 0.5) < LIMIT
    assert torch.equal(second - first, 1 - 2 * label)


def test_every_sentence_but_the_last_begins_a_pair():
    """Documents of one sentence begin no pair, but may be drawn as the second."""
    documents = [[[10], [11]], [[20]]]
    pairs = [
        pair for s in range(50) for pair in next_sentence(documents, seeded_rng(s))
    ]
    examples = {(*pair.first, *pair.second, pair.label) for pair in pairs}
    assert examples == {(10, 11, 0), (10, 20, 1)}


def test_every_order_of_the_sentences_is_equally_likely():
    """60,000 texts of three sentences: each of the six orders a sixth of the time."""
    rng, counts = seeded_rng(), Counter[tuple[int, ...]]()
    document = [[10, 11], [20], [30, 31, 32]]
    for _ in range(60_000):
        source, target = sentence_permutation(document, rng)
        assert target == [10, 11, 20, 30, 31, 32]
        counts[tuple(source)] += 1
    assert len(counts) == 6
    for count in counts.values():
        assert errors(torch.arange(60_000) < count, 1 / 6) < LIMIT


def unequal(order: torch.Tensor) -> float:
    """For orders (N, 3): largest deviation of a share from 1/6, in standard errors."""
    code = order @ torch.tensor([9, 3, 1])
    return max(
        errors(code == 9 * a + 3 * b + c, 1 / 6) for a, b, c in permutations(range(3))
    )


def test_every_order_of_three_neighbours_is_equally_likely():
    """A million disjoint triples of adjacent sentences in long shuffled documents.

    In a uniform permutation the orders of disjoint triples are independent, so one long
    document stands for many short ones.
    """
    document, rng, orders = [[place] for place in range(30_000)], seeded_rng(), []
    for _ in range(100):
        source, _ = sentence_permutation(document, rng)
        words, positions = torch.tensor(source).sort()  # (30000,): place in the source
        assert torch.equal(words, torch.arange(30_000))
        orders.append(positions.view(-1, 3).argsort(dim=1))
    all_orders = torch.cat(orders)
    assert len(all_orders) == 1_000_000
    assert unequal(all_orders) < LIMIT


def test_a_shuffle_by_any_swaps_would_be_noticed():
    """Negative control: swapping each position with any other is a biased shuffle."""
    order = torch.arange(3).repeat(60_000, 1)
    for place in range(3):
        other = torch.randint(3, (60_000, 1), generator=seeded_rng(place))
        previous = order[:, place : place + 1].clone()
        order[:, place : place + 1] = order.gather(1, other)
        order.scatter_(1, other, previous)
    assert unequal(order) > 2 * LIMIT


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: next_sentence([[[5], [6]]], seeded_rng()),
            "the others need a second: 1",
        ),
        (lambda: next_sentence([[[5]], [[6]]], seeded_rng()), "two sentences in a row"),
        (
            lambda: next_sentence([[[5], [6]], []], seeded_rng()),
            r"number 1 lacks words: \[\]",
        ),
        (
            lambda: next_sentence([[[5], []], [[6]]], seeded_rng()),
            "number 0 lacks words",
        ),
        (lambda: sentence_order([], seeded_rng()), "two sentences in a row"),
        (lambda: sentence_order([[[5]]], seeded_rng()), "two sentences in a row"),
        (lambda: sentence_order([[[5], []]], seeded_rng()), "number 0 lacks words"),
        (
            lambda: sentence_permutation([[5]], seeded_rng()),
            r"two sentences .* lengths\s+\[1",
        ),
        (lambda: sentence_permutation([[5], []], seeded_rng()), r"\[1, 0\]"),
    ],
)
def test_documents_without_their_sentences_are_refused(call, message):
    """A pair needs two sentences, a negative pair a second document."""
    with pytest.raises(ValueError, match=message):
        call()
