"""Whiteboard code on decoders, decoding, likelihood and cache."""

from itertools import product
from math import exp, log

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.testing import assert_close

from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.receptive_field import sequence_log_prob
from paradigms.generation.decoding import warp_logits
from paradigms.layers import Cache, attend, dense_mask, rotate
from paradigms.layers.positions import Rotary
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT
from paradigms.models.llama import LLaMA, LLaMAConfig
from paradigms.objectives.losses import (
    summed_cross_entropy,
)
from tests.site.boards.board import Board, tiny


def decoders_whiteboard_block(board: Board) -> None:
    """A block of our LLaMA with its weights, and half as many key heads."""
    torch.manual_seed(0)
    shape = {"vocabulary": 9, "width": 32, "layers": 1, "heads": 4, "hidden": 24}
    network = LLaMA(LLaMAConfig(**shape, kv_heads=2)).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    ours = network.stack.blocks[0]
    q, k, v = ours.attention.query_key_value.weight.T.split([32, 16, 16], dim=1)
    w1, w3 = ours.feed_forward.input.weight.T.chunk(2, dim=1)
    weights = Board(
        **{"norm1": ours.attention_norm.weight, "norm2": ours.feed_forward_norm.weight},
        **{"q": q, "k": k, "v": v, "o": ours.attention.output.weight.T},
        **{"w1": w1, "w3": w3, "w2": ours.feed_forward.output.weight.T},
    )
    x = torch.randn(5, 32, dtype=torch.float64) * 1e-2  # so that epsilon counts
    angles = network.rotary(torch.arange(5), like=x)

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, 8)).transpose(0, 1)

    mine = board.block(x, weights, heads, lambda t: rotate(t[None], angles)[0])
    visible = dense_mask(causal, 5)
    assert_close(mine, ours(x[None], visible=visible, rotation=angles)[0])


EOS = 3
PROMPT = torch.tensor([[1, 0]])


def score(network: GPT, text: list[int]) -> float:
    """The log-probability of a continuation, read at once."""
    logits = network(torch.cat([PROMPT, torch.tensor([text])], dim=1))
    targets = torch.tensor([text])
    return float(sequence_log_prob(logits[:, PROMPT.shape[1] - 1 : -1], targets))


def decoding_beam(board: Board) -> None:
    """A wide beam finds the best of all texts; a narrow one works without a cache, too.

    It begins with one row, never has more rows than beams, and stops early.
    """
    texts = [list(t) for n in (1, 2, 3) for t in product(range(4), repeat=n)]
    whole = [t for t in texts if EOS not in t[:-1] and (len(t) == 3 or t[-1] == EOS)]
    calls: list[int] = []

    def search(network: GPT, beams: int, steps: int) -> list[int]:
        calls.clear()

        def last(tokens: Tensor, cache: Cache) -> Tensor:
            calls.append(len(tokens))
            return network(tokens, cache=cache)[:, -1]

        return board.beam_search(last, PROMPT, steps, beams, EOS, Cache())

    early = 0
    for seed in range(6):
        network = tiny(4, seed)
        assert search(network, 64, 3) == max(whole, key=lambda t: score(network, t))
        for beams in (2, 3):
            assert search(network, beams, 4) == _without_cache(network, beams, 4)
            assert calls[0] == 1
            assert max(calls) <= beams
            early += len(calls) < 4
    assert early


def _without_cache(network: GPT, beams: int, steps: int) -> list[int]:
    """The same search, where every text is scored from its beginning."""
    alive: list[list[int]] = [[]]
    ended: list[list[int]] = []
    for _ in range(steps):
        texts = [[*text, word] for text in alive for word in range(4)]
        texts = sorted(texts, key=lambda text: -score(network, text))[:beams]
        ended += [text for text in texts if text[-1] == EOS]
        alive = [text for text in texts if text[-1] != EOS]
    return max(ended + alive, key=lambda text: score(network, text))


def decoders_attention_code(board: Board) -> None:
    """Ours, with groups, padding on both sides and a cache; finite without a key."""
    rng = torch.Generator().manual_seed(0)

    def heads(count: int, length: int) -> Tensor:
        return torch.randn(2, count, length, 3, generator=rng, dtype=torch.float64)

    real = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 0]]).bool()
    for queries in (5, 2):
        q, k, v = heads(6, queries), heads(2, 5), heads(2, 5)
        mine = board.attention(q, k, v, real)
        visible = dense_mask(causal, 5)[5 - queries :] & real[:, None]
        groups = [t.repeat_interleave(3, dim=1) for t in (k, v)]
        ours = attend(q, *groups, visible[:, None])
        seen = visible.any(dim=2)[:, None, :, None].expand_as(ours)
        assert_close(mine[seen], ours[seen])
        assert mine.isfinite().all()


