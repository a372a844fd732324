"""Results and network calls of fill, mask-predict, Gibbs sampling and infilling."""

from itertools import permutations, product

import pytest
import torch
from torch import Tensor

from paradigms.data.special_tokens import SpecialTokens
from paradigms.generation.decoding import Sampling
from paradigms.generation.mask_filling import fill, gibbs, infill, mask_predict
from paradigms.models.bert import BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import Gap, cross_entropy, fill_in_the_middle, next_token
from tests.objectives.rates import LIMIT, errors

pytestmark = pytest.mark.usefixtures("one_thread")
MASK, FIRST = SpecialTokens().mask, SpecialTokens().first_word
BLANK = torch.full((1, 3), MASK)


class Joint:
    """The true conditionals of a distribution over texts of three binary words.

    For a pattern of words and [MASK]: at every position, the log-probabilities given
    the other visible words. More than `most` masks fail; calls are counted.
    """

    def __init__(self, p: Tensor, most: int = 3) -> None:
        self.p, self.most, self.calls = p / p.sum(), most, 0  # (2, 2, 2)
        self.table = torch.zeros(6, 6, 6, 3, 6, dtype=torch.float64)
        for pattern in product((MASK, FIRST, FIRST + 1), repeat=3):
            consistent = self.p.clone()
            for place, word in enumerate(pattern):
                if word != MASK:
                    consistent.select(place, 1 - (word - FIRST)).zero_()
            for place in range(3):
                marginal = consistent.sum(
                    [other for other in range(3) if other != place]
                )
                self.table[pattern][place, FIRST:] = (marginal + 1e-300).log()

    def __call__(self, tokens: Tensor, **_: Tensor | None) -> Tensor:
        assert int((tokens == MASK).sum(dim=1).max()) <= self.most
        self.calls += 1
        return self.table[tokens.unbind(dim=1)]


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def random_joint(most: int = 3) -> Joint:
    """A random joint: all positions dependent, but chains mix fast."""
    scores = torch.randn(2, 2, 2, dtype=torch.float64, generator=seeded_rng())
    return Joint(scores.exp(), most)


def contrary_joint() -> Joint:
    """The likeliest text is 1 1 1, but the marginally likeliest third word is 0."""
    p = torch.zeros(2, 2, 2, dtype=torch.float64)
    p[1, 1, 1], p[0, 1, 0], p[1, 0, 0] = 0.36, 0.32, 0.32
    return Joint(p)


def test_a_single_blank_gets_its_likeliest_word():
    """By brute force over all texts and positions, with one call for all texts."""
    network = random_joint()
    texts = torch.tensor(list(product((FIRST, FIRST + 1), repeat=3)))
    for place in range(3):
        blank = texts.clone()
        blank[:, place] = MASK
        result = fill(network, blank)
        for row in result.tolist():
            alternative = list(row)
            alternative[place] = 2 * FIRST + 1 - row[place]
            p_row, p_alternative = (
                network.p[tuple(w - FIRST for w in t)] for t in (row, alternative)
            )
            assert p_row >= p_alternative
    assert network.calls == 3


def test_blanks_filled_each_alone_need_not_fit():
    """Three masks filled at once give 1 1 0, a text of probability 0."""
    network = contrary_joint()
    result = fill(network, BLANK)[0].tolist()
    assert result == [FIRST + 1, FIRST + 1, FIRST]
    assert network.p[1, 1, 0] == 0


def test_mask_predict_repairs_what_one_step_gets_wrong():
    """With as many steps as words it finds the best text; with one it equals `fill`."""
    network = contrary_joint()
    assert torch.equal(mask_predict(network, BLANK, 1), fill(network, BLANK))
    network.calls = 0
    assert mask_predict(network, BLANK, 3).tolist() == [[FIRST + 1] * 3]
    assert network.calls == 3


