"""Writing by masking: again at reduced size, and as the page says."""

import pytest
import torch

from paradigms.corpora.made_language import MadeLanguage
from paradigms.experiments import generate_by_masking as writing
from paradigms.results import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("generate_by_masking").rows}


def test_generate_by_masking_again_at_reduced_size():
    """Left to right is nearest, and calls are counted as recorded."""
    again = {row["name"]: row for row in writing.run(writing.smaller())}
    others = [n for n in again if "distance" in again[n] and "calls" in again[n]]
    nearest = min(others, key=lambda name: again[name]["distance"][0])
    assert nearest == "left to right"
    assert again["left to right"]["calls"] == 6
    assert again["Gibbs, sweeps 4"]["calls"] == 24
    assert again["masked diffusion, rounds 6"]["calls"] == 6
    greedy = again["mask-predict, rounds 1"]["distinct"]
    assert greedy[2] < again["left to right"]["distinct"][0]


def test_what_the_page_says_of_writing():
    """Order of the distances, and that mask-predict repeats itself."""
    found = rows()
    gibbs = [found[f"Gibbs, sweeps {n}"]["distance"][0] for n in (1, 8)]
    rounds = [found[f"masked diffusion, rounds {n}"]["distance"][0] for n in (1, 4, 10)]
    assert gibbs == sorted(gibbs, reverse=True)
    assert rounds == sorted(rounds, reverse=True)
    own, new = (found[n] for n in ("the source itself", "left to right"))
    for column in ("distance", "surprise"):
        assert own[column][1] <= new[column][0] <= own[column][2]
    assert found["mask-predict, rounds 4"]["distinct"][2] <= 0.036
    assert found["mask-predict, rounds 4"]["surprise"][0] < own["surprise"][2]
    assert [found[n]["calls"] for n in ("left to right", "Gibbs, sweeps 8")] == [10, 80]


def test_the_distance_of_triples():
    """None from itself, all of it between texts that share no triple."""
    config = writing.Config(words=2, length=5, given=1)
    one, two = torch.full((3, 5), 4), torch.full((3, 5), 5)
    assert float(writing.triples(one, config).sum()) == pytest.approx(1)
    language = MadeLanguage(2, 0)
    assert writing.compared(language, config, one, one)["distance"] == 0
    assert writing.compared(language, config, one, two)["distance"] == 1
    found = writing.compared(language, config, one, one)
    assert found["surprise"] == pytest.approx(-float(language.log_p(one)[0, 1:].mean()))
    assert found["distinct"] == pytest.approx(1 / 3)
