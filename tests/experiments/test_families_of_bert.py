"""Variants of BERT: masks, sizes, reduced size, statements of the page."""

import pytest
import torch

from paradigms.experiments import families_of_bert
from paradigms.experiments.families_of_bert import (
    CONFIG,
    FORMS,
    MaskedLM,
    masks,
    overlaps,
    parameters,
)
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("families_of_bert").rows}


@pytest.mark.usefixtures("one_thread", "fewer_reviews")
def test_families_of_bert_again_at_reduced_size():
    """A smaller network on fewer texts: the same overlaps, and the same order."""
    stored = rows()
    reduced = {
        row["name"]: row
        for row in families_of_bert.run(families_of_bert.smaller()).rows
    }
    assert list(reduced) == list(stored)
    for name in ("static, 1 copy", "static, 10 copies", "dynamic"):
        for column in ("overlap", "distinct masks", "masked at least once"):
            assert abs(reduced[name][column][0] - stored[name][column][0]) < 0.03
    for results in (reduced, stored):
        static, dynamic = results["static, 1 copy"], results["dynamic"]
        assert static["training loss"][0] < dynamic["training loss"][0]
        assert static["test loss"][0] > dynamic["test loss"][0]
        assert results["ALBERT"]["parameters"] < results["BERT"]["parameters"]
    fewer = reduced["unigram model, same texts"]["test loss"][0]
    assert fewer > reduced["unigram model"]["test loss"][0]
    pair = reduced["shared layers - BERT"]["test loss"][0]
    forms = [reduced[form]["test loss"][0] for form in ("shared layers", "BERT")]
    assert abs(pair - (forms[0] - forms[1])) < 1e-9
    plain = "unigram model"
    assert abs(reduced[plain]["test loss"][0] - stored[plain]["test loss"][0]) < 0.1


def test_overlaps_agree_with_a_count_by_hand():
    """Three epochs over one text: every pair of epochs, by set intersections."""
    chosen = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]).bool()[:, None]
    shares = overlaps(chosen)
    sets = [set(epoch[0].nonzero().flatten().tolist()) for epoch in chosen]
    pairs = [(a, b) for i, a in enumerate(sets) for j, b in enumerate(sets) if i != j]
    shared = sum(len(a & b) for a, b in pairs) / sum(len(a) for a, _ in pairs)
    assert abs(shares["overlap"] - shared) < 1e-12
    assert shares["distinct masks"] == 2 / 3
    assert shares["masked at least once"] == 3 / 4


def test_a_static_mask_comes_again_and_a_dynamic_one_does_not():
    """Of 40 epochs, 40, 4 and 1 equal epoch 0: one copy, ten copies, dynamic."""
    text = torch.randint(4, 100, (8, 24), generator=torch.Generator().manual_seed(0))
    for kind, same in ((1, 40), (10, 4), (40, 1)):
        batch = masks(CONFIG, text, kind, torch.Generator().manual_seed(0))
        equal = [batch.targets[0].equal(targets) for targets in batch.targets]
        assert sum(equal) == same
        assert batch.inputs.shape == (40, 8, 24)


def test_sizes_follow_from_the_shape():
    """V W or V E + E W + W of words; a block shared among all layers counts once."""
    v, w, e, layers = CONFIG.vocabulary, CONFIG.width, 16, CONFIG.layers
    block = 12 * w * w + 13 * w
    sizes = {form.name: parameters(CONFIG, form) for form in FORMS}
    assert sizes["BERT"]["block parameters"] == layers * block
    assert sizes["ALBERT"]["block parameters"] == block
    assert sizes["BERT"]["embedding parameters"] == v * w
    assert sizes["ALBERT"]["embedding parameters"] == v * e + e * w + w
    bert = MaskedLM(CONFIG, FORMS[0]).bert
    unused = [bert.pooler, bert.pair_head]  # of the pair task
    excluded = sum(p.numel() for part in unused for p in part.parameters())
    total = sum(p.numel() for p in bert.parameters())
    assert sizes["BERT"]["parameters"] == total - excluded


def test_what_the_page_says_of_the_families():
    """Memorised masks, small differences, and which changes are shown to cost."""
    results = rows()
    assert results["static, 1 copy"]["training loss"][2] < 2
    ten_copies = results["static, 10 copies - dynamic"]["test loss"]
    assert 0 < ten_copies[1] <= ten_copies[2] < 0.1
    plain = results["dynamic - unigram model, same texts"]["test loss"]
    assert -0.1 < plain[1] <= plain[2] < 0
    shared = results["shared layers - BERT"]["test loss"]
    assert shared[1] <= 0 <= shared[2]
    assert results["factorised embeddings - BERT"]["test loss"][1] > 0
    factorised = results["factorised embeddings - unigram model"]["test loss"]
    assert -0.05 < factorised[1] <= factorised[2] < 0
