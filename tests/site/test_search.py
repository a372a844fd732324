"""The search in a real browser: what it finds, what it costs, where a hit leads."""

import gzip
import re
import time
import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from paradigms.site.content.claims import places
from paradigms.site.content.glossary import term_place, terms
from paradigms.site.content.phrasings import phrasings
from paradigms.site.content.questions import (
    derivations,
    question_places,
    questions,
)
from paradigms.site.content.synonyms import synonyms
from paradigms.site.content.whiteboard import task_places, tasks
from paradigms.site.templates.environment import slug
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE, ROOT, Quiet, new_page, serving, settle

HIT = ".md-search-result__link"
STATUS = ".md-search-result__meta"
INDEX = ["search/answers.json", "search/text.json"]
WORKER = ["javascripts/search-worker.js", "javascripts/vendor/minisearch.min.js"]

# Asks a worker of its own, as the search box does; the last one is ready when all is.
ASK = """async ([queries, last]) => {
  const worker = new Worker(new URL("javascripts/search-worker.js", location));
  const heard = (test) => new Promise((resolve, reject) => {
    const listen = ({data}) => {
      if (data.failed) reject(data.failed);
      if (!test(data)) return;
      worker.removeEventListener("message", listen);
      resolve(data);
    };
    worker.addEventListener("message", listen);
  });
  await heard(({ready}) => ready === last);
  const answers = [];
  for (const query of queries) {
    const answer = heard((data) => data.query === query);
    worker.postMessage(query);
    answers.push((await answer).hits.map(({url, title}) => [url, title.join("")]));
  }
  worker.terminate();
  return answers;
}"""


def searches(name: str) -> dict[str, list[str]]:
    """Searches with the addresses that answer them."""
    listed = tomllib.loads((ROOT / "tests/site" / f"{name}.toml").read_text("utf8"))
    return {
        query: [address_of(place) for place in answers]
        for query, answers in listed.items()
    }


def address_of(place: str) -> str:
    """The address of a question or a claim by its id, of a term where it leads.

    Any other is one already.
    """
    by_row = {f"reference/glossary/#{slug(term)}": term_place(term) for term in terms()}
    if "/" in place and place not in by_row:
        return place
    return published(by_row.get(place) or (question_places() | places())[place])


def published(path: str) -> str:
    """The address of a place in a page's source: `q39/#a` of `q39/index.md#a`."""
    page, sign, anchor = path.partition("#")
    return f"{page.removesuffix('.md').removesuffix('index').strip('/')}/{sign}{anchor}"


@pytest.fixture(scope="module")
def ask(browser, site):
    """Ask the search: `ask(queries)` gives the hits of each, as address and title."""
    with serving(site) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(address)

        def hits(queries, last="all") -> dict[str, list[list[str]]]:
            return dict(
                zip(queries, page.evaluate(ASK, [list(queries), last]), strict=True)
            )

        yield hits


def misses(targets: dict[str, list[str]], hits, first: int = 1) -> list[str]:
    """The searches with no right answer among the first hits."""
    return [
        f"{query!r} leads to {[url for url, _ in hits[query][:1]]}, not to {answers}"
        for query, answers in targets.items()
        if not {url for url, _ in hits[query][:first]} & set(answers)
    ]


@pytest.mark.parametrize("last", ["answers", "all"])
def test_the_first_hit_answers(ask, last, record_property):
    """At least nine in ten searches land on their answer, before and after the rest.

    And the others have it among the first three, but for one in twenty.
    """
    targets = searches("searches")
    hits = ask(targets, last)
    misplaced = misses(targets, hits)
    record_property("first hits", f"{len(targets) - len(misplaced)} of {len(targets)}")
    assert len(targets) >= 60
    assert len(misplaced) <= 0.1 * len(targets), "\n".join(misplaced)
    assert len(misses(targets, hits, 3)) <= 0.05 * len(targets)


def test_the_first_hit_answers_searches_that_nothing_was_tuned_on(ask, record_property):
    """In other words than the bank's: three in four land on their answer."""
    targets = searches("searches_unseen")
    misplaced = misses(targets, ask(targets))
    record_property("first hits", f"{len(targets) - len(misplaced)} of {len(targets)}")
    assert len(targets) == 25
    assert len(misplaced) <= 0.25 * len(targets), "\n".join(misplaced)


