"""`python -m paradigms export`: what to write, and where."""

import argparse
import os
from pathlib import Path

from paradigms._files import replaced

# What can be written, what it is, and its name where none is given.
KINDS = {
    "anki": ("the question bank as an Anki deck", "model-paradigms.apkg"),
    "csv": ("the question bank as a table", "bank.csv"),
    "json": ("the question bank as data, with its schema beside it", "bank.json"),
    "print": ("the whole site as one PDF", "model-paradigms.pdf"),
}


# What a site offers; its names are known before anything is made.
OFFERED = (*(KINDS[kind][1] for kind in ("anki", "csv", "json")), "bank.schema.json")


def add_to(commands: argparse._SubParsersAction) -> None:
    """The command `export`, with a command for each kind."""
    export = commands.add_parser("export", help="the bank or the site as one file")
    kinds = export.add_subparsers(required=True, metavar="KIND", dest="kind")
    for kind, (what, name) in KINDS.items():
        command = kinds.add_parser(kind, help=what)
        command.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            default=Path(name),
            help=f"{name} in this folder, if none is given",
        )
        command.set_defaults(run=_run)
        if kind == "print":
            command.add_argument(
                "--site", type=Path, metavar="FOLDER", help="a built site; else built"
            )
            command.add_argument(
                "--part",
                metavar="NAME",
                default="",
                help="only pages whose address begins so, such as q39/",
            )


def _run(options: argparse.Namespace) -> None:
    """Write, then say so in one line; libraries are loaded only where needed."""
    if options.kind == "print":
        said = _print(options)
    else:
        said = _bank(options.kind, options.output)
    print(f"{options.output}: {said}")


def _bank(kind: str, output: Path) -> str:
    from paradigms.site.content.questions import questions

    files = _files(kind, output.name, os.environ.get("SITE_URL", ""))
    for name, content in files.items():
        with replaced(output.with_name(name)) as draft:
            draft.write_bytes(content)
    beside = "".join(f", beside it {name}" for name in files if name != output.name)
    return f"{len(questions())} questions{beside}"


def downloads(site_url: str) -> dict[str, bytes]:
    """Every file of the bank by its name, for a site to offer."""
    kinds = ("anki", "csv", "json")
    made = [_files(kind, KINDS[kind][1], site_url) for kind in kinds]
    return {name: content for files in made for name, content in files.items()}


def _files(kind: str, name: str, site_url: str) -> dict[str, bytes]:
    """What a kind consists of; a schema before what needs it."""
    if kind == "anki":
        from paradigms.site.exports import anki

        return {name: anki.package(site_url=site_url)}
    if kind == "csv":
        from paradigms.site.exports import csv_table

        return {name: csv_table.table(site_url)}
    from paradigms.site.exports import json_bank

    schema = f"{Path(name).stem}.schema.json"
    return {schema: json_bank.schema().encode(), name: json_bank.bank(schema).encode()}


def _print(options: argparse.Namespace) -> str:
    from paradigms.site.exports import pdf

    with replaced(options.output) as draft:
        pages = pdf.write(draft, options.site, options.part)
    return f"{pages} pages of the site"
