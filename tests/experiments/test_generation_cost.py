"""What a whole text costs, at reduced size and in the record."""

import pytest

from paradigms.experiments import generation_cost
from paradigms.experiments.records import load


@pytest.mark.parametrize("again", [True, False], ids=["again", "recorded"])
def test_what_the_page_says_of_a_whole_text(again):
    """With a cache one reading; without, about half of a reading for each word."""
    config = generation_cost.smaller() if again else generation_cost.CONFIG
    records = (
        generation_cost.run(config).rows if again else load("generation_cost").rows
    )
    rows = {row["name"].removeprefix("writing, "): row for row in records}
    tokens, passes = config.tokens, config.passes
    assert 0.9 < rows["GPT, cached"]["passes over the text"] < 1
    half = tokens / 2
    assert half - 1 < rows["GPT, recomputed"]["passes over the text"] < half + 1
    assert rows["BERT, one word per pass"]["passes over the text"] == tokens
    assert rows["BERT, many words per pass"]["passes over the text"] == passes
    assert [row["calls"] for row in rows.values()] == [tokens, tokens, tokens, passes]
