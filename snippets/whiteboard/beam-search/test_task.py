import math

from attempt import beam_search
from runner import check


def logs(*probabilities):
    return [math.log(p) if p else -math.inf for p in probabilities]


def memoryless(tokens):
    return logs(0.4, 0.6)


def garden_path(tokens):
    """The likeliest first token leads to less likely ones."""
    table = {(): (0.0, 0.6, 0.4), (1,): (0.1, 0.5, 0.4), (2,): (0.05, 0.05, 0.9)}
    return logs(*table.get(tuple(tokens), (1.0, 0.0, 0.0)))


def one_parent(tokens):
    """Both of the best extensions come from the same beam."""
    table = {(): (0.0, 0.7, 0.3), (1,): (0.1, 0.5, 0.4), (2,): (0.5, 0.3, 0.2)}
    return logs(*table.get(tuple(tokens), (0.2, 0.4, 0.4)))


def ends_early(tokens):
    """A short text, or a longer one with the same probability per token."""
    table = {(): (0.5, 0.5), (1,): (0.9, 0.1)}
    return logs(*table.get(tuple(tokens), (0.5, 0.5)))


def ends_later(tokens):
    """A short text, or a longer one with a lower probability per token."""
    table = {(): (0.5, 0.5), (1,): (0.4, 0.3, 0.3)}
    return logs(*table.get(tuple(tokens), (0.5, 0.5)))


def test_one_beam_is_greedy():
    check(beam_search, garden_path, 1, 2, 0, expected=[1, 1])
    check(beam_search, memoryless, 1, 3, 0, expected=[1, 1, 1])


def test_more_beams_find_a_likelier_text():
    check(beam_search, garden_path, 2, 2, 0, expected=[2, 2])


def test_the_best_extensions_may_have_one_parent():
    # [1, 1] has 0.35 and [1, 2] has 0.28; [2, 0] has 0.15, so it is not kept.
    check(beam_search, one_parent, 2, 2, 0, alpha=0.0, expected=[1, 1])
    check(beam_search, one_parent, 2, 3, 0, alpha=0.0, expected=[1, 1, 1])
    check(beam_search, one_parent, 3, 2, 0, alpha=9.0, expected=[1, 1])


def test_a_finished_text_is_not_extended():
    calls = []

    def model(tokens):
        calls.append(list(tokens))
        return memoryless(tokens)

    beam_search(model, 2, 3, 0)
    expected = [[], [1], [1, 1]]
    check(lambda: calls, expected=expected, case="texts that the model was given")


def test_the_length_penalty_decides_between_lengths():
    check(beam_search, memoryless, 2, 3, 0, alpha=0.0, expected=[0])
    check(beam_search, memoryless, 2, 3, 0, alpha=1.0, expected=[1, 1, 1])
    check(beam_search, ends_early, 2, 4, 0, alpha=0.0, expected=[0])
    check(beam_search, ends_early, 2, 4, 0, expected=[1, 0])
    check(beam_search, ends_later, 2, 2, 0, expected=[0])
    check(beam_search, ends_later, 2, 2, 0, alpha=2.0, expected=[1, 0])


def test_the_search_ends_when_nothing_is_open():
    check(
        beam_search,
        lambda tokens: logs(1.0, 0.0),
        3,
        5,
        0,
        expected=[0],
        case="beam_search of a model that always ends at once",
    )


def test_impossible_tokens_are_never_taken():
    check(
        beam_search,
        lambda tokens: logs(0.0, 1.0),
        3,
        2,
        0,
        expected=[1, 1],
        case="beam_search of a model that never ends",
    )


def test_long_texts_do_not_underflow():
    def model(tokens):
        return [math.log(1e-9), math.log(1e-6)]

    check(
        lambda: beam_search(model, 1, 60, 0).count(1),
        expected=60,
        case="the number of tokens in a text of 60, each of probability 1e-6",
    )


def test_of_equal_candidates_the_first_is_kept():
    check(
        beam_search,
        lambda tokens: logs(0.2, 0.4, 0.4),
        1,
        2,
        0,
        expected=[1, 1],
        case="beam_search with one beam and two tokens of equal probability",
    )
    check(
        beam_search,
        lambda tokens: logs(0.0, 0.5, 0.5),
        3,
        2,
        0,
        expected=[1, 1],
        case="beam_search with three beams and two tokens of equal probability",
    )
