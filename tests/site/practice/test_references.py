"""Solutions of whiteboard tasks give what our networks and objectives give."""

import math
import random
from types import SimpleNamespace

import pytest
import torch

from paradigms import masks
from paradigms.data.bag_of_words import Table
from paradigms.experiments.records import load
from paradigms.generation.beam_search import beam_search
from paradigms.generation.decoding import Sampling, warp_logits
from paradigms.layers.attention import attend
from paradigms.layers.blocks import RMSNorm
from paradigms.layers.distributions import Gaussian, standard
from paradigms.layers.positions import Rotary, rotate
from paradigms.models.diffusion import Diffusion
from paradigms.models.inference.prior_shift import em_class_prior
from paradigms.models.llama import SIZES, LLaMA
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.objectives.autoregressive import Gap, fill_in_the_middle, restore_middle
from paradigms.objectives.generative import elbo, game_value, generator_loss
from paradigms.objectives.losses import cross_entropy
from paradigms.objectives.masked import masked_token
from paradigms.objectives.spans import restore_spans, span_corruption
from paradigms.site.content.whiteboard import task

pytestmark = pytest.mark.usefixtures("one_thread")


def solution(name: str) -> SimpleNamespace:
    """The functions of a task's solution."""
    scope: dict[str, object] = {}
    exec(compile(task(name).solution, name, "exec"), scope)
    return SimpleNamespace(**scope)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal numbers in double precision."""
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.double, generator=rng)


def assert_equal(got: object, expected: torch.Tensor) -> None:
    """Within rounding of double precision."""
    torch.testing.assert_close(
        torch.as_tensor(got, dtype=torch.double), expected.double(),
        rtol=1e-9, atol=1e-9,
    )  # fmt: skip


def test_masks():
    """Causal with a cache, windows with sinks, prefixes, padding on the right."""
    for size in range(1, 9):
        causal = masks.grid(masks.causal, size)
        assert solution("causal-mask").causal_mask(size, size) == causal
        assert solution("causal-mask").causal_mask(1, size) == causal[-1:]
        for part in range(1, size + 1):
            rule = masks.causal & masks.sliding_window(part)
            window = solution("sliding-window-mask").window_mask
            assert window(size, part) == masks.grid(rule, size)
            sinks = rule | masks.causal & masks.padding(part)
            assert window(size, part, part) == masks.grid(sinks, size)
            prefix = solution("prefix-mask").packed_prefix_mask
            assert prefix([(part, size)]) == masks.grid(masks.prefix_lm(part), size)
            packed = masks.packed(part, size) & masks.causal
            assert prefix([(0, part), (0, size)]) == masks.grid(packed, part + size)
            real = masks.causal & masks.padding(part)
            (padded, _) = solution("padding-mask").padded_masks([part, size], "right")
            assert padded[:part] == masks.grid(real, part, size)


def test_masked_attention():
    """Also a row in which nothing is visible."""
    scores, visible = numbers(5, 7), numbers(5, 7, seed=1) > 0
    visible[2] = False
    softmax = solution("masked-softmax").masked_softmax
    weights = softmax(scores.tolist(), visible.tolist())
    expected = attend(
        scores, torch.eye(7).double(), torch.eye(7).double(), visible, scale=1.0
    )
    assert_equal(weights, expected)


def test_attention_with_a_cache():
    """Four heads, two of keys, six tokens, one after the other."""
    query, key, value = numbers(6, 4, 3), numbers(6, 2, 3), numbers(6, 2, 3, seed=2)
    cache: dict[str, list] = {"keys": [], "values": []}
    step = solution("cached-attention").decode_step
    outputs = [
        step(q, k, v, cache)
        for q, k, v in zip(query.tolist(), key.tolist(), value.tolist(), strict=True)
    ]
    heads = [x.transpose(0, 1) for x in (query, key, value)]
    grouped = [x.repeat_interleave(2, dim=0) for x in heads[1:]]
    causal = torch.ones(6, 6, dtype=torch.bool).tril()
    assert_equal(outputs, attend(heads[0], *grouped, causal).transpose(0, 1))


def test_rotary_positions():
    """Pairs, angles and direction of the site's LLaMA, within single precision."""
    x = numbers(1, 1, 9, 8)
    expected = rotate(x, Rotary(8)(torch.arange(9), x))[0, 0]
    got = [
        solution("rotary-positions").rotate(row, position)
        for position, row in enumerate(x[0, 0].tolist())
    ]
    torch.testing.assert_close(
        torch.tensor(got).double(), expected, rtol=1e-5, atol=1e-5
    )


