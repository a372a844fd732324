"""Recorded results match the code that produced them, and can be reproduced."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import joblib
import pytest
import torch

from paradigms._files import PACKAGE
from paradigms._schema import ContentError
from paradigms.experiments.records import load, quote, stems
from paradigms.experiments.runner.fingerprint import fingerprint, reads_clock
from paradigms.experiments.runner.provenance import imports
from paradigms.experiments.runner.run import main, measure, names
from paradigms.experiments.runner.workers import Workers
from paradigms.models.naive_bayes import MultinomialNaiveBayes


@pytest.mark.parametrize("name", names())
def test_the_stored_result_belongs_to_the_code(name):
    """The recorded fingerprint is that of the code; otherwise measure again."""
    stored = load(name).fingerprint
    assert stored == fingerprint(f"experiments.{name}"), f"make measure NAME={name}"


def test_every_result_has_its_experiment():
    """Results and experiments have the same names."""
    assert stems() == set(names())


def test_review_classifiers_again_at_reduced_size():
    """Two splits, not five: accuracies and the example agree with the record."""
    module = importlib.import_module("paradigms.experiments.review_classifiers")
    stored = {row["name"]: row for row in load("review_classifiers").rows}
    for row in (row for row in module.run(module.smaller()).rows if "accuracy" in row):
        for column in ("accuracy", "log-loss", "P(positive | example)"):
            assert row[column][0] == pytest.approx(
                stored[row["name"]][column][0], abs=0.05
            )


def test_the_log_loss_of_the_reviews_cuts_nothing():
    """A loss of 1,000 nats is not clipped, though the probability underflows."""
    module = importlib.import_module("paradigms.experiments.review_classifiers")
    model = MultinomialNaiveBayes()
    model.log_joint = lambda _: torch.tensor([[0.0, -1000.0]])
    reviews = SimpleNamespace(texts=None, labels=torch.tensor([1]))
    assert module.log_loss(model, reviews) == 1000


def test_what_the_pages_say_of_the_reviews():
    """Statements of the pages, as inequalities between intervals."""
    rows = {row["name"]: row for row in load("review_classifiers").rows}
    bayes, logistic = rows["imdb naive Bayes"], rows["imdb logistic regression"]
    coin = 0.693147
    assert logistic["accuracy"][1] > bayes["accuracy"][2]  # clearly more accurate
    assert bayes["log-loss"][1] > coin > logistic["log-loss"][2]  # worse than a coin
    short = rows["rotten_tomatoes naive Bayes"]  # "no difference is shown"
    other = rows["rotten_tomatoes logistic regression"]
    for column in ("accuracy", "log-loss"):
        assert short[column][1] < other[column][0] < short[column][2]
    for row in (
        row for row in rows.values() if "accuracy" in row
    ):  # nobody answers the textbook's 0.95
        assert row["P(positive | example)"][2] < 0.7


def test_a_recorded_number_is_quoted_with_its_interval():
    """A mean is quoted with its interval, a plain number without."""
    assert "95% interval" in quote("review_classifiers/imdb naive Bayes/accuracy")
    assert quote("targets_per_pass/next token/targets per 100 tokens") == "100"
    address = "objective_race/fresh texts, next token/operations per text"
    assert quote(address, interval=False) == "1,396,224"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "targets_per_pass/nothing/x",
            "is not recorded; there is: span corruption/targets",
        ),
        ("targets_per_pass", "must read experiment/row/column"),
        ("absent/x/y", "results/absent.json is missing; run: make measure NAME=absent"),
    ],
)
def test_a_dead_address_says_what_there_is(address, message):
    """The error names the mistake and valid addresses."""
    with pytest.raises(ContentError) as error:
        quote(address)
    assert message in str(error.value)


def test_an_interruption_leaves_the_old_result_whole(monkeypatch, tmp_path):
    """Interrupted while writing half a file: the old result is unchanged."""
    stored = tmp_path / "targets_per_pass.json"
    stored.write_text("the old result")
    write = Path.write_text

    def write_half(path, text, *options):
        write(path, text[: len(text) // 2], *options)
        raise KeyboardInterrupt

    monkeypatch.setattr("paradigms.experiments.runner.run.FOLDER", tmp_path)
    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(KeyboardInterrupt):
        measure("targets_per_pass")
    assert stored.read_text() == "the old result"


def test_imports_are_read_without_running():
    """The modules that a module imports: a record names the versions of libraries."""
    path = PACKAGE / "experiments/review_classifiers.py"
    assert "paradigms.models.naive_bayes" in imports(path)
    assert "paradigms.data.movie_reviews" in imports(path)


def test_what_looks_at_the_clock_is_measured_alone():
    """By what the code reaches; the last one has `Step`, but not its seconds."""
    assert [name for name in names() if reads_clock(f"experiments.{name}")] == [
        "cache",
        "chat_turn_cost",
        "generate_by_masking",
        "published_cache_sizes",
    ]


def test_several_are_measured(tmp_path, capsys):
    """One after another, their parts in processes: the rows of one process."""
    experiments = ["objectives_at_work", "targets_per_pass"]
    main(experiments, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}.json" for name in experiments
    ]
    progress = capsys.readouterr().err
    for name in experiments:
        rows = json.loads((tmp_path / f"{name}.json").read_text("utf8"))["rows"]
        assert rows == load(name).rows
        assert f"measured {name}\n" in progress


def test_timed_ones_come_last_and_in_this_process(tmp_path, monkeypatch):
    """Nothing else runs while they read the clock."""
    order = []

    def note(name: str, _folder: Path) -> Path:
        # In a context of worker processes, n_jobs is that of the context.
        order.append((name, joblib.Parallel()._effective_n_jobs()))
        return tmp_path / name

    monkeypatch.setattr("paradigms.experiments.runner.run.measure", note)
    main(["cache", "boundaries"], tmp_path, workers=Workers(2))
    assert order == [("boundaries", 2), ("cache", 1)]