def test_a_wrong_first_hit_is_counted():
    """Negative control."""
    hits = {"a": [["right/", ""], ["wrong/", ""]], "b": [["wrong/", ""]], "c": []}
    targets = {key: ["right/"] for key in "abc"}
    assert [miss[1] for miss in misses(targets, hits)] == ["b", "c"]


def test_no_search_stands_in_the_code():
    """Neither the script nor the list of synonyms knows a search of several words."""
    names = {
        name.lower() for pair in synonyms().items() for name in [pair[0], *pair[1]]
    }
    code = (ROOT / "docs" / WORKER[0]).read_text("utf8").lower()
    code += (ROOT / "src/paradigms/site/exports/search_index.py").read_text("utf8")
    for query in [*searches("searches"), *searches("searches_unseen")]:
        assert len(query.split()) < 3 or query.lower() not in code, query
        assert len(query.split()) < 4 or query.lower() not in names, query
    # A list of phrasings that holds the searches would prove nothing.
    lines = {line.lower() for group in phrasings().values() for line in group}
    assert not lines & {
        query.lower() for query in [*searches("searches"), *searches("searches_unseen")]
    }


# How candidates ask for a form of answer.
ASKING_FOR = {
    "code": (
        "{} code", "{} python", "implement {}", "{} pytorch", "{} from scratch",
    ),
    "derivation": ("{} derivation", "derive {}", "{} proof", "prove {}"),
}  # fmt: skip


def answers_with(form: str) -> dict[str, str]:
    """The addresses of all answers with code or a derivation, with their titles."""
    bank = questions()
    if form == "code":
        held = {key: entry.question for key, entry in bank.items() if entry.code}
        places = {published(task_places()[key]): t.title for key, t in tasks().items()}
    else:
        derived = [
            key for key in bank if bank[key].kind == form or key in derivations()
        ]
        held = {key: bank[key].question for key in derived}
        places = {published(p): held[key] for key, p in derivations().items()}
        places |= {place.partition("#")[0]: "" for place in places}  # their pages
    return places | {address_of(key): title for key, title in held.items()}


@pytest.mark.parametrize("form", ASKING_FOR)
def test_who_asks_for_code_or_a_derivation_finds_it(ask, form):
    """Whatever term of such an answer is searched for, and in whichever words.

    Without the word that asks for it, none of these searches leads there.
    """
    answers = answers_with(form)
    titles = " ".join(answers.values()).lower()
    words = f" {' '.join(re.findall(r'[^?:;,. ]+', titles))} "
    every = {*terms(), *(name for pair in synonyms().items() for name in pair[1])}
    plain = ask(sorted(name for name in every if f" {name.lower()} " in words))
    names = [name for name, hits in plain.items() if hits[0][0] not in answers]
    typed = [line.format(name) for name in names for line in ASKING_FOR[form]]
    hits = ask(typed)
    misplaced = [query for query in typed if hits[query][0][0] not in answers]
    assert len(names) >= 30
    assert len(misplaced) <= 0.02 * len(typed), misplaced


def test_training_from_scratch_is_no_search_for_code(ask):
    """The words are those of another question."""
    query = "train from scratch or fine-tune bert"
    assert ask([query])[query][0][0] not in answers_with("code")


def test_a_term_alone_finds_itself(ask):
    """Before longer terms that contain it, and before questions about it."""
    hits = ask(terms())
    misplaced = [term for term in terms() if hits[term][0][1] != term]
    assert len(misplaced) <= 0.05 * len(terms()), misplaced


def test_two_slips_in_a_long_word_are_forgiven(ask):
    """A pair of letters swapped, and a letter missing."""
    plain = [term for term in terms() if re.fullmatch("[a-z]{9,}", term)]
    typed = {t[:2] + t[3] + t[2] + t[4:6] + t[7:]: t for t in plain}
    hits = ask(typed)
    assert len(typed) > 50
    misplaced = {t: m for t, m in typed.items() if m not in [x for _, x in hits[t][:3]]}
    assert len(misplaced) <= 0.05 * len(typed), misplaced


