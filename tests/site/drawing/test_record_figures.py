"""Drawings of fields, bands and strips, parsed back into the recorded data."""

import re
from dataclasses import replace

import pytest
from markupsafe import Markup

from paradigms.experiments import boundaries, objectives_at_work
from paradigms.experiments.pictures import DecisionField, Strip
from paradigms.experiments.records import load, picture
from paradigms.site.drawing import plots
from paradigms.site.fences.figure import FieldFigure, StripFigure, sides
from paradigms.site.fences.page import Page

PAGE = Page(link=lambda target: target, inline=Markup)
FIELDS = list(load("boundaries").pictures)
STRIPS = list(load("objectives_at_work").pictures)
AXES = ("x", "y")


def shades(drawing: str, columns: int, lines: int) -> list[str]:
    """Each cell's letter, from the path that covers it; 0 where none does."""
    side = plots.FIELD / columns
    letters = [["0"] * columns for _ in range(lines)]
    for opacity, path in re.findall(r'opacity="([\d.]+)" d="([^"]*)"', drawing):
        for x, y, width in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", path):
            first = round(float(x) / side)
            for column in range(first, first + round(float(width) / side)):
                line = round(float(y) / side - 0.5)
                assert letters[line][column] == "0"  # no cell twice
                letters[line][column] = str(round(4 * float(opacity)))
    return ["".join(line) for line in letters]


@pytest.mark.parametrize("key", FIELDS)
def test_a_field_is_drawn_cell_by_cell(key):
    """Each cell in its shade, each point with its sign, where it lies."""
    record = picture(f"boundaries/{key}", DecisionField)
    drawing = plots.field(record.field, record.points, AXES, "A field")
    size = len(record.field[0]), len(record.field)
    assert shades(drawing, *size) == record.field
    mirrored = [line[::-1] for line in record.field]
    assert shades(plots.field(mirrored, [], AXES, "A"), *size) != record.field
    signs = re.search(r'stroke-width:1\.2" d="([^"]*)"', drawing).group(1)
    assert signs.count("M") == len(record.points)
    assert signs.count("v6") == sum(label for *_, label in record.points)
    middle = plots.field(["00"], [(0, 0, 1)], AXES, "A")
    assert f'd="M{plots.FIELD / 2:.1f} {plots.FIELD / 4:.1f}m' in middle


def test_a_field_is_put_into_words():
    """The range in which class 1 is more probable, as percentages of the width."""
    assert sides("0011223344") == "40%, from 60 to 100%"
    assert sides("4002") == "25%, from 0 to 25%"
    assert sides("30003") == "40%, from 0 to 20 and 80 to 100%"
    assert sides("000") == "0%"
    figure = FieldFigure(
        field=f"boundaries/{FIELDS[0]}",
        across="a",
        up="b",
        title="Seen",
        caption="x" * 10,
    )
    assert "<li>" in figure.render(PAGE)
    with pytest.raises(ValueError, match="lines of one length"):
        plots.field(["00", "0"], [], AXES, "A")
    with pytest.raises(ValueError, match="lines of one length"):
        plots.field([], [], AXES, "A")


def boxes(drawing: str) -> list[tuple[float, float, str]]:
    """y, centre x and text of each token, line by line."""
    pattern = r'text-anchor="middle" x="([\d.]+)" y="([\d.]+)">([^<]*)<'
    return [(float(y), float(x), text) for x, y, text in re.findall(pattern, drawing)]


@pytest.mark.parametrize("key", STRIPS)
def test_a_strip_shows_each_token_in_its_place(key):
    """All tokens are drawn in order, in columns if the lines are equally long."""
    lines = picture(f"objectives_at_work/{key}", Strip).strip
    drawn_tokens = boxes(
        plots.strip(lines, "A strip").replace("&lt;", "").replace("&gt;", "")
    )
    expected = [token for tokens in lines.values() for token in tokens if token]
    assert [text for *_, text in drawn_tokens] == [
        token.strip("<>") for token in expected
    ]
    assert drawn_tokens == sorted(drawn_tokens, key=lambda box: box[:2])
    if key in (
        "span corruption/strip",
        "infilling and permutation/strip",
        "sentence order/strip",
    ):
        assert max(x for _, x, _ in drawn_tokens) < plots.WRAP
    else:
        first, *others = ([bool(token) for token in line] for line in lines.values())
        columns = len({x for _, x, _ in drawn_tokens})
        assert columns == sum(map(any, zip(first, *others, strict=True)))
    figure = StripFigure(
        strip=f"objectives_at_work/{key}", title="A strip", caption="x" * 10
    )
    html = figure.render(PAGE)
    for name in lines:
        assert f"<li>{name}: " in html
    with pytest.raises(ValueError, match="a strip needs a token"):
        plots.strip({"reads": [""]}, "A")


def test_the_boundaries_again_at_reduced_size():
    """Errors on the tumours are the recorded ones; linear boundaries are straight."""
    expected = {row["name"]: row for row in load("boundaries").rows}
    for row in boundaries.run(boundaries.smaller()).rows:
        if "tumours" in row:
            assert row["error"] == expected[row["name"]]["error"]
    for name in ("LDA", "logistic regression", "linear SVM"):
        assert straight(picture(f"boundaries/{name}/field", DecisionField).field)
    for name in ("QDA", "kernel SVM", "Gaussian naive Bayes"):
        assert not straight(picture(f"boundaries/{name}/field", DecisionField).field)


def straight(field: list[str]) -> bool:
    """Whether class 1 lies left of a straight line, within one cell."""
    signs = ["".join("+" if c > "1" else "-" for c in line) for line in field]
    edges = [line.count("+") for line in signs]
    first, last, steps = edges[0], edges[-1], len(edges) - 1
    return all(
        line.startswith("+" * edge)
        and abs(edge - (first + (last - first) * step / steps)) <= 1
        for step, (line, edge) in enumerate(zip(signs, edges, strict=True))
    )


def test_the_words_count_as_the_captions_say():
    """Multinomial: each repetition counts.  Bernoulli: only the first one does."""
    multinomial = picture(
        "boundaries/multinomial naive Bayes/field", DecisionField
    ).field
    bernoulli = picture("boundaries/Bernoulli naive Bayes/field", DecisionField).field
    assert len(set(multinomial[-1])) > 2
    assert all(len(set(line[1:])) == 1 for line in bernoulli)
    assert len(set(bernoulli[:-1])) == 1


def test_the_objectives_again():
    """The recorded seed gives the recorded strips, another seed gives others."""
    config = objectives_at_work.CONFIG
    expected = load("objectives_at_work").pictures
    assert objectives_at_work.run(config).figures == expected
    other = objectives_at_work.run(replace(config, seed=config.seed + 1))
    assert other.figures != expected
