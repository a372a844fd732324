"""The navigation: sections with index pages, levels, marks of visited pages."""

import re

import pytest
import yaml
from bs4 import BeautifulSoup

from paradigms.site.content.navigation import NavSection, in_order, levels, section
from paradigms.site.content.questions import TOPICS, of_topic, questions
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE, ROOT
from tests.site.test_site import pages_of, settings

DESKTOP = {"width": 1280, "height": 900}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def sections(nav: list) -> list[tuple[str, str]]:
    """Title and first page of every section, the inner ones too."""
    entries = []
    for entry in nav:
        if isinstance(entry, dict) and isinstance(*entry.values(), list):
            ((title, pages),) = entry.items()
            entries += [(title, pages[0]), *sections(pages)]
    return entries


def test_every_section_has_an_index_page_that_its_title_leads_to(visit):
    """A tab of the desktop, a title in the drawer of a phone, a group of a section."""
    expected = [
        (title, first.removesuffix("index.md"))
        for title, first in sections(settings()["nav"])
    ]
    assert len(expected) > 10
    page = visit("", settled=False, viewport=DESKTOP)
    root = page.url
    links = []
    for place in ("", "practice/"):
        page.goto(root + place)
        links += page.locator(
            ".md-nav--primary a.md-nav__link, .md-tabs a"
        ).evaluate_all(
            """links => links.map((a) => [
              (a.querySelector(".md-ellipsis") ?? a).textContent.trim(), a.href])"""
        )
    for title, address in expected:
        targets = {href.removeprefix(root) for text, href in links if text == title}
        assert targets == {address}, title


def test_tabs_on_a_desktop_and_a_drawer_on_a_phone(visit):
    """The tabs fit at 1280 pixels; on a phone they are in the drawer."""
    page = visit("q19/few-labels/", settled=False, viewport=DESKTOP)
    tabs = page.locator(".md-tabs__link")
    assert tabs.count() == len(settings()["nav"])
    boxes = [tab.bounding_box() for tab in tabs.all()]
    assert max(box["x"] + box["width"] for box in boxes) <= 1280
    assert len({box["y"] for box in boxes}) == 1
    phone = visit("q19/few-labels/", settled=False, viewport=PHONE)
    assert phone.locator(".md-tabs:visible").count() == 0
    link = phone.get_by_role("link", name="What each kind learns").first
    assert link.bounding_box()["x"] < 0
    phone.locator(".md-header label[for=__drawer]").click()
    link.click()
    phone.wait_for_url("**/what-is-learned/")


def test_pages_of_a_section_show_their_level_in_words(visit):
    """In the navigation and on the index page, as text and not by colour."""
    page = visit("foundations/", settled=False, viewport=DESKTOP)
    for link in page.locator(".page-list a").all():
        name = link.inner_text()
        path = link.get_attribute("href").removesuffix("/").removeprefix("../")
        level = levels()[f"foundations/{path}.md"]
        item = page.locator(".page-list li", has_text=name).first
        assert item.locator(".level").inner_text().lower() == level
        nav = page.locator(".md-sidebar--primary a:visible", has_text=name).first
        marks = nav.locator(".md-status").evaluate_all(
            "all => all.map((e) => getComputedStyle(e, '::after').content)"
        )
        assert marks == (['"○" / "optional"'] if level == "optional" else [])


def test_the_mark_of_optional_pages_is_explained_once(visit):
    """Below the list of a section that has such pages, and nowhere else."""
    legend = """() => [...document.querySelectorAll('.md-nav--primary .md-nav__list')]
      .map((e) => getComputedStyle(e, '::after').content)
      .filter((content) => content.includes('optional'))"""
    for path, count in (("q39/", 1), ("practice/decoders/", 1), ("", 0)):
        page = visit(path, settled=False, viewport=DESKTOP)
        assert len(page.evaluate(legend)) == count, path


def test_the_contents_of_a_page_of_questions_are_its_questions(visit):
    """By level, in the order of the page; a link leaves the answer closed."""
    page = visit("practice/attention-masks/", settled=False, viewport=DESKTOP)
    links = page.locator(".md-sidebar--secondary a[href^='#ask-']")
    keys = [a.get_attribute("href").removeprefix("#ask-") for a in links.all()]
    expected = of_topic("attention masks")
    assert list(dict.fromkeys(keys)) == expected
    assert len(keys) == len(expected) + len({questions()[k].level for k in expected})
    links.last.click()
    page.wait_for_url(f"**/#ask-{expected[-1]}")
    assert page.locator(f"details#{expected[-1]}").get_attribute("open") is None


def test_index_pages_list_their_section(site):
    """Each page and section of it, once, in order; an inner one lists its own."""

    def check(title: str) -> int:
        entry = section(title)
        folder = entry.index.path.removesuffix("index.md")
        html = BeautifulSoup(
            (site / folder / "index.html").read_text("utf8"), "html.parser"
        )
        titles = [a.get_text() for a in html.select(".page-list a")]
        assert titles == [e.title for e in entry.entries]
        inner = [e.title for e in entry.entries if isinstance(e, NavSection)]
        return len(titles) + sum(map(check, inner))

    top = [entry for entry in settings()["nav"] if isinstance(entry, dict)]
    titles = [title for entry in top for title in entry if title != "Home"]
    pages = pages_of(settings()["nav"])
    # All but the start page, this one of contributors, and the indexes of the tabs.
    assert sum(map(check, titles)) == len(pages) - 2 - len(titles)


