"""The [MASK] mismatch: run at reduced size, and the record against the page."""

import pytest
import torch

from paradigms.data.markov_language import MarkovLanguage
from paradigms.data.special_tokens import IGNORE
from paradigms.experiments import mask_mismatch
from paradigms.experiments.records import load
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.linear_probe import Labelled
from paradigms.training.pretraining import with_head

PAIR = "BERT, 80-10-10 - mask alone"


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("mask_mismatch").rows}


def test_mask_mismatch_again_at_reduced_size():
    """A network trained only on masked words names visible words less often."""
    reduced = {
        row["name"]: row for row in mask_mismatch.run(mask_mismatch.smaller()).rows
    }
    assert reduced.keys() == rows().keys()
    for results in (reduced, rows()):
        assert results[PAIR]["accuracy, visible words"][0] > 0.15
        for name in mask_mismatch.NAMES:
            assert 0.5 < results[name]["dialect, mean state"][0] < 1
    electra = reduced["ELECTRA"]
    assert 0 < electra["replaced"][0] < 0.15
    assert 0 <= electra["discriminator recall"][0] <= 1


def test_what_the_page_says_of_the_mask():
    """Which variants differ from [MASK] alone, and from an untrained network."""
    results = rows()

    def signs(other, ways):
        """For each variant and both states: +1, -1, or 0 if not significant."""
        return {
            way: tuple(
                (low > 0) - (high < 0)
                for _, low, high in (
                    results[f"{way} - {other}"][f"dialect, {state} state"]
                    for state in ("mean", "one")
                )
            )
            for way in ways
        }

    assert signs("mask alone", mask_mismatch.NAMES[1:-1]) == {
        "BERT, 80-10-10": (1, 1),
        "no random words, 80-0-20": (1, 1),
        "random words, 80-20-0": (0, 0),
        "all positions, no mask": (1, 1),
        "ELECTRA": (0, 0),
    }
    assert signs("no training", mask_mismatch.NAMES[:-1]) == {
        "mask alone": (-1, -1),
        "BERT, 80-10-10": (1, 0),
        "no random words, 80-0-20": (1, -1),
        "random words, 80-20-0": (0, -1),
        "all positions, no mask": (1, 0),
        "ELECTRA": (-1, -1),
    }
    alone = results["mask alone"]["accuracy, visible words"]
    assert 1 / 6 < alone[1] < alone[2] < 1 / 3


def test_electra_calls_nearly_every_word_original():
    """It detects hardly a replaced word, so its row is weak evidence about ELECTRA."""
    electra = rows()["ELECTRA"]
    assert electra["discriminator recall"][2] < 0.001
    original = 1 - electra["replaced"][0]
    assert electra["discriminator accuracy"][0] == pytest.approx(original, abs=0.001)


def test_the_probe_reads_what_is_there_and_nothing_else():
    """Labels that the words encode are read exactly; random labels are at chance."""
    torch.manual_seed(0)
    backbone = with_head(GPT(GPTConfig(8, 6, 16, 1, 2)))
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (300,), generator=rng)
    texts = (4 + labels)[:, None].expand(-1, 6)
    informative = (
        Labelled(texts[:100], labels[:100]),
        Labelled(texts[100:], labels[100:]),
    )
    assert mask_mismatch.probe_accuracy(backbone, *informative, slice(None)) == 1
    noise = torch.randint(4, 8, (300, 6), generator=rng)
    random = Labelled(noise[:100], labels[:100]), Labelled(noise[100:], labels[100:])
    accuracy = mask_mismatch.probe_accuracy(backbone, *random, slice(None))
    assert accuracy == pytest.approx(0.5, abs=0.13)


def test_one_corruption_has_every_word_as_target_and_no_mask():
    """All words are targets, few are replaced; "mask alone" has masked targets."""
    texts = torch.randint(4, 10, (200, 8), generator=torch.Generator().manual_seed(0))
    *_, everywhere = mask_mismatch.CORRUPTIONS.values()
    objective = mask_mismatch.masked_objective(everywhere, 10)
    batch = objective.make_batch(texts, torch.Generator().manual_seed(0))
    assert batch.targets.equal(texts)
    assert not bool((batch.inputs == 3).any())
    assert 0.08 < float((batch.inputs != texts).double().mean()) < 0.17
    objective = mask_mismatch.masked_objective(mask_mismatch.MASK_ALONE, 10)
    batch = objective.make_batch(texts, torch.Generator().manual_seed(0))
    assert (batch.inputs == 3).equal(batch.targets != IGNORE)


def test_a_discriminator_that_calls_all_words_original():
    """A constant "original" has an accuracy of 1 - replaced and a recall of 0."""
    torch.manual_seed(0)
    pair = mask_mismatch.GeneratorAndDiscriminator(
        GPT(GPTConfig(10, 8, 8, 1, 2)), GPT(GPTConfig(10, 8, 16, 1, 2))
    )
    texts = torch.randint(4, 10, (200, 8), generator=torch.Generator().manual_seed(0))
    pair.discriminator.head.weight.data.zero_()
    for bias, recall in ((-1.0, 0), (1.0, 1)):
        pair.discriminator.head.bias.data.fill_(bias)
        metrics = mask_mismatch.detection(
            pair, texts, 10, torch.Generator().manual_seed(0)
        )
        assert metrics["discriminator recall"] == recall
        accuracy = metrics["replaced"] if recall else 1 - metrics["replaced"]
        assert metrics["discriminator accuracy"] == pytest.approx(accuracy)


def test_both_dialects_occur_equally_and_the_label_says_which():
    """Dialects are balanced, and the likelier dialect predicts the label."""
    dialects = [MarkovLanguage(3, k, sharpness=9.0) for k in (0, 1)]
    rng = torch.Generator().manual_seed(0)
    texts, labels = mask_mismatch.mixed_texts(dialects, 400, 6, rng)
    assert labels.sum() == 200
    log_p = [dialect.log_p(texts).sum(dim=1) for dialect in dialects]
    predictions = (log_p[1] > log_p[0]).long()
    assert float((predictions == labels).double().mean()) > 0.8
