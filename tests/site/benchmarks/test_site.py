"""The benchmark of the site: it measures what it says, and its record is whole."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from markdown import Markdown
from markupsafe import Markup

from paradigms._schema import FileError
from paradigms.experiments.records import Benchmark, digest
from paradigms.experiments.runner.provenance import sources, versions
from paradigms.experiments.runner.run import bench
from paradigms.site.benchmarks import processes
from paradigms.site.benchmarks import site as benchmark
from paradigms.site.benchmarks import stock as stock_sources
from paradigms.site.benchmarks.growth import PER_PAGE, add_chapters, add_questions
from paradigms.site.benchmarks.page_weight import loaded_files, weight
from paradigms.site.benchmarks.processes import Cost
from paradigms.site.benchmarks.site import Project, Sites, Sizes, row
from paradigms.site.benchmarks.stock import stock_page
from paradigms.site.content import site_speed as records
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import questions
from paradigms.site.content.site_speed import LIMITS, PATH, ROWS, problems
from paradigms.site.fences.page import Page
from paradigms.site.fences.table import TableFence
from tests.conftest import ROOT, build

PAGE = Page(link=lambda target: target, inline=Markup)
SMALL = Sizes(builds=1, starts=1, edits=1, growth=1, chapters=(2,), questions=(61,))
CHAPTER = """\
# A chapter

This page has a sentence that is plain and long enough to be edited.

A second sentence.

--8<-- "claims/q39.toml"
"""
CLAIM = 'right = "A claim is a sentence that a page shows, too."\n'
SETTINGS = """\
site_name: Small
theme: {name: material, custom_dir: src/theme}
watch: [src, snippets]
markdown_extensions: [{pymdownx.snippets: {base_path: [snippets]}}]
nav:
  - index.md
  - q39/index.md
  - practice/decoding.md
