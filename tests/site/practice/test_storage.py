"""The storage when something is wrong: nothing is lost, and one line says so."""

import json

import pytest
from playwright.sync_api import Page

from paradigms.site.content.questions import questions
from tests.site.practice.conftest import PUT, row, stored

PATH = "practice/decoding/"
DENIED = """Object.defineProperty(window, "indexedDB", { get() {
  throw new DOMException("denied", "SecurityError");
} });"""


def opened(page: Page, number: int = 0):
    """A question of the page with its panel."""
    question = page.locator("article details.question").nth(number)
    question.locator("summary").click()
    question.locator(".practice-grades").wait_for()
    return question


def grade(question, name: str) -> str:
    """Grade a question; what the page says then."""
    question.get_by_role("button", name=name).click()
    question.get_by_text("comes back in").wait_for()
    return question.locator(".practice-grading").inner_text()


def test_without_storage_grading_works_until_the_page_is_closed(open_tool):
    """One line says so; a second grade builds on the first."""
    page = open_tool(PATH)
    page.add_init_script(DENIED)
    page.reload()
    question = opened(page)
    assert "stores nothing" in grade(question, "Good")
    rows = stored(page)
    assert [entry["reps"] for entry in rows.values()] == [1]
    question.get_by_role("button", name="Undo").click()
    question.get_by_text("Undone.").wait_for()
    assert stored(page) == {}


# Chromium cannot be given a small quota for a test: the store answers as it does then.
FULL = """() => {
  const { put } = IDBObjectStore.prototype;
  window.full = true;
  IDBObjectStore.prototype.put = function (row) {
    if (full) throw new DOMException("full", "QuotaExceededError");
    return put.call(this, row);
  };
}"""


def test_full_storage_keeps_what_it_has_and_the_rest_in_memory(open_tool):
    """When there is room again, the next grade writes both."""
    page = open_tool(PATH)
    grade(opened(page), "Good")
    page.evaluate(FULL)
    assert "storage is full" in grade(opened(page, 1), "Easy")
    assert sorted(entry["grade"] for entry in stored(page).values()) == [3, 4]
    page.evaluate("full = false")
    grade(opened(page, 2), "Hard")
    page.reload()
    assert sorted(entry["grade"] for entry in stored(page).values()) == [2, 3, 4]


def test_storage_that_is_cleared_in_use_is_opened_again(open_tool, address):
    """The reader deletes the data of the site while a page is open."""
    page = open_tool(PATH)
    grade(opened(page), "Good")
    page.context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin",
        {"origin": address.rstrip("/"), "storageTypes": "indexeddb"},
    )
    page.wait_for_timeout(200)
    question = opened(page, 1)
    grade(question, "Easy")
    page.reload()
    assert [*stored(page)] == [question.get_attribute("id")]


def test_damaged_rows_are_set_aside_and_offered(open_tool):
    """NaN, strings, dates of another kind; the others are used as ever."""
    keys = [*questions()][:6]
    page = open_tool("")
    page.evaluate(
        PUT,
        [
            "reviews",
            [
                row(keys[0]),
                row(keys[1], stability="much"),
                row(keys[2], due="2026-11-29T00:00:00Z"),
                row(keys[3], grade=7),
                row(keys[4], changed=-1),
                {"id": keys[5]},
            ],
        ],
    )
    page.evaluate(
        """([key, put]) => (0, eval)(put)(["reviews", [{ id: "not-a-number",
             changed: 1.79e12, due: NaN, stability: NaN, difficulty: 5, state: 2,
             step: 0, reps: 1, lapses: 0, grade: 3 }]])""",
        [keys[0], PUT],
    )
    page.reload()
    page.get_by_text("1 due today, 1 seen").wait_for()
    page.get_by_text("were set aside").wait_for()
    with page.expect_download() as file:
        page.get_by_role("button", name="Download damaged entries").click()
    text = file.value.path().read_text("utf8")
    rows = [entry["row"] for entry in json.loads(text)]
    assert sorted(entry["id"] for entry in rows) == sorted([*keys[1:], "not-a-number"])
    assert "much" in text
    page.reload()  # they are told once, and offered until a reset
    page.get_by_role("button", name="Download damaged entries").wait_for()
    assert page.get_by_text("were set aside").count() == 0


def test_a_database_of_a_newer_version_is_left_alone(open_tool):
    """The reader is told; nothing in it changes."""
    page = open_tool(PATH)
    grade(opened(page), "Good")
    page.goto("about:blank")
    page.go_back()
    other = page.context.new_page()
    other.goto(page.url.replace(PATH, "reference/tags/"))
    other.evaluate(
        """() => new Promise((done) => {
             const opening = indexedDB.open("model-paradigms", 99);
             opening.onsuccess = () => { opening.result.close(); done(); };
           })"""
    )
    page.reload()
    question = opened(page, 1)
    assert "newer version" in grade(question, "Easy")
    count = other.evaluate(
        """() => new Promise((done) => {
             const opening = indexedDB.open("model-paradigms");
             opening.onsuccess = () => {
               const counting = opening.result.transaction("reviews")
                 .objectStore("reviews").count();
               counting.onsuccess = () => done([opening.result.version,
                 counting.result]);
             };
           })"""
    )
    assert count == [99, 1]


