"""Jinja's environment: the templates of this folder, with values escaped."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
)
from jinja2.ext import Extension
from markupsafe import Markup

from paradigms._files import CHECKOUT, ROOT

CACHE = CHECKOUT / ".cache/templates"  # compiled templates, those of the theme too


class _Joined(Extension):
    """Joins the lines of a template: breaks and indentation are not in the HTML.

    A space at a line break must stand on one of the two lines.
    """

    def preprocess(
        self,
        source: str,
        name: str | None,  # noqa: ARG002 - the signature is Jinja's
        filename: str | None = None,  # noqa: ARG002 - the signature is Jinja's
    ) -> str:
        """The template on one line."""
        return re.sub(r"\n\s*", "", source)


def render(template: str, /, **values: Any) -> Markup:
    """The HTML of a template. Errors: UndefinedError for a missing value."""
    return Markup(_environment().get_template(template).render(values))


def slug(text: str) -> str:
    """Text as an anchor: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@cache
def _environment() -> Environment:
    bytecode_cache = None
    if ROOT == CHECKOUT:  # an installed package keeps nothing beside itself
        CACHE.mkdir(parents=True, exist_ok=True)
        bytecode_cache = FileSystemBytecodeCache(str(CACHE))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        extensions=[_Joined],
        bytecode_cache=bytecode_cache,
    )
    environment.filters["slug"] = slug
    return environment
