"""Charts: labelled axes, one style for each line, lines where their points are."""

import re
from itertools import accumulate

import pytest
from markupsafe import Markup

from paradigms._schema import ContentError, validate
from paradigms.experiments.pictures import Bands, Curves
from paradigms.experiments.records import picture
from paradigms.site.content.pages import fences
from paradigms.site.drawing import charts
from paradigms.site.drawing.charts import Axis, Guide, Line, chart, nice_ticks
from paradigms.site.fences.figure import (
    BandsFigure,
    CourseFigure,
    Figure,
    TwoViewsFigure,
    figure_kind,
    joint,
    posterior,
)
from paradigms.site.fences.page import Page
from tests.conftest import PHONE

PAGE = Page(link=lambda target: target, inline=Markup)
FIGURES = [validate(figure_kind(keys), keys, page) for keys, page in fences("figure")]
CHARTS: list[Figure] = [
    figure
    for figure in FIGURES
    if isinstance(figure, BandsFigure | CourseFigure | TwoViewsFigure)
]
CALIBRATION = "calibration/imdb/as fitted"
TEXT = {"title": "A title", "caption": "A caption."}
X, Y = Axis("labels", "logarithmic"), Axis("error rate", percent=True)
FIRST = Line(
    "first", [(10, 0.4, 0.3, 0.5), (100, 0.2, 0.1, 0.3), (1000, 0.1, 0.1, 0.1)]
)
SECOND = Line("second", [(100, 0.3, 0.2, 0.4), (1000, 0.1, 0.05, 0.15)])

Points = list[tuple[float, float]]


def paths(drawing: str) -> list[tuple[str, str, Points]]:
    """Colour, dashes and points of each line; samples of the legend are left out."""
    lines = re.findall(
        r'<path class="curve (c\d)"(?: stroke-dasharray="([^"]*)")? d="M([^"h]*)"/>',
        drawing,
    )
    return [(colour, dashes, points(path)) for colour, dashes, path in lines]


def points(path: str) -> Points:
    """The points of a path, each given by its distance from the one before."""
    steps = [tuple(map(float, pair.split())) for pair in path.split("l")]
    return list(accumulate(steps, lambda at, step: (at[0] + step[0], at[1] + step[1])))


def markers(drawing: str) -> dict[str, tuple[str, int]]:
    """The shape of the markers of each colour, and how many there are."""
    shapes = {}
    for colour, path in re.findall(r'<path class="mark (c\d)" d="([^"]*)"', drawing):
        path_data = re.findall(r"M[\d.-]+ [\d.-]+(m[^M]*)", path)
        assert len(set(path_data)) == 1
        shapes[colour] = path_data[0], len(path_data)
    return shapes


def test_lines_are_drawn_where_their_points_are():
    """Equal factors are equal steps; higher is higher; a bar spans its interval."""
    drawing = chart([FIRST, SECOND], X, Y, "A chart")
    (_, _, first), (_, _, second) = paths(drawing)
    (a, high), (b, middle), (c, low) = first
    assert b - a == pytest.approx(c - b, abs=0.11)
    assert low > middle > high
    assert middle - high == pytest.approx(2 * (low - middle), abs=0.31)
    assert second == [(b, pytest.approx((high + middle) / 2, abs=0.11)), (c, low)]
    bars = re.search(r'class="bar c0" d="([^"]*)"', drawing).group(1)
    spans = [
        tuple(map(float, bar)) for bar in re.findall(r"M(\S+) (\S+)V([\d.]+)", bars)
    ]
    assert [x for x, *_ in spans] == [a, b]  # the last interval has no width
    for (_, bottom, top), (_, mean) in zip(spans, first, strict=False):
        assert (bottom + top) / 2 == pytest.approx(mean, abs=0.11)


