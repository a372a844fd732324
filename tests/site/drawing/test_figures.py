"""Drawings and descriptions of masks, parsed back into matrices."""

import re

import pytest

from paradigms.masks import grid, parse
from paradigms.site.drawing import svg
from paradigms.site.fences.figure import in_words, joint, posterior

SHAPES = [
    ("causal", 5, 5),
    ("bidirectional", 6, 6),
    ("prefix_lm(3)", 5, 5),
    ("causal & padding(4)", 6, 6),
    ("cross(2)", 3, 4),
    ("causal & packed(3, 2)", 5, 5),
    ("permutation_query(2, 0, 4, 1, 3)", 5, 5),
]


def cells(drawing: str, style: str, side: int = svg.CELL) -> set[tuple[int, int]]:
    """Row and column of each cell that a path covers."""
    path = re.search(rf'class="{style}" d="([^"]*)"', drawing).group(1)
    coordinates = set()
    for x, y, length in re.findall(r"M(\S+) (\S+?)h(\d+)", path):
        first, row = (float(x) - 1) / side, (float(y) - side / 2) / side
        for step in range((int(length) + 2) // side):
            coordinates.add((int(row), int(first) + step))
    return coordinates


def marks(drawing: str, style: str, left: int, repeated: str) -> set[tuple[int, int]]:
    """Row and column of each tick or dot."""
    path = re.search(rf'class="{style}" d="([^"]*)"', drawing).group(1)
    coordinates = set()
    for x, y, run in re.findall(r"M(\d+) (\d+)([^M]*)", path):
        row, first = (int(y) - 15) // svg.CELL, (int(x) - left) // svg.CELL
        coordinates |= {(row, first + step) for step in range(run.count(repeated))}
    return coordinates


def positions(seen: list[list[bool]], value: bool) -> set[tuple[int, int]]:
    """Row and column of each cell of a matrix that has the value."""
    return {
        (row, column)
        for row, line in enumerate(seen)
        for column, cell in enumerate(line)
        if cell is value
    }


def draw(expression: str, rows: int, columns: int) -> str:
    """The drawing of a mask with plain labels."""
    labels = [str(number) for number in range(max(rows, columns))]
    return svg.mask(parse(expression), labels[:rows], labels[:columns], "A mask")


@pytest.mark.parametrize(("expression", "rows", "columns"), SHAPES)
def test_the_drawing_shows_the_rule_cell_by_cell(expression, rows, columns):
    """Cells, ticks and dots of the drawing, read back, are the matrix of the rule."""
    matrix = grid(parse(expression), rows, columns)
    drawing = draw(expression, rows, columns)
    assert cells(drawing, "sees") == positions(matrix, True)
    assert cells(drawing, "blind") == positions(matrix, False)
    assert marks(drawing, "tick", 9, "l4 5 8-10") == positions(matrix, True)
    assert marks(drawing, "dot", 14, "h2") == positions(matrix, False)


def test_a_transposed_drawing_would_be_noticed():
    """Negative control: the mirror image of the causal mask is not the causal mask."""
    mirrored = {(column, row) for row, column in cells(draw("causal", 5, 5), "sees")}
    assert mirrored != positions(grid(parse("causal"), 5), True)


@pytest.mark.parametrize(("expression", "rows", "columns"), SHAPES)
def test_the_words_say_what_the_drawing_shows(expression, rows, columns):
    """Each row's sentence, read back, names the columns that the row sees."""
    matrix = grid(parse(expression), rows, columns)
    lines = in_words(parse(expression), ["r"] * rows, ["c"] * columns)
    for line, row in zip(lines, matrix, strict=True):
        numbers: set[int] = set()
        for part in line.removeprefix("r sees ").split(" and "):
            ends = [int(number) for number in re.findall(r"(\d+) c", part)]
            numbers |= set(range(ends[0], ends[-1] + 1)) if ends else set()
        assert numbers == {number for number, visible in enumerate(row, 1) if visible}


def test_neighbouring_columns_are_named_by_their_ends():
    """The first and the last of each run, not every column."""
    keys = ["1", "2", "3", "4"]
    words = in_words(parse("packed(1, 3)"), ["a", "b"], keys)
    assert words == ["a sees 1 1", "b sees 2 2 to 4 4"]


def test_a_small_mask_has_the_same_cells():
    """Thumbnails in tables follow the same rule at another size."""
    drawing = svg.thumbnail(parse("block_causal(2)"), 6)
    matrix = grid(parse("block_causal(2)"), 6)
    assert cells(drawing, "sees", side=7) == positions(matrix, True)


def test_a_drawing_needs_rows_and_columns():
    """An empty mask is an error, not an empty picture."""
    with pytest.raises(ValueError, match="at least one row and one column"):
        svg.mask(parse("causal"), [], [], "Nothing")


def test_labels_are_escaped():
    """A token such as <s> is text, not a tag."""
    assert "&lt;s&gt;" in svg.mask(parse("causal"), ["<s>"], ["<s>"], "A")


def test_the_posterior_follows_from_the_joint():
    """By Bayes' rule; it is 0.5 at 0 and symmetric, and the joint sums to one."""
    for x in (-2.0, -0.5, 0.0, 1.5):
        marginal = joint(x, 0) + joint(x, 1)
        assert posterior(x) == pytest.approx(joint(x, 1) / marginal)
        assert posterior(x) + posterior(-x) == pytest.approx(1)
    assert posterior(0) == 0.5
    total = sum(joint(step / 100, y) / 100 for step in range(-900, 900) for y in (0, 1))
    assert total == pytest.approx(1, abs=1e-6)
