"""What each piece of whiteboard code must do, compared with ours or a reference.

A function for each question with code, by its id with underscores.  It gets what the
code defines, and what it prints as `printed`.
"""

from itertools import pairwise, product
from math import log, prod
from types import SimpleNamespace as Board

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.testing import assert_close
from transformers import BertConfig, BertModel

from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.calibration import expected_calibration_error
from paradigms.evaluation.receptive_field import sequence_log_prob
from paradigms.layers import Cache, dense_mask, rotate
from paradigms.masks import Rule, bidirectional, causal, cross, grid, padding
from paradigms.models.diffusion import Diffusion
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.models.gan import Generator
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.models.llama import LLaMA, LLaMAConfig
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.models.vae import VAE
from paradigms.objectives import autoregressive
from paradigms.objectives.losses import cross_entropy


def comments(board: Board) -> list[str]:
    """The lines of comment outside functions: what the code prints."""
    return [line[2:] for line in board.source.splitlines() if line.startswith("# ")]


def tiny(vocabulary: int, seed: int = 0) -> GPT:
    """A GPT of two layers with weights that are not small."""
    torch.manual_seed(seed)
    shape = {"positions": 9, "width": 8, "layers": 2, "heads": 2}
    network = GPT(GPTConfig(vocabulary=vocabulary, **shape)).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.9)
    return network.requires_grad_(requires_grad=False)


def masks_leak_test(board: Board) -> None:
    """A causal GPT does not leak, with BERT's mask or one late word it does."""
    network, tokens = tiny(9), torch.tensor([8, 5, 6, 7, 8, 1])

    def leaks(rule: Rule) -> bool:
        return board.leaks(lambda t: network(t[None], rule=rule)[0], tokens, 9)

    assert leaks(causal) is False
    assert leaks(bidirectional) is True
    table = torch.eye(9)
    two = torch.tensor([3, 1])
    assert board.leaks(lambda t: table[t] + (t[-1] == 2), two, 9) is True
    wraps = torch.tensor([3, 8])  # the last word of the vocabulary becomes the first
    assert board.leaks(lambda t: table[t] + (t[-1] == 0), wraps, 9) is True
    blind = [
        lambda _: torch.ones(6, 9),
        lambda t: table[t] * (torch.arange(6) > 0)[:, None],
    ]
    for network_without_input in blind:
        with pytest.raises(AssertionError, match="blind"):
            board.leaks(network_without_input, tokens, 9)


def masks_cross(board: Board) -> None:
    """The three masks are those that we draw."""
    encoder, decoder, rectangle = board.masks(source=4, target=3, real=2)
    assert encoder == grid(bidirectional & padding(2), 4)
    assert decoder == grid(causal, 3)
    assert rectangle == grid(cross(4) & padding(2), 3, 4)


