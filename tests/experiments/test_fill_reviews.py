"""Filling gaps in reviews: run at reduced size, and the record against the page."""

import pytest
import torch

from paradigms.data.review_characters import review_characters
from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.experiments import fill_reviews
from paradigms.experiments.fill_and_continue import (
    Prompt,
    markers_after,
    nats_and_accuracy,
)
from paradigms.experiments.records import load
from paradigms.masks import causal
from paradigms.objectives import move_middle, next_token, restore_middle
from tests.experiments.prompts import check_inputs

FIRST = SPECIALS.first_word
pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("fill_reviews").rows}


def test_fill_reviews_again_at_reduced_size():
    """The GPT ignores the suffix; each model has the rate with the lowest loss."""
    config = fill_reviews.smaller()
    reduced = {row["name"]: row for row in fill_reviews.run(config).rows}
    assert reduced.keys() == rows().keys()
    for results, rates in (
        (reduced, config.rates),
        (rows(), fill_reviews.CONFIG.rates),
    ):
        assert results["GPT"]["fill"] == results["GPT"]["continue"]
        assert results["GPT"]["wrong suffix costs"] == [0, 0, 0]
        frequencies = results[fill_reviews.UNIGRAM]["fill"][0]
        assert results["GPT"]["fill"][0] < frequencies
        for model in fill_reviews.MODELS:
            row = results[model]
            losses = {row[f"validation loss, rate {rate:g}"]: rate for rate in rates}
            assert row["learning rate"] == losses[min(losses)]


def sign(interval: list[float]) -> int:
    """+1 if significantly above zero, -1 if below, else 0."""
    _, low, high = interval
    return (low > 0) - (high < 0)


def test_what_the_page_says_of_the_order():
    """With the suffix first the GPT uses it; with the prefix first it hardly fills."""
    results = rows()
    suffix_first = results[fill_reviews.SUFFIX_FIRST]
    prefix_first = results[fill_reviews.PREFIX_FIRST]
    for column in ("suffix saves", "wrong suffix costs"):
        assert sign(suffix_first[column]) == 1
    assert sign(prefix_first["wrong suffix costs"]) == 0
    assert prefix_first["wrong suffix costs"][2] < suffix_first["wrong suffix costs"][1]
    assert sign(prefix_first["suffix saves"]) == -1
    gpt = results["GPT"]["fill"][0]
    frequencies = results[fill_reviews.UNIGRAM]["fill"][0]
    assert (gpt + frequencies) / 2 < prefix_first["fill"][0] < frequencies


def test_what_the_page_says_of_filling_and_continuing():
    """No model fills better than the plain GPT; both orders cost at continuing."""
    results = rows()
    for model in fill_reviews.MODELS:
        if model != "GPT":
            assert sign(results[f"{model} - GPT"]["fill"]) >= 0
    assert sign(results[f"{fill_reviews.SUFFIX_FIRST} - GPT"]["fill"]) == 0
    for model in (fill_reviews.PREFIX_FIRST, fill_reviews.SUFFIX_FIRST, "BERT"):
        assert sign(results[f"{model} - GPT"]["continue"]) == 1
    for model in ("BERT", "masked diffusion", "T5"):
        for column in ("suffix saves", "wrong suffix costs"):
            assert sign(results[model][column]) == 1


def test_scores_are_taken_at_even_distances_of_the_training():
    """The last are those of the trained network; a GPT is better after more steps."""
    config = fill_reviews.FillReviewsConfig(width=16, steps=60, evaluations=3)
    results = fill_reviews.scores_by_step(config, "GPT", 0, 1e-2)
    assert list(results) == [20, 40, 60]
    losses = [scores["fill"] for scores in results.values()]
    assert losses == sorted(losses, reverse=True)


def test_learning_rates_are_chosen_on_other_reviews():
    """The tuning split is not that of a seed, and its test part is not used."""
    config = fill_reviews.CONFIG
    assert config.tuning_seed not in range(config.seeds)
    data = fill_reviews.passages(config, config.tuning_seed, 1, "validation")
    texts = review_characters(config.tuning_seed).texts["validation"]
    long_enough = [text for text in texts if len(text) >= config.length]
    assert len(data.test) == len(long_enough)
    for passage, text in zip(data.test[:20], long_enough, strict=False):
        windows = text.unfold(0, config.length, 1)
        assert bool((windows == passage).all(dim=1).any())


@pytest.mark.parametrize("suffix_first", [False, True])
def test_nine_texts_in_ten_are_rearranged(suffix_first):
    """Each can be restored; with the suffix first, the middle continues the prefix."""
    config = fill_reviews.FillReviewsConfig(length=6, gap=2)
    markers = markers_after(90)
    text = torch.arange(10, 16).repeat(1000, 1)
    objective = fill_reviews.rearranged(config, 90, suffix_first)
    batch = objective.make_batch(text, torch.Generator().manual_seed(0))
    moved, plain = batch.targets[:900], batch.targets[900:]
    assert plain[:, :6].equal(text[900:])
    assert (plain[:, 6] == SPECIALS.eos).all()
    assert (plain[:, 7:] == IGNORE).all()
    sizes = set()
    for row in moved.tolist():
        assert restore_middle(row, markers) == [*range(10, 16)]
        sizes.add(len(row) - 2 - row.index(markers.middle))
    assert sizes == ({2, 3, 4, 5, 6} if suffix_first else {2})


@pytest.mark.parametrize(
    "model", [fill_reviews.PREFIX_FIRST, fill_reviews.SUFFIX_FIRST]
)
def test_a_gap_is_evaluated_in_the_order_that_was_trained(model):
    """The objective's loss at the gap of rearranged texts is that of the evaluation."""
    config = fill_reviews.smaller()
    data = fill_reviews.passages(config, 0, 1, "test")
    torch.manual_seed(0)
    filler = fill_reviews.MODELS[model]
    network, _ = filler.build(config, data.vocabulary)
    stop = config.start + config.gap
    start, size = (config.start, config.gap)
    if model == fill_reviews.SUFFIX_FIRST:
        start, size = 0, stop
    moved = move_middle(data.test, start, size, markers_after(data.vocabulary))
    inputs, targets = next_token(moved)
    with torch.no_grad():
        logits = network(inputs, causal)[:, -config.gap :, FIRST : data.vocabulary]
    characters = targets[:, -config.gap :] - FIRST
    log_p = logits.log_softmax(dim=-1).gather(2, characters[..., None])
    nats, _ = nats_and_accuracy(
        lambda text: filler.next_logits(
            network,
            Prompt(
                text, data.test[:, stop:], config.start, config.length, data.vocabulary
            ),
        ),
        data,
        config,
    )
    assert nats == pytest.approx(-float(log_p.mean()), rel=1e-5)


@pytest.mark.parametrize("model", fill_reviews.MODELS)
@pytest.mark.parametrize("has_suffix", [True, False])
def test_every_model_is_shown_what_it_may_see_and_nothing_else(model, has_suffix):
    """Models see the prefix, the suffix only when filling, and never the answer."""
    check_inputs(
        fill_reviews.MODELS[model].next_logits,
        fill_reviews.smaller(),
        has_suffix=has_suffix,
        reads_it=has_suffix and model != fill_reviews.GPT,
    )
