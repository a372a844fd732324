"""Live models: run at reduced size, and the record against the page."""

import torch

from paradigms.data.special_tokens import SPECIALS
from paradigms.experiments import live_models
from paradigms.experiments.records import load
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT, GPTConfig


def test_live_models_again_at_reduced_size():
    """The rows of the record; weights are rounded to 16 bits, words are bytes."""
    outcome = live_models.run(live_models.smaller())
    record = load("live_models")
    assert [row["name"] for row in outcome.rows] == [row["name"] for row in record.rows]
    assert outcome.networks.keys() == record.weights.keys()
    for name in live_models.OBJECTIVES:
        weights = outcome.networks[name]
        assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
        assert "head.weight" not in weights
    words = bytes(outcome.networks["words"]["words"].tolist()).decode().split("\n")
    assert len(words) == live_models.smaller().vocabulary - SPECIALS.first_word


def test_gpt_does_not_see_the_blank_and_bert_has_a_mask_there():
    """Under their own masks; a bidirectional mask shows GPT the word."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(9, 6, 8, 1, 2))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    rows = torch.tensor([[5, 6, 7, 2, 0], [5, 6, 8, 2, 0]])
    blanks = live_models.Blanks(rows, torch.tensor([2, 2]), rows[:, 2])
    for name, rule, same in [
        ("GPT", causal, True),
        ("GPT", bidirectional, False),
        ("BERT", bidirectional, True),
    ]:
        first, second = live_models.blank_logits(name, network, blanks, rule)
        assert torch.allclose(first, second, atol=1e-5) is same, (name, rule)


def test_what_the_page_says():
    """BERT fills best under its own mask, and the other mask harms both."""
    rows = {row["name"]: row for row in load("live_models").rows}
    for name, own, other in [
        ("GPT", "causal", "bidirectional"),
        ("BERT", "bidirectional", "causal"),
    ]:
        trained, exchanged = (rows[f"{name}, {mask} mask"] for mask in (own, other))
        assert trained["loss"][2] < exchanged["loss"][1]
        assert trained["accuracy"][1] > exchanged["accuracy"][2]
    best = rows["BERT, bidirectional mask"]["accuracy"]
    assert best[1] > rows["GPT, causal mask"]["accuracy"][2]
