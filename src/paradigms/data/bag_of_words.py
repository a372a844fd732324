"""Tables of N rows: real numbers, or texts as bags of words. And their labels."""

import warnings
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms._checks import check_finite


def dense(x: Tensor, like: Tensor | None = None) -> Tensor:
    """`x` itself, if it is a table of real numbers with the columns and type of `like`.

    Shapes: x (N, V), like (..., V).
    Errors: ValueError if it is sparse, empty, whole-numbered, not finite, or unlike.
    """
    if not isinstance(x, Tensor) or x.layout != torch.strided:
        raise ValueError(f"x must be a dense tensor: {type(x).__name__}")
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must be of shape (N, V), not empty: {tuple(x.shape)}")
    check_finite("x", x)
    if like is not None:
        _check_like(x, like.shape[-1], like.dtype)
    return x


class Table:
    """N rows over V columns, `rows` (N, V) and `transposed` (V, N), dense or sparse."""

    def __init__(self, rows: Tensor, transposed: Tensor | None = None) -> None:
        self.rows = rows
        self.transposed = rows.T if transposed is None else transposed

    @classmethod
    def of(cls, x: "Table | Tensor") -> "Table":
        """A table stays one; a tensor (N, V) becomes one. Errors: those of `dense`."""
        return x if isinstance(x, Table) else cls(dense(x))

    @classmethod
    def of_counts(cls, x: "Table | Tensor") -> "Table":
        """The same for models of counts. Errors: ValueError for a negative number."""
        if isinstance(x, Tensor) and bool((dense(x) < 0).any()):
            raise ValueError(f"x must hold counts, none negative: {float(x.min())}")
        return cls.of(x)

    def __len__(self) -> int:
        return self.rows.shape[0]

    def add_up(self, weights: Tensor) -> Tensor:
        """For each row the weighted sum of its columns: weights (V, K) -> (N, K)."""
        _check_like(self.rows, weights.shape[0], weights.dtype)
        return self.rows @ weights

    def collect(self, values: Tensor) -> Tensor:
        """For each column the weighted sum of its rows: values (N, K) -> (V, K)."""
        return self.transposed @ values

    def double(self) -> "Table":
        """The same numbers in double precision."""
        return Table(self.rows.double(), self.transposed.double())

    def present(self) -> "Table":
        """Which counts are not zero: 1 where a word occurs, however often."""
        return Table(self.rows.sign(), self.transposed.sign())


class Bags(Table):
    """N texts over V words, as a sparse table of counts (N, V) and its transpose.

    Errors: ValueError if there is no text, or a word number outside the vocabulary.
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
    """Labels (N,) of `rows` (N, V) as rows of zeros with a single one, (N, K).

    Errors: ValueError if there is not one whole label a row, or a class has no row.
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
    present = labels.unique().tolist()
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
    ).coalesce()  # adds up the words that occur more than once
    with warnings.catch_warnings():
        # Compressed rows multiply ten times faster; torch calls them beta, once.
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        rows = counts.to_sparse_csr()
        # Short indices: the library that multiplies would else convert them each time.
        places = rows.crow_indices().int(), rows.col_indices().int()
        return torch.sparse_csr_tensor(
            *places, rows.values(), rows.shape, check_invariants=True
        )
