"""Blocks of code have names of their own, so that a button copies its block."""

from collections import Counter

from bs4 import BeautifulSoup

from tests.conftest import PHONE


def shared_names(html: str) -> list[str]:
    """The ids that the theme would use for two blocks: each takes the nearest one."""
    page = BeautifulSoup(html, "html.parser")
    nearest = [block.find_parent(id=True) for block in page.select("pre:has(> code)")]
    counts = Counter(str(parent["id"]) for parent in nearest if parent)
    return [name for name, count in counts.items() if count > 1]


def test_no_two_blocks_share_a_name(site):
    """On every page of the site."""
    shared = {
        f"{path.relative_to(site)}: {name}"
        for path in site.rglob("index.html")
        for name in shared_names(path.read_text("utf8"))
    }
    assert shared == set()


def test_a_shared_name_is_noticed():
    """Negative control: two blocks in one card, without ids of their own."""
    block = "<div{}><pre><code>x</code></pre></div>"
    card = '<details id="a">{}{}</details>'
    assert shared_names(card.format(block.format(""), block.format(""))) == ["a"]
    named = block.format(' id="b"'), block.format(' id="c"')
    assert shared_names(card.format(*named)) == []


def test_each_button_copies_its_block(visit):
    """The names that the theme gives, and what the second and the last button copy."""
    options = {"viewport": PHONE, "permissions": ["clipboard-read", "clipboard-write"]}
    page = visit("practice/decoding/#decoding-beam", **options)
    page.evaluate("document.getElementById('decoding-beam').open = true")
    blocks = page.locator("#decoding-beam pre:has(> code)")
    assert blocks.count() >= 3
    for number in range(blocks.count()):
        block = blocks.nth(number)
        block.scroll_into_view_if_needed()
        block.locator("button").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == block.locator("code").inner_text().strip()
    names = blocks.evaluate_all("(blocks) => blocks.map((block) => block.id)")
    assert len(set(names)) == len(names)
