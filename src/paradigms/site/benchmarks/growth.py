"""A site that has grown: copies of a chapter, and generated questions, as sources.

Every sentence of them is distinct, so that nothing is rendered once for all.
"""

import json
import re
from pathlib import Path

from paradigms.site.content.fenced_blocks import FencedBlock, fenced_blocks
from paradigms.site.content.questions import LONGEST_SPOKEN_ANSWER, Question, questions
from paradigms.site.content.source_uses import citations_in

PER_PAGE = 60  # questions of a topic, about as many as the pages of questions have
TOPICS = "src/paradigms/site/content/questions.py"
FOLLOW_UPS = "src/paradigms/site/content/follow_ups.py"

_SENTENCE_END = re.compile(r"(?<=[a-z])\.(?=\s|$)", re.M)
_IN_FENCE = re.compile(r"^(title|caption) = \"(.*)\"$", re.M)

TOPIC_PAGE = """\
---
title: "{topic}"
tags: [practice]
level: optional
description: "Questions of case {number}."
---
# {topic}

```question
topic = "{topic}"
```
"""


def add_chapters(chapter: str, folder: Path, number: int) -> None:
    """Copy a chapter `number` times, with distinct names and text, and name it in nav.

    `folder` has the sources; `chapter` is a path below docs, of a page without claims,
    since a claim is on one page.
    """
    page = folder / "docs" / chapter
    citations = citations_in(page.read_text("utf8"))
    names = [f"{chapter.removesuffix('.md')}-{n}.md" for n in range(number)]
    for n, name in enumerate(names):
        (folder / "docs" / name).write_text(distinct(page.read_text("utf8"), n), "utf8")
    _add_to_navigation(folder, chapter, names)
    _add_citations(folder, dict.fromkeys(names, citations))


def distinct(text: str, number: int) -> str:
    """A page in which each sentence, caption and block of code names a number."""
    front, heading, body = re.split(r"^(# .*\n)", text, maxsplit=1, flags=re.M)
    parts, end = [], 0
    for block in fenced_blocks(body):
        parts.append(_in_prose(body[end : block.start], number))
        parts.append(_in_block(body[block.start : block.end], block, number))
        end = block.end
    parts.append(_in_prose(body[end:], number))
    return f"{front}{heading.rstrip()}, {number}\n{''.join(parts)}"


def _in_prose(text: str, number: int) -> str:
    return _SENTENCE_END.sub(f" in case {number}.", text)


def _in_block(source: str, block: FencedBlock, number: int) -> str:
    if block.info == "python":
        opening, code = source.split("\n", 1)
        indent = opening[: len(opening) - len(opening.lstrip())]
        return f"{opening}\n{indent}# case {number}\n{code}"
    return _IN_FENCE.sub(rf'\1 = "\2 Case {number}."', source)


def add_questions(after: str, folder: Path, number: int) -> None:
    """Add `number` questions in topics of their own, each with a page, named in nav.

    `after` is the page below docs that they follow in the navigation.
    """
    topics = [f"further topic {n}" for n in range(-(-number // PER_PAGE))]
    models = _models()
    entries = [
        _toml(n, topics[n // PER_PAGE], models[n % len(models)]) for n in range(number)
    ]
    bank = "\n\n".join(entries)
    (folder / "snippets/questions/further.toml").write_text(bank, "utf8")
    names = [f"practice/further-{n}.md" for n in range(len(topics))]
    for n, (name, topic) in enumerate(zip(names, topics, strict=True)):
        page = TOPIC_PAGE.format(topic=topic, number=n)
        (folder / "docs" / name).write_text(page, "utf8")
    _add_to_navigation(folder, after, names)
    lines = "".join(f"    {json.dumps(topic)},\n" for topic in topics)
    _insert(folder / TOPICS, r"^TOPICS = \(\n", lines)
    # The list of all topics, a thing to read in the plans, takes longer to read.
    plans = folder / "snippets/plans.toml"
    limits = re.sub(
        r"^limit = \d+$", "limit = 480", plans.read_text("utf8"), flags=re.M
    )
    plans.write_text(limits, "utf8")
    # Thousands of copies of some questions change which terms are frequent.
    _insert(folder / FOLLOW_UPS, r"^LARGEST_SHARE = .*\n", "LARGEST_SHARE = 1\n")
    cited = {f"further-{n}": _citations(models[n % len(models)]) for n in range(number)}
    _add_citations(folder, cited)


def _toml(number: int, topic: str, question: Question) -> str:
    """A question of the bank as TOML, in another topic and with a number in it."""
    entry = {
        "topic": topic,
        "level": question.level,
        "kind": "concept",
        "question": f"Case {number}: {question.question}",
        "answer": _in_prose(question.answer, number),
        "key_points": [f"{point}, case {number}" for point in question.key_points],
        "claims": question.claims,
        "tests": question.tests,
        "measured": question.measured,
        "sources": question.sources,
    }
    lines = (f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in entry.items())
    return "\n".join([f"[further-{number}]", *lines])


def _citations(question: Question) -> list[str]:
    return [*question.sources, *citations_in(question.answer)]


def _add_citations(folder: Path, cited: dict[str, list[str]]) -> None:
    """Add each place to the lists of the sources that it cites."""
    places: dict[str, set[str]] = {}
    for place, citations in cited.items():
        for citation in citations:
            places.setdefault(citation.partition(",")[0], set()).add(place)
    for key, added in places.items():
        start = rf"^\[{re.escape(key)}\]\n(?:.+\n)*?cited_in = \["
        items = "".join(f"{json.dumps(place)}, " for place in sorted(added))
        _insert(folder / "snippets/bibliography.toml", start, items)


def _models() -> list[Question]:
    """The questions without code whose answers stay short enough."""
    return [
        entry
        for entry in questions().values()
        if not entry.code
        and len(_in_prose(entry.answer, 0).split()) <= LONGEST_SPOKEN_ANSWER
    ]


def _add_to_navigation(folder: Path, after: str, names: list[str]) -> None:
    """Lines of mkdocs.yml below that of a page, with the indentation that it has."""
    path = folder / "mkdocs.yml"
    line = rf"^( *)- {re.escape(after)}\n"
    match = re.search(line, path.read_text("utf8"), re.M)
    indent = match[1] if match else ""
    _insert(path, line, "".join(f"{indent}- {name}\n" for name in names))


def _insert(path: Path, after: str, lines: str) -> None:
    """Insert lines after a pattern. Errors: ValueError if the file lacks it."""
    text, count = re.subn(
        after,
        lambda match: match[0] + lines,
        path.read_text("utf8"),
        count=1,
        flags=re.M,
    )
    if not count:
        raise ValueError(f"{path} has no {after!r}")
    path.write_text(text, "utf8")
