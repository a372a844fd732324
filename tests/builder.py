"""Builds sites in forks of one process that has loaded MkDocs: faster than alone.

Reads an order a line: `folder`, `target`, `log` and the whole `environment`, as JSON;
answers with the exit code.  A fork sees the package of its folder.
"""

import json
import os
import sys
from importlib import import_module

# What takes longest to load.
LOADED = ["mkdocs.commands.build", "mkdocs_jupyter.plugin", "pydantic", "genanki",
          "material.plugins.search.plugin", "pymdownx.superfences",
          "latex2mathml.converter"]  # fmt: skip


def run(target: str) -> None:
    """A strict build in which torch cannot be imported, as for who has none; exits."""
    sys.modules["torch"] = None  # type: ignore[assignment]
    import_module("mkdocs.__main__").cli(["build", "--strict", "-d", target])


def build(folder: str, target: str, log: str, environment: dict[str, str]) -> None:
    """In a fork: a build in that folder."""
    os.environ.clear()
    os.environ.update(environment)
    to = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(to, 1)
    os.dup2(to, 2)
    os.chdir(folder)
    sys.path.insert(0, f"{folder}/src")
    run(target)


def main() -> None:
    """Serve orders until the input ends."""
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            build(**json.loads(line))
            raise SystemExit("a build always exits")
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
