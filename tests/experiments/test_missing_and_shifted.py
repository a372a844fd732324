"""Hidden features and moved priors: the sums checked, and measured again."""

import math

import pytest
import torch

from paradigms.evaluation.calibration import fit_temperature
from paradigms.experiments import missing_and_shifted
from paradigms.experiments.records import load
from paradigms.models.discriminant_analysis import LDA
from tests.models.inference.test_missing_features import some_rows


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("missing_and_shifted").rows}


def test_as_many_features_are_hidden_as_said():
    """Half of four is two in every row; at least one is seen; rows differ."""
    x = torch.zeros(200, 4)
    dice = torch.Generator().manual_seed(0)
    assert set(missing_and_shifted.hidden(x, 0.5, dice).sum(1).tolist()) == {2}
    assert set(missing_and_shifted.hidden(x, 0.01, dice).sum(1).tolist()) == {1}
    assert missing_and_shifted.hidden(x, 1.0, dice).all()
    assert len(missing_and_shifted.hidden(x, 0.5, dice).unique(dim=0)) == 6


def test_a_replaced_prior_is_a_corrected_logit():
    """The same numbers: one in the model, the other added to what it gave."""
    x, labels = some_rows()
    model = LDA(3).fit(x, labels)
    now = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64).log()
    corrected = (model.log_joint(x) + now - model.log_prior).softmax(dim=1)
    before = model.predict_proba(x)
    model.log_prior = now
    assert torch.allclose(model.predict_proba(x), corrected, atol=1e-12)
    assert (before - corrected).abs().max() > 0.1


def test_scores_under_three_priors():
    """One row of log-odds 1 and label 0: wrong as trained, right once told."""
    logits = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    even = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    now = torch.tensor([0.9, 0.1], dtype=torch.float64).log()
    found = missing_and_shifted.compared(logits, torch.tensor([0]), even, now)
    assert (found["error as trained"], found["error told"]) == (1, 0)
    assert found["gained, told"] == 1
    told = math.log(1 + math.e / 9)
    assert found["log-loss told"] == pytest.approx(told)


def test_a_slope_and_a_shift_mend_a_lean():
    """True log-odds times four and plus six come back; a temperature keeps the lean."""
    dice = torch.Generator().manual_seed(0)
    odds = 2 * torch.randn(20_000, 1, dtype=torch.float64, generator=dice)
    labels = (torch.rand(20_000, generator=dice) < odds[:, 0].sigmoid()).long()
    given = torch.cat([torch.zeros_like(odds), 4 * odds + 6], dim=1)
    mended = missing_and_shifted.straightened(given, labels, given).diff(dim=1)
    assert float((mended - odds).abs().mean()) < 0.1
    cooled = (given / fit_temperature(given, labels)).diff(dim=1)
    assert float((cooled - odds).abs().mean()) > 0.5


def test_copies_of_a_row_stay_on_one_side():
    """Seven rows told twice: a penalty is judged on none that was learnt from."""
    x, labels = some_rows(42)
    config = missing_and_shifted.smaller()
    once = missing_and_shifted.chosen(config, x, labels, 42)
    twice = missing_and_shifted.chosen(config, x.repeat(2, 1), labels.repeat(2), 42)
    assert torch.allclose(once.logits(x), twice.logits(x), atol=1e-2)


