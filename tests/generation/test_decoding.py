"""Decoding: greedy, temperature, top-k and top-p sampling, end symbols."""

from collections import Counter
from collections.abc import Callable
from math import exp, fsum
from random import Random

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import TopPLogitsWarper

from paradigms.generation.beam_search import beam_search
from paradigms.generation.decoding import (
    as_decoder,
    generate,
    greedy,
    sample,
    warp_logits,
)
from paradigms.models import bart, gpt, llama, t5
from tests.objectives.rates import LIMIT, errors

pytestmark = pytest.mark.usefixtures("one_thread")
WORDS, ROOM = 17, 80
SHAPE = {"vocabulary": WORDS, "width": 16, "layers": 2, "heads": 4}


def sharp(network: torch.nn.Module) -> torch.nn.Module:
    """Perturbs the weights so that predictions are far from uniform."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return network.eval()


def reader(make: Callable[[], torch.nn.Module]) -> Callable[[int], Callable]:
    """A decoder-only network, for any number of texts."""
    return lambda _: sharp(make())


def answerer(make: Callable[[], torch.nn.Module]) -> Callable[[int], Callable]:
    """An encoder-decoder with one padded source for each text."""

    def build(rows: int) -> Callable:
        source = torch.randint(WORDS, (rows, 6))
        real = torch.arange(6) < torch.randint(2, 7, (rows, 1))
        return as_decoder(sharp(make()), source, real)

    return build


NETWORKS = {
    "GPT": reader(lambda: gpt.GPT(gpt.GPTConfig(**SHAPE, positions=ROOM))),
    **{
        f"LLaMA, {k} key heads": reader(
            lambda k=k: llama.LLaMA(
                llama.LLaMAConfig(**SHAPE, positions=ROOM, kv_heads=k, hidden=24)
            )
        )
        for k in (1, 2, 4)
    },
    "T5": answerer(lambda: t5.T5(t5.T5Config(**SHAPE, head_width=4, hidden=24))),
    "BART": answerer(
        lambda: bart.BART(bart.BARTConfig(**SHAPE, positions=ROOM, hidden=24))
    ),
}
every = pytest.mark.parametrize("name", NETWORKS)


def built(name: str, rows: int) -> Callable:
    """A small network with a fixed seed; an encoder-decoder has `rows` sources."""
    torch.manual_seed(0)
    return NETWORKS[name](rows)


class Table:
    """A network that is a lookup table: the next word's scores by position.

    Of a cache it uses only the length; calls are counted.
    """

    def __init__(self, scores: Tensor) -> None:
        self.scores, self.calls = scores, 0  # (T, V)

    def __call__(self, tokens, cache=None, **_):
        past = cache.length if cache else 0
        if cache is not None:
            cache.advance(tokens.shape[1])
        self.calls += 1
        return self.scores[past : past + tokens.shape[1]].expand(len(tokens), -1, -1)


@every
def test_greedy_is_the_limit_of_a_low_temperature(name):
    """Sampling at temperatures 1e-6 and 1e-300, or with top_k=1, equals greedy."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 2))
    expected = greedy(network, tokens, 8)
    for temperature in (1e-6, 1e-300):
        rng = torch.Generator().manual_seed(0)
        texts = sample(network, tokens, 8, rng, temperature=temperature)
        assert torch.equal(texts, expected)
    top_1 = sample(network, tokens, 8, torch.Generator().manual_seed(0), top_k=1)
    assert torch.equal(top_1, expected)