def test_every_title_of_the_navigation_is_its_own():
    """Pages on one subject have titles that tell them apart."""
    titles = [page.title.lower() for _, page in in_order()]
    assert len(titles) == len(set(titles)) == len(pages_of(settings()["nav"]))
    topics = [t for t in titles if t.startswith("questions on ")]
    assert len(topics) == len(TOPICS) + 4  # and the index pages of four groups
    subjects = {re.sub(r"^questions on (the )?", "", topic) for topic in topics}
    assert subjects.isdisjoint(titles)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("docs/q19/scale.md", "level: optional\n", "",
         "docs/q19/scale.md: level: missing; write core or optional in the front "
         "matter"),
        ("docs/q19/scale.md", "level: optional", "level: maybe",
         "docs/q19/scale.md: level: 'maybe' is unknown; write core or optional"),
        ("docs/labs/mask-probe.ipynb", '"level": "core"', '"levels": "core"',
         "docs/labs/mask-probe.ipynb: level: missing; write core or optional in the "
         "metadata of the notebook"),
        ("docs/foundations/index.md", 'section = "F', 'section = "Fu',
         "docs/foundations/index.md, line 12: section: mkdocs.yml has no section "
         "'Fuoundations' (did you mean 'Foundations'?)"),
        ("mkdocs.yml", "      - foundations/index.md\n", "",
         "mkdocs.yml: Foundations: begin the section with an index.md"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_navigation_stops_the_build(broken, file, old, new, message):
    """One line: file, key, reason, what to do."""
    output = broken(file, old, new)
    assert any(message in line for line in output.splitlines()), output
    assert "Traceback" not in output


def test_front_matter_is_valid_yaml():
    """MkDocs drops what it cannot read without a word, and the level with it."""
    for path in (ROOT / "docs").rglob("*.md"):
        head = path.read_text("utf8").split("---\n")[1]
        assert isinstance(yaml.safe_load(head), dict), path


def test_visited_pages_are_marked_until_the_marks_are_cleared(visit):
    """In the navigation and in lists, with a word for screen readers; one button."""
    page = visit("foundations/attention-masks/", settled=False, viewport=DESKTOP)
    root = page.url.removesuffix("foundations/attention-masks/")
    assert page.locator(".visited").count() == 0
    page.goto(f"{root}foundations/")
    link = page.locator(".md-sidebar--primary").get_by_role(
        "link", name=re.compile(r"Attention masks: the rules.*✓ visited")
    )
    assert link.count() == 1
    listed = page.locator(".page-list li", has_text="Attention masks: the rules")
    assert "✓" in listed.inner_text()
    assert page.locator(".page-list .visited").count() == 1
    page.goto(root)
    state = page.locator("[data-visited]")
    assert state.inner_text().startswith("2 pages visited")
    state.get_by_role("button").click()
    assert state.get_attribute("role") == "status"
    assert state.inner_text() == "No page is marked as visited."
    page.goto(f"{root}foundations/")
    assert page.locator(".md-nav .visited").count() == 0


def test_an_unknown_address_is_not_counted(visit):
    """The page of a wrong address is not one of the site."""
    page = visit("404.html", settled=False)
    stored = page.evaluate("Object.keys(localStorage).filter(k => /visited/.test(k))")
    assert stored == []


def test_without_storage_or_scripts_the_navigation_works(visit, address):
    """It only lacks the marks."""
    page = visit("labs/", settled=False)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(
        f'<iframe sandbox="allow-scripts" src="{address}foundations/" '
        'width="1300" height="900"></iframe>'
    )
    frame = page.frame_locator("iframe")
    frame.locator(".md-tabs__link", has_text="Practice").wait_for()
    assert [error for error in errors if "model-paradigms" in error] == []
    plain = visit("foundations/", settled=False, java_script_enabled=False)
    plain.locator(".page-list a").first.click()
    plain.wait_for_url("**/attention-masks/")


@pytest.mark.parametrize("path", ["q19/few-labels/", "practice/attention-masks/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_tabs_and_drawer(visit, path, scheme):
    """Desktop and phone with the drawer open, visited marks included."""
    for viewport in (DESKTOP, PHONE):
        page = visit(
            path, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
        )
        page.reload()
        if viewport is PHONE:
            page.locator(".md-header label[for=__drawer]").click()
            page.wait_for_timeout(400)  # it slides in
        # What is scrolled under the fixed title counts as too small a target.
        page.locator(".md-sidebar--primary .md-sidebar__scrollwrap").evaluate(
            "list => list.scrollTo(0, 0)"
        )
        assert axe_findings(page, only=WCAG) + contrast_findings(page) == []


def test_axe_would_find_a_faint_tab(visit):
    """Negative control: the theme's own opacity of a tab."""
    page = visit("q19/few-labels/", settled=False, viewport=DESKTOP)
    faint = ".md-tabs__link { opacity: 0.4 !important; transition: none !important; }"
    page.add_style_tag(content=faint)
    assert contrast_findings(page) != []
