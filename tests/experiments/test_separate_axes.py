"""Order, mask, objective: run at reduced size, and the record against the page."""

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
    """Visible targets give a low loss, and nothing is learnt; the GRU does well."""
    reduced = {
        row["name"]: row for row in separate_axes.run(separate_axes.smaller()).rows
    }
    entropy = reduced["the source itself"]["nats per word"][0]
    assert reduced[CHEAT]["loss"][0] < 0.5 * entropy
    assert reduced[CHEAT]["excess loss"][0] > 1
    gru = reduced["left to right, GRU, next token"]["excess loss"][0]
    assert gru < reduced["no order, bidirectional, masked"]["excess loss"][0]
    assert rows()["left to right, GRU, next token"]["excess loss"][0] < 0.05
    assert reduced.keys() == rows().keys()


def test_what_the_page_says_of_the_choices():
    """Which rows are nearer to the source, paired by language."""
    results = rows()

    def sign(name, other, column="excess loss"):
        """+1 if significantly above the other, -1 if below, else 0."""
        _, low, high = results[f"{name} - {other}"][column]
        return (low > 0) - (high < 0)

    assert sign(gru_name(), CAUSAL) == -1
    for order in ("right to left", "random order"):
        assert sign(f"{order}, causal, next token", CAUSAL) == 1
    in_order, drawn_order = (
        f"excess loss, {order}" for order in ("left to right", "random order")
    )
    masked, causal_masked = separate_axes.BERT_ROW, "no order, causal, masked"
    for name in (masked, separate_axes.DIFFUSION_ROW):
        assert sign(name, CAUSAL, in_order) == 1
        one, other = (results[name][column] for column in (in_order, drawn_order))
        assert one[1] <= other[0] <= one[2]
    assert results[causal_masked][in_order][2] < results[causal_masked][drawn_order][1]
    assert sign(causal_masked, masked, "loss") == 1
    assert sign(causal_masked, masked, in_order) == -1
    assert sign(causal_masked, masked, drawn_order) == 0


def test_what_the_page_says_of_copying():
    """With visible targets: worse than a uniform guess, loss only at the last word."""
    results = rows()
    entropy = results["the source itself"]["nats per word"][0]
    assert results[CHEAT]["nats per word"][1] > math.log(6)
    assert results[CHEAT]["excess loss, own mask"][1] > 1
    assert results[CHEAT]["loss"][0] == pytest.approx(entropy / 10, rel=0.1)
    parameters = [results[n]["parameters"][0] for n in (CAUSAL, gru_name())]
    assert parameters[0] < parameters[1] < 1.2 * parameters[0]


def test_a_prefix_may_be_empty_and_leaves_a_target():
    """Lengths from 0 to all but one word are drawn; all other words are targets."""
    texts = torch.full((400, 4), FIRST)
    batch = separate_axes.any_prefix(texts, torch.Generator().manual_seed(0))
    lengths = batch.prefix_lengths
    assert lengths.unique().tolist() == [1, 2, 3, 4]  # with the start symbol
    target_counts = (batch.targets != IGNORE).sum(dim=1)
    assert target_counts.tolist() == (5 - lengths).tolist()


def test_a_text_cut_off_hides_the_answer_and_a_whole_one_shows_it():
    """A network that copies the next word fails only if the text is cut off."""

    def copies(tokens, _):
        following = tokens.roll(-1, dims=1)  # (B, T): the last sees the first
        one_hot = torch.nn.functional.one_hot(following, FIRST + 3)
        return 20.0 * one_hot.float()

    texts = torch.randint(FIRST, FIRST + 3, (8, 5), generator=torch.Generator())
    whole = separate_axes.chain_rule(rule=bidirectional)(copies, texts)
    cut = separate_axes.by_prefixes(copies, texts)
    assert float(whole.max()) < 2 < float(cut.min())


def gru_name() -> str:
    """The name of the row without attention."""
    return "left to right, GRU, next token"


@pytest.mark.parametrize("places", [[0, 1, 2], [2, 0, 1]])
def test_scores_are_those_of_the_source_for_a_network_that_knows_it(places):
    """The chain rule gives exactly -log P; a uniform network gives log 3 a word."""
    language = MarkovLanguage(3, 0)

    def oracle(tokens, _):
        logits = torch.full((*tokens.shape, FIRST + 3), -9.0)
        for t in range(tokens.shape[1]):
            logits[:, t, FIRST:] = language.after(tokens[:, 1 : t + 1]).log().float()
        return logits

    texts = language.fillings(3)
    exact = -language.log_p(texts).sum(1)
    for score in (separate_axes.chain_rule(), separate_axes.by_prefixes):
        scores = score(oracle, texts)
        assert scores.tolist() == pytest.approx(exact.tolist(), abs=1e-4)

    def guess(tokens, _):
        return torch.zeros(*tokens.shape, FIRST + 3)

    scores = separate_axes.mask_filling(torch.tensor(places))(guess, texts)
    assert scores.tolist() == pytest.approx([3 * math.log(3)] * 27, abs=1e-4)
