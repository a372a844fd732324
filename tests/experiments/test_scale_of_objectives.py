"""Size and repetition for two objectives: reduced size, statements of the page."""

from itertools import pairwise

import pytest
import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.experiments import scale_of_objectives
from paradigms.experiments.records import load
from paradigms.experiments.runner.resume import serial_map
from paradigms.models.gpt import GPT
from paradigms.models.masked_diffusion import MaskedDiffusion, bound
from paradigms.training.pretraining import objectives


def test_scale_of_objectives_again_at_reduced_size():
    """Next token has the lower number at every size; the recorded rows exist."""
    results = {
        row["name"]: row
        for row in scale_of_objectives.run(scale_of_objectives.smaller()).rows
    }
    for width in scale_of_objectives.smaller().widths:
        near, far = (
            results[
                scale_of_objectives.row_name(name, scale_of_objectives.Setting(width))
            ]["excess loss"][0]
            for name in scale_of_objectives.NAMES
        )
        assert 0 < near < far
    stored = {row["name"] for row in load("scale_of_objectives").rows}
    assert {
        *scale_of_objectives.NAMES,
        f"{scale_of_objectives.NAMES[1]} - {scale_of_objectives.NAMES[0]}",
    } <= stored


def test_the_rate_with_the_lowest_loss_is_chosen(monkeypatch):
    """The best learning rate for each objective and width."""
    best = {("next token", 8): 0.2, ("next token", 16): 0.1}

    def loss(_, name, setting, seed, rate):
        assert seed == scale_of_objectives.RATE_SEED
        return abs(rate - best.get((name, setting.width), 0.2))

    monkeypatch.setattr(scale_of_objectives, "excess_nats", loss)
    config = scale_of_objectives.ScaleOfObjectivesConfig(rates=(0.1, 0.2))
    rates = scale_of_objectives.best_rates(config, [8, 16], serial_map)
    assert rates == best | {(scale_of_objectives.NAMES[1], w): 0.2 for w in (8, 16)}


def test_nats_are_exact_or_the_bound():
    """The Monte Carlo estimate equals the exact bound, within 2%."""
    config = scale_of_objectives.ScaleOfObjectivesConfig(
        words=3, length=4, texts=20, draws=400
    )
    language = MarkovLanguage(3, 0)
    texts = language.sample(20, 4, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = GPT(scale_of_objectives.size(config, 8))
    tasks = objectives(language.vocabulary)
    loss = scale_of_objectives.nats(config, network, tasks["masked diffusion"], texts)
    model = MaskedDiffusion(scale_of_objectives.size(config, 8))
    model.network = network
    with torch.no_grad():
        exact = sum(float(bound(model, text)) for text in texts) / texts.numel()
    assert loss == pytest.approx(exact, rel=0.02)


def test_the_slope_is_the_power():
    """Distances like weights^-0.5 have a slope of -0.5; a cost is a difference."""
    config = scale_of_objectives.smaller()
    once = {
        scale_of_objectives.Setting(width): [
            scale_of_objectives.weights(config, width) ** -0.5
        ]
        for width in config.widths
    }
    repeated = scale_of_objectives.Setting(config.repeated_width, config.epochs[0])
    (summary,) = scale_of_objectives.summary(config, once | {repeated: [1.0]})
    assert summary["slope"] == pytest.approx(-0.5)
    expected = 1 - once[scale_of_objectives.Setting(config.repeated_width)][0]
    assert summary[f"cost of {config.epochs[0]} epochs"] == pytest.approx(expected)


def test_what_the_page_says_of_size_and_repetition():
    """Next token gains more by size, and loses more by repetition."""
    rows = {row["name"]: row for row in load("scale_of_objectives").rows}
    next_token, diffusion = (rows[name] for name in scale_of_objectives.NAMES)
    difference = rows[
        f"{scale_of_objectives.NAMES[1]} - {scale_of_objectives.NAMES[0]}"
    ]
    assert difference["slope"][1] > 0 > next_token["slope"][2]
    assert diffusion["slope"][2] < 0
    few, many = "cost of 5 epochs", "cost of 50 epochs"
    assert difference[many][2] < 0 < next_token[many][1]
    for row, column in ((diffusion, many), (diffusion, few), (next_token, few)):
        assert row[column][1] < 0 < row[column][2]
    near, far = (
        rows[scale_of_objectives.row_name(name, scale_of_objectives.Setting(32, 50))][
            "excess loss"
        ]
        for name in scale_of_objectives.NAMES
    )
    assert near[2] < far[1], "next tokens have the lower number after 50 passes, too"


def test_what_the_page_says_of_each_width():
    """The lower number is that of next tokens; the bound falls by more at each step."""
    rows = {row["name"]: row for row in load("scale_of_objectives").rows}
    near, far = (
        [
            rows[scale_of_objectives.row_name(name, scale_of_objectives.Setting(w))][
                "excess loss"
            ]
            for w in scale_of_objectives.CONFIG.widths
        ]
        for name in scale_of_objectives.NAMES
    )
    assert all(one[2] < other[1] for one, other in zip(near, far, strict=True))
    falls = [one[0] - other[0] for one, other in pairwise(far)]
    assert falls == sorted(falls)
    assert near[1][0] - near[-1][0] < far[1][0] - far[-1][0]  # from width 16 on
