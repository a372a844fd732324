"""Sentence pairs: passages, features, and a run at reduced size."""

import torch

from paradigms.experiments import sentence_pairs
from paradigms.experiments.records import load
from paradigms.experiments.sentence_pairs import (
    passages,
    shared_words,
    words_by_side,
)
from paradigms.objectives import Pair, sentence_order


def test_sentence_pairs_again_at_reduced_size():
    """Three draws from fewer reviews: near the record, and above chance."""
    stored = {row["name"]: row["accuracy"] for row in load("sentence_pairs").rows}
    reduced = sentence_pairs.run(sentence_pairs.smaller()).rows
    assert [row["name"] for row in reduced] == list(stored)
    for row in reduced:
        assert abs(row["accuracy"][0] - stored[row["name"]][0]) < 0.06, row["name"]
    accuracies = {row["name"]: row["accuracy"] for row in reduced}
    for name in ("next sentence, shared words", "sentence order, words by side"):
        assert accuracies[name][1] > 0.5 < stored[name][1]


def test_a_review_is_cut_at_the_ends_of_sentences():
    """Short sentences and incomplete passages are dropped."""
    text = "One two three. Four five six! No. Seven eight nine?<br />Ten eleven twelve."
    assert passages(text, 2) == [
        ["one", "two", "three", "four", "five", "six", "!"],
        ["seven", "eight", "nine", "?", "ten", "eleven", "twelve"],
    ]
    assert passages(text, 3) == [passages(text, 2)[0] + ["seven", "eight", "nine", "?"]]


def test_shared_words_cannot_tell_the_order():
    """Features of shared words are symmetric in the pair; words by side are not."""
    documents = [[[5, 6, 7], [6, 8], [7, 9, 5]]] * 20
    pairs = sentence_order(documents, torch.Generator().manual_seed(0))
    assert {pair.label for pair in pairs} == {0, 1}
    for pair in pairs:
        swapped = Pair(pair.second, pair.first, 1 - pair.label)
        assert shared_words(pair, 10) == shared_words(swapped, 10)
        assert words_by_side(pair, 10) != words_by_side(swapped, 10)
    assert shared_words(Pair([5, 6, 7, 5], [6, 8, 5], 0), 10) == [5, 6]
    assert words_by_side(Pair([5, 6], [6], 0), 10) == [5, 6, 16]