def decoders_rope_code(board: Board) -> None:
    """Our angles and our pairs, with two bases."""
    x = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    positions = torch.tensor([0, 1, 5, 9])
    assert_close(board.rope(x, positions), rotate(x, Rotary(6)(positions, x)))
    angles = Rotary(6, theta=500.0)(positions, x)
    assert_close(board.rope(x, positions, 500.0), rotate(x, angles))


def cost_decode_loop(board: Board) -> None:
    """As without a cache, row by row until its end; one new token per call."""
    prompt = torch.tensor([[1, 0, 2], [4, 1, 1], [2, 2, 4]])
    lengths = set()
    for seed in (0, 5, 7, 13, 19):
        network = tiny(5, seed)
        model = Recorded(network)
        mine = board.generate(model, prompt, 5, eos=EOS)
        rows = [_greedy(network, row, 5) for row in prompt.tolist()]
        longest = max(map(len, rows))
        assert mine.tolist() == [row + [EOS] * (longest - len(row)) for row in rows]
        assert model.calls == [3] + [1] * (longest - 1)
        lengths |= {len(row) for row in rows}
    assert len(lengths) > 2


class Recorded:
    """A network with a cache in a list; it checks positions and counts the tokens."""

    def __init__(self, network: GPT) -> None:
        self.network, self.calls = network, []

    def __call__(self, tokens: Tensor, positions: Tensor, cache: list[Cache]) -> Tensor:
        """The logits, (B, T, V)."""
        cache[:] = cache or [Cache()]
        first = cache[0].length
        assert positions.tolist() == list(range(first, first + tokens.shape[1]))
        self.calls.append(tokens.shape[1])
        return self.network(tokens, cache=cache[0])


def _greedy(network: GPT, text: list[int], steps: int) -> list[int]:
    """The most likely tokens up to the end, each from a pass over the whole text."""
    new: list[int] = []
    while len(new) < steps and EOS not in new:
        new.append(int(network(torch.tensor([text + new]))[0, -1].argmax()))
    return new


def likelihood_loss_code(board: Board) -> None:
    """Our loss with padding ignored, and the perplexity over all targets."""
    network = tiny(6)
    one = torch.tensor([[1, 2, 3, 4], [5, 1, 0, 0]])
    two = torch.tensor([[2, 2]])
    total, number = 0.0, 0
    for tokens in (one, two):
        targets = tokens[:, 1:].where(tokens[:, 1:] != 0, IGNORE)
        nats, count = summed_cross_entropy(network(tokens)[:, :-1], targets)
        mine = board.loss_sum(network(tokens), tokens, 0)
        assert abs(mine[0] - float(nats)) < 1e-9
        assert mine[1] == int(count)
        total, number = total + float(nats), number + int(count)
    perplexity = board.perplexity(network, [one, two], 0)
    assert abs(perplexity - exp(total / number)) < 1e-9


def likelihood_pseudo_code(board: Board) -> None:
    """Token by token, with a loop; special tokens neither masked nor scored."""
    network = tiny(9)
    ids, special, mask = torch.tensor([1, 5, 6, 7, 5, 2]), torch.tensor([1, 2]), 4

    def model(tokens: Tensor) -> Tensor:
        return network(tokens, rule=bidirectional)

    expected = 0.0
    for place in range(1, 5):
        hidden = ids.clone()
        hidden[place] = mask
        log_p = model(hidden[None])[0, place].log_softmax(dim=0)
        expected += float(log_p[ids[place]])
    calls: list[Tensor] = []
    mine = board.score(lambda x: calls.append(x) or model(x), ids, mask, special)
    assert abs(float(mine) - expected) < 1e-9
    assert [call.shape for call in calls] == [(4, 6)]


def decoding_sample_code(board: Board) -> None:
    """The rates of our filters, over many rows; at p exactly, no token more."""
    torch.manual_seed(0)
    scores = torch.tensor([[0.3, 2.0, 1.1, -0.5, 1.6], [0.0, 3.0, 0.1, 2.5, 0.2]])
    for options in ((1.0, 5, 1.0), (0.6, 3, 1.0), (1.5, 5, 0.8), (0.8, 4, 0.6)):
        words = board.sample(scores.repeat(20_000, 1), *options).view(-1, 2)
        rates = one_hot(words, 5).double().mean(dim=0)
        expected = warp_logits(scores, *options).softmax(dim=1).double()
        assert_close(rates, expected, atol=0.015, rtol=0)
        assert bool(((rates > 0) == (expected > 0)).all())
    halves = torch.zeros(50, 2)
    assert len(board.sample(halves, 1.0, 2, 0.5).unique()) == 1