def test_mask_predict_finds_the_best_of_independent_words():
    """For independent words it finds the likeliest text in any number of steps."""
    parts = torch.rand(3, 2, dtype=torch.float64, generator=seeded_rng())
    network = Joint(torch.einsum("i,j,k->ijk", *parts))
    best = [(parts.argmax(dim=1) + FIRST).tolist()]
    for steps in range(1, 6):
        network.calls = 0
        assert mask_predict(network, BLANK, steps).tolist() == best
        # Of three words none is masked again once the rate is below a third.
        assert network.calls == sum(3 * (steps - t) // steps > 0 for t in range(steps))


def test_mask_predict_leaves_given_words_and_fills_every_blank():
    """Rows with 0 to 3 masks: visible words stay, and no mask is left."""
    network = random_joint()
    tokens = torch.tensor([[4, 5, 4], [MASK, 5, 4], [MASK, 4, MASK], [MASK] * 3])
    for steps in (1, 2, 3, 4):
        result = mask_predict(network, tokens, steps)
        assert (result >= FIRST).all()
        assert torch.equal(result[tokens != MASK], tokens[tokens != MASK])
    network.calls = 0
    assert torch.equal(mask_predict(network, tokens[:1], 4), tokens[:1])
    assert network.calls == 0


def sweep_matrix(p: Tensor) -> Tensor:
    """The transition matrix of one Gibbs sweep, averaged over the six orders."""
    flat = p.flatten()
    steps = []
    for place in range(3):
        step = torch.zeros(8, 8, dtype=p.dtype)
        for start, end in product(range(8), repeat=2):
            bit = 4 >> place
            if start | bit == end | bit:  # all other words are the same
                step[start, end] = flat[end] / (flat[start | bit] + flat[start & ~bit])
        steps.append(step)
    return sum(steps[a] @ steps[b] @ steps[c] for a, b, c in permutations(range(3))) / 6


def test_gibbs_ends_up_at_the_joint():
    """20,000 chains from the least likely text follow the joint after 30 sweeps.

    Each text within five standard errors. The network refuses two masks: only the full
    conditionals, of one word given all others, are used.
    """
    network, sweeps = random_joint(most=1), 30
    p = network.p
    worst_index = int(p.argmin())
    sweep = sweep_matrix(p)
    assert torch.allclose(p.flatten() @ sweep, p.flatten(), atol=1e-12)
    distribution = torch.linalg.matrix_power(sweep, sweeps)[worst_index]
    assert float((distribution - p.flatten()).abs().max()) < 1e-5  # enough sweeps
    worst = torch.tensor([worst_index // 4, worst_index // 2 % 2, worst_index % 2])
    start = worst.expand(20_000, -1) + FIRST
    samples = gibbs(network, start, torch.ones_like(start).bool(), sweeps, seeded_rng())
    assert network.calls == 3 * sweeps
    for text in product(range(2), repeat=3):
        hits = (samples - FIRST == torch.tensor(text)).all(dim=1)
        assert errors(hits, float(p[text])) < LIMIT


def test_one_sweep_is_not_enough():
    """Negative control: after one sweep from one text the rates are not the joint's.

    They are those of the transition matrix of one sweep.
    """
    network = random_joint()
    start = torch.full((80_000, 3), FIRST)
    samples = (
        gibbs(network, start, torch.ones_like(start).bool(), 1, seeded_rng()) - FIRST
    )
    expected, deviation = sweep_matrix(network.p)[0], 0.0
    for text in product(range(2), repeat=3):
        hits = (samples == torch.tensor(text)).all(dim=1)
        index = 4 * text[0] + 2 * text[1] + text[2]
        assert errors(hits, float(expected[index])) < LIMIT
        deviation = max(deviation, errors(hits, float(network.p[text])))
    assert deviation > LIMIT


def test_gibbs_draws_only_where_it_is_free():
    """Rows with 0 to 2 free positions: the rest stays, one sweep fills all masks."""
    network = random_joint()
    tokens = torch.tensor([[4, 5, 4], [MASK, 5, 4], [MASK, 4, MASK]])
    samples = gibbs(network, tokens, tokens == MASK, 1, seeded_rng())
    assert (samples >= FIRST).all()
    assert torch.equal(samples[tokens != MASK], tokens[tokens != MASK])
    assert network.calls == 2
    assert torch.equal(gibbs(network, tokens, tokens == MASK, 0, seeded_rng()), tokens)


def test_a_bert_fills_only_with_words():
    """A random encoder on a padded batch: all three methods fill masks with words."""
    torch.manual_seed(0)
    shape = {"vocabulary": 12, "positions": 9, "width": 8, "layers": 1, "heads": 2}
    network = BERT(EncoderConfig(**shape, hidden=16))
    tokens = torch.tensor([[1, MASK, 6, MASK, 2], [1, 7, MASK, 2, 0]])
    real, blank = tokens != 0, tokens == MASK
    for texts in (
        fill(network, tokens, real=real),
        mask_predict(network, tokens, 2, real=real),
        gibbs(network, tokens, blank, 2, seeded_rng(), real=real),
    ):
        assert (texts[blank] >= FIRST).all()
        assert torch.equal(texts[~blank], tokens[~blank])


GAP = Gap(prefix=4, suffix=5, middle=6)
LETTERS = SpecialTokens(first_word=7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: mask_predict(n, BLANK, 0), "steps must be at least 1: 0"),
        (
            lambda n: gibbs(n, BLANK, BLANK > 0, -1, seeded_rng()),
            "sweeps must not be negative: -1",
        ),
        (
            lambda n: gibbs(n, BLANK, BLANK, 1, seeded_rng()),
            r"free must be boolean of shape \(1, 3\): got torch.int64",
        ),
        (
            lambda n: gibbs(n, BLANK, BLANK[:, :2] > 0, 1, seeded_rng()),
            r"free must be .* got torch.bool of shape \(1, 2\)",
        ),
        (
            lambda n: gibbs(n, torch.tensor([[3, 0, 3]]), BLANK > 0, 1, seeded_rng()),
            "free must leave special tokens alone: row 0, 1",
        ),
        (
            lambda n: infill(n, [7, 4], [8], GAP, 1, LETTERS),
            r"none of \[2, 4, 5, 6\]: \[7, 4\], \[8\]",
        ),
        (
            lambda _: fill(lambda *_, **__: torch.full((1, 3, 6), torch.nan), BLANK),
            "scores hold NaN",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    """The error names the argument, its value and what was expected."""
    with pytest.raises(ValueError, match=message):
        call(random_joint())


def counted(start: int, length: int) -> list[int]:
    """A text that counts up cyclically: 7 to 14, then 7 again."""
    return [7 + (start + i) % 8 for i in range(length)]


def trained() -> GPT:
    """A GPT after 200 steps of fill-in-the-middle training."""
    torch.manual_seed(0)
    network, rng = GPT(GPTConfig(15, 14, width=32, layers=2, heads=2)), seeded_rng()
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(200):
        texts = []
        for start in torch.randint(8, (48,), generator=rng).tolist():
            text = fill_in_the_middle(
                counted(start, 6), GAP, rng, rate=1.0, specials=LETTERS
            )
            texts.append(text)  # equal lengths: six words and four special tokens
        inputs, targets = next_token(torch.tensor(texts), LETTERS)
        optimiser.zero_grad()
        cross_entropy(network(inputs), targets).backward()
        optimiser.step()
    return network


def test_a_gpt_fills_the_gap_from_both_sides():
    """Trained on counting, it writes as many words as fit between the two sides.

    Only the suffix tells where the middle must stop.
    """
    network = trained()

    def after_bos(tokens, cache=None, **_):
        if cache.length:
            return network(tokens, cache=cache)
        start = torch.full_like(tokens[:, :1], LETTERS.bos)
        return network(torch.cat([start, tokens], dim=1), cache=cache)

    correct = total = 0
    for start, first, last in product(range(8), range(1, 4), range(4, 6)):
        text = counted(start, 6)
        result = infill(after_bos, text[:first], text[last:], GAP, 7, LETTERS)
        correct, total = correct + (result == text), total + 1
        strategy = Sampling(seeded_rng(), top_k=1)
        top_1 = infill(after_bos, text[:first], text[last:], GAP, 7, LETTERS, strategy)
        assert top_1 == result
    assert correct / total > 0.9


def test_infill_asks_once_for_each_word():
    """For a network that outputs 9 9 EOS: three calls, and the words fill the gap."""
    answers, calls = [9, 9, LETTERS.eos], []

    def network(tokens, **_):
        scores = torch.zeros(1, tokens.shape[1], 15)
        scores[..., answers[len(calls)]] = 1.0
        calls.append(tokens.shape[1])
        return scores

    assert infill(network, [7, 8], [10], GAP, 5, LETTERS) == [7, 8, 9, 9, 10]
    assert calls == [6, 1, 1]
    calls.clear()
    assert infill(network, [7, 8], [10], GAP, 1, LETTERS) == [7, 8, 9, 10]
