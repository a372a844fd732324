"""`pytest -n`: several workers share the tests, with the results of one process."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings

from tests.conftest import ROOT, once, project_pytest

BLOCK = """
```python
import os
import torch

print(os.environ["PYTEST_XDIST_WORKER"], torch.get_num_threads())
```
"""
NOTEBOOK = """{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
 {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "outputs": [],
  "source": "x = 1"},
 {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 2, "outputs": [],
  "source": "assert x == 1"}]}
"""


def in_two(folder: Path, *options: str) -> str:
    """The output of pytest on a folder with two workers, as in `make test`."""
    # Without the variables of a worker, in case this process is one.
    prefixes = ("PYTEST_XDIST", "OMP_NUM_THREADS")
    variables = {
        key: os.environ[key] for key in os.environ if not key.startswith(prefixes)
    }
    result = subprocess.run(
        [sys.executable, "-m", *project_pytest(folder), "-n", "2", *options, "."],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def test_a_page_stays_in_one_process_of_one_thread(tmp_path):
    """Two pages and a notebook: all run, each in order, outputs rewritten once."""
    (tmp_path / "a.md").write_text(BLOCK * 3)
    (tmp_path / "b.md").write_text(BLOCK * 3)
    (tmp_path / "lab.ipynb").write_text(NOTEBOOK)
    output = in_two(tmp_path, "--update-outputs")
    assert "8 passed" in output, output
    workers = []
    for page in ("a.md", "b.md"):
        names = re.findall(r"^gw(\d) 1$", (tmp_path / page).read_text(), re.MULTILINE)
        assert len(names) == 3
        workers.append("".join(sorted(set(names))))
    assert sorted(workers) == ["0", "1"]


def test_torn_apart_a_notebook_would_fail(tmp_path):
    """Negative control: distributed one by one, a cell misses names of earlier ones."""
    (tmp_path / "lab.ipynb").write_text(NOTEBOOK)
    assert "NameError" in in_two(tmp_path, "--dist=load")


def test_make_test_starts_two():
    """A third would repeat the imports of the others; ARGS comes last and overrides."""
    assert "-m pytest -n 2 $(ARGS)\n" in (ROOT / "Makefile").read_text("utf8")


def test_what_is_shared_is_made_once(tmp_path):
    """Of two concurrent requests one builds it, and both find it complete."""
    builds, complete = [], []

    def make(target: Path) -> None:
        builds.append(target)
        target.mkdir()
        time.sleep(0.1)
        (target / "index.html").touch()

    def ask() -> None:
        complete.append((once(tmp_path / "site", make) / "index.html").is_file())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert complete == [True, True]


def test_what_failed_is_not_shared(tmp_path):
    """The next request tries again, and never gets a partial site."""

    def fail(target: Path) -> None:
        target.mkdir(exist_ok=True)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once(tmp_path / "site", fail)
        assert not (tmp_path / "site").exists()


def test_an_example_may_take_its_time():
    """With a deadline, Hypothesis would fail examples that a busy machine delays."""
    assert settings().deadline is None
