import math

from attempt import next_token_loss, perplexity
from runner import check

EVEN = [0.0, 0.0, 0.0, 0.0]
LOG = [0.0, 0.0, math.log(6), 0.0]  # probabilities 1/9, 1/9, 6/9, 1/9


def test_logits_predict_the_next_token():
    check(next_token_loss, [[EVEN, LOG]], [[1, 2]], expected=math.log(4))
    check(next_token_loss, [[LOG, EVEN]], [[1, 2]], expected=math.log(9 / 6))
    check(next_token_loss, [[LOG, EVEN]], [[2, 1]], expected=math.log(9))


def test_padding_is_no_target():
    check(next_token_loss, [[LOG, LOG, LOG]], [[1, 2, 0]], expected=math.log(1.5))
    other = math.log(1.5)
    check(next_token_loss, [[LOG, LOG, LOG]], [[1, 2, 3]], 3, expected=other)


def test_every_target_counts_alike():
    logits = [[LOG, LOG, LOG, LOG], [EVEN, EVEN, EVEN, EVEN]]
    tokens = [[1, 2, 2, 2], [1, 3, 0, 0]]
    expected = (3 * math.log(1.5) + math.log(4)) / 4
    check(next_token_loss, logits, tokens, expected=expected)


def test_large_logits_do_not_overflow():
    high = [1000.0, 1000.0, 0.0, 0.0]
    check(next_token_loss, [[high, EVEN]], [[3, 1]], expected=math.log(2))
    check(next_token_loss, [[high, EVEN]], [[1, 2]], expected=1000 + math.log(2))


def test_a_batch_without_targets_is_an_error():
    check(next_token_loss, [[EVEN, EVEN]], [[1, 0]], expected=ValueError)
    check(next_token_loss, [[EVEN]], [[1]], expected=ValueError)


def test_the_perplexity_of_a_uniform_guess_is_the_vocabulary():
    check(perplexity, [[EVEN, EVEN, EVEN]], [[1, 2, 3]], expected=4.0)
    check(perplexity, [[LOG, LOG, EVEN]], [[1, 2, 2]], expected=1.5)
    check(perplexity, [[LOG, LOG, LOG]], [[1, 2, 3]], 3, expected=1.5)
    check(perplexity, [[EVEN, LOG, LOG]], [[2, 1, 0]], expected=4.0)
