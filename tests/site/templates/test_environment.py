"""The templates of HTML: what they escape, and what they refuse."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from paradigms.site.templates.environment import render


def test_text_is_escaped_and_html_is_not():
    """A `<` of a caption is shown; a drawing is not shown as source."""
    assert render("items.html", lines=["a < b", Markup("<b>c</b>")]) == (
        "<ul><li>a &lt; b</li><li><b>c</b></li></ul>"
    )


def test_a_missing_value_is_an_error():
    """Jinja would print nothing in its place."""
    with pytest.raises(UndefinedError, match="'lines' is undefined"):
        render("items.html")


def test_lines_of_a_template_are_joined_and_those_of_a_value_kept():
    """Indentation is for whoever reads a template; code on a page has its own."""
    html = render("code.html", title="x.py", code="if a:\n    b", caption="")
    assert html == (
        '<div class="highlight" data-search-exclude><span class="filename">x.py</span>'
        "<pre><code>if a:\n    b</code></pre></div>"
    )