def kept_by_hand(
    scores: list[float], temperature: float, top_k: int | None, top_p: float | None
) -> tuple[list[float], float]:
    """Probabilities after top-k and then top-p, in descending order.

    And the distance of top_p to the nearest cumulative sum: at 0 rounding decides.
    """
    ordered = sorted(scores, reverse=True)
    if top_k is not None and top_k < len(ordered):
        ordered = [score for score in ordered if score >= ordered[top_k - 1]]
    weights = [exp((score - ordered[0]) / temperature) for score in ordered]
    probabilities, margin = [weight / fsum(weights) for weight in weights], 1.0
    if top_p is not None and top_p < 1:
        sums = [
            fsum(probabilities[:count]) for count in range(1, len(probabilities) + 1)
        ]
        margin = min(abs(total - top_p) for total in sums)
        last = sum(total < top_p for total in sums[:-1])
        probabilities = [
            probability / sums[last] for probability in probabilities[: last + 1]
        ]
    return probabilities + [0.0] * (len(scores) - len(probabilities)), margin


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    scores=st.lists(st.floats(-9, 9), min_size=1, max_size=9),
    temperature=st.floats(0.2, 5),
    top_k=st.none() | st.integers(1, 11),
    top_p=st.none() | st.floats(0.01, 1),
)
def test_filters_equal_those_by_hand(scores, temperature, top_k, top_p):
    """Top-k and top-p keep the smallest set of likeliest words, renormalised."""
    logits = torch.tensor([scores], dtype=torch.float64)
    probabilities = warp_logits(logits, temperature, top_k, top_p).softmax(dim=-1)[0]
    expected, margin = kept_by_hand(scores, temperature, top_k, top_p)
    assume(margin > 2e-6)  # nearer sums count as equal to top_p
    largest_first = probabilities.sort(descending=True).values.tolist()
    assert largest_first == pytest.approx(expected, abs=1e-9)
    support = probabilities > 0
    if not bool(support.all()):
        assert float(logits[0, support].min()) >= float(logits[0, ~support].max())


def test_a_top_p_of_one_keeps_every_word():
    """With top_p=1 rounding never drops an unlikely word."""
    scores = torch.linspace(0, -30, 50_000)[None]
    assert bool(warp_logits(scores, top_p=1.0).isfinite().all())


def test_a_sum_equal_to_top_p_suffices():
    """At 2,000 sums that equal p exactly, in both precisions; transformers misses some.

    Negative control: with the next lower weight more, the sum is too small.
    """
    rng = Random(0)
    misses = Counter()
    for _ in range(2000):
        weights = sorted(rng.randint(1, 9) for _ in range(rng.randint(2, 9)))[::-1]
        count = rng.randint(1, len(weights) - 1)
        top_p = sum(weights[:count]) / sum(weights)
        for dtype in (torch.float32, torch.float64):
            scores = torch.tensor([weights], dtype=dtype).log()
            size = int(warp_logits(scores, top_p=top_p).isfinite().sum())
            misses["ours", dtype] += size != count
            reference = TopPLogitsWarper(top_p)(None, scores)
            misses["transformers", dtype] += int(reference.isfinite().sum()) != count
            more = warp_logits(scores, top_p=top_p + 0.001)
            assert int(more.isfinite().sum()) == count + 1
    assert misses["ours", torch.float32] == misses["ours", torch.float64] == 0
    assert misses["transformers", torch.float32] > 0
    scores = torch.tensor([[0.5, 0.3, 0.1, 0.1]]).log()
    assert warp_logits(scores, top_p=0.8).isfinite().tolist() == [
        [True] * 2 + [False] * 2
    ]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_top_p_adds_up_in_double_precision(dtype):
    """In half precision a running sum over 5,000 words stops growing long before p."""
    scores = torch.randn(1, 5000, generator=torch.Generator().manual_seed(0)).to(dtype)
    nucleus = warp_logits(scores, top_p=0.99).isfinite()
    assert nucleus.equal(warp_logits(scores.double(), top_p=0.99).isfinite())
    in_own_type = scores.sort(descending=True).values.softmax(dim=-1).cumsum(dim=-1)
    if dtype == torch.bfloat16:
        assert int((in_own_type < 0.99).sum()) + 1 != int(nucleus.sum())
    for small in (1e-3, 1e-9, 1e-300):
        (likeliest,) = warp_logits(scores, top_p=small).isfinite().nonzero()
        assert scores[tuple(likeliest)] == scores.max()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.5},
        {"top_k": 3},
        {"top_p": 0.8},
        {"top_k": 4, "top_p": 0.7},
    ],
    ids=str,
)
def test_sampled_words_come_at_their_rates(options):
    """200,000 samples: each word within five standard errors of its probability."""
    scores = torch.tensor([[2.0, 1.5, 0.3, 0.0, -1.0, -2.5]])
    prompt, rng = torch.zeros(200_000, 1, dtype=torch.long), torch.Generator()
    words = sample(Table(scores), prompt, 1, rng.manual_seed(0), **options)[:, 1]
    expected, _ = kept_by_hand(
        scores[0].tolist(),
        options.get("temperature", 1.0),
        options.get("top_k"),
        options.get("top_p"),
    )
    for word, share in enumerate(expected):
        hits = words == word
        assert errors(hits, share) < LIMIT if share else not bool(hits.any())


