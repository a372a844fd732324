"""Empty grids to draw masks by hand, with the masks in folds, from the same rules."""

import re
import tomllib

import pytest
from bs4 import BeautifulSoup

from paradigms._files import ROOT
from paradigms.masks import RULES, grid, parse
from paradigms.site.fences.figure import MaskFigure

PAGE = "practice/attention-masks"
FENCES = re.findall(
    r"```figure\n(.*?)```", (ROOT / f"docs/{PAGE}.md").read_text("utf8"), re.DOTALL
)
FIGURES = [MaskFigure(**tomllib.loads(fence)) for fence in FENCES]


def ticks(drawing: str) -> int:
    """The number of visible cells."""
    (path,) = BeautifulSoup(drawing, "html.parser").select("path.tick")
    return str(path["d"]).count("l4 5 8-10")


def texts(drawing: str) -> list[str]:
    """The labels of a drawing."""
    return [t.get_text() for t in BeautifulSoup(drawing, "html.parser").select("text")]


def test_every_family_of_masks_can_be_drawn():
    """Each rule that a page may name has a blank grid."""
    names = {name for figure in FIGURES for name in re.findall(r"[a-z_]+", figure.mask)}
    assert names == set(RULES)
    assert all(figure.blank for figure in FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.title)
def test_grid_and_solution_come_from_one_rule(figure):
    """Same labels, same cells; the grid betrays nothing, the solution is the rule's."""
    rows = len(figure.tokens.split())
    columns = len((figure.columns or figure.tokens).split())
    assert texts(figure.drawing()) == texts(figure.solution())
    (lines,) = re.findall(r'class="empty" d="([^"]+)"', figure.drawing())
    assert (lines.count("h"), lines.count("v")) == (rows + 1, columns + 1)
    expected = grid(parse(figure.mask), rows, columns)
    assert ticks(figure.solution()) == sum(map(sum, expected))
    other = figure.model_copy(update={"mask": "permutation_query(5, 4, 3, 2, 1, 0)"})
    assert other.drawing() == figure.drawing()
    assert other.solution() != figure.solution()
    assert figure.model_copy(update={"blank": False}).drawing() == figure.solution()


def test_the_page_shows_the_grid_and_folds_the_solution(site):
    """One closed fold for each grid, with the mask in it."""
    html = (site / PAGE / "index.html").read_text("utf8")
    figures = BeautifulSoup(html, "html.parser").select("figure:has(> svg .empty)")
    assert len(figures) == len(FIGURES)
    for figure in figures:
        (fold,) = figure.select("details.solution")
        assert not fold.has_attr("open")
        assert len(fold.select("path.sees")) == 1
        assert len(figure.select("path.sees")) == 1
