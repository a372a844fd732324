"""Calibration: are nine in ten of the predictions with probability 0.9 correct?

Every model is trained on the same reviews, recalibrated on a second part and tested on
a third.  A synthetic feature with known P(y = 1 | x) compares the hinge loss with the
log-loss on the same labels.
Source: Platt (1999) for the sigmoid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paradigms.data import movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.special_tokens import SpecialTokens
from paradigms.data.tokenizer import Vocabulary, words
from paradigms.evaluation.calibration import calibration_report, fit_temperature
from paradigms.evaluation.statistics import t_interval
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.bert import Classifier
from paradigms.models.encoder import EncoderConfig
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.models.svm import LinearSVM
from paradigms.training.loop import Batch, TrainingConfig, train

QUESTION = "Do answers that are given with a probability come true as often as it says?"
SPECIALS = SpecialTokens()


@dataclass(frozen=True)
class CalibrationConfig:
    """Sizes of the training, calibration and test parts; a small BERT-style network.

    `bins` hold equally many predictions each.  Penalty and smoothing are those with the
    fewest errors on the calibration part; the SVM's cost is fixed.
    """

    sources: tuple[movie_reviews.Source, ...] = ("imdb", "rotten_tomatoes")
    sizes: tuple[int, int, int] = (3000, 1500, 4000)
    seeds: int = 5
    vocabulary: int = 5000
    bins: int = 10
    redraws: int = 20  # of labels, for the error expected by chance
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    hardly: float = 1e-4  # a penalty too small to matter
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
    chances: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)
    labels: int = 300  # for each chance


CONFIG = CalibrationConfig()


def run(config: CalibrationConfig, each: Each = serial_map) -> list[dict[str, Any]]:
    """A row per source and model, with its curve; one for the hinge loss."""
    cells = list(product(config.sources, range(config.seeds)))
    results = each(cells, lambda cell: of_counts(config, *cell))
    networks = each(range(config.seeds), lambda seed: of_network(config, seed))
    rows = []
    for source in config.sources:
        reports = [
            s for (name, _), s in zip(cells, results, strict=True) if name == source
        ]
        if source == "rotten_tomatoes":
            reports = [a | b for a, b in zip(reports, networks, strict=True)]
        figures = {"pictures": pictures(config, reports)}
        rows.append({"name": source, "reviews": sum(config.sizes)} | figures)
        rows += [
            summary(f"{source}, {model}", [s[model] for s in reports])
            for model in reports[0]
        ]
    scores = each(range(config.seeds), lambda seed: known_chance(config, seed))
    return [*rows, forgotten(config, scores)]


def summary(name: str, seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and interval of each of a model's scores over the seeds."""
    columns = [c for c in seeds[0] if c != "bins" and all(c in s for s in seeds)]
    numbers = {c: t_interval(tuple(seed[c] for seed in seeds)) for c in columns}
    return {"name": name} | numbers


def line(seeds: list[dict[str, Any]]) -> list[list[float]]:
    """For a figure: confidence in percent, and accuracy with its interval."""
    bins = torch.tensor([seed["bins"] for seed in seeds])  # (seeds, bins, 2)
    points = zip(100 * bins[:, :, 0].mean(dim=0), bins[:, :, 1].T, strict=True)
    return [
        [
            round(v, 4)
            for v in (float(confidence), *t_interval(tuple(accuracy.tolist())))
        ]
        for confidence, accuracy in points
    ]


def pictures(config: CalibrationConfig, scored: list[dict[str, Any]]) -> dict[str, Any]:
    """Reliability diagrams of three models, as fitted and recalibrated."""
    network = f"BERT-style, {config.epochs} epochs"
    models = ["naive Bayes", "logistic regression", "SVM"]
    if network in scored[0]:
        models[1] = network
    diagonal = {"as said": [[x, *[x / 100] * 3] for x in range(50, 101, 10)]}
    figures = {}
    for key, svm_suffix, suffix in (
        ("as fitted", ", sigmoid", ""),
        ("corrected", ", Platt", ", temperature"),
    ):
        names = {
            model: model + (svm_suffix if model == "SVM" else suffix)
            for model in models
        }
        lines = {
            model: line([s[name] for s in scored]) for model, name in names.items()
        }
        figures[key] = {"bands": diagonal | lines}
    return figures