def decoding_hmm(board: Board) -> None:
    """The sum and the best of all paths, also for one observation."""
    rng = torch.Generator().manual_seed(0)
    for length in (1, 2, 5, 5, 5):
        start, step, emit = (
            torch.randn(shape, generator=rng, dtype=torch.float64)
            for shape in ((3,), (3, 3), (length, 3))
        )
        paths = torch.tensor(list(product(range(3), repeat=length)))
        scores = start[paths[:, 0]] + emit[torch.arange(length), paths].sum(dim=1)
        scores += step[paths[:, :-1], paths[:, 1:]].sum(dim=1)
        assert_close(board.forward(start, step, emit), scores.logsumexp(dim=0))
        assert board.viterbi(start, step, emit) == paths[scores.argmax()].tolist()


def cost_speculative(board: Board) -> None:
    """First, second and additional tokens follow p, whatever the draft prefers."""
    rng = torch.Generator().manual_seed(0)
    p = torch.tensor([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.0, 0.8]])
    q = torch.tensor([[0.5, 0.2, 0.3], [0.3, 0.4, 0.3]])
    seen: list[list[int]] = [[], [], []]
    for _ in range(6000):
        draft = q.multinomial(1, generator=rng)[:, 0]
        tokens = board.verify(draft, p, q, rng)
        assert tokens[:-1] == draft[: len(tokens) - 1].tolist()
        for place, token in enumerate(tokens):
            seen[place].append(token)
    for place, row in enumerate(p):
        counts = torch.tensor(seen[place]).bincount(minlength=3)
        assert_close(counts / counts.sum(), row, atol=0.03, rtol=0)
    reached = torch.tensor([len(tokens) for tokens in seen]) / 6000
    accepted = torch.minimum(p[:2], q).sum(dim=1).cumprod(dim=0)
    assert_close(reached[1:], accepted, atol=0.03, rtol=0)


def decoders_lora(board: Board) -> None:
    """The pretrained layer at first; only A and B are trained; merging changes nothing.

    A has a standard deviation of one over the root of its width.
    """
    torch.manual_seed(0)
    x = torch.randn(3, 2, 1000)
    for rank, scale, options in ((8, 2, {}), (4, 0.5, {"rank": 4, "alpha": 2})):
        linear = torch.nn.Linear(1000, 6)
        before = linear(x)
        lora = board.LoRA(linear, **options)
        assert_close(lora(x), before)
        trained = {k: p.shape for k, p in lora.named_parameters() if p.requires_grad}
        assert trained == {"A": (rank, 1000), "B": (6, rank)}
        assert abs(float(lora.A.detach().std()) * 1000**0.5 - 1) < 0.05

        torch.nn.init.normal_(lora.B)
        expected = before + scale * torch.einsum("ri,or,bti->bto", lora.A, lora.B, x)
        assert_close(lora(x), expected, atol=1e-4, rtol=1e-4)
        merged = lora.merge()
        assert isinstance(merged, torch.nn.Linear)
        assert_close(merged(x), expected, atol=1e-4, rtol=1e-4)


def scaling_dpo(board: Board) -> None:
    """Log 2 at the reference; the Bradley-Terry loss on rewards of log ratios."""
    rng = torch.Generator().manual_seed(0)
    chosen, rejected, ref_c, ref_r = torch.randn(4, 6, generator=rng).double()
    assert abs(float(board.dpo(ref_c, ref_r, ref_c, ref_r)) - log(2)) < 1e-9
    for beta in (0.1, 2.0):
        options = () if beta == 0.1 else (beta,)
        better = (chosen - ref_c) * beta
        worse = (rejected - ref_r) * beta
        p = better.exp() / (better.exp() + worse.exp())
        loss = board.dpo(chosen, rejected, ref_c, ref_r, *options)
        assert_close(loss, -p.log().mean())


def scaling_verifiable_rewards(board: Board) -> None:
    """At the old policy the gradient of the formula; beyond the clip none."""
    rewards = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0])
    real = torch.tensor([[1, 1, 1]] * 3 + [[1, 1, 0]] * 2).float()
    old = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    log_p = old.clone().requires_grad_()
    loss = board.grpo(log_p, old, rewards, real)
    (slope,) = torch.autograd.grad(loss, log_p)
    gain = ((rewards - rewards.mean()) / rewards.std())[:, None] * real / real.sum()
    assert_close(slope, -gain)
    close = board.grpo(log_p, old, rewards * 1e-5, real)  # so that epsilon counts
    (slope,) = torch.autograd.grad(close, log_p)
    spread = float(rewards.std()) * 1e-5
    assert_close(slope, -gain * spread / (spread + 1e-6))
    for clip in (0.2, 0.5):
        options = () if clip == 0.2 else (clip,)
        for step in (-0.6, -0.3, -0.1, 0.1, 0.3, 0.6):
            moved = (old + step).requires_grad_()
            loss = board.grpo(moved, old, rewards, real, *options)
            (slope,) = torch.autograd.grad(loss, moved)
            over, under = exp(step) > 1 + clip, exp(step) < 1 - clip
            stopped = (gain > 0) & over | (gain < 0) & under
            assert_close(slope, -exp(step) * gain * ~stopped)
