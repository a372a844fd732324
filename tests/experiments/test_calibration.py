"""Calibration: run at reduced size, and the record against the page."""

import pytest
import torch

from paradigms.experiments import calibration
from paradigms.experiments.records import load

BERT = "rotten_tomatoes, BERT-style"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("calibration").rows}


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval is below the second."""
    return a[2] < b[1]


def test_calibration_again_at_reduced_size():
    """A third of the reviews, two seeds: the same signs, errors near the record."""
    reduced = {row["name"]: row for row in calibration.run(calibration.smaller()).rows}
    stored = rows()

    def mean(name, column="calibration error"):
        return reduced[f"rotten_tomatoes, {name}"][column][0]

    assert mean("naive Bayes, temperature") < mean("naive Bayes")
    assert mean("logistic regression") < mean("logistic regression, weak penalty")
    assert mean("logistic regression") < mean("logistic regression, logits times 5")
    # With a third of the sentences, six epochs are compared with five.
    assert mean("BERT-style, 6 epochs", "accuracy") > 0.58
    assert mean("BERT-style, 6 epochs") > 0.15
    assert mean("BERT-style, 6 epochs, temperature") < mean("BERT-style, 6 epochs") / 2
    for name in ("SVM, Platt", "naive Bayes, temperature"):
        recorded = stored[f"rotten_tomatoes, {name}"]["calibration error"][0]
        assert abs(mean(name) - recorded) < 0.04, name


def test_what_the_page_says_of_the_errors():
    """Statements of the page beyond those that claims check."""
    results = rows()
    for source in ("imdb", "rotten_tomatoes"):
        bayes = results[f"{source}, naive Bayes"]
        assert apart(bayes["accuracy"], bayes["confidence"])  # overconfident
        svm = results[f"{source}, SVM, sigmoid"]
        assert apart(svm["confidence"], svm["accuracy"])  # underconfident
        unpenalised = results[f"{source}, logistic regression, weak penalty"]
        penalised = results[f"{source}, logistic regression"]
        assert apart(penalised["calibration error"], unpenalised["calibration error"])
        assert apart(unpenalised["accuracy"], unpenalised["confidence"])
        for name in ("naive Bayes", "logistic regression, weak penalty"):
            fitted = results[f"{source}, {name}"]
            after = results[f"{source}, {name}, temperature"]
            assert apart(after["calibration error"], fitted["calibration error"])
            # Rounding may flip a tie: one prediction of 20,000.
            assert after["accuracy"][0] == pytest.approx(
                fitted["accuracy"][0], abs=1e-4
            )
    for source, times in (("imdb", 2.0), ("rotten_tomatoes", 1.2)):  # what is left
        platt = results[f"{source}, SVM, Platt"]
        ratio = (
            platt["calibration error"][0] / platt["calibration error if calibrated"][0]
        )
        assert ratio == pytest.approx(times, abs=0.1)
        assert apart(
            platt["calibration error if calibrated"], platt["calibration error"]
        )
    short, whole = (results[f"{s}, naive Bayes"] for s in ("rotten_tomatoes", "imdb"))
    assert apart(short["calibration error"], whole["calibration error"])
    for name, row in results.items():
        if name.startswith("rotten") and "times" not in name and "BERT" not in name:
            network = results[f"{BERT}, 5 epochs"]
            assert "accuracy" not in row or apart(
                row["confidence"], network["confidence"]
            )


def test_what_the_page_says_of_the_network():
    """Five epochs against two of one training, and the error after a temperature."""
    results = rows()
    five, difference = results[f"{BERT}, 5 epochs"], results[f"{BERT}, 5 - 2 epochs"]
    assert difference["accuracy"][1] < 0 < difference["accuracy"][2]  # not shown
    for column in ("calibration error", "logit margin, training", "logit margin, test"):
        assert difference[column][1] > 0
    after = results[f"{BERT}, 5 epochs, temperature"]
    for name in ("imdb, naive Bayes", "rotten_tomatoes, naive Bayes",
                 "imdb, logistic regression, weak penalty",
                 f"{BERT}, 2 epochs"):  # fmt: skip
        repaired = results[f"{name}, temperature"]
        assert apart(
            repaired["calibration error if calibrated"], repaired["calibration error"]
        )
        assert repaired["calibration error"][0] < after["calibration error"][0]
    assert apart(five["accuracy"], results["rotten_tomatoes, naive Bayes"]["accuracy"])
    pictures = load("calibration").pictures
    assert five["coverage at confidence 0.95"][1] > 0.5  # most of its answers
    bands = pictures["rotten_tomatoes/corrected"].bands[NETWORK]
    assert all(high < confidence / 100 for confidence, _, _, high in bands[1:4])
    assert all(accuracy > confidence / 100 for confidence, accuracy, *_ in bands[-2:])
    assert bands[-1][0] - bands[0][0] < 100 * (bands[-1][1] - bands[0][1])


NETWORK = "BERT-style, 5 epochs"


def test_what_the_page_says_of_a_factor():
    """Scaled logits: equal accuracy; calibration and log-loss are worse both ways."""
    results = rows()
    for source in ("imdb", "rotten_tomatoes"):
        fitted = results[f"{source}, logistic regression"]
        for factor in (0.2, 5):
            scaled = results[f"{source}, logistic regression, logits times {factor}"]
            assert scaled["accuracy"] == fitted["accuracy"]
            for column in ("calibration error", "log-loss"):
                assert apart(fitted[column], scaled[column])


def test_one_training_is_asked_after_each_pass():
    """Logits after each epoch of one run; runs repeat; the rate does not decay."""
    config = calibration.smaller()
    rng = torch.Generator().manual_seed(0)
    parts = [torch.randint(5, 99, (n, config.tokens), generator=rng) for n in (64, 8)]
    labels = torch.randint(2, (64,), generator=rng)
    epochs = calibration.logits_by_epoch(config, parts, labels, 0)
    assert [[len(part) for part in epoch] for epoch in epochs] == [
        [64, 8]
    ] * config.epochs
    assert not epochs[0][1].allclose(epochs[-1][1])
    repeated = calibration.logits_by_epoch(config, parts, labels, 0)
    assert epochs[-1][1].equal(repeated[-1][1])
    rate = calibration.Constant(100, 1e-3, warmup=10)
    assert [rate.factor(step) for step in (4, 9, 99)] == [0.5, 1, 1]


def test_sentences_are_cut_and_padded():
    """BOS, words offset by the special ids, then padding."""
    config = calibration.smaller()
    row = calibration.tokens(config, [0, 7])
    assert row[:4] == [1, 4, 11, 0]
    assert len(row) == config.tokens
    assert calibration.tokens(config, list(range(100)))[-1] == config.tokens - 2 + 4


def test_the_three_parts_share_no_review():
    """Training, calibration and test are disjoint; another seed gives another split."""
    config = calibration.smaller()
    parts, labels = calibration.split(config, "rotten_tomatoes", 0)
    assert tuple(map(len, parts)) == config.sizes == tuple(map(len, labels))
    all_texts = [" ".join(text) for part in parts for text in part]
    assert len(set(all_texts)) > 0.999 * len(all_texts)
    others, _ = calibration.split(config, "rotten_tomatoes", 1)
    assert others[0][:20] != parts[0][:20]
