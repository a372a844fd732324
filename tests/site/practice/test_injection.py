"""What a reader types, imports or opens is text: never an element, never run.

The pages' Content-Security-Policy is off here, so that nothing else stops a script.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Page

from tests.conftest import new_page, settle
from tests.site.practice.conftest import PUT, TOOL, row, watch
from tests.site.practice.payloads import HTML, OTHER, PAYLOADS

TIME = 1_790_000_000_000

# Notes each call of `alert`, and each element that no page of the site has: with a
# handler, an address that is code, inline code, or a word of a payload in an attribute.
GUARD = """
window.ran = [];
window.suspects = [];
window.alert = (...words) => { ran.push(words.join()); };
window.suspicious = (node) => {
  if (node.matches("iframe, object, embed, base, marquee, meta[http-equiv=refresh]")) {
    return true;
  }
  if (node.matches("script:not([src], [type='application/json'])")) return true;
  return [...node.attributes].some(({ name, value }) => name.startsWith("on")
    || name === "srcdoc" || value.includes("alert(") || value.includes("alert`")
    || /^(javascript:|vbscript:|data:text)/i.test(value.replace(/\\s/g, "")));
};
window.inspect = (root) => [root, ...root.querySelectorAll("*")]
  .filter((node) => node.matches && suspicious(node))
  .map((node) => node.outerHTML.slice(0, 200));