def test_rms_norm():
    """With its weight and epsilon."""
    norm, x = RMSNorm(8).double(), numbers(8)
    norm.weight.data = numbers(8, seed=3)
    got = solution("rms-norm").rms_norm(x.tolist(), norm.weight.tolist())
    assert_equal(got, norm(x).detach())


def test_shares_of_masked_tokens():
    """Both draw their own numbers; the shares agree within a point."""
    tokens = torch.randint(4, 500, (1, 20_000), generator=torch.Generator())
    inputs, targets = masked_token(tokens, 500, torch.Generator())
    row = tokens[0].tolist()
    ours = solution("mask-80-10-10").mask_tokens(row, 500, random.Random(0))
    shares = [
        [
            sum(target != -100 for target in wanted) / len(row),
            shown.count(3) / len(row),
            sum(a != b for a, b in zip(shown, row, strict=True)) / len(row),
        ]
        for shown, wanted in (ours, (inputs[0].tolist(), targets[0].tolist()))
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_span_corruption(seed):
    """The spans that the objective has drawn, corrupted again and restored."""
    tokens, sentinels = list(range(10, 40)), list(range(99, 89, -1))
    rng = torch.Generator().manual_seed(seed)
    source, target = span_corruption(tokens, sentinels, rng, rate=0.3)
    hidden = [token - 10 for token in target if token < 90]
    spans = [(position, 1) for position in reversed(hidden)]
    task_of = solution("span-corruption")
    assert task_of.corrupt(tokens, spans, sentinels) == (source, target)
    assert task_of.restore(source, target, sentinels) == tokens
    assert restore_spans(source, target, sentinels) == tokens


@pytest.mark.parametrize("seed", range(8))
def test_fill_in_the_middle(seed):
    """The cuts that the objective has drawn, in both orders."""
    document, gap = list(range(5, 15)), Gap(90, 91, 92)
    for spm in (False, True):
        rng = torch.Generator().manual_seed(seed)
        expected = fill_in_the_middle(document, gap, rng, 1.0, float(spm))
        suffix = expected.index(92) - expected.index(91) - 1
        start, stop = expected.index(91) - 1, len(document) - suffix
        got = solution("fill-in-the-middle").rearrange(document, start, stop, spm)
        assert got == expected
        assert solution("fill-in-the-middle").restore(got) == document
        assert restore_middle(got, gap) == document


def test_next_token_loss():
    """A padded batch; the last logits predict nothing."""
    logits, tokens = numbers(3, 6, 8), torch.randint(1, 8, (3, 6))
    tokens[1, 4:] = 0
    targets = tokens[:, 1:].masked_fill(tokens[:, 1:] == 0, -100)
    expected = cross_entropy(logits[:, :-1], targets)
    got = solution("next-token-loss").next_token_loss(logits.tolist(), tokens.tolist())
    assert_equal(got, expected)


def test_temperature_top_k_and_top_p():
    """Filtered probabilities, and the shares of samples."""
    for seed in range(5):
        logits = numbers(12, seed=seed) * 3
        for k in (1, 3, 12, 50):
            expected = warp_logits(logits[None], top_k=k).softmax(dim=-1)[0]
            assert_equal(solution("top-k").top_k(logits.tolist(), k), expected)
        for p in (0.1, 0.5, 0.9, 1.0):
            expected = warp_logits(logits[None], top_p=p).softmax(dim=-1)[0]
            assert_equal(solution("top-p").top_p(logits.tolist(), p), expected)
    draws = [(i + 0.5) / 2000 for i in range(2000)]
    sample = solution("temperature-sampling").sample
    ours = [sample(logits.tolist(), 2.0, draw) for draw in draws]
    strategy = Sampling(torch.Generator().manual_seed(0), temperature=2.0)
    theirs = strategy(logits.expand(2000, -1)).tolist()
    for token in range(12):
        assert ours.count(token) / 2000 == pytest.approx(
            theirs.count(token) / 2000, abs=0.03
        )


@pytest.mark.parametrize("seed", range(5))
def test_beam_search(seed):
    """A table of next tokens; all beams are kept alike when none can end."""
    table = numbers(6, 6, seed=seed).log_softmax(dim=-1)

    def network(tokens, **_):
        return table[tokens]

    expected = beam_search(network, torch.tensor([[0]]), steps=4, beams=3)[0, 1:]
    got = solution("beam-search").beam_search(
        lambda tokens: table[tokens[-1] if tokens else 0].tolist(), 3, 4, eos=-1
    )
    assert got == expected.tolist()


def test_naive_bayes():
    """On random counts, with another smoothing than one."""
    rng = random.Random(0)
    words = "abcdefgh"
    documents = [rng.choices(words, k=6) for _ in range(12)]
    labels = [i % 3 for i in range(12)]
    counts = torch.tensor(
        [[float(document.count(word)) for word in words] for document in documents]
    ).double()
    model = MultinomialNaiveBayes(3, smoothing=0.5).fit(counts, torch.tensor(labels))
    fitted = solution("naive-bayes").fit(documents, labels, 0.5)
    expected = model.log_joint(counts).log_softmax(dim=1)
    for document, row in zip(documents, expected, strict=True):
        got = solution("naive-bayes").log_posterior(fitted, document)
        assert_equal([got[label] for label in range(3)], row)


def test_gradient_of_logistic_regression():
    """That of the softmax over two classes, of which one has weights of zero."""
    x, y = numbers(9, 4), torch.arange(9) % 2
    weights, bias = numbers(4, seed=4), 0.3
    model = LogisticRegression(penalty=0.0)
    model.weights = torch.stack([torch.zeros(4).double(), weights], dim=1)
    model.bias = torch.tensor([0.0, bias], dtype=torch.double)
    member = torch.nn.functional.one_hot(y, 2).double()
    loss = model.loss_and_gradient(Table.of(x), member)
    got = solution("logistic-gradient").loss_and_gradient(
        weights.tolist(), bias, x.tolist(), y.tolist()
    )
    assert_equal(got[0], loss)
    assert_equal(got[1], model.weights.grad[:, 1])
    assert_equal(got[2], model.bias.grad[1])


def test_hinge_step():
    """Against the gradient by torch, off the margin."""
    x, y = numbers(9, 4), torch.where(torch.arange(9) % 2 == 0, 1, -1)
    weights, bias = numbers(4, seed=5).requires_grad_(), torch.tensor(0.2).double()
    bias.requires_grad_()
    loss = (1 - y * (x @ weights + bias)).clamp(min=0).mean()
    (loss + 0.3 / 2 * weights.square().sum()).backward()
    got = solution("hinge-step").hinge_step(
        weights.tolist(), bias.item(), x.tolist(), y.tolist(), 0.1, 0.3
    )
    assert_equal(got[0], (weights - 0.1 * weights.grad).detach())
    assert_equal(got[1], (bias - 0.1 * bias.grad).detach())


def test_new_priors():
    """EM for the shares of the classes."""
    logits, prior = numbers(50, 3), torch.tensor([0.5, 0.3, 0.2]).double()
    expected = em_class_prior(logits, prior.log(), steps=500).exp()
    rows = logits.softmax(dim=1).tolist()
    got = solution("new-priors").estimate(rows, prior.tolist(), 500)
    torch.testing.assert_close(
        torch.tensor(got).double(), expected, rtol=1e-4, atol=1e-4
    )


def test_gaussians():
    """KL of two Gaussians, and of one from the prior."""
    mean, log_variance = numbers(5), numbers(5, seed=6)
    other = Gaussian(numbers(5, seed=7), numbers(5, seed=8).exp())
    kl = solution("gaussian-kl").gaussian_kl
    gaussian = Gaussian(mean, log_variance.exp())
    arguments = (mean.tolist(), log_variance.tolist())
    others = (other.mean.tolist(), other.variance.log().tolist())
    assert_equal(kl(*arguments, *others), gaussian.kl(other))
    assert_equal(kl(*arguments), gaussian.kl(standard(mean)))


def test_elbo():
    """The divergence is that of the objective; its decoder is Gaussian, ours is not."""
    mean, log_variance = numbers(3), numbers(3, seed=9)
    x, logits = (numbers(6) > 0).double(), numbers(4, 6, seed=10)

    def network(_x, _noise):
        q = Gaussian(mean[None], log_variance.exp()[None])
        return q, Gaussian(torch.zeros(1, 6).double(), torch.ones(1, 6).double())

    noise = torch.zeros(1, 3).double()
    gaussian_fit = standard(x).log_density(x)
    divergence = gaussian_fit - elbo(network, x[None], noise)[0]
    likelihood = torch.distributions.Bernoulli(logits=logits)
    expected = likelihood.log_prob(x.expand(4, 6)).sum(dim=1).mean() - divergence
    got = solution("elbo").elbo(
        x.tolist(), logits.tolist(), mean.tolist(), log_variance.tolist()
    )
    assert_equal(got, expected)


def test_forward_noising():
    """At every time of a chain."""
    betas = torch.linspace(0.1, 0.5, 4).double()
    chain, x0, noise = Diffusion(betas), numbers(1, 5), numbers(1, 5, seed=11)
    for t in range(1, 5):
        time = torch.tensor([t])
        x = chain.q_sample(x0, time, noise)
        arguments = (t, noise[0].tolist(), betas.tolist())
        functions = solution("forward-noising")
        assert_equal(functions.noised(x0[0].tolist(), *arguments), x[0])
        expected = chain.predict_x0(x, noise, time)[0]
        assert_equal(functions.recovered(x[0].tolist(), *arguments), expected)


def test_gan_losses():
    """The value of the game with its sign changed, and both forms of the generator."""
    real, fake = numbers(5) * 9, numbers(7, seed=12) * 9
    losses = solution("gan-losses")
    assert_equal(
        losses.discriminator_loss(real.tolist(), fake.tolist()), -game_value(real, fake)
    )
    for form in (False, True):
        expected = generator_loss(fake, form)
        assert_equal(losses.generator_loss(fake.tolist(), form), expected)


@pytest.mark.parametrize("name", SIZES)
def test_counts_of_parameters(name):
    """The published sizes, as our networks have them."""
    config = SIZES[name]
    with torch.device("meta"):
        network = LLaMA(config)
    expected = sum(parameter.numel() for parameter in network.parameters())
    got = solution("count-parameters").parameters(
        config.vocabulary,
        config.width,
        config.layers,
        config.heads,
        config.hidden,
        config.kv_heads,
    )
    assert got == expected


def test_bytes_of_the_cache():
    """As they were recorded for published networks."""
    rows = {row["name"]: row for row in load("published_cache_sizes").rows}
    count = solution("kv-cache-bytes").cache_bytes
    for name, heads in (("LLaMA 7B", 32), ("Llama 3 8B", 8)):
        row = rows[name]
        assert count(32, heads, 128, row["tokens"]) / 1e6 == pytest.approx(
            row["MB of cache"]
        )


def test_log_sum_exp():
    """Against torch, on numbers far apart."""
    values = numbers(50) * 300
    got = solution("log-sum-exp").log_sum_exp(values.tolist())
    assert_equal(got, values.logsumexp(dim=0))
    merged = solution("log-sum-exp").merge(3.0, -math.inf)
    assert_equal(merged, torch.logaddexp(torch.tensor(3.0), torch.tensor(-math.inf)))


def test_pseudo_log_likelihood():
    """A table of neighbours, scored in one batch with one word masked in each row."""
    table = numbers(9, 9)

    def logits(tokens):
        left = torch.nn.functional.pad(tokens, (1, 0))[..., :-1]
        right = torch.nn.functional.pad(tokens, (0, 1))[..., 1:]
        return (table[left] + table[right] + 5 * table[tokens]).log_softmax(dim=-1)

    words = [5, 8, 4, 6]
    text = torch.tensor([1, *words, 2])
    batch = text.repeat(4, 1)
    places = torch.arange(1, 5)
    batch[torch.arange(4), places] = 3
    expected = logits(batch)[torch.arange(4), places, text[places]].sum()
    got = solution("pseudo-log-likelihood").pseudo_log_likelihood(
        text.tolist(), lambda tokens: logits(torch.tensor(tokens)).tolist()
    )
    assert_equal(got, expected)
