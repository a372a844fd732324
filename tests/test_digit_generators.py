"""What the page on generators says of the digits, held against the record."""

import importlib

import pytest

from paradigms.results import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("digit_generators").rows}


def test_digit_generators_again_at_reduced_size():
    """Two seeds and a few steps: the same rows and columns; what is exact agrees."""
    module = importlib.import_module("paradigms.experiments.digit_generators")
    again = {row["name"]: row for row in module.run(module.smaller())}
    for name, row in rows().items():
        found = {key for key in again[name] if key != "pictures"}
        assert found == set(row), name
    exact = again["probabilistic PCA"]["nats"][0]
    assert exact == pytest.approx(rows()["probabilistic PCA"]["nats"][0], abs=1)
    # Eighty steps teach less than thousands.
    assert again["VAE"]["nats"][0] < rows()["VAE"]["nats"][1]
    assert again["DDPM"]["nats"][0] < rows()["DDPM"]["nats"][1]
    strip = again["DDPM"]["pictures"]["strip"]
    assert strip["columns"][0] == "50"
    assert strip["columns"][-1] == "0"
