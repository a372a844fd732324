"""The snippets: complete, with references that resolve and evidence for claims."""

import ast
import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest

from paradigms._files import ROOT
from paradigms._schema import ContentError, FileError
from paradigms.site.content.bibliography import family_name, full_name, label, sources
from paradigms.site.content.claims import CLAIM_IDS, Claim, claims, ledger, places
from paradigms.site.content.comparison_tables import Cell, comparison, names
from paradigms.site.content.evidence import Evidence, proofs
from paradigms.site.content.house_style import Rule
from paradigms.site.content.pages import DOCS, ids_by_page
from paradigms.site.content.questions import Question, question_places, questions
from paradigms.site.content.systems import SYSTEM_IDS, System
from paradigms.site.content.toml import FOLDER, WORDS, entries, read
from paradigms.site.fences.reference_tables import cited_tests


def by_the_parser(folder: Path) -> dict[str, tuple[str, str]]:
    """Docstring and code of every test function, from Python's parser."""
    tests = {}
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text("utf8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                code = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                docstring = ast.get_docstring(node) or ""
                tests[f"{path.relative_to(folder)}::{node.name}"] = docstring, code
    return tests


def test_tests_are_read_as_python_reads_them():
    """Name, docstring and code of each: by indentation the same as by the parser."""
    actual = {name: (proof.claim, proof.code) for name, proof in proofs().items()}
    assert actual == by_the_parser(ROOT / "tests")


def test_the_ledger_is_complete():
    """S01 to S59, each with a verdict, a place on a page, evidence and a status."""
    rows = ledger()
    ids = [f"S{number:02}" for number in range(1, 60)]
    assert [row["id"] for row in rows][:59] == ids
    for row in rows:
        assert row["claim"]
        assert row["right"]
        assert row["page"].endswith(f"#{row['id'].lower()}")
        assert row["status"] != "none"


def test_every_claim_stands_at_its_anchor(site):
    """The built page has the claim's anchor, and its corrected words are there."""
    for key, place in places().items():
        page, _, anchor = place.partition("#")
        folder = page.removesuffix("index.md").removesuffix(".md")
        html = (site / folder / "index.html").read_text("utf8")
        card = html.split(f'id="{anchor}"', 1)[1].split('class="evidence"', 1)[0]
        text = re.sub(r"<[^>]+>", "", card)
        words = re.split(r"[$*]", claims()[key].right)[0].split()[:4]
        assert all(escape(word, quote=False) in text for word in words), key


def test_the_status_never_says_more_than_the_evidence():
    """The status of every kind of evidence, and of combinations."""
    assert Evidence().status == "none"
    assert Evidence(sources=["x"]).status == "sourced"
    assert Evidence(tests=["x"], sources=["x"]).status == "shown"
    assert Evidence(measured=["x"]).status == "shown"
    opinion = {"said": "x" * 9, "verdict": "opinion", "right": "y" * 30}
    assert Claim(**opinion, sources=["x"]).status == "opinion"
    assert Claim(**opinion, tests=["x"]).status == "shown"


def test_every_test_that_is_cited_says_what_it_proves():
    """Each has a docstring, which the evidence page prints."""
    for name in cited_tests():
        assert len(proofs()[name].claim) > 30, name


@pytest.mark.parametrize("name", names())
def test_every_cell_has_its_evidence(name):
    """A claim, a test, a result or a source: loading a table checks each cell."""
    table = comparison(name)
    assert all(cell.findings() == [] for row in table.rows for cell in row.cells)


def test_a_cell_without_evidence_is_a_finding():
    """Negative control: a cell without evidence fails, and so does a dead reference."""
    assert Cell(say="It just is.").findings() == [
        "has no evidence; name a claim, a test, a result or a source"
    ]
    assert Cell(say="x", claims=["S98"]).findings() == ["claim 'S98' does not exist"]
    assert Cell(say="{value}", claims=["S01"]).findings() == [
        "value and {value} need each other"
    ]
    assert Cell(say="{pairs}", claims=["S01"]).findings() == [
        "{pairs} needs a mask to count"
    ]
    assert Cell(say="x", measured=["nothing"]).findings() == [
        "no stored result 'nothing'; run: make measure NAME=nothing"
    ]


def test_all_findings_come_at_once(tmp_path):
    """Two files, three mistakes, three lines, each with file, id and key."""
    entry = (
        'said = "said as usual"\nverdict = "wrong"\nright = "this is how it is right"\n'
    )
    (tmp_path / "a.toml").write_text(f"[S01]\n{entry}colour = 1\n[S02]\nsaid = 'x'\n")
    (tmp_path / "b.toml").write_text(f"[S01]\n{entry}")
    with pytest.raises(ContentError) as error:
        entries(Claim, tmp_path / "a.toml", tmp_path / "b.toml", ids=CLAIM_IDS)
    lines = str(error.value).splitlines()
    assert any("a.toml: S01: colour: unknown key; known are" in line for line in lines)
    assert any("a.toml: S02: verdict: field required" in line for line in lines)
    assert any("b.toml: S01: this id is taken" in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "ids", "key"),
    [
        (Claim, CLAIM_IDS, "Beams"),
        (Rule, WORDS, "Beams"),
        (Rule, WORDS, "two_words"),
        (Rule, WORDS, "'a b'"),
        (System, SYSTEM_IDS, "two-words"),
    ],
)
def test_an_id_that_is_no_address_is_refused(tmp_path, kind, ids, key):
    """With file and id, before anything else can trip over it."""
    (tmp_path / "a.toml").write_text(f"[{key}]\n")
    message = f"a.toml: {key.strip(chr(39))}: an id is {ids.rule}"
    with pytest.raises(ContentError, match=message):
        entries(kind, tmp_path / "a.toml", ids=ids)


