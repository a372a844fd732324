"""What the page of the two models shows and writes is what PyTorch computes."""

import re
from functools import cache
from itertools import pairwise

import pytest
import torch
from playwright.sync_api import Locator, Page
from safetensors.torch import load
from torch import Tensor

from paradigms import masks
from paradigms.data.special_tokens import SPECIALS
from paradigms.experiments import network_files
from tests.site.practice.test_models import PATH, loaded, network

# Some words are among the eight most likely ones, some are not.
SENTENCE = "i love the bad acting in this old horror film"
TRAINED = {"GPT": "causal", "BERT": "bidirectional"}
MASKS = ["causal", "bidirectional", "causal & sliding_window(3)", "sliding_window(3)"]
LISTED = 8  # tokens in the bars of a model
ROUNDING = 6e-4  # percentages have one decimal


@cache
def vocabulary() -> list[str]:
    """The token of each id, as the page writes it."""
    words = load(network_files.read("live_models", "words"))["words"]
    text = bytes(words.tolist()).decode()
    return ["[PAD]", "[BOS]", "[EOS]", "[MASK]", *text.split("\n")]


def encode(text: str) -> list[int]:
    """Token ids of a text whose words are all in the vocabulary."""
    return [vocabulary().index(word) for word in text.split()]


def decode(tokens: list[int]) -> str:
    """The words of token ids."""
    return " ".join(vocabulary()[token] for token in tokens)


model = cache(network)


def probabilities(name: str, tokens: list[int], mask: str) -> Tensor:
    """Softmax of PyTorch's logits at each position: (T, V)."""
    logits: Tensor = model(name)(torch.tensor([tokens]), masks.parse(mask))[0]
    return logits.softmax(dim=-1)


def at_blank(name: str, tokens: list[int], blank: int, mask: str) -> Tensor:
    """Probabilities of the word at `blank`, which neither model reads there: (V,)."""
    if name == "GPT":
        return probabilities(name, [SPECIALS.bos, *tokens], mask)[blank]
    hidden = [*tokens[:blank], SPECIALS.mask, *tokens[blank + 1 :], SPECIALS.eos]
    return probabilities(name, hidden, mask)[blank]


def next_token(tokens: list[int]) -> Tensor:
    """GPT's probabilities of the next token, zero for symbols but [EOS]: (V,)."""
    p = probabilities("GPT", [SPECIALS.bos, *tokens], "causal")[-1]
    p[[SPECIALS.pad, SPECIALS.bos, SPECIALS.mask]] = 0
    return p


def expected_bars(p: Tensor, truth: int) -> list[tuple[str, float]]:
    """The most likely words and [EOS]; after them the hidden word with its rank."""
    order = p.argsort(descending=True).tolist()
    symbols = (SPECIALS.pad, SPECIALS.bos, SPECIALS.mask)
    top = [token for token in order if token not in symbols][:LISTED]
    rows = [(f"{decode([t])}{' ✓' * (t == truth)}", float(p[t])) for t in top]
    if truth in top:
        return rows
    label = f"{decode([truth])} (rank {order.index(truth) + 1:,}) ✓"
    return [*rows, (label, float(p[truth]))]


def share(text: str) -> float:
    """The percentage at the end of a text; one below a limit is zero."""
    return 0.0 if "< 0.1%" in text else float(re.search(r"([\d.]+)%$", text)[1]) / 100


def shown_bars(page: Page, column: int) -> list[tuple[str, float]]:
    """Label and probability of each bar of a model."""
    return [
        (row.locator(":is(strong, span)").first.inner_text(), share(row.inner_text()))
        for row in page.locator(".practice-bars").nth(column).locator("li").all()
    ]


def assert_bars(
    page: Page, tokens: list[int], blank: int, rules: dict[str, str]
) -> list[str]:
    """Both columns show PyTorch's predictions of the word at `blank`; their labels."""
    labels = []
    for column, (name, mask) in enumerate(rules.items()):
        expected = expected_bars(at_blank(name, tokens, blank, mask), tokens[blank])
        shown = shown_bars(page, column)
        assert [label for label, _ in shown] == [label for label, _ in expected]
        values = [value for _, value in expected]
        assert [value for _, value in shown] == pytest.approx(values, abs=ROUNDING)
        labels += [label for label, _ in shown]
    return labels


def words(page: Page) -> Locator:
    """The buttons that hide a word."""
    group = page.get_by_role("group", name="The word that is masked")
    return group.get_by_role("button")


def predicted(open_tool) -> Page:
    """The page with both models, the sentence, and its bars."""
    page = loaded(open_tool)
    page.get_by_role("button", name="BERT", exact=True).click()
    page.get_by_label("Sentence").fill(SENTENCE)
    return page


def test_the_bars_are_the_predictions(open_tool):
    """For every word of the sentence, among the most likely ones or with its rank."""
    page = predicted(open_tool)
    tokens = encode(SENTENCE)
    labels = []
    for blank in range(len(tokens)):
        words(page).nth(blank).click()
        labels += assert_bars(page, tokens, blank, TRAINED)
    marked = [label for label in labels if label.endswith("✓")]
    assert len(marked) == 2 * len(tokens)
    assert 0 < sum("(rank" in label for label in marked) < len(marked)


