"""The cache of published networks: counted again, and what the page says."""

from paradigms.experiments import published_cache_sizes
from paradigms.experiments.records import load


def test_published_cache_sizes_again():
    """Counted on shapes: two of the three rows, exactly."""
    stored = {row["name"]: row for row in load("published_cache_sizes").rows}
    rows = published_cache_sizes.run(published_cache_sizes.smaller()).rows
    assert [row["name"] for row in rows] == ["GPT-2 small", "Llama 3 8B"]
    for row in rows:
        assert row == stored[row["name"]]
    assert (
        stored["LLaMA 7B"]["kB per token"] == 4 * stored["Llama 3 8B"]["kB per token"]
    )
