"""What a turn of a chat costs, at reduced size and in the record."""

import pytest

from paradigms.experiments import chat_turn_cost
from paradigms.experiments.records import load

pytestmark = pytest.mark.usefixtures("one_thread")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("chat_turn_cost").rows}


def test_chat_turn_cost_again_at_reduced_size():
    """Half the layers, a quarter of the tokens: ratios as recorded."""
    for row in chat_turn_cost.run(chat_turn_cost.smaller()).rows:
        fewer = rows()[row["name"]]["times fewer"]
        assert row["times fewer"] == pytest.approx(fewer, rel=0.05)
        assert row["milliseconds with"][0] > 0


def test_what_the_page_says_of_a_chat():
    """In the first turn nothing is saved; turn n costs n times fewer operations."""
    first = rows()["chat, turn 1"]
    assert first["times fewer"] == 1
    assert first["times faster"][0] > 0.9
    assert first["times faster"][2] < 1  # overhead of the cache
    for turn in (2, 4, 8, 16):
        row = rows()[f"chat, turn {turn}"]
        assert row["times fewer"] == pytest.approx(turn, rel=0.01)
        assert row["times faster"][1] > 1
