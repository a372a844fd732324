from attempt import adjust, estimate
from runner import check


def test_equal_priors_change_nothing():
    check(adjust, [0.7, 0.3], [0.6, 0.4], [0.6, 0.4], expected=[0.7, 0.3])


def test_known_priors():
    check(adjust, [0.5, 0.5], [0.5, 0.5], [0.9, 0.1], expected=[0.9, 0.1])
    check(adjust, [0.8, 0.2], [0.8, 0.2], [0.5, 0.5], expected=[0.5, 0.5])
    check(adjust, [0.9, 0.1], [0.5, 0.5], [0.1, 0.9], expected=[0.5, 0.5])
    # Factors 1, 3 and 1.
    check(
        adjust,
        [0.4, 0.4, 0.2],
        [0.3, 0.2, 0.5],
        [0.3, 0.6, 0.5],
        expected=[0.4 / 1.8, 1.2 / 1.8, 0.2 / 1.8],
    )


def test_a_class_may_vanish():
    check(adjust, [0.5, 0.5], [0.5, 0.5], [1.0, 0.0], expected=[1.0, 0.0])
    check(adjust, [0.0, 1.0], [0.5, 0.5], [0.5, 0.5], expected=[0.0, 1.0])


def test_what_is_impossible_is_an_error():
    check(adjust, [1.0, 0.0], [0.5, 0.5], [0.0, 1.0], expected=ValueError)
    check(adjust, [0.5, 0.5], [1.0, 0.0], [0.5, 0.5], expected=ValueError)


def test_without_a_step_the_priors_are_the_old_ones():
    check(estimate, [[0.9, 0.1]], [0.6, 0.4], 0, expected=[0.6, 0.4])


def test_one_step_is_the_mean_of_the_posteriors():
    posteriors = [[0.9, 0.1], [0.7, 0.3]]
    check(estimate, posteriors, [0.6, 0.4], 1, expected=[0.8, 0.2])


def test_every_step_corrects_the_original_posteriors():
    prior = 0.8
    for steps in (2, 3):
        odds = prior / (1 - prior)  # 9 and 7/3 are the odds of the posteriors
        prior = (9 * odds / (1 + 9 * odds) + 7 * odds / (3 + 7 * odds)) / 2
        posteriors, expected = [[0.9, 0.1], [0.7, 0.3]], [prior, 1 - prior]
        check(estimate, posteriors, [0.5, 0.5], steps, expected=expected)


def test_em_finds_the_priors():
    # Odds of 3 and 1/3, seen 13 and 7 times, fit the priors 0.8 and 0.2.
    posteriors = [[0.75, 0.25]] * 13 + [[0.25, 0.75]] * 7
    check(
        lambda: estimate(posteriors, [0.5, 0.5], 99),
        expected=[0.8, 0.2],
        tolerance=1e-6,
        case="estimate(13 times [0.75, 0.25] and 7 times [0.25, 0.75], [0.5, 0.5], 99)",
    )
