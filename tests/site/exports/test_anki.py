"""The deck, as Anki imports it, shows it and keeps its scheduling."""

import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from anki.collection import (  # cards and notes, too: alone they are circular imports
    Card,
    Collection,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
    Note,
)
from axe_playwright_python.sync_playwright import Axe

from paradigms.site.content.questions import TOPICS, questions
from paradigms.site.exports import anki
from paradigms.site.exports.plain_text import ordered_questions
from paradigms.site.fences.page import slug

FIRST, LATER = 1_700_000_000, 1_700_086_400
BOARD = "calibration-ece"
TRAP, FORMULA, NEW = (
    "masks-padding-elsewhere",
    "cost-training-compute-limits",
    "masks-padding",
)


class Learner:
    """A collection of Anki, and the actions of its user."""

    def __init__(self, folder: Path):
        self.collection = Collection(str(folder / "collection.anki2"))
        self.file = folder / "deck.apkg"

    def imports(self, deck: bytes) -> None:
        """Import a deck with the default options of Anki."""
        self.file.write_bytes(deck)
        self.collection.import_anki_package(
            ImportAnkiPackageRequest(
                package_path=str(self.file), options=ImportAnkiPackageOptions()
            )
        )

    def notes(self) -> list[Note]:
        """Every note there is."""
        return list(map(self.collection.get_note, self.collection.find_notes("")))

    def card(self, key: str) -> Card:
        """The only card of a question."""
        (card,) = (
            card for note in self.notes() if note["Id"] == key for card in note.cards()
        )
        return card

    def answers(self, key: str) -> None:
        """Answer *good* twice: the card leaves learning for intervals of days."""
        card = self.card(key)
        for _ in range(2):
            card.start_timer()
            self.collection.sched.answerCard(card, 3)

    def progress(self, key: str) -> tuple:
        """Scheduling state and review log of a card."""
        card = self.card(key)
        log = self.collection.db.all("select * from revlog where cid = ?", card.id)
        plan = (card.id, card.type, card.queue, card.due, card.ivl, card.factor)
        return *plan, card.reps, card.lapses, log


@pytest.fixture
def learner(tmp_path):
    """A user with an empty collection."""
    user = Learner(tmp_path)
    yield user
    user.collection.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A user with the whole deck, for tests that change nothing."""
    user = Learner(tmp_path_factory.mktemp("anki"))
    user.imports(anki.package(site_url="https://example.org/x/", timestamp=FIRST))
    yield user
    user.collection.close()


def words(html: str) -> str:
    """The text of a card without markup."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", "", html, flags=re.DOTALL)
    return " ".join(unescape(text).split())


def few(**answers: str) -> dict:
    """A bank of two questions; `answers` replaces their answers by key."""
    bank = {key: questions()[key] for key in (TRAP, FORMULA)}
    return bank | {
        key: bank[key].model_copy(update={"answer": text})
        for key, text in answers.items()
    }


def test_a_note_for_every_question_and_a_card_for_every_note(full):
    """None is missing or repeated, and each list is as long as in the bank."""
    notes = {note["Id"]: note for note in full.notes()}
    assert full.collection.note_count() == len(notes) == len(questions())
    assert full.collection.card_count() == len(questions())
    assert list(notes[TRAP].keys()) == list(anki.FIELDS)
    for key, entry in questions().items():
        note = notes[key]
        assert words(note["Question"])
        assert (note["Level"], note["Kind"]) == (entry.level, entry.kind)
        assert bool(note["Usual wrong answer"]) == bool(entry.wrong_answer)
        for name, lines in (
            ("Key points", entry.key_points),
            ("Sources", entry.sources),
            ("Often followed by", entry.follow_ups),
        ):
            assert note[name].count("<li>") == len(lines)


def test_tags_and_decks_follow_topic_level_and_kind(full):
    """A subdeck per topic, junior before senior; a tag each for topic, level, kind."""
    names = {deck.id: deck.name for deck in full.collection.decks.all_names_and_ids()}
    counts = Counter()
    for note in full.notes():
        entry = questions()[note["Id"]]
        (card,) = note.cards()
        counts[names[card.did]] += 1
        assert set(note.tags) == {
            f"model-paradigms::{name}::{slug(getattr(entry, name))}"
            for name in ("topic", "level", "kind")
        }
    assert counts == {
        f"Model Paradigms::{topic}": number
        for topic, number in Counter(e.topic for e in questions().values()).items()
    }
    assert len(counts) == len(TOPICS)
    due = {note["Id"]: note.cards()[0].due for note in full.notes()}
    assert sorted(due, key=due.get) == list(ordered_questions())


def test_anki_shows_question_answer_and_formulas(full):
    """Anki's own renderer: labels, answer, wrong answer, sources, link, MathML."""
    card = full.card(FORMULA)
    entry = questions()[FORMULA]
    assert entry.question in words(card.question())
    assert words(card.question()).startswith("senior")
    assert "<math" not in card.question()
    assert entry.answer.partition("$")[0] in words(card.answer())
    assert re.search(r"<math.*?<mfrac>|<math.*?<mi>W</mi>", card.answer(), re.DOTALL)
    assert "$" not in words(card.answer())
    trap = full.card(TRAP).answer()
    assert f"✗ wrong {questions()[TRAP].wrong_answer}" in words(trap)
    assert "Sources Krell et al. (2021), " in words(trap)
    page = "https://example.org/x/practice/attention-masks/#masks-padding-elsewhere"
    assert f'href="{page}"' in trap


