import math

from attempt import rotate
from runner import check


def test_position_zero_changes_nothing():
    check(rotate, [1.0, 2.0, 3.0, 4.0], 0, expected=[1.0, 2.0, 3.0, 4.0])
    check(rotate, [], 5, expected=[])


def test_the_first_pair_turns_by_the_position():
    check(rotate, [1.0, 0.0], 1, expected=[math.cos(1), math.sin(1)])
    check(rotate, [0.0, 1.0], 2, expected=[-math.sin(2), math.cos(2)])


def test_pairs_are_half_the_width_apart():
    expected = [math.cos(1), 0.0, math.sin(1), 0.0]
    check(rotate, [1.0, 0.0, 0.0, 0.0], 1, expected=expected)


def test_later_pairs_turn_more_slowly():
    a = 1 / 100.0  # 10,000 to the power of -2/4
    check(
        rotate, [0.0, 1.0, 0.0, 0.0], 1, expected=[0.0, math.cos(a), 0.0, math.sin(a)]
    )
    b = 3 / 8 ** (2 / 6)
    expected = [0.0, math.cos(b), 0.0, 0.0, math.sin(b), 0.0]
    check(rotate, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3, theta=8.0, expected=expected)


def test_scores_depend_on_the_distance_alone():
    query, key = [0.3, -1.0, 2.0, 0.5], [1.5, 0.2, -0.7, 1.1]

    def score(m, n):
        pairs = zip(rotate(query, m), rotate(key, n), strict=True)
        return sum(a * b for a, b in pairs)

    check(score, 9, 4, expected=score(5, 0), case="the scores at (9, 4) and at (5, 0)")
    check(
        score, 100, 103, expected=score(0, 3), case="the scores at (100, 103), (0, 3)"
    )


def test_an_odd_width_is_an_error():
    check(rotate, [1.0, 2.0, 3.0], 1, expected=ValueError)
