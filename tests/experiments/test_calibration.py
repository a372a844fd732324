"""Probabilities and frequencies: measured again, and as the page says."""

import math

import pytest
import torch

from paradigms.experiments import calibration
from paradigms.experiments.records import load

BERT = "rotten_tomatoes, BERT-style"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("calibration").rows}


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval ends before the second begins."""
    return a[2] < b[1]


def test_calibration_again_at_reduced_size():
    """A third of the reviews, two draws: the same signs, errors near the recorded."""
    again = {row["name"]: row for row in calibration.run(calibration.smaller())}
    stored = rows()

    def mean(name, column="calibration error"):
        return again[f"rotten_tomatoes, {name}"][column][0]

    assert mean("naive Bayes, temperature") < mean("naive Bayes")
    assert mean("logistic regression") < mean("logistic regression, hardly penalised")
    assert mean("logistic regression") < mean("logistic regression, logits times 5")
    # A third of the sentences is too few for one pass: six are compared with five.
    assert mean("BERT-style, 6 epochs", "accuracy") > 0.58
    assert mean("BERT-style, 6 epochs") > 0.15
    assert mean("BERT-style, 6 epochs, temperature") < mean("BERT-style, 6 epochs") / 2
    for name in ("SVM, Platt", "naive Bayes, temperature"):
        known = stored[f"rotten_tomatoes, {name}"]["calibration error"][0]
        assert abs(mean(name) - known) < 0.04, name
    known = again["known chance"]
    assert abs(known["hinge loss, from likelier to likeliest"][0]) < 0.01
    assert known["log-loss, from likelier to likeliest"][0] > 1


def test_what_the_page_says_of_the_errors():
    """Its sentences beyond those that the claims are bound to."""
    found = rows()
    for source in ("imdb", "rotten_tomatoes"):
        bayes = found[f"{source}, naive Bayes"]
        assert apart(bayes["accuracy"], bayes["confidence"])  # too sure
        machine = found[f"{source}, SVM, sigmoid"]
        assert apart(machine["confidence"], machine["accuracy"])  # not sure enough
        free = found[f"{source}, logistic regression, hardly penalised"]
        held = found[f"{source}, logistic regression"]
        assert apart(held["calibration error"], free["calibration error"])
        assert apart(free["accuracy"], free["confidence"])
        for name in ("naive Bayes", "logistic regression, hardly penalised"):
            fitted = found[f"{source}, {name}"]
            after = found[f"{source}, {name}, temperature"]
            assert apart(after["calibration error"], fitted["calibration error"])
            assert after["accuracy"] == fitted["accuracy"]
    for source, times in (("imdb", 2.0), ("rotten_tomatoes", 1.2)):  # what is left
        platt = found[f"{source}, SVM, Platt"]
        left = platt["calibration error"][0] / platt["by chance"][0]
        assert left == pytest.approx(times, abs=0.1)
        assert apart(platt["by chance"], platt["calibration error"])
    short, whole = (found[f"{s}, naive Bayes"] for s in ("rotten_tomatoes", "imdb"))
    assert apart(short["calibration error"], whole["calibration error"])
    for name, row in found.items():
        if name.startswith("rotten") and "times" not in name and "BERT" not in name:
            network = found[f"{BERT}, 5 epochs"]
            assert "accuracy" not in row or apart(
                row["confidence"], network["confidence"]
            )


def test_what_the_page_says_of_the_network():
    """Five passes against two of one training, and what a temperature leaves."""
    found = rows()
    five, grown = found[f"{BERT}, 5 epochs"], found[f"{BERT}, 5 - 2 epochs"]
    assert grown["accuracy"][1] < 0 < grown["accuracy"][2]  # level
    for column in ("calibration error", "logits, learnt", "logits, new"):
        assert grown[column][1] > 0
    after = found[f"{BERT}, 5 epochs, temperature"]
    for name in ("imdb, naive Bayes", "rotten_tomatoes, naive Bayes",
                 "imdb, logistic regression, hardly penalised",
                 f"{BERT}, 2 epochs"):  # fmt: skip
        left = found[f"{name}, temperature"]
        assert apart(left["by chance"], left["calibration error"])
        assert left["calibration error"][0] < after["calibration error"][0] - 0.02
    assert apart(five["accuracy"], found["rotten_tomatoes, naive Bayes"]["accuracy"])
    drawn = load("calibration").pictures
    assert five["sure"][1] > 0.5  # most of its answers
    pressed = drawn["rotten_tomatoes/corrected"].bands[NETWORK]
    assert all(high < said / 100 for said, _, _, high in pressed[1:4])
    assert all(low > said / 100 for said, _, low, _ in pressed[-2:])
    assert pressed[-1][0] - pressed[0][0] < 100 * (pressed[-1][1] - pressed[0][1])


NETWORK = "BERT-style, 5 epochs"


def test_what_the_page_says_of_a_factor():
    """Every answer the same, the claims and the log-loss worse on both sides."""
    found = rows()
    for source in ("imdb", "rotten_tomatoes"):
        fitted = found[f"{source}, logistic regression"]
        for factor in (0.2, 5):
            scaled = found[f"{source}, logistic regression, logits times {factor}"]
            assert scaled["accuracy"] == fitted["accuracy"]
            for column in ("calibration error", "log-loss"):
                assert apart(fitted[column], scaled[column])


def test_what_the_page_says_of_the_losses():
    """The log-loss follows the log-odds; the hinge loss is at -1 or +1."""
    row = rows()["known chance"]
    for chance in calibration.CONFIG.chances:
        odds = math.log(chance / (1 - chance))
        assert row[f"log-loss, score at {chance:g}"][0] == pytest.approx(odds, abs=0.2)
        score = row[f"hinge loss, score at {chance:g}"][0]
        assert score == pytest.approx(math.copysign(1, odds), abs=0.01)
    rise = row["log-loss, from likelier to likeliest"]
    assert rise[1] < math.log(9) - math.log(1.5) < rise[2]
    assert math.log(9) - math.log(1.5) == pytest.approx(1.79, abs=0.005)


def test_answers_are_judged_as_described():
    """Four answers by hand; a label more or less changes what came true."""
    logits = torch.tensor([[0.0, 3.0], [3.0, 0.0], [0.0, 0.1], [0.0, 0.1]])
    config = calibration.smaller()
    found = calibration.assess(config, logits, torch.tensor([1, 0, 1, 0]))
    high, low = (float(torch.sigmoid(torch.tensor(z))) for z in (3.0, 0.1))
    assert found["accuracy"] == 0.75
    assert found["confidence"] == pytest.approx((high + low) / 2, abs=1e-6)
    assert found["sure"] == 0.5  # 0.953, twice: too few to be judged
    assert "right when sure" not in found
    wrong = calibration.assess(config, logits, torch.tensor([0, 1, 1, 0]))
    assert wrong["accuracy"] == 0.25
    assert wrong["log-loss"] > found["log-loss"]


def test_one_training_is_asked_after_each_pass():
    """Six passes in one run: the first is not the last, and the rate does not fall."""
    config = calibration.smaller()
    dice = torch.Generator().manual_seed(0)
    parts = [torch.randint(5, 99, (n, config.tokens), generator=dice) for n in (64, 8)]
    labels = torch.randint(2, (64,), generator=dice)
    found = calibration.passes(config, parts, labels, 0)
    assert [[len(part) for part in each] for each in found] == [[64, 8]] * config.epochs
    assert not found[0][1].allclose(found[-1][1])
    again = calibration.passes(config, parts, labels, 0)
    assert found[-1][1].equal(again[-1][1])
    rate = calibration.Constant(100, 1e-3, warmup=10)
    assert [rate.factor(step) for step in (4, 9, 99)] == [0.5, 1, 1]


def test_sentences_are_cut_and_padded():
    """A first token, words moved past the ids with a meaning, then padding."""
    config = calibration.smaller()
    row = calibration.tokens(config, [0, 7])
    assert row[:4] == [1, 4, 11, 0]
    assert len(row) == config.tokens
    assert calibration.tokens(config, list(range(100)))[-1] == config.tokens - 2 + 4


def test_the_three_parts_share_no_review():
    """Learnt, corrected on and asked: no text twice; another seed draws others."""
    config = calibration.smaller()
    parts, labels = calibration.texts(config, "rotten_tomatoes", 0)
    assert tuple(map(len, parts)) == config.sizes == tuple(map(len, labels))
    told = [" ".join(text) for part in parts for text in part]
    assert len(set(told)) > 0.999 * len(told)
    others, _ = calibration.texts(config, "rotten_tomatoes", 1)
    assert others[0][:20] != parts[0][:20]
