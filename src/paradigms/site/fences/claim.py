"""The fence `claim`: the claim, the verdict, what is right, and the evidence."""

from typing import NamedTuple

from markupsafe import Markup

from paradigms.site.content.claims import Claim, claims
from paradigms.site.content.conditions import experiments, rows, with_values
from paradigms.site.content.evidence import proofs
from paradigms.site.content.pages import fences
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.figure import RECORDED
from paradigms.site.fences.page import Fence, Page
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import render, slug


class Measurement(NamedTuple):
    """An experiment of a claim: its figure, and conditions with recorded values."""

    name: str
    figure: str | None
    conditions: list[tuple[str, str]]


def _measurement(name: str, claim: Claim) -> Measurement:
    conditions = [line for line in claim.holds if name in experiments(line)]
    with_results = [(line, with_values(line)) for line in conditions]
    return Measurement(name, _figure(name, conditions), with_results)


def _figure(name: str, conditions: list[str]) -> str | None:
    """The figure of the experiment: of a row in the conditions, or else its first."""
    rows_read = {row for line in conditions for row in rows(line)}
    candidates = [
        (address.rpartition("/")[0] not in rows_read, number, place)
        for number, (address, place) in enumerate(figures())
        if address.partition("/")[0] == name
    ]
    return min(candidates)[2] if candidates else None


@cache
def figures() -> list[tuple[str, str]]:
    """Every recorded picture on a page, with its anchor: `q19/scale.md#a-title`."""
    places = []
    for keys, page in fences("figure"):
        place = f"{page}#{slug(str(keys.get('title')))}"
        places += [(str(keys[k]), place) for k in RECORDED if k in keys]
    return places


class ClaimFence(Fence):
    """Claims in their corrected form, in the order of `ids`."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card per claim: the claim, the verdict, what is right, the evidence."""
        source = "claim", "snippets/claims"
        return render_each(self.ids, claims(), _claim, page, source)


def _claim(key: str, page: Page) -> Markup:
    claim = claims()[key]
    return render(
        "claim.html",
        page=page,
        key=key,
        claim=claim,
        measurements=[_measurement(name, claim) for name in claim.measured],
        proofs=[(name, proofs()[name]) for name in claim.tests],
    )
