"""The tools to try as a reader uses them: predictions, controls, what they show."""

from itertools import pairwise
from math import log

import pytest
from playwright.sync_api import Locator

from paradigms import masks
from paradigms.experiments.records import load
from tests.conftest import PHONE
from tests.site.practice.test_access import findings
from tests.site.practice.test_tools import PATH

BUGS = "practice/find-the-bug/"


@pytest.mark.parametrize(
    "rule",
    ["", "foo", "causal(", "causal &", "padding", "causal(2)", "sliding_window(0)",
     "permutation_query(0, 2)", "causal causal", "padding(1.5)", "packed()"],
)  # fmt: skip
def test_a_rule_that_python_refuses_is_refused(open_tool, rule):
    """With a line for the reader; the last picture stays."""
    with pytest.raises(ValueError, match=r"mask|numbers|order|lengths|window"):
        masks.parse(rule)
    page = open_tool(PATH)
    field = page.get_by_label("Rule", exact=True)
    before = page.locator("[data-practice=mask-workbench] pre").inner_text()
    field.fill(rule)
    line = page.locator("[data-practice=mask-workbench] .practice-status").first
    assert line.inner_text().startswith("This is not a rule: ")
    assert page.locator("[data-practice=mask-workbench] pre").inner_text() == before


def test_the_workbench_asks_before_it_tells(open_tool):
    """The verdict is hidden until the reader has predicted it."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=mask-workbench]")
    verdict = tool.get_by_text("We changed")
    assert verdict.is_hidden()
    tool.get_by_role("button", name="It does not").click()
    assert verdict.inner_text().startswith("It does not.")
    page.get_by_label("Rule", exact=True).fill("prefix_lm(3)")
    tool.get_by_role("button", name="It does", exact=True).click()
    assert (
        tool.get_by_text("We changed")
        .inner_text()
        .startswith("It does. We changed token 2, and output 1 changed.")
    )
    page.get_by_label("Written as").select_option("mha")
    assert tool.locator("pre").inner_text().startswith("[[False, False, False,  True")
    page.get_by_label("Written as").select_option("additive")
    assert tool.locator("pre").inner_text().startswith("[[   0,    0,    0, -inf")


def test_the_workbench_shows_what_reaches_through_layers(open_tool):
    """A window of two tokens reaches three through two layers; bad rules are named."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=mask-workbench]")
    page.get_by_label("Rule", exact=True).fill("causal & sliding_window(2)")
    field = tool.get_by_role("table", name="The receptive field")
    assert field.locator("tr").last.inner_text().count("●") == 3
    page.get_by_label("Layers", exact=True).select_option("3")
    assert field.locator("tr").last.inner_text().count("●") == 4
    page.get_by_label("Rule", exact=True).fill("causal &")
    assert "This is not a rule" in tool.locator(".practice-status").first.inner_text()


def test_an_example_is_a_rule_and_rows_without_a_key_are_named(open_tool):
    """Padding on the left hides every key from the first two queries."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=mask-workbench]")
    field = page.get_by_label("Rule", exact=True)
    assert tool.get_by_text("No key is visible").count() == 0
    page.get_by_label("Example").select_option("causal & ~padding(2)")
    assert field.input_value() == "causal & ~padding(2)"
    warning = tool.get_by_text("No key is visible").inner_text()
    assert warning.startswith("No key is visible to queries 1, 2:")
    field.fill("causal")
    assert page.get_by_label("Example").input_value() == ""
    assert tool.get_by_text("No key is visible").count() == 0


def test_a_mask_is_drawn_by_keyboard_and_checked(open_tool):
    """Arrows move, Space marks; a wrong cell is named."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=blank-grid]")
    tool.get_by_role("button", name="query 1, key 1").focus()
    for q in range(6):
        for k in range(6):
            if k <= q and (q, k) != (5, 5):
                page.keyboard.press(" ")
            page.keyboard.press("ArrowRight")
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
    tool.get_by_role("button", name="Check").click()
    line = tool.locator(".practice-status")
    assert line.inner_text().startswith("1 of 36 cells are wrong")
    assert "query 6, key 6" in line.inner_text()
    wrong = tool.locator(".practice-wrong")
    assert wrong.evaluate_all("cells => cells.map((cell) => cell.ariaLabel)") == [
        "query 6, key 6"
    ]
    tool.get_by_role("button", name="query 6, key 6").click()
    tool.get_by_role("button", name="Check").click()
    assert line.inner_text() == "Right: causal."
    tool.get_by_role("button", name="Next mask").click()
    tool.get_by_text("2 of 9.").wait_for()
    assert tool.evaluate("(e) => e === document.activeElement")


