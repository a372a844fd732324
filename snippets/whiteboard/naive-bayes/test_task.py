import math

from attempt import fit, log_posterior
from runner import check, show

DOCUMENTS = [["good", "good", "film"], ["bad", "film"], ["good"]]
LABELS = ["pos", "neg", "pos"]


def check_posterior(document, expected):
    check(
        lambda: log_posterior(fit(DOCUMENTS, LABELS), document),
        expected=expected,
        case=f"log P(class | {show(document, 40)})",
    )


def check_odds(document, expected, alpha=1.0):
    def odds():
        logs = log_posterior(fit(DOCUMENTS, LABELS, alpha), document)
        return math.exp(logs["pos"] - logs["neg"])

    case = f"P(pos | {document}) / P(neg | {document}) with alpha {alpha:g}"
    check(odds, expected=expected, case=case)


def test_the_smallest_example():
    def run():
        return log_posterior(fit([["good"], ["bad"]], ["pos", "neg"], 1.0), ["good"])

    check(
        run,
        expected={"pos": math.log(2 / 3), "neg": math.log(1 / 3)},
        case='P(class | ["good"]) after ["good"]: pos, ["bad"]: neg',
    )


def test_an_empty_document_has_the_prior():
    check_posterior([], {"pos": math.log(2 / 3), "neg": math.log(1 / 3)})


def test_words_are_smoothed_with_the_vocabulary():
    # P(good | pos) = (3 + 1) / (4 + 3), P(good | neg) = (0 + 1) / (2 + 3).
    check_odds(["good"], 2 * (4 / 7) / (1 / 5))
    check_odds(["bad"], 2 * (1 / 7) / (2 / 5))
    check_odds(["good"], 2 * (3.5 / 5.5) / (0.5 / 3.5), alpha=0.5)


def test_a_word_counts_as_often_as_it_occurs():
    check_odds(["good", "good"], 2 * ((4 / 7) / (1 / 5)) ** 2)
    check_odds(["good", "bad"], 2 * (4 / 7 * 1 / 7) / (1 / 5 * 2 / 5))


def test_unknown_words_are_ignored():
    check_odds(["zebra"], 2.0)
    check_odds(["zebra", "good"], 2 * (4 / 7) / (1 / 5))


def test_a_long_document_does_not_underflow():
    ratio = math.log(2) + 2000 * math.log((4 / 7) / (1 / 5))
    expected = {"pos": 0.0, "neg": -ratio}
    check_posterior(["good"] * 2000, expected)


def test_alpha_must_be_positive():
    check(fit, DOCUMENTS, LABELS, 0.0, expected=ValueError)
    check(fit, [["film"], ["film"]], ["pos", "neg"], 0.0, expected=ValueError)
