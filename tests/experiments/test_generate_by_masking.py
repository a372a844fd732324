"""Generation by masking: run at reduced size, and the record against the page."""

from types import SimpleNamespace

import pytest
import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.experiments import generate_by_masking
from paradigms.experiments.generate_by_masking import Sampler
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("generate_by_masking").rows}


def test_generate_by_masking_again_at_reduced_size():
    """Left to right is nearest to the source; numbers of calls are exact."""
    reduced = {
        row["name"]: row
        for row in generate_by_masking.run(generate_by_masking.smaller()).rows
    }
    names = [n for n in reduced if "distance" in reduced[n] and "calls" in reduced[n]]
    nearest = min(names, key=lambda name: reduced[name]["distance"][0])
    assert nearest == "left to right"
    assert reduced["left to right"]["calls"] == 6
    assert reduced["Gibbs, sweeps 4"]["calls"] == 24
    assert reduced["masked diffusion, steps 6"]["calls"] == 6
    assert reduced["left to right"]["relative time"] == 1
    assert reduced["Gibbs, sweeps 4"]["relative time"][0] > 2
    pair = reduced["Gibbs, sweeps 4 - Gibbs, sweeps 1"]["distance"][0]
    distances = [reduced[f"Gibbs, sweeps {n}"]["distance"][0] for n in (4, 1)]
    assert pair == pytest.approx(distances[0] - distances[1])
    exact = reduced["exact conditionals, steps 6 - the source itself"]["distance"]
    assert abs(exact[0]) < 0.05  # one word per round: samples of the source
    assert reduced["exact conditionals, steps 1"]["distance"][0] > 0.2
    greedy = reduced["mask-predict, steps 1"]["distinct"]
    assert greedy[2] < reduced["left to right"]["distinct"][0]


def test_what_the_page_says_of_writing():
    """The order of the distances, and low diversity of mask-predict."""
    results = rows()

    def sign(name, other, column="distance"):
        """+1 if significantly above the other, -1 if below, else 0."""
        _, low, high = results[f"{name} - {other}"][column]
        return (low > 0) - (high < 0)

    for column in ("distance", "log loss"):
        assert sign("left to right", "the source itself", column) == 0
    eight, ten = "Gibbs, sweeps 8", "masked diffusion, steps 10"
    assert [sign(eight, f"Gibbs, sweeps {n}") for n in (1, 2, 4)] == [-1, 0, 0]
    assert sign(eight, "left to right") == sign(ten, "left to right") == 1
    assert [sign(ten, f"Gibbs, sweeps {n}") for n in (1, 8)] == [0, 1]
    one, four, last = (
        results[f"masked diffusion, steps {n}"]["distance"] for n in (1, 4, 10)
    )
    assert four[2] < one[1]
    assert last[0] < four[0]
    assert one[0] - four[0] > four[0] - last[0]
    greedy, source = (
        results[n] for n in ("mask-predict, steps 4", "the source itself")
    )
    assert greedy["distinct"][2] <= 0.04
    assert greedy["log loss"][0] == pytest.approx(source["log loss"][0], abs=0.1)
    assert sign("mask-predict, steps 4", "left to right") == 1
    assert [results[n]["calls"] for n in ("left to right", "Gibbs, sweeps 8")] == [
        10,
        80,
    ]
    assert sign("masked diffusion, steps 4", "masked diffusion, steps 1") == -1
    assert sign(ten, "masked diffusion, steps 4") == 0


def test_what_the_page_says_of_exact_conditionals():
    """All error is from independence with one step, from the network with ten."""
    results = rows()
    exact = "exact conditionals, steps"
    pairs = {
        "independence": [f"{exact} {n} - the source itself" for n in (1, 4, 10)],
        "network": [f"masked diffusion, steps {n} - {exact} {n}" for n in (1, 4, 10)],
    }
    significant = {
        kind: [results[f"{name}, Holm"]["distance"] < 0.05 for name in names]
        for kind, names in pairs.items()
    }
    assert significant["independence"] == [True, False, False]
    assert significant["network"] == [False, True, True]
    independence, network = ([results[name] for name in pairs[kind]] for kind in pairs)
    assert independence[1]["log loss"][1] > 0
    assert independence[1]["distance"][0] < network[1]["distance"][0]
    for column in ("distance", "log loss"):
        low, high = independence[2][column][1:]
        assert low < 0 < high
    more = results["exact conditionals, steps 10 - exact conditionals, steps 4"]
    assert more["distance"][2] < 0


def test_samplers_take_turns_and_a_first_call_does_not_count(monkeypatch):
    """Each method has a warm-up call and is timed in turns, here with a fake clock.

    Neither a slow first call nor one slow call of three changes the time.
    """
    calls, clock = [], SimpleNamespace(now=0.0)
    monkeypatch.setattr(generate_by_masking.time, "perf_counter", lambda: clock.now)

    def sampler(name, *durations):
        def write(prompt):
            clock.now += durations[calls.count(name)]
            calls.append(name)
            return prompt

        return Sampler(name, write, 1)

    samplers = [sampler("quick", 7, 1, 9, 1), sampler("slow", 2, 2, 2, 3)]
    seconds = generate_by_masking.seconds(
        generate_by_masking.GenerateByMaskingConfig(repeats=3),
        samplers,
        torch.zeros(1, 1),
    )
    assert calls == ["quick", "slow"] * 4
    assert seconds == {"quick": 1, "slow": 2}


def test_the_distance_of_triples():
    """The distance is 0 to itself, 1 between texts that share no triple."""
    config = generate_by_masking.GenerateByMaskingConfig(
        words=2, length=5, prompt_length=1
    )
    one, two = torch.full((3, 5), 4), torch.full((3, 5), 5)
    assert float(generate_by_masking.trigrams(one, config).sum()) == pytest.approx(1)
    language = MarkovLanguage(2, 0)
    assert generate_by_masking.compare(language, config, one, one)["distance"] == 0
    assert generate_by_masking.compare(language, config, one, two)["distance"] == 1
    metrics = generate_by_masking.compare(language, config, one, one)
    assert metrics["log loss"] == pytest.approx(
        -float(language.log_p(one)[0, 1:].mean())
    )
    assert metrics["distinct"] == pytest.approx(1 / 3)
