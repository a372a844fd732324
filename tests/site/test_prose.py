"""The prose: house style, spelling, and whether the glossary has the bank's terms."""

import json

import pytest

from paradigms._schema import ContentError
from paradigms.site.content.bibliography import sources
from paradigms.site.content.house_style import Rule, breaches, rules
from paradigms.site.content.questions import questions
from paradigms.site.content.toml import FOLDER, entries
from tests import prose, vocabulary
from tests.conftest import ROOT

OWN, PLAIN = FOLDER / "words.txt", FOLDER / "plain.txt"


@pytest.fixture(scope="module")
def passages() -> list[prose.Passage]:
    """All prose of the project."""
    return prose.passages(ROOT)


@pytest.fixture(scope="module")
def authors() -> set[str]:
    """The names of the bibliography."""
    works = sources().values()
    return set(prose.names(name for source in works for name in source.authors))


@pytest.fixture(scope="module")
def bank() -> dict[str, list[str]]:
    """The answer and the key points of each question of the bank."""
    return {key: [q.answer, *q.key_points] for key, q in questions().items()}


def test_the_house_style_is_kept(passages):
    """No file breaks a rule; each breach has its location and what to write instead."""
    problems = [
        f"{passage.at(breach.offset)}: {breach.rule}: {breach.text!r}, "
        f"write {breach.write}"
        for passage in passages
        if not passage.quoted
        for breach in breaches(passage.text)
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", rules())
def test_each_rule_finds_its_wrong_example_and_no_rule_its_right_one(name):
    """The guards themselves: every rule can fail, and accepts the right form."""
    rule = rules()[name]
    assert name in [breach.rule for breach in breaches(rule.wrong)]
    assert breaches(rule.right) == []


def test_recorded_shares_are_printed_in_percent():
    """Accuracy, error rate and the like, in the sentences of pages and snippets."""
    files = [*(ROOT / "docs").rglob("*.md")]
    files += [*FOLDER.glob("claims/*.toml"), *FOLDER.glob("questions/*.toml")]
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {share}: print it in percent, by |percent, "
        "|percent_interval, or |points_interval for a difference"
        for path in sorted(files)
        for line, share in prose.bare_shares(path.read_text("utf8"))
    ]
    assert not problems, "\n".join(problems)


def test_a_recorded_share_without_percent_is_found():
    """Negative control: columns of shares, other columns, a row of a table."""
    text = (
        "It is right on [=a/b/accuracy] of them, [=a/b/error, slope|interval].\n"
        "[=a/b/accuracy|percent], [=a/b/calibration error], [=a/b/right|percent]\n"
        "| a | [=a/b/accuracy] |\n"
    )
    bare = list(prose.bare_shares(text))
    assert bare == [(1, "[=a/b/accuracy]"), (1, "[=a/b/error, slope|interval]")]


def test_a_quotation_may_say_what_it_says():
    """Between quotation marks, in a block quotation, as a claim that is corrected."""
    assert breaches("He says “it is very simple” and stops.") == []
    assert breaches("It is very simple.")
    page = list(prose.of_markdown("p.md", "# A\n\n> It is very simple.\n\nIt is.\n"))
    assert [(p.line, p.quoted) for p in page] == [(1, False), (3, True), (5, False)]
    claim = prose.of_toml("c.toml", '[S]\nsaid = "A"\nright = "B"\n')
    assert [(p.line, p.quoted) for p in claim] == [(2, True), (3, False)]


def test_what_is_not_prose_is_left_out():
    """Code, formulas, citations, numbers and URLs; captions of drawings are prose."""
    text = (
        "---\ntitle: teh\n---\nSee `teh` and $teh$ in [a page](https://teh.org/teh).\n"
        "It is [=teh/row|x/y] [@teh2019, section 1].\n\n## Title { #teh }\n\n"
        '```python\nteh = 1\n```\n\n```figure\nmask = "teh"\ncaption = "Seen."\n```\n\n'
        '??? note "More"\n    Inside.\n\n'
        '```{.text title="Output" data-guess="Asked?" data-choices="a | b"}\nteh\n```\n'
    )
    pieces = list(prose.of_markdown("page.md", text))
    assert not any("teh" in passage.text for passage in pieces)
    assert [p.line for p in pieces if "Seen." in p.text] == [15]
    assert any("Inside." in passage.text for passage in pieces)
    assert [p.text for p in pieces if p.line == 21] == ["Asked?", "a", "b"]
    cells = [
        {"cell_type": "code", "source": ["teh"]},
        {"cell_type": "markdown", "source": ["One.\n", "\n", "Two."]},
    ]
    notebook = list(prose.of_notebook("lab.ipynb", json.dumps({"cells": cells})))
    assert [p.at(0) for p in notebook] == ["lab.ipynb, cell 2:1", "lab.ipynb, cell 2:3"]


def test_an_unknown_key_is_not_passed_over():
    """Negative control: the value of a new key is prose, until SILENT names the key."""
    pieces = list(prose.of_toml("q.toml", '[a]\nhint = "teh"\nmask = "causal"\n'))
    assert [passage.text for passage in pieces] == ["teh"]


def test_a_line_within_a_value_is_located():
    """In a text of several lines, a slip in its second line is on line 4."""
    text = "[a]\nstatement = '''\nFirst.\nTeh second.\n'''\nhint = 'x'\n"
    (statement, _) = prose.of_toml("q.toml", text)
    assert prose.words([statement])["Teh"] == "q.toml:4"


