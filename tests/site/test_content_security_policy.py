"""No page has inline scripts or loads from another origin, and browsers refuse both."""

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page

from paradigms.site.content.pages import DOCS
from paradigms.site.exports.security_policy import policy
from tests.conftest import Quiet, new_page, script_errors, serving, settle

DATA = {"application/json", "application/ld+json"}
# Attributes whose address a browser loads; `a` and `link rel=next` are only followed.
LOADED = {
    ("script", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("form", "action"),
    ("use", "href"),
    ("image", "href"),
    ("base", "href"),
}
FOLLOWED = {"canonical", "prev", "next", "alternate"}


class Forbidden(HTMLParser):
    """Collects what the policy would block on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.policies: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" not in values and values.get("type") not in DATA:
            self.lines.append("inline script")
        if values.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(values["content"])
        for name, value in values.items():
            self.check(tag, name, value, values)

    def check(self, tag, name, value, values):
        if name.startswith("on"):
            self.lines.append(f"{tag} {name}")
        address = "".join(value.split()).lower()
        if address.startswith(("javascript:", "vbscript:")):
            self.lines.append(f"{tag} {address}")
        loaded = (tag, name) in LOADED or (
            (tag, name) == ("link", "href") and values.get("rel") not in FOLLOWED
        )
        if loaded and (address.startswith("//") or "://" in address):
            self.lines.append(f"{tag} {address}")


def test_no_built_page_has_what_the_policy_forbids(site):
    """Every page, those of a new version of Material too, and each has the policy."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        page = Forbidden(path.read_text("utf8"))
        assert page.lines == [], path
        assert page.policies == [policy(header=False)], path


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ("<script>start()</script>", "inline script"),
        ('<script type="module">start()</script>', "inline script"),
        ('<p onclick="start()">', "p onclick"),
        ('<a href=" java\nscript:start()">', "a javascript:start()"),
        ('<script src="//cdn.example/x.js">', "script //cdn.example/x.js"),
        ('<img src="https://cdn.example/x.png">', "img https://cdn.example/x.png"),
        ('<link rel="icon" href="http://x.example/i">', "link http://x.example/i"),
    ],
)
def test_what_is_forbidden_is_noticed(site, html, line):
    """Negative controls, at the end of a real page."""
    text = (site / "q39/index.html").read_text("utf8")
    assert Forbidden(text.replace("</body>", f"{html}</body>")).lines == [line]


def test_data_and_links_to_other_sites_are_no_scripts():
    """What the guard lets stand."""
    html = (
        '<script type="application/json">{}</script><script src="a.js"></script>'
        '<a href="https://example.org/">elsewhere</a><link rel="next" href="../b/">'
        '<link rel="canonical" href="https://example.org/a/">'
    )
    assert Forbidden(html).lines == []


class WithHeaders(Quiet):
    """A host that reads `_headers`, as Netlify does."""

    def end_headers(self):
        lines = Path(self.directory, "_headers").read_text("utf8").splitlines()
        assert lines[0] == "/*"
        for line in lines[1:]:
            name, _, value = line.strip().partition(": ")
            self.send_header(name, value)
        super().end_headers()


@pytest.fixture(scope="module")
def host(site) -> Iterator[str]:
    """The address of the site on a host that sends its headers."""
    with serving(site, WithHeaders) as address:
        yield address


NOTE = """addEventListener("securitypolicyviolation", (event) =>
  (window.violations ??= []).push(`${event.violatedDirective} ${event.blockedURI}`));"""


@pytest.fixture
def walk(browser, host):
    """Open a page; its violations and errors are in the list that comes with it."""
    contexts = []

    def open_page(path: str, address: str = host, **options) -> tuple[Page, list[str]]:
        context = browser.new_context(accept_downloads=True, **options)
        contexts.append(context)
        context.add_init_script(NOTE)
        page = new_page(context)
        problems = script_errors(page)
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(address + path)
        settle(page)
        return page, problems

    yield open_page
    for context in contexts:
        context.close()


def violations(page: Page) -> list[str]:
    """What the browser has refused on this page so far."""
    return page.evaluate("window.violations ?? []")


# Opens every fold, presses every button of the article and chooses every option, in
# rounds, since a tool replaces its buttons; each button is pressed once by its label.
USE = """async () => {
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  const pressed = new Set();
  const article = document.querySelector("article");
  article.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  await pause(300);
  for (let round = 0; round < 4; round += 1) {
    for (const select of round ? [] : article.querySelectorAll("select")) {
      const before = select.value;
      const values = [...select.options].slice(0, 3).map(({ value }) => value);
      for (const value of [...values, before]) {
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
    for (const input of article.querySelectorAll("[type=text], [type=range]")) {
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    for (const button of article.querySelectorAll("button")) {
      const label = button.textContent;
      if (pressed.has(label) || pressed.size > 60) continue;
      pressed.add(label);
      button.click();
      await pause(20);
    }
    await pause(500);
  }
  return pressed.size;
}"""
# Pages with a tool, a question, a table with filters, a notebook; buttons at least.
TOOLS = {
    page.relative_to(DOCS).with_suffix("").as_posix().removesuffix("index"): 3
    for page in sorted(DOCS.rglob("*.md"))
    if "\n<div data-practice=" in page.read_text("utf8")
} | {"practice/decoding": 4, "q39/": 1, "reference/claims": 0, "labs/mask-probe": 0}


@pytest.mark.parametrize("path", TOOLS)
def test_the_tools_work_under_the_policy(walk, path):
    """With every button pressed, the browser refuses nothing and no script fails."""
    page, problems = walk(path if path.endswith("/") or not path else f"{path}/")
    assert page.evaluate(USE) >= TOOLS[path]
    assert violations(page) == []
    assert problems == []


