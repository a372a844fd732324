"""The tables of the reference pages, generated from content and records."""

from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any, get_args

from paradigms._schema import ContentError
from paradigms.experiments.records import (
    Benchmark,
    Record,
    load,
    question,
    quote,
    speeds,
    stems,
)
from paradigms.site.content.bibliography import label, sources
from paradigms.site.content.changes import changes
from paradigms.site.content.claims import claims, places
from paradigms.site.content.comparison_tables import comparison, names
from paradigms.site.content.conditions import experiments
from paradigms.site.content.evidence import proofs
from paradigms.site.content.house_style import rules
from paradigms.site.content.questions import Level, questions, topic_places
from paradigms.site.content.systems import System, measured_rows, systems
from paradigms.site.content.toml import FOLDER, read
from paradigms.site.fences.cards import verdict
from paradigms.site.fences.page import Page, slug


def table_html(columns: Iterable[str], rows: Iterable[str]) -> str:
    """The inside of a table: a header of plain text over rows of HTML."""
    cells = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody>"


def claims_table(page: Page) -> str:
    """Every claim with its verdict and the state of its evidence.

    The script that filters the rows by both is loaded with the table, nowhere else.
    """
    rows = (
        f'<tr><th scope="row"><a href="{page.link(places()[key])}">{key}</a></th>'
        f"<td>{page.inline(claim.said)}</td><td>{verdict(claim.verdict)}</td>"
        f"<td>{claim.status}</td></tr>"
        for key, claim in claims().items()
    )
    table = table_html(("Id", "What is often said", "Verdict", "Evidence"), rows)
    return f'{table}<script defer src="{page.link("javascripts/ledger.js")}"></script>'


def bibliography_table(page: Page) -> str:
    """Every source and what it is cited for."""
    rows = (
        f'<tr id="{key}"><th scope="row">{escape(label(key))}</th>'
        f'<td><a href="{escape(source.url)}">{escape(source.title)}</a>. '
        f"{escape(_names(source.authors))}. {escape(source.venue)}.</td>"
        f"<td>{page.inline(source.cited_for)}</td></tr>"
        for key, source in sources().items()
    )
    return table_html(("Cited as", "Work", "What it is cited for"), rows)


def evidence_table(page: Page) -> str:
    """The tests that pages point to, each with its claim, command and source."""
    rows = (
        f'<tr id="{slug(name)}"><th scope="row">{page.inline(test.claim)}'
        f"<p><code>{escape(test.command)}</code></p></th>"
        f"<td><details><summary>source</summary><pre><code>{escape(test.code)}"
        f"</code></pre></details></td></tr>"
        for name, test in proofs().items()
        if name in cited_tests()
    )
    return table_html(("What the test proves, and how to run it", "How"), rows)


def measured_table(page: Page) -> str:
    """Every stored result with its settings."""
    return table_html(
        ("Measured", "What came out"), (_result(stem, page) for stem in sorted(stems()))
    )


def _result(stem: str, page: Page) -> str:
    """A row with the question and the settings, then one for each recorded row."""
    result = load(stem)
    settings = {**result.config, **result.versions, **provenance(result)}
    first = (
        f'<tr id="{slug(stem)}"><th scope="row">{escape(question(stem))}'
        f"<p><code>make measure NAME={stem}</code></p></th>"
        f"<td>{_pairs(settings)}{_conditions(stem, page)}</td></tr>"
    )
    rows = [
        (
            row["name"],
            {c: quote(f"{stem}/{row['name']}/{c}") for c in row if c != "name"},
        )
        for row in result.rows
    ]
    return first + "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{_pairs(columns)}</td></tr>'
        for name, columns in rows
    )


