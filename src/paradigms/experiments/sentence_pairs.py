"""NSP against SOP: how much of each a bag of words can solve, without a network.

BERT predicts whether a passage follows another, ALBERT which of two neighbours came
first.
"""

import re
from dataclasses import dataclass

import torch

from paradigms.data import movie_reviews
from paradigms.data.bag_of_words import Bags
from paradigms.data.tokenizer import Vocabulary, words
from paradigms.evaluation.statistics import intervals
from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner.resume import Each, serial_map
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.objectives import Pair, next_sentence, sentence_order

QUESTION = (
    "Can topic alone solve next-sentence prediction and sentence-order prediction?"
)
TASKS = {"next sentence": next_sentence, "sentence order": sentence_order}


@dataclass(frozen=True)
class SentencePairsConfig:
    """Passages of `group` sentences from `reviews` IMDB reviews; `test` more to test.

    `seeds` splits and draws of pairs; `penalty` of the logistic regression is fixed.
    """

    seeds: int = 5
    group: int = 3
    reviews: int = 2500
    test: int = 1000
    vocabulary: int = 3000
    penalty: float = 1e-2


CONFIG = SentencePairsConfig()
Document = list[list[int]]  # its passages, as ids


def run(config: SentencePairsConfig, each: Each = serial_map) -> Outcome:
    """A row per task and bag of words: accuracy on test pairs."""
    results = each(range(config.seeds), lambda seed: accuracies(config, seed))
    return Outcome(
        [
            {"name": name, "accuracy": accuracy}
            for name, accuracy in intervals(results, shares=results[0]).items()
        ]
    )


def passages(text: str, group: int) -> list[list[str]]:
    """The words of a review in passages of `group` sentences; the rest is left out."""
    pieces = re.split(r"(?<=[.!?])\s+|<br\s*/?>", text)
    sentences = [tokens for tokens in map(words, pieces) if len(tokens) > 2]
    return [
        [word for sentence in sentences[start : start + group] for word in sentence]
        for start in range(0, len(sentences) - group + 1, group)
    ]


def documents(config: SentencePairsConfig, seed: int) -> dict[str, list[Document]]:
    """Reviews of two passages or more, as ids over the training part's vocabulary."""
    parts = movie_reviews.split("imdb", seed)
    by_part = {
        part: [passages(review.text, config.group) for review in reviews]
        for part, reviews in (
            ("train", parts["train"][: config.reviews]),
            ("test", parts["test"][: config.test]),
        )
    }
    texts = (passage for document in by_part["train"] for passage in document)
    vocabulary = Vocabulary(texts, config.vocabulary)
    encoded = {
        part: [
            [ids for ids in map(vocabulary.encode, document) if ids]
            for document in group
        ]
        for part, group in by_part.items()
    }
    return {
        part: [document for document in group if len(document) > 1]
        for part, group in encoded.items()
    }


def shared_words(pair: Pair, _: int) -> list[int]:
    """The words in both passages: the same if these are swapped."""
    return sorted(set(pair.first) & set(pair.second))


def words_by_side(pair: Pair, size: int) -> list[int]:
    """All words, counted separately by passage: order, but no interaction."""
    return pair.first + [word + size for word in pair.second]


BAGS = {"shared words": shared_words, "words by side": words_by_side}


def accuracies(config: SentencePairsConfig, seed: int) -> dict[str, float]:
    """Test accuracy of logistic regression for both tasks and both bags of words."""
    size, results = config.vocabulary, {}
    splits = documents(config, seed)
    for task, make_pairs in TASKS.items():
        rng = torch.Generator().manual_seed(seed)
        pairs = {part: make_pairs(group, rng) for part, group in splits.items()}
        labels = {
            part: torch.tensor([pair.label for pair in group])
            for part, group in pairs.items()
        }
        for name, count in BAGS.items():
            bags = {
                part: Bags([count(p, size) for p in group], 2 * size, torch.float64)
                for part, group in pairs.items()
            }
            model = LogisticRegression(2, config.penalty)
            model.fit(bags["train"], labels["train"])
            predictions = model.predict_proba(bags["test"]).argmax(dim=1)
            accuracy = (predictions == labels["test"]).double().mean()
            results[f"{task}, {name}"] = float(accuracy)
    return results


def smaller() -> SentencePairsConfig:
    """The same experiment, small enough for a test."""
    return SentencePairsConfig(seeds=3, reviews=1200, test=600)