def test_a_linear_axis_has_equal_steps():
    """Negative control of the scale: the same points lie elsewhere."""
    line = Line("line", [(0, 0, 0, 0), (5, 0.5, 0.5, 0.5), (10, 1, 1, 1)])
    ((_, _, path_data),) = paths(chart([line], Axis("steps"), Axis("y"), "A chart"))
    assert path_data[1][0] - path_data[0][0] == pytest.approx(
        path_data[2][0] - path_data[1][0], abs=0.2
    )
    ((_, _, logarithmic),) = paths(
        chart([Line("line", FIRST.points)], X._replace(scale="linear"), Y, "A chart")
    )
    assert logarithmic[1][0] - logarithmic[0][0] < 40


def test_points_are_not_rounded_to_whole_pixels():
    """A slow rise is no staircase: a hundred heights stay a hundred heights."""
    line = Line("slow", [(x, x / 2000, x / 2000, x / 2000) for x in range(101)])
    top = Line("fast", [(0, 0, 0, 0), (100, 0.5, 0.5, 0.5)])
    drawing = chart([line, top], Axis("x"), Axis("y"), "A chart")
    assert len({y for _, y in paths(drawing)[0][2]}) > 90


def test_the_axes_have_names_values_and_scale():
    """Both names; the scale is said if it is logarithmic; a share is in percent."""
    drawing = chart([FIRST, SECOND], X, Y, "A chart")
    assert ">↑ error rate</text>" in drawing
    assert ">labels, logarithmic →</text>" in drawing
    values = re.findall(
        r'<text text-anchor="(middle|end)"[^>]*>([^<↑→]+)</text>', drawing
    )
    assert [text for side, text in values if side == "middle"] == ["10", "100", "1,000"]
    percentages = [text for side, text in values if side == "end"]
    assert percentages == ["0%", "10%", "20%", "30%", "40%", "50%"]
    linear = chart([FIRST, SECOND], Axis("labels"), Axis("error"), "A chart")
    assert ">labels →</text>" in linear
    assert "%<" not in linear


@pytest.mark.parametrize("figure", CHARTS, ids=lambda figure: figure.title)
def test_every_line_of_every_chart_has_its_own_style(figure):
    """Dashes, marker and colour: no two lines of a chart share one of the three."""
    drawing = figure.drawing()
    lines = paths(drawing)
    shapes = markers(drawing)
    assert len({dashes for _, dashes, _ in lines}) == len(lines)
    assert len({shape for shape, _ in shapes.values()}) == len(shapes) == len(lines)
    assert all(count >= 1 for _, count in shapes.values())


@pytest.mark.parametrize("figure", CHARTS, ids=lambda figure: figure.title)
def test_every_chart_names_both_axes(figure):
    """In the drawing, and in words."""
    across, up = re.findall(r'<text class="name"[^>]*>[↑ ]*([^<→]+)', figure.drawing())[
        ::-1
    ]
    assert len(across.strip()) >= 1 <= len(up.strip())
    if not isinstance(figure, TwoViewsFigure):
        assert figure.words().intro == f"Across: {across.strip()}. Up: {up.strip()}."


def test_a_chart_without_a_name_of_an_axis_is_an_error():
    """Missing and empty, for each kind that has axes: the key is named."""
    recorded = {"bands": CALIBRATION, "course": "digit_generators/GAN/loss"}
    for kind, address in [*recorded.items(), ("field", "boundaries/LDA/field")]:
        keys = TEXT | {kind: address}
        if kind == "course":
            keys |= {"level": 1, "name": "one"}
        for names, key in (
            ({"up": "y"}, "across"),
            ({"across": "", "up": "y"}, "across"),
            ({"across": "x"}, "up"),
        ):
            with pytest.raises(ContentError, match=f"figure fence: {key}: "):
                validate(figure_kind(keys), keys | names, "figure fence")


def test_the_diagonal_of_reliability_is_straight():
    """It is the reference: thin, without markers; its points lie on one line."""
    (figure, *_) = [
        figure
        for figure in CHARTS
        if isinstance(figure, BandsFigure) and figure.bands == CALIBRATION
    ]
    assert figure.scale == "linear"
    guide = re.search(r'<path class="guide" d="M([^"h]*l[^"]*)"', figure.drawing())
    diagonal = points(guide.group(1))
    assert len(diagonal) == 6
    (left, low), *_, (right, high) = diagonal
    for x, y in diagonal:
        assert y == pytest.approx(
            low + (x - left) / (right - left) * (high - low), abs=0.2
        )


