"""The quiz as a reader uses it: touch, keys, no scripts, no storage, two tabs."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from paradigms.site.content.quiz import quiz
from tests.conftest import PHONE
from tests.site.practice.conftest import PUT, row, stored
from tests.site.practice.test_access import findings
from tests.site.practice.test_storage import DENIED

PATH = "practice/quiz/"
LEVELS = ("junior", "mid", "senior")
TOPIC = "attention masks"
ITEMS = {item.stem: (key, item) for key, item in quiz().items()}

# A round of items that are numbered, as ids with the order of their options.
ROUND = """async ([items, results, filter, seed]) => {
  const { round } = await tool("quiz-round");
  return round(items, new Map(results), filter, seed)
    .map(({ item, options }) => [item.id, options]);
}"""


def begin(open_tool, path: str = PATH, **options) -> Page:
    """A round of all questions on a topic, at its first question."""
    topic = options.pop("topic", TOPIC)
    page = open_tool(path, **options)
    page.get_by_label("Topic").select_option(label=topic)
    page.get_by_label("Questions").select_option(label="all")
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".practice-options button").first.wait_for()
    return page


def on_screen(page: Page):
    """The item that is asked, by its stem, with its id."""
    return ITEMS[page.locator(".practice-question").inner_text()]


def answers(page: Page) -> list[str]:
    """The options as they are shown, without their numbers."""
    return page.locator(".practice-options button > span:last-child").all_inner_texts()


def choose(page: Page, right: bool) -> str:
    """Click the right option, or a wrong one; the id of the item."""
    key, item = on_screen(page)
    places = [text == item.right.option for text in answers(page)]
    page.locator(".practice-options button").nth(places.index(right)).click()
    page.locator(".practice-option").first.wait_for()
    return key


def follow(page: Page) -> None:
    """The button below the explanations."""
    page.locator(".practice-quiz .practice-main").click()


def finish(page: Page) -> int:
    """Answer all questions that are left rightly; how many these were."""
    count = 0
    while page.locator(".practice-options button").count():
        choose(page, True)
        follow(page)
        count += 1
    return count


def test_a_round_from_start_to_result(open_tool):
    """One miss: it is explained, stored, listed, asked again, and due as a card."""
    page = begin(open_tool)
    count = sum(item.topic == TOPIC for item in quiz().values())
    assert f"Question 1 of {count}" in page.locator(".practice-labels").inner_text()
    missed = choose(page, False)
    assert "Wrong." in page.get_by_role("status").first.inner_text()
    follow(page)
    assert finish(page) == count - 1
    assert (
        f"{count - 1} of {count} questions right"
        in page.locator(".practice-question").inner_text()
    )
    rows = stored(page, "quiz")
    assert len(rows) == count
    assert [key for key, entry in rows.items() if not entry["last"]] == [missed]
    assert rows[missed]["answered"] == 1
    assert rows[missed]["right"] == 0
    page.get_by_role("button", name="Make 1 question due as cards").click()
    page.get_by_text("They are graded Again").wait_for()
    card = stored(page, "reviews")[quiz()[missed].card]
    assert card["grade"] == 1
    page.get_by_role("button", name="Ask the missed ones again").click()
    assert "Question 1 of 1" in page.locator(".practice-labels").inner_text()
    assert choose(page, True) == missed
    assert "Right." in page.get_by_role("status").first.inner_text()
    row_after = stored(page, "quiz")[missed]
    assert [row_after[name] for name in ("answered", "right", "last")] == [2, 1, True]
    follow(page)
    assert page.get_by_role("button", name="Make").count() == 0  # nothing was missed
    page.get_by_role("button", name="New quiz").click()
    page.get_by_role("button", name="Start the quiz").wait_for()


def test_each_option_has_its_explanation_and_its_page(open_tool, address):
    """All options are marked and explained; each link leads to what shows it."""
    page = begin(open_tool)
    key, item = on_screen(page)
    shown = answers(page)
    choose(page, False)
    options = page.locator(".practice-option")
    texts = options.all_inner_texts()
    assert len(texts) == len(item.wrong) + 1
    for option in (item.right, *item.wrong):
        text = texts[shown.index(option.option)]
        verdict = "✓ Right: " if option is item.right else "✗ Wrong: "
        assert verdict + option.option in text, key
        assert option.because in text
    assert sum("(your choice)" in text for text in texts) == 1
    links = options.locator("a")
    assert links.count() == len(texts)
    for href in [link.get_attribute("href") for link in links.all()]:
        assert href.startswith(address)
        answer = page.request.get(href)
        assert answer.ok
        assert f'id="{href.partition("#")[2]}"' in answer.text()


def test_by_keyboard_alone(open_tool):
    """Tab to the start, a number to choose, Enter to go on, to the end of the round."""
    page = open_tool(PATH)
    page.get_by_role("button", name="Start the quiz").wait_for()
    page.get_by_label("Level").focus()
    page.keyboard.press("Tab")
    page.keyboard.type(TOPIC)
    page.keyboard.press("Tab")
    page.keyboard.press("5")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for number in range(1, 6):
        page.get_by_text(f"Question {number} of 5").wait_for()
        page.locator(".practice-options button").first.wait_for()
        _, item = on_screen(page)
        assert item.topic == TOPIC
        page.keyboard.press(str(answers(page).index(item.right.option) + 1))
        page.get_by_text("(your choice)").wait_for()
        page.keyboard.press("Enter")
    page.get_by_text("5 of 5 questions right").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start the quiz").wait_for()


def test_an_option_and_a_link_take_enter_themselves(open_tool):
    """Enter on a focused option chooses it; on a link it follows the link."""
    page = begin(open_tool)
    page.keyboard.press("9")
    page.keyboard.press("Enter")  # nothing is chosen yet
    assert page.locator(".practice-option").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    second = answers(page)[1]
    page.keyboard.press("Enter")
    chosen = page.locator(".practice-option", has_text="(your choice)")
    assert second in chosen.inner_text()
    link = page.locator(".practice-option a").first
    href = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(href)


def test_keys_outside_of_the_quiz_do_nothing(open_tool):
    """A number typed elsewhere on the page chooses no option."""
    page = begin(open_tool)
    page.locator("h1 a, .md-header a").first.focus()
    page.keyboard.press("1")
    assert page.locator(".practice-option").count() == 0
    assert stored(page, "quiz") == {}


def with_items(page: Page, data: dict) -> None:
    """Give a page other data of the quiz, and load it again."""
    body = json.dumps(data)
    page.route(
        "**/practice/quiz/items.json",
        lambda route: route.fulfill(body=body, content_type="application/json"),
    )
    page.reload()


def test_a_phone_shows_the_question_with_its_options(open_tool, site):
    """By touch at 360 pixels: the longest items fit the screen, nothing is wider."""
    data = json.loads((site / "practice/quiz/items.json").read_text("utf8"))
    data["items"].sort(
        key=lambda item: len(item["stem"] + "".join(o["text"] for o in item["options"]))
    )
    page = open_tool(PATH, viewport=PHONE, has_touch=True)
    with_items(page, {**data, "items": data["items"][-6:]})
    page.get_by_role("button", name="Start the quiz").tap()
    for _ in range(6):
        page.locator(".practice-options button").first.wait_for()
        box = page.locator(".practice-options").bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"]
        assert page.locator(".practice-question").bounding_box()["y"] >= 48  # the bar
        for option in page.locator(".practice-options button").all():
            assert option.bounding_box()["height"] >= 44
        page.locator(".practice-options button").first.tap()
        page.locator(".practice-option").first.wait_for()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        page.locator(".practice-quiz .practice-main").tap()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_axe_finds_nothing(open_tool, device, scheme):
    """Choice, question, explanations, result."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = open_tool(PATH, color_scheme=scheme, reduced_motion="reduce", **options)
    page.get_by_role("button", name="Start the quiz").wait_for()
    assert findings(page, "[data-practice]") == []
    page.get_by_label("Questions").select_option(label="5")
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".practice-options button").first.wait_for()
    assert findings(page, "[data-practice]") == []
    choose(page, False)
    assert findings(page, "[data-practice]") == []
    follow(page)
    finish(page)
    page.get_by_role("button", name="New quiz").wait_for()
    assert findings(page, "[data-practice]") == []


