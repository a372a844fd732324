"""The difference of two arrays, and counts in the format of scikit-learn."""

import numpy as np
from scipy.sparse import csr_array
from torch import Tensor

from paradigms.data.bag_of_words import Table


def apart(ours: Tensor, theirs: np.ndarray) -> float:
    """The largest absolute difference, relative to the largest number of theirs.

    Errors: AssertionError if the shapes differ: nothing is broadcast.
    """
    assert tuple(ours.shape) == theirs.shape, (tuple(ours.shape), theirs.shape)
    return float(np.abs(ours.numpy() - theirs).max() / np.abs(theirs).max())


def sparse(table: Table) -> csr_array:
    """The same counts as a SciPy CSR array."""
    rows = table.rows
    parts = (rows.values(), rows.col_indices(), rows.crow_indices())
    return csr_array(tuple(p.numpy() for p in parts), shape=tuple(rows.shape))
