from attempt import reach, window_mask
from runner import check


def table(text):
    """A mask from rows of x and dots."""
    return [[cell == "x" for cell in row] for row in text.split()]


def test_the_window_counts_the_token_itself():
    check(window_mask, 3, 1, expected=table("x.. .x. ..x"))
    check(window_mask, 4, 2, expected=table("x... xx.. .xx. ..xx"))


def test_a_wide_window_is_causal():
    check(window_mask, 3, 3, expected=table("x.. xx. xxx"))
    check(window_mask, 3, 9, expected=table("x.. xx. xxx"))


def test_sinks_stay_visible_and_are_not_seen_early():
    check(window_mask, 4, 2, sinks=1, expected=table("x... xx.. xxx. x.xx"))
    check(window_mask, 4, 1, sinks=2, expected=table("x... xx.. xxx. xx.x"))


def test_a_window_without_the_token_is_an_error():
    check(window_mask, 3, 0, expected=ValueError)


def test_layers_reach_further():
    check(reach, 2, 3, expected=4)
    check(reach, 1, 12, expected=1)
    check(reach, 4096, 1, expected=4096)
    check(reach, 4096, 32, expected=131041)
    for window, layers in ((3, 2), (4, 3)):
        seen = {20}
        for _ in range(layers):
            mask = window_mask(21, window)
            seen = {k for q in seen for k in range(21) if mask[q][k]}
        check(reach, window, layers, expected=len(seen))
