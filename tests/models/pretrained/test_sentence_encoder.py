"""Real weights: our encoder gives the sentence embeddings that the reference gives."""

import copy
import warnings

import pytest
import torch
from torch import nn

from paradigms.data import movie_reviews
from paradigms.models.pretrained import sentence_encoder
from paradigms.models.pretrained.sentence_encoder import embed, load, pooled, read

LIMIT = 1e-4


@pytest.fixture(scope="module")
def reviews() -> list[str]:
    """200 real reviews at even distances: 40 whole ones, 160 single sentences."""
    chosen = []
    for source, count in (("imdb", 40), ("rotten_tomatoes", 160)):
        rows = movie_reviews.load(source)
        chosen += [rows[i * len(rows) // count].text for i in range(count)]
    return chosen


@pytest.fixture(scope="module")
def expected(reviews) -> torch.Tensor:
    """What the package's own pipeline makes of them, without the network."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the reference alone, not of ours
        patch.setenv("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer

        folder = str(sentence_encoder.WEIGHTS.path().parent)
        network = SentenceTransformer(folder, device="cpu", local_files_only=True)
        return network.encode(reviews, convert_to_tensor=True, show_progress_bar=False)


def gap(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference of a number; vectors are of length one."""
    return float((ours - theirs).abs().max())


def test_200_reviews_are_embedded_as_by_the_reference(reviews, expected):
    """Within 1e-4 in every number, among them reviews that are cut at 256 tokens."""
    _, tokenizer = load()
    lengths = read(tokenizer, reviews)[1].sum(dim=1)
    assert 10 < int((lengths == sentence_encoder.LONGEST).sum()) < 40
    ours = embed(reviews)
    assert ours.shape == expected.shape == (200, 384)
    assert gap(ours, expected) < LIMIT
    assert gap(ours.norm(dim=1), torch.ones(200)) < 1e-5


def test_a_mistake_would_be_noticed(reviews, expected):
    """The guard itself: other pooling, padding counted, no norm, cut at 128 tokens."""
    network, tokenizer = load()
    some = [*range(5), *range(100, 110)]
    wanted = expected[some]
    tokens, real = read(tokenizer, [reviews[i] for i in some])
    without = copy.deepcopy(network)
    without.stack.blocks[3].feed_forward_norm = nn.Identity()
    with torch.inference_mode():
        states = network(tokens, real=real)
        assert gap(pooled(states, real), wanted) < LIMIT
        first = nn.functional.normalize(states[:, 0], dim=-1)
        wrong = {
            "first token": first,
            "padding in the mean": pooled(states, torch.ones_like(real)),
            "padding is seen": pooled(network(tokens), real),
            "no norm": pooled(without(tokens, real=real), real),
            "shorter": pooled(states[:, :128], real[:, :128]),
        }
    missed = [name for name, ours in wrong.items() if gap(ours, wanted) < LIMIT]
    assert missed == []


def test_batch_and_order_change_nothing(reviews):
    """Texts go through sorted by length, and come back in the order they came in."""
    texts = ["A long one, about a family and its dog.", "", "Short.", reviews[150]]
    together = embed(texts)
    alone = torch.cat([embed([text]) for text in texts])
    assert gap(together, alone) < 1e-5
    assert gap(together, embed(texts, batch=2)) < 1e-5


def test_the_weights_are_those_the_card_counts():
    """22.7 million with the pooler, which is in the file and takes no part."""
    network, _ = load()
    pooler = 384 * 384 + 384
    assert sum(p.numel() for p in network.parameters()) + pooler == 22_713_216


@pytest.mark.parametrize("texts", ["one string", [], ["good", None], [b"bytes"]])
def test_what_is_not_a_list_of_texts_is_refused(texts):
    """A string alone would be read letter by letter."""
    with pytest.raises(ValueError, match=r"^texts must .*: got"):
        embed(texts)


def test_an_empty_batch_is_refused():
    """Batches of zero texts would never end."""
    with pytest.raises(ValueError, match="batch must be at least 1: got 0"):
        embed(["good"], batch=0)
