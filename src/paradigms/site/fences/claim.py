"""The fence `claim`: the claim, the verdict, what is right, and the evidence."""

import tomllib
from functools import cache
from html import escape

from paradigms._schema import ContentError, Entry
from paradigms.site.content.claims import Claim, claims
from paradigms.site.content.conditions import experiments, rows, with_values
from paradigms.site.content.evidence import proofs
from paradigms.site.content.pages import bodies
from paradigms.site.fences.cards import render_each, verdict
from paradigms.site.fences.page import Page, slug

RECORDED = ("digits", "course", "bands", "field", "strip")


def evidence(claim: Claim, page: Page) -> str:
    """Paragraphs: measurements, tests, sources, and a link to the ledger."""
    parts = [_measurement(name, claim, page) for name in claim.measured]
    parts += [_test(name, page) for name in claim.tests]
    if claim.sources:
        parts.append(f"<p>Sources: {', '.join(map(page.cite, claim.sources))}</p>")
    parts.append(f'<p><a href="{page.link("reference/claims.md")}">All claims</a></p>')
    return "".join(parts)


def _measurement(name: str, claim: Claim, page: Page) -> str:
    """An experiment: its record, figure and command, and its recorded values."""
    holds = [line for line in claim.holds if name in experiments(line)]
    record = page.link(f"reference/evidence.md#{slug(name)}")
    figure = _figure(name, holds)
    link = f', <a href="{page.link(figure)}">figure</a>' if figure else ""
    lines = "".join(
        f"<li><code>{escape(line)}</code><br>found {escape(with_values(line))}</li>"
        for line in holds
    )
    return (
        f'<p>Measured: <a href="{record}">{escape(name)}</a>{link}, '
        f"<code>make measure NAME={escape(name)}</code>. Stands while</p>"
        f"<ul>{lines}</ul>"
    )


def _test(name: str, page: Page) -> str:
    proof = proofs()[name]
    claim = proof.claim.partition("\n\n")[0]  # the rest of the docstring explains it
    return (
        f'<p>Tested: <a href="{page.link(f"reference/evidence.md#{slug(name)}")}">'
        f"{page.inline(claim)}</a> <code>{escape(proof.command)}</code></p>"
    )


def _figure(name: str, holds: list[str]) -> str | None:
    """The figure of the experiment: that of a row in `holds`, or else its first."""
    rows_read = {row for line in holds for row in rows(line)}
    candidates = [
        (address.rpartition("/")[0] not in rows_read, number, place)
        for number, (address, place) in enumerate(figures())
        if address.partition("/")[0] == name
    ]
    return min(candidates)[2] if candidates else None


@cache
def figures() -> list[tuple[str, str]]:
    """Every recorded picture on a page, with its anchor: `q19/scale.md#a-title`.

    A fence that cannot be parsed is skipped: its own page reports it.
    """
    places = []
    for body, page in bodies("figure"):
        try:
            keys = tomllib.loads(body)
        except tomllib.TOMLDecodeError:
            continue
        place = f"{page}#{slug(str(keys.get('title')))}"
        places += [(str(keys[k]), place) for k in RECORDED if k in keys]
    return places


class ClaimFence(Entry):
    """Claims in their corrected form, in the order given."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card per claim: the claim, the verdict, what is right, the evidence."""
        unknown = [key for key in self.ids if key not in claims()]
        if unknown:
            raise ContentError(f"ids: no claim {unknown[0]!r} in snippets/claims")
        return page.anchored(render_each(self.ids, _claim, page, "snippets/claims"))


def _claim(key: str, page: Page) -> str:
    claim = claims()[key]
    return (
        f'<div class="claim {slug(claim.verdict)}" id="{key.lower()}">'
        f'<p class="said">{verdict(claim.verdict)} <q>{page.inline(claim.said)}</q></p>'
        f"<p>{page.inline(claim.right)}</p>"
        f'<details class="evidence"><summary>{key} · {claim.status} · evidence'
        f"</summary>{evidence(claim, page)}</details></div>"
    )