def assess(config: CalibrationConfig, logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """The calibration report of logits (N, K) against labels (N,)."""
    return calibration_report(logits, labels, config.bins, config.redraws)


def as_logits(score: Tensor) -> Tensor:
    """A score (N,) under a sigmoid, as two logits under a softmax: (N, 2)."""
    return torch.stack([torch.zeros_like(score), score], dim=1)


@cache
def texts(
    config: CalibrationConfig, source: Any, seed: int
) -> tuple[list[Any], list[Tensor]]:
    """Tokens and labels of the three parts, split at random for each seed."""
    reviews = movie_reviews.load(source)
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(reviews), generator=rng)[: sum(config.sizes)]
    parts = [[reviews[i] for i in part] for part in order.split(list(config.sizes))]
    tokenised = [[words(review.text) for review in part] for part in parts]
    return tokenised, [torch.tensor([r.label for r in part]) for part in parts]


def of_counts(
    config: CalibrationConfig, source: Any, seed: int
) -> dict[str, dict[str, Any]]:
    """Bag-of-words models, as fitted and recalibrated, on the test part."""
    tokenised, labels = texts(config, source, seed)
    vocabulary = Vocabulary(tokenised[0], config.vocabulary)
    train_bags, calibration_bags, test_bags = (
        Bags((vocabulary.encode(text) for text in part), len(vocabulary))
        for part in tokenised
    )

    def best(settings: list[Callable[[], Any]], logits: Callable) -> list[Tensor]:
        models = [make().fit(train_bags, labels[0]) for make in settings]
        mistakes = [logits(m, calibration_bags).argmax(1) != labels[1] for m in models]
        best_model = models[
            min(range(len(models)), key=lambda n: int(mistakes[n].sum()))
        ]
        return [logits(best_model, calibration_bags), logits(best_model, test_bags)]

    joint, linear = MultinomialNaiveBayes.log_joint, LogisticRegression.logits
    bayes = [lambda s=s: MultinomialNaiveBayes(2, s) for s in config.smoothings]
    regularised = [lambda p=p: LogisticRegression(2, p) for p in config.penalties]
    weakly_regularised = [lambda: LogisticRegression(2, config.hardly)]
    model_logits = {
        "naive Bayes": best(bayes, joint),
        "logistic regression": best(regularised, linear),
        "logistic regression, hardly penalised": best(weakly_regularised, linear),
    }
    reports = corrected(config, model_logits, labels)
    logits = model_logits["logistic regression"][1]
    for factor in config.factors:
        report = assess(config, factor * logits, labels[2])
        reports[f"logistic regression, logits times {factor:g}"] = report
    svm = LinearSVM(config.cost).fit(train_bags.rows.to_dense(), labels[0])
    calibration_score, test_score = (
        svm.decision(x.rows.to_dense()) for x in (calibration_bags, test_bags)
    )
    reports["SVM, sigmoid"] = assess(config, as_logits(test_score), labels[2])
    # Platt's sigmoid: logistic regression of the label on the score, not penalised.
    platt = LogisticRegression(2, 0.0).fit(calibration_score[:, None], labels[1])
    reports["SVM, Platt"] = assess(config, platt.logits(test_score[:, None]), labels[2])
    return reports


def corrected(
    config: CalibrationConfig, fitted: dict[str, list[Tensor]], labels: list[Tensor]
) -> dict[str, dict[str, Any]]:
    """Each model as fitted, and with a temperature fitted on the calibration part."""
    reports = {}
    for name, (calibration_logits, test_logits) in fitted.items():
        temperature = fit_temperature(calibration_logits, labels[1])
        reports[name] = assess(config, test_logits, labels[2]) | {
            "temperature": temperature
        }
        reports[f"{name}, temperature"] = assess(
            config, test_logits / temperature, labels[2]
        )
    return reports


def of_network(config: CalibrationConfig, seed: int) -> dict[str, dict[str, Any]]:
    """A small BERT-style sentence classifier after each epoch of one training run.

    `logits, learnt` and `logits, new`: mean distance of its two logits on the training
    and on the test sentences.
    """
    tokenised, labels = texts(config, "rotten_tomatoes", seed)
    vocabulary = Vocabulary(tokenised[0], config.words)
    ids = [
        [tokens(config, vocabulary.encode(text)) for text in part] for part in tokenised
    ]
    logits = passes(config, list(map(torch.tensor, ids)), labels[0], seed)
    by_epoch = {f"BERT-style, {n} epochs": result for n, result in enumerate(logits, 1)}
    result = corrected(
        config, {name: part[1:] for name, part in by_epoch.items()}, labels
    )
    for name, (train_logits, _, test_logits) in by_epoch.items():
        for key, values in (("learnt", train_logits), ("new", test_logits)):
            result[name][f"logits, {key}"] = float(
                (values[:, 1] - values[:, 0]).abs().mean()
            )
    last, early = (result[f"BERT-style, {n} epochs"] for n in (config.epochs, 2))
    columns = ("accuracy", "calibration error", "logits, learnt", "logits, new")
    name = f"BERT-style, {config.epochs} - 2 epochs"
    return result | {name: {c: last[c] - early[c] for c in columns}}


