"""Objectives on whole sentences: which comes next, which came first, in what order.

A sentence is a list of ids, a document a list of sentences.
"""

from typing import NamedTuple

import torch

Sentence = list[int]
Document = list[Sentence]


class Pair(NamedTuple):
    """Two sentences and a label: 0 if they stand as in the text, 1 if they do not."""

    first: Sentence
    second: Sentence
    label: int


def next_sentence(documents: list[Document], generator: torch.Generator) -> list[Pair]:
    """Each sentence with its successor, or half of the time with one from elsewhere.

    The other document is drawn uniformly among the rest, then a sentence of it.
    Errors: ValueError for fewer than two documents, an empty sentence, or no two
    sentences in a row.
    Source: Devlin et al. (2019), section 3.1, task 2.
    """
    if len(documents) < 2:
        raise ValueError(f"documents: the others need a second: {len(documents)}")
    starts = _starts(documents)
    size = (3, len(starts))
    fate, which, where = torch.rand(
        size, dtype=torch.float64, generator=generator
    ).tolist()
    pairs = []
    for (d, s), u, v, w in zip(starts, fate, which, where, strict=True):
        first = documents[d][s]
        if u < 0.5:
            pairs.append(Pair(first, documents[d][s + 1], 0))
        else:
            # One of the others: those from d on move up by one, so that d is left out.
            other = int(v * (len(documents) - 1))
            document = documents[other + (other >= d)]
            pairs.append(Pair(first, document[int(w * len(document))], 1))
    return pairs


def sentence_order(documents: list[Document], generator: torch.Generator) -> list[Pair]:
    """Each two sentences in a row, half of the time swapped: what is said is the same.

    Errors: ValueError for no document, an empty sentence, or no two sentences in a row.
    Source: Lan et al. (2020), section 3.1.
    """
    starts = _starts(documents)
    swapped = (torch.rand(len(starts), generator=generator) < 0.5).tolist()
    pairs = []
    for (d, s), swap in zip(starts, swapped, strict=True):
        first, second = documents[d][s], documents[d][s + 1]
        pairs.append(Pair(second, first, 1) if swap else Pair(first, second, 0))
    return pairs


def sentence_permutation(
    document: Document, generator: torch.Generator
) -> tuple[list[int], list[int]]:
    """Shuffle the sentences, each order equally likely; the target is the document.

    Returns (source, target), both of the same length.
    Errors: ValueError for fewer than two sentences, or an empty one.
    Source: Lewis et al. (2020), section 2.2.
    """
    if len(document) < 2 or not all(document):
        raise ValueError(
            "document must hold two sentences or more, none of them empty: lengths "
            f"{[len(sentence) for sentence in document]}"
        )
    order = torch.randperm(len(document), generator=generator).tolist()
    source = [token for place in order for token in document[place]]
    return source, [token for sentence in document for token in sentence]


def _starts(documents: list[Document]) -> list[tuple[int, int]]:
    """The document and place of each sentence that has a successor."""
    for number, document in enumerate(documents):
        if not document or not all(document):
            raise ValueError(f"documents: number {number} lacks words: {document}")
    starts = [
        (d, s) for d, document in enumerate(documents) for s in range(len(document) - 1)
    ]
    if not starts:
        raise ValueError("documents must hold two sentences in a row somewhere")
    return starts
