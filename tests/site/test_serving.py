"""`make site` and `make serve`: no partial site, and what each needs."""

import shutil
import subprocess

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
    done = (".venv/site.done", "node_modules/.package-lock.json")
    make = ["make", *(word for name in done for word in ("-o", name)), "site"]
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


@pytest.mark.parametrize(
    ("target", "needs_npm"), [("serve", False), ("site", True), ("npm", True)]
)
def test_serving_needs_no_npm(tmp_path, target, needs_npm):
    """`make npm` brings the Python of the page for those who serve."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "package.json",
                 "package-lock.json"):  # fmt: skip
        shutil.copy(ROOT / name, tmp_path / name)
    result = subprocess.run(
        ["make", "-n", target],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "install" in result.stdout
    assert ("npm ci" in result.stdout) == needs_npm