def tokens(config: CalibrationConfig, text: list[int]) -> list[int]:
    """A sentence for the network: a first token, its words, and padding."""
    ids = [SPECIALS.bos, *(word + SPECIALS.first_word for word in text)]
    ids = ids[: config.tokens]
    return ids + [SPECIALS.pad] * (config.tokens - len(ids))


class Constant(TrainingConfig):
    """Warm-up, then a constant learning rate, so that epochs are comparable."""

    def factor(self, step: int) -> float:
        return min((step + 1) / self.warmup, 1.0)


def passes(
    config: CalibrationConfig, parts: list[Tensor], labels: Tensor, seed: int
) -> list[list[Tensor]]:
    """Logits of all parts after each epoch on the first, which has labels (N,)."""
    torch.manual_seed(seed)
    size = config.words + SPECIALS.first_word
    shape = EncoderConfig(
        size,
        config.tokens,
        config.width,
        config.layers,
        config.heads,
        2 * config.width,
        segments=1,
    )
    network, epoch_logits = Classifier(shape, 2), []
    order = torch.stack([torch.randperm(len(parts[0])) for _ in range(config.epochs)])
    batches = [indices for row in order for indices in row.split(config.batch)]
    steps_per_epoch = len(batches) // config.epochs

    def evaluate() -> None:
        with torch.no_grad():
            epoch_logits.append([network(x, real=x != SPECIALS.pad) for x in parts])

    def batch(step: int) -> Batch:
        if step and step % steps_per_epoch == 0:
            evaluate()
        return parts[0][batches[step]], labels[batches[step]]

    def loss(network: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        x, label = batch
        logits = network(x, real=x != SPECIALS.pad)
        total = cross_entropy(logits, label, reduction="sum")
        return total, torch.tensor(len(label), device=label.device)

    train(
        network,
        batch,
        loss,
        Constant(len(batches), config.rate, warmup=steps_per_epoch // 2),
    )
    evaluate()
    return epoch_logits


def known_chance(config: CalibrationConfig, seed: int) -> dict[str, list[float]]:
    """Scores fitted by both losses where P(y = 1) is known, a free score per value."""
    rng = torch.Generator().manual_seed(seed)
    index = torch.arange(len(config.chances)).repeat_interleave(config.labels)
    chance = torch.tensor(config.chances, dtype=torch.float64)
    labels = torch.bernoulli(chance[index], generator=rng).long()
    one_hot = torch.eye(len(chance), dtype=torch.float64)
    hinge = LinearSVM(1.0).fit(one_hot[index], labels).decision(one_hot)
    logits = LogisticRegression(2, 1e-6).fit(one_hot[index], labels).logits(one_hot)
    return {
        "hinge loss": hinge.tolist(),
        "log-loss": (logits[:, 1] - logits[:, 0]).tolist(),
    }


def forgotten(
    config: CalibrationConfig, seeds: list[dict[str, list[float]]]
) -> dict[str, Any]:
    """The scores at each known probability, and a figure of them over the odds."""
    row: dict[str, Any] = {"name": "known chance"}
    lines: dict[str, list[list[float]]] = {}
    for loss in seeds[0]:
        for n, chance in enumerate(config.chances):
            score = t_interval(tuple(seed[loss][n] for seed in seeds))
            row[f"{loss}, score at {chance:g}"] = score
            odds = round(100 * chance / (1 - chance), 1)
            lines.setdefault(loss, []).append([odds, *(round(v, 3) for v in score)])
        gaps = [seed[loss][-1] - seed[loss][len(config.chances) // 2] for seed in seeds]
        row[f"{loss}, from likelier to likeliest"] = t_interval(tuple(gaps))
    return row | {"pictures": {"scores": {"bands": lines}}}


def smaller() -> CalibrationConfig:
    """The same experiment, small enough for a test."""
    return CalibrationConfig(
        sources=("rotten_tomatoes",),
        sizes=(1000, 1000, 3000),
        seeds=2,
        vocabulary=2000,
        words=1000,
        epochs=6,
        labels=100,
        chances=(0.1, 0.6, 0.9),
    )