def test_a_slip_in_a_name_of_several_words_is_forgiven(ask):
    """It finds what the name finds, though only the name as a whole is known."""
    names = {name for pair in synonyms().items() for name in [pair[0], *pair[1]]}
    typed = {}
    for name in names:
        longest = max(name.split(), key=len)
        if len(name.split()) > 1 and re.fullmatch("[A-Za-z]{6,}", longest):
            typed[name.replace(longest, longest[:3] + longest[4:])] = name
    hits = ask([*typed, *typed.values()])
    misplaced = [slip for slip, name in typed.items() if hits[slip][0] != hits[name][0]]
    assert len(typed) > 100
    assert len(misplaced) <= 0.05 * len(typed), misplaced


def test_one_slip_is_forgiven(ask):
    """A letter missing, doubled, wrong, or swapped with the next: the term is found."""
    plain = [term for term in terms() if re.fullmatch("[a-z]{6,}", term)]
    typed = {
        slip: term
        for term in plain[::3]
        for slip in (
            term[:3] + term[4:],
            term[:3] + term[2] + term[3:],
            term[:3] + "x" + term[4:],
            term[:3] + term[4] + term[3] + term[5:],
        )
    }
    hits = ask(typed)
    assert len(typed) > 100
    misplaced = {t: m for t, m in typed.items() if m not in [x for _, x in hits[t][:3]]}
    assert len(misplaced) <= 0.02 * len(typed), misplaced


def test_synonyms_lead_both_ways(ask):
    """Each name of a term finds what the term finds first."""
    groups = {term: [term, *names] for term, names in synonyms().items()}
    hits = ask([name for group in groups.values() for name in group])
    misplaced = [
        f"{name}: {term}"
        for term, group in groups.items()
        for name in group
        if hits[term][0] not in hits[name][:3]
    ]
    assert len(groups) > 50
    assert misplaced == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"flux capacitor" = ["FC"]', "flux capacitor: no question, term, claim, "),
        ('"perplexity" = []', "perplexity: texts: list should have at least 1 item"),
        (
            '"perplexity" = ["PPL", "ppl"]',
            "perplexity: 'ppl' is named twice; remove one",
        ),
        ('"perplexity" = "PPL"', "perplexity: texts: input should be a valid list"),
    ],
)
def test_a_synonym_that_leads_nowhere_stops_the_build(broken, line, reason):
    """With the file, the term and the reason, in one line."""
    output = broken("snippets/synonyms.toml", '"perplexity" = ["PPL"]', line)
    assert f"snippets/synonyms.toml: {reason}" in output
    assert "Traceback" not in output


def test_a_phrasing_leads_to_its_question(ask):
    """The first hit of each; it is shown as the bank puts it."""
    groups = phrasings()
    hits = ask([line for lines in groups.values() for line in lines])
    misplaced = [
        f"{line}: {key}"
        for key, lines in groups.items()
        for line in lines
        if hits[line][0][0] != address_of(key)
    ]
    assert misplaced == []
    titles = {title for line in hits for _, title in hits[line][:1]}
    assert not titles & {line for lines in groups.values() for line in lines}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('q19-dat = ["what do they model"]', "q19-dat: no question of the bank"),
        (
            'bayes-brier = ["what do they model", "What do they model"]',
            "is listed twice",
        ),
        (
            "bayes-brier = []",
            "bayes-brier: texts: list should have at least 1 item",
        ),
    ],
)
def test_a_phrasing_without_a_question_stops_the_build(broken, line, reason):
    """With the file, the id and the reason, in one line."""
    output = broken("snippets/phrasings.toml", "# alone", f"# alone\n{line}\n#")
    assert "snippets/phrasings.toml: " in output
    assert reason in output
    assert "Traceback" not in output


def test_a_page_loads_nothing_of_the_index(browser, site):
    """Not even the worker: they come when the search box is used."""
    with serving(site) as address, browser.new_context() as context:
        page = new_page(context)
        urls = []
        page.on("request", lambda r: urls.append(r.url.removeprefix(address)))
        page.goto(f"{address}q39/")
        settle(page, quiet=500)
        assert "javascripts/search.js" in urls
        assert not [url for url in urls if "search/" in url or url in WORKER]
        with page.expect_request(f"**/{INDEX[1]}"):
            page.keyboard.press("/")
        assert [url for url in [*WORKER, *INDEX] if url not in urls] == []


@cache
def gzipped(path) -> bytes:
    """A file as a server sends it."""
    return gzip.compress(path.read_bytes(), mtime=0)