def test_missing_and_shifted_again_at_reduced_size():
    """Three draws: errors near the recorded ones, gains of the same sign."""
    again = {
        row["name"]: row
        for row in missing_and_shifted.run(missing_and_shifted.smaller())
    }
    stored = rows()
    for name, row in again.items():
        for column in ("100% seen", "50% seen", "error told", "error estimated"):
            if column in row and " - " not in name and name in stored:
                known = stored[name][column][0]
                assert abs(row[column][0] - known) < 0.08, (name, column)
    for data in ("rotten_tomatoes", "normal classes"):
        for model in ("naive Bayes", "logistic regression"):
            for found in (again, stored):
                row = found[f"{data}, {model}, 10%"]
                assert row["gained, told"][1] > 0, (data, model)
                assert row["gained, estimated"][0] > 0.03, (data, model)


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval ends before the second begins."""
    return a[2] < b[1]


def test_what_the_page_says_of_missing_features():
    """Its sentences beyond those that the claim is bound to."""
    found = rows()

    def error(model, seen, data="digits"):
        return found[f"{data}, {model}"][f"{seen}% seen"]

    fed = "logistic regression, means"
    assert error("LDA", 50)[2] < 0.7 * error(fed, 50)[1]  # far less
    drop, zeros = "logistic regression, dropping", "logistic regression, zeros"
    assert all(apart(error(model, 50), error(fed, 50)) for model in ("LDA", drop))
    assert apart(error("naive Bayes", 50), error(fed, 50))
    for seen in (90, 70, 50, 30, 10):
        assert apart(error(fed, seen), error(zeros, seen))
    for model in ("LDA", "naive Bayes"):
        whole = error(model, 100, "tumours")
        assert whole[1] < error(model, 50, "tumours")[0] < whole[2]
    twice = error(fed, 50, "tumours")[0] / error(fed, 100, "tumours")[0]
    assert 1.7 < twice < 2.3


def test_what_the_page_says_in_pairs_of_missing_features():
    """QDA is ahead on digits; dropping and a Gaussian help, and differ on digits."""
    found = rows()

    def gap(one, other, seen, data="digits"):
        return found[f"{data}, {one} - {other}"][f"{seen}% seen"]

    shares = (100, 90, 70, 50, 30, 10)
    fed, drop, filled = missing_and_shifted.FILLERS[0], *missing_and_shifted.FILLERS[2:]
    for other in ("naive Bayes", "LDA", *missing_and_shifted.FILLERS):
        assert all(gap("QDA", other, seen)[2] < 0 for seen in shares)
    assert all(gap("QDA", filled, s, "tumours")[1] > 0 for s in (100, 90, 70, 50))
    assert all(gap(drop, fed, seen)[2] < 0 for seen in (50, 30, 10))
    assert all(gap(drop, fed, seen)[1] > 0 for seen in (100, 90))
    assert all(gap(drop, filled, seen)[1] > 0 for seen in shares)
    level = [gap(drop, fed, 100, "tumours")]
    level += [gap(drop, filled, seen, "tumours") for seen in shares]
    for other in (drop, filled):
        level += [gap("LDA", other, seen, "tumours") for seen in shares[:-1]]
        assert gap("LDA", other, 10, "tumours")[2] < 0
    level += [gap("LDA", filled, seen) for seen in (70, 50)]
    assert all(low < 0 < high for _, low, high in level)
    assert all(gap("LDA", filled, seen)[1] > 0 for seen in (100, 90))
    assert all(gap("LDA", filled, seen)[2] < 0 for seen in (30, 10))


def test_what_the_page_says_of_a_slope_and_a_shift():
    """The lean is mended, the estimate with it; the model is no better for that."""
    found = rows()
    mended, warm = "naive Bayes, slope and shift", "naive Bayes, temperature"
    logistic = "logistic regression, slope and shift"
    for share in (10, 30, 50, 70, 90):
        _, low, high = found[f"imdb, {mended}, {share}%"]["estimated share"]
        assert low < share / 100 < high
        assert found[f"imdb, {warm}, {share}%"]["estimated share"][2] < share / 100
        pair = found[f"imdb, {mended} - {logistic}, {share}%"]
        assert pair["error estimated"][1] > 0
    pair = found[f"imdb, {mended} - {warm}, 30%"]
    assert pair["error estimated"][2] < 0
    assert found[f"imdb, {warm}, 30%"]["gained, estimated"][2] > 0  # not shown
    assert found[f"imdb, {warm}, 50%"]["gained, estimated"][2] < 0
    for share in (10, 90):
        near = found[f"imdb, {warm} - logistic regression, temperature, {share}%"]
        assert 0 < near["error estimated"][1] < near["error estimated"][2] < 0.025


def test_what_the_page_says_of_shifted_classes():
    """Who gains, and by what."""
    found = rows()
    for share in (10, 90):
        for model in ("naive Bayes", "logistic regression"):
            for data in ("imdb", "rotten_tomatoes"):
                row = found[f"{data}, {model}, {share}%"]
                assert row["gained, told"][1] > 0
                assert row["gained, estimated"][1] > 0
        pair = found[f"imdb, naive Bayes - logistic regression, {share}%"]
        bayes = found[f"imdb, naive Bayes, {share}%"]
        for way in ("told", "estimated"):
            assert pair[f"gained, {way}"][2] < 0
            for repair in ("temperature", "slope and shift"):
                repaired = found[f"imdb, naive Bayes, {repair}, {share}%"]
                assert apart(bayes[f"gained, {way}"], repaired[f"gained, {way}"])
        made = [
            found[f"normal classes, {model}, {share}%"]
            for model in ("naive Bayes", "LDA", "logistic regression")
        ]
        gains = [row["gained, estimated"] for row in made]
        assert all(gain[1] > 0 for gain in gains)
        assert max(gain[0] for gain in gains) - min(gain[0] for gain in gains) < 0.005
        for row in made:
            _, low, high = row["estimated share"]
            assert low < share / 100 < high


def test_what_the_page_says_of_estimates():
    """Whose estimate is right, and what one answer to all gives."""
    found = rows()
    assert found["imdb, naive Bayes, 10%"]["estimated share"][1] > 0.15
    assert found["imdb, naive Bayes, 90%"]["estimated share"][2] < 0.8
    _, low, high = found["imdb, logistic regression, 10%"]["estimated share"]
    assert low < 0.1 < high
    repaired = [f"naive Bayes, {way}" for way in ("temperature", "slope and shift")]
    for way in ("told", "estimated"):
        assert found["imdb, naive Bayes, 10%"][f"error {way}"][1] > 0.1
        for model in (*repaired, "logistic regression"):
            assert found[f"imdb, {model}, 10%"][f"error {way}"][2] < 0.1
    for way in ("", ", temperature", ", slope and shift"):
        for model in ("naive Bayes", "logistic regression"):
            row = found[f"rotten_tomatoes, {model}{way}, 10%"]
            assert row["error estimated"][2] > 0.1
