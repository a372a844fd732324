"""From scores to text: a cache changes nothing, each search finds what it says."""

from collections.abc import Callable
from itertools import product
from math import exp, fsum

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from paradigms.decoding import beam, extend, filtered, greedy, sample, writer
from paradigms.layers import Cache
from paradigms.models import bart, gpt, llama, t5
from tests.objectives.rates import LIMIT, errors

pytestmark = pytest.mark.usefixtures("one_thread")
WORDS, ROOM = 17, 80
SHAPE = {"vocabulary": WORDS, "width": 16, "layers": 2, "heads": 4}


def sharp(network: torch.nn.Module) -> torch.nn.Module:
    """The network with weights so large that its predictions are far from uniform."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return network.eval()


def reader(make: Callable[[], torch.nn.Module]) -> Callable[[int], Callable]:
    """A decoder alone, for any number of texts."""
    return lambda rows: sharp(make())


def answerer(make: Callable[[], torch.nn.Module]) -> Callable[[int], Callable]:
    """An encoder-decoder that has read one padded source for each text."""

    def build(rows: int) -> Callable:
        source = torch.randint(WORDS, (rows, 6))
        real = torch.arange(6) < torch.randint(2, 7, (rows, 1))
        return writer(sharp(make()), source, real)

    return build


NETWORKS = {
    "GPT": reader(lambda: gpt.GPT(gpt.Config(**SHAPE, positions=ROOM))),
    **{
        f"LLaMA, {k} key heads": reader(
            lambda k=k: llama.LLaMA(
                llama.Config(**SHAPE, positions=ROOM, kv_heads=k, hidden=24)
            )
        )
        for k in (1, 2, 4)
    },
    "T5": answerer(lambda: t5.T5(t5.Config(**SHAPE, head_width=4, hidden=24))),
    "BART": answerer(
        lambda: bart.BART(bart.Config(**SHAPE, positions=ROOM, hidden=24))
    ),
}
every = pytest.mark.parametrize("name", NETWORKS)
positioned = pytest.mark.parametrize(
    ("name", "part"), [("GPT", "position"), ("LLaMA, 2 key heads", "rotary")]
)


def built(name: str, rows: int) -> Callable:
    torch.manual_seed(0)
    return NETWORKS[name](rows)


@torch.no_grad()
def in_pieces(
    network: Callable,
    tokens: Tensor,
    stops: list[int],
    real: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    """The logits of a text that is read up to each stop in turn, with a cache."""
    cache = Cache() if cache is None else cache
    parts, start = [], 0
    for stop in stops:
        seen = None if real is None else real[:, :stop]
        parts.append(network(tokens[:, start:stop], real=seen, cache=cache))
        start = stop
    return torch.cat(parts, dim=1)  # (B, T, V)


@torch.no_grad()
def gap(
    network: Callable,
    tokens: Tensor,
    stops: list[int],
    real: Tensor | None = None,
    cache: Cache | None = None,
) -> float:
    """Largest difference with and without a cache, as a share of the largest logit."""
    whole = network(tokens, real=real)
    found = in_pieces(network, tokens, stops, real, cache)
    kept = torch.ones_like(tokens, dtype=torch.bool) if real is None else real
    return float((found - whole)[kept].abs().max() / whole.abs().max())


def padded(side: str, rows: int, length: int) -> tuple[Tensor, Tensor]:
    """Texts with 0 to 3 places of padding, on the left, or inside after 1 to 4 words.

    Padding inside is that of prompts filled up on the right, to which words are added.
    """
    tokens, holes = torch.randint(WORDS, (rows, length)), torch.arange(rows) % 4
    places = torch.arange(length)
    first = torch.zeros(rows, dtype=torch.long) if side == "left" else 4 - holes
    real = (places < first[:, None]) | (places >= (first + holes)[:, None])
    return tokens, real


@every
def test_cached_equals_uncached_at_every_length(name):
    """Any prompt of 1 to 11 words, then word by word or at once: equal logits."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 12))
    for prompt in range(1, 12):
        assert gap(network, tokens, [prompt, 12]) < 1e-5
        assert gap(network, tokens, [prompt, *range(prompt + 1, 13)]) < 1e-5