def test_the_first_result_costs_little(site, record_property):
    """What is loaded for it: 0.64 s at 1.6 Mbit/s; a page pays for the box."""
    needed = sum(len(gzipped(site / name)) for name in [*WORKER, INDEX[0]])
    record_property("bytes", f"{needed}, then {len(gzipped(site / INDEX[1]))}")
    assert needed <= 128_000
    assert len(gzipped(site / INDEX[0])) <= 117_000
    assert len(gzipped(site / INDEX[1])) <= 256_000
    box = ["javascripts/search.js", "javascripts/target.js", "stylesheets/search.css"]
    assert sum(len(gzipped(site / name)) for name in box) <= 5_000


class Slow(Quiet):
    """A phone's network: 1.6 Mbit/s and 150 ms there and back, files compressed."""

    def do_GET(self):
        body = gzipped(self.path_of_file())
        time.sleep(0.15 + len(body) / 200_000)
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(self.path_of_file())))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the page was closed meanwhile
            self.wfile.write(body)

    def path_of_file(self):
        path = Path(self.translate_path(self.path))
        return path / "index.html" if path.is_dir() else path


def test_a_phone_has_its_first_result_soon(browser, site, record_property):
    """From the first letter on; reported, not asserted: it depends on the machine."""
    with (
        serving(site, Slow) as address,
        browser.new_context(viewport=PHONE) as context,
    ):
        page = context.new_page()
        context.new_cdp_session(page).send(
            "Emulation.setCPUThrottlingRate", {"rate": 4}
        )
        page.goto(address)
        page.locator("label.md-header__button[for=__search]").click()
        start = time.monotonic()
        page.locator(".md-search__input").fill("kv cache")
        page.wait_for_selector(HIT)
        seconds = time.monotonic() - start
    record_property("seconds", f"{seconds:.2f}")
    print(f"first result after {seconds:.2f} s")
    assert seconds < 20  # it comes at all


def look_up(page, query: str) -> None:
    """Type a search, and wait for its hits."""
    page.keyboard.press("/")
    page.locator(".md-search__input").fill(query)
    page.wait_for_selector(HIT)


def in_view(page, place: str) -> bool:
    """Whether a place is open and begins in the window, below the header."""
    return page.evaluate(
        """(id) => {
          const place = document.getElementById(id);
          const top = place.getBoundingClientRect().top;
          const header = document.querySelector(".md-header").getBoundingClientRect();
          return place.open !== false && top >= header.bottom - 1
            && top < innerHeight / 2;
        }""",
        place,
    )


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("way", ["click", "enter", "arrows"])
def test_a_hit_in_a_fold_opens(visit, device, way):
    """By mouse and by keyboard: open, in view, and the words are marked in it."""
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    page = visit("systems/", **(phone if device == "phone" else {}))
    look_up(page, "is generating text with BERT impossible")
    if way == "click":
        page.locator(HIT).first.click()
    else:
        for key in ["ArrowDown", "Enter"] if way == "arrows" else ["Enter"]:
            page.keyboard.press(key)
    page.wait_for_url("**#q39-generate")
    settle(page)
    page.wait_for_function("CSS.highlights.get('searched')?.size > 1")
    assert in_view(page, "q39-generate")
    assert not page.locator("#__search").is_checked()


@pytest.mark.parametrize(
    "place",
    ["reference/glossary/#perplexity", "q39/autoregressive/#s32", "q39/cache/#a-chat",
     "practice/decoding/#decoding-mode", "q39/#bidirectional-as-in-bert",
     "reference/bibliography/#devlin2019", "q39/#q39-thirty-seconds"],
)  # fmt: skip
def test_a_place_of_each_kind_comes_into_view(visit, place):
    """A term, a claim, a section, a question, a figure, a source, a spoken answer."""
    page, _, anchor = place.partition("#")
    tab = visit(f"{page}?h=the+a+of#{anchor}", viewport={"width": 1280, "height": 900})
    tab.wait_for_function("CSS.highlights.get('searched')")
    assert in_view(tab, anchor)
    shadow = "(id) => getComputedStyle(document.getElementById(id)).boxShadow"
    assert tab.evaluate(shadow, anchor) != "none"


def test_signs_among_the_words_do_not_stop_the_marking(visit):
    """An apostrophe, slashes, brackets: each is looked for as it stands."""
    page = visit("q39/?h=BERT%27s+80%2F10%2F10+c%2B%2B+(x)+%5B+reuses#q39-generate")
    page.wait_for_function("CSS.highlights.get('searched')?.size > 0")