def test_search_palette_tabs_and_print_work_under_the_policy(walk):
    """What Material's inline scripts did, and what loads a worker."""
    page, problems = walk("", color_scheme="light")
    page.locator(".tabbed-labels label", has_text="Weekend").click()
    page.locator("form.palette label:visible").click()
    page.goto(page.url.split("#")[0] + "?again")
    settle(page)
    assert page.get_attribute("body", "data-md-color-scheme") == "slate"
    tab = page.locator(".tabbed-labels label", has_text="Weekend")
    chosen = "(label) => document.getElementById(label.htmlFor).checked"
    assert tab.evaluate(chosen)
    page.keyboard.press("/")
    page.keyboard.type("causal mask")
    page.wait_for_selector(".md-search-result__item a")
    page.keyboard.press("Escape")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.pdf()[:4] == b"%PDF"
    assert violations(page) == []
    assert problems == []


def test_tabs_are_chosen_before_the_bundle_runs(walk):
    """The tab of an address, and the one chosen before, without Material's bundle."""
    page, _ = walk("")
    page.route("**/bundle.*", lambda route: route.abort())
    tabs = page.locator(".tabbed-set > input")
    first = tabs.first.get_attribute("id")
    page.goto(f"{page.url}?again#{first}")
    assert tabs.first.is_checked()
    page.evaluate("__md_set('__tabs', ['no such tab', '2 weeks'])")
    page.goto(page.url.split("?")[0])
    assert tabs.last.is_checked()
    assert violations(page) == []


def test_the_copy_button_of_a_notebook_copies(walk):
    """Its scripts are files of the site; a notice says for a second that it copied."""
    permissions = ["clipboard-read", "clipboard-write"]
    page, problems = walk("labs/mask-probe/", permissions=permissions)
    button = page.locator("clipboard-copy").first
    notice = button.locator(".notice")
    assert notice.is_hidden()
    settle(page, quiet=500)  # a timer of the theme that a false clock ends is an error
    page.clock.install()
    button.dispatch_event("click")
    notice.and_(page.locator(":not([hidden])")).wait_for(state="attached")
    page.clock.run_for(1000)
    assert notice.get_attribute("hidden") is not None
    assert "import" in page.evaluate("navigator.clipboard.readText()")
    assert problems == []


def test_a_violation_is_noticed(walk):
    """Negative control: an inline script, an attribute, an image from elsewhere."""
    page, problems = walk("systems/")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend",
            "<p onclick='window.ran = true'></p><img src='http://localhost:9/x.png'>");
          document.body.lastElementChild.previousElementSibling.click();
        }"""
    )
    settle(page, quiet=500)
    directives = {line.split()[0] for line in violations(page)}
    assert directives == {"script-src-elem", "script-src-attr", "img-src"}
    assert problems
    assert page.evaluate("window.ran") is None


def test_from_a_file_the_page_works_under_the_policy(walk, site):
    """'self' is the folder of the file: styles, colours, tabs and folds work."""
    page, _ = walk("q39/index.html", address=f"{site.as_uri()}/", color_scheme="dark")
    assert page.get_attribute("body", "data-md-color-scheme") == "slate"
    page.locator("details.question summary").first.click()
    page.locator("form.palette label:visible").click()
    assert page.get_attribute("body", "data-md-color-scheme") == "default"
    page.goto((site / "index.html").as_uri())
    page.locator(".tabbed-labels label", has_text="Weekend").click()
    page.reload()
    tab = page.locator(".tabbed-labels label", has_text="Weekend")
    assert tab.evaluate("(label) => document.getElementById(label.htmlFor).checked")
    assert violations(page) == []


class InTwoParts(Quiet):
    """A slow host: pages stop after the beginning of the body for half a second."""

    def do_GET(self):
        if not self.path.endswith("/"):
            super().do_GET()
            return
        content = Path(self.directory, self.path[1:], "index.html").read_bytes()
        middle = content.index(b"<header")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:middle])
        self.wfile.flush()
        time.sleep(0.5)
        self.wfile.write(content[middle:])


FRAMES = """window.frames_seen = [];
const look = () => {
  if (document.body) frames_seen.push(document.body.dataset.mdColorScheme);
  requestAnimationFrame(look);
};
look();"""


def schemes(page: Page, address: str) -> list[str]:
    """The colours of the body in each frame, while a page arrives slowly."""
    page.add_init_script(FRAMES)
    page.goto(f"{address}q39/")
    page.locator("h1").wait_for()
    return page.evaluate("frames_seen")


def test_no_frame_shows_the_other_colours(browser, site):
    """On a dark system the body is dark from its first frame on."""
    with (
        serving(site, InTwoParts) as address,
        browser.new_context(color_scheme="dark") as context,
    ):
        seen = schemes(context.new_page(), address)
    assert len(seen) > 1
    assert set(seen) == {"slate"}


def test_a_flash_is_noticed(browser, site):
    """Negative control: a script that waits shows the other colours first."""
    with (
        serving(site, InTwoParts) as address,
        browser.new_context(color_scheme="dark") as context,
    ):
        page = context.new_page()
        text = (site / "javascripts/head.js").read_text("utf8")
        late = text.replace(
            "new MutationObserver(",
            "new ((class {constructor(f)"
            "{this.f=f} observe(){setTimeout(this.f,900)} disconnect(){}}))(",
        )
        page.route(
            "**/head.js",
            lambda route: route.fulfill(body=late, content_type="text/javascript"),
        )
        assert "default" in schemes(page, address)
