"""Files of installed packages: the right one, or an error that says what to install."""

import hashlib

import pytest
import torch
from sklearn.datasets import load_breast_cancer

from paradigms.data import breast_cancer, digits, movie_reviews
from paradigms.data.package_files import PackageFile
from paradigms.models.pretrained import sentence_encoder

FILES = [
    digits.FILE,
    movie_reviews.FILE,
    breast_cancer.FILE,
    sentence_encoder.WEIGHTS,
    sentence_encoder.TOKENIZER,
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.inside)
def test_what_is_installed_is_what_was_measured(file):
    """The file exists; another hash, file name or package is refused."""
    assert file.path().is_file()
    with pytest.raises(ValueError, match=r"has changed .* expected 0000.*pip install"):
        file._replace(sha256="0" * 64).path()
    with pytest.raises(FileNotFoundError, match=r"absent\.csv is missing: pip install"):
        file._replace(inside="absent.csv").path()
    with pytest.raises(FileNotFoundError, match="package no_such_one is missing: pip"):
        file._replace(package="no_such_one").path()


def test_one_changed_byte_is_noticed(tmp_path, monkeypatch):
    """Negative control: the hash matches until one byte is appended to the file."""
    (tmp_path / "boxed").mkdir()
    (tmp_path / "boxed" / "__init__.py").touch()
    path = tmp_path / "boxed" / "data.csv"
    path.write_bytes(b"1,2\n")
    monkeypatch.syspath_prepend(tmp_path)
    digest = hashlib.sha256(b"1,2\n").hexdigest()
    file = PackageFile("boxed", "data.csv", digest, "pip install boxed")
    assert file.path() == path
    path.write_bytes(b"1,2\n\n")
    with pytest.raises(ValueError, match=r"data\.csv has changed"):
        file.path()


def test_the_tumours_are_those_of_scikit_learn():
    """All 569, standardised, with the same labels."""
    x, labels = map(torch.from_numpy, load_breast_cancer(return_X_y=True))
    assert torch.allclose(breast_cancer.load().x, (x - x.mean(dim=0)) / x.std(dim=0))
    assert breast_cancer.load().labels.equal(labels)
