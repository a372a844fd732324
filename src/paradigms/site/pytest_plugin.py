"""pytest plugin: runs code blocks and notebooks and compares their output.

Loaded by `-p paradigms.site.pytest_plugin` (see pyproject.toml), so that it also works
for a single page.  pytest-markdown-docs collects and executes the fences, nbval the
cells; this plugin also collects fences inside tabs, details and admonitions, and
compares what a block or a cell prints, by the rules of `outputs`, with the
`text title="Output"` fence below the block, or with the stored output of the cell.
`pytest --update-outputs` rewrites the fences; it writes once, at the end.  With
`pytest -n` each page is run, and rewritten, by one process.
"""

import contextlib
import importlib
import io
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from nbval.plugin import IPyNbCell
from pytest_markdown_docs import _runners

from paradigms.site.content.fenced_blocks import FencedBlock, fenced_blocks
from paradigms.site.content.files import read_text
from paradigms.site.content.output_fences import TITLE, is_output
from paradigms.site.outputs import difference, tolerance

_updates: list[tuple[Path, int, int, list[str]]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that rewrites printed output."""
    parser.addoption(
        "--update-outputs",
        action="store_true",
        help="rewrite the Output fences of the pages with what their code prints",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Stores whether to rewrite; limits a worker of `pytest -n` to one thread.

    Workers with a thread for every core would wait for each other.
    torch reads the variable on import, which is later than this.
    """
    OutputRunner.rewrite = config.getoption("--update-outputs")
    if hasattr(config, "workerinput"):  # pytest -n
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_markdown_docs_markdown_it() -> MarkdownIt:
    """A parser that sees fences at any indentation, as the site's Markdown does."""
    return MarkdownIt("commonmark").disable("code")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Imports torch and its optimisers before the first block is timed."""
    if any(item.get_closest_marker("markdown-docs") for item in session.items):
        importlib.import_module("torch._dynamo")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Makes nbval compare printed text by the rules of `outputs`, not literally.

    Printed text that counts as equal is replaced by the stored text first.
    """
    if isinstance(item, IPyNbCell):
        compare_exactly = item.compare_outputs

        def compare(printed: list[Any], stored: list[Any], *rest: Any) -> bool:
            within = tolerance(item.cell.source)
            for new, old in zip(printed, stored, strict=False):
                _copy_if_equal(new, old, "text", within)
                _copy_if_equal(
                    new.get("data", {}), old.get("data", {}), "text/plain", within
                )
            return bool(compare_exactly(printed, stored, *rest))

        item.compare_outputs = compare


def _copy_if_equal(
    new: dict[str, Any], old: dict[str, Any], key: str, within: Decimal
) -> None:
    """Replaces a new text by the stored text if the two count as equal."""
    if key in new and key in old and not difference(old[key], new[key], within):
        new[key] = old[key]


def pytest_sessionfinish() -> None:
    """Writes collected outputs from each page's bottom up: lines keep their number."""
    for path, start, end, lines in sorted(_updates, key=lambda u: u[1], reverse=True):
        page = path.read_text(encoding="utf8").split("\n")
        page[start:end] = lines
        path.write_text("\n".join(page), encoding="utf8")
    _updates.clear()


@_runners.register_runner(default=True)
class OutputRunner(_runners.DefaultRunner):
    """Runs a block and compares its output with the page, or rewrites the page."""

    rewrite = False

    def runtest(self, test: Any, args: Any, *, asyncio_runner: Any = None) -> None:
        """Errors: AssertionError that names page and line, and both outputs."""
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout):
            super().runtest(test, args, asyncio_runner=asyncio_runner)
        page = Path(test.source_path)
        code_end, start, end, indent = output_below(page, test.start_line)
        # Of an empty line in a quotation only the sign may be left.
        expected = [
            line.removeprefix(indent if line.startswith(indent) else indent.rstrip())
            for line in read_text(page).split("\n")[start:end]
        ]
        actual = [line.rstrip() for line in stdout.getvalue().rstrip("\n").split("\n")]
        actual = actual if stdout.getvalue() else []
        if bool(actual) != (start >= 0):
            mismatch: str | None = (
                "there is no Output fence" if actual else "nothing is printed"
            )
        else:
            within = tolerance(test.source)
            mismatch = difference("\n".join(expected), "\n".join(actual), within)
        if not mismatch:
            return
        if self.rewrite and actual:
            _updates.append(_update(page, code_end, start, end, indent, actual))
            return
        remedy = (
            "if the new output is right, run pytest with --update-outputs"
            if actual
            else "nothing is printed: remove the Output fence"
        )
        raise AssertionError(
            f"{page}:{test.start_line}: printed output is not what the page shows; "
            f"{remedy}\n{mismatch}\npage shows: {expected}\ncode prints: {actual}"
        )


def output_below(page: Path, line: int) -> tuple[int, int, int, str]:
    """The Output fence that follows the code fence opened on a `line` (from 1).

    Returns the line after the code, first and last-plus-one line of the output, counted
    from 0 (-1, -1 if there is none), and what stands before each line of the code: its
    indentation, or the signs of a quotation.
    """
    text = read_text(page)
    lines = text.split("\n")
    blocks = fenced_blocks(text)
    # pytest-markdown-docs takes a block from the same parser.
    number = [block.line for block in blocks].index(line)
    code, end = blocks[number], _last_line(text, blocks[number])
    prefix = lines[line - 1][: re.search("[`~]", lines[line - 1]).start()]  # type: ignore[union-attr]
    if number + 1 < len(blocks) and is_output(blocks[number + 1].info):
        output = blocks[number + 1]
        if not text[code.end : output.start].strip(" \t\n>"):
            return end, output.line, _last_line(text, output) - 1, prefix
    return end, -1, -1, prefix


def _last_line(text: str, block: FencedBlock) -> int:
    """The line after a block, counted from 0."""
    return block.line - 1 + text.count("\n", block.start, block.end)


def _update(
    page: Path, code_end: int, start: int, end: int, indent: str, actual: list[str]
) -> tuple[Path, int, int, list[str]]:
    body = [(indent + line).rstrip() for line in actual]
    if start >= 0:
        return page, start, end, body
    fence = ["", f"{indent}```{TITLE}", *body, f"{indent}```"]
    return page, code_end, code_end, fence
