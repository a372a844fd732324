"""Objectives on sentences: next sentence, sentence order, sentence permutation.

A sentence is a list of ids, a document a list of sentences.
"""

from typing import NamedTuple

import torch

Sentence = list[int]
Document = list[Sentence]


class Pair(NamedTuple):
    """Two sentences and a label: 0 if they are as in the text, else 1."""

    first: Sentence
    second: Sentence
    label: int


def next_sentence(documents: list[Document], rng: torch.Generator) -> list[Pair]:
    """Each sentence with its successor, or half of the time with a random sentence.

    That is drawn uniformly from another document, which is drawn uniformly.
    Errors: ValueError for fewer than two documents, an empty sentence, or no two
    sentences in a row.
    Source: Devlin et al. (2019), section 3.1, task 2.

    >>> documents = [[[5], [6]], [[7], [8]]]
    >>> for pair in next_sentence(documents, torch.Generator().manual_seed(2)):
    ...     print(pair)
    Pair(first=[5], second=[8], label=1)
    Pair(first=[7], second=[8], label=0)
    """
    if len(documents) < 2:
        raise ValueError(f"documents: the others need a second: {len(documents)}")
    starts = _starts(documents)
    size = (3, len(starts))
    choices, document_draws, sentence_draws = torch.rand(
        size, dtype=torch.float64, generator=rng
    ).tolist()
    pairs = []
    for (d, s), u, v, w in zip(
        starts, choices, document_draws, sentence_draws, strict=True
    ):
        first = documents[d][s]
        if u < 0.5:
            pairs.append(Pair(first, documents[d][s + 1], 0))
        else:
            # Another document: indices from d on shift by one, so d is left out.
            other = int(v * (len(documents) - 1))
            document = documents[other + (other >= d)]
            pairs.append(Pair(first, document[int(w * len(document))], 1))
    return pairs


def sentence_order(documents: list[Document], rng: torch.Generator) -> list[Pair]:
    """Each pair of consecutive sentences, half of the time swapped.

    Errors: ValueError for no document, an empty sentence, or no two sentences in a row.
    Source: Lan et al. (2020), section 3.1.

    >>> sentence_order([[[5], [6], [7]]], torch.Generator().manual_seed(0))
    [Pair(first=[6], second=[5], label=1), Pair(first=[6], second=[7], label=0)]
    """
    starts = _starts(documents)
    swaps = (torch.rand(len(starts), generator=rng) < 0.5).tolist()
    pairs = []
    for (d, s), swap in zip(starts, swaps, strict=True):
        first, second = documents[d][s], documents[d][s + 1]
        pairs.append(Pair(second, first, 1) if swap else Pair(first, second, 0))
    return pairs


def sentence_permutation(
    document: Document, rng: torch.Generator
) -> tuple[list[int], list[int]]:
    """Shuffle the sentences uniformly; the target is the document.

    Returns (source, target), both of the same length.
    Errors: ValueError for fewer than two sentences, or an empty one.
    Source: Lewis et al. (2020), section 2.2.

    >>> sentence_permutation([[5, 6], [7], [8]], torch.Generator().manual_seed(0))
    ([8, 5, 6, 7], [5, 6, 7, 8])
    """
    if len(document) < 2 or not all(document):
        raise ValueError(
            "document must hold two sentences or more, none of them empty: lengths "
            f"{[len(sentence) for sentence in document]}"
        )
    order = torch.randperm(len(document), generator=rng).tolist()
    source = [token for index in order for token in document[index]]
    return source, [token for sentence in document for token in sentence]


def _starts(documents: list[Document]) -> list[tuple[int, int]]:
    """Indices (document, sentence) of each sentence that has a successor."""
    for index, document in enumerate(documents):
        if not document or not all(document):
            raise ValueError(f"documents: number {index} lacks words: {document}")
    starts = [
        (d, s) for d, document in enumerate(documents) for s in range(len(document) - 1)
    ]
    if not starts:
        raise ValueError("documents must hold two sentences in a row somewhere")
    return starts
