import math

from attempt import discriminator_loss, generator_loss
from runner import check

LOG2, LOG3 = math.log(2), math.log(3)


def test_a_discriminator_that_cannot_tell():
    check(discriminator_loss, [0.0], [0.0], expected=2 * LOG2)
    check(generator_loss, [0.0], expected=LOG2)
    check(generator_loss, [0.0], saturating=True, expected=-LOG2)


def test_real_pictures_should_have_high_logits():
    check(discriminator_loss, [LOG3], [0.0], expected=math.log(4 / 3) + LOG2)
    check(discriminator_loss, [0.0], [LOG3], expected=LOG2 + math.log(4))


def test_both_forms_of_the_generator():
    check(generator_loss, [LOG3], expected=math.log(4 / 3))
    check(generator_loss, [LOG3], saturating=True, expected=-math.log(4))


def test_means_over_each_kind():
    expected = (math.log(4 / 3) + math.log(4)) / 2 + LOG2
    check(discriminator_loss, [LOG3, -LOG3], [0.0], expected=expected)
    expected = LOG2 + (LOG2 + 2 * math.log(4)) / 3
    check(discriminator_loss, [0.0], [0.0, LOG3, LOG3], expected=expected)
    check(generator_loss, [LOG3, 0.0], expected=(math.log(4 / 3) + LOG2) / 2)


def test_large_logits():
    check(discriminator_loss, [1000.0], [-1000.0], expected=0.0)
    check(discriminator_loss, [-1000.0], [1000.0], expected=2000.0)
    check(generator_loss, [-1000.0], expected=1000.0)
    check(generator_loss, [1000.0], saturating=True, expected=-1000.0)
