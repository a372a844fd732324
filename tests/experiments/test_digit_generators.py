"""Statements of the page on generators about the digits, against the record."""

import importlib

import pytest

from paradigms.evaluation.sample_quality import (
    CONFIDENT,
    SAMPLE_DISTANCE,
    TRAINING_DISTANCE,
)
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("digit_generators").rows}


def test_digit_generators_again_at_reduced_size():
    """Two seeds and a few steps: the same rows and columns; exact values agree."""
    module = importlib.import_module("paradigms.experiments.digit_generators")
    outcome = module.run(module.smaller())
    reduced = {row["name"]: row for row in outcome.rows}
    for name, row in rows().items():
        assert set(reduced[name]) == set(row), name
    assert set(outcome.figures) == set(load("digit_generators").pictures)
    exact = reduced["probabilistic PCA"]["nats"][0]
    assert exact == pytest.approx(rows()["probabilistic PCA"]["nats"][0], abs=1)
    # Eighty steps teach less than thousands.
    assert reduced["VAE"]["nats"][0] < rows()["VAE"]["nats"][1]
    assert reduced["DDPM"]["nats"][0] < rows()["DDPM"]["nats"][1]
    strip = outcome.figures["DDPM/strip"]
    assert strip.columns[0] == "50"
    assert strip.columns[-1] == "0"


def test_what_the_page_says_of_the_digits():
    """The text below the table, as inequalities between intervals."""
    results = rows()
    vae, wide, gan = results["VAE"], results["VAE, 16 latents"], results["GAN"]
    ddpm, ddim = results["DDPM"], results["DDIM"]
    assert vae["nats"][1] > results["probabilistic PCA"]["nats"][2]
    assert wide["nats"][1] > vae["nats"][2]
    assert wide[SAMPLE_DISTANCE][2] < vae[SAMPLE_DISTANCE][1]
    assert ddpm["nats"][1] > wide["nats"][2]
    generators = (wide, gan, ddpm, ddim)
    assert all(vae[CONFIDENT][0] > other[CONFIDENT][0] for other in generators)
    assert vae[CONFIDENT][1] > ddpm[CONFIDENT][2]
    real = results["held-out digits"]
    assert vae[TRAINING_DISTANCE][0] < real[TRAINING_DISTANCE][0]
    for column in (TRAINING_DISTANCE, SAMPLE_DISTANCE):
        others = (vae, wide, ddpm, ddim)
        assert all(gan[column][1] > other[column][2] for other in others)
    assert gan["classes"] == [10, 10, 10]
    assert ddpm["calls per image"] == 20 * ddim["calls per image"]
    for column in (CONFIDENT, TRAINING_DISTANCE, SAMPLE_DISTANCE):
        assert ddim[column][1] < ddpm[column][0] < ddim[column][2]
    assert "nats" not in gan


def test_the_gan_collapsed_before_it_drew_all_digits():
    """Ten samples are read as one digit at first, as more than four in the end."""
    predictions = load("digit_generators").pictures["GAN/training"].predictions
    assert len(set(predictions[0])) == 1
    assert len(set(predictions[-1])) > 4
