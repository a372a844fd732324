"""Labels and errors: drawn as described, measured again, and as the page says."""

import torch

from paradigms.corpora import labelled
from paradigms.experiments import label_efficiency
from paradigms.intervals import crossing
from paradigms.results import load

PAIR = "naive Bayes - logistic regression"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("label_efficiency").rows}


def test_label_efficiency_again_at_reduced_size():
    """Eight draws: errors near the recorded ones, differences of the same sign."""
    again = {
        row["name"]: row for row in label_efficiency.run(label_efficiency.smaller())
    }
    stored = rows()
    for name, row in again.items():
        if "error" in row and name in stored and "rotten" not in name:
            assert abs(row["error"][0] - stored[name]["error"][0]) < 0.08, name
    repeated = f"repeated features, {PAIR}"
    assert again[repeated]["at 300"][1] > 0
    assert stored[repeated]["at 300"][1] > 0
    independent = f"independent features, {PAIR}"
    assert again[independent]["at 300"][0] < 0
    assert stored[independent]["at 300"][2] < 0


def test_what_the_page_says_of_the_labels():
    """Its sentences beyond those that the claim is bound to."""
    found = rows()
    reviews = found[f"imdb, {PAIR}"]
    assert all(reviews[f"at {size}"][2] < 0 for size in (10, 30, 100, 300))
    assert all(reviews[f"at {size}"][1] > 0 for size in (3000, 10_000))
    sentences = found[f"rotten_tomatoes, {PAIR}"]
    assert all(sentences[f"at {size}"][2] < 0 for size in (100, 300, 1000, 3000))
    sizes = (20, 50, 100, 200, 400, 800, 1400)
    assert all(found[f"digits, {PAIR}"][f"at {size}"][1] > 0 for size in sizes)
    made = found[f"independent features, {PAIR}"]
    assert all(made[f"at {size}"][2] < 0 for size in (30, 100, 300))
    tumours = found[f"tumours, {PAIR}"]
    assert all(tumours[f"at {size}"][1] > 0 for size in (64, 128, 256, 400))
    assert tumours["at 8"][1] < 0 < tumours["at 8"][2]
    lda = found["tumours, LDA, 64"]["error"]
    for other in ("naive Bayes", "logistic regression", "linear SVM"):
        assert lda[1] > found[f"tumours, {other}, 64"]["error"][2]
    for name in ("tumours", "repeated features"):
        gaps = found[f"{name}, LDA - logistic regression"]
        numbers = [gap for key, gap in gaps.items() if key.startswith("at ")]
        assert not any(gap[2] < 0 for gap in numbers)  # LDA errs less nowhere
        assert any(gap[1] > 0 for gap in numbers)


def test_few_labels_hold_every_class():
    """Two of each class come first; no row twice; other seeds draw others."""
    labels = torch.arange(100) % 10
    dice = torch.Generator().manual_seed(0)
    chosen = labelled.draw(labels, 25, dice)
    assert len(set(chosen.tolist())) == 25
    assert labels[chosen[:10]].sort().values.tolist() == list(range(10))
    assert labels[chosen[:20]].bincount().tolist() == [2] * 10
    assert not labelled.draw(labels, 25, dice).equal(chosen)


def test_a_crossing_is_found_where_it_was_put():
    """Halfway between 10 and 1000 on a scale of factors; none, where there is none."""
    noise = 0.01 * torch.randn(50, generator=torch.Generator().manual_seed(0))
    found = crossing({10: noise - 1, 1000: noise + 1}, 200)
    assert found["crosses"] == 1
    middle, low, high = found["at"]
    assert 95 < low < middle < high < 105
    assert crossing({10: noise + 1, 1000: noise + 1}, 200) == {"crosses": 0}