def test_enter_waits_for_what_was_typed_last(visit):
    """Who types fast and presses Enter at once gets no hit of half a search."""
    page = visit("systems/")
    page.keyboard.press("/")
    page.keyboard.type("is generating text with BERT impossible")
    page.keyboard.press("Enter")
    page.wait_for_url("**#*")
    assert page.url.endswith("#q39-generate")


def test_a_hash_opens_all_folds_around_its_place(visit):
    """As typed into the address: the folds, the folds around them, and the tab."""
    page = visit("q39/")
    page.evaluate(
        """() => document.querySelector("article").insertAdjacentHTML("afterbegin",
          `<details><summary>a</summary><div class="tabbed-set">
           <input type="radio" name="t" checked><input type="radio" name="t">
           <div class="tabbed-content"><div class="tabbed-block">b</div>
           <div class="tabbed-block"><details><summary>c</summary><p id="deep">d</p>
           </details></div></div></div></details>`)"""
    )
    page.evaluate("location.hash = '#deep'")
    page.wait_for_function(
        "document.querySelectorAll('details[open] details[open] #deep').length === 1"
    )
    assert page.evaluate("document.querySelectorAll('[name=t]')[1].checked")
    assert in_view(page, "deep")


def test_the_keyboard_goes_through_the_hits(visit):
    """Down and up go round, letters go on with the search, Escape and Tab close it."""
    page = visit("systems/")
    look_up(page, "mask")
    focused = "document.activeElement.textContent"
    page.keyboard.press("ArrowDown")
    first = page.evaluate(focused)
    assert first == page.locator(HIT).first.text_content()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.matches('.md-search__input')")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == page.locator(HIT).last.text_content()
    for key in ("Escape", "Tab"):
        page.keyboard.press("/")
        assert page.locator("#__search").is_checked()
        page.keyboard.press(key)
        assert not page.locator("#__search").is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_axe_finds_nothing_in_the_hits(visit, scheme, device):
    """With the box open: names, roles, contrast, sizes of what can be tapped."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = visit("systems/", color_scheme=scheme, reduced_motion="reduce", **options)
    if device == "phone":
        page.locator("label.md-header__button[for=__search]").click()
    look_up(page, "causal mask")
    page.wait_for_timeout(600)  # the box fades in
    assert axe_findings(page, ".md-search") == []
    assert contrast_findings(page) == []
    width = page.evaluate("document.querySelector('.md-search-result').scrollWidth")
    assert width <= page.evaluate("innerWidth")


def test_nothing_that_was_typed_becomes_html(visit):
    """Titles and searches are text."""
    page = visit("systems/")
    page.keyboard.press("/")
    page.keyboard.type("<img src=x onerror=alert(1)> mask")
    page.wait_for_selector(HIT)
    assert page.locator(".md-search img").count() == 0


def test_offline_the_box_says_what_works(visit):
    """It names the reason and two pages, and tries again at the next letter."""
    page = visit("systems/")
    page.context.set_offline(True)
    page.keyboard.press("/")
    page.keyboard.type("cache")
    page.wait_for_function(
        f"document.querySelector('{STATUS}').innerText.match(/offline/)"
    )
    assert page.locator(f"{STATUS} a").count() == 2
    page.context.set_offline(False)
    page.keyboard.type("d")
    page.wait_for_selector(HIT)


def test_from_a_file_the_box_says_what_works(browser, site):
    """A page that is opened as a file may load nothing: a sentence with links."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((site / "q39/index.html").as_uri())
        page.keyboard.press("/")
        text = page.locator(STATUS).inner_text()
        assert text.startswith("The search needs a web server: run “make serve”")
        page.locator(f"{STATUS} a").first.click()
        assert page.locator("h1").inner_text().startswith("Glossary")


@pytest.mark.parametrize("width", [360, 1280])
def test_without_scripts_a_sentence_stands_in_its_place(browser, site, width):
    """With links to what works, in view, and no box."""
    with (
        serving(site) as address,
        browser.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 740}
        ) as context,
    ):
        page = context.new_page()
        page.goto(f"{address}q39/")
        sentence = page.locator(".search-unscripted")
        assert sentence.is_visible()
        assert not page.locator(".md-search__input").is_visible()
        box = sentence.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        page.locator(".search-unscripted a").last.click()
        assert page.url.endswith("/practice/")