def _conditions(stem: str, page: Page) -> str:
    """The claims with conditions on these rows."""
    lines = "".join(
        f'<li><a href="{page.link(places()[key])}">{key}</a> stands while '
        f"<code>{escape(predicate)}</code></li>"
        for key, claim in claims().items()
        for predicate in claim.holds
        if stem in experiments(predicate)
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _pairs(values: dict[str, Any]) -> str:
    """Names and values as preformatted text: seven thousand tags would be slow."""
    width = max((len(name) for name in values), default=0)
    lines = (f"{name:{width}}  {_plain(value)}" for name, value in values.items())
    return f'<pre class="pairs">{escape(chr(10).join(lines))}</pre>'


def _plain(value: Any) -> str:
    """A list without its brackets, anything else as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def systems_table(page: Page) -> str:
    """Every system: objective, measured abilities, distance from its reference."""
    rows = (
        f'<tr id="{slug(key)}"><th scope="row"><a href="{page.link(system.page)}">'
        f"{escape(system.name)}</a><small>{escape(system.family)}</small>"
        f"{_parameters(system)}</th><td>{escape(system.objective)}<small>sees: "
        f"{escape(measured_rows().get(key, {}).get('sees', system.mask))}</small></td>"
        f"<td>{escape(', '.join(system.can) or _no_ability(system))}</td>"
        f"<td>{_reference(key, system)}<small>"
        f"{' · '.join(map(page.cite, system.sources))}</small></td></tr>"
        for key, system in systems().items()
    )
    return table_html(("System", "Objective", "Can", "Equal to"), rows)


def _parameters(system: System) -> str:
    """Which network was counted, and its parameters; "" if none is named."""
    if not system.parameters:
        return ""
    _, name, _ = system.parameters.split("/")
    text = f"{name}: {quote(system.parameters)} parameters"
    return f"<small>{escape(text)}</small>"


def _no_ability(system: System) -> str:
    """The text for a system without abilities, or without public code."""
    return "none of these" if system.of else "not public"


def _reference(key: str, system: System) -> str:
    """The reference, and the tolerance to which the system equals it."""
    name = escape(system.reference)
    if not system.of:
        return name
    tolerance = quote(f"systems/{key}/equal within")
    return f"{name}<small>within {tolerance}</small>"


def sizes_table(page: Page) -> str:
    """The parameters of the published networks by part, in millions."""
    parts = ("all", "embeddings", "attention", "feed-forward", "norms and heads")
    rows = (
        f'<tr id="{slug(row["name"])}"><th scope="row">{escape(row["name"])}</th>'
        + "".join(f"<td>{row[part] / 1e6:,.1f}</td>" for part in parts)
        + "</tr>"
        for row in load("published_sizes").rows
    )
    return table_html(("Network", *parts), rows)


def speed_table(_: Page) -> str:
    """Every benchmark: how many times as fast as the reference, and both times."""
    rows = (
        f'<tr><th scope="row">{escape(row["name"])}</th>'
        f"<td>{_spread(row['times as fast'], row['lowest and highest'])}</td>"
        f"<td>{row['ours ms']:,.4g}</td><td>{row['reference ms']:,.4g}</td>"
        f"<td>{_share(row)}</td></tr>"
        for benchmark in speeds().values()
        for row in benchmark.rows
    )
    times = "Times as fast", "Ours, ms", "Reference, ms"
    table = table_html(("Task", *times, "Share of the memory's rate"), rows)
    days: dict[str, list[str]] = {}  # benchmarks by day and machine, a line each
    for name, benchmark in speeds().items():
        days.setdefault(_day_and_machine(benchmark), []).append(name)
    foot = "".join(
        f'<tr><td colspan="5">{escape(" and ".join(names))}, {escape(day)}</td></tr>'
        for day, names in days.items()
    )
    return f"{table}<tfoot>{foot}</tfoot>"


def _day_and_machine(benchmark: Benchmark) -> str:
    """The day, the machine and the versions, which the times depend on."""
    versions = ", ".join(f"{name} {v}" for name, v in benchmark.versions.items())
    day = f"{benchmark.date.day} {benchmark.date:%B %Y}"
    return f"{day}: {', '.join(provenance(benchmark).values())}; {versions}"


def provenance(record: Record) -> dict[str, str]:
    """Processor, instruction set, threads, and the variables that restricted them."""
    threads = f"{record.threads} thread{'s' * (record.threads > 1)}"
    machine = {
        "processor": record.processor,
        "instruction set": record.instruction_set,
        "threads": threads,
    }
    return machine | {key: f"{key}={record.settings[key]}" for key in record.settings}


def _share(row: dict[str, Any]) -> str:
    """The share of the memory's rate, for tasks that memory limits."""
    if "share of it" not in row:
        return ""
    return _spread(row["share of it"], row["lowest and highest share"])


def _spread(median: float, extremes: list[float]) -> str:
    """A median, and below it the minimum and maximum over all rounds."""
    low, high = extremes
    return f"{median:.2f}<small>{low:.2f} to {high:.2f}</small>"


def glossary_table(page: Page) -> str:
    """Every term with its sentence. Errors: ContentError for one without a sentence."""
    terms = read(FOLDER / "glossary.toml")
    incomplete = [
        term for term, sentence in terms.items() if not str(sentence).endswith(".")
    ]
    if incomplete:
        raise ContentError(f"snippets/glossary.toml: {incomplete[0]}: write a sentence")
    rows = (
        f'<tr id="{slug(term)}"><th scope="row">{escape(term)}</th>'
        f"<td>{page.inline(sentence)}</td></tr>"
        for term, sentence in terms.items()
    )
    return table_html(("Term", "What it means"), rows)


def style_table(page: Page) -> str:
    """The house style: what is written, an example of what is not, and why."""
    rows = (
        f'<tr><th scope="row">{escape(rule.write)}</th>'
        f"<td>{escape(rule.wrong)}</td><td>{escape(rule.why)}</td></tr>"
        for rule in rules().values()
    )
    return table_html(("Write", "Not", "Why"), rows)


def bank_table(page: Page) -> str:
    """How many questions each topic has, by level, and how many of them are traps."""
    levels = get_args(Level)
    rows = []
    for topic, place in topic_places().items():
        entries = [entry for entry in questions().values() if entry.topic == topic]
        counts = [sum(entry.level == level for entry in entries) for level in levels]
        traps = sum(entry.kind == "trap" for entry in entries)
        cells = "".join(f"<td>{count}</td>" for count in (*counts, traps, len(entries)))
        rows.append(
            f'<tr><th scope="row"><a href="{page.link(place)}">{escape(topic)}</a>'
            f"</th>{cells}</tr>"
        )
    return table_html(("Topic", *levels, "of these traps", "all"), rows)


@cache
def cited_tests() -> set[str]:
    """Every test that claims, table cells, questions and changes name as evidence."""
    tests = {name for claim in claims().values() for name in claim.tests}
    tests |= {name for question in questions().values() for name in question.tests}
    tests |= {name for change in changes().values() for name in change.tests}
    for name in names():
        tests |= {
            t for row in comparison(name).rows for cell in row.cells for t in cell.tests
        }
    return tests


def _names(authors: list[str]) -> str:
    if authors[-1] == "others":
        return ", ".join(authors[:-1]) + " and others"
    return ", ".join(authors)
