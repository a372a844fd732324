"""`make site` and `make serve`: no partial site, and edits show up."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.conftest import ROOT, environment


def test_the_old_site_stays_until_the_new_one_is_whole(sources):
    """`make site` with a broken page fails and leaves the previous site as it was."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, sources / name)
    (sources / ".venv").symlink_to(ROOT / ".venv")
    (sources / "site").mkdir()
    (sources / "site/index.html").write_text("the old site")
    page = sources / "docs/q39/index.md"
    page.write_text(page.read_text("utf8").replace('"q39-axes"', '"q39-axis"'), "utf8")
    make = ["make", "-o", ".venv/site.done", "site"]
    result = subprocess.run(
        make,
        cwd=sources,
        env=environment(sources),
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert (sources / "site/index.html").read_text() == "the old site"
    page.write_text(page.read_text("utf8").replace('"q39-axis"', '"q39-axes"'), "utf8")
    subprocess.run(
        make, cwd=sources, env=environment(sources), check=True, capture_output=True
    )
    assert "Model Paradigms" in (sources / "site/index.html").read_text("utf8")


@pytest.fixture
def served(sources):
    """`mkdocs serve` on a copy of the sources; yields the folder and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "serve",
            "--livereload",
            "-a",
            f"127.0.0.1:{port}",
        ],
        cwd=sources,
        env=environment(sources),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield sources, f"http://127.0.0.1:{port}"
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=20)


def seconds_until(address: str, wanted: str) -> float:
    """Seconds until a page shows a text; AssertionError after 30."""
    start = time.monotonic()
    while time.monotonic() - start < 30:
        try:
            if wanted in urllib.request.urlopen(address, timeout=5).read().decode():
                return time.monotonic() - start
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"{wanted!r} did not appear at {address}")


def test_edits_of_pages_snippets_and_source_show_up(served):
    """Live reload: a page, a claim, and twice the code that draws."""
    folder, address = served
    drawing = "src/paradigms/site/drawing/svg.py"
    seconds_until(f"{address}/q39/", "Autoregressive and autoencoding")
    for file, old, new, page in (
        ("docs/q39/index.md", "this at every level", "this at each level", "q39/"),
        (
            "snippets/claims/q39.toml",
            "The term names a factorisation, not a mask.",
            "The term names a factorisation and not a mask.",
            "q39/",
        ),
        (drawing, "may see →", "is allowed to see →", "q39/"),
        (drawing, "is allowed to see →", "can see →", "q39/"),
    ):
        path = folder / file
        path.write_text(path.read_text("utf8").replace(old, new), "utf8")
        print(f"{file}: {seconds_until(f'{address}/{page}', new):.2f} s")