"""
FILES = {
    "mkdocs.yml": SETTINGS,
    "docs/index.md": "# Start\n\nThe first page.\n",
    "docs/q39/index.md": CHAPTER,
    "docs/practice/decoding.md": "# Questions\n\nAnswer aloud.\n",
    "snippets/claims/q39.toml": CLAIM,
    "snippets/plans.toml": "limit = 30\n",
    "snippets/questions/decoding.toml": "",
    "src/paradigms/site/content/questions.py": "TOPICS = (\n)\n",
    "src/paradigms/site/content/follow_ups.py": "LARGEST_SHARE = 0.04\n",
    "src/theme/main.html": (
        '{% extends "base.html" %}'
        "{% block footer %}The rows see → the columns.{% endblock %}"
    ),
    "tests/test_nothing.py": "",
}


@pytest.fixture
def small(tmp_path) -> Project:
    """A site of three pages, with a snippet and code that writes into its pages."""
    for name, text in FILES.items():
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf8")
    # Questions are copies of ours, with their sources.
    shutil.copy(ROOT / "snippets/bibliography.toml", tmp_path / "small/snippets")
    return Project(
        tmp_path / "small",
        generated={},
        drawing="src/theme/main.html",
        copied="q39/index.md",
    )


def pages_built(folder: Path) -> int:
    """How many pages the site in `built` has."""
    return len(list((folder / "built").rglob("index.html")))


def test_a_small_site_is_measured_and_recorded(small, tmp_path, monkeypatch):
    """Every row is there; a further page costs one page, a question a part of one.

    Costs are counted in pages that were built, so that they are equal everywhere.
    """
    real = benchmark.build

    def counted(folder: Path) -> Cost:
        real(folder)
        return Cost(pages_built(folder), 1_000_000 * pages_built(folder))

    monkeypatch.setattr(benchmark, "build", counted)
    monkeypatch.setattr(processes, "PATIENCE", 60)

    def write(sites: Sites, project: Project) -> None:
        stock_sources.write_stock(sites.ours / "docs", sites.stock, project.generated)

    # The small site has no package of its own, and its builder knows no fences.
    monkeypatch.setattr(stock_sources, "KINDS", {})
    monkeypatch.setattr(Sites, "write_stock", write)
    (tmp_path / "records").mkdir()
    path = bench("site", tmp_path / "records", project=small, sizes=SMALL)
    record = json.loads(path.read_text("utf8"))
    assert Benchmark.model_validate(record).digest == digest(record)
    assert {"mkdocs", "mkdocs-material", "mkdocs-jupyter"} <= set(record["versions"])
    rows = {row["name"]: row for row in record["rows"]}
    assert list(rows) == list(ROWS)
    assert problems(record["rows"]) == []
    assert rows["cold build"]["ours"] == rows["cold build"]["stock"] == 3
    assert rows["further chapter"]["ours"] == rows["further chapter"]["stock"] == 1
    pages = -(-61 // PER_PAGE)
    assert rows["further question"]["ours"] == pytest.approx(pages / 61, rel=1e-3)
    assert rows["further question"]["added"] == 61
    for edit in ("edit of a page", "edit of a snippet", "edit of drawing code"):
        assert rows[edit]["unit"] == "seconds"
    assert rows["edit of a page"]["stock"] == rows["edit of a snippet"]["stock"]


def test_bytes_are_those_of_the_files(tmp_path):
    """A page, its style sheet once although named twice, nothing from elsewhere."""
    page = '<link href="../a.css"><link href="../a.css"><script src="http://x/b.js">'
    sheet = "body { color: red }"
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").write_text(page)
    (tmp_path / "a.css").write_text(sheet)
    expected = sum(len(gzip.compress(text.encode(), mtime=0)) for text in (page, sheet))
    assert weight(tmp_path, "page/") == expected


def test_the_script_that_searches_counts_where_the_theme_starts_it(tmp_path):
    """Negative control: a page that names it in its settings, without the search."""
    config = '<script id="__config" type="application/json">{"search": "s.js"}</script>'
    (tmp_path / "s.js").write_text("search()")
    names = []
    for search in ("", '<div data-md-component="search"></div>'):
        (tmp_path / "index.html").write_text(search + config)
        names.append({path.name for path in loaded_files(tmp_path, "")})
    assert names == [{"index.html"}, {"index.html", "s.js"}]


def test_a_stock_page_shows_what_our_fences_show():
    """A question is folded, with its answer and a list; a table is a table of Markdown.

    A formula stays TeX, code stays code, links lead nowhere, and text stays in place.
    """
    fences = (
        '```question\nids = ["decoding-temperature-zero"]\n```',
        '```table\nname = "q39-axes"\ncaption = "A table."\n```',
        '=== "Tab"\n\n    ```question\n    ids = ["decoding-temperature"]\n    ```',
    )
    page = stock_page("\n\nBetween [them](../q19/index.md).\n\n".join(fences))
    first, table, tab = page.split("Between [them](#).")
    assert re.match(r'\s*\?\?\? note "mid trap Temperature is 0', first)
    assert re.search(r"^    \* .+\n    \* ", first, re.M)
    assert re.search(r"^\| .* \|\n\| --- \|", table, re.M)
    assert re.search(r'^    \?\?\? note "', tab, re.M)
    assert r"p_T(w) = \frac{e^{z_w / T}}" in tab
    assert "<" not in first + table


def test_an_item_of_a_stock_list_holds_its_code():
    """Bugs of whiteboard code: numbered, each with a listing that belongs to it."""
    page = stock_page('```question\nids = ["objectives-shift"]\n```')
    settings = yaml.load(stock_sources.SETTINGS, yaml.Loader)["markdown_extensions"]
    names = [name if isinstance(name, str) else next(iter(name)) for name in settings]
    html = BeautifulSoup(Markdown(extensions=names).convert(page), "html.parser")
    bugs = html.select("details ol > li")
    assert len(bugs) == len(questions()["objectives-shift"].bugs) > 1
    assert all(len(bug.find_all("pre")) == 1 for bug in bugs)


def test_a_grown_site_is_whole_and_distinct(tmp_path):
    """A strict build shows the new chapters and questions; no sentence is twice."""
    project = Project()
    sites = Sites(tmp_path, tmp_path / "stock")
    project.copy_to(tmp_path)
    add_chapters(project.copied, tmp_path, 2)
    add_questions(project.practice, tmp_path, PER_PAGE + 1)
    result = build(tmp_path, tmp_path / "site")
    assert result.returncode == 0, result.stdout
    sites.write_stock(project)
    stock = (sites.stock / "docs/practice/further-1.md").read_text()
    assert re.findall(r'^\?\?\? note ".+ Case (\d+): ', stock, re.M) == [str(PER_PAGE)]
    chapter = project.copied.removesuffix(".md")
    texts = [
        {line for line in (tmp_path / f"docs/{chapter}{end}.md").read_text().split("\n")
         if re.match(r"[A-Z].*([a-z]| case \d)\.$", line)}
        for end in ("", "-0", "-1")
    ]  # fmt: skip
    assert len(texts[0]) > 20
    assert len(texts[1]) == len(texts[2]) >= len(texts[0])
    assert not texts[0] & texts[1] | texts[0] & texts[2] | texts[1] & texts[2]
    counts = [
        (tmp_path / f"site/practice/further-{n}/index.html")
        .read_text()
        .count('class="question')
        for n in range(2)
    ]
    assert counts == [PER_PAGE, 1]
    assert "in case 1." in (tmp_path / f"site/{chapter}-1/index.html").read_text()


def test_sources_that_cannot_grow_are_refused(small):
    """A navigation without the page, code without the list of topics: file and text."""
    settings = small.folder / "mkdocs.yml"
    settings.write_text(SETTINGS.replace("  - q39/index.md\n", ""))
    with pytest.raises(ValueError, match=r"mkdocs\.yml has no .*q39/index"):
        add_chapters("q39/index.md", small.folder, 1)
    (small.folder / "src/paradigms/site/content/questions.py").write_text("")
    with pytest.raises(ValueError, match=r"questions\.py has no '\^TOPICS"):
        add_questions("practice/decoding.md", small.folder, 1)


def test_a_site_that_is_not_built_is_named(small):
    """The error has what MkDocs printed."""
    (small.folder / "mkdocs.yml").write_text(
        SETTINGS + "  - missing.md\nstrict: true\n"
    )
    with pytest.raises(ValueError, match=r"was not built: .*(?s:.*)missing\.md"):
        processes.build(small.folder)


def test_memory_is_that_of_the_build_alone(small):
    """Not of the process that starts it: 400 MB here count nothing, 200 there do."""
    ballast = b"x" * 400_000_000
    plain = processes.build(small.folder).memory
    assert plain < len(ballast)
    (small.folder / "hook.py").write_text("data = b'x' * 200_000_000")
    (small.folder / "mkdocs.yml").write_text(SETTINGS + "hooks: [hook.py]\n")
    assert 190e6 < processes.build(small.folder).memory - plain < 250e6


def whole() -> list[dict]:
    """Rows that nothing is wrong with."""
    return [row(name, "s", [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]) for name in ROWS]


def test_rows_that_are_missing_or_inconsistent_are_refused():
    """Negative controls: each row and column is needed, each number must agree."""
    assert problems(whole()) == []
    for number in range(len(ROWS)):
        rows = whole()
        del rows[number]
        assert problems(rows) == [
            f"rows are missing, unknown or not in order: {ROWS[number]}"
        ]
    assert problems(whole()[::-1]) == [
        "rows are missing, unknown or not in order: their order"
    ]
    outside = "first page: the median ratio is outside lowest and highest"
    for change, complaint in (
        ({"ratio": 1.6}, outside),
        ({"ratio": 0.4}, outside),
        ({"ours": 4.0}, "first page: the values do not belong to the ratios"),
        ({"stock": 9.0}, "first page: the values do not belong to the ratios"),
        ({"stock": 0.0}, "first page: without a value"),
        ({"pairs": 0}, "first page: without a value"),
    ):
        rows = whole()
        rows[2] |= change
        assert problems(rows) == [complaint]
    rows = whole()
    del rows[2]["unit"], rows[2]["pairs"]
    assert problems(rows) == ["first page: has no unit, pairs"]


def record(tmp_path: Path, rows: list[dict]) -> Path:
    """The stored record with other rows, as the benchmark would write it."""
    body = json.loads(PATH.read_text("utf8")) | {"rows": rows}
    body["digest"] = digest(body)
    path = tmp_path / "site.json"
    path.write_text(json.dumps(body), "utf8")
    return path


def test_a_record_that_is_not_whole_stops_the_build(tmp_path, monkeypatch):
    """The table is refused with the file, the row and the command."""
    missing = record(tmp_path, whole()[1:])
    monkeypatch.setattr(records, "PATH", missing)
    records.site_speed.cache_clear()
    with pytest.raises(
        FileError, match=r"site\.json.*cold build; run: make bench NAME"
    ):
        TableFence(name="site-speed").render(PAGE)
    records.site_speed.cache_clear()


def test_the_stored_record_is_whole():
    """All rows, the versions of what built the sites, growth as far as by default."""
    stored = records.site_speed()
    rows = {row["name"]: row for row in stored.rows}
    assert set(stored.versions) == {
        *versions(sources("site/benchmarks", "site")), *benchmark.LIBRARIES
    }  # fmt: skip
    assert rows["further chapter"]["added"] == Sizes().chapters[-1]
    assert rows["further question"]["added"] == Sizes().questions[-1]
    assert rows["edit of a page"]["pairs"] == Sizes().edits >= 4
    for page in ("start page", "chapter", "page of questions"):
        assert rows[page]["ours"].is_integer()


def test_the_table_says_which_limits_are_met(tmp_path, monkeypatch):
    """Each row with a limit says met or missed; the sum is below the table."""
    rows = whole()
    for changed in rows:
        if changed["name"] == "edit of a page":  # 0.4 of stock, but not in time
            changed |= {"ours": 1.2, "stock": 3.0, "ratio": 0.4}
            changed["lowest and highest"] = [0.4, 0.4]
        if changed["name"] == "edit of a snippet":
            changed |= {"ours": 1.0, "stock": 2.5, "ratio": 0.4}
            changed["lowest and highest"] = [0.4, 0.4]
    monkeypatch.setattr(records, "PATH", record(tmp_path, rows))
    records.site_speed.cache_clear()
    table = TableFence(name="site-speed").render(PAGE)
    records.site_speed.cache_clear()
    verdicts = {
        slug: re.findall(r"<small>(met|missed)</small>", body)
        for slug, body in re.findall(r'<tr id="([\w-]+)">(.*?)</tr>', table, re.S)
    }
    assert len(verdicts) == len(ROWS)
    assert verdicts["first-page"] == []
    assert verdicts["cold-build"] == ["met"]  # 1.0 of at most 1.3
    assert verdicts["warm-build"] == ["missed"]  # 1.0 of at most 0.5
    assert verdicts["edit-of-a-page"] == ["missed"]
    assert verdicts["edit-of-a-snippet"] == ["met"]
    limits = [limit for limit in LIMITS.values() if limit]
    met = sum(words == ["met"] for words in verdicts.values())
    assert f"{met} of {len(limits)} limits met" in table


def test_the_page_has_no_numbers_of_its_own():
    """Every figure of the page is in its table."""
    text = pages()["reference/performance.md"]
    assert not re.search(r"\d", text.split("---")[2])
