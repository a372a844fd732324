"""A fork server: runs modules in forks of a process with slow imports done.

`python tests/forks.py KIND` reads one JSON request per line: `folder`, `module`,
`arguments`, `log` and the whole `environment`; it answers with the exit code.  A fork
imports the packages of its folder: started with `-m`, this process would have imported
`tests` from here.
"""

import json
import os
import runpy
import sys
from importlib import import_module

# Imports by kind.  For a site, importing torch fails, as if it were not installed.
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
    descriptor = os.open(log, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    sys.path[:1] = [folder, f"{folder}/src"]  # replaces the folder of this file
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main(kind: str) -> None:
    """Serve requests until the end of input."""
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
