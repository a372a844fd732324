from attempt import rearrange, restore
from runner import check

TEXT = [5, 6, 7, 8]


def test_psm():
    check(rearrange, TEXT, 1, 3, expected=[90, 5, 91, 8, 92, 6, 7, 2])
    check(rearrange, [5, 6, 7, 8, 9], 2, 3, expected=[90, 5, 6, 91, 8, 9, 92, 7, 2])


def test_spm():
    check(rearrange, TEXT, 1, 3, spm=True, expected=[90, 91, 8, 92, 5, 6, 7, 2])


def test_parts_may_be_empty():
    check(rearrange, TEXT, 0, 4, expected=[90, 91, 92, 5, 6, 7, 8, 2])
    check(rearrange, TEXT, 2, 2, expected=[90, 5, 6, 91, 7, 8, 92, 2])
    check(rearrange, TEXT, 4, 4, spm=True, expected=[90, 91, 92, 5, 6, 7, 8, 2])
    check(rearrange, [], 0, 0, expected=[90, 91, 92, 2])


def test_wrong_cuts_are_an_error():
    check(rearrange, TEXT, 3, 1, expected=ValueError)
    check(rearrange, TEXT, 1, 5, expected=ValueError)
    check(rearrange, TEXT, -1, 2, expected=ValueError)


def test_restore_reads_both_orders():
    check(restore, [90, 5, 91, 8, 92, 6, 7, 2], expected=TEXT)
    check(restore, [90, 91, 8, 92, 5, 6, 7, 2], expected=TEXT)
    check(restore, [90, 91, 92, 2], expected=[])


def test_an_unfinished_middle_is_an_error():
    check(restore, [90, 5, 91, 8, 92, 6, 7], expected=ValueError)
    check(restore, [], expected=ValueError)
