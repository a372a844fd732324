"""Calibration: are nine in ten of the predictions with probability 0.9 correct?

Every model is trained on the same reviews, recalibrated on a second part and tested on
a third.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paradigms.data import movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.special_tokens import SPECIALS
from paradigms.data.tokenizer import Vocabulary, words
from paradigms.evaluation.calibration import (
    Bin,
    calibration_report,
    class_logits,
    fit_temperature,
    platt_scaling,
)
from paradigms.evaluation.statistics import band, intervals
from paradigms.experiments.outcome import Outcome, Row
from paradigms.experiments.pictures import Bands, Picture
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.bert import Classifier
from paradigms.models.encoder import EncoderConfig
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.models.svm import LinearSVM
from paradigms.training.loop import Tensors, TrainingConfig, train

QUESTION = "Are predictions with a confidence of 90% correct in 90% of cases?"
OF_NETWORK: movie_reviews.ReviewSource = "rotten_tomatoes"  # its sentences are short


@dataclass(frozen=True)
class CalibrationConfig:
    """Sizes of the training, calibration and test parts; a small BERT-style network.

    `bins` hold equally many predictions each.  Penalty and smoothing are those with the
    fewest errors on the calibration part; the SVM's cost is fixed.
    """

    sources: tuple[movie_reviews.ReviewSource, ...] = ("imdb", "rotten_tomatoes")
    sizes: tuple[int, int, int] = (3000, 1500, 4000)
    seeds: int = 5
    vocabulary: int = 5000
    bins: int = 10
    resamples: int = 20  # of labels, for the error of calibrated predictions
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    weak_penalty: float = 1e-4  # too small to matter
    cost: float = 0.03
    factors: tuple[float, ...] = (0.2, 5.0)
    words: int = 2000  # of the network; `tokens` of a sentence
    tokens: int = 32
    width: int = 32
    layers: int = 2
    heads: int = 2
    batch: int = 32
    rate: float = 2e-3
    epochs: int = 5


CONFIG = CalibrationConfig()
Scores = dict[str, float]
Report = tuple[Scores, list[Bin]]
Reports = dict[str, Report]


@dataclass(frozen=True)
class Diagram:
    """A model in a reliability diagram: its reports as fitted and recalibrated."""

    name: str
    original: str
    recalibration: str


def with_temperature(name: str) -> Diagram:
    """A model that a temperature recalibrates."""
    return Diagram(name, name, f"{name}, temperature")


def run(config: CalibrationConfig, each: Each = serial_map) -> Outcome:
    """A row per source, and per source and model, with reliability diagrams."""
    cells = list(product(config.sources, range(config.seeds)))
    bag_reports = each(cells, lambda cell: bag_of_words_reports(config, *cell))
    networks = each(range(config.seeds), lambda seed: network_reports(config, seed))
    rows: list[Row] = []
    figures: dict[str, Picture] = {}
    for source in config.sources:
        runs = [
            reports
            for (name, _), reports in zip(cells, bag_reports, strict=True)
            if name == source
        ]
        middle = "logistic regression"
        if source == OF_NETWORK:
            runs = [a | b for a, b in zip(runs, networks, strict=True)]
            middle = after_epochs(config.epochs)
        rows.append({"name": source, "reviews": sum(config.sizes)})
        rows += [
            {"name": f"{source}, {model}"} | summary([run[model][0] for run in runs])
            for model in runs[0]
        ]
        models = (
            with_temperature("naive Bayes"),
            with_temperature(middle),
            Diagram("SVM", "SVM, sigmoid", "SVM, Platt"),
        )
        figures[f"{source}/as fitted"] = reliability_diagram(
            {model.name: [run[model.original] for run in runs] for model in models}
        )
        figures[f"{source}/corrected"] = reliability_diagram(
            {model.name: [run[model.recalibration] for run in runs] for model in models}
        )
    return Outcome(rows, figures)


SHARES = (
    "accuracy",
    "confidence",
    "calibration error",
    "calibration error if calibrated",
    "coverage at confidence 0.95",
    "selective accuracy at confidence 0.95",
)


def summary(runs: list[Scores]) -> dict[str, list[float]]:
    """Mean and interval of each score that all seeds have."""
    columns = [column for column in runs[0] if all(column in run for run in runs)]
    shares = SHARES if "confidence" in columns else ()  # else it is a difference
    return intervals(
        [{column: run[column] for column in columns} for run in runs], shares
    )


def reliability_diagram(reports: dict[str, list[Report]]) -> Bands:
    """Accuracy by confidence in percent, of each model's reports over the seeds."""
    bands = {
        "perfect calibration": [
            (float(x), x / 100, x / 100, x / 100) for x in range(50, 101, 10)
        ]
    }
    for name, runs in reports.items():
        bins = torch.tensor([[means[:2] for means in curve] for _, curve in runs])
        confidence = (100 * bins[:, :, 0].mean(dim=0)).tolist()  # (bins,)
        # Point by point: two bins may have the same confidence.
        bands[name] = [
            point
            for x, accuracy in zip(confidence, bins[:, :, 1].T.tolist(), strict=True)
            for point in band({round(x, 4): accuracy}, shares=True)
        ]
    return Bands(bands=bands)