def test_an_unknown_baseline_is_an_error():
    """The lines that there are, are named."""
    figure = BandsFigure(
        bands=CALIBRATION, across="x", up="y", baseline="perfect", **TEXT
    )
    with pytest.raises(
        ContentError, match="has no line 'perfect'; there is: perfect calibration, "
    ):
        figure.drawing()


def test_markers_of_long_lines_are_few():
    """About nine along eighty points, and not at the same places for all lines."""
    line = [(x, 0.5, 0.5, 0.5) for x in range(81)]
    drawing = chart([Line("a", line), Line("b", line)], Axis("x"), Axis("y"), "A chart")
    assert all(8 <= count <= 10 for _, count in markers(drawing).values())
    marks = re.findall(r'class="mark c\d" d="M(\S+) [^M"]*M', drawing)
    assert len(set(marks)) == 2


def test_guides_are_drawn_at_their_values():
    """A level at its height, an upright at its place, each with its name."""
    line = Line("up", [(-1, 0, 0, 0), (0, 0.5, 0.5, 0.5), (1, 1, 1, 1)])
    drawing = chart(
        [line], Axis("x"), Axis("y"), "A chart", Guide(0.5, "half"), Guide(0, "middle")
    )
    _, (x, y), _ = paths(drawing)[0][2]
    assert re.search(rf'class="guide" d="M[\d.]+ {y}H', drawing)
    assert re.search(rf'class="guide" d="M{x} [\d.]+V', drawing)
    assert ">half</text>" in drawing
    assert ">middle</text>" in drawing


def test_an_axis_goes_no_further_down_than_needed():
    """An interval just below zero adds no whole step below zero."""
    line = Line("line", [(1, 0.5, -0.01, 1), (2, 0.5, 0.5, 0.5)])
    drawing = chart([line], Axis("x"), Axis("y"), "A chart")
    assert re.findall(r'text-anchor="end"[^>]*>(-?[\d.]+)<', drawing)[0] == "0"
    bar = re.search(r'class="bar c0" d="M\S+ (\S+)V', drawing).group(1)
    floor = re.search(r'class="axis" d="M\S+ \S+V([\d.]+)H', drawing).group(1)
    assert bar == floor


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (-0.3, 0.9, [-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 61.759, [0, 20, 40, 60, 80]),
        (1, 21, [0, 5, 10, 15, 20, 25]),
        (3, 3, [3, 3.1]),
    ],
)
def test_values_along_an_axis_are_round(low, high, expected):
    """From below the lowest to above the highest, in steps of 1, 2, 2.5 or 5."""
    assert nice_ticks(low, high) == pytest.approx(expected)


def test_a_chart_that_cannot_be_read_is_an_error():
    """One place alone, a logarithm of nothing, more lines than there are styles."""
    with pytest.raises(ValueError, match="two places or more"):
        chart([Line("one", [(1, 1, 1, 1)])], X, Y, "A chart")
    with pytest.raises(ValueError, match="two places or more"):
        chart([], X, Y, "A chart")
    with pytest.raises(ValueError, match="has no place for 0"):
        chart([Line("zero", [(0, 1, 1, 1), (1, 1, 1, 1)])], X, Y, "A chart")
    with pytest.raises(
        ValueError, match=r"'x+, logarithmic' has 43 letters: at most 42"
    ):
        chart([FIRST], Axis("x" * 30, "logarithmic"), Y, "A chart")
    with pytest.raises(ValueError, match="at most 6 lines"):
        chart([FIRST] * 7, X, Y, "A chart")
    assert chart([FIRST] * len(charts.MARKERS), X, Y, "A chart")


def test_an_interval_of_a_share_beyond_its_range_is_an_error():
    """Below 0 or above 100%; on an axis that is not in percent it is drawn."""
    for low, high in ((-0.01, 0.5), (0.5, 1.01)):
        line = Line("share", [(1, 0.5, low, high), (2, 0.5, 0.5, 0.5)])
        with pytest.raises(ValueError, match=f"share at 1: {low:g} to {high:g} is no"):
            chart([line], Axis("x"), Axis("y", percent=True), "A chart")
        assert chart([line], Axis("x"), Axis("y"), "A chart")


