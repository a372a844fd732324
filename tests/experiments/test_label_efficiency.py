"""Label efficiency: subsets, models, reduced size, statements of the page."""

import torch

from paradigms.data import label_subsets
from paradigms.experiments import label_efficiency
from paradigms.experiments.records import load

PAIR = "naive Bayes - logistic regression"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("label_efficiency").rows}


def test_label_efficiency_again_at_reduced_size():
    """Eight draws: errors near the record, differences of the same sign."""
    reduced = {
        row["name"]: row
        for row in label_efficiency.run(label_efficiency.smaller()).rows
    }
    stored = rows()
    for name, row in reduced.items():
        if "error" in row and name in stored and "rotten" not in name:
            assert abs(row["error"][0] - stored[name]["error"][0]) < 0.08, name
    repeated = f"repeated features, {PAIR}"
    assert reduced[repeated]["at 300"][1] > 0
    assert stored[repeated]["at 300"][1] > 0
    independent = f"independent features, {PAIR}"
    assert reduced[independent]["at 300"][0] < 0
    assert stored[independent]["at 300"][2] < 0


def test_what_the_page_says_of_the_labels():
    """Statements of the page beyond those that the claim checks."""
    results = rows()
    reviews = results[f"imdb, {PAIR}"]
    assert all(reviews[f"at {size}"][2] < 0 for size in (30, 100, 300))
    assert all(reviews[f"at {size}"][1] > 0 for size in (3000, 10_000))
    sentences = results[f"rotten_tomatoes, {PAIR}"]
    assert all(sentences[f"at {size}"][2] < 0 for size in (100, 300, 1000, 3000))
    inconclusive = [reviews["at 1000"], *(sentences[f"at {s}"] for s in (10, 30, 7000))]
    for source in ("imdb", "rotten_tomatoes"):
        for model in ("naive Bayes", "logistic regression"):  # both near chance
            assert results[f"{source}, {model}, 10"]["error"][0] > 0.45
    sizes = (20, 50, 100, 200, 400, 800, 1400)
    assert all(results[f"digits, {PAIR}"][f"at {size}"][1] > 0 for size in sizes)
    independent = results[f"independent features, {PAIR}"]
    assert all(independent[f"at {size}"][2] < 0 for size in (30, 100, 300, 1000))
    gains = [-independent[f"at {size}"][0] for size in (30, 100, 300, 1000)]
    assert gains == sorted(gains, reverse=True)
    repeated = results[f"repeated features, {PAIR}"]
    assert all(repeated[f"at {s}"][1] > 0 for s in (10, 30, 100, 300, 1000, 3000))
    tumours = results[f"tumours, {PAIR}"]
    assert tumours["at 8"][2] < 0
    assert all(tumours[f"at {size}"][1] > 0 for size in (32, 64, 128, 256, 400))
    inconclusive += [tumours["at 16"], independent["at 3000"]]
    for name, row in results.items():  # no difference at the end
        if name.startswith("independent features, LDA") and " - " in name:
            inconclusive.append(row["at 3000"])
    assert all(low < 0 < high for _, low, high in inconclusive)
    lda = results["tumours, LDA, 64"]["error"]
    for other in ("naive Bayes", "logistic regression", "linear SVM"):
        assert lda[1] > results[f"tumours, {other}, 64"]["error"][2]


def test_what_the_page_says_of_shrinkage():
    """Plain LDA loses where labels are few; shrinkage reduces the difference."""
    results = rows()
    plain = results["tumours, LDA - logistic regression"]
    shrunk = results["tumours, LDA, shrunk - logistic regression"]
    for size in (8, 16, 32, 64, 128, 256, 400):
        assert shrunk[f"at {size}"][1] > 0
    assert plain["at 64"][1] > 2 * shrunk["at 64"][2]  # far less
    digits = results["digits, LDA, shrunk - logistic regression"]
    inconclusive = [digits[f"at {size}"] for size in (50, 100, 200, 400)]
    assert all(digits[f"at {size}"][1] > 0 for size in (20, 800, 1400))
    prefix = "repeated features, LDA"
    repeated = results[f"{prefix}, shrunk - logistic regression"]
    assert repeated["at 30"][1] > 0 > repeated["at 100"][2]
    inconclusive += [repeated[f"at {size}"] for size in (300, 1000, 3000)]
    assert all(low < 0 < high for _, low, high in inconclusive)
    assert results[f"{prefix} - logistic regression"]["at 300"][1] > 0
    assert results[f"{prefix} - logistic regression, no penalty"]["at 300"][2] < 0


class Answer:
    """A model that gives `answer(x)`, whatever it is fitted to."""

    def __init__(self, answer):
        self.answer = answer

    def fit(self, *_):
        return self

    def predict_proba(self, x):
        return torch.nn.functional.one_hot(self.answer(x)[:, 0].long(), 2)


def test_of_equal_settings_the_first_is_taken():
    """Of two equal settings the first is chosen; a better one wins from the last."""
    x = torch.tensor([[0.0], [1.0]] * 20, dtype=torch.float64)
    task = label_subsets.LabelledData(x, torch.arange(40) % 2, x, torch.arange(40) % 2)
    alike, indices = (
        [Answer(torch.zeros_like), Answer(torch.ones_like)],
        torch.arange(40),
    )
    assert label_efficiency.best_model(alike, task, indices, 1) is alike[0]
    better = Answer(torch.clone)
    assert label_efficiency.best_model([*alike, better], task, indices, 4) is better


def test_draws_of_one_split_are_one_value():
    """Draws of one review split are averaged; those of tumours are independent."""
    config = label_efficiency.smaller()  # two splits, in turn
    values = [0.0, 1.0, 0.0, 3.0]
    means = label_efficiency.independent(config, "rotten_tomatoes", values)
    assert means.tolist() == [0, 2]
    assert label_efficiency.independent(config, "tumours", values).tolist() == values


def test_every_fold_leaves_each_class_to_fit():
    """With two labels for each class no fold takes both: fits see all classes."""
    for k in (2, 10):
        labels = torch.arange(40 * k) % k
        chosen = label_subsets.draw_subset(
            labels, 2 * k, torch.Generator().manual_seed(0)
        )
        for fold in range(4):
            training = chosen[torch.arange(2 * k) % 4 != fold]
            assert set(labels[training].tolist()) == set(range(k))


def test_few_labels_hold_every_class():
    """Subsets start with two of each class and have no duplicates; draws differ."""
    labels = torch.arange(100) % 10
    rng = torch.Generator().manual_seed(0)
    chosen = label_subsets.draw_subset(labels, 25, rng)
    assert len(set(chosen.tolist())) == 25
    assert labels[chosen[:10]].sort().values.tolist() == list(range(10))
    assert labels[chosen[:20]].bincount().tolist() == [2] * 10
    assert not label_subsets.draw_subset(labels, 25, rng).equal(chosen)
