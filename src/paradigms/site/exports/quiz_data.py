"""The quiz as data for its page: every text is plain, and no HTML is built from it."""

from paradigms.site.content.navigation import page_titles
from paradigms.site.content.questions import TOPICS
from paradigms.site.content.quiz import QuizItem, quiz
from paradigms.site.exports.formats import Address, compact_json, place_url
from paradigms.site.markdown.adapter import as_text
from paradigms.site.templates.environment import slug

PATH = "practice/quiz/items.json"


def quiz_data(address: Address) -> dict[str, str]:
    """The file by its path; `address` turns `q39/cache.md` into `q39/cache/`.

    The first option of each item is the right one; pages are relative to the start.
    """
    topics = {slug(topic): topic for topic in TOPICS}
    items = [_item(key, item, address) for key, item in quiz().items()]
    data = {"topics": topics, "items": items}
    return {PATH: compact_json(data)}


def _item(key: str, item: QuizItem, address: Address) -> dict[str, object]:
    options = [
        {
            "text": as_text(option.option),
            "because": as_text(option.because),
            "page": place_url(place, address),
            "title": page_titles()[place.partition("#")[0]],
        }
        for option, place in item.options()
    ]
    return {
        "id": key,
        "card": item.card,
        "topic": slug(item.topic),
        "level": item.level,
        "stem": as_text(item.stem),
        "options": options,
    }
