"""Texts as bags of words: how often each word occurs in each text."""

import warnings
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F


class Bags:
    """N texts over V words, as a sparse table of counts (N, V) and its transpose.

    Errors: ValueError if there is no text, or a word number outside the vocabulary.
    """

    def __init__(self, texts: Iterable[list[int]], vocabulary: int) -> None:
        texts = list(texts)
        word = torch.tensor([w for text in texts for w in text], dtype=torch.long)
        if not texts:
            raise ValueError("texts must hold at least one text")
        if len(word) and not 0 <= int(word.min()) <= int(word.max()) < vocabulary:
            raise ValueError(f"texts hold word numbers outside 0..{vocabulary - 1}")
        lengths = torch.tensor([len(text) for text in texts])
        text = torch.repeat_interleave(torch.arange(len(texts)), lengths)
        self.counts = _sparse(text, word, (len(texts), vocabulary))
        self.transposed = _sparse(word, text, (vocabulary, len(texts)))

    def __len__(self) -> int:
        return self.counts.shape[0]

    def add_up(self, weights: Tensor) -> Tensor:
        """For each text the sum of its words' rows: weights (V, K) -> (N, K)."""
        return self.counts @ weights

    def collect(self, values: Tensor) -> Tensor:
        """For each word the sum of its texts' rows: values (N, K) -> (V, K)."""
        return self.transposed @ values


def one_hot(labels: Tensor, texts: int, classes: int) -> Tensor:
    """Labels (N,) as rows of zeros with a single one, (N, K), after checking them.

    Errors: ValueError if there is not one label a text, or a class has no text.
    """
    if labels.shape != (texts,):
        raise ValueError(f"labels must be of shape ({texts},): {tuple(labels.shape)}")
    present = labels.unique().tolist()
    if present != list(range(classes)):
        raise ValueError(f"labels must cover 0..{classes - 1}: found {present}")
    return F.one_hot(labels, classes).float()


def _sparse(row: Tensor, column: Tensor, shape: tuple[int, int]) -> Tensor:
    counts = torch.sparse_coo_tensor(
        torch.stack([row, column]),
        torch.ones(len(row)),
        shape,
        check_invariants=True,
    ).coalesce()  # adds up the words that occur more than once
    with warnings.catch_warnings():
        # Compressed rows multiply ten times faster; torch calls them beta, once.
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return counts.to_sparse_csr()
