"""Masks and forms of BERT: counted as described, and measured again."""

import pytest
import torch

from paradigms.experiments import families_of_bert
from paradigms.experiments.families_of_bert import CONFIG, Words, masks, overlaps, sizes
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("families_of_bert").rows}


@pytest.mark.usefixtures("one_thread", "fewer_reviews")
def test_families_of_bert_again_at_reduced_size():
    """A smaller network on fewer texts: the same shares, and the same order."""
    stored = rows()
    again = {
        row["name"]: row for row in families_of_bert.run(families_of_bert.smaller())
    }
    assert list(again) == list(stored)
    for name in ("static, 1 copy", "static, 10 copies", "dynamic"):
        for column in ("overlap", "distinct", "ever asked"):
            assert abs(again[name][column][0] - stored[name][column][0]) < 0.03
    for found in (again, stored):
        once, anew = found["static, 1 copy"], found["dynamic"]
        assert once["training loss"][0] < anew["training loss"][0]
        assert once["test loss"][0] > anew["test loss"][0]
        assert found["ALBERT"]["parameters"] < found["BERT"]["parameters"]
    fewer = again["word frequencies, same texts"]["test loss"][0]
    assert fewer > again["word frequencies"]["test loss"][0]
    pair = again["shared layers - BERT"]["test loss"][0]
    forms = [again[form]["test loss"][0] for form in ("shared layers", "BERT")]
    assert abs(pair - (forms[0] - forms[1])) < 1e-9
    plain = "word frequencies"
    assert abs(again[plain]["test loss"][0] - stored[plain]["test loss"][0]) < 0.1


def test_overlaps_agree_with_a_count_by_hand():
    """Three epochs over one text: every pair of epochs, compared as sets."""
    chosen = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]).bool()[:, None]
    found = overlaps(chosen)
    sets = [set(epoch[0].nonzero().flatten().tolist()) for epoch in chosen]
    pairs = [(a, b) for i, a in enumerate(sets) for j, b in enumerate(sets) if i != j]
    shared = sum(len(a & b) for a, b in pairs) / sum(len(a) for a, _ in pairs)
    assert abs(found["overlap"] - shared) < 1e-12
    assert found["distinct"] == 2 / 3
    assert found["ever asked"] == 3 / 4


def test_a_static_mask_comes_again_and_a_dynamic_one_does_not():
    """Epochs 0 and 10 of ten copies are equal; of one copy all; drawn anew, none."""
    text = torch.randint(4, 100, (8, 24), generator=torch.Generator().manual_seed(0))
    for kind, same in ((1, 40), (10, 4), (40, 1)):
        inputs, targets = masks(CONFIG, text, kind, torch.Generator().manual_seed(0))
        equal = [bool(targets[0].equal(targets[epoch])) for epoch in range(40)]
        assert sum(equal) == same
        assert inputs.shape == (40, 8, 24)


def test_sizes_follow_from_the_shape():
    """V W or V E + E W + W of words; a block shared among all layers counts once."""
    v, w, e, layers = CONFIG.vocabulary, CONFIG.width, 16, CONFIG.layers
    block = 12 * w * w + 13 * w
    assert sizes(CONFIG, "BERT")["of blocks"] == layers * block
    assert sizes(CONFIG, "ALBERT")["of blocks"] == block
    assert sizes(CONFIG, "BERT")["of words"] == v * w
    assert sizes(CONFIG, "ALBERT")["of words"] == v * e + e * w + w
    bert = Words(CONFIG, "BERT").bert
    unused = [bert.pooler, bert.of_pair]  # of the pair task
    rest = sum(p.numel() for part in unused for p in part.parameters())
    whole = sum(p.numel() for p in bert.parameters())
    assert sizes(CONFIG, "BERT")["parameters"] == whole - rest


def test_what_the_page_says_of_the_families():
    """By heart; a small difference; what is not shown to cost, and what does."""
    found = rows()
    assert found["static, 1 copy"]["training loss"][2] < 2
    ten = found["static, 10 copies - dynamic"]["test loss"]
    assert 0 < ten[1] <= ten[2] < 0.1
    plain = found["dynamic - word frequencies, same texts"]["test loss"]
    assert -0.1 < plain[1] <= plain[2] < 0
    shared = found["shared layers - BERT"]["test loss"]
    assert shared[1] <= 0 <= shared[2]
    assert found["factorised - BERT"]["test loss"][1] > 0
    hardly = found["factorised - word frequencies"]["test loss"]
    assert -0.05 < hardly[1] <= hardly[2] < 0
