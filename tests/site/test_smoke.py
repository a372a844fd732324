"""Another builder shows the same site, and what it leaves out is counted."""

import sys

import pytest

from paradigms.__main__ import main
from paradigms._files import ROOT
from paradigms.site.smoke import (
    BUILDERS,
    COUNTED,
    contents,
    dead_links,
    differences,
    totals,
)

PAGE = """<h1 id="top">A</h1><h2 id="more">B</h2><figure></figure><table></table>
<math></math><details class="question"></details><a href="#more">x</a>
<a href="b/#there">y</a><a href="b/">y</a><a href="?sort=x">z</a>
<a href="https://example.org/none">away</a>"""


@pytest.fixture
def sites(tmp_path):
    """Two sites of two pages; in the other one a page is missing."""
    for name in ("ours", "other"):
        (tmp_path / name / "b").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text(PAGE)
    (tmp_path / "ours/b/index.html").write_text('<p id="there">')
    return tmp_path / "ours", tmp_path / "other"


def test_everything_on_a_page_is_counted(sites):
    """Once each, and twice what is there twice."""
    pages = contents(sites[0])
    total = pages["index.html"].counts + pages["b/index.html"].counts
    counts = {"pages": 2, "headings": 2, "ids": 3}
    assert {what: total[what] for what in COUNTED} == dict.fromkeys(COUNTED, 1) | counts


def test_links_to_missing_files_and_ids_are_dead(sites):
    """A query, an id of the page itself and another site are not."""
    ours, other = sites
    assert list(dead_links(ours, contents(ours))) == []
    expected = ["index.html: b/#there", "index.html: b/"]
    assert list(dead_links(other, contents(other))) == expected
    (ours / "b/index.html").write_text("<p>")
    assert list(dead_links(ours, contents(ours))) == expected[:1]


def test_what_is_missing_is_said(sites):
    """By page and number; a gain on another page does not make up for it."""
    ours, other = sites
    (other / "index.html").write_text(f'{PAGE}<p id="there">')
    assert totals(ours)["ids"] == totals(other)["ids"]
    assert differences(*sites) == [
        "b/index.html: 1 pages, there 0",
        "b/index.html: 1 ids, there 0",
        "index.html: 2 ids, there 3",
        "dead link there: index.html: b/#there",
        "dead link there: index.html: b/",
    ]
    assert differences(ours, ours) == []


def test_properdocs_builds_the_same_site(capsys):
    """As many pages, figures, tables, formulas, ids; no dead link in either."""
    assert main(["smoke", "properdocs", "--python", sys.executable]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[-3] for row in rows] == [*COUNTED, "links"]
    assert all(row[-2] == row[-1] for row in rows), rows
    assert int(rows[0][-1]) > 100
    assert rows[-1][-1] == "0"


def test_zensical_shows_everything_but_the_labs(capsys):
    """It runs no hooks and no plugins: what they make is there, notebooks are not."""
    assert main(["smoke", "zensical", "--python", sys.executable]) == 1
    lines = capsys.readouterr().out.splitlines()
    rows = {row[0]: row[1:] for row in map(str.split, lines[1 : len(COUNTED) + 1])}
    labs = len(list((ROOT / "docs/labs").glob("*.ipynb")))
    assert int(rows["pages"][0]) - int(rows["pages"][1]) == labs > 1
    for what in "figures", "tables", "formulas", "questions":
        assert int(rows[what][0]) == int(rows[what][1]) > 100, what
    # Each lab as a download, and one link of its error page.
    assert lines[len(COUNTED) + 1].split() == ["dead", "links", "0", str(labs + 1)]
    missing = [line for line in lines if ": 1 pages, there 0" in line]
    assert all(line.startswith("labs/") for line in missing), missing


def test_an_unknown_builder_is_named(capsys):
    """In one line, with those that there are."""
    assert main(["smoke", "hugo"]) == 1
    expected = f"no builder 'hugo'; there are: {', '.join(BUILDERS)}\n"
    assert capsys.readouterr().err == expected
