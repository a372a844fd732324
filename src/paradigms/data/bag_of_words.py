"""Feature matrices: dense, or sparse bags of words; one-hot labels."""

import warnings
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms._checks import check_finite
from paradigms.data.special_tokens import SPECIALS


def dense(x: Tensor, like: Tensor | None = None) -> Tensor:
    """Return `x` if it is a dense matrix with the columns and dtype of `like`.

    Shapes: x (N, V), like (..., V).
    Errors: ValueError if it is sparse, empty, integer, not finite, or unlike `like`.
    """
    if not isinstance(x, Tensor) or x.layout != torch.strided:
        raise ValueError(f"x must be a dense tensor: {type(x).__name__}")
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must be of shape (N, V), not empty: {tuple(x.shape)}")
    check_finite(x, "x")
    if like is not None:
        _check_like(x, like.shape[-1], like.dtype)
    return x


class Table:
    """N rows over V columns, `rows` (N, V) and `transpose` (V, N), dense or sparse."""

    def __init__(self, rows: Tensor, transpose: Tensor | None = None) -> None:
        self.rows = rows
        self.transpose = rows.T if transpose is None else transpose

    @classmethod
    def of(cls, x: "Table | Tensor") -> "Table":
        """A table is returned as it is, a tensor (N, V) wrapped. Errors: as `dense`."""
        return x if isinstance(x, Table) else cls(dense(x))

    @classmethod
    def of_counts(cls, x: "Table | Tensor") -> "Table":
        """The same for models of counts. Errors: ValueError for a negative number."""
        if isinstance(x, Tensor) and bool((dense(x) < 0).any()):
            raise ValueError(f"x must hold counts, none negative: {float(x.min())}")
        return cls.of(x)

    def __len__(self) -> int:
        return self.rows.shape[0]

    def matmul(self, weights: Tensor) -> Tensor:
        """For each row the weighted sum of its columns: weights (V, K) -> (N, K)."""
        _check_like(self.rows, weights.shape[0], weights.dtype)
        return self.rows @ weights

    def rmatmul(self, values: Tensor) -> Tensor:
        """For each column the weighted sum of its rows: values (N, K) -> (V, K)."""
        return self.transpose @ values

    def double(self) -> "Table":
        """The same numbers in double precision."""
        return Table(self.rows.double(), self.transpose.double())

    def binarise(self) -> "Table":
        """Binary counts: 1 where a word occurs, else 0."""
        return Table(self.rows.sign(), self.transpose.sign())


class Bags(Table):
    """N texts over V words, as a sparse table of counts (N, V) and its transpose.

    Errors: ValueError if there is no text, or a word id outside the vocabulary.
    """

    def __init__(
        self,
        texts: Iterable[list[int]],
        vocabulary: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        texts = list(texts)
        word = torch.tensor([w for text in texts for w in text], dtype=torch.long)
        if not texts:
            raise ValueError("texts must hold at least one text")
        if len(word) and not 0 <= int(word.min()) <= int(word.max()) < vocabulary:
            raise ValueError(f"texts hold word numbers outside 0..{vocabulary - 1}")
        lengths = torch.tensor([len(text) for text in texts])
        text = torch.repeat_interleave(torch.arange(len(texts)), lengths)
        super().__init__(
            _sparse(text, word, (len(texts), vocabulary), dtype),
            _sparse(word, text, (vocabulary, len(texts)), dtype),
        )


def one_hot(labels: Tensor, rows: Tensor, classes: int) -> Tensor:
    """One-hot labels (N, K) of labels (N,), in the dtype of `rows` (N, V).

    Errors: ValueError unless each row has one integer label, and each class a row.
    """
    if classes < 2:
        raise ValueError(f"classes must be at least 2: {classes}")
    if not isinstance(labels, Tensor) or labels.dtype != torch.long:
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise ValueError(f"labels must be whole numbers (torch.long): {kind}")
    if labels.shape != rows.shape[:1]:
        raise ValueError(
            f"labels must be of shape ({rows.shape[0]},): {tuple(labels.shape)}"
        )
    present = sorted(set(labels.tolist()))
    if present != list(range(classes)):
        raise ValueError(f"labels must cover 0..{classes - 1}: found {present}")
    return F.one_hot(labels, classes).to(rows.dtype)


def _check_like(x: Tensor, columns: int, dtype: torch.dtype) -> None:
    if x.shape[1] != columns or x.dtype != dtype:
        raise ValueError(
            f"x must have {columns} columns of {dtype}, as in fitting: "
            f"got {x.shape[1]} of {x.dtype}"
        )


def _sparse(
    row: Tensor, column: Tensor, shape: tuple[int, int], dtype: torch.dtype
) -> Tensor:
    counts = torch.sparse_coo_tensor(
        torch.stack([row, column]),
        torch.ones(len(row), dtype=dtype),
        shape,
        check_invariants=True,
    ).coalesce()  # sums the words that occur more than once
    with warnings.catch_warnings():
        # CSR multiplies ten times faster; torch warns once that it is beta.
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        rows = counts.to_sparse_csr()
        # int32 indices: the sparse library would convert int64 ones in every product.
        indices = rows.crow_indices().int(), rows.col_indices().int()
        return torch.sparse_csr_tensor(
            *indices, rows.values(), rows.shape, check_invariants=True
        )


def count_words(rows: Tensor, vocabulary: int) -> Tensor:
    """How often each text has each word: rows of ids (N, T) -> (N, V), specials 0."""
    is_word = (rows >= SPECIALS.first_word).float()
    return torch.zeros(len(rows), vocabulary).scatter_add_(1, rows, is_word)


def unigram_log_p(words: Tensor, vocabulary: int) -> Tensor:
    """Log-probabilities (V,) by the frequencies of some ids, add-one smoothing."""
    counts = words.flatten().bincount(minlength=vocabulary).double() + 1
    return (counts / counts.sum()).log()
