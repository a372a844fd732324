"""The plans as data for the bar of their pages: `javascripts/plans.json`.

Addresses are relative to the start page; an item that leads nowhere has none.
"""

from markupsafe import Markup

from paradigms.site.exports.formats import Address, compact_json, place_url
from paradigms.site.fences.page import Page
from paradigms.site.fences.plan import Item, items, plans
from paradigms.site.markdown.adapter import inline

PATH = "javascripts/plans.json"


def plan_data(address: Address) -> str:
    """Items and plans by their ids; `address` turns `q39/cache.md` into `q39/cache/`.

    Errors: ContentError with every finding in plans.toml.
    """
    data = {
        "items": {key: _item(item, address) for key, item in items().items()},
        "plans": {
            key: {"title": plan.title, "items": plan.ids()}
            for key, plan in plans().items()
        },
    }
    return compact_json(data)


def _item(item: Item, address: Address) -> dict[str, object]:
    page = Page(link=str, inline=lambda text: inline(text, str))
    urls = [place_url(place, address) for place in item.places]
    return {
        "title": Markup(item.title(page)).striptags(),
        "url": urls[0] if urls else "",
        "pages": sorted({url.partition("#")[0] for url in urls}),
    }
