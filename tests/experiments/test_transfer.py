"""Pretraining and few labels: features, reduced size, statements of the page."""

from dataclasses import replace

import pytest
import torch
from scipy.stats import t as student

from paradigms.evaluation.statistics import holm
from paradigms.experiments import transfer
from paradigms.experiments.records import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("transfer").rows}


@pytest.mark.usefixtures("one_thread", "fewer_reviews")
def test_transfer_again_at_reduced_size():
    """Smaller and shorter: the same rows; counts err least at 1,000 labels."""
    reduced = {row["name"]: row for row in transfer.run(transfer.smaller()).rows}
    stored = rows()
    assert list(reduced) == list(stored)
    baseline = transfer.COUNTED
    assert abs(reduced[baseline]["at 1000"][0] - stored[baseline]["at 1000"][0]) < 0.08
    for name, row in reduced.items():
        if name.endswith(("frozen", "tuned")) and " - " not in name:
            assert reduced[baseline]["at 1000"][0] < row["at 1000"][0], name
    word_losses = {
        name: row["loss"][0] for name, row in reduced.items() if "loss" in row
    }
    assert word_losses["next token, words"] < word_losses["word counts, words"]


def test_states_are_measured_in_deviations_of_the_training_part():
    """Training states have mean 0 and deviation 1; the test part has no effect."""
    config = transfer.smaller()
    network = transfer.build_network(config, transfer.VARIANTS[1], 0)
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(4, 100, (50, config.tokens), generator=rng)
    part = {"train": tokens[:40], "test": tokens[40:]}
    states = transfer.standardise_states(network, part)
    assert torch.allclose(states["train"].mean(dim=0), torch.zeros(32), atol=1e-4)
    assert torch.allclose(states["train"].std(dim=0), torch.ones(32), atol=1e-4)
    single = transfer.standardise_states(network, {**part, "test": tokens[40:41]})
    assert torch.allclose(single["test"][0], states["test"][0], atol=1e-4)
    assert not torch.allclose(states["test"].mean(dim=0), torch.zeros(32), atol=1e-2)


def test_the_test_part_is_never_read_without_labels():
    """Fewer than one test ending in 200 is also among the unlabelled texts.

    These are rows of exclamation marks, and reviews with equal endings.
    """
    config = transfer.smaller()
    data = transfer.texts(config, 3)
    assert 0 <= transfer.overlap(data) < 1 / 200
    leaking = data._replace(rows=data.rows | {"test": data.rows["train"]})
    assert transfer.overlap(leaking) == 1  # leakage would be detected


def test_no_more_texts_validate_than_train():
    """Fifty for fifty labels; at most `validation`."""
    config = transfer.CONFIG
    x = {
        part: torch.arange(6000.0)[:, None] for part in ("train", "validation", "test")
    }
    labels = {part: torch.arange(6000) % 2 for part in x}
    for size, validation in ((50, 50), (5000, config.validation)):
        parts = transfer.labelled_parts(config, x, labels, torch.arange(size))
        assert [len(part.labels) for part in parts] == [size, validation, 6000]
        assert [len(part.x) for part in parts] == [size, validation, 6000]


def test_equal_penalties_are_not_chosen_by_the_test_part():
    """Where no validation text tells them apart, the first penalty has the test error.

    The first feature is large and right for three of four texts, the second small and
    right for all; the test text is right by the second alone, under a low penalty.
    """
    signs = torch.tensor([1.0, 1.0, 1.0, -1.0])
    x = torch.stack([signs, torch.full((4,), 0.1)], dim=1)
    labels = torch.tensor([1, 1, 1, 1, 0, 0, 0, 0])
    parts = {"train": torch.cat([x, -x]), "validation": torch.zeros(8, 2)}
    parts["test"] = torch.tensor([[-1.0, 0.1]])
    all_labels = {"train": labels, "validation": labels, "test": torch.tensor([1])}
    for penalties, error in (((1.0, 1e-6), 1), ((1e-6, 1.0), 0)):
        config = replace(transfer.CONFIG, penalties=penalties)
        indices = torch.arange(8)
        assert transfer.probe_error(config, parts, all_labels, indices) == error