new MutationObserver((records) => {
  for (const { target, addedNodes } of records) {
    for (const node of [target, ...addedNodes]) {
      if (node instanceof Element) suspects.push(...inspect(node));
    }
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""


@pytest.fixture
def attacked(browser, address) -> Iterator:
    """Open a page under guard; at the end no script has failed or was injected."""
    contexts, pages, problems = [], [], []

    def open_page(path: str, context=None) -> Page:
        if context is None:
            context = browser.new_context(bypass_csp=True, accept_downloads=True)
            contexts.append(context)
            context.add_init_script(GUARD)
            context.add_init_script(TOOL % address)
        page = new_page(context)
        pages.append(page)
        watch(page, problems)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(address + path)
        settle(page)
        return page

    yield open_page
    for page in pages:
        assert findings(page) == {"ran": [], "elements": []}
    assert problems == []
    for context in contexts:
        context.close()


def findings(page: Page) -> dict[str, list[str]]:
    """What ran, and what entered the page as an element."""
    page.wait_for_timeout(100)  # an image fails, a handler runs
    return page.evaluate(
        "({ ran, elements: [...suspects, ...inspect(document)].slice(0, 5) })"
    )


def test_there_are_a_hundred_payloads():
    """All different."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 100


def test_a_page_that_writes_html_is_caught(browser, address):
    """Negative control: by `innerHTML` all markup is noticed, and much of it runs."""
    with browser.new_context(bypass_csp=True) as context:
        context.add_init_script(GUARD)
        page = context.new_page()
        page.goto(f"{address}systems/")
        missed = page.evaluate(
            """(payloads) => payloads.filter((payload) => {
              const place = document.createElement("div");
              document.querySelector("article").append(place);
              place.innerHTML = `${payload}<p>`; // as a page goes on after it
              const noticed = inspect(document.querySelector("article")).length;
              place.remove();
              document.querySelectorAll("article [onerror]").forEach((e) => e.remove());
              return !noticed;
            })""",
            HTML,
        )
        assert missed == []
        caught = findings(page)
    assert len(caught["ran"]) > 20
    assert caught["elements"]


# Writes each payload into each text field of the article, as a reader who pastes it.
TYPE = """async (payloads) => {
  const fields = document.querySelectorAll(
    "article :is(input[type=text], input[type=search], textarea)");
  for (const payload of payloads) {
    for (const field of fields) {
      field.value = payload;
      for (const name of ["input", "change", "keyup"]) {
        field.dispatchEvent(new Event(name, { bubbles: true }));
      }
    }
    await new Promise(requestAnimationFrame);
  }
  return fields.length;
}"""


def test_the_mask_workbench_takes_rules_as_text(attacked):
    """Every text field of the page of tools."""
    assert attacked("practice/try-it/").evaluate(TYPE, PAYLOADS) >= 1


def test_the_two_models_take_sentences_as_text(attacked):
    """Unknown words are quoted in the page."""
    page = attacked("practice/two-models/")
    page.get_by_role("button", name="Load both models").click()
    page.get_by_label("Sentence").wait_for()
    assert page.evaluate(TYPE, PAYLOADS) >= 1
    assert "The models do not know" in page.locator("article").inner_text()


def test_the_search_box_takes_queries_as_text(attacked):
    """Each payload, and each with a word that has hits, whose marks are shown."""
    page = attacked("q39/")
    page.keyboard.press("/")
    page.locator(".md-search__input").fill("mask")
    page.locator(".md-search-result__item a").first.wait_for()
    page.evaluate(
        """async (payloads) => {
          const box = document.querySelector(".md-search__input");
          for (const payload of payloads.flatMap((text) => [text, `mask ${text}`])) {
            box.value = payload;
            box.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise((go) => setTimeout(go, 25));
          }
        }""",
        PAYLOADS,
    )
    page.locator(".md-search-result__item a").first.wait_for()


@pytest.mark.parametrize("path", ["q39/", "reference/claims/", "", "practice/review/"])
def test_an_address_is_text(attacked, path):
    """Each payload after `?h=`, as the value of a filter, and after `#`."""
    page = attacked(path)
    page.evaluate(
        """async (payloads) => {
          const here = location.pathname;
          for (const payload of payloads) {
            const text = encodeURIComponent(payload);
            for (const hash of [text, payload.replace(/\\s/g, "")]) {
              const query = `?h=${text}&verdict=${text}`;
              history.replaceState(null, "", `${here}${query}#${hash}`);
              dispatchEvent(new HashChangeEvent("hashchange"));
              dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
              dispatchEvent(new PopStateEvent("popstate"));
            }
            await new Promise(requestAnimationFrame);
          }
        }""",
        PAYLOADS,
    )
    for payload in HTML[::20]:  # read while the page loads
        page.goto(f"{page.url.split('?')[0]}?h={payload}#{payload}")
        settle(page)
        assert findings(page) == {"ran": [], "elements": []}


def interviews() -> list[dict]:
    """Ended interviews whose every text is a payload; and one that is open."""
    rows = [
        {
            "id": payload,
            "changed": TIME,
            "started": TIME + number,
            "minutes": payload,
            "level": payload if number else "",  # no level has no question
            "topic": payload,
            "typing": True,
            "left": 60_000,
            "current": payload,
            "ended": number > 0,
            "answered": [
                {"card": card, "said": [False], "typed": payload, "seconds": 3}
                for card in (payload, "q39-axes")
            ],
        }
        for number, payload in enumerate(PAYLOADS)
    ]
    # An interview with all answers, the newest, so that it is listed first.
    everything = [
        {"card": "q39-axes", "said": [True, False], "typed": payload, "seconds": 3}
        for payload in PAYLOADS
    ]
    newest = {"id": "all", "started": TIME + 10_000, "answered": everything}
    return [*rows, rows[1] | newest]


def backup() -> dict[str, object]:
    """An exported file with a payload in every string, keys included."""
    prefixes = ("model-paradigms.visited.", "model-paradigms.done.")
    return {
        "format": "model-paradigms progress",
        "version": 2,
        "exported": PAYLOADS[0],
        "marks": [f"{prefix}{text}" for prefix in prefixes for text in PAYLOADS],
        "reviews": [row(text, note=text) for text in PAYLOADS],
        "drafts": [{"id": t, "changed": TIME, "text": t} for t in PAYLOADS],
        "interviews": interviews(),
        "tasks": [
            {"id": t, "changed": TIME, "text": t, "runs": 1, t: t} for t in PAYLOADS
        ],
        "quiz": [
            {
                "id": t,
                "changed": TIME,
                "card": t,
                "answered": 1,
                "right": 0,
                "last": False,
                t: t,
            }
            for t in PAYLOADS
        ],
        **{text: {text: [text]} for text in PAYLOADS},
    }


# Pages that show what is stored.
SHOWN = ["", "practice/", "practice/review/", "practice/interview/", "q39/",
         "practice/whiteboard/", "practice/quiz/", "contributing/"]  # fmt: skip


def look_at_all(attacked, context) -> None:
    """Open every page that shows what is stored, and what it shows of an interview."""
    for path in SHOWN:
        page = attacked(path, context)
        if path == "practice/interview/":
            look_at_interviews(page)


def look_at_interviews(page: Page) -> None:
    """The report and the transcript of the newest, and the answers of an open one."""
    page.locator("li .practice-button").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Transcript as Markdown").click()
    assert_plain(Path(download.value.path()).read_text("utf8"))
    page.get_by_role("button", name="New interview").click()
    page.get_by_role("button", name="Continue the interview").click()
    page.get_by_role("button", name="Show the answer").wait_for()


def assert_plain(transcript: str) -> None:
    """No viewer of Markdown finds markup, a link or a heading in what was typed."""
    tokens = MarkdownIt("commonmark").parse(transcript)
    every = [*tokens, *(child for token in tokens for child in token.children or [])]
    assert {token.type for token in every} & {
        "link_open",
        "image",
        "html_inline",
    } == set()
    assert not [token for token in tokens if token.type == "html_block"]
    assert sum(token.type == "fence" for token in tokens) >= len(PAYLOADS)
    headings = [
        t for t, _ in zip(tokens[1:], tokens, strict=False) if _.type == "heading_open"
    ]
    assert not [heading.content for heading in headings if "alert" in heading.content]


def test_an_imported_file_is_text(attacked, tmp_path):
    """Every string of a backup, the name of the file, and pages that show them."""
    file = tmp_path / "<img src=x onerror=alert(1)>.json"
    file.write_text(json.dumps(backup()), "utf8")
    page = attacked("")
    page.locator("[data-practice=progress] input").set_input_files(file)
    line = page.locator("[data-practice=progress] .practice-status").first
    line.get_by_text("Imported:").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    exported = json.loads(Path(download.value.path()).read_text("utf8"))
    assert len(exported["drafts"]) == len(PAYLOADS)
    look_at_all(attacked, page.context)


@pytest.mark.parametrize(
    "field", ["format", "version", "marks", "reviews", "interviews"]
)
def test_a_damaged_file_is_text(attacked, tmp_path, field):
    """A payload in place of a part of the file, and a file that is none."""
    page = attacked("")
    line = page.locator("[data-practice=progress] .practice-status").first
    for payload in HTML[::20]:
        for number, text in enumerate(
            (json.dumps(backup() | {field: payload}), payload)
        ):
            file = tmp_path / f"{number}.json"
            file.write_text(text, "utf8")
            page.locator("[data-practice=progress] input").set_input_files(file)
            line.get_by_text("mported").wait_for()


def test_what_is_stored_is_text(attacked):
    """Rows and entries of localStorage that somebody else wrote, without any check."""
    page = attacked("practice/review/")
    stores = backup()
    for store in ("reviews", "drafts", "interviews", "tasks", "quiz"):
        page.evaluate(PUT, [store, stores[store]])
    page.evaluate(
        """(payloads) => {
          for (const text of payloads) {
            localStorage.setItem(`model-paradigms.visited.${text}`, text);
            localStorage.setItem(`model-paradigms.done.${text}`, text);
          }
        }""",
        PAYLOADS,
    )
    look_at_all(attacked, page.context)


SINGLE = ["model-paradigms.plan", "model-paradigms.left", "/.__palette", "/.__tabs"]


def test_each_stored_setting_is_text(attacked):
    """Settings hold one value each: the plan, the place in it, colours, tabs."""
    page = attacked("")
    for payload in [*HTML[::20], *OTHER["templates and selectors"]]:
        page.evaluate(
            """([keys, text]) => keys.forEach((key, number) =>
              localStorage.setItem(key, number < 2 ? text : JSON.stringify([text])))""",
            [SINGLE, payload],
        )
        page.reload()
        page.locator(".plan output").first.wait_for(state="attached")
        assert findings(page) == {"ran": [], "elements": []}


def test_typed_answers_are_text(attacked):
    """Each payload as the answer to a question of an interview, shown as written."""
    page = attacked("practice/interview/")
    page.get_by_label("Answer", exact=True).select_option("typed")
    page.get_by_role("button", name="Start the interview").click()
    written = []
    for payload in PAYLOADS:
        page.get_by_label("Your answer").fill(payload)
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_role("button", name="Next question").wait_for()
        if payload.strip():
            written.append(page.locator(".practice-written").inner_text() != "")
        page.get_by_role("button", name="Next question").click()
    assert all(written)
    page.get_by_role("button", name="End the interview").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Transcript as Markdown").click()
    assert_plain(Path(download.value.path()).read_text("utf8"))
