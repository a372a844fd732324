"""What the page on generators says of the digits, held against the record."""

import importlib

import pytest

from paradigms.experiments.records import load


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


def test_what_the_page_says_of_the_digits():
    """The words below the table, as inequalities between intervals."""
    found = rows()
    vae, wide, gan = found["VAE"], found["VAE, 16 latents"], found["GAN"]
    ddpm, ddim = found["DDPM"], found["DDIM"]
    assert vae["nats"][1] > found["probabilistic PCA"]["nats"][2]
    assert wide["nats"][1] > vae["nats"][2]
    assert wide["cover"][2] < vae["cover"][1]
    assert ddpm["nats"][1] > wide["nats"][2]
    drawn = (wide, gan, ddpm, ddim)
    assert all(vae["sure"][0] > other["sure"][0] for other in drawn)
    assert vae["sure"][1] > ddpm["sure"][2]
    real = found["held-out digits"]
    assert vae["distance to data"][0] < real["distance to data"][0]
    for column in ("distance to data", "cover"):
        others = (vae, wide, ddpm, ddim)
        assert all(gan[column][1] > other[column][2] for other in others)
    assert gan["classes"] == [10, 10, 10]
    assert ddpm["calls per picture"] == 20 * ddim["calls per picture"]
    for column in ("sure", "distance to data", "cover"):
        assert ddim[column][1] < ddpm[column][0] < ddim[column][2]
    assert "nats" not in gan


def test_the_gan_collapsed_before_it_drew_all_digits():
    """Ten draws of noise are read as one digit at first, as many in the end."""
    read = load("digit_generators").pictures["GAN/training"].read
    assert len(set(read[0])) == 1
    assert len(set(read[-1])) > 4
