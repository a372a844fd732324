"""Infilling and continuation: run at reduced size, and the record against the page."""

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.experiments import fill_and_continue
from paradigms.experiments.records import load
from paradigms.masks import causal
from paradigms.objectives import (
    move_middle,
    next_token,
    restore_middle,
    span_corruption,
)
from tests.experiments.prompts import check_inputs

IDS = SpecialTokens()
pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("fill_and_continue").rows}


def test_fill_and_continue_again_at_reduced_size():
    """The GPT continues as well as the best, and ignores what follows a gap."""
    reduced = {
        row["name"]: row
        for row in fill_and_continue.run(fill_and_continue.smaller()).rows
    }
    assert reduced.keys() == rows().keys()
    for results in (reduced, rows()):
        models = {
            m: results[f"synthetic language, {m}"] for m in fill_and_continue.SYSTEMS
        }
        least = min(models[model]["continue, excess loss"][0] for model in models)
        assert models["GPT"]["continue, excess loss"][0] < least + 0.02
        assert models["GPT"]["fill"] == models["GPT"]["continue"]
        assert models["GPT"]["wrong suffix costs"] == [0, 0, 0]
        for name in fill_and_continue.SOURCES:
            frequencies = results[f"{name}, {fill_and_continue.UNIGRAM}"]
            assert frequencies["fill"][0] > results[f"{name}, GPT"]["fill"][0]
        assert (
            models["GPT"]["fill, excess loss"][0]
            > models["GPT"]["continue, excess loss"][0]
        )


def test_what_the_page_says_of_filling():
    """Which models use the suffix of a gap, and which are better than GPT."""
    results = rows()

    def sign(name, column):
        """+1 if significantly above zero, -1 if below, else 0."""
        _, low, high = results[name][column]
        return (low > 0) - (high < 0)

    models = list(fill_and_continue.SYSTEMS)[1:]
    middle, bert, diffusion, t5 = models
    synthetic, reviews = fill_and_continue.SOURCES
    assert [sign(f"{synthetic}, {m}", "wrong suffix costs") for m in models] == [1] * 4
    better = {m for m in models if sign(f"{synthetic}, {m} - GPT", "fill") == -1}
    assert better == {middle, bert, diffusion}
    for column in ("wrong suffix costs", "suffix saves"):
        for model in (bert, diffusion):
            assert sign(f"{reviews}, {model}", column) == 1
        assert sign(f"{reviews}, {t5}", column) == 0
    assert all(sign(f"{reviews}, {model} - GPT", "fill") >= 0 for model in models)
    assert sign(f"{reviews}, {middle}", "suffix saves") == -1
    saved = results[f"{reviews}, {bert}"]["suffix saves"]
    assert results[f"{reviews}, {middle}"]["wrong suffix costs"][2] < saved[1] / 5
    fill = results[f"{reviews}, {middle}"]["fill"][0]
    frequencies = results[f"{reviews}, {fill_and_continue.UNIGRAM}"]["fill"][0]
    assert 0.8 * frequencies < fill < frequencies
    assert sign(f"{synthetic}, {middle} - GPT", "continue") == 0
    cost = results[f"{reviews}, {middle} - GPT"]["continue"]
    assert 0 < cost[1] < cost[2] < 0.1
    assert sign(f"{synthetic}, {bert} - GPT", "continue") == 0
    assert sign(f"{synthetic}, {diffusion} - GPT", "continue") == 1
    assert sign(f"{reviews}, {bert} - GPT", "continue") == 1


def test_a_source_has_texts_and_settings_of_its_own():
    """Reviews are characters of their own length; the network's gap is where it was."""
    config = fill_and_continue.smaller()
    assert config.of_source(fill_and_continue.SYNTHETIC) is config
    reviews = config.of_source(fill_and_continue.REVIEWS)
    assert (reviews.length, reviews.start, reviews.steps) == (12, 5, 60)
    data = fill_and_continue.source(reviews, fill_and_continue.REVIEWS, 0)
    assert data.pool.shape == (60 * config.batch, 12)
    assert data.test.shape[1] == 12
    assert 700 < len(data.test) < 900  # one passage of each test sentence
    assert FIRST <= int(data.pool.min()) <= int(data.pool.max()) < data.vocabulary


