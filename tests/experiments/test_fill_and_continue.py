"""Filling and continuing: again at reduced size, and as the page says."""

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SpecialTokens
from paradigms.experiments import fill_and_continue
from paradigms.experiments.records import load
from paradigms.objectives import restore_middle, span_corruption

IDS = SpecialTokens()


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("fill_and_continue").rows}


def test_fill_and_continue_again_at_reduced_size():
    """The GPT continues as well as the best, and says the same of a gap."""
    again = {
        row["name"]: row for row in fill_and_continue.run(fill_and_continue.smaller())
    }
    assert again.keys() == rows().keys()
    for found in (again, rows()):
        made = {m: found[f"made language, {m}"] for m in fill_and_continue.MODELS}
        least = min(made[model]["continue, lost"][0] for model in made)
        assert made["GPT"]["continue, lost"][0] < least + 0.02
        assert made["GPT"]["fill"] == made["GPT"]["continue"]
        assert made["GPT"]["wrong suffix costs"] == [0, 0, 0]
        for name in fill_and_continue.SOURCES:
            counted = found[f"{name}, {fill_and_continue.COUNTS}"]
            assert counted["fill"][0] > found[f"{name}, GPT"]["fill"][0]
        assert made["GPT"]["fill, lost"][0] > made["GPT"]["continue, lost"][0]


def test_what_the_page_says_of_filling():
    """Who uses what stands behind the gap, and who is ahead where."""
    found = rows()
    three = (fill_and_continue.MIDDLE, "BERT", "masked diffusion")
    for model in fill_and_continue.MODELS[1:]:
        uses = found[f"made language, {model}"]["wrong suffix costs"]
        ahead = found[f"made language, {model} - GPT"]["fill"]
        assert (uses[1] > 0) == (ahead[2] < 0) == (model in three)
        low, high = found[f"reviews, {model}"]["wrong suffix costs"][1:]
        assert low < 0 < high  # on reviews none is shown to use it
        assert found[f"reviews, {model} - GPT"]["fill"][1] > 0
    counted = found[f"reviews, {fill_and_continue.COUNTS}"]
    for model in fill_and_continue.MODELS[2:]:  # not shown to know more than that
        for task in fill_and_continue.TASKS:
            assert found[f"reviews, {model}"][task][2] > counted[task][1]
    for name in fill_and_continue.SOURCES:
        low, high = found[f"{name}, {fill_and_continue.MIDDLE} - GPT"]["continue"][1:]
        assert low < 0 < high
    low, high = found["made language, BERT - GPT"]["continue"][1:]
    assert low < 0 < high
    assert found["made language, masked diffusion - GPT"]["continue"][1] > 0
    assert found["reviews, BERT - GPT"]["continue"][1] > 0


@pytest.mark.parametrize("model", fill_and_continue.MODELS)
@pytest.mark.parametrize("task", ["fill", "continue"])
def test_every_model_is_shown_what_it_may_see_and_nothing_else(model, task):
    """The words before; those behind a gap only if asked; never the answer."""
    config = fill_and_continue.smaller()
    seen = []

    def network(*inputs):
        tokens = torch.cat([i for i in inputs if isinstance(i, torch.Tensor)], dim=1)
        seen.append(tokens)
        return torch.zeros(*inputs[0].shape, 20)

    text = torch.arange(FIRST, FIRST + config.length)[None]  # every word is another
    stop = config.start + config.gap
    after = text[:, stop:] if task == "fill" else None
    ask = fill_and_continue.asker(network, model, config, FIRST + config.length, after)
    ask(text[:, : config.start])
    shown = set(seen[0].flatten().tolist())
    assert set(text[0, : config.start].tolist()) <= shown
    assert not shown & set(text[0, config.start : stop].tolist())
    behind = set(text[0, stop:].tolist())
    uses = task == "fill" and model != "GPT"
    assert behind <= shown if uses else not behind & shown


def test_what_cannot_be_beaten_is_bayes_rule():
    """Nats a word of the source for a gap and for a continuation, by brute force."""
    config = fill_and_continue.FillAndContinueConfig(words=3, length=5, start=2, gap=2)
    language = MarkovLanguage(3, 0)
    texts = language.fillings(5)
    p = language.log_p(texts).sum(1).exp()
    drawn = texts[torch.multinomial(p, 20_000, True, generator=torch.Generator())]
    given = fill_and_continue.Source(drawn, drawn, language.vocabulary, language)
    joint = p.view(3, 3, 9, 3)  # first two words, the gap, the last word
    gap = joint / joint.sum(dim=2, keepdim=True)
    cloze = -float((joint * gap.log()).sum()) / 2
    ahead = joint.sum(dim=3)
    open_end = -float((ahead * (ahead / ahead.sum(2, keepdim=True)).log()).sum()) / 2
    assert fill_and_continue.own(given, config, "fill") == pytest.approx(
        cloze, abs=0.02
    )
    assert fill_and_continue.own(given, config, "continue") == pytest.approx(
        open_end, abs=0.02
    )
    assert cloze < open_end - 0.05


def test_a_middle_is_moved_as_t5_is_asked():
    """Half of the texts whole, half cut in three: put back, each is the text again."""
    config = fill_and_continue.FillAndContinueConfig(length=6, gap=2)
    gap = fill_and_continue.Gap(90, 91, 92)
    text = torch.arange(10, 16).repeat(1000, 1)
    show = fill_and_continue.moved(config, gap)
    inputs, targets = show(text, torch.Generator().manual_seed(0))
    whole, cut = targets.tensor_split(2)
    assert whole[:, :6].equal(text[:500])
    assert (whole[:, 6] == IDS.eos).all()
    assert (whole[:, 7:] == fill_and_continue.IGNORE).all()
    places = set()
    for row in cut.tolist():
        before = row.index(gap.suffix) - 1
        places.add(before)
        assert restore_middle(row, gap) == [*range(10, 16)]
        assert row[-4] == gap.middle
    assert places == set(range(5))
    assert (inputs[:, 0] == IDS.bos).all()


def test_word_frequencies_are_those_of_the_texts_for_training():
    """Three times of four seen: the counts and one more each, as shares."""
    pool = torch.tensor([[FIRST, FIRST, FIRST, FIRST + 1]])
    given = fill_and_continue.Source(pool, pool, FIRST + 2, None)
    logits = fill_and_continue.frequencies(given)(pool[:, :2])[:, FIRST:]
    assert logits.softmax(dim=1)[0].tolist() == pytest.approx([4 / 6, 2 / 6])


def test_the_single_span_of_t5_is_always_the_last_words():
    """The trap that the page names: each text of T5 ends in a span."""
    dice = torch.Generator().manual_seed(0)
    for _ in range(50):
        source, _ = span_corruption([*range(10, 20)], [90, 91], dice, 0.2, 2)
        assert source == [*range(10, 18), 90]