class Split(NamedTuple):
    """The words of each review and labels (N,), of three parts."""

    texts: list[list[list[str]]]
    labels: list[Tensor]


@cache
def split(
    config: CalibrationConfig, source: movie_reviews.ReviewSource, seed: int
) -> Split:
    """Training, calibration and test part, split at random for each seed."""
    reviews = movie_reviews.load(source)
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(reviews), generator=rng)[: sum(config.sizes)]
    parts = [
        [reviews[index] for index in part.tolist()]
        for part in torch.split(order, list(config.sizes))
    ]
    return Split(
        [[words(review.text) for review in part] for part in parts],
        [torch.tensor([review.label for review in part]) for part in parts],
    )


class Reporter:
    """Reports of models on the test part, as fitted and recalibrated."""

    def __init__(self, config: CalibrationConfig, labels: list[Tensor]) -> None:
        self.config, self.labels = config, labels
        self.reports: Reports = {}

    def report(self, name: str, logits: Tensor) -> None:
        """Add the report of test logits (N, K)."""
        config = self.config
        self.reports[name] = calibration_report(
            logits, self.labels[2], config.bins, config.resamples
        )

    def report_with_temperature(
        self, name: str, logits: Tensor, test_logits: Tensor
    ) -> None:
        """Add two reports: as fitted, and with a temperature fitted on `logits`.

        `logits` (M, K) are of the calibration part, `test_logits` of the test part.
        """
        temperature = fit_temperature(logits, self.labels[1])
        self.report(name, test_logits)
        self.reports[name][0]["temperature"] = temperature
        self.report(f"{name}, temperature", test_logits / temperature)


def bag_of_words_reports(
    config: CalibrationConfig, source: movie_reviews.ReviewSource, seed: int
) -> Reports:
    """Bag-of-words models, as fitted and recalibrated, on the test part."""
    texts, labels = split(config, source, seed)
    vocabulary = Vocabulary(texts[0], config.vocabulary)
    bags = [
        Bags((vocabulary.encode(text) for text in part), len(vocabulary))
        for part in texts
    ]
    candidates: dict[str, Sequence[MultinomialNaiveBayes | LogisticRegression]] = {
        "naive Bayes": [MultinomialNaiveBayes(2, s) for s in config.smoothings],
        "logistic regression": [LogisticRegression(2, p) for p in config.penalties],
        "logistic regression, weak penalty": [
            LogisticRegression(2, config.weak_penalty)
        ],
    }
    reporter = Reporter(config, labels)
    test_logits = {}
    for name, models in candidates.items():
        logits, test_logits[name] = best_logits(models, bags, labels)
        reporter.report_with_temperature(name, logits, test_logits[name])
    for factor in config.factors:
        name = f"logistic regression, logits times {factor:g}"
        reporter.report(name, factor * test_logits["logistic regression"])
    dense = [part.rows.to_dense() for part in bags]
    svm = LinearSVM(config.cost).fit(dense[0], labels[0])
    scores, test_scores = svm.decision(dense[1]), svm.decision(dense[2])
    # A score under a sigmoid is two logits under a softmax.
    sigmoid = torch.stack([torch.zeros_like(test_scores), test_scores], dim=1)
    reporter.report("SVM, sigmoid", sigmoid)
    platt = platt_scaling(scores, labels[1], test_scores)
    reporter.report("SVM, Platt", platt)
    return reporter.reports