@every
@pytest.mark.parametrize("side", ["left", "inside"])
def test_cached_equals_uncached_with_padding(name, side):
    """Padding before or inside the texts: equal logits at all words, at any length."""
    network = built(name, 4)
    tokens, real = padded(side, 4, 12)
    for prompt in range(4, 12):
        assert gap(network, tokens, [prompt, 12], real) < 1e-5
        assert gap(network, tokens, [prompt, *range(prompt + 1, 13)], real) < 1e-5


@pytest.mark.parametrize("name", [n for n in NETWORKS if n not in ("T5", "BART")])
@pytest.mark.parametrize("side", ["left", "inside"])
@torch.no_grad()
def test_padding_moves_nothing(name, side):
    """A padded text, read with a cache, has the logits that it has without padding."""
    network = built(name, 4)
    tokens, real = padded(side, 4, 12)
    found = in_pieces(network, tokens, [5, *range(6, 13)], real)
    for row, kept, logits in zip(tokens, real, found, strict=True):
        alone = network(row[kept][None])[0]
        assert float((logits[kept] - alone).abs().max() / alone.abs().max()) < 1e-5


@every
def test_the_same_words_with_and_without_a_cache(name):
    """Greedy and sampled texts agree, for every prompt and continuation to 6 words."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 6))
    for length in range(1, 7):
        prompt = tokens[:, :length]
        wanted = greedy(network, prompt, 6, cached=False)
        for steps in range(7):
            found = greedy(network, prompt, steps)
            assert torch.equal(found, wanted[:, : length + steps])
        drawn = [
            sample(network, prompt, 6, torch.Generator().manual_seed(1), cached=cached)
            for cached in (True, False)
        ]
        assert torch.equal(*drawn)


@every
def test_the_same_words_after_padding_on_the_left(name):
    """Prompts padded on the left: the same words with and without a cache."""
    network = built(name, 4)
    tokens, real = padded("left", 4, 6)
    wanted = greedy(network, tokens, 6, real=real, cached=False)
    assert torch.equal(greedy(network, tokens, 6, real=real), wanted)


@every
def test_the_cache_grows_by_doubling(name):
    """75 words, one by one: room for 32, then 66, then 134; the logits stay equal."""
    network, tokens, cache = built(name, 2), torch.randint(WORDS, (2, 75)), Cache()
    rooms = []
    with torch.no_grad():
        for place in range(75):
            network(tokens[:, place : place + 1], cache=cache)
            rooms.append(max(stored.shape[3] for stored in cache.stored.values()))
    assert sorted(set(rooms)) == [32, 66, 134]
    assert (rooms.index(66), rooms.index(134)) == (32, 66)
    assert gap(network, tokens, list(range(1, 76))) < 1e-5


@every
@torch.no_grad()
def test_selected_sequences_go_on_as_if_read_alone(name):
    """After `select`, row i of the cache is the sequence that was named, also twice."""
    network, tokens, cache = built(name, 4), torch.randint(WORDS, (4, 7)), Cache()
    whole = network(tokens)
    network(tokens[:, :5], cache=cache)
    # An encoder-decoder's mask of the source stays in place: its sources must too.
    rows = torch.tensor([0, 1, 2, 3] if name in ("T5", "BART") else [2, 0, 2, 3])
    cache.select(rows)
    found, wanted = network(tokens[rows, 5:], cache=cache), whole[rows, 5:]
    assert float((found - wanted).abs().max() / whole.abs().max()) < 1e-5


class Forgetful(Cache):
    """Wrong on purpose: what was stored is lost when the room grows."""

    def extend(self, layer, key, value):
        end = self.length + key.shape[2]
        stored = self.stored.get(layer)
        if stored is not None and stored.shape[3] < end:
            stored.zero_()
        return super().extend(layer, key, value)


class Late(Cache):
    """Wrong on purpose: the newest key and value take the place of those before."""

    def extend(self, layer, key, value):
        keys, values = super().extend(layer, key, value)
        return keys.roll(1, dims=2), values


@positioned
def test_a_position_that_stands_still_is_noticed(name, part):
    """The guard itself: each new word read as if it were the first of its text."""
    network, tokens = built(name, 2), torch.randint(WORDS, (2, 8))
    stops = [4, *range(5, 9)]
    assert gap(network, tokens, stops) < 1e-5
    whole = network(tokens).detach()
    module = getattr(network, part)
    module.register_forward_pre_hook(lambda _, args: (args[0] - args[0][0], *args[1:]))
    found = in_pieces(network, tokens, stops)
    assert float((found - whole).abs().max() / whole.abs().max()) > 1e-2


@every
@pytest.mark.parametrize("wrong", [Forgetful, Late])
def test_a_wrong_cache_is_noticed(name, wrong):
    """The guard itself: keys lost or beside their values are far above the limit."""
    network, tokens = built(name, 2), torch.randint(WORDS, (2, 40))
    assert gap(network, tokens, list(range(1, 41)), cache=wrong()) > 1e-3


class Table:
    """A network that is a table: scores of the next word by the number of words read.

    It reads with a cache, of which it uses the length alone; calls are counted.
    """

    def __init__(self, scores: Tensor) -> None:
        self.scores, self.calls = scores, 0  # (T, V)

    def __call__(self, tokens, real=None, cache=None):
        past = cache.length if cache else 0
        if cache is not None:
            cache.length += tokens.shape[1]
        self.calls += 1
        return self.scores[past : past + tokens.shape[1]].expand(len(tokens), -1, -1)


@every
def test_greedy_is_the_limit_of_a_low_temperature(name):
    """At a temperature of 1e-6, and of 1e-300, sampling writes what greedy writes."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 2))
    wanted = greedy(network, tokens, 8)
    for temperature in (1e-6, 1e-300):
        dice = torch.Generator().manual_seed(0)
        found = sample(network, tokens, 8, dice, temperature=temperature)
        assert torch.equal(found, wanted)
    alone = sample(network, tokens, 8, torch.Generator().manual_seed(0), top_k=1)
    assert torch.equal(alone, wanted)


