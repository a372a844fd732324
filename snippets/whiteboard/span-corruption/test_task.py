from attempt import corrupt, restore
from runner import check

TEXT, NAMES = [5, 6, 7, 8, 9], [99, 98, 97]


def test_one_span():
    check(corrupt, TEXT, [(1, 2)], NAMES, expected=([5, 99, 8, 9], [99, 6, 7, 98]))
    check(corrupt, TEXT, [(3, 1)], NAMES, expected=([5, 6, 7, 99, 9], [99, 8, 98]))


def test_spans_at_both_ends_and_in_any_order():
    both = ([99, 6, 7, 98], [99, 5, 98, 8, 9, 97])
    check(corrupt, TEXT, [(0, 1), (3, 2)], NAMES, expected=both)
    check(corrupt, TEXT, [(3, 2), (0, 1)], NAMES, expected=both)


def test_spans_that_touch_or_overlap_are_one():
    one = ([5, 99, 9], [99, 6, 7, 8, 98])
    check(corrupt, TEXT, [(1, 2), (3, 1)], NAMES, expected=one)
    check(corrupt, TEXT, [(1, 2), (2, 2)], NAMES, expected=one)


def test_nothing_and_everything_may_be_hidden():
    check(corrupt, TEXT, [], NAMES, expected=(TEXT, [99]))
    check(corrupt, TEXT, [(0, 5)], NAMES, expected=([99], [99, *TEXT, 98]))
    check(corrupt, [], [], [99], expected=([], [99]))


def test_equal_tokens_are_told_apart():
    check(corrupt, [5, 5, 5], [(1, 1)], NAMES, expected=([5, 99, 5], [99, 5, 98]))


def test_too_few_sentinels_are_an_error():
    check(corrupt, TEXT, [(1, 1)], [99], expected=ValueError)
    check(corrupt, TEXT, [(0, 1), (2, 1), (4, 1)], NAMES, expected=ValueError)


def test_restore_is_the_inverse():
    check(restore, [5, 99, 8, 9], [99, 6, 7, 98], NAMES, expected=TEXT)
    check(restore, [99, 6, 7, 98], [99, 5, 98, 8, 9, 97], NAMES, expected=TEXT)
    check(restore, TEXT, [99], NAMES, expected=TEXT)
    check(restore, [99], [99, *TEXT, 98], NAMES, expected=TEXT)