@pytest.mark.parametrize("view", ["joint", "posterior"])
def test_the_boundary_of_the_two_views_is_where_they_cross(view):
    """Where both joints are equal and the posterior is one half: in the middle."""
    drawing = TwoViewsFigure(view=view, **TEXT).drawing()
    (x,) = re.findall(r'<path class="guide" d="M([\d.]+) ', drawing)
    xs = [point[0] for point in paths(drawing)[0][2]]
    assert float(x) == pytest.approx((xs[0] + xs[-1]) / 2, abs=0.5)
    assert joint(0, 0) == joint(0, 1)
    assert posterior(0) == 0.5


def test_recorded_curves_are_drawn_whole():
    """Every point of the training curves of the GAN, and their ends in words."""
    (figure, *_) = [figure for figure in CHARTS if isinstance(figure, CourseFigure)]
    curves = picture(figure.course, Curves).curves
    assert [len(line) for *_, line in paths(figure.drawing())] == [
        len(line) for line in curves.values()
    ]
    html = figure.render(PAGE)
    for name, line in curves.items():
        assert f"{name}: {line[0][1]:.2f} at first" in html


def test_shares_are_in_percent_in_words_too():
    """What the axis says in percent, the words say in percent."""
    figure = BandsFigure(
        bands=CALIBRATION, across="x", up="y", scale="linear", percent=True, **TEXT
    )
    name, line = next(iter(picture(CALIBRATION, Bands).bands.items()))
    _, *first = line[0]
    mean, low, high = (f"{100 * value:.3g}" for value in first)
    words = figure.words()
    assert words.intro == "Across: x. Up: y."
    assert words.lines[0].startswith(f"{name}: {mean}% ({low} to {high})")


SIZES = """figure => {
  const text = [...figure.querySelectorAll('text')].map(e => e.getBoundingClientRect());
  const box = figure.querySelector('svg').getBoundingClientRect();
  const scale = box.width / figure.querySelector('svg').viewBox.baseVal.width;
  const size = parseFloat(getComputedStyle(figure.querySelector('text')).fontSize);
  return {
    share: box.width / figure.getBoundingClientRect().width,
    letters: size * scale,
    cut: text.filter(t => t.left < box.left - 2 || t.right > box.right + 2).length,
  };
}"""


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=str)
@pytest.mark.parametrize(
    "path", ["q19/few-labels/", "q19/scale/", "systems/generators/"]
)
def test_charts_fill_their_column_and_can_be_read(visit, path, size):
    """As wide as the column; letters of ten pixels or more; no text is cut off."""
    page = visit(path, viewport=size)
    figures = page.locator("figure:has(svg.chart)")
    assert figures.count() >= 2
    for figure in figures.all():
        sizes = figure.evaluate(SIZES)
        assert sizes["share"] > 0.99
        assert sizes["letters"] >= 10
        assert sizes["cut"] == 0


def test_a_text_that_is_cut_is_noticed(visit):
    """Negative control: a name as long as two axes."""
    page = visit("q19/few-labels/", viewport=PHONE)
    figure = page.locator("figure:has(svg.chart)").first
    assert figure.evaluate(SIZES)["cut"] == 0
    figure.locator("text.name").last.evaluate("e => e.textContent += 'x'.repeat(60)")
    assert figure.evaluate(SIZES)["cut"] == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('up = "error rate"\n', "", "figure fence: up: field required"),
        ('across = "number of labels"', 'across = ""', "figure fence: across: string"),
    ],
)
def test_a_figure_without_a_name_of_an_axis_stops_the_build(broken, old, new, message):
    """One line names the file, the line of the fence, the key and the reason."""
    output = broken("docs/q19/few-labels.md", old, new)
    lines = [line for line in output.splitlines() if message in line.lower()]
    assert len(lines) == 1, output
    assert re.search(r"docs/q19/few-labels\.md, line \d+: ", lines[0])
