import math

from attempt import decode_step
from runner import check


def decode(tokens):
    """The outputs of all steps and the number of keys; fresh cache."""
    cache = {"keys": [], "values": []}
    outputs = [decode_step(*token, cache) for token in tokens]
    return outputs, len(cache["keys"]), len(cache["values"])


def run(name, tokens, outputs):
    count = len(tokens)
    check(
        decode,
        tokens,
        expected=(outputs, count, count),
        case=f"{name}: outputs, keys and values in the cache",
    )


def test_the_first_token_attends_to_itself():
    token = ([[1.0, 0.0]], [[1.0, 0.0]], [[5.0, 7.0]])
    run("the first token", [token], [[[5.0, 7.0]]])


def test_the_scale_is_that_of_one_head():
    # Scores 0 and 2 log 3 over the square root of 4: weights 1/4 and 3/4.
    first = ([[0.0] * 4] * 2, [[0.0] * 4] * 2, [[0.0, 4.0, 0.0, 8.0]] * 2)
    query, key = [math.log(3), math.log(3), 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]
    second = ([query] * 2, [key] * 2, [[4.0, 0.0, 4.0, 4.0]] * 2)
    first_out, second_out = [0.0, 4.0, 0.0, 8.0], [3.0, 1.0, 3.0, 5.0]
    run(
        "two tokens, 2 heads of width 4",
        [first, second],
        [[first_out] * 2, [second_out] * 2],
    )


def test_neighbouring_heads_share_a_key():
    token = ([[1.0]] * 4, [[0.0], [0.0]], [[10.0], [20.0]])
    run("4 heads, 2 key-value heads", [token], [[[10.0], [10.0], [20.0], [20.0]]])
    one = ([[1.0]] * 3, [[0.0]], [[7.0]])
    run("3 heads, 1 key-value head", [one], [[[7.0]] * 3])


def test_keys_and_values_of_a_group_belong_together():
    log3 = math.log(3)
    first = ([[1.0], [1.0]], [[log3], [0.0]], [[0.0], [8.0]])
    second = ([[1.0], [1.0]], [[0.0], [log3]], [[4.0], [0.0]])
    run(
        "2 heads, 2 key-value heads, two tokens",
        [first, second],
        [[[0.0], [8.0]], [[1.0], [2.0]]],
    )


def test_large_scores_do_not_overflow():
    tokens = [([[1000.0]], [[1000.0]], [[2.0]]), ([[1000.0]], [[1000.0]], [[4.0]])]
    run("scores of a million", tokens, [[[2.0]], [[3.0]]])


def test_heads_that_do_not_divide_are_an_error():
    cache = {"keys": [], "values": []}
    check(
        lambda: decode_step([[1.0]] * 3, [[1.0]] * 2, [[1.0]] * 2, cache),
        expected=ValueError,
        case="3 heads, 2 key-value heads",
    )
    assert cache == {"keys": [], "values": []}, (
        f"the cache after the error: expected no token, got {len(cache['keys'])}"
    )