def test_a_middle_is_evaluated_in_the_form_that_was_trained():
    """The objective's loss at the middle of rearranged texts is that of a gap."""
    config = fill_and_continue.smaller().of_source(fill_and_continue.REVIEWS)
    data = fill_and_continue.source(config, fill_and_continue.REVIEWS, 0)
    torch.manual_seed(0)
    system = fill_and_continue.SYSTEMS[fill_and_continue.MIDDLE]
    network, _ = system.build(config, data.vocabulary)
    gap = fill_and_continue.markers_after(data.vocabulary)
    moved = move_middle(data.test, config.start, config.gap, gap)
    inputs, targets = next_token(moved)
    with torch.no_grad():
        logits = network(inputs, causal)[:, -config.gap :]
    log_p = logits[..., FIRST : data.vocabulary].log_softmax(dim=-1)
    words = targets[:, -config.gap :] - FIRST
    expected = -float(log_p.gather(2, words[..., None]).mean())
    suffix = data.test[:, config.start + config.gap :]
    nats, _ = fill_and_continue.nats_and_accuracy(
        lambda text: system.next_logits(
            network,
            fill_and_continue.Prompt(
                text, suffix, config.start, config.length, data.vocabulary
            ),
        ),
        data,
        config,
    )
    assert nats == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("model", fill_and_continue.SYSTEMS)
@pytest.mark.parametrize("task", ["fill", "continue"])
def test_every_model_is_shown_what_it_may_see_and_nothing_else(model, task):
    """Models see the prefix, the suffix only when filling, and never the answer."""
    check_inputs(
        fill_and_continue.SYSTEMS[model].next_logits,
        fill_and_continue.smaller(),
        has_suffix=task == "fill",
        reads_it=task == "fill" and model != "GPT",
    )


def test_what_cannot_be_beaten_is_bayes_rule():
    """Nats a word of the source for gap and continuation equal brute force."""
    config = fill_and_continue.FillAndContinueConfig(words=3, length=5, start=2, gap=2)
    language = MarkovLanguage(3, 0)
    texts = language.fillings(5)
    p = language.log_p(texts).sum(1).exp()
    samples = texts[torch.multinomial(p, 20_000, True, generator=torch.Generator())]
    source = fill_and_continue.TrainAndTest(
        samples, samples, language.vocabulary, language
    )
    joint = p.view(3, 3, 9, 3)  # first two words, the gap, the last word
    gap = joint / joint.sum(dim=2, keepdim=True)
    cloze = -float((joint * gap.log()).sum()) / 2
    front = joint.sum(dim=3)
    open_end = -float((front * (front / front.sum(2, keepdim=True)).log()).sum()) / 2
    assert fill_and_continue.source_nats(source, config, "fill") == pytest.approx(
        cloze, abs=0.02
    )
    assert fill_and_continue.source_nats(source, config, "continue") == pytest.approx(
        open_end, abs=0.02
    )
    assert cloze < open_end - 0.05


def test_a_middle_is_moved_as_t5_is_asked():
    """Half of the texts are whole, half are cut in three; each can be restored."""
    config = fill_and_continue.FillAndContinueConfig(length=6, gap=2)
    gap = fill_and_continue.Gap(90, 91, 92)
    text = torch.arange(10, 16).repeat(1000, 1)
    objective = fill_and_continue.fill_in_the_middle(config, gap)
    batch = objective.make_batch(text, torch.Generator().manual_seed(0))
    whole, cut = batch.targets.tensor_split(2)
    assert whole[:, :6].equal(text[:500])
    assert (whole[:, 6] == IDS.eos).all()
    assert (whole[:, 7:] == IGNORE).all()
    places = set()
    for row in cut.tolist():
        start = row.index(gap.suffix) - 1
        places.add(start)
        assert restore_middle(row, gap) == [*range(10, 16)]
        assert row[-4] == gap.middle
    assert places == set(range(5))
    assert (batch.inputs[:, 0] == IDS.bos).all()


def test_word_frequencies_are_those_of_the_texts_for_training():
    """Counts of 3 and 1 give 4/6 and 2/6 with add-one smoothing."""
    pool = torch.tensor([[FIRST, FIRST, FIRST, FIRST + 1]])
    source = fill_and_continue.TrainAndTest(pool, pool, FIRST + 2, None)
    logits = fill_and_continue.unigram_logits(source)[FIRST:]
    assert logits.softmax(dim=0).tolist() == pytest.approx([4 / 6, 2 / 6])


def test_the_single_span_of_t5_is_always_the_last_words():
    """With a single span, T5's span corruption always hides the last words."""
    rng = torch.Generator().manual_seed(0)
    for _ in range(50):
        source, _ = span_corruption([*range(10, 20)], [90, 91], rng, 0.2, 2)
        assert source == [*range(10, 18), 90]


def test_real_texts_have_no_nats_of_a_source():
    """An error that says so."""
    pool = torch.tensor([[FIRST, FIRST]])
    source = fill_and_continue.TrainAndTest(pool, pool, FIRST + 2, None)
    config = fill_and_continue.smaller()
    with pytest.raises(ValueError, match="real texts have no known source"):
        fill_and_continue.source_nats(source, config, "fill")
