from attempt import merge, train
from runner import check


def test_merge_joins_every_occurrence():
    check(merge, ["a", "b", "c"], ("a", "b"), expected=["ab", "c"])
    check(merge, ["c", "a", "b"], ("a", "b"), expected=["c", "ab"])
    check(merge, ["a", "b", "a", "b"], ("a", "b"), expected=["ab", "ab"])
    check(merge, ["a", "b"], ("b", "a"), expected=["a", "b"])


def test_merges_do_not_overlap():
    check(merge, ["a", "a", "a"], ("a", "a"), expected=["aa", "a"])
    check(merge, ["a", "a", "a", "a"], ("a", "a"), expected=["aa", "aa"])


def test_symbols_are_compared_whole():
    check(merge, ["ab", "c"], ("b", "c"), expected=["ab", "c"])
    check(merge, ["ab", "c", "abc"], ("ab", "c"), expected=["abc", "abc"])
    check(merge, [], ("a", "b"), expected=[])
    check(merge, ["a"], ("a", "b"), expected=["a"])


def test_the_most_frequent_pair_comes_first():
    check(train, {"hug": 3, "pug": 2}, 2, expected=[("u", "g"), ("h", "ug")])


def test_a_word_counts_as_often_as_it_occurs():
    check(train, {"ab": 1, "abc": 1, "xy": 3}, 1, expected=[("x", "y")])
    check(train, {"abab": 2, "xy": 3}, 1, expected=[("a", "b")])


def test_ties_are_broken_in_alphabetical_order():
    check(
        train,
        {"xy": 1, "ab": 1, "cd": 1},
        3,
        expected=[("a", "b"), ("c", "d"), ("x", "y")],
    )


def test_pairs_do_not_cross_words():
    check(train, {"ab": 1, "ba": 1}, 5, expected=[("a", "b"), ("b", "a")])


def test_training_stops_when_no_pair_is_left():
    check(train, {"ab": 1}, 5, expected=[("a", "b")])
    check(train, {}, 3, expected=[])
    check(train, {"ab": 1}, 0, expected=[])


def test_later_merges_use_earlier_ones():
    words = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
    expected = [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("e", "w")]
    check(train, words, 5, expected=expected)