def test_the_grid_is_one_stop_and_every_solution_is_right(open_tool):
    """Tab comes back to the cell that was left; each mask checks its own solution."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=blank-grid]")
    tool.get_by_role("button", name="query 1, key 1").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "query 2, key 2"
    rules = []
    for number in range(1, 10):
        tool.get_by_text(f"{number} of 9.").wait_for()
        tool.get_by_role("button", name="Check").click()
        line = tool.locator(".practice-status")
        assert "cells are wrong" in line.inner_text()
        tool.get_by_role("button", name="Show the solution").click()
        tool.get_by_role("button", name="Check").click()
        rules.append(line.inner_text().removeprefix("Right: ").removesuffix("."))
        pressed = tool.get_by_role("button", name="query", pressed=True).count()
        assert pressed == sum(map(sum, masks.grid(masks.parse(rules[-1]), 6)))
        tool.get_by_role("button", name="Next mask").click()
    assert len(set(rules)) == 9
    tool.get_by_text("1 of 9.").wait_for()


def test_targets_are_counted_after_the_guess(open_tool):
    """The reader writes a number first."""
    page = open_tool(PATH)
    tool = page.locator("[data-practice=six-objectives]")
    page.get_by_label("Objective", exact=True).select_option("masked tokens (BERT)")
    answer = tool.get_by_text("3 targets:")
    assert answer.is_hidden()
    tool.get_by_label("How many predictions").fill("5")
    tool.get_by_role("button", name="Show the targets").click()
    assert "You said 5; there are 3." in tool.inner_text()
    tool.get_by_label("How many predictions").fill("3")
    tool.get_by_role("button", name="Show the targets").click()
    assert "Right: 3." in tool.inner_text()
    assert answer.is_visible()
    tool.get_by_role("button", name="cat", exact=True).click()
    tool.get_by_role("button", name="Show the targets").click()
    assert "4 targets:" in tool.inner_text()
    tool.get_by_role("button", name="Next objective").click()
    objective = page.get_by_label("Objective", exact=True)
    assert objective.input_value() == "span corruption (T5)"
    assert "<0>" in tool.get_by_role("region", name="The encoder reads").inner_text()
    for word in ("old", "cat", "down", "and"):
        tool.get_by_role("button", name=word, exact=True).click()
    assert "Hide at least one word." in tool.inner_text()


@pytest.mark.parametrize(
    ("tool", "option", "revealed"),
    [
        ("what-sums-to-one", "Never 1", "sum over all 27 texts"),
        ("in-order-or-at-once", "Neighbours together", "Divergence from the language"),
        ("classifier-sliders", "Naive Bayes", "Means over 40 training sets"),
    ],
)
def test_a_prediction_comes_first(open_tool, tool, option, revealed):
    """The result is hidden until then, and follows the sliders after."""
    page = open_tool(PATH)
    place = page.locator(f"[data-practice={tool}]")
    result = place.get_by_text(revealed)
    assert result.is_hidden()
    place.get_by_role("button", name=option, exact=True).click()
    assert result.is_visible()
    before = place.locator("table").inner_text()
    place.locator("input[type=range]").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    slider = place.locator("input[type=range]").first
    assert slider.locator("~ output").inner_text() == slider.input_value()
    assert place.locator("table").inner_text() != before


def test_the_page_shows_the_sums(open_tool):
    """The chain rule sums to one; the other product only without dependence."""
    page = open_tool(PATH)
    place = page.locator("[data-practice=what-sums-to-one]")
    place.get_by_role("button", name="Never 1").click()
    row = place.locator("tbody tr").last
    assert row.locator("td").nth(1).inner_text() == "1.0000"
    assert row.locator("td").nth(2).inner_text() != "1.0000"
    place.locator("input[type=range]").fill("0")
    assert row.locator("td").nth(2).inner_text() == "1.0000"


def test_the_likeliest_texts_come_first(open_tool):
    """In the table of sums."""
    place = open_tool(PATH).locator("[data-practice=what-sums-to-one]")
    place.get_by_role("button", name="Never 1").click()
    cells = place.locator("tbody tr td:nth-child(2)").all_inner_texts()[:-1]
    values = [float(text) for text in cells]
    assert len(values) == 6
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


def test_the_page_counts_passes_and_what_they_cost(open_tool):
    """Two positions a step are three passes and a divergence; one a step is exact."""
    page = open_tool(PATH)
    place = page.locator("[data-practice=in-order-or-at-once]")
    place.get_by_role("button", name="Neighbours together").click()
    assert "3 forward passes instead of 6." in place.inner_text()
    assert "Divergence from the language: 0.000" not in place.inner_text()
    place.locator("input[type=range]").first.fill("1")
    assert "6 forward passes instead of 6." in place.inner_text()
    assert "Divergence from the language: 0.000" in place.inner_text()


LANGUAGE = """async ([order, together]) => {
  const { language, unmasked } = await tool("enumeration");
  const joint = language(6, 3);
  return [joint, unmasked(joint, order, together)];
}"""
ORDERS = {
    "left to right": [0, 1, 2, 3, 4, 5],
    "every other position first": [0, 2, 4, 1, 3, 5],
    "from the middle": [2, 3, 1, 4, 0, 5],
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_page_shows_the_divergence_of_the_order(open_tool, order):
    """Kullback and Leibler's, from the language; the largest differences come first."""
    page = open_tool(PATH)
    place = page.locator("[data-practice=in-order-or-at-once]")
    place.get_by_role("button", name="Neighbours together").click()
    place.get_by_label("Order").select_option(order)
    p, q = page.evaluate(LANGUAGE, [ORDERS[order], 2])
    divergence = sum(a * log(a / b) for a, b in zip(p, q, strict=True) if a)
    assert divergence > 0.001
    assert f"Divergence from the language: {divergence:.3f} nats" in place.inner_text()
    cells = [float(text[:-1]) for text in place.locator("td").all_inner_texts()
             if text.endswith("%")]  # fmt: skip
    apart = [abs(a - b) for a, b in zip(cells[::2], cells[1::2], strict=True)]
    largest = 100 * max(abs(a - b) for a, b in zip(p, q, strict=True))
    assert apart[0] == pytest.approx(largest, abs=0.011)
    assert all(a >= b - 0.021 for a, b in pairwise(apart))