def test_every_file_of_prose_is_read(passages):
    """Pages, notebooks, snippets, README and changelog, none of them empty."""
    read_files = {passage.file.split(",")[0] for passage in passages}
    paths = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    paths += [*FOLDER.rglob("*.toml"), FOLDER / "abbreviations.md"]
    paths += [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    names = {path.relative_to(ROOT).as_posix() for path in paths}
    # Ids and paths alone; what candidates type into the search.
    names -= {"snippets/glossary-answers.toml", "snippets/phrasings.toml"}
    assert names - read_files == set()
    assert sum(len(passage.text.split()) for passage in passages) > 50_000


def test_every_word_is_spelt_as_in_britain(passages, authors):
    """By Harper's dictionary and our list; each finding has its first location."""
    locations = prose.words(passages)
    misspellings = prose.misspelt(locations, authors | set(prose.listed(OWN)))
    problems = [
        f"{locations[word]}: {word} ({' or '.join(suggestions) or 'no suggestion'}); "
        "if it is right, it belongs into snippets/words.txt"
        for word, suggestions in misspellings.items()
    ]
    assert not problems, "\n".join(problems)


def test_a_slip_is_found_with_what_was_meant():
    """Negative control: a slip, an American spelling, a name in lower case."""
    suggestions = prose.misspelt(
        ["teh", "behavior", "roberta", "behaviour"], {"RoBERTa"}
    )
    assert "the" in suggestions["teh"]
    assert "behaviour" in suggestions["behavior"]
    assert "behaviour" not in suggestions
    assert (
        prose.misspelt(["softmax", "Softmax", "RoBERTa"], {"softmax", "RoBERTa"}) == {}
    )
    passage = prose.Passage("p.md", 7, "One line,\nand teh next; BERT's, a mask's.")
    assert prose.words([passage])["teh"] == "p.md:8"
    assert "BERT" in prose.words([passage])


@pytest.mark.parametrize("path", [OWN, PLAIN], ids=lambda path: path.stem)
def test_the_word_lists_are_in_order(path):
    """Alphabetical, each word once, so that two people can add without conflicts."""
    words = prose.listed(path)
    assert words == sorted(set(words), key=lambda word: (word.lower(), word))


def test_each_listed_word_is_used_and_needed(passages, authors):
    """No listed word is unused, and none is in the dictionary."""
    locations = prose.words(passages)
    unknown = prose.misspelt(locations, authors)
    forms = {*unknown, *(word[:1].lower() + word[1:] for word in unknown)}
    assert [word for word in prose.listed(OWN) if word not in forms] == []


def test_the_glossary_has_the_terms_of_the_bank(bank):
    """Words of answers that film reviews do not use are explained or plain."""
    explained = vocabulary.explained(prose.listed(PLAIN))
    missing = vocabulary.of_the_field(bank, explained, vocabulary.english())
    problems = [
        f"{entry}: {term!r} is not in snippets/glossary.toml or abbreviations.md; "
        "explain it there, or if it is plain name it in snippets/plain.txt"
        for term, entry in missing.items()
    ]
    assert not problems, "\n".join(problems)


def test_a_term_that_the_glossary_lacks_is_found(bank):
    """Negative control: a word of the field, a pair of words, an entry taken out."""
    explained = vocabulary.explained(prose.listed(PLAIN))
    general = vocabulary.english()
    answers = {
        f"new-{n}": ["It uses tempered margins and eigenvalues."] for n in range(5)
    }
    terms = vocabulary.of_the_field(answers, explained, general)
    assert terms["eigenvalues"] == "new-0"
    ordinary = {"new": ["The people in this film are as good as their story."]}
    assert vocabulary.of_the_field(ordinary, explained, general) == {}
    pairs = {f"new-{n}": ["A golden window is open."] for n in range(5)}
    assert "golden window" in vocabulary.of_the_field(pairs, explained, general)
    assert "perplexity" in vocabulary.of_the_field(
        bank, explained - {("perplex",), vocabulary.stems("perplexity")}, general
    )


def test_a_longer_term_does_not_explain_its_parts():
    """*Posterior collapse* is not the posterior."""
    explained = {vocabulary.stems("posterior collapse")}
    assert vocabulary.unexplained("posterior collapses", explained) == [None]
    assert vocabulary.unexplained("the posterior", explained) == ["the", "posterior"]


def test_each_plain_word_is_used_and_needed(bank):
    """No plain word or pair is unused by the answers, or explained by a term."""
    explained = vocabulary.explained([])
    terms = vocabulary.of_the_field(bank, explained, vocabulary.english())
    needed = {vocabulary.stems(term) for term in terms}
    assert [
        word for word in prose.listed(PLAIN) if vocabulary.stems(word) not in needed
    ] == []


def test_a_rule_that_cannot_be_read_is_named(tmp_path):
    """Negative control: the file, the rule and the key."""
    path = tmp_path / "style.toml"
    path.write_text('[broken]\npattern = "("\nwrite = "a"\nwhy = "b"\n')
    with pytest.raises(ContentError) as error:
        entries(Rule, path)
    assert "broken: pattern: is no regular expression" in str(error.value)
    assert "broken: wrong: field required" in str(error.value)