def best_logits(
    models: Sequence[MultinomialNaiveBayes | LogisticRegression],
    bags: list[Bags],
    labels: list[Tensor],
) -> tuple[Tensor, Tensor]:
    """Logits of the calibration and test part, of the model with the fewest errors."""

    def logits(model: MultinomialNaiveBayes | LogisticRegression) -> Tensor:
        return class_logits(model.fit(bags[0], labels[0]), bags[1])

    def mistakes(index: int) -> int:
        return int((calibration_logits[index].argmax(dim=1) != labels[1]).sum())

    calibration_logits = [logits(model) for model in models]
    best = min(range(len(models)), key=mistakes)
    return calibration_logits[best], class_logits(models[best], bags[2])


def after_epochs(epochs: int) -> str:
    """The name of the network after some epochs."""
    return f"BERT-style, {epochs} epochs"


def network_reports(config: CalibrationConfig, seed: int) -> Reports:
    """A small BERT-style sentence classifier after each epoch of one training run.

    `logit margin`: the mean distance of its two logits, on the training and on the test
    sentences.
    """
    texts, labels = split(config, OF_NETWORK, seed)
    vocabulary = Vocabulary(texts[0], config.words)
    parts = [
        torch.tensor([tokens(config, vocabulary.encode(text)) for text in part])
        for part in texts
    ]
    reporter = Reporter(config, labels)
    by_epoch = logits_by_epoch(config, parts, labels[0], seed)
    for epoch, (train_logits, logits, test_logits) in enumerate(by_epoch, 1):
        name = after_epochs(epoch)
        reporter.report_with_temperature(name, logits, test_logits)
        for key, outputs in (("training", train_logits), ("test", test_logits)):
            distance = (outputs[:, 1] - outputs[:, 0]).abs().mean()
            reporter.reports[name][0][f"logit margin, {key}"] = float(distance)
    last, _ = reporter.reports[after_epochs(config.epochs)]
    early, _ = reporter.reports[after_epochs(2)]
    columns = (
        "accuracy",
        "calibration error",
        "logit margin, training",
        "logit margin, test",
    )
    difference = {column: last[column] - early[column] for column in columns}
    name = f"BERT-style, {config.epochs} - 2 epochs"
    return reporter.reports | {name: (difference, [])}


def tokens(config: CalibrationConfig, text: list[int]) -> list[int]:
    """A sentence for the network: a first token, its words, and padding."""
    ids = [SPECIALS.bos, *(word + SPECIALS.first_word for word in text)]
    ids = ids[: config.tokens]
    return ids + [SPECIALS.pad] * (config.tokens - len(ids))


class Constant(TrainingConfig):
    """Warm-up, then a constant learning rate, so that epochs are comparable."""

    def factor(self, step: int) -> float:
        return min((step + 1) / self.warmup, 1.0)


def logits_by_epoch(
    config: CalibrationConfig, parts: list[Tensor], labels: Tensor, seed: int
) -> list[list[Tensor]]:
    """Logits of all parts after each epoch on the first, which has labels (N,)."""
    torch.manual_seed(seed)
    shape = EncoderConfig(
        vocabulary=config.words + SPECIALS.first_word,
        positions=config.tokens,
        width=config.width,
        layers=config.layers,
        heads=config.heads,
        hidden=2 * config.width,
        segments=1,
    )
    classifier, epoch_logits = Classifier(shape, 2), []
    order = torch.stack([torch.randperm(len(parts[0])) for _ in range(config.epochs)])
    batches = [indices for row in order for indices in torch.split(row, config.batch)]
    steps_per_epoch = len(batches) // config.epochs

    def logits(network: nn.Module, x: Tensor) -> Tensor:
        outputs: Tensor = network(x, real=x != SPECIALS.pad)
        return outputs

    def evaluate() -> None:
        with torch.no_grad():
            epoch_logits.append([logits(classifier, x) for x in parts])

    def batch(step: int) -> Tensors:
        if step and step % steps_per_epoch == 0:
            evaluate()
        return parts[0][batches[step]], labels[batches[step]]

    def loss(network: nn.Module, batch: Tensors) -> tuple[Tensor, Tensor]:
        x, label = batch
        total = cross_entropy(logits(network, x), label, reduction="sum")
        return total, torch.tensor(len(label), device=label.device)

    training = Constant(len(batches), config.rate, warmup=steps_per_epoch // 2)
    train(classifier, batch, loss, training)
    evaluate()
    return epoch_logits


def smaller() -> CalibrationConfig:
    """The same experiment, small enough for a test."""
    return CalibrationConfig(
        sources=("rotten_tomatoes",),
        sizes=(1000, 1000, 3000),
        seeds=2,
        vocabulary=2000,
        words=1000,
        epochs=6,
    )
