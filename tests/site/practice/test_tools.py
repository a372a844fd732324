"""Tools to touch: their numbers are those of the Python code, and readers use them."""

import random
from itertools import permutations, product
from math import prod

import pytest
import torch
from playwright.sync_api import Page
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB

from paradigms import masks
from paradigms.evaluation.receptive_field import reachable
from paradigms.objectives import next_token

PATH = "practice/try-it/"
BUGS = "practice/find-the-bug/"
SIZE = 7


def expressions(count: int) -> list[str]:
    """Random rules: every name, with operators and brackets."""
    rng = random.Random(0)
    orders = list(permutations(range(4)))
    single = [
        "causal",
        "bidirectional",
        *(f"{name}({n})" for n in range(1, 6) for name in (
            "prefix_lm", "padding", "sliding_window", "block_causal", "cross")),
        "padding(0)",
        "packed(3, 2)",
        "packed(1, 1, 2)",
        *(f"permutation_content{rng.choice(orders)}" for _ in range(3)),
        *(f"permutation_query{rng.choice(orders)}" for _ in range(3)),
    ]  # fmt: skip
    result = list(single)
    while len(result) < count:
        left, right = rng.choice(result), rng.choice(single)
        operator = rng.choice("&|")
        result.append(rng.choice([f"({left}) {operator} {right}", f"~({left})",
                                  f"{right} {operator} ~{left}"]))  # fmt: skip
    return result


def test_rules_are_those_of_the_masks(open_tool):
    """200 expressions: grids, and what reaches each output through two layers."""
    rules = expressions(200)
    page = open_tool(PATH)
    result = page.evaluate(
        """async ([rules, size]) => {
          const { grid, parseRule, reachable } = await tool("masks");
          return rules.map((rule) => {
            const cells = grid(parseRule(rule), size);
            return [cells, reachable(cells, 2)];
          });
        }""",
        [rules, SIZE],
    )
    for rule, (cells, reach) in zip(rules, result, strict=True):
        parsed = masks.parse(rule)
        assert cells == masks.grid(parsed, SIZE), rule
        assert reach == reachable(parsed, SIZE, 2), rule


def test_the_leak_test_finds_what_the_rule_lets_through(open_tool):
    """Its verdict is that of the receptive field, for 60 rules."""
    rules = expressions(60)
    page = open_tool(PATH)
    verdicts = page.evaluate(
        """async ([rules, size]) => {
          const { parseRule } = await tool("masks");
          const { leakTest } = await tool("leak-test");
          return rules.map((rule) => Boolean(leakTest(parseRule(rule), size, 2)));
        }""",
        [rules, SIZE],
    )
    for rule, verdict in zip(rules, verdicts, strict=True):
        reach = reachable(masks.parse(rule), SIZE, 2)
        ahead = any(reach[q][k] for q in range(SIZE) for k in range(q + 1, SIZE))
        assert verdict == ahead, rule


def test_corruptions_are_those_of_the_objectives(open_tool):
    """Inputs and targets of next tokens; spans give back the sentence."""
    page = open_tool(PATH)
    words = ["a", "b", "c", "d", "e", "f"]
    result = page.evaluate(
        """async (words) => {
          const { OBJECTIVES } = await tool("corruption");
          return Object.fromEntries(Object.entries(OBJECTIVES).map(
            ([name, corrupt]) => [name, corrupt(words, [1, 3, 4])]));
        }""",
        words,
    )
    inputs, targets = next_token(torch.arange(4, 10)[None])
    names = {1: "[BOS]", **dict(enumerate(words, start=4))}
    gpt = result["next token (GPT)"]
    assert gpt["input"] == [names[i] for i in inputs[0].tolist()]
    assert gpt["targets"] == [names[i] for i in targets[0].tolist()]
    assert result["prefix LM"]["targets"] == [None, *words[1:]]
    bert = result["masked tokens (BERT)"]
    assert bert["input"] == ["a", "[MASK]", "c", "[MASK]", "[MASK]", "f"]
    assert bert["targets"] == [None, "b", None, "d", "e", None]
    t5 = result["span corruption (T5)"]
    assert t5["input"] == ["a", "<0>", "c", "<1>", "f"]
    assert t5["target"] == ["<0>", "b", "<1>", "d", "e", "<2>"]
    bart = result["text infilling (BART)"]
    assert bart["input"] == ["a", "[MASK]", "c", "[MASK]", "f"]
    assert bart["target"] == words
    filled = result["fill-in-the-middle (GPT)"]
    assert filled["input"] == ["<PRE>", "a", "<SUF>", "f", "<MID>", "b", "c", "d", "e"]
    assert filled["targets"] == [*filled["input"][1:], "[EOS]"]


