"""569 breast tumours: 30 measurements of cells each, malignant or benign.

The file is part of scikit-learn; the measurements are those of Wolberg, Mangasarian
& Street at UCI (Wisconsin diagnostic): for each of ten quantities, the mean over the
cells, its standard error, and the mean of the three largest.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paradigms.data.package_files import PackageFile

FILE = PackageFile(
    "sklearn",
    "datasets/data/breast_cancer.csv",
    "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
    "pip install --force-reinstall scikit-learn",
)


class Tumours(NamedTuple):
    """Measurements (N, 30) in double precision and labels (N,): 1 benign."""

    x: Tensor
    labels: Tensor


@cache
def load() -> Tumours:
    """All tumours, each measurement with mean 0 and standard deviation 1.

    Errors: FileNotFoundError if the package is missing, ValueError if its file changed.
    """
    lines = FILE.path().read_text("ascii").splitlines()[1:]
    table = torch.tensor(
        [[float(value) for value in line.split(",")] for line in lines],
        dtype=torch.float64,
    )
    x = table[:, :-1]
    return Tumours((x - x.mean(dim=0)) / x.std(dim=0), table[:, -1].long())