def test_a_text_ends_with_its_end_symbol():
    """After EOS in all rows decoding stops, without further calls."""
    scores = torch.zeros(6, 4)
    scores[[0, 1, 2], [3, 2, 1]] = 5.0
    network = Table(scores)
    texts = greedy(network, torch.zeros(2, 1, dtype=torch.long), 5, eos=2, pad=0)
    assert texts.tolist() == [[0, 3, 2]] * 2
    assert network.calls == 2


def test_with_a_cache_each_word_is_read_once():
    """A prompt of 3 and 4 steps: the network reads 3 + 1 + 1 + 1 words, not 3 to 6."""
    lengths = []

    def network(tokens, **_):
        lengths.append(tokens.shape[1])
        return torch.zeros(len(tokens), tokens.shape[1], 5)

    prompt = torch.zeros(2, 3, dtype=torch.long)
    greedy(network, prompt, 4)
    greedy(network, prompt, 4, cached=False)
    assert lengths == [3, 1, 1, 1, 3, 4, 5, 6]


PROMPT = torch.zeros(1, 1, dtype=torch.long)
FLAT = Table(torch.zeros(9, 5))
RNG = torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: greedy(FLAT, PROMPT, -1),
            "whole number of at least 0: -1",
        ),
        (
            lambda: sample(FLAT, PROMPT, -2, RNG),
            "whole number of at least 0: -2",
        ),
        (
            lambda: beam_search(FLAT, PROMPT, -3, 2),
            "whole number of at least 0: -3",
        ),
        (
            lambda: beam_search(FLAT, PROMPT, 1, 0),
            "beams must be .* at least 1: 0",
        ),
        (
            lambda: sample(FLAT, PROMPT, 1, RNG, temperature=0.0),
            "temperature must be positive .*: 0.0",
        ),
        (
            lambda: sample(FLAT, PROMPT, 1, RNG, temperature=-1.0),
            "temperature must be positive .*: -1.0",
        ),
        (
            lambda: warp_logits(torch.zeros(1, 5), temperature=float("nan")),
            "temperature must be positive .*: nan",
        ),
        (
            lambda: warp_logits(torch.zeros(1, 5), temperature=float("inf")),
            "temperature must be positive .*: inf",
        ),
        (lambda: sample(FLAT, PROMPT, 1, RNG, top_k=0), "top_k .* at least 1: 0"),
        (lambda: sample(FLAT, PROMPT, 1, RNG, top_p=0.0), "top_p .* up to 1: 0.0"),
        (lambda: sample(FLAT, PROMPT, 1, RNG, top_p=1.5), "top_p .* up to 1: 1.5"),
        (
            lambda: warp_logits(torch.zeros(1, 5), top_p=float("nan")),
            "top_p .* up to 1: nan",
        ),
    ],
)
def test_bad_settings_are_refused(call, message):
    """The error names the argument and its value."""
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_refused(value):
    """NaN or infinite scores are an error in every decoding method."""
    broken = Table(torch.full((9, 5), value))
    for search in (
        lambda: greedy(broken, PROMPT, 1),
        lambda: sample(broken, PROMPT, 1, RNG),
        lambda: beam_search(broken, PROMPT, 1, 2),
        lambda: generate(broken, PROMPT, 1, lambda scores: scores.argmax(dim=-1)),
    ):
        with pytest.raises(ValueError, match="next word's scores is not finite"):
            search()