def mean_errors(kind: str, size: int) -> list[dict[str, float]]:
    """Of the causal and the bidirectional network, by how they started."""
    results = rows()
    return [
        {
            start: results[f"{name}, {start}, {kind}"][f"at {size}"][0]
            for start in transfer.STARTS
        }
        for name in ("next token", "masked token")
    ]


def test_what_the_page_says_of_pretraining():
    """Which gains of pretraining are significant, and which network is behind."""
    results, sizes = rows(), (50, 200, 1000, 5000)
    changed = "pretrained - from scratch"
    for kind, significant in (("tuned", (1000,)), ("frozen", (1000, 5000))):
        next_token, masked_token = (
            results[f"{objective}, {changed}, {kind}"]
            for objective in ("next token", "masked token")
        )
        for size in sizes:
            assert next_token[f"at {size}"][2] < 0
            assert (masked_token[f"at {size}"][2] < 0) == (size in significant)
    for size in sizes:
        causal, bidirectional = mean_errors("tuned", size)
        assert causal["from scratch"] > bidirectional["from scratch"]
        assert (causal["pretrained"] > bidirectional["pretrained"]) == (size > 50)
        masked = results[f"masked token, {changed}, tuned"][f"at {size}"][0]
        assert (masked > 0) == (size < 1000)


def test_what_the_page_says_of_frozen_states_and_word_counts():
    """Frozen, the order after pretraining is another; no network beats the counts."""
    results, sizes = rows(), (50, 200, 1000, 5000)
    changed = "pretrained - from scratch"
    for size in sizes:
        causal, bidirectional = mean_errors("frozen", size)
        assert causal["from scratch"] > bidirectional["from scratch"]
        assert (causal["pretrained"] > bidirectional["pretrained"]) == (size == 200)
    upper_bounds = [
        row[f"at {size}"][2]
        for name, row in results.items()
        if changed in name
        for size in sizes
    ]
    assert len(upper_bounds) == 16
    covers_zero = [bound for bound in upper_bounds if abs(bound) < 0.0005]
    assert len(covers_zero) == 1  # printed as 0.0
    assert covers_zero[0] > 0
    pair = results[f"next token, pretrained, tuned - {transfer.COUNTED}"]["at 1000"]
    assert -0.0005 < pair[1] < 0 < pair[2]  # printed as 0.0 as well
    for objective in ("next token", "masked token"):  # none is significantly better
        for kind in ("tuned", "frozen"):
            difference = results[
                f"{objective}, pretrained, {kind} - {transfer.COUNTED}"
            ]
            assert all(difference[f"at {size}"][2] > 0 for size in sizes)
            assert difference["at 5000"][1] > 0
        words = results[f"{objective}, words"]["loss"]
        assert words[2] < results["word counts, words"]["loss"][1]


def test_what_the_page_says_of_holms_correction():
    """Of eleven gains whose interval excludes zero three are not significant then.

    An interval is Student's t over the seeds, so mean and interval give the p-value.
    """
    pairs = {
        (name, column): value
        for name, row in rows().items()
        if "pretrained - from scratch" in name
        for column, value in row.items()
        if column.startswith("at ")
    }
    freedom = len(transfer.CONFIG.seeds) - 1
    half_width = student.ppf(0.975, freedom)
    p_values = [
        2 * student.sf(abs(mean) / ((high - low) / 2 / half_width), freedom)
        for mean, low, high in pairs.values()
    ]
    assert len(p_values) == 16
    gains = {pair for pair, (_, _, high) in pairs.items() if high < 0}
    assert len(gains) == 11
    corrected = dict(zip(pairs, holm(p_values), strict=True))
    changed = "pretrained - from scratch"
    assert {pair for pair in gains if corrected[pair] >= 0.05} == {
        (f"next token, {changed}, frozen", "at 200"),
        (f"next token, {changed}, tuned", "at 50"),
        (f"masked token, {changed}, tuned", "at 1000"),
    }
    assert not any(corrected[pair] < 0.05 for pair in pairs.keys() - gains)
