import random

from attempt import mask_tokens
from runner import check

TEXT = [4 + i % 996 for i in range(24_000)]


def fates():
    """What the chosen words become, in percent."""
    inputs, _ = mask_tokens(TEXT, 1000, random.Random(0), 1.0)
    masked = inputs.count(3)
    unchanged = sum(shown == token for shown, token in zip(inputs, TEXT, strict=True))
    parts = (masked, len(TEXT) - masked - unchanged, unchanged)
    return [part * 100 / len(TEXT) for part in parts]


def near(case, got, expected, tolerance):
    assert abs(got - expected) <= tolerance, (
        f"{case}: expected {expected}%, got {got:.0f}%"
    )


def test_special_tokens_are_never_chosen():
    special = ([0, 1, 2, 3], [-100] * 4)
    rng = random.Random(0)
    check(
        lambda: mask_tokens([0, 1, 2, 3], 9, rng, 1.0),
        expected=special,
        case="mask_tokens([0, 1, 2, 3], 9, rng, rate=1)",
    )


def test_rates_of_zero_and_one():
    none = ([5, 6], [-100, -100])
    check(
        lambda: mask_tokens([5, 6], 9, random.Random(0), 0.0),
        expected=none,
        case="mask_tokens([5, 6], 9, rng, rate=0)",
    )
    got = mask_tokens([4, 5, 6] * 99, 9, random.Random(0), 1.0)[1]
    check(
        lambda: got,
        expected=[4, 5, 6] * 99,
        case="the targets of mask_tokens([4, 5, 6, ...], 9, rng, rate=1)",
    )


def test_the_tokens_are_not_changed():
    tokens = [5] * 99
    mask_tokens(tokens, 9, random.Random(0), 1.0)
    assert tokens == [5] * 99, "the tokens afterwards: expected as before, got others"


def test_targets_are_the_original_words():
    text = TEXT[:2000]
    inputs, targets = mask_tokens(text, 1000, random.Random(1))
    for shown, target, token in zip(inputs, targets, text, strict=True):
        assert target in (-100, token), f"a target: expected {token}, got {target}"
        assert target == token or shown == token, (
            f"a word that is no target: expected {token}, got {shown}"
        )


def test_the_shares():
    targets = mask_tokens(TEXT, 1000, random.Random(3))[1]
    chosen = sum(target != -100 for target in targets)
    near("chosen of 24000 words", chosen * 100 / len(TEXT), 15, 0.9)
    masked, other, unchanged = fates()
    near("shown as [MASK] of the chosen words", masked, 80, 0.9)
    near("shown as another word of the chosen words", other, 10, 0.75)
    near("shown unchanged of the chosen words", unchanged, 10, 0.75)


def test_random_words_are_words():
    inputs, _ = mask_tokens([4] * 5000, 6, random.Random(2), 1.0)
    seen = set(inputs)
    assert seen == {3, 4, 5}, (
        f"ids shown for a vocabulary of the words 4 and 5: expected [3, 4, 5], "
        f"got {sorted(seen)}"
    )