def kept_by_hand(
    scores: list[float], temperature: float, top_k: int | None, top_p: float | None
) -> tuple[list[float], float]:
    """The probabilities that top-k and then top-p leave, from the largest down.

    And how far p is from a sum of them: rounding decides where that is nothing.
    """
    ordered = sorted(scores, reverse=True)
    if top_k is not None and top_k < len(ordered):
        ordered = [score for score in ordered if score >= ordered[top_k - 1]]
    weights = [exp((score - ordered[0]) / temperature) for score in ordered]
    share, margin = [weight / fsum(weights) for weight in weights], 1.0
    if top_p is not None and top_p < 1:
        sums = [fsum(share[:count]) for count in range(1, len(share) + 1)]
        margin = min(abs(total - top_p) for total in sums)
        short = sum(total < top_p for total in sums[:-1])
        share = [part / sums[short] for part in share[: short + 1]]
    return share + [0.0] * (len(scores) - len(share)), margin


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    scores=st.lists(st.floats(-9, 9), min_size=1, max_size=9),
    temperature=st.floats(0.2, 5),
    top_k=st.none() | st.integers(1, 11),
    top_p=st.none() | st.floats(0.01, 1),
)
def test_filters_equal_those_by_hand(scores, temperature, top_k, top_p):
    """Top-k and top-p keep the likeliest, as few as suffice, in their proportions."""
    given_scores = torch.tensor([scores], dtype=torch.float64)
    found = filtered(given_scores, temperature, top_k, top_p).softmax(dim=-1)[0]
    wanted, margin = kept_by_hand(scores, temperature, top_k, top_p)
    assume(margin > 1e-9)
    largest_first = found.sort(descending=True).values.tolist()
    assert largest_first == pytest.approx(wanted, abs=1e-9)
    kept = found > 0
    if not bool(kept.all()):
        assert float(given_scores[0, kept].min()) >= float(given_scores[0, ~kept].max())


