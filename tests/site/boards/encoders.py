"""Whiteboard code on masks, encoders, their objectives, and hybrids."""

from math import log

import pytest
import torch
from torch.testing import assert_close
from transformers import BertConfig, BertModel

from paradigms.data.special_tokens import IGNORE
from paradigms.layers.attention import attention_view
from paradigms.masks import Rule, bidirectional, causal, cross, grid, padding
from paradigms.models.encoder import Encoder, EncoderConfig
from paradigms.objectives import autoregressive
from paradigms.objectives.losses import (
    cross_entropy,
)
from paradigms.objectives.spans import restore_spans
from tests.site.boards.board import Board, comments, tiny


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


def q39_draw(board: Board) -> None:
    """Our causal mask, and the drawing in the comment is what is printed."""
    assert board.causal_mask(5) == grid(causal, 5)
    assert board.printed.splitlines() == comments(board)


def objectives_shift(board: Board) -> None:
    """Our objective, and the pairs in the comment are what is printed."""
    names = {"<BOS>": 1, "<EOS>": 2}
    pair = board.next_token([5, 6, 7, 8])
    ids = [[names.get(word, word) for word in row] for row in pair]
    ours = autoregressive.next_token(torch.tensor([[5, 6, 7, 8, 2]]))
    assert ids == [row[0].tolist() for row in ours]
    printed = board.printed.splitlines()
    assert [*printed[:2], "...", printed[-1]] == comments(board)


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


def retrieval_colbert(board: Board) -> None:
    """The best real document token of each query token; padding changes nothing."""
    rng = torch.Generator().manual_seed(0)
    query, document = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)
    real = torch.tensor([True, True, True, False])
    for padded in (document, document * torch.tensor([1, 1, 1, 99])[:, None]):
        best = [max(float(q @ d) for d in document[:3]) for q in query]
        score = board.max_sim(query, padded, real)
        assert_close(score, torch.tensor(sum(best), dtype=torch.float64))


def bert_corrupt_code(board: Board) -> None:
    """The rates of the paper, labels where a token is chosen, special tokens as are."""
    rng = torch.Generator().manual_seed(0)
    special = torch.arange(4)
    ids = torch.randint(0, 14, (300, 400), generator=rng)
    inputs, labels = board.corrupt(ids, special, 3, (4, 14), rng)
    chosen, word = labels != IGNORE, ids >= 4
    assert not (chosen & ~word).any()
    assert inputs[~chosen].equal(ids[~chosen])
    assert labels[chosen].equal(ids[chosen])
    assert abs(chosen[word].double().mean() - 0.15) < 0.005
    hidden = inputs[chosen] == 3
    assert abs(hidden.double().mean() - 0.8) < 0.015
    same = (inputs == labels)[chosen]
    assert abs(same.double().mean() - 0.11) < 0.015  # a tenth of the random ones, too
    random = inputs[chosen][~hidden & ~same]
    assert random.unique().tolist() == list(range(4, 14))


def hybrids_corrupt_code(board: Board) -> None:
    """The paper's example; ours takes the text back; a span may be empty for BART."""
    words = ["Thank", "you", "for", "inviting", "me", "to", "your", "party"]
    words += ["last", "week"]
    source, target = board.t5(words, [(2, 2), (8, 1)])
    assert " ".join(source) == "Thank you <0> me to your party <1> week"
    assert " ".join(target) == "<0> for inviting <1> last <2>"
    text = list(range(5, 15))
    sentinels = {f"<{i}>": 99 - i for i in range(3)}
    pair = board.t5(text, [(0, 1), (4, 3)])
    ids = [[sentinels.get(token, token) for token in part] for part in pair]
    assert restore_spans(*ids, list(sentinels.values())) == text
    source, target = board.bart(words, [(0, 1), (3, 0), (8, 2)])
    assert " ".join(source) == "<mask> you for <mask> inviting me to your party <mask>"
    assert target == words
    assert board.bart(words, [(2, 2)])[0][:3] == ["Thank", "you", "<mask>"]


def masks_left_padding(board: Board) -> None:
    """Our view of padded tokens, but that no row is empty: a token sees itself."""
    real = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]]).bool()
    ours = attention_view(real.long(), causal, real)
    mask, positions = board.left_padded(real)
    assert positions.equal(ours.positions)
    assert mask[real].equal(ours.visible[real])
    assert mask[~real].equal(torch.eye(5).bool().expand(3, 5, 5)[~real])


def retrieval_pooling(board: Board) -> None:
    """Text by text without its padding, on either side."""
    states = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0))
    real = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]]).bool()
    texts = [row[keep] for row, keep in zip(states, real, strict=True)]
    means = board.mean_pool(states, real)
    assert_close(means, torch.stack([text.mean(dim=0) for text in texts]))
    assert board.last_pool(states, real).equal(torch.stack([t[-1] for t in texts]))
