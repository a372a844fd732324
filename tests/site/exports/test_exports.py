"""The bank as CSV and JSON, and the downloads of the site."""

import csv
import io
import json
import subprocess
import sys

import pandas
import pytest
from jsonschema import Draft202012Validator

from paradigms.__main__ import main
from paradigms._schema import ContentError
from paradigms.site.content.questions import questions
from paradigms.site.exports import csv_table, json_bank
from paradigms.site.exports.command import KINDS, OFFERED, downloads
from paradigms.site.exports.plain_text import (
    address,
    citation_text,
    ordered_questions,
    plain,
)


@pytest.fixture(scope="module")
def table():
    """The rows of the table, from a strict reader of RFC 4180."""
    text = csv_table.table().decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_table_comes_back_as_it_was(table):
    """Every text and every list of the bank survives the round trip unchanged."""
    assert [row["id"] for row in table] == list(ordered_questions())
    for row in table:
        entry = questions()[row["id"]]
        cells = {name: cell.removeprefix("'") for name, cell in row.items()}
        assert (row["topic"], row["level"], row["kind"]) == (
            entry.topic,
            entry.level,
            entry.kind,
        )
        assert cells["question"] == plain(entry.question)
        assert cells["answer"] == plain(entry.answer)
        assert cells["code"] == entry.code
        bugs = [f"{plain(bug.symptom)}\n{bug.listing}" for bug in entry.bugs]
        assert cells["common bugs"] == "\n\n".join(bugs)
        assert cells["formulas"].split("\n") == (
            [f"$${tex}$$" for tex in entry.formulas] or [""]
        )
        assert cells["usual wrong answer"] == plain(entry.wrong_answer)
        assert cells["key points"].split("\n") == list(map(plain, entry.key_points))
        assert cells["sources"].split("\n") == (
            [citation_text(source) for source in entry.sources] or [""]
        )
        assert cells["often followed by"].split("\n") == (
            [plain(questions()[name].question) for name in entry.follow_ups] or [""]
        )


def test_the_table_keeps_the_standard(table):
    """Lines end in CR LF, every row has every column; pandas reads the same cells."""
    content = csv_table.table()
    assert content.decode().count("\r\n") == len(questions()) + 1
    assert content.endswith(b"\r\n")
    assert all(None not in row and None not in row.values() for row in table)
    frame = pandas.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str)
    assert frame.to_dict("records") == table


def test_a_spreadsheet_computes_nothing(table):
    """No cell begins like a formula; one that would gets an apostrophe."""
    cells = [cell for row in table for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert [csv_table.escape_formula(c) for c in ("=1+1", "@x", "a=1", "")] == [
        "'=1+1",
        "'@x",
        "a=1",
        "",
    ]


def test_text_for_others_has_no_brackets_of_ours():
    """A citation and a recorded number become words; a symbol such as [CLS] stays."""
    assert plain("BERT's [CLS] [@devlin2019, section 3]") == (
        "BERT's [CLS] Devlin et al., 2019"
    )
    number = "[=targets_per_pass/next token/targets per 100 tokens]"
    assert plain(f"about {number} a pass") == "about 100 a pass"
    millions = "[=published_sizes/GPT-2 small/all|millions]"
    assert plain(f"{millions} million") == "124.4 million"
    assert plain(f"`{millions}`") == f"`{millions}`"
    assert citation_text("devlin2019, section 3").startswith(
        "Devlin et al. (2019), BERT"
    )
    with pytest.raises(ContentError, match="'nobody1900' is not in"):
        plain("[@nobody1900]")


def test_an_address_is_that_of_the_page():
    """The site URL may end with a slash or not; without a site there is no URL."""
    key = "masks-padding-elsewhere"
    place = f"https://example.org/x/practice/attention-masks/#{key}"
    assert address(key, "https://example.org/x") == place
    assert address(key, "https://example.org/x/") == place
    assert address(key, "") == ""


def test_the_data_keeps_its_schema():
    """The data has every question and every cited source; the schema is valid."""
    schema = json.loads(json_bank.schema())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert "$id" not in schema
    bank = json.loads(json_bank.bank("bank.schema.json"))
    Draft202012Validator(schema).validate(bank)
    assert {row.pop("id"): row for row in bank["questions"]} == {
        key: entry.model_dump() for key, entry in questions().items()
    }
    keys = {s.partition(",")[0] for row in bank["questions"] for s in row["sources"]}
    assert set(bank["sources"]) == keys


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("topic", "cooking", "'cooking' is not one of"),
        ("level", "expert", "'expert' is not one of"),
        ("key_points", ["one"], "too short"),
        ("id", "Two Words", "does not match"),
        ("colour", "red", "Additional properties are not allowed"),
        ("question", None, "is not of type 'string'"),
    ],
)
def test_a_broken_entry_fails(field, value, says):
    """Negative control: the schema says which field is wrong."""
    bank = json.loads(json_bank.bank("bank.schema.json"))
    bank["questions"] = bank["questions"][:2]
    bank["questions"][1][field] = value
    errors = list(
        Draft202012Validator(json.loads(json_bank.schema())).iter_errors(bank)
    )
    assert len(errors) == 1
    assert says in errors[0].message
    assert list(errors[0].path)[:2] == ["questions", 1]


def test_the_command_writes_beside_and_says_so(tmp_path, monkeypatch, capsys):
    """One line of output each; the default file name is in the current folder."""
    monkeypatch.chdir(tmp_path)
    for kind in ("anki", "csv", "json"):
        assert main(["export", kind]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f"{KINDS[kind][1]}: {len(questions())} questions")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OFFERED)
    assert main(["export", "json", "--output", "other.json"]) == 0
    bank = json.loads((tmp_path / "other.json").read_text("utf8"))
    assert (tmp_path / bank["$schema"]).is_file()


def test_bad_places_get_one_line(tmp_path, capsys):
    """A missing folder, or a folder as file: a clear error, and nothing is written."""
    for path, message in (
        (tmp_path / "no" / "x.csv", "there is no folder"),
        (tmp_path, "is a folder"),
    ):
        assert main(["export", "csv", "--output", str(path)]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_site_offers_what_the_command_writes(site):
    """Deck, table, data and schema, byte for byte, linked from the page of the bank."""
    page = (site / "practice/index.html").read_text("utf8")
    files = downloads("")
    assert set(files) == set(OFFERED)
    for name, content in files.items():
        assert (site / "practice" / name).read_bytes() == content
        assert f'href="{name}"' in page


def test_other_commands_need_none_of_it():
    """The claims are listed where only pydantic is installed."""
    code = (
        "import sys; sys.modules['genanki'] = sys.modules['mkdocs'] = None; "
        "from paradigms.__main__ import main; sys.exit(main(['questions']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True
    )
    assert result.stdout.count(b"\n") == len(questions())


def test_a_bare_word_for_a_missing_library(monkeypatch, capsys, tmp_path):
    """Without genanki: one line that says how to get it."""
    monkeypatch.setitem(sys.modules, "genanki", None)
    monkeypatch.delitem(sys.modules, "paradigms.site.exports.anki", raising=False)
    monkeypatch.delattr("paradigms.site.exports.anki", raising=False)
    assert main(["export", "anki", "--output", str(tmp_path / "x")]) == 1
    assert "genanki" in capsys.readouterr().err