def test_a_byte_order_mark_is_read_over(tmp_path):
    """As editors of Windows write it, with their ends of lines."""
    (tmp_path / "a.toml").write_bytes("\ufefftitle = 'Größe'\r\n".encode())
    assert read(tmp_path / "a.toml") == {"title": "Größe"}


def test_another_encoding_names_file_and_line(tmp_path):
    """Latin-1; a folder in the place of a file; a missing file."""
    (tmp_path / "a.toml").write_bytes("a = 1\nb = 'Größe'\n".encode("latin-1"))
    (tmp_path / "b.toml").mkdir()
    for name, message in (
        ("a", "a.toml, line 2: not UTF-8; save it in UTF-8"),
        ("b", "b.toml: Is a directory"),
        ("c", "c.toml: missing; restore it from git"),
    ):
        with pytest.raises(FileError, match=f"{message}$"):
            read(tmp_path / f"{name}.toml")


def test_an_answer_that_is_too_long_to_say_is_refused(tmp_path):
    """An answer of over 80 words takes more than thirty seconds."""
    path = tmp_path / "q.toml"
    path.write_text(
        '[x]\ntopic = "decoding"\nlevel = "junior"\nkind = "concept"\n'
        'question = "What is it, then?"\n'
        f'answer = "{"word " * 81}"\nkey_points = ["a", "b"]\n'
    )
    with pytest.raises(ContentError, match=r"x: answer: has 81 words"):
        entries(Question, path)


def test_a_missing_or_malformed_file_is_named(tmp_path):
    """A missing file and one that is not TOML: the error names file and line."""
    with pytest.raises(
        ContentError, match=r"absent.toml: missing; restore it from git"
    ):
        read(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("x = \n")
    with pytest.raises(ContentError, match=r"bad.toml: not TOML: .*line 1"):
        read(tmp_path / "bad.toml")


def test_questions_lead_somewhere():
    """Follow-ups, claims and sources resolve; every question stands on a page."""
    assert set(question_places()) == set(questions())


def test_a_quoted_fence_is_no_place():
    """contributing.md quotes fences inside four backticks: these place nothing."""
    assert "contributing.md" not in {page for _, page in ids_by_page("claim")}
    assert "contributing.md" not in {page for _, page in ids_by_page("question")}


def test_every_source_is_cited():
    """Every work of the bibliography is cited by a page, claim, question or table."""
    text = "".join(
        path.read_text("utf8")
        for path in [*DOCS.rglob("*.md"), *FOLDER.rglob("*.toml")]
        if path.name != "bibliography.toml"
    )
    assert [key for key in sources() if not re.search(rf"\b{key}\b", text)] == []


def test_two_alike_are_told_apart():
    """Labels are author and year, with a letter where two works share them."""
    assert label("devlin2019") == "Devlin et al., 2019"
    assert label("ng2001").startswith("Ng & Jordan")
    assert label("wei2022a") != label("wei2022b")
    assert label("oord2016") == "van den Oord et al., 2016"


@pytest.mark.parametrize(
    ("author", "family"),
    [
        ("Aaron van den Oord", "van den Oord"),
        ("Michiel de Jong", "de Jong"),
        ("El Asri, Layla", "El Asri"),
        ("Torroba Hennigen, Lucas", "Torroba Hennigen"),
        ("Jason D. M. Rennie", "Rennie"),
        ("Jose G. Moreno-Torres", "Moreno-Torres"),
        ("vLLM", "vLLM"),
        ("{Prior Labs}", "Prior Labs"),
    ],
)
def test_a_family_name_may_have_several_words(author, family):
    """Lower-case words belong to it; a comma ends one that has several."""
    assert family_name(author) == family
    assert full_name(author).endswith(family)
    assert "," not in full_name(author)


@pytest.mark.parametrize("command", ["claims", "questions"])
def test_the_command_line_prints_json(command):
    """`python -m paradigms claims --json` lists all 59; questions likewise."""
    result = subprocess.run(
        [sys.executable, "-m", "paradigms", command, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(result.stdout)
    assert len(rows) == len(claims() if command == "claims" else questions()) >= 15
    assert all(row["id"] for row in rows)


def test_an_unknown_experiment_is_refused_in_one_line():
    """Exit 1, the nearest name, and those that exist."""
    result = subprocess.run(
        [sys.executable, "-m", "paradigms", "measure", "published_sices"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert (
        "no experiment 'published_sices' (did you mean 'published_sizes'?); there are"
        in result.stderr
    )


def test_the_glossary_is_in_order_and_says_something():
    """Alphabetical, each term once, with a definition that does not begin with it."""
    terms = read(FOLDER / "glossary.toml")
    assert list(terms) == sorted(terms, key=str.lower)
    assert len({term.lower() for term in terms}) == len(terms) > 50
    for term, definition in terms.items():
        assert definition.endswith("."), term
        assert 4 <= len(definition.split()) <= 40, term
        assert not definition.lower().startswith(term.lower()), term


def test_a_term_without_a_sentence_stops_the_build(broken):
    """Negative control: the file and the term are named."""
    output = broken(
        "snippets/glossary.toml", '"bi-encoder" = "A', '"bi-encoder" = ""  # "'
    )
    assert "snippets/glossary.toml: bi-encoder: write a sentence" in output