def test_the_correction_changes_the_scores(open_tool):
    """With nine in ten of class 1 in the test, both models have a lower error rate."""
    page = open_tool(PATH)
    place = page.locator("[data-practice=classifier-sliders]")
    place.get_by_role("button", name="No difference").click()
    place.get_by_label("Prior of class 1 in the test").fill("0.9")

    def errors() -> list[float]:
        cells = place.locator("tbody td:nth-child(2)").all_inner_texts()
        return [float(cell.removesuffix("%")) for cell in cells[:2]]

    before = errors()
    place.get_by_label("Correct both").check()
    assert all(a < b for a, b in zip(errors(), before, strict=True))


SCORES = """async (changes) => {
  const { compare } = await tool("two-classifiers");
  const scores = compare({ labels: 12, copies: 0, trainPrior: 0.5, testPrior: 0.5,
    corrected: false, missing: false, ...changes });
  return Object.values(scores).map(({ error, loss }) => [error, loss]);
}"""
CONTROLS = {
    "labels": ("Training labels", 60),
    "copies": ("Copies of the weakest feature", 5),
    "trainPrior": ("Prior of class 1 in training", 0.2),
    "testPrior": ("Prior of class 1 in the test", 0.8),
    "missing": ("The first feature is missing", True),
}


def scores(place: Locator) -> list[list[float]]:
    """Error rate and loss of each model, as the table has them."""
    rows = [row.locator("td").all_inner_texts()[1:]
            for row in place.locator("tbody tr").all()]  # fmt: skip
    return [[float(error.rstrip("%")) / 100, float(loss)] for error, loss in rows]


