"""The question bank as JSON, and its JSON Schema."""

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from paradigms._schema import Entry
from paradigms.site.content.bibliography import Source, sources, split_citation
from paradigms.site.content.questions import TOPICS, Question
from paradigms.site.exports.plain_text import ordered_questions


class Row(Question):
    """A question with its id. Text is Markdown, with TeX between dollars."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")
    topic: Literal[TOPICS]  # type: ignore[valid-type] # listed one by one in the schema


class Bank(Entry):
    """All questions, and the sources that they name by key."""

    model_config = ConfigDict(title="Questions of Model Paradigms")

    schema_file: str = Field(alias="$schema")
    questions: list[Row] = Field(min_length=1)
    sources: dict[str, Source]


def bank(schema_file: str) -> str:
    """The bank as JSON; `schema_file` is the path of its schema, relative to it."""
    rows = [
        {"id": key, **entry.model_dump()} for key, entry in ordered_questions().items()
    ]
    keys = {
        split_citation(citation)[0]
        for entry in ordered_questions().values()
        for citation in entry.sources
    }
    bibliography = {key: source for key, source in sources().items() if key in keys}
    model = Bank.model_validate(
        {"$schema": schema_file, "questions": rows, "sources": bibliography}
    )
    data = model.model_dump(by_alias=True)
    data["questions"] = [{"id": row["id"], **row} for row in data["questions"]]
    return _text(data)


def schema() -> str:
    """JSON Schema, Draft 2020-12; it has no address, so it has no `$id`."""
    return _text(
        {"$schema": GenerateJsonSchema.schema_dialect, **Bank.model_json_schema()}
    )


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
