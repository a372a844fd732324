from attempt import causal_mask
from runner import check


def test_a_token_sees_itself_and_what_precedes_it():
    check(causal_mask, 1, 1, expected=[[True]])
    check(causal_mask, 2, 2, expected=[[True, False], [True, True]])
    for size in (3, 8):
        rows = [[k <= q for k in range(size)] for q in range(size)]
        check(causal_mask, size, size, expected=rows)


def test_the_last_query_is_the_last_key():
    check(causal_mask, 1, 4, expected=[[True] * 4])
    two = [[True, True, True, True, False], [True] * 5]
    check(causal_mask, 2, 5, expected=two)


def test_no_query_gives_no_row():
    check(causal_mask, 0, 3, expected=[])
    check(causal_mask, 0, 0, expected=[])


def test_more_queries_than_keys_are_an_error():
    check(causal_mask, 3, 2, expected=ValueError)
