"""`pytest -n`: several processes share the tests, and prove what one would prove."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings

from tests.conftest import BARE, ROOT, once

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
    """What pytest says of a folder, as `make test` starts it."""
    # Without what this process was told, should it be one of several itself.
    told = ("PYTEST_XDIST", "OMP_NUM_THREADS")
    rest = {key: os.environ[key] for key in os.environ if not key.startswith(told)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-q",
         *BARE, "--rootdir", str(folder), "-n", "2", *options, "."],
        cwd=folder, env=rest, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_page_stays_in_one_process_of_one_thread(tmp_path):
    """Two pages and a notebook: all run, each in order, outputs rewritten once."""
    (tmp_path / "a.md").write_text(BLOCK * 3)
    (tmp_path / "b.md").write_text(BLOCK * 3)
    (tmp_path / "lab.ipynb").write_text(NOTEBOOK)
    said = in_two(tmp_path, "--update-outputs")
    assert "8 passed" in said, said
    places = []
    for page in ("a.md", "b.md"):
        shown = re.findall(r"^gw(\d) 1$", (tmp_path / page).read_text(), re.MULTILINE)
        assert len(shown) == 3
        places.append("".join(sorted(set(shown))))
    assert sorted(places) == ["0", "1"]


def test_torn_apart_a_notebook_would_fail(tmp_path):
    """The guard itself: dealt out one by one, a cell misses what went before."""
    (tmp_path / "lab.ipynb").write_text(NOTEBOOK)
    assert "NameError" in in_two(tmp_path, "--dist=load")


def test_make_test_starts_two():
    """A third would load all that the others have; and ARGS has the last word."""
    assert "-m pytest -n 2 $(ARGS)\n" in (ROOT / "Makefile").read_text("utf8")


def test_what_is_shared_is_made_once(tmp_path):
    """Two ask at the same time: one makes it, both find it whole."""
    made, found = [], []

    def make(target: Path) -> None:
        made.append(target)
        target.mkdir()
        time.sleep(0.1)
        (target / "index.html").touch()

    def ask() -> None:
        found.append((once(tmp_path / "site", make) / "index.html").is_file())

    both = [threading.Thread(target=ask) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(made) == 1
    assert found == [True, True]


def test_what_failed_is_not_shared(tmp_path):
    """The next one that asks tries again, and is not given half a site."""

    def fail(target: Path) -> None:
        target.mkdir(exist_ok=True)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once(tmp_path / "site", fail)
        assert not (tmp_path / "site").exists()


def test_an_example_may_take_its_time():
    """Hypothesis would fail what is slow because the machine is busy."""
    assert settings().deadline is None
