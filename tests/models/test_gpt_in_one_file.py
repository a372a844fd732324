"""GPT in one file: the same numbers as `gpt.py` and as GPT-2 of transformers."""

import math
import re
from dataclasses import asdict

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.evaluation.parity import pair
from paradigms.generation.decoding import greedy
from paradigms.models import gpt, gpt_in_one_file
from paradigms.models.gpt_in_one_file import GPT, Config

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPE = {"vocabulary": 50, "positions": 12, "width": 24, "layers": 3, "heads": 4}
PARTS = [  # ours in one file, in gpt.py, and in the checkpoint of GPT-2
    ("attention_norm", "attention_norm", "ln_1"),
    ("attention.query_key_value", "attention.query_key_value", "attn.c_attn"),
    ("attention.output", "attention.output", "attn.c_proj"),
    ("mlp_norm", "feed_forward_norm", "ln_2"),
    ("mlp.input", "feed_forward.input", "mlp.c_fc"),
    ("mlp.output", "feed_forward.output", "mlp.c_proj"),
]
ENDS = [
    ("word", "word", "transformer.wte"),
    ("position", "position", "transformer.wpe"),
    ("norm", "stack.norm", "transformer.ln_f"),
    ("head", "head", "lm_head"),
]


def names(parameter: str) -> tuple[str, str]:
    """The names of a parameter in `gpt.py` and in the checkpoint."""
    module, _, kind = parameter.rpartition(".")
    layer = re.fullmatch(r"blocks\.(\d+)\.(.*)", module)
    if layer is None:
        ours, theirs = next(names for part, *names in ENDS if part == module)
    else:
        ours, theirs = next(names for part, *names in PARTS if part == layer[2])
        ours = f"stack.blocks.{layer[1]}.{ours}"
        theirs = f"transformer.h.{layer[1]}.{theirs}"
    return f"{ours}.{kind}", f"{theirs}.{kind}"


def as_here(name: str, weight: Tensor) -> Tensor:
    """A weight of the checkpoint as `nn.Linear` stores it."""
    is_transposed = ".h." in name and weight.ndim == 2
    return weight.T if is_transposed else weight


def three(seed: int = 0) -> tuple[GPT, gpt.GPT, torch.nn.Module]:
    """The network in one file, ours and the reference's, with equal weights."""
    torch.manual_seed(seed)
    ours, theirs = pair(gpt.GPT, gpt.GPTConfig(**SHAPE))
    network, state = GPT(Config(**SHAPE)), theirs.state_dict()
    checkpoint = {name: names(name)[1] for name in network.state_dict()}
    network.load_state_dict(
        {name: as_here(their, state[their]) for name, their in checkpoint.items()}
    )
    return network, ours, theirs


def apart(x: Tensor, y: Tensor) -> float:
    """The largest difference, relative to the largest number of y."""
    assert x.shape == y.shape
    return float((x - y).detach().abs().max() / y.detach().abs().max())


@pytest.mark.parametrize("seed", range(3))
def test_scores_loss_and_gradients_equal_both_others(seed):
    """With the same weights: logits, loss, and the gradient of every parameter."""
    network, ours, theirs = three(seed)
    tokens = torch.randint(50, (3, 12))
    logits, loss = network(tokens), network.loss(tokens)
    loss.backward()
    our_logits = ours(tokens)
    F.cross_entropy(
        our_logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
    ).backward()
    reference = theirs(tokens, labels=tokens)
    reference.loss.backward()
    assert apart(logits, our_logits) < 1e-5
    assert apart(logits, reference.logits) < 1e-5
    assert apart(loss, reference.loss) < 1e-6
    our_parameters = ours.state_dict(keep_vars=True)
    their_parameters = theirs.state_dict(keep_vars=True)
    for name, parameter in network.named_parameters():
        our, their = names(name)
        # A key's bias changes no attention weight: compared to the largest gradient.
        largest = float(network.word.weight.grad.abs().max())
        expected = as_here(their, their_parameters[their].grad)
        assert (parameter.grad - expected).abs().max() < 1e-5 * largest, name
        gap = (parameter.grad - our_parameters[our].grad).abs().max()
        assert gap < 1e-5 * largest, name


def test_greedy_texts_equal_both_others():
    """Eight words after four, one by one; with a temperature words are drawn."""
    network, ours, theirs = three()
    prompt = torch.randint(50, (3, 4))
    text = network.generate(prompt, 8, temperature=0)
    assert torch.equal(text, greedy(ours, prompt, 8))
    options = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    mask = torch.ones_like(prompt)
    assert torch.equal(text, theirs.generate(prompt, attention_mask=mask, **options))
    assert torch.equal(network.generate(prompt, 8, temperature=1e-4), text)
    longer = network.generate(prompt, 12, temperature=0)
    assert torch.equal(longer[:, :12], text)
    assert longer.shape == (3, 16)  # beyond the positions it reads the last twelve


def test_words_are_drawn_with_their_probabilities():
    """At temperature 2, frequencies of the next word are those of the softmax."""
    network, _, _ = three()
    prompt = torch.tensor([[4, 5, 6]])
    p = (network(prompt)[0, -1] / 2).softmax(dim=-1)
    draws = network.generate(prompt.expand(20_000, -1), 1, temperature=2)[:, -1]
    frequencies = draws.bincount(minlength=50) / len(draws)
    error = (p * (1 - p) / len(draws)).sqrt()
    assert bool(((frequencies - p).abs() < 5 * error + 1e-4).all())


def test_a_mask_that_leaks_would_be_noticed(monkeypatch):
    """Negative control: without the causal mask scores differ from both others."""
    network, ours, _ = three()
    tokens = torch.randint(50, (3, 12))
    attention = F.scaled_dot_product_attention

    def leaking(query: Tensor, key: Tensor, value: Tensor, is_causal: bool) -> Tensor:
        assert is_causal
        return attention(query, key, value)

    expected = ours(tokens)
    monkeypatch.setattr(gpt_in_one_file.F, "scaled_dot_product_attention", leaking)
    assert apart(network(tokens), expected) > 1e-2


def test_weights_begin_as_gpt_2_has_them():
    """Normal with 0.02, the last of each branch divided by sqrt(2 L); biases zero."""
    torch.manual_seed(0)
    network = GPT(Config(200, 64, 128, 8, 4)).requires_grad_(False)
    block = network.blocks[5]
    assert network.head.weight is network.word.weight
    assert float(network.word.weight.std()) == pytest.approx(0.02, rel=0.05)
    assert float(block.mlp.input.weight.std()) == pytest.approx(0.02, rel=0.05)
    for last in (block.attention.output, block.mlp.output):
        assert float(last.weight.std()) == pytest.approx(0.02 / math.sqrt(16), rel=0.05)
        assert not last.bias.any()
    assert bool((network.norm.weight == 1).all())
    tokens = torch.randint(200, (2, 64))
    assert float(network.loss(tokens)) == pytest.approx(math.log(200), rel=0.05)


def test_the_default_is_gpt_2():
    """The smallest of the published sizes, as in `gpt.py`."""
    published = gpt.SIZES["GPT-2 small"]
    for field, value in asdict(Config()).items():
        assert getattr(published, field) == value, field
