"""Order, mask, objective: again at reduced size, and as the page says."""

import math

import pytest
import torch

from paradigms.data.markov_language import FIRST, MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.experiments import separate_axes
from paradigms.experiments.records import load
from paradigms.masks import bidirectional

CHEAT = "left to right, bidirectional, next token"
CAUSAL = "left to right, causal, next token"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("separate_axes").rows}


def test_separate_axes_again_at_reduced_size():
    """The answer in plain sight: a low loss, and nothing learnt; the GRU does well."""
    again = {row["name"]: row for row in separate_axes.run(separate_axes.smaller())}
    entropy = again["the source itself"]["nats a word"][0]
    assert again[CHEAT]["loss"][0] < 0.5 * entropy
    assert again[CHEAT]["above the source"][0] > 1
    gru = again["left to right, GRU, next token"]["above the source"][0]
    assert gru < again["no order, bidirectional, masked"]["above the source"][0]
    assert rows()["left to right, GRU, next token"]["above the source"][0] < 0.05
    assert again.keys() == rows().keys()


def test_what_the_page_says_of_the_choices():
    """Which rows are nearer to the source than which, language by language."""
    found = rows()

    def sign(name, other, column="above the source"):
        """+1 if shown to be more than the other, -1 if less, 0 if neither."""
        _, low, high = found[f"{name} - {other}"][column]
        return (low > 0) - (high < 0)

    assert sign(gru_name(), CAUSAL) == -1
    for order in ("right to left", "an order drawn"):
        assert sign(f"{order}, causal, next token", CAUSAL) == 1
    straight, drawn = (
        f"above the source, {order}" for order in ("left to right", "drawn order")
    )
    masked, seen_left = separate_axes.BERT_ROW, "no order, causal, masked"
    for name in (masked, separate_axes.DIFFUSION_ROW):
        assert sign(name, CAUSAL, straight) == 1
        one, other = (found[name][column] for column in (straight, drawn))
        assert one[1] <= other[0] <= one[2]
    assert found[seen_left][straight][2] < found[seen_left][drawn][1]
    assert sign(seen_left, masked, "loss") == 1
    assert sign(seen_left, masked, straight) == -1
    assert sign(seen_left, masked, drawn) == 0


def test_what_the_page_says_of_copying():
    """The answer in plain sight: worse than a guess, and the last word alone costs."""
    found = rows()
    entropy = found["the source itself"]["nats a word"][0]
    assert found[CHEAT]["nats a word"][1] > math.log(6)
    assert found[CHEAT]["above the source, own mask"][1] > 1
    assert found[CHEAT]["loss"][0] == pytest.approx(entropy / 10, rel=0.1)
    weights = [found[n]["parameters"][0] for n in (CAUSAL, gru_name())]
    assert weights[0] < weights[1] < 1.2 * weights[0]


def test_a_prefix_may_be_empty_and_leaves_a_target():
    """Each length from none to all but one is drawn; without one all are targets."""
    texts = torch.full((400, 4), FIRST)
    _, targets, lengths = separate_axes.any_prefix(
        texts, torch.Generator().manual_seed(0)
    )
    assert lengths.unique().tolist() == [1, 2, 3, 4]  # with the start symbol
    asked = (targets != IGNORE).sum(dim=1)
    assert asked.tolist() == (5 - lengths).tolist()


def test_a_text_cut_off_hides_the_answer_and_a_whole_one_shows_it():
    """A network that reads the next word off the text errs only where it is cut off."""

    def copies(tokens, rule):
        following = tokens.roll(-1, dims=1)  # (B, T): the last sees the first
        shown = torch.nn.functional.one_hot(following, FIRST + 3)
        return 20.0 * shown.float()

    texts = torch.randint(FIRST, FIRST + 3, (8, 5), generator=torch.Generator())
    seen = separate_axes.chain(rule=bidirectional)(copies, texts)
    hidden = separate_axes.cut_off(copies, texts)
    assert float(seen.max()) < 2 < float(hidden.min())


def test_pairs_are_of_the_same_language():
    """A difference is taken seed by seed: a constant one has no spread."""
    found = [{"a": {"loss": k + 1.0}, "b": {"loss": k + 0.5}} for k in (0.0, 3.0)]
    row = separate_axes.minus(found, "a", "b")
    assert row == {"name": "a - b", "loss": [0.5, 0.5, 0.5]}


def gru_name() -> str:
    """The row without attention."""
    return "left to right, GRU, next token"


@pytest.mark.parametrize("places", [[0, 1, 2], [2, 0, 1]])
def test_scores_are_those_of_the_source_for_a_network_that_knows_it(places):
    """The chain rule in the text's order gives exactly -log P; a blank one, a guess."""
    language = MarkovLanguage(3, 0)

    def knows(tokens, rule):
        logits = torch.full((*tokens.shape, FIRST + 3), -9.0)
        for t in range(tokens.shape[1]):
            logits[:, t, FIRST:] = language.after(tokens[:, 1 : t + 1]).log().float()
        return logits

    texts = language.fillings(3)
    exact = -language.log_p(texts).sum(1)
    for score in (separate_axes.chain(), separate_axes.cut_off):
        found = score(knows, texts)
        assert found.tolist() == pytest.approx(exact.tolist(), abs=1e-4)

    def guess(tokens, rule):
        return torch.zeros(*tokens.shape, FIRST + 3)

    found = separate_axes.filled(torch.tensor(places))(guess, texts)
    assert found.tolist() == pytest.approx([3 * math.log(3)] * 27, abs=1e-4)
