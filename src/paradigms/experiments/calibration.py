"""How far probabilities agree with frequencies: of answers given with 0.9, nine in ten?

Every model learns from the same reviews, is corrected on others, and asked on a third
part.  Beside them stands one feature with a known P(y = 1 | x), on which the hinge loss
and the log-loss are fitted to the same labels.
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
    """Reviews to learn from, to correct on and to ask; a network of BERT's kind.

    `bins` hold equally many answers each.  Penalty and smoothing are those with the
    fewest mistakes on the reviews to correct on; the SVM's cost is fixed.
    """

    sources: tuple[movie_reviews.Source, ...] = ("imdb", "rotten_tomatoes")
    sizes: tuple[int, int, int] = (3000, 1500, 4000)
    seeds: int = 5
    vocabulary: int = 5000
    bins: int = 10
    redraws: int = 20  # of labels, for what chance alone would give
    smoothings: tuple[float, ...] = (0.1, 1.0, 10.0)
    penalties: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    hardly: float = 1e-4  # a penalty too small to hold logistic regression back
    cost: float = 0.03
    factors: tuple[float, ...] = (0.2, 5.0)
    words: int = 2000  # of the network, and how many of a sentence it reads
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
    """A row for source and model, with its line; one for the hinge loss."""
    cells = list(product(config.sources, range(config.seeds)))
    found = each(cells, lambda cell: of_counts(config, *cell))
    networks = each(range(config.seeds), lambda seed: of_network(config, seed))
    rows = []
    for source in config.sources:
        scored = [
            s for (name, _), s in zip(cells, found, strict=True) if name == source
        ]
        if source == "rotten_tomatoes":
            scored = [a | b for a, b in zip(scored, networks, strict=True)]
        drawn = {"pictures": pictures(config, scored)}
        rows.append({"name": source, "reviews": sum(config.sizes)} | drawn)
        rows += [summary(f"{source}, {m}", [s[m] for s in scored]) for m in scored[0]]
    seeds = each(range(config.seeds), lambda seed: known(config, seed))
    return [*rows, forgotten(config, seeds)]


def summary(name: str, seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """The intervals of a model's numbers over the seeds."""
    columns = [c for c in seeds[0] if c != "bins" and all(c in s for s in seeds)]
    numbers = {c: t_interval(tuple(seed[c] for seed in seeds)) for c in columns}
    return {"name": name} | numbers


def line(seeds: list[dict[str, Any]]) -> list[list[float]]:
    """For a figure: said, in percent, and the share come true with its interval."""
    bins = torch.tensor([seed["bins"] for seed in seeds])  # (seeds, bins, 2)
    points = zip(100 * bins[:, :, 0].mean(dim=0), bins[:, :, 1].T, strict=True)
    return [
        [round(v, 4) for v in (float(said), *t_interval(tuple(came.tolist())))]
        for said, came in points
    ]


def pictures(config: CalibrationConfig, scored: list[dict[str, Any]]) -> dict[str, Any]:
    """Three models as fitted, and the same three corrected, beside the truth."""
    network = f"BERT-style, {config.epochs} epochs"
    models = ["naive Bayes", "logistic regression", "SVM"]
    if network in scored[0]:
        models[1] = network
    said = {"as said": [[x, *[x / 100] * 3] for x in range(50, 101, 10)]}
    drawn = {}
    for key, of_svm, of_rest in (
        ("as fitted", ", sigmoid", ""),
        ("corrected", ", Platt", ", temperature"),
    ):
        names = {m: m + (of_svm if m == "SVM" else of_rest) for m in models}
        lines = {m: line([s[name] for s in scored]) for m, name in names.items()}
        drawn[key] = {"bands": said | lines}
    return drawn


def assess(config: CalibrationConfig, logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """What the probabilities say, and what came true: logits (N, K), labels (N,)."""
    return calibration_report(logits, labels, config.bins, config.redraws)


def as_logits(score: Tensor) -> Tensor:
    """A score (N,) under a sigmoid, as two logits under a softmax: (N, 2)."""
    return torch.stack([torch.zeros_like(score), score], dim=1)


@cache
def texts(
    config: CalibrationConfig, source: Any, seed: int
) -> tuple[list[Any], list[Tensor]]:
    """The words and the labels of the three parts, drawn anew for each seed."""
    reviews = movie_reviews.load(source)
    dice = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(reviews), generator=dice)[: sum(config.sizes)]
    parts = [[reviews[i] for i in part] for part in order.split(list(config.sizes))]
    read = [[words(review.text) for review in part] for part in parts]
    return read, [torch.tensor([r.label for r in part]) for part in parts]


