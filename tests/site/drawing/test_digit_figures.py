"""Drawings of digits and of training curves, parsed back into their data."""

import re

import pytest
from markupsafe import Markup

from paradigms._schema import ContentError
from paradigms.experiments.pictures import Digits
from paradigms.experiments.records import FOLDER, load, picture
from paradigms.site.drawing import plots
from paradigms.site.fences.figure import DigitsFigure
from paradigms.site.fences.page import Page

PAGE = Page(link=lambda target: target, inline=Markup)
SAMPLES = "digit_generators/held-out digits/samples"


def shades(drawing: str) -> dict[tuple[int, int], int]:
    """Shade of each drawn pixel, by row and column."""
    pixels = {}
    for opacity, path in re.findall(r'opacity="([\d.]+)" d="([^"]*)"', drawing):
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", path):
            for step in range(int(length)):
                position = (int(y), int(x) + step)
                assert position not in pixels  # no pixel twice
                pixels[position] = plots.GREYS.index(float(opacity)) + 1
    return pixels


def test_the_drawing_shows_the_recorded_pixels():
    """Each pixel of each digit, read back from the paths, in one of five shades."""
    pictures = picture(SAMPLES, Digits).digits
    pixels = shades(plots.digits(pictures, [], [], "Digits"))
    expected = {
        (plots.STEP * r + position // 8, plots.STEP * c + position % 8): shade
        for r, row in enumerate(pictures)
        for c, digit in enumerate(row)
        for position, letter in enumerate(digit)
        if (shade := round(int(letter, 17) / 4))
    }
    assert pixels == expected
    assert len(set(pixels.values())) == len(plots.GREYS)


def test_a_mirrored_digit_would_be_noticed():
    """Negative control: upside down it is another set of pixels."""
    digit = picture(SAMPLES, Digits).digits[0][0]
    assert shades(plots.digits([[digit]], [], [], "A")) != shades(
        plots.digits([[digit[::-1]]], [], [], "A")
    )


def test_labels_stand_beside_their_rows_and_columns():
    """One label per row and per column; another number is an error."""
    digit = "0" * 64
    drawing = plots.digits([[digit] * 2], ["<r>"], ["a", "b"], "Digits")
    assert drawing.count("<text") == 3
    assert "&lt;r&gt;" in drawing
    with pytest.raises(ValueError, match="there are 2 to label, and 1 labels"):
        plots.digits([[digit] * 2], [], ["a"], "Digits")
    with pytest.raises(ValueError, match="at least one digit"):
        plots.digits([], [], [], "Digits")


def test_the_words_say_what_the_judge_reads():
    """The labels of each row are listed, and the title is the figure's anchor."""
    figure = DigitsFigure(digits=SAMPLES, title="Real ones", caption="Ten and ten.")
    html = figure.render(PAGE)
    for labels in picture(SAMPLES, Digits).predictions:
        assert f": {' '.join(labels)}</li>" in html
    assert "real-ones" in PAGE.anchors


def test_labelled_digits_say_what_their_labels_are():
    """The latents of a walk are named at both sides; without names it is an error."""
    keys = {"digits": "digit_generators/VAE/walk", "title": "Walk", "caption": "x" * 10}
    figure = DigitsFigure(**keys, across="first latent", up="second latent")
    assert ">first latent →</text>" in figure.drawing()
    assert ">↓ second latent</text>" in figure.drawing()
    with pytest.raises(ContentError, match=r"across: say what -1\.6, -1\.0, -0\.6"):
        DigitsFigure(**keys, up="second latent").drawing()
    with pytest.raises(
        ContentError, match=r"up: say what 1\.6, 1\.0, 0\.6, \.\.\. are"
    ):
        DigitsFigure(**keys, across="first latent").drawing()


def test_a_picture_that_is_not_recorded_is_named():
    """The error lists the recorded ones."""
    message = r"is not recorded as Digits; there is: .*VAE/walk"
    with pytest.raises(ContentError, match=message):
        picture("digit_generators/VAE/wlak", Digits)


def test_all_pictures_of_the_digits_are_recorded():
    """Twenty of each model, a walk of 81, three strips, six moments; under 150 kB."""
    result = load("digit_generators")
    for name in ("held-out digits", "VAE", "VAE, 16 latents", "GAN", "DDPM", "DDIM"):
        samples = result.pictures[f"{name}/samples"].digits
        assert sum(map(len, samples)) == 20
    assert [len(row) for row in result.pictures["VAE/walk"].digits] == [9] * 9
    assert [len(row) for row in result.pictures["DDPM/strip"].digits] == [10] * 3
    assert len(result.pictures["GAN/training"].digits) == 6
    assert (FOLDER / "digit_generators.json").stat().st_size < 150_000
