"""Infilling and continuation: run at reduced size, and the record against the page."""

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.experiments import fill_and_continue
from paradigms.experiments.records import load
from paradigms.objectives import restore_middle, span_corruption

IDS = SpecialTokens()


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
        models = {m: results[f"made language, {m}"] for m in fill_and_continue.SYSTEMS}
        least = min(models[model]["continue, lost"][0] for model in models)
        assert models["GPT"]["continue, lost"][0] < least + 0.02
        assert models["GPT"]["fill"] == models["GPT"]["continue"]
        assert models["GPT"]["wrong suffix costs"] == [0, 0, 0]
        for name in fill_and_continue.SOURCES:
            frequencies = results[f"{name}, {fill_and_continue.UNIGRAM}"]
            assert frequencies["fill"][0] > results[f"{name}, GPT"]["fill"][0]
        assert models["GPT"]["fill, lost"][0] > models["GPT"]["continue, lost"][0]


def test_what_the_page_says_of_filling():
    """Which models use the suffix of a gap, and which are better than GPT."""
    results = rows()
    two_sided = (fill_and_continue.MIDDLE, "BERT", "masked diffusion")
    for model in list(fill_and_continue.SYSTEMS)[1:]:
        suffix_cost = results[f"made language, {model}"]["wrong suffix costs"]
        difference = results[f"made language, {model} - GPT"]["fill"]
        assert (suffix_cost[1] > 0) == (difference[2] < 0) == (model in two_sided)
        low, high = results[f"reviews, {model}"]["wrong suffix costs"][1:]
        assert low < 0 < high  # on reviews no use of the suffix is shown
        assert results[f"reviews, {model} - GPT"]["fill"][1] > 0
    frequencies = results[f"reviews, {fill_and_continue.UNIGRAM}"]
    for model in list(fill_and_continue.SYSTEMS)[2:]:  # not shown to be better
        for task in fill_and_continue.TASKS:
            assert results[f"reviews, {model}"][task][2] > frequencies[task][1]
    for name in fill_and_continue.SOURCES:
        low, high = results[f"{name}, {fill_and_continue.MIDDLE} - GPT"]["continue"][1:]
        assert low < 0 < high
    low, high = results["made language, BERT - GPT"]["continue"][1:]
    assert low < 0 < high
    assert results["made language, masked diffusion - GPT"]["continue"][1] > 0
    assert results["reviews, BERT - GPT"]["continue"][1] > 0


@pytest.mark.parametrize("model", fill_and_continue.SYSTEMS)
@pytest.mark.parametrize("task", ["fill", "continue"])
def test_every_model_is_shown_what_it_may_see_and_nothing_else(model, task):
    """Models see the prefix, the suffix only when filling, and never the answer."""
    config = fill_and_continue.smaller()
    calls = []

    def network(*inputs):
        tokens = torch.cat([i for i in inputs if isinstance(i, torch.Tensor)], dim=1)
        calls.append(tokens)
        return torch.zeros(*inputs[0].shape, 20)

    text = torch.arange(FIRST, FIRST + config.length)[None]  # all words differ
    stop = config.start + config.gap
    after = text[:, stop:] if task == "fill" else None
    prompt = fill_and_continue.Prompt(
        text[:, : config.start],
        after,
        config.start,
        config.length,
        FIRST + config.length,
    )
    fill_and_continue.SYSTEMS[model].next_logits(network, prompt)
    visible = set(calls[0].flatten().tolist())
    assert set(text[0, : config.start].tolist()) <= visible
    assert not visible & set(text[0, config.start : stop].tolist())
    suffix = set(text[0, stop:].tolist())
    reads_suffix = task == "fill" and model != "GPT"
    assert suffix <= visible if reads_suffix else not suffix & visible


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
