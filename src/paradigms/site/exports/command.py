"""`python -m paradigms export`: what to write, and where."""

import argparse
import os
from pathlib import Path

from paradigms._files import replaced

# Kind of export: its description and default file name.
KINDS = {
    "anki": ("the question bank as an Anki deck", "model-paradigms.apkg"),
    "csv": ("the question bank as a table", "bank.csv"),
    "json": ("the question bank as data, with its schema beside it", "bank.json"),
    "print": ("the whole site as one PDF", "model-paradigms.pdf"),
    "cheat-sheet": ("the cheat sheet as a PDF of two pages", "cheat-sheet.pdf"),
}


# The downloads of the site; their names are known before their content.
OFFERED = (*(KINDS[kind][1] for kind in ("anki", "csv", "json")), "bank.schema.json")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `export`, with a subcommand for each kind."""
    export = commands.add_parser("export", help="the bank or the site as one file")
    kinds = export.add_subparsers(required=True, metavar="KIND", dest="kind")
    for kind, (description, name) in KINDS.items():
        command = kinds.add_parser(kind, help=description)
        command.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            default=Path(name),
            help=f"{name} in this folder, if none is given",
        )
        command.set_defaults(run=_run)
        if kind in ("print", "cheat-sheet"):
            command.add_argument(
                "--site", type=Path, metavar="FOLDER", help="a built site; else built"
            )
        if kind == "print":
            command.add_argument(
                "--part",
                metavar="NAME",
                default="",
                help="only pages whose address begins so, such as q39/",
            )


def _run(options: argparse.Namespace) -> None:
    """Write the file and print one line; libraries are imported only if needed."""
    if options.kind == "print":
        summary = _print(options)
    elif options.kind == "cheat-sheet":
        summary = _cheat_sheet(options)
    else:
        summary = _bank(options.kind, options.output)
    print(f"{options.output}: {summary}")


def _bank(kind: str, output: Path) -> str:
    from paradigms.site.content.questions import questions

    files = _files(kind, output.name, os.environ.get("SITE_URL", ""))
    for name, content in files.items():
        with replaced(output.with_name(name)) as draft:
            draft.write_bytes(content)
    others = "".join(f", beside it {name}" for name in files if name != output.name)
    return f"{len(questions())} questions{others}"


def downloads(site_url: str) -> dict[str, bytes]:
    """Every download of the bank: file name and content."""
    kinds = ("anki", "csv", "json")
    exports = [_files(kind, KINDS[kind][1], site_url) for kind in kinds]
    return {name: content for files in exports for name, content in files.items()}


def _files(kind: str, name: str, site_url: str) -> dict[str, bytes]:
    """The files of a kind by name; a schema comes before its data."""
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


def _cheat_sheet(options: argparse.Namespace) -> str:
    from paradigms.site.exports import pdf

    with replaced(options.output) as draft:
        pdf.write_cheat_sheet(draft, options.site)
    return "both sides of the cheat sheet"
