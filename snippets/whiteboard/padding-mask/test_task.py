from attempt import padded_masks, position_ids
from runner import check


def test_without_padding_the_mask_is_causal():
    for side in ("left", "right"):
        check(padded_masks, [2], side, expected=[[[True, False], [True, True]]])
        check(position_ids, [3], side, expected=[[0, 1, 2]])


def test_padding_on_the_right():
    empty = [False] * 3
    short = [[True, False, False], empty, empty]
    full = [[True, False, False], [True, True, False], [True, True, True]]
    check(padded_masks, [1, 3], "right", expected=[short, full])
    check(position_ids, [1, 3], "right", expected=[[0, 0, 0], [0, 1, 2]])


def test_padding_on_the_left():
    empty = [False] * 3
    short = [empty, [False, True, False], [False, True, True]]
    full = [[True, False, False], [True, True, False], [True, True, True]]
    check(padded_masks, [2, 3], "left", expected=[short, full])
    check(position_ids, [2, 3], "left", expected=[[0, 0, 1], [0, 1, 2]])


def test_a_row_may_be_padding_alone():
    check(padded_masks, [0, 1], "right", expected=[[[False]], [[True]]])
    check(position_ids, [0, 2], "left", expected=[[0, 0], [0, 1]])


def test_another_side_is_an_error():
    check(padded_masks, [1, 2], "middle", expected=ValueError)
    check(position_ids, [1, 2], "", expected=ValueError)