def test_without_scripts_every_item_is_there(visit):
    """Each folded, with its options and, folded again, all explanations."""
    page = visit(PATH, java_script_enabled=False)
    folds = page.locator("details.quiz")
    assert folds.count() == len(quiz())
    for key in list(quiz())[:: len(quiz()) // 6]:
        item = quiz()[key]
        fold = page.locator(f"#quiz-{key}")
        assert not fold.locator("ol").first.is_visible()
        fold.locator("summary").first.click()
        options = [" ".join(text.split()) for text in
                   fold.locator("> ol > li").all_inner_texts()]  # fmt: skip
        wanted = [item.right.option, *(option.option for option in item.wrong)]
        assert sorted(options) == sorted(wanted)
        answer = fold.locator("> details")
        assert not answer.locator("ol").is_visible()
        answer.locator("summary").click()
        texts = answer.locator("li").all_inner_texts()
        assert "✓ Right." in texts[options.index(item.right.option)]
        assert sum("✗ Wrong." in text for text in texts) == len(item.wrong)
        assert answer.locator("li > a:last-child").count() == len(texts)


def test_with_scripts_the_items_are_not_on_the_page_twice(open_tool):
    """The tool takes the place of the text."""
    page = begin(open_tool)
    assert page.locator("details.quiz").count() == 0


def test_denied_storage_is_said_and_the_quiz_goes_on(open_tool):
    """One line says it; a round runs to its end, and its results last for the visit."""
    page = open_tool(PATH)
    page.add_init_script(DENIED)
    page.reload()
    page.get_by_label("Topic").select_option(label=TOPIC)
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".practice-options button").first.wait_for()
    choose(page, False)
    page.get_by_text("This browser stores nothing").wait_for()
    follow(page)
    finish(page)
    page.get_by_role("button", name="New quiz").click()
    page.get_by_label("Topic").select_option(label=TOPIC)
    page.get_by_label("Which").select_option(label="missed last time")
    page.get_by_role("button", name="Start the quiz").click()
    page.get_by_text("Question 1 of 1").wait_for()


