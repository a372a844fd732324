"""Runs modules in forks of a process that has loaded what takes longest.

`python tests/forks.py KIND` reads an order a line: `folder`, `module`, `arguments`,
`log` and the whole `environment`, as JSON; it answers with the exit code.  A fork sees
the packages of its folder: with `-m` the `tests` from here would be loaded already.
"""

import json
import os
import runpy
import sys
from importlib import import_module

# By kind, what is loaded.  For a site torch is not even allowed, as for who has none.
LOADED = {
    "site": ["mkdocs.commands.build", "mkdocs_jupyter.plugin", "pydantic", "genanki",
             "material.plugins.search.plugin", "pymdownx.superfences",
             "latex2mathml.converter"],
    "torch": ["torch._dynamo", "pydantic", "pytest", "nbformat", "markdown_it"],
}  # fmt: skip


def run(
    folder: str, module: str, arguments: list[str], log: str, environment: dict
) -> None:
    """In a fork: `python -m module arguments` in that folder."""
    os.environ.clear()
    os.environ.update(environment)
    to = os.open(log, os.O_WRONLY)
    os.dup2(to, 1)
    os.dup2(to, 2)
    os.chdir(folder)
    sys.path[:1] = [folder, f"{folder}/src"]  # in place of that of this file
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main(kind: str) -> None:
    """Serve orders until the input ends."""
    if kind == "site":
        sys.modules["torch"] = None  # type: ignore[assignment]
    for name in LOADED[kind]:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(**json.loads(line))
            sys.exit()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
