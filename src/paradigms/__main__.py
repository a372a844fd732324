"""Command line: `python -m paradigms COMMAND`: see `--help`."""

import argparse
import json
import sys
from pathlib import Path

from paradigms._schema import ContentError
from paradigms.site.content.claims import failing_conditions, ledger
from paradigms.site.content.questions import questions
from paradigms.site.content.systems import rows as system_rows
from paradigms.site.exports import command as export
from paradigms.site.practice import command as practice


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 after printing an input error.

    A command returns a status if it can fail otherwise.
    """
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
    except (ContentError, ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"{error}: install paradigms[measure], or run `make test` in a clone",
            file=sys.stderr,
        )
        return 1
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m paradigms")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, help_text in (
        ("claims", _claims, "the claims ledger"),
        ("questions", _questions, "the question bank"),
        ("systems", _systems, "every system, with what was measured of it"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("--json", action="store_true", help="as JSON")
        command.set_defaults(run=run)
    for name, run, help_text in (
        ("measure", _measure, "run experiments, record the results"),
        ("bench", _bench, "our speed beside the field's, recorded"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument(
            "names", nargs="*", metavar="NAME", help="all, if none is given"
        )
        command.set_defaults(run=run)
        if name == "measure":
            command.add_argument(
                "--check",
                action="store_true",
                help="keep the records, and say what differs from them",
            )
            command.add_argument(
                "--processes",
                type=int,
                help="worker processes; by default one per core",
            )
            command.add_argument(
                "--scheduler",
                metavar="tcp://HOST:PORT",
                help="of a Dask cluster, whose workers run the parts",
            )
    _add_checks(commands)
    export.add_to(commands)
    practice.add_to(commands)
    return parser


def _add_checks(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    """The commands that check the content, the packages and the builder."""
    command = commands.add_parser(
        "mutate", help="make entries and outputs wrong in a copy; checks must fail"
    )
    command.add_argument(
        "kinds", nargs="*", metavar="KIND", help="all, if none is given"
    )
    command.add_argument(
        "--sample", type=int, help="mutants of each kind; by default all"
    )
    command.add_argument("--seed", type=int, default=0, help="chooses the sample")
    command.set_defaults(run=_mutate)
    command = commands.add_parser(
        "packages", help="the bill of materials, from the packages that are installed"
    )
    command.set_defaults(run=_packages)
    command = commands.add_parser(
        "prepare", help="all that a builder without our hooks needs, in one folder"
    )
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.set_defaults(run=_prepare)
    command = commands.add_parser(
        "smoke", help="build the site with another builder, and compare what it shows"
    )
    command.add_argument("builder", metavar="properdocs|zensical")
    command.add_argument(
        "--python", default=sys.executable, help="the interpreter that has the builder"
    )
    command.set_defaults(run=_smoke)


def _claims(options: argparse.Namespace) -> None:
    rows = ledger()
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['id']}  {row['verdict']:10}  {row['status']:12}  {row['page']}")


def _questions(options: argparse.Namespace) -> None:
    bank = questions()
    if options.json:
        rows = [{"id": key, **entry.model_dump()} for key, entry in bank.items()]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for key, entry in bank.items():
        print(f"{key}  {entry.level}  {entry.question}")


def _systems(options: argparse.Namespace) -> None:
    rows = system_rows()
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['name']:24} {row['family']:26} {', '.join(row['abilities'])}")


def _measure(options: argparse.Namespace) -> None:
    from paradigms.experiments.runner import remeasure, run, workers  # torch: only here

    pool = workers.Workers(options.processes, options.scheduler)
    if options.check:
        remeasure.check(options.names, failing_conditions, workers=pool)
    else:
        run.main(options.names, workers=pool)


def _bench(options: argparse.Namespace) -> None:
    from paradigms.experiments.runner.run import main_bench  # torch: only here

    main_bench(options.names)


def _mutate(options: argparse.Namespace) -> int:
    from paradigms.site import mutation  # its tests need more than the content

    return mutation.main(options.kinds, options.sample, options.seed)


def _packages(_options: argparse.Namespace) -> None:
    from paradigms.site.exports import bill_of_materials  # `packaging`: only here

    print(bill_of_materials.write())


def _prepare(options: argparse.Namespace) -> None:
    from paradigms.site.exports import site_files

    summary = site_files.write(options.folder)
    print(f"{options.folder}: {summary}; build it with docs_dir: {options.folder}")


def _smoke(options: argparse.Namespace) -> int:
    from paradigms.site import smoke  # it needs a builder

    return smoke.main(options.builder, options.python)


if __name__ == "__main__":
    sys.exit(main())