def test_a_top_p_of_one_keeps_every_word():
    """Rounding never drops the unlikely words when all are asked for."""
    scores = torch.linspace(0, -30, 50_000)[None]
    assert bool(filtered(scores, top_p=1.0).isfinite().all())


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
    """200,000 draws: each word at its filtered share, within five standard errors."""
    scores = torch.tensor([[2.0, 1.5, 0.3, 0.0, -1.0, -2.5]])
    prompt, dice = torch.zeros(200_000, 1, dtype=torch.long), torch.Generator()
    drawn = sample(Table(scores), prompt, 1, dice.manual_seed(0), **options)[:, 1]
    wanted, _ = kept_by_hand(
        scores[0].tolist(),
        options.get("temperature", 1.0),
        options.get("top_k"),
        options.get("top_p"),
    )
    for word, share in enumerate(wanted):
        hits = drawn == word
        assert errors(hits, share) < LIMIT if share else not bool(hits.any())


def tiny(words: int, seed: int = 0) -> torch.nn.Module:
    """A GPT over a vocabulary small enough to try out every text."""
    torch.manual_seed(seed)
    shape = {"vocabulary": words, "width": 16, "layers": 1, "heads": 2}
    return sharp(gpt.GPT(gpt.Config(**shape, positions=8))).double()


@torch.no_grad()
def ratings(
    network: Callable, prompt: Tensor, steps: int, eos: int | None, penalty: float
) -> dict[tuple[int, ...], float]:
    """Every continuation of one prompt, with its score, each from a pass of its own."""
    found = {}
    words = network(prompt).shape[-1]
    for text in product(range(words), repeat=steps):
        if eos in text:
            text = text[: text.index(eos) + 1]
        if text in found:
            continue
        whole = torch.cat([prompt, torch.tensor([text])], dim=1)
        log_p = network(whole)[0, prompt.shape[1] - 1 : -1].log_softmax(dim=-1)
        total = float(log_p[range(len(text)), list(text)].sum())
        found[text] = total / len(text) ** penalty
    return found


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("eos", [None, 1])
def test_a_wide_beam_finds_the_best_text(eos, penalty):
    """With as many beams as texts, the result is the best of all, tried one by one."""
    steps, words = 4, 3
    for seed in range(3):
        network = tiny(words, seed)
        prompts = torch.tensor([[0, 2], [2, 2]])
        found = beam(
            network, prompts, steps, words**steps, eos, pad=0, length_penalty=penalty
        )
        for row, prompt in zip(found[:, 2:].tolist(), prompts, strict=True):
            rated = ratings(network, prompt[None], steps, eos, penalty)
            best = max(rated, key=rated.get)
            assert row == [*best, *[0] * (len(row) - len(best))]


def test_a_narrow_beam_can_miss_the_best_text():
    """The guard itself: one beam does not always find what many find."""
    missed = 0
    for seed in range(20):
        network, prompt = tiny(3, seed), torch.tensor([[0]])
        wide, narrow = (beam(network, prompt, 4, beams) for beams in (81, 1))
        missed += not torch.equal(wide, narrow)
    assert missed > 0


@every
@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
def test_one_beam_is_greedy(name, penalty):
    """Without an end symbol all texts are equally long: the penalty changes nothing."""
    network, tokens = built(name, 3), torch.randint(WORDS, (3, 3))
    found = beam(network, tokens, 7, beams=1, length_penalty=penalty)
    assert torch.equal(found, greedy(network, tokens, 7))