def test_two_tabs_count_together(open_tool):
    """Answers in both tabs add up, also to one item."""
    page = begin(open_tool)
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Topic").select_option(label=TOPIC)
    other.get_by_label("Questions").select_option(label="all")
    other.get_by_role("button", name="Start the quiz").click()
    other.locator(".practice-options button").first.wait_for()
    for tab in (page, other):
        choose(tab, False)
        follow(tab)
        finish(tab)
    rows = stored(page, "quiz").values()
    assert {entry["answered"] for entry in rows} == {2}
    count = len(rows)
    assert sum(entry["right"] for entry in rows) == 2 * count - 2
    other.close()


def test_the_filters(open_tool):
    """Level, topic, number, what is not yet right; none left is said in a line."""
    page = open_tool(PATH)
    page.get_by_role("button", name="Start the quiz").wait_for()
    ids = [key for key, item in quiz().items() if item.topic == TOPIC]
    done = [{"id": key, "card": quiz()[key].card, "changed": 1, "answered": 1,
             "right": 1, "last": True} for key in ids[1:]]  # fmt: skip
    stored(page, "quiz")  # opens the database
    page.evaluate(PUT, ["quiz", done])
    page.get_by_label("Topic").select_option(label=TOPIC)
    page.get_by_label("Which").select_option(label="not yet right")
    page.get_by_role("button", name="Start the quiz").click()
    page.get_by_text("Question 1 of 1").wait_for()
    assert choose(page, False) == ids[0]
    follow(page)
    page.get_by_role("button", name="New quiz").click()
    page.get_by_label("Which").select_option(label="missed last time")
    page.get_by_role("button", name="Start the quiz").click()
    page.get_by_text("Question 1 of 1").wait_for()
    choose(page, True)
    follow(page)
    page.get_by_role("button", name="New quiz").click()
    page.get_by_label("Which").select_option(label="missed last time")
    page.get_by_role("button", name="Start the quiz").click()
    page.get_by_text("No question passes these filters").wait_for()


NUMBERED = [{"id": n, "level": LEVELS[n % 3], "topic": "ab"[n % 2],
             "options": ["right", "x", "y", "z"]} for n in range(40)]  # fmt: skip
ANY = {"level": "", "topic": "", "part": "all", "count": 0}


def test_a_seed_fixes_the_order(open_tool):
    """Same seed, same round; another seed, another one; no item is lost or doubled."""
    page = open_tool(PATH)
    first, again, other = (
        page.evaluate(ROUND, [NUMBERED, [], ANY, seed]) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert sorted(key for key, _ in first) == list(range(40))
    places = [options.index("right") for _, options in first]
    assert {*places} == {0, 1, 2, 3}
    assert all(sorted(options) == ["right", "x", "y", "z"] for _, options in first)


@pytest.mark.parametrize(
    ("changes", "results", "expected"),
    [
        ({"level": "mid"}, [], [n for n in range(40) if n % 3 == 1]),
        ({"topic": "b"}, [], [n for n in range(40) if n % 2]),
        ({"part": "missed"}, [[3, {"last": False}], [4, {"last": True}]], [3]),
        ({"part": "open"}, [[n, {"last": True}] for n in range(38)], [38, 39]),
    ],
)
def test_a_round_has_what_was_chosen(open_tool, changes, results, expected):
    """Level, topic and part of the quiz."""
    page = open_tool(PATH)
    items = page.evaluate(ROUND, [NUMBERED, results, ANY | changes, 1])
    assert sorted(key for key, _ in items) == expected
    few = page.evaluate(ROUND, [NUMBERED, [], ANY | {"count": 7}, 1])
    assert len(few) == 7


def test_every_order_is_about_equally_frequent(open_tool):
    """24 orders of four options, 2,400 seeds: each half to twice its share."""
    counts = open_tool(PATH).evaluate(
        """async () => {
          const { generator, shuffle } = await tool("random");
          const counts = {};
          for (let seed = 0; seed < 2400; seed += 1) {
            const order = shuffle(["a", "b", "c", "d"], generator(seed)).join("");
            counts[order] = (counts[order] ?? 0) + 1;
          }
          return counts;
        }"""
    )
    assert len(counts) == 24
    assert all(50 <= count <= 200 for count in counts.values()), counts


def test_texts_are_put_into_the_page_as_text(open_tool):
    """HTML in the data of the quiz is shown and not built."""
    attack = "<img src=x onerror=\"document.title='owned'\">"
    option = {"text": attack, "because": attack, "page": "q19/", "title": attack}
    item = {"id": attack, "card": "q19-svm", "topic": "t", "level": attack,
            "stem": attack, "options": [option, option]}  # fmt: skip
    page = open_tool(PATH)
    with_items(page, {"topics": {"t": attack}, "items": [item]})
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".practice-options button").first.click()
    page.locator(".practice-option").first.wait_for()
    assert page.locator("[data-practice] img").count() == 0
    assert page.locator(".practice-question").inner_text() == attack
    assert page.title() != "owned"


