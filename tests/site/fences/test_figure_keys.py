"""The key of a figure fence that names its kind."""

import pytest

from paradigms._schema import ContentError
from paradigms.site.fences.figure import FIGURES, figure_kind

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
