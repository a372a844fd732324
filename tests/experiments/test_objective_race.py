"""The race of objectives: equal operations, mirrored labels, and the language's own."""

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import SpecialTokens
from paradigms.experiments import objective_race
from paradigms.experiments.records import load

IDS = SpecialTokens()


def test_objective_race_again_at_reduced_size():
    """Every objective spends the operations of the next token, within half a step."""
    config = objective_race.smaller()
    for name in objective_race.NAMES[:-1]:
        given = objective_race.source(config, objective_race.FRESH, 0)
        _, _, found = objective_race.learnt(config, given, name, 0)
        spent = found["operations a text"] * found["texts read"]
        _, _, usual = objective_race.learnt(config, given, objective_race.AFTER, 0)
        step = found["operations a text"] * config.batch
        assert abs(spent - usual["operations a text"] * usual["texts read"]) <= step / 2
    names = {row["name"] for row in load("objective_race").rows}
    for source in (
        objective_race.FRESH,
        objective_race.REPEATED,
        objective_race.REVIEWS,
    ):
        assert {f"{source}, {name}" for name in objective_race.NAMES} <= names


def test_the_kinds_of_label_again_at_reduced_size():
    """Masked words tell of both sides; next tokens of the left side alone."""
    config = objective_race.ObjectiveRaceConfig(
        seeds=2, words=4, length=8, width=32, steps=400, rate=5e-3, labelled=200,
        texts=300, tuning=150, tuning_rate=3e-3,
    )  # fmt: skip
    after, masked = (
        objective_race.scores(config, objective_race.FRESH, name, 0)
        for name in (objective_race.AFTER, "masked")
    )
    best = objective_race.left_alone(config, 0)["right, at best"]
    assert masked["right, tuned"] > 0.95 > best + 0.05
    assert after["right, tuned"] < best + 0.05
    assert after["left, tuned"] > 0.95


def test_tags_look_one_word_to_the_side():
    """By hand: words of the halves 0 1 1 0 0, and who has a neighbour of its half."""
    half = torch.tensor([0, 1])
    texts = torch.tensor([[0, 1, 1, 0, 0]]) + FIRST
    assert objective_race.tags(texts, half, 1).tolist() == [1, 0, 1]
    assert objective_race.tags(texts, half, -1).tolist() == [0, 1, 0]


def test_the_left_side_alone_is_counted_from_the_source():
    """The share right of whoever knows P(next | last two), against draws of it."""
    config = objective_race.smaller()
    language, half = MarkovLanguage(config.words, 3), objective_race.halves(config, 3)
    texts = language.sample(20_000, config.length, torch.Generator().manual_seed(9))
    after = torch.stack(
        [language.after(texts[:, : t + 1]) for t in range(1, config.length - 1)], dim=1
    )
    same = half[None, None, :] == half[texts[:, 1:-1] - FIRST][..., None]
    guess = (after * same).sum(dim=2) > 0.5
    right = (
        (guess.flatten().long() == objective_race.tags(texts, half, 1)).double().mean()
    )
    assert objective_race.left_alone(config, 3)["right, at best"] == pytest.approx(
        float(right), abs=0.02
    )


def test_texts_are_repeated_in_whole():
    """As many as fresh ones, each as often as configured."""
    config = objective_race.smaller()
    fresh = objective_race.source(config, objective_race.FRESH, 0).pool
    again = objective_race.source(config, objective_race.REPEATED, 0).pool
    assert fresh.shape == again.shape
    assert len(again.unique(dim=0)) <= len(again) // config.times
    assert len(fresh.unique(dim=0)) > len(again.unique(dim=0))


def test_reviews_keep_their_labels_and_parts():
    """Rows of whole words, as many labels as rows; hardly any row was read before."""
    given = objective_race.source(objective_race.smaller(), objective_race.REVIEWS, 0)
    task = given.tasks["sentiment"]
    assert int(given.pool.min()) >= IDS.first_word
    for texts, labels in task[:3]:
        assert len(texts) == len(labels)
        assert 0.4 < float(labels.double().mean()) < 0.6
    read = {tuple(row) for row in given.pool.tolist()}
    known = [tuple(row) in read for row in task.ask[0].tolist()]
    # Whole reviews differ; twelve frequent words at their end may be alike.
    assert sum(known) < len(known) / 100


def test_what_the_page_says_of_the_race():
    """Who leads where, and where nobody does."""
    rows = {row["name"]: row for row in load("objective_race").rows}

    def less(name: str, column: str, source: str = objective_race.FRESH) -> list[float]:
        return rows[f"{source}, {name} - {objective_race.AFTER}"][column]

    for name in ("masked", "masked diffusion"):
        assert less(name, "right, tuned")[1] > 0
        assert rows[f"{objective_race.FRESH}, {name}"]["right, tuned"][0] > 0.9
    assert less("masked", "left, tuned")[1] < 0 < less("masked", "left, tuned")[2]
    assert less("masked", "left, probe")[2] < 0
    best = rows["the language, left side alone"]["right, at best"]
    assert (
        rows[f"{objective_race.FRESH}, {objective_race.AFTER}"]["right, tuned"][0]
        < best[0] + 0.02
    )
    for name in ("prefix", "span", "ELECTRA"):
        untrained = rows[f"{objective_race.FRESH}, {objective_race.UNTRAINED}"][
            "right, tuned"
        ]
        assert rows[f"{objective_race.FRESH}, {name}"]["right, tuned"][0] < untrained[2]
    sentiment = "sentiment, tuned"
    for name in ("masked", "span"):
        assert less(name, sentiment, objective_race.REVIEWS)[1] > 0
    untrained = rows[f"{objective_race.REVIEWS}, {objective_race.UNTRAINED}"][sentiment]
    assert untrained[2] > max(
        rows[f"{objective_race.REVIEWS}, {name}"][sentiment][0]
        for name in objective_race.NAMES
    )