@pytest.mark.parametrize("mask", MASKS)
def test_the_bars_follow_the_mask(open_tool, mask):
    """Both models under each mask that the page offers, and its grid."""
    page = predicted(open_tool)
    tokens, blank = encode(SENTENCE), 4
    words(page).nth(blank).click()
    for name in TRAINED:
        choice = page.get_by_label(f"Mask of {name}")
        assert choice.locator("option").all_inner_texts() == MASKS
        choice.select_option(mask)
    assert_bars(page, tokens, blank, dict.fromkeys(TRAINED, mask))
    grids = page.get_by_role("table", name=f"Mask {mask}:")
    assert grids.count() == 2
    for grid in grids.all():
        rows = grid.locator("tbody tr").all()
        cells = [row.locator("td").all_inner_texts() for row in rows]
        sees = [[cell == "●" for cell in row] for row in cells]
        assert sees == masks.grid(masks.parse(mask), len(tokens) + 1)


def test_the_scores_are_sums_of_log_probabilities(open_tool):
    """GPT's has a term for [EOS]; BERT's has one for each word that is hidden."""
    page = predicted(open_tool)
    tokens = encode(SENTENCE)
    gpt = [*tokens, SPECIALS.eos]
    rows = probabilities("GPT", [SPECIALS.bos, *tokens], "causal")
    of_gpt = [row[token] for row, token in zip(rows, gpt, strict=True)]
    of_bert = [at_blank("BERT", tokens, at, TRAINED["BERT"])[token]
               for at, token in enumerate(tokens)]  # fmt: skip
    terms = {
        "log-probability of the sentence": (gpt, of_gpt),
        "pseudo-log-likelihood": (tokens, of_bert),
    }
    pair = page.locator(".practice-pair").filter(has_text="log-probability of the")
    for number, (kind, (scored, p)) in enumerate(terms.items()):
        column = pair.locator("> div").nth(number)
        cells = column.locator("tbody td").all_inner_texts()
        expected = [float(value.log()) for value in p]
        assert " ".join(cells[::2]) == decode(scored)
        assert [float(cell) for cell in cells[1::2]] == pytest.approx(
            expected, abs=0.006
        )
        shown = re.search(rf"{kind}: (-[\d.]+) nats", column.inner_text())
        assert float(shown[1]) == pytest.approx(sum(expected), abs=0.006)


def write(page: Page, button: str) -> str:
    """Press a button that writes; the line that says what was written."""
    page.get_by_role("button", name=button).click()
    return page.locator("[data-practice] .practice-status").last.inner_text()


def test_gpt_appends_the_most_likely_token(open_tool):
    """Each with its probability, to the end; then the sentence begins again."""
    page = predicted(open_tool)
    assert write(page, "Begin again") == "Both begin with the first 4 words."
    text = encode(SENTENCE)[:4]
    while text[-1] != SPECIALS.eos:
        p = next_token(text)
        text.append(int(p.argmax()))
        line = f"GPT: “{decode(text[-1:])}”, {100 * float(p.max()):.1f}%"
        assert write(page, "Most likely token").startswith(line)
    assert len(text) > 5
    assert write(page, "Most likely token") == "GPT has ended its sentence."
    written = page.locator(".practice-written").first
    assert written.inner_text() == decode(text)
    write(page, "Begin again")
    assert written.inner_text() == decode(text[:4])


def test_gpt_samples_from_its_distribution(open_tool):
    """A uniform number chooses the first token at which the sum exceeds it."""
    page = predicted(open_tool)
    p = next_token(encode(SENTENCE)[:4])
    order = p.argsort(descending=True)
    cumulated = p[order].cumsum(dim=0) / p.sum()
    chosen = []
    for uniform in (0.0, 0.3, 0.6, 0.9, 0.99):
        page.evaluate("(uniform) => { Math.random = () => uniform; }", uniform)
        chosen.append(int(order[int((cumulated <= uniform).sum())]))
        write(page, "Begin again")
        line = write(page, "Sampled token")
        assert line.startswith(f"GPT: “{decode(chosen[-1:])}”, ")
    assert len(set(chosen)) == len(chosen)


def test_bert_fills_the_most_confident_blank_first(open_tool):
    """Six blanks, in the order of the probability of their most likely word."""
    page = predicted(open_tool)
    write(page, "Begin again")
    text = [*encode(SENTENCE)[:4], *[SPECIALS.mask] * 6]
    positions = []
    for _ in range(6):
        p = probabilities("BERT", [*text, SPECIALS.eos], TRAINED["BERT"])[:-1]
        p[:, : SPECIALS.first_word] = 0
        best, tokens = p.max(dim=-1)
        best[torch.tensor(text) != SPECIALS.mask] = 0
        at = int(best.argmax())
        text[at] = int(tokens[at])
        positions.append(at)
        line = f"BERT: “{decode(text[at : at + 1])}” at position {at + 1}, "
        assert write(page, "Fill one blank").startswith(line)
    assert any(a > b for a, b in pairwise(positions))  # not simply left to right
    assert page.locator(".practice-written").nth(1).inner_text() == decode(text)
    assert write(page, "Fill one blank") == "BERT has filled every blank."


def test_capitals_and_a_shorter_sentence(open_tool):
    """Words are read in lower case; a blank after the end moves to the last word."""
    page = predicted(open_tool)
    words(page).last.click()
    page.get_by_label("Sentence").fill("This is bad")
    assert page.get_by_text("do not know").count() == 0
    assert words(page).last.get_attribute("aria-pressed") == "true"
    assert_bars(page, encode("this is bad"), 2, TRAINED)


def test_models_that_cannot_be_loaded_are_one_line(visit):
    """It names the file; the next click loads them."""
    page = visit(PATH)
    page.route("**/bert.safetensors", lambda route: route.fulfill(status=503))
    button = page.get_by_role("button", name="Load both models")
    button.click()
    line = page.locator("[data-practice] .practice-status")
    line.filter(has_text="bert.safetensors: 503").wait_for()
    assert line.inner_text().endswith("Try again when you are online.")
    page.unroute("**/bert.safetensors")
    button.click()
    page.get_by_label("Sentence").wait_for()