def test_a_beam_whose_cache_is_not_selected_is_noticed(monkeypatch):
    """The guard itself: with the keys of other beams the best text is missed."""
    networks, prompt = [tiny(3, seed) for seed in range(20)], torch.tensor([[0, 2]])
    right = [beam(network, prompt, 6, 3) for network in networks]

    def only_once(cache: Cache, rows: Tensor) -> None:  # to as many rows as beams
        for layer, stored in cache.stored.items():
            if stored.shape[1] != len(rows):
                cache.stored[layer] = stored.index_select(1, rows)

    monkeypatch.setattr(Cache, "select", only_once)
    wrong = [beam(network, prompt, 6, 3) for network in networks]
    assert any(not torch.equal(*both) for both in zip(right, wrong, strict=True))


def test_a_text_ends_with_its_end_symbol():
    """After `eos` there is only padding, and the network is asked no more."""
    scores = torch.zeros(6, 4)
    scores[[0, 1, 2], [3, 2, 1]] = 5.0
    network = Table(scores)
    found = greedy(network, torch.zeros(2, 1, dtype=torch.long), 5, eos=2, pad=0)
    assert found.tolist() == [[0, 3, 2]] * 2
    assert network.calls == 2


def test_with_a_cache_each_word_is_read_once():
    """A prompt of 3 and 4 steps: the network reads 3 + 1 + 1 + 1 words, not 3 to 6."""
    read = []

    def network(tokens, real=None, cache=None):
        read.append(tokens.shape[1])
        return torch.zeros(len(tokens), tokens.shape[1], 5)

    prompt = torch.zeros(2, 3, dtype=torch.long)
    greedy(network, prompt, 4)
    greedy(network, prompt, 4, cached=False)
    assert read == [3, 1, 1, 1, 3, 4, 5, 6]


PROMPT = torch.zeros(1, 1, dtype=torch.long)
FLAT = Table(torch.zeros(9, 5))
DICE = torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: greedy(FLAT, PROMPT, -1), "steps must not be negative: -1"),
        (lambda: sample(FLAT, PROMPT, -2, DICE), "steps must not be negative: -2"),
        (lambda: beam(FLAT, PROMPT, -3, 2), "steps must not be negative: -3"),
        (lambda: beam(FLAT, PROMPT, 1, 0), "beams must be at least 1: 0"),
        (
            lambda: sample(FLAT, PROMPT, 1, DICE, temperature=0.0),
            "temperature must be positive .*: 0.0",
        ),
        (
            lambda: sample(FLAT, PROMPT, 1, DICE, temperature=-1.0),
            "temperature must be positive .*: -1.0",
        ),
        (
            lambda: filtered(torch.zeros(1, 5), temperature=float("nan")),
            "temperature must be positive .*: nan",
        ),
        (
            lambda: filtered(torch.zeros(1, 5), temperature=float("inf")),
            "temperature must be positive .*: inf",
        ),
        (lambda: sample(FLAT, PROMPT, 1, DICE, top_k=0), "top_k .* at least 1: 0"),
        (lambda: sample(FLAT, PROMPT, 1, DICE, top_p=0.0), "top_p .* up to 1: 0.0"),
        (lambda: sample(FLAT, PROMPT, 1, DICE, top_p=1.5), "top_p .* up to 1: 1.5"),
        (
            lambda: filtered(torch.zeros(1, 5), top_p=float("nan")),
            "top_p .* up to 1: nan",
        ),
    ],
)
def test_bad_settings_are_refused(call, message):
    """One line that names the argument and its value."""
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_refused(value):
    """A network of NaN writes nothing, by any search."""
    broken = Table(torch.full((9, 5), value))
    for search in (
        lambda: greedy(broken, PROMPT, 1),
        lambda: sample(broken, PROMPT, 1, DICE),
        lambda: beam(broken, PROMPT, 1, 2),
        lambda: extend(broken, PROMPT, 1, lambda scores: scores.argmax(dim=-1)),
    ):
        with pytest.raises(ValueError, match="next word's scores is not finite"):
            search()
