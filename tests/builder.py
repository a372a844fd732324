"""Builds sites in forks of one process that has loaded MkDocs: a second less a build.

Reads an order a line: `folder`, `target`, `log` and the whole `environment`, as JSON;
answers with the exit code.  A fork sees the package of its folder, and no torch.
"""

import json
import os
import sys
from importlib import import_module

LOADED = ["mkdocs.__main__", "mkdocs.commands.build", "mkdocs_jupyter.plugin",
          "material.plugins.search.plugin", "material.plugins.tags.plugin",
          "material.extensions.emoji", "pymdownx.superfences", "pymdownx.arithmatex",
          "pymdownx.highlight", "pymdownx.snippets", "pymdownx.tabbed",
          "pymdownx.details", "pymdownx.inlinehilite", "markdown.extensions.abbr",
          "markdown.extensions.toc", "markdown.extensions.md_in_html", "pydantic",
          "latex2mathml.converter", "genanki"]  # fmt: skip


def build(folder: str, target: str, log: str, environment: dict[str, str]) -> None:
    """In a fork: what `python -m mkdocs build --strict` does in that folder."""
    os.environ.clear()
    os.environ.update(environment)
    to = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(to, 1)
    os.dup2(to, 2)
    os.chdir(folder)
    sys.path.insert(0, f"{folder}/src")
    import_module("mkdocs.__main__").cli(["build", "--strict", "-d", target])


def main() -> None:
    """Serve orders until the input ends."""
    sys.modules["torch"] = None  # type: ignore[assignment]
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
