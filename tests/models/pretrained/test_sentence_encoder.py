"""Pretrained weights: our encoder gives the reference's sentence embeddings."""

import copy
import warnings

import pytest
import torch
from torch import nn

from paradigms.data import movie_reviews
from paradigms.models.pretrained import sentence_encoder
from paradigms.models.pretrained.sentence_encoder import embed, load, mean_pool, read

LIMIT = 1e-4


@pytest.fixture(scope="module")
def reviews() -> list[str]:
    """200 evenly spaced reviews: 40 whole ones, 160 single sentences."""
    texts = []
    for source, count in (("imdb", 40), ("rotten_tomatoes", 160)):
        rows = movie_reviews.load(source)
        texts += [rows[i * len(rows) // count].text for i in range(count)]
    return texts


@pytest.fixture(scope="module")
def expected(reviews) -> torch.Tensor:
    """Embeddings by sentence-transformers, offline."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of the reference only
        patch.setenv("HF_HUB_OFFLINE", "1")
        # Read at import: the variable must be set before.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        folder = str(sentence_encoder.WEIGHTS.path().parent)
        network = SentenceTransformer(folder, device="cpu", local_files_only=True)
        return network.encode(reviews, convert_to_tensor=True, show_progress_bar=False)


def gap(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest absolute difference; vectors have length 1."""
    return float((ours - theirs).abs().max())


def test_200_reviews_are_embedded_as_by_the_reference(reviews, expected):
    """Within 1e-4 in every number, including reviews cut at 256 tokens."""
    _, tokenizer = load()
    lengths = read(tokenizer, reviews)[1].sum(dim=1)
    assert 10 < int((lengths == sentence_encoder.LONGEST).sum()) < 40
    ours = embed(reviews)
    assert ours.shape == expected.shape == (200, 384)
    assert gap(ours, expected) < LIMIT
    assert gap(ours.norm(dim=1), torch.ones(200)) < 1e-5


def test_a_mistake_would_be_noticed(reviews, expected):
    """Negative control: other pooling, padding counted, no norm, cut at 128 tokens."""
    network, tokenizer = load()
    indices = [*range(5), *range(100, 110)]
    reference = expected[indices]
    tokens, real = read(tokenizer, [reviews[i] for i in indices])
    no_norm = copy.deepcopy(network)
    no_norm.stack.blocks[3].feed_forward_norm = nn.Identity()
    with torch.inference_mode():
        states = network(tokens, real=real)
        assert gap(mean_pool(states, real), reference) < LIMIT
        first = nn.functional.normalize(states[:, 0], dim=-1)
        variants = {
            "first token": first,
            "padding in the mean": mean_pool(states, torch.ones_like(real)),
            "padding is seen": mean_pool(network(tokens), real),
            "no norm": mean_pool(no_norm(tokens, real=real), real),
            "shorter": mean_pool(states[:, :128], real[:, :128]),
        }
    unnoticed = [
        name for name, ours in variants.items() if gap(ours, reference) < LIMIT
    ]
    assert unnoticed == []


def test_batch_and_order_change_nothing(reviews):
    """Texts are sorted by length for batching, and returned in their original order."""
    texts = ["A long one, about a family and its dog.", "", "Short.", reviews[150]]
    batched = embed(texts)
    separate = torch.cat([embed([text]) for text in texts])
    assert gap(batched, separate) < 1e-5
    assert gap(batched, embed(texts, batch=2)) < 1e-5


def test_the_weights_are_those_the_card_counts():
    """22.7 million with the pooler, which is in the file and not used."""
    network, _ = load()
    pooler = 384 * 384 + 384
    assert sum(p.numel() for p in network.parameters()) + pooler == 22_713_216


@pytest.mark.parametrize("texts", ["one string", [], ["good", None], [b"bytes"]])
def test_what_is_not_a_list_of_texts_is_refused(texts):
    """A single string would be read letter by letter."""
    with pytest.raises(ValueError, match=r"^texts must .*: got"):
        embed(texts)


def test_an_empty_batch_is_refused():
    """A batch size of 0 would loop forever."""
    with pytest.raises(ValueError, match="batch must be at least 1: got 0"):
        embed(["good"], batch=0)
