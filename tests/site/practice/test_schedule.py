"""The scheduler beside PyPI's `fsrs`, and what a reader is told about times."""

import random
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from fsrs import Card, Rating, Scheduler, State
from playwright.sync_api import Page

DAY = 86_400_000  # milliseconds
GAPS = (60_000, 600_000, DAY / 3, DAY, 3 * DAY, 30 * DAY, 300 * DAY)

RUN = """async (histories) => {
  const { nextReview } = await tool("schedule");
  return histories.map((history) => {
    let review;
    return history.map(([time, grade]) => {
      review = nextReview(review, "q", grade, time);
      return review;
    });
  });
}"""


@pytest.fixture
def page(open_tool) -> Page:
    """Any page of the site: schedule.js needs no element."""
    return open_tool("practice/review/")


def histories(count: int, seed: int = 0) -> list[list[tuple[int, int]]]:
    """Times and grades, from minutes to most of a year apart, at any time of day."""
    rng = random.Random(seed)
    sample = []
    for _ in range(count):
        time = 1_790_000_000_000 + rng.randrange(400 * DAY)
        history = []
        for _ in range(rng.randint(1, 20)):
            history.append((time, rng.choice([1, 2, 3, 3, 3, 4])))
            time += round(rng.choice(GAPS) * rng.uniform(0.5, 2))
        sample.append(history)
    return sample


def reference(history: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """Days until a card is due and its stability, by `fsrs`.

    ts-fsrs, as Anki, keeps the intervals of a card in review apart: Hard at most Good,
    Good a day more than Hard, Easy a day more than Good. `fsrs` leaves that to others.
    """
    scheduler = Scheduler(desired_retention=0.9, enable_fuzzing=False)
    card, results = Card(), []
    for time, grade in history:
        now = datetime.fromtimestamp(time / 1000, UTC)
        cards = [scheduler.review_card(deepcopy(card), g, now)[0] for g in Rating]
        days = [round((c.due - now).total_seconds() / 86_400) for c in cards]
        if card.state == State.Review:
            days[1] = min(days[1], days[2])
            days[2] = max(days[2], days[1] + 1)
            days[3] = max(days[3], days[2] + 1)
        card = cards[grade - 1]
        results.append((days[grade - 1], card.stability))
    return results


def test_due_days_are_those_of_the_reference(page):
    """The same day after each review of 1,000 random histories, and stability."""
    sample = histories(1_000)
    ours = page.evaluate(RUN, sample)
    steps = 0
    for history, reviews in zip(sample, ours, strict=True):
        for (days, stability), review in zip(reference(history), reviews, strict=True):
            assert round((review["due"] - review["changed"]) / DAY) == days, history
            assert review["stability"] == pytest.approx(stability, rel=1e-5)
            steps += 1
    print(steps, "reviews")
    assert steps > 5_000


def test_a_different_retention_would_be_noticed(page):
    """Negative control: half of a stability more is another day."""
    sample = histories(20)
    ours = page.evaluate(RUN, sample)
    differing = sum(
        round(1.5 * (review["due"] - review["changed"]) / DAY) != days
        for history, reviews in zip(sample, ours, strict=True)
        for (days, _), review in zip(reference(history), reviews, strict=True)
    )
    assert differing > 20


def test_a_review_is_made_of_numbers(page):
    """No date that JSON would turn into a string, no NaN; unknown keys stay."""
    review = page.evaluate(
        """async () => {
          const { nextReview } = await tool("schedule");
          const first = nextReview(undefined, "q", 3, 1.79e12);
          return nextReview({ ...first, later: "kept" }, "q", 1, 1.79e12 + 864e5);
        }"""
    )
    assert review.pop("id") == "q"
    assert review.pop("later") == "kept"
    assert all(isinstance(value, int | float) for value in review.values()), review
    assert review["changed"] == 1.79e12 + DAY


def test_a_clock_that_was_set_back_does_no_harm(page):
    """The review counts as made at the time of the last one."""
    review = page.evaluate(
        """async () => {
          const { nextReview } = await tool("schedule");
          return nextReview(nextReview(undefined, "q", 3, 1.79e12), "q", 3, 1.5e12);
        }"""
    )
    assert review["changed"] == 1.79e12
    assert review["due"] > review["changed"]


def test_ticks_suggest_a_grade(page):
    """Again below half of the key points, Hard from half, Good with all."""
    grades = page.evaluate(
        """async () => {
          const { suggestGrade } = await tool("schedule");
          return [[0, 4], [1, 4], [2, 4], [3, 4], [4, 4], [1, 3], [2, 3]]
            .map(([ticked, total]) => suggestGrade(ticked, total));
        }"""
    )
    assert grades == [1, 1, 2, 2, 3, 1, 2]


def test_times_are_told_in_words(page):
    """A minute is the shortest; what is longer has one unit."""
    spans = [0, 60_000, 600_000, 5 * DAY / 24, DAY, 8 * DAY, 61 * DAY, 900 * DAY]
    words = page.evaluate(
        'async (spans) => spans.map((await tool("time")).readable)', spans
    )
    assert words == [
        "1 min", "1 min", "10 min", "5 hours", "1 day", "8 days", "2 months",
        "2.5 years",
    ]  # fmt: skip