def of_counts(
    config: CalibrationConfig, source: Any, seed: int
) -> dict[str, dict[str, Any]]:
    """The models of counted words, as fitted and corrected, on the third part."""
    read, labels = texts(config, source, seed)
    known = Vocabulary(read[0], config.vocabulary)
    learn, correct, ask = (
        Bags((known.encode(text) for text in part), len(known)) for part in read
    )

    def best(settings: list[Callable[[], Any]], logits: Callable) -> list[Tensor]:
        models = [make().fit(learn, labels[0]) for make in settings]
        wrong = [logits(m, correct).argmax(1) != labels[1] for m in models]
        chosen = models[min(range(len(models)), key=lambda n: int(wrong[n].sum()))]
        return [logits(chosen, correct), logits(chosen, ask)]

    joint, linear = MultinomialNaiveBayes.log_joint, LogisticRegression.logits
    smoothed = [lambda s=s: MultinomialNaiveBayes(2, s) for s in config.smoothings]
    held = [lambda p=p: LogisticRegression(2, p) for p in config.penalties]
    free = [lambda: LogisticRegression(2, config.hardly)]
    fitted = {
        "naive Bayes": best(smoothed, joint),
        "logistic regression": best(held, linear),
        "logistic regression, hardly penalised": best(free, linear),
    }
    found = corrected(config, fitted, labels)
    logits = fitted["logistic regression"][1]
    for factor in config.factors:
        scaled = assess(config, factor * logits, labels[2])
        found[f"logistic regression, logits times {factor:g}"] = scaled
    machine = LinearSVM(config.cost).fit(learn.rows.to_dense(), labels[0])
    held_out, score = (machine.decision(x.rows.to_dense()) for x in (correct, ask))
    found["SVM, sigmoid"] = assess(config, as_logits(score), labels[2])
    # Platt's sigmoid: logistic regression of the label on the score, not penalised.
    platt = LogisticRegression(2, 0.0).fit(held_out[:, None], labels[1])
    found["SVM, Platt"] = assess(config, platt.logits(score[:, None]), labels[2])
    return found


def corrected(
    config: CalibrationConfig, fitted: dict[str, list[Tensor]], labels: list[Tensor]
) -> dict[str, dict[str, Any]]:
    """Each model as it is, and with the temperature that the second part asks for."""
    found = {}
    for name, (held_out, asked) in fitted.items():
        degree = fit_temperature(held_out, labels[1])
        found[name] = assess(config, asked, labels[2]) | {"temperature": degree}
        found[f"{name}, temperature"] = assess(config, asked / degree, labels[2])
    return found


def of_network(config: CalibrationConfig, seed: int) -> dict[str, dict[str, Any]]:
    """A small BERT-style classifier of sentences, in one training, after each pass.

    `logits, learnt` and `logits, new`: how far its two logits are apart on average, on
    the sentences that it learns from and on those that it is asked.
    """
    read, labels = texts(config, "rotten_tomatoes", seed)
    known = Vocabulary(read[0], config.words)
    ids = [[tokens(config, known.encode(text)) for text in part] for part in read]
    logits = passes(config, list(map(torch.tensor, ids)), labels[0], seed)
    names = {f"BERT-style, {n} epochs": found for n, found in enumerate(logits, 1)}
    found = corrected(config, {name: part[1:] for name, part in names.items()}, labels)
    for name, (learnt, _, new) in names.items():
        for key, of in (("learnt", learnt), ("new", new)):
            found[name][f"logits, {key}"] = float((of[:, 1] - of[:, 0]).abs().mean())
    last, other = (found[f"BERT-style, {n} epochs"] for n in (config.epochs, 2))
    columns = ("accuracy", "calibration error", "logits, learnt", "logits, new")
    name = f"BERT-style, {config.epochs} - 2 epochs"
    return found | {name: {c: last[c] - other[c] for c in columns}}


def tokens(config: CalibrationConfig, text: list[int]) -> list[int]:
    """A sentence for the network: a first token, its words, and padding."""
    ids = [SPECIALS.bos, *(word + SPECIALS.first_word for word in text)]
    ids = ids[: config.tokens]
    return ids + [SPECIALS.pad] * (config.tokens - len(ids))


class Constant(TrainingConfig):
    """A rate that rises and does not fall, so that every pass is like the last."""

    def factor(self, step: int) -> float:
        return min((step + 1) / self.warmup, 1.0)


def passes(
    config: CalibrationConfig, parts: list[Tensor], labels: Tensor, seed: int
) -> list[list[Tensor]]:
    """The logits of all parts after each pass over the first; labels (N,) are its."""
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
    network, found = Classifier(shape, 2), []
    order = torch.stack([torch.randperm(len(parts[0])) for _ in range(config.epochs)])
    batches = [some for row in order for some in row.split(config.batch)]
    each = len(batches) // config.epochs

    def look() -> None:
        with torch.no_grad():
            found.append([network(x, real=x != SPECIALS.pad) for x in parts])

    def batch(step: int) -> Batch:
        if step and step % each == 0:
            look()
        return parts[0][batches[step]], labels[batches[step]]

    def loss(network: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        x, label = batch
        logits = network(x, real=x != SPECIALS.pad)
        total = cross_entropy(logits, label, reduction="sum")
        return total, torch.tensor(len(label), device=label.device)

    train(network, batch, loss, Constant(len(batches), config.rate, warmup=each // 2))
    look()
    return found


def known(config: CalibrationConfig, seed: int) -> dict[str, list[float]]:
    """Scores of both losses where P(y = 1) is known, each free to take any value."""
    dice = torch.Generator().manual_seed(seed)
    place = torch.arange(len(config.chances)).repeat_interleave(config.labels)
    chance = torch.tensor(config.chances, dtype=torch.float64)
    labels = torch.bernoulli(chance[place], generator=dice).long()
    places = torch.eye(len(chance), dtype=torch.float64)
    hinge = LinearSVM(1.0).fit(places[place], labels).decision(places)
    logits = LogisticRegression(2, 1e-6).fit(places[place], labels).logits(places)
    return {
        "hinge loss": hinge.tolist(),
        "log-loss": (logits[:, 1] - logits[:, 0]).tolist(),
    }


def forgotten(
    config: CalibrationConfig, seeds: list[dict[str, list[float]]]
) -> dict[str, Any]:
    """The scores at each chance, and a figure of them over the odds."""
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
    """The same question at a size that a test can afford."""
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
