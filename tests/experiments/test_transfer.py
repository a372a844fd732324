"""Pretraining and few labels: counted as described, and measured again."""

import pytest
import torch

from paradigms.experiments import transfer
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("transfer").rows}


@pytest.mark.usefixtures("one_thread", "fewer_reviews")
def test_transfer_again_at_reduced_size():
    """Smaller and shorter: the same rows, counts below all networks at 1000 labels."""
    again = {row["name"]: row for row in transfer.run(transfer.smaller())}
    stored = rows()
    assert list(again) == list(stored)
    counted = transfer.COUNTED
    assert abs(again[counted]["at 1000"][0] - stored[counted]["at 1000"][0]) < 0.08
    for name, row in again.items():
        if name.endswith(("frozen", "tuned")) and " - " not in name:
            assert again[counted]["at 1000"][0] < row["at 1000"][0], name
    words = {name: row["loss"][0] for name, row in again.items() if "loss" in row}
    assert words["next token, words"] < words["words counted, words"]


def test_counts_agree_with_a_count_by_hand():
    """Words twice, once and never; neither the first symbol nor padding is a word."""
    found = transfer.counts(torch.tensor([[1, 5, 5, 7, 0], [1, 0, 0, 0, 0]]), 8)
    assert found.tolist() == [[0, 0, 0, 0, 0, 2, 0, 1], [0] * 8]


def test_states_are_measured_in_deviations_of_the_training_part():
    """Mean 0 and deviation 1 there; the test part is not looked at."""
    config = transfer.smaller()
    network = transfer.untrained(config, "masked token", 0)
    dice = torch.Generator().manual_seed(0)
    drawn = torch.randint(4, 100, (50, config.tokens), generator=dice)
    part = {"train": drawn[:40], "test": drawn[40:]}
    found = transfer.standard(network, part)
    assert torch.allclose(found["train"].mean(dim=0), torch.zeros(32), atol=1e-4)
    assert torch.allclose(found["train"].std(dim=0), torch.ones(32), atol=1e-4)
    one = transfer.standard(network, {**part, "test": drawn[40:41]})
    assert torch.allclose(one["test"][0], found["test"][0], atol=1e-4)
    assert not torch.allclose(found["test"].mean(dim=0), torch.zeros(32), atol=1e-2)


def test_the_test_part_is_never_read_without_labels():
    """Fewer than one test ending in 200 also stands in the texts without labels.

    These are rows of exclamation marks, and reviews that end alike.
    """
    config = transfer.smaller()
    found = transfer.data(config, 3)
    assert 0 <= transfer.seen_already(found) < 1 / 200
    own = found._replace(rows=found.rows | {"test": found.rows["train"]})
    assert transfer.seen_already(own) == 1  # it would notice


def test_no_more_texts_choose_than_are_learnt_from():
    """Fifty of fifty labels; never more than `choosing`."""
    config = transfer.CONFIG
    assert transfer.held(config, torch.arange(50)) == slice(50)
    assert transfer.held(config, torch.arange(5000)) == slice(config.choosing)


def test_what_the_page_says_of_pretraining():
    """What is below no network, and which gains show."""
    found, sizes = rows(), (50, 200, 1000, 5000)
    changed = "pretrained - from scratch"
    for kind, shown in (("tuned", (200,)), ("frozen", sizes)):
        helped, none = (
            found[f"{objective}, {changed}, {kind}"]
            for objective in ("next token", "masked token")
        )
        for size in sizes:
            if (kind, size) != ("tuned", 1000):  # decided by rounding
                assert (helped[f"at {size}"][2] < 0) == (size in shown)
            assert none[f"at {size}"][1] < 0 < none[f"at {size}"][2]
    ends = {(name, size): row[f"at {size}"][2] for name, row in found.items()
            if changed in name for size in sizes}  # fmt: skip
    assert len(ends) == 16
    assert any(abs(end) < 0.0005 for end in ends.values())  # shown as 0.000
    for objective in ("next token", "masked token"):  # not one is shown to be better
        for kind in ("tuned", "frozen"):
            beside = found[f"{objective}, pretrained, {kind} - {transfer.COUNTED}"]
            assert all(beside[f"at {size}"][2] > 0 for size in sizes)
            assert beside["at 5000"][1] > 0
        words = found[f"{objective}, words"]["loss"]
        assert words[2] < found["words counted, words"]["loss"][1]
