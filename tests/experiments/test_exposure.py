"""Exposure bias: run at reduced size, and the record against the page."""

import math

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.experiments import exposure
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("exposure").rows}


def test_exposure_again_at_reduced_size():
    """On the Markov source own samples cost little, even after little training.

    Both sources have all rows, and the last of each has the picture.
    """
    outcome = exposure.run(exposure.smaller())
    reduced = {row["name"]: row for row in outcome.rows}
    mean, _, _ = reduced["60 steps, own samples - true texts"]["ratio, last third"]
    assert 0.9 < mean < 1.2
    recorded = rows()["100 steps, own samples - true texts"]["ratio, last third"][0]
    assert abs(mean - recorded) < 0.15
    for source in ("", "running count, "):
        row = reduced[f"{source}60 steps, own samples - true texts"]
        assert len(outcome.figures[f"{row['name']}/errors"].bands) == 2
        growth = row["difference, last third"][0] - row["difference, first third"][0]
        assert row["growth"][0] == pytest.approx(growth)
    counting = reduced["running count, 60 steps, own samples - true texts"]
    assert counting["growth"][0] > 0.02  # errors accumulate in the running count
    own = reduced["60 steps, own samples"][exposure.RARE]
    assert own[1] > reduced["60 steps, true texts"][exposure.RARE][2]


def test_what_the_page_says_of_own_samples():
    """Where own samples raise the error, and where the difference grows."""
    results = rows()

    def own(training):
        return results[f"{training} steps, own samples - true texts"]

    def significant(training, column):
        _, low, high = own(training)[column]
        return not low <= 0 <= high

    assert not significant("1000", "difference, last third")
    assert not significant("1000", "difference, first third")
    ratio = own("100")["ratio, last third"]
    assert 1 < ratio[1] <= ratio[2] < 1.1
    assert own("100")["difference, first third"][1] > 0
    assert not significant("100", "growth")
    assert not significant("running count, 100", "difference, first third")
    for column in ("difference, last third", "growth"):
        assert own("running count, 100")[column][1] > 0
    assert own("running count, 500")["difference, last third"][1] > 0
    assert own("running count, 500")["ratio, last third"][2] < 1.1
    assert not significant("running count, 500", "growth")


def test_what_the_page_says_of_improbable_words_and_counts():
    """Own samples have more rare words, and a few counts that go far."""
    results = rows()
    for training, times in (
        ("100", 10),
        ("1000", 1),
        ("running count, 100", 1),
        ("running count, 500", 1),
    ):
        truth, own = (
            results[f"{training} steps, {context}"][exposure.RARE]
            for context in exposure.CONTEXTS
        )
        assert own[1] > times * truth[2]
    truth, own = (
        results[f"running count, 100 steps, {context}"][exposure.FAR]
        for context in exposure.CONTEXTS
    )
    assert truth[0] == 0
    assert 0 < own[1] < own[2] < 0.01


def test_the_counting_source_leads_back_and_remembers():
    """The next word depends on the running count, which stays near zero in samples."""
    language = exposure.CountingLanguage(
        4, 0, pull=1.0
    )  # words 4 and 6 add, 5 and 7 take away
    texts = torch.tensor([[4, 6, 4], [5, 7, 4]])
    assert language.count(texts).tolist() == [3, -1]
    high, low = language.after(texts)
    assert float(high.sum()) == pytest.approx(1)
    assert float(high[[0, 2]].sum()) < float(low[[0, 2]].sum())  # words that add
    counts = []
    for pull in (1.0, 0.0):
        language = exposure.CountingLanguage(4, 0, pull)
        own = language.sample(500, 20, torch.Generator().manual_seed(0))
        counts.append(float(language.count(own).abs().mean()))
    assert counts[0] < 0.5 * counts[1]
    with pytest.raises(ValueError, match="gap 1 to 2: a source that counts has none"):
        language.gap(texts, 1, 2)


@pytest.mark.parametrize("source", ["made", "counted"])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_what_is_lost_is_the_divergence_from_the_source(noise, source):
    """The KL divergence is 0 for the true conditionals, and positive with noise."""
    language = (
        MarkovLanguage(3, 0)
        if source == "made"
        else exposure.CountingLanguage(3, 0, pull=1.0)
    )

    def oracle(tokens):
        words = tokens[:, 1:]  # after BOS
        logits = torch.full((*tokens.shape, FIRST + 3), -9.0)
        for t in range(tokens.shape[1]):
            logits[:, t, FIRST:] = language.after(words[:, :t]).log().float()
        logits[..., FIRST] += noise
        return logits

    texts = language.sample(200, 5, torch.Generator().manual_seed(0))
    losses = exposure.divergences(oracle, language, texts)
    first = language.first  # KL to itself with one logit raised, in closed form
    log_normaliser = math.log(float(1 - first[0] + first[0] * math.e**noise))
    assert losses[0] == pytest.approx(
        log_normaliser - noise * float(first[0]), abs=1e-5
    )
    assert all((value > 1e-3) == (noise > 0) for value in losses)
