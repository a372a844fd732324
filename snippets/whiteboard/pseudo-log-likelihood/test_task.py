import math

from attempt import pseudo_log_likelihood, pseudo_perplexity
from runner import check


def uniform(tokens):
    return [[math.log(1 / 8)] * 8 for _ in tokens]


def neighbours(tokens):
    """A visible token predicts itself; a masked one is like its neighbours."""
    rows = []
    for i, token in enumerate(tokens):
        near = [token] * 97 if token != 3 else tokens[max(i - 1, 0) : i + 2]
        weights = [1 + near.count(v) for v in range(8)]
        rows.append([math.log(w / sum(weights)) for w in weights])
    return rows


def score(tokens):
    return pseudo_log_likelihood(list(tokens), neighbours)


def test_the_sum_over_the_words():
    check(pseudo_log_likelihood, [5], uniform, expected=math.log(1 / 8))
    check(pseudo_log_likelihood, [5, 6, 7], uniform, expected=3 * math.log(1 / 8))


def test_special_tokens_are_not_scored():
    check(pseudo_log_likelihood, [1, 5, 6, 2], uniform, expected=2 * math.log(1 / 8))
    check(pseudo_log_likelihood, [1, 2, 0], uniform, expected=0.0)


def test_a_word_does_not_see_itself():
    # The masked word has [MASK] and [BOS] around it: 1 of 10.
    check(pseudo_log_likelihood, [1, 5], neighbours, expected=math.log(1 / 10))


def test_a_word_sees_all_others():
    # Each 5 has the other as its neighbour: 2 of 10, 2 of 11.
    expected = math.log(2 / 10) + math.log(2 / 11)
    check(pseudo_log_likelihood, [5, 5, 1], neighbours, expected=expected)
    # Both neighbours count: 3 of 11 for the word between them.
    expected = math.log(2 / 10) + math.log(3 / 11) + math.log(2 / 10)
    check(pseudo_log_likelihood, [4, 4, 4], neighbours, expected=expected)


def test_a_run_of_the_model_for_each_word():
    seen = []

    def model(tokens):
        seen.append(list(tokens))
        return uniform(tokens)

    pseudo_log_likelihood([1, 5, 6], model)
    expected = [[1, 3, 6], [1, 5, 3]]
    check(
        lambda: sorted(seen),
        expected=expected,
        case="inputs of the model for [1, 5, 6]",
    )


def test_pseudo_perplexity():
    check(pseudo_perplexity, [1, 5, 6, 2], uniform, expected=8.0)
    check(pseudo_perplexity, [4, 1], uniform, expected=8.0)
    check(pseudo_perplexity, [1, 2], uniform, expected=ValueError)