def bert_input(board: Board) -> None:
    """Tokens and segments as in the paper; the vectors are those of transformers."""
    tokens, segments = board.read(["my", "dog"], ["he", "likes", "play", "##ing"])
    assert " ".join(tokens) == "[CLS] my dog [SEP] he likes play ##ing [SEP]"
    assert segments == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    shape = {"vocabulary": 20, "positions": 9, "width": 8, "hidden": 8}
    ours = Encoder(EncoderConfig(**shape, layers=1, heads=2))
    config = BertConfig(
        vocab_size=20,
        max_position_embeddings=9,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    theirs = BertModel(config).eval().embeddings
    theirs.word_embeddings.weight = ours.word.weight
    theirs.position_embeddings.weight = ours.position.weight
    theirs.token_type_embeddings.weight = ours.segment.weight
    ids, kinds = torch.arange(9) + 3, torch.tensor(segments)
    expected = theirs(input_ids=ids[None], token_type_ids=kinds[None])[0]
    assert_close(board.embed(ids, kinds, ours), expected)


def bert_piece_labels(board: Board) -> None:
    """The loss is the mean over the first pieces; predictions come back by word."""
    words = [["Jo", "##han", "##son"], ["lives"], ["in"], ["Ham", "##burg"]]
    targets = board.piece_targets([1, 0, 0, 2], words)
    assert targets == [1, IGNORE, IGNORE, 0, 0, 2, IGNORE]
    assert board.word_labels(targets, words) == [1, 0, 0, 2]
    logits = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    loss = cross_entropy(logits[None], torch.tensor([targets]))
    assert_close(
        loss, cross_entropy(logits[None, [0, 3, 4, 5]], torch.tensor([[1, 0, 0, 2]]))
    )


def bert_answer_span(board: Board) -> None:
    """The best allowed pair of two softmaxes, by brute force; [CLS] for no answer."""
    rng = torch.Generator().manual_seed(0)
    answers = set()
    for _ in range(40):
        start, end = torch.randn(2, 7, generator=rng)
        allowed = torch.ones(7, 7).triu() - torch.ones(7, 7).triu(3)
        allowed[0, 1:] = 0
        pairs = start.softmax(0)[:, None] * end.softmax(0) * allowed
        expected = divmod(int(pairs.argmax()), 7)
        assert board.best_span(start.tolist(), end.tolist(), longest=3) == expected
        answers.add(expected)
    assert (0, 0) in answers
    assert any(last - first == 2 for first, last in answers)
    start = [0.0, 9.0, *[0.0] * 38]  # from 1, thirty positions end at 30
    assert board.best_span(start, [0.0] * 30 + [5.0, 6.0] + [0.0] * 8) == (1, 30)


def calibration_ece(board: Board) -> None:
    """Our formula on ten bins of equal width."""
    rng = torch.Generator().manual_seed(0)
    confidence = torch.rand(500, generator=rng, dtype=torch.float64).sqrt()
    confidence[:2] = torch.tensor([1.0, 0.5])
    correct = (torch.rand(500, generator=rng) < confidence**2).double()
    bins = []
    for number in range(1, 11):
        part = (confidence * 10).ceil() == number
        means = float(confidence[part].mean()), float(correct[part].mean())
        bins.append((*means, int(part.sum())))
    error = float(board.ece(confidence, correct))
    assert abs(error - expected_calibration_error(bins)) < 1e-9
    one_empty = torch.tensor([0.05, 0.95], dtype=torch.float64)
    assert round(float(board.ece(one_empty, torch.tensor([1.0, 0.0]))), 9) == 0.95
    assert round(float(board.ece(one_empty, torch.tensor([1.0, 0.0]), 1)), 9) == 0
    sixths = torch.tensor([0.12, 0.18], dtype=torch.float64)
    assert round(float(board.ece(sixths, torch.tensor([1.0, 0.0]))), 9) == 0.35


def classifiers_nb_on_the_board(board: Board) -> None:
    """Our naive Bayes, with two smoothings."""
    rng = torch.Generator().manual_seed(0)
    counts = torch.randint(0, 4, (30, 7), generator=rng).double()
    labels = torch.randint(0, 3, (30,), generator=rng)
    members = one_hot(labels).double()
    for smoothing in (1.0, 0.2):
        options = () if smoothing == 1.0 else (smoothing,)
        ours = MultinomialNaiveBayes(3, smoothing).fit(counts, labels)
        parameters = board.fit(counts, members, *options)
        assert_close(board.predict(counts, *parameters), ours.predict_proba(counts))


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


def taxonomy_show_by_code(board: Board) -> None:
    """A GPT sums to one and is causal, with BERT's mask it is not; means of errors."""
    network = tiny(4)

    def log_p(text: tuple[int, ...]) -> float:
        tokens = torch.tensor([[0, *text]])
        return float(sequence_log_prob(network(tokens[:, :-1]), tokens[:, 1:]))

    def states(rule: Rule, text: list[int]) -> list[list[float]]:
        return network(torch.tensor([text]), rule=rule)[0].tolist()

    assert abs(board.total(log_p, 4, 3) - 1) < 1e-9
    texts = [1, 2, 3], [1, 2, 0]
    assert board.is_causal(lambda text: states(causal, text), *texts)
    assert not board.is_causal(lambda text: states(bidirectional, text), *texts)
    curve = board.mean_errors(lambda n, seed: n + seed, float, (10, 20), (0, 1, 5))
    assert curve == {10: 12.0, 20: 22.0}


def hybrids_fim_write(board: Board) -> None:
    """The order of the paper, as ours writes it; the way back gives the text.

    The example in the comment is what is printed.
    """
    assert board.printed.split() == " ".join(comments(board)).split()
    text = list(range(10, 16))
    markers = {90: "<PRE>", 91: "<SUF>", 92: "<MID>", 2: "<EOS>"}
    gap = autoregressive.Gap(90, 91, 92)
    for seed in range(5):
        rng, same = (torch.Generator().manual_seed(seed) for _ in range(2))
        *_, one, other = torch.rand(4, dtype=torch.float64, generator=same).tolist()
        cuts = sorted(int(cut * (len(text) + 1)) for cut in (one, other))
        example = board.fill_in_the_middle(text, *cuts)
        ours = autoregressive.fill_in_the_middle(text, gap, rng, 1, suffix_first=0)
        assert example == [markers.get(token, token) for token in ours]
        assert board.insert(example) == text


def bayes_log_space(board: Board) -> None:
    """Bayes' rule where a product works, and the same where it underflows."""
    rng = torch.Generator().manual_seed(0)
    factors = (torch.rand(3, 4, generator=rng, dtype=torch.float64) + 0.1).tolist()
    prior = [0.2, 0.3, 0.5]
    joint = [p * prod(row) for p, row in zip(prior, factors, strict=True)]
    expected = [value / sum(joint) for value in joint]
    assert_close(board.posterior(prior, factors), expected)
    long = [[1e-4] * 300, [1e-4] * 299 + [2e-4], [1e-9] * 300]
    assert prod(long[0]) == 0, "no underflow"
    posterior = board.posterior([0.5, 0.25, 0.25], long)
    assert [round(p, 9) for p in posterior] == [0.5, 0.5, 0.0]


def q39_draw(board: Board) -> None:
    """Our causal mask, and the drawing in the comment is what is printed."""
    assert board.causal_mask(5) == grid(causal, 5)
    assert board.printed.splitlines() == comments(board)


def semisupervised_em(board: Board) -> None:
    """Naive Bayes at first; then the penalised likelihood never falls.

    With the weight 0 the unlabelled texts change nothing.
    """
    rng = torch.Generator().manual_seed(0)
    rates = torch.tensor([[8.0, 4, 1, 1, 2], [1, 2, 8, 4, 1]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 0, 1])
    hidden = torch.randint(0, 2, (40,), generator=rng)
    labelled, others = (torch.poisson(rates[y] / 4, rng) for y in (labels, hidden))
    data = labelled, one_hot(labels).double(), others

    def likelihood(parameters: tuple[Tensor, Tensor], weight: float) -> float:
        log_p, log_prior = parameters
        joint = ((labelled @ log_p + log_prior) * data[1]).sum()
        evidence = (others @ log_p + log_prior).logsumexp(1).sum()
        return float(joint + weight * evidence + log_p.sum())

    first = MultinomialNaiveBayes().fit(labelled, labels)
    start = first.log_likelihood, first.log_prior
    for weight in (1.0, 0.1):
        course = [board.em(*data, rounds, weight) for rounds in range(8)]
        assert_close(course[0], start)
        values = [likelihood(parameters, weight) for parameters in course]
        assert all(after >= before - 1e-9 for before, after in pairwise(values))
        assert values[-1] > values[0] + 0.1
        assert values[-1] - values[-2] < 0.01 * (values[1] - values[0])
    assert_close(board.em(*data, 3), board.em(*data, 3, 1.0))
    assert_close(board.em(*data, 3, 0.0), start)


def objectives_shift(board: Board) -> None:
    """Our objective, and the pairs in the comment are what is printed."""
    names = {"<BOS>": 1, "<EOS>": 2}
    pair = board.next_token([5, 6, 7, 8])
    ids = [[names.get(word, word) for word in row] for row in pair]
    ours = autoregressive.next_token(torch.tensor([[5, 6, 7, 8, 2]]))
    assert ids == [row[0].tolist() for row in ours]
    printed = board.printed.splitlines()
    assert [*printed[:2], "...", printed[-1]] == comments(board)


def generators_draw_three(board: Board) -> None:
    """The same samples as ours, from the same noise."""
    gan, vae = Generator(6, 2, (8,)), VAE(6, 2, (8,))

    def rng() -> torch.Generator:
        return torch.Generator().manual_seed(0)

    z = torch.randn(3, 2, generator=rng())
    assert_close(board.sample("GAN", gan, z), gan.sample(3, rng()))
    assert_close(
        board.sample("VAE", lambda z: vae.decode(z).mean, z), vae.sample(3, rng())
    )
    betas = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    diffusion, x = Diffusion(betas), torch.randn(3, 6, dtype=torch.float64)
    torch.manual_seed(1)
    mine = board.sample("diffusion", lambda x, t: x.sin() + t, x, betas)
    torch.manual_seed(1)
    for t in (4, 3, 2, 1):
        step = diffusion.ddpm(x, x.sin() + t - 1, torch.full((3,), t))
        x = step.sample(torch.randn_like(x)) if t > 1 else step.mean
    assert_close(mine, x)


def retrieval_infonce(board: Board) -> None:
    """Minus the mean log-probability of the true document; log N by chance."""
    rng = torch.Generator().manual_seed(0)
    queries, documents = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    for temperature in (1.0, 0.1):
        options = () if temperature == 1.0 else (temperature,)
        p = (queries @ documents.T / temperature).softmax(dim=1)
        loss = board.contrastive_loss(queries, documents, *options)
        assert_close(loss, -p.diagonal().log().mean())
    assert abs(float(board.contrastive_loss(0 * queries, documents)) - log(5)) < 1e-9
