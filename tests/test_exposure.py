"""Own words against the truth: again at reduced size, and as the page says."""

import math

import pytest
import torch

from paradigms.corpora.made_language import FIRST, MadeLanguage
from paradigms.experiments import exposure
from paradigms.results import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("exposure").rows}


def test_exposure_again_at_reduced_size():
    """A badly trained network errs about as much after its own words."""
    again = {row["name"]: row for row in exposure.run(exposure.smaller())}
    mean, _, _ = again["60 steps, by its own words"]["times"]
    assert 0.9 < mean < 1.2
    recorded = rows()["100 steps, by its own words"]["times"][0]
    assert abs(mean - recorded) < 0.15
    own = again["60 steps, reads its own words"]["rare words"]
    assert own[1] > again["60 steps, reads the truth"]["rare words"][2]


def test_what_the_page_says_of_own_words():
    """No difference for the trained one; many rare words from the other."""
    found = rows()
    for part in ("early", "late"):
        truth = found["1000 steps, reads the truth"][part]
        own = found["1000 steps, reads its own words"][part]
        assert truth[1] <= own[0] <= truth[2]
    bad = found["100 steps, reads its own words"]["rare words"]
    assert bad[1] > 10 * found["100 steps, reads the truth"]["rare words"][2]


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_what_is_lost_is_the_divergence_from_the_source(noise):
    """Nothing for a network that knows the tables, more for one that does not."""
    language = MadeLanguage(3, 0)

    def knows(tokens):
        seen = tokens[:, 1:]  # behind the start symbol
        logits = torch.full((*tokens.shape, FIRST + 3), -9.0)
        for t in range(tokens.shape[1]):
            logits[:, t, FIRST:] = language.after(seen[:, :t]).log().float()
        logits[..., FIRST] += noise
        return logits

    texts = language.sample(200, 5, torch.Generator().manual_seed(0))
    found = exposure.lost(knows, language, texts)
    first = language.first  # KL to itself with one logit raised, in closed form
    raised = math.log(float(1 - first[0] + first[0] * math.e**noise))
    assert found[0] == pytest.approx(raised - noise * float(first[0]), abs=1e-5)
    assert all((value > 1e-3) == (noise > 0) for value in found)
