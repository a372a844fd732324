"""The fence `change`: what was said in 2020 and what is said today."""

from paradigms._schema import ContentError, Entry
from paradigms.site.content.changes import NOW, THEN, changes
from paradigms.site.content.claims import places
from paradigms.site.content.evidence import Evidence
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.page import Page


class ChangeFence(Entry):
    """What was said in 2020 and what is said today, in the order given."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card per change: both sentences with their years, then the evidence."""
        unknown = [key for key in self.ids if key not in changes()]
        if unknown:
            raise ContentError(
                f"ids: no change {unknown[0]!r} in snippets/changes.toml"
            )
        return page.anchored(
            render_each(self.ids, _change, page, "snippets/changes.toml")
        )


def _change(key: str, page: Page) -> str:
    change = changes()[key]
    first, last = change.years()
    years = str(first) if first == last else f"{first} to {last}"
    sources = " · ".join(map(page.cite, change.sources))
    evidence = [page.evidence(Evidence(tests=change.tests, measured=change.measured))]
    evidence += [
        f'<a href="{page.link(places()[name])}">{name}</a>' for name in change.claims
    ]
    return (
        f'<dl class="change" id="{key}"><dt>{THEN} <span class="level">{change.topic}'
        f"</span></dt><dd><q>{page.inline(change.said)}</q>"
        f'<p class="evidence">{" · ".join(map(page.cite, change.then))}</p></dd>'
        f"<dt>{NOW}</dt><dd>{page.inline(change.now)}"
        f'<p class="evidence">Changed by work of {years}: {sources}<br>'
        f"Here: {' · '.join(evidence)}</p></dd></dl>"
    )
