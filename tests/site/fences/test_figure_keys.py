"""The key of a figure fence that names its kind, and what the kinds accept."""

from types import SimpleNamespace

import pytest
from markupsafe import Markup
from pydantic import ValidationError

from paradigms._schema import ContentError
from paradigms.site.fences import figure
from paradigms.site.fences.figure import (
    FIGURES,
    FieldFigure,
    MaskFigure,
    TwoViewsFigure,
    figure_kind,
)
from paradigms.site.fences.page import Page

POSSIBLE = "takes one of the keys mask, view, digits, course, bands, field, strip; "
TEXT = {"title": "A title", "caption": "A caption of some words."}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (TEXT, "it has none"),
        (TEXT | {"mask": "causal", "view": "joint"}, "it has mask and view"),
        (TEXT | {"digit": "a/b/c"}, "it has none (did you mean 'digits'?)"),
    ],
)
def test_a_figure_has_exactly_one_key_of_a_kind(keys, message):
    """None, two or a misspelt one: one line names the possible keys."""
    with pytest.raises(ContentError) as error:
        figure_kind(keys)
    assert str(error.value) == f"figure fence: {POSSIBLE}{message}"


@pytest.mark.parametrize("key", FIGURES)
def test_the_key_of_a_kind_belongs_to_no_other(key):
    """It is a field of its kind alone, so one key decides."""
    assert figure_kind({key: "", **TEXT}) is FIGURES[key]
    kinds = [kind for kind in FIGURES.values() if key in kind.model_fields]
    assert kinds == [FIGURES[key]]


def test_one_token_is_enough_for_a_mask():
    """Without tokens there is nothing to draw."""
    assert "<svg" in MaskFigure(mask="causal", tokens="a", **TEXT).drawing()
    with pytest.raises(ValidationError, match="tokens"):
        MaskFigure(mask="causal", tokens="", **TEXT)


def test_figures_with_axes_load_the_style_sheet_of_charts():
    """A mask does not."""
    charts = {key for key, kind in FIGURES.items() if kind.is_chart}
    assert charts == {"view", "course", "bands", "field"}
    page = Page(link=str, inline=Markup)
    chart = TwoViewsFigure(view="joint", **TEXT).render(page)
    mask = MaskFigure(mask="causal", tokens="a b", **TEXT).render(page)
    sheet = 'href="stylesheets/charts.css"'
    assert sheet in chart
    assert sheet not in mask


@pytest.mark.parametrize(("lines", "described"), [(3, 3), (8, 8), (40, 8)])
def test_about_eight_lines_of_a_field_are_described(monkeypatch, lines, described):
    """All of a small one."""
    field = SimpleNamespace(field=["0055"] * lines)
    monkeypatch.setattr(figure, "picture", lambda *_: field)
    keys = {"field": "a/b/c", "across": "x, from 0 to 1", "up": "y, from 0 to 1"}
    words = FieldFigure(**keys, **TEXT).words()
    assert words.lines == ["50%, from 50 to 100%"] * described