def rounded(values: list[list[float]]) -> list[object]:
    """The same within the digits of the table."""
    return [pytest.approx(row, abs=6e-4) for row in values]


@pytest.mark.parametrize("control", CONTROLS)
def test_each_control_of_the_classifiers_counts(open_tool, control):
    """The table has the scores of what is set, and changes with every control."""
    page = open_tool(PATH)
    place = page.locator("[data-practice=classifier-sliders]")
    place.get_by_role("button", name="No difference").click()
    before = scores(place)
    assert before == rounded(page.evaluate(SCORES, {}))
    label, value = CONTROLS[control]
    field = place.get_by_label(label)
    if value is True:
        field.check()
    else:
        field.fill(str(value))
    after = scores(place)
    assert after == rounded(page.evaluate(SCORES, {control: value}))
    assert after != before


RUNS = "practice/broken-training.json"


def test_a_bug_is_named_and_explained(open_tool):
    """Every run is asked once; the answer leads to its section."""
    page = open_tool(BUGS)
    place = page.locator("[data-practice]")
    names = [row["name"] for row in load("broken_training").rows]
    bugs = {name.split(", ")[1] for name in names} - {"correct"}
    runs = page.request.get(page.url.split("practice/")[0] + RUNS).json()
    curves = set()
    for left in range(len(names) - 1, -1, -1):
        figure = place.locator("figure")
        figure.locator("svg").wait_for()
        curves.add(figure.locator(".in-words").text_content())
        assert "training loss" in figure.locator("svg").text_content()
        html = figure.evaluate("(figure) => figure.outerHTML")
        assert [name for name in bugs if name in html] == []
        text = place.inner_text()
        family = "GPT" if "A GPT is trained" in text else "BERT"
        choices = place.locator(".practice-row").first.locator("button")
        offered = {f"{family}, {bug}" for bug in choices.all_inner_texts()}
        assert offered == {name for name in names if name.startswith(family)}
        choice = choices.first
        choice.click()
        line = place.locator(".practice-status").inner_text()
        verdict, _, bug = line.removesuffix(".").partition(": ")
        right = bug == choice.inner_text()
        assert verdict == ("Right" if right else "No, the bug is")
        text = place.inner_text()
        (run,) = (run for run in runs if run["name"] == f"{family}, {bug}")
        assert f"it is {run['inference']:.2f}." in text
        link = place.get_by_role("link", name="Why, and how to check")
        anchor = link.get_attribute("href").split("#")[1]
        assert page.locator(f"h2#{anchor}").count() == 1
        name = f"Next run ({left} left)" if left else "Begin again"
        place.get_by_role("button", name=name).click()
        assert place.evaluate("(e) => e === document.activeElement")
    assert len(curves) == len(names)
    original = page.locator("#gpt-no-causal-mask ~ figure").first
    assert "no causal mask" in original.evaluate("(figure) => figure.outerHTML")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("path", [PATH, BUGS, "practice/two-models/"])
def test_axe_finds_nothing(open_tool, path, device, scheme):
    """With everything revealed; nothing is wider than a phone."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = open_tool(path, color_scheme=scheme, reduced_motion="reduce", **options)
    if path == "practice/two-models/":
        page.get_by_role("button", name="Load both models (0.9 MB)").click()
        page.get_by_role("button", name="BERT", exact=True).click()
    elif path == PATH:
        for name in ("It does not", "Never 1", "Both cost nothing", "No difference"):
            page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("button", name="Show the targets").click()
    else:
        page.locator("[data-practice] button").first.click()
    assert findings(page, "[data-practice]") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