def test_every_formula_is_mathml(full):
    """As many formulas on the cards as in the bank; no TeX is left."""
    fields = {note["Id"]: "".join(note.fields) for note in full.notes()}
    for key, entry in questions().items():
        follow_ups = (questions()[name].question for name in entry.follow_ups)
        texts = [entry.question, entry.answer, entry.wrong_answer, *entry.key_points]
        dollars = "".join([*texts, *follow_ups]).count("$")
        lines, formulas = re.subn(
            r'<div[^>]* class="arithmatex".*?</div>', "", fields[key]
        )
        assert lines.count("<math") == dollars / 2, key
        assert formulas == len(entry.formulas)
        assert r"\(" not in fields[key]


def test_without_an_address_there_is_no_link(learner):
    """Without a site URL, a card links neither to a page nor to a source."""
    learner.imports(anki.package(few()))
    assert "<a" not in learner.card(TRAP).answer()
    assert "Sources" in learner.card(TRAP).answer()


def test_a_newer_deck_changes_the_text_and_keeps_what_was_learned(learner):
    """With a new answer and a new question, dates, intervals and history stay."""
    old = few(**{TRAP: "As it was said before."})
    learner.imports(anki.package(old, timestamp=FIRST))
    for key in old:
        learner.answers(key)
    before = {key: learner.progress(key) for key in old}
    assert all(learner.card(key).ivl > 0 for key in old)
    assert all(len(progress[-1]) == 2 for progress in before.values())

    learner.imports(anki.package(few() | {NEW: questions()[NEW]}, timestamp=LATER))
    assert {key: learner.progress(key) for key in old} == before
    assert questions()[TRAP].answer in words(learner.card(TRAP).answer())
    assert "As it was said before" not in learner.card(TRAP).answer()
    assert (learner.card(NEW).type, learner.card(NEW).reps) == (0, 0)
    assert learner.collection.note_count() == learner.collection.card_count() == 3


def test_code_comes_to_a_learner_who_has_the_deck_without_it(learner):
    """The note, its schedule and its type stay; the back shows the code as written."""
    bank = {BOARD: questions()[BOARD]}
    nothing = {"code": "", "formulas": [], "bugs": []}
    prose = {BOARD: bank[BOARD].model_copy(update=nothing)}
    learner.imports(anki.package(prose, timestamp=FIRST))
    learner.answers(BOARD)
    before = learner.progress(BOARD)
    assert "<pre>" not in learner.card(BOARD).answer()

    learner.imports(anki.package(bank, timestamp=LATER))
    assert learner.progress(BOARD) == before
    answer = learner.card(BOARD).answer()
    code, *bugs = re.findall(r"<pre><code>(.*?)</code></pre>", answer, re.DOTALL)
    assert unescape(code) == bank[BOARD].code
    assert list(map(unescape, bugs)) == [bug.listing for bug in bank[BOARD].bugs]
    assert "<math" in answer
    assert "pre { margin: 0.8em 0; font: 0.75em/1.45 ui-monospace" in answer


def test_another_field_would_leave_old_notes_as_they_are(learner, monkeypatch):
    """Why code has no field of its own: Anki would not update the note at all."""
    learner.imports(anki.package(few(**{TRAP: "As it was."}), timestamp=FIRST))
    fields = anki._fields
    new = {"Code": "x"}
    monkeypatch.setattr(anki, "_fields", lambda *entry: fields(*entry) | new)
    model = anki._model()
    model.fields.append({"name": "Code"})
    monkeypatch.setattr(anki, "_model", lambda: model)
    learner.imports(anki.package(few(), timestamp=LATER))
    assert "As it was." in learner.card(TRAP).answer()


def test_another_id_would_be_another_note(learner):
    """Negative control: an entry with another id is imported a second time."""
    learner.imports(anki.package(few(), timestamp=FIRST))
    renamed = {f"{key}-again": entry for key, entry in few().items()}
    learner.imports(anki.package(renamed, timestamp=LATER))
    assert learner.collection.note_count() == 4


def test_a_deck_that_is_not_newer_changes_nothing(learner):
    """At equal age Anki keeps its own text, so the deck has the date of its sources."""
    learner.imports(anki.package(few(**{TRAP: "As it was."}), timestamp=FIRST))
    learner.imports(anki.package(few(), timestamp=FIRST))
    assert "As it was." in learner.card(TRAP).answer()


def test_equal_sources_make_equal_bytes():
    """Two exports are the same file, and another date is not."""
    assert anki.package() == anki.package()
    assert anki.package(few(), timestamp=FIRST) != anki.package(few(), timestamp=LATER)


def contrast(browser, body: str) -> dict:
    """The response of axe on the contrast of a card with this body."""
    page = browser.new_page()
    page.set_content(f'<!doctype html><html lang="en"><title>x</title>{body}')
    response = Axe().run(page, options={"runOnly": ["color-contrast"]}).response
    page.close()
    return response


@pytest.mark.parametrize("mode", ["", "nightMode night_mode"])
def test_a_card_is_legible_by_day_and_by_night(full, browser, mode):
    """Enough contrast for every text, as axe measures it."""
    body = f'<body class="card {mode}"><main>{full.card(TRAP).answer()}</main>'
    response = contrast(browser, body)
    assert response["violations"] == []
    assert response["passes"], "nothing was looked at"


def test_colours_of_the_day_at_night_are_noticed(full, browser):
    """Negative control: dark text on the dark background."""
    answer = full.card(TRAP).answer()
    dark = "<style>.card { background: #1e2129 !important }</style>"
    response = contrast(browser, f'<body class="card"><main>{answer}</main>{dark}')
    assert response["violations"]