UPGRADE = """async () => {
  const { createStorage } = await tool("storage");
  const first = (database) => {
    for (const store of ["reviews", "drafts", "interviews", "tasks", "unknown"]) {
      database.createObjectStore(store, { keyPath: "id" });
    }
    database.createObjectStore("aside", { autoIncrement: true });
  };
  const second = (database) => database.createObjectStore("later", { keyPath: "id" });
  const old = createStorage("test", [first]);
  await old.update("drafts", "d", () => ({ id: "d", changed: 1, text: "mine" }));
  const young = createStorage("test", [first, second]); // the old one is still open
  const blocked = new Promise((_, fail) => setTimeout(fail, 20000, "still blocked"));
  const rows = await Promise.race([young.all("drafts"), blocked]);
  await old.update("drafts", "e", () => ({ id: "e", changed: 1, text: "kept" }));
  const names = await indexedDB.databases();
  return [rows.get("d").text, (await old.all("drafts")).get("e").text, old.problem(),
    names.find(({ name }) => name === "test").version];
}"""


def test_an_older_version_is_upgraded_while_a_tab_has_it_open(open_tool):
    """Its rows stay; the old tab goes on in memory, and says to reload."""
    text, kept, problem, version = open_tool(PATH).evaluate(UPGRADE)
    assert (text, kept, version) == ("mine", "kept", 2)
    assert "newer version" in problem


def test_two_tabs_write_at_once(open_tool):
    """Every one of 2 x 20 changes of one row counts."""
    one = open_tool(PATH)
    other = one.context.new_page()
    other.goto(one.url)
    add = """() => { window.work = tool("storage").then(({ storage }) => Promise.all(
      Array.from({ length: 20 }, () => storage.update("interviews", "t", (row) =>
        ({ id: "t", changed: 1, count: (row?.count ?? 0) + 1 }))))); }"""
    other.add_script_tag(content=f"window.tool = (name) => import('{one.url}' + "
        "`../../javascripts/practice/${name}.js`);")  # fmt: skip
    for page in (one, other):
        page.evaluate(add)
    for page in (one, other):
        page.evaluate("async () => { await work; }")
    assert stored(one, "interviews")["t"]["count"] == 40


# A row of each store that can be used, and changes that make it unusable.
ROWS = {
    "reviews": row("a"),
    "drafts": {"id": "a", "changed": 1, "card": "c", "text": "x"},
    "interviews": {"id": "a", "changed": 1},
    "tasks": {"id": "a", "changed": 1, "text": "x = 1", "runs": 0},
    "quiz": {"id": "a", "changed": 1, "card": "c", "answered": 2, "right": 1,
             "last": True},
}  # fmt: skip
UNUSABLE = {
    "reviews": [{"due": "today"}, {"stability": 0}, {"difficulty": 11}, {"state": 4},
                {"step": 0.5}, {"reps": "1"}, {"lapses": None}, {"grade": 5}],
    "drafts": [{"text": None}, {"text": 7}],
    "interviews": [],  # what else they have is checked where they are shown
    "tasks": [{"text": None}, {"runs": -1}, {"runs": 0.5}, {"runs": "1"},
              {"solved": "today"}, {"solved": -1}],
    "quiz": [{"last": 1}, {"card": None}, {"answered": 0}, {"answered": 1.5},
             {"right": 3}, {"right": -1}],
}  # fmt: skip
NO_ROWS = [None, 3, [], {}, {"id": "a"}, {"changed": 1}]
ALL_UNUSABLE = [{"id": 1}, {"id": ""}, {"id": "a" * 201}, {"changed": "1"},
                {"changed": None}, {"changed": 0}]  # fmt: skip

VALID = """async ([store, rows]) => {
  const { valid } = await tool("storage");
  return rows.map((row) => valid(store, row));
}"""


def test_the_table_has_every_store(open_tool):
    """A store that is added needs a row here."""
    stores = "async () => (await tool('storage')).STORES"
    assert open_tool(PATH).evaluate(stores) == [*ROWS] == [*UNUSABLE]


@pytest.mark.parametrize("store", ROWS)
def test_only_complete_rows_are_used(open_tool, store):
    """A row needs its id, its time, and what its store demands; it may have more."""
    complete = ROWS[store]
    good = [complete, complete | {"later": [1]}]
    if store == "tasks":
        good.append(complete | {"solved": 5})
    bad = [complete | change for change in ALL_UNUSABLE + UNUSABLE[store]]
    answer = open_tool(PATH).evaluate(VALID, [store, good + bad + NO_ROWS])
    assert answer == [True] * len(good) + [False] * len(bad + NO_ROWS)


def test_a_time_that_is_no_number_is_not_used(open_tool):
    """JSON has no NaN, but the database can hold it."""
    script = """async () => {
      const { valid } = await tool("storage");
      return valid("interviews", { id: "a", changed: NaN });
    }"""
    assert open_tool(PATH).evaluate(script) is False


MERGE = """async ([store, rows]) =>
  (await tool("storage")).storage.merge({ [store]: rows }, {})"""


@pytest.mark.parametrize("store", ROWS)
def test_an_import_keeps_the_later_row(open_tool, store):
    """Of two with one id; of equal ones that of this browser. Damaged ones stay too."""
    page = open_tool("")
    here = [ROWS[store] | {"id": key, "changed": 2, "mine": True} for key in "abc"]
    damaged = ROWS[store] | {"id": "e", "changed": "yesterday"}
    page.evaluate(PUT, [store, [*here, damaged]])
    times = {"a": 1, "b": 2, "c": 3, "d": 1, "e": 1}
    there = [ROWS[store] | {"id": key, "changed": time} for key, time in times.items()]
    assert page.evaluate(MERGE, [store, there]) == 3  # c, d, e
    rows = stored(page, store)
    assert [key for key, entry in rows.items() if "mine" in entry] == ["a", "b"]
    assert {key: entry["changed"] for key, entry in rows.items()} == times | {"a": 2}
    aside = "async () => (await tool('storage')).storage.leftovers()"
    assert [entry["row"] for entry in page.evaluate(aside)["damaged"]] == [damaged]
    assert page.evaluate(MERGE, [store, there]) == 0