def test_the_data_are_plain_text(site: Path):
    """No tag and no mark of Markdown; recorded numbers are filled in."""
    data = json.loads((site / "practice/quiz/items.json").read_text("utf8"))
    assert [entry["id"] for entry in data["items"]] == [*quiz()]
    for entry in data["items"]:
        texts = [entry["stem"], *(
            option[name] for option in entry["options"]
            for name in ("text", "because", "title"))]  # fmt: skip
        for text in texts:
            assert not {"<", ">", "*", "`", "$", "[="} & {*text, text[:2]}, text
            assert "[=" not in text
        right = quiz()[entry["id"]].right
        assert entry["options"][0]["text"] == right.option


def test_results_are_counted_exported_and_deleted(open_tool, tmp_path):
    """The start page counts them; an export comes back; a damaged row stays out."""
    page = begin(open_tool)
    missed = choose(page, False)
    follow(page)
    choose(page, True)
    assert len(stored(page, "quiz")) == 2  # a page that is left may lose its last write
    page.goto(page.url.replace(PATH, ""))
    tool = page.locator("[data-practice=progress]")
    tool.get_by_text("2 answered, 1 right the last time").wait_for()
    with page.expect_download() as file:
        tool.get_by_role("button", name="Export").click()
    data = json.loads(file.value.path().read_text("utf8"))
    assert {entry["id"] for entry in data["quiz"]} >= {missed}
    page.once("dialog", lambda dialog: dialog.accept())
    tool.get_by_role("button", name="Reset").click()
    tool.get_by_text("0 answered, 0 right the last time").wait_for()
    damaged = [{**data["quiz"][0], "id": "worse", **wrong} for wrong in (
        {"answered": 0}, {"right": 9}, {"right": -1}, {"last": "yes"}, {"card": 1},
        {"answered": "2"})]  # fmt: skip
    data["quiz"] += damaged
    path = tmp_path / "progress.json"
    path.write_text(json.dumps(data), "utf8")
    with page.expect_file_chooser() as chooser:
        tool.get_by_role("button", name="Import").click()
    chooser.value.set_files(path)
    tool.get_by_text("left out: 6 entries.").wait_for()
    tool.get_by_text("2 answered, 1 right the last time").wait_for()
    assert "worse" not in stored(page, "quiz")
    tool.get_by_role("link", name="Quiz").click()
    page.wait_for_url(f"**/{PATH}")


def test_a_first_version_of_the_database_is_upgraded(open_tool):
    """Its reviews stay, and the quiz has its store."""
    page = open_tool("q19/")
    count = page.evaluate(
        """async (row) => {
          const { createStorage } = await tool("storage");
          await new Promise((done, failed) => {
            const opening = indexedDB.open("model-paradigms", 1);
            opening.onupgradeneeded = () => {
              const old = ["reviews", "drafts", "interviews", "tasks", "unknown"];
              for (const store of old) {
                opening.result.createObjectStore(store, { keyPath: "id" });
              }
              opening.result.createObjectStore("aside", { autoIncrement: true });
              opening.transaction.objectStore("reviews").put(row);
            };
            opening.onsuccess = () => { opening.result.close(); done(); };
            opening.onerror = () => failed(opening.error);
          });
          const storage = createStorage();
          const result = { id: "q", card: "c", changed: 1, answered: 1, right: 0,
            last: false };
          await storage.update("quiz", "q", () => result);
          return [(await storage.all("reviews")).size, (await storage.all("quiz")).size,
            storage.problem()];
        }""",
        row("q19-svm"),
    )
    assert count == [1, 1, ""]