def test_percentages_say_when_they_are_rounded_to_nothing(open_tool):
    """Below half of the last digit a limit is written; zero is zero."""
    written = open_tool(PATH).evaluate(
        """async () => {
          const { percent } = await tool("numbers");
          return [percent(0.12345), percent(0.12345, 2), percent(1), percent(0),
            percent(0.0005), percent(0.00049), percent(0.000049, 2)];
        }"""
    )
    assert written == ["12.3%", "12.35%", "100.0%", "0.0%", "0.1%", "< 0.1%", "< 0.01%"]


def enumerated(page: Page) -> dict:
    """A language of texts of four words, its pseudo-likelihoods and two samplers."""
    return page.evaluate(
        """async () => {
          const { language, pseudoLikelihoods, texts, unmasked } =
            await tool("enumeration");
          const joint = language(4, 2);
          const order = [2, 0, 3, 1];
          return {
            texts: texts(4), joint, pseudo: pseudoLikelihoods(joint, 4),
            pairs: unmasked(joint, order, 2), single: unmasked(joint, order, 1),
          };
        }"""
    )


def test_sums_are_right(open_tool):
    """Compared with sums over all texts in Python."""
    result = enumerated(open_tool(PATH))
    texts = [tuple(text) for text in result["texts"]]
    assert texts == list(product(range(3), repeat=4))
    p = dict(zip(texts, result["joint"], strict=True))
    assert sum(p.values()) == pytest.approx(1)

    def given(text: tuple, known: tuple, position: int) -> float:
        rows = [t for t in texts if all(t[i] == text[i] for i in known)]
        fits = sum(p[t] for t in rows if t[position] == text[position])
        return fits / sum(p[t] for t in rows)

    for index, text in enumerate(texts):
        others = [tuple(i for i in range(4) if i != at) for at in range(4)]
        pseudo = prod(given(text, others[at], at) for at in range(4))
        assert result["pseudo"][index] == pytest.approx(pseudo)
        pairs = (given(text, (), 2) * given(text, (), 0)
                 * given(text, (2, 0), 3) * given(text, (2, 0), 1))  # fmt: skip
        assert result["pairs"][index] == pytest.approx(pairs)
        assert result["single"][index] == pytest.approx(p[text])
    assert sum(result["pseudo"]) > 1.1
    assert sum(result["pairs"]) == pytest.approx(1)


@pytest.mark.parametrize("copies", [0, 3])
def test_classifiers_are_those_of_scikit_learn(open_tool, copies):
    """Log-odds of all inputs, fitted to the same 40 rows."""
    page = open_tool(PATH)
    setting = {
        "labels": 40, "copies": copies, "trainPrior": 0.4, "testPrior": 0.4,
        "missing": False, "corrected": False,
    }  # fmt: skip
    inputs = [[*bits, *[bits[-1]] * copies] for bits in product((0, 1), repeat=3)]
    result = page.evaluate(
        """async ([setting, inputs]) => {
          const { sampleData, naiveBayes, logisticRegression } =
            await tool("two-classifiers");
          const { generator } = await tool("random");
          const data = sampleData(setting, generator(3));
          return { data, bayes: inputs.map(naiveBayes(data, setting)),
            logistic: inputs.map(logisticRegression(data, setting)) };
        }""",
        [setting, inputs],
    )
    x = [row["x"] for row in result["data"]]
    y = [row["y"] for row in result["data"]]
    log_p = BernoulliNB(alpha=1).fit(x, y).predict_log_proba(inputs)
    assert result["bayes"] == pytest.approx(list(log_p[:, 1] - log_p[:, 0]))
    model = LogisticRegression(C=10, tol=1e-10, max_iter=1000).fit(x, y)
    assert result["logistic"] == pytest.approx(
        list(model.decision_function(inputs)), abs=1e-4
    )
