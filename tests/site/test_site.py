"""The built site: complete, reproducible, without torch or dead links."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.conftest import ROOT, environment, forked, nbval


def settings() -> dict:
    """mkdocs.yml as data, tags such as !ENV left out."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("", lambda *_: None)
    return yaml.load((ROOT / "mkdocs.yml").read_text("utf8"), Loader)


def pages_of(nav: list) -> list[str]:
    """Every page of a navigation, in order."""
    pages = []
    for entry in nav:
        target = next(iter(entry.values())) if isinstance(entry, dict) else entry
        pages += pages_of(target) if isinstance(target, list) else [target]
    return pages


def test_the_site_builds_without_torch(site):
    """A strict build, in which importing torch is an error, has every page."""
    for page in [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]:
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        assert (site / name.removesuffix("index") / "index.html").is_file(), name


def test_a_build_that_needs_torch_would_fail(broken):
    """Negative control: a figure that imports torch stops this build."""
    output = broken(
        "src/paradigms/site/drawing/svg.py", '"""Drawings', 'import torch\n"""Drawings'
    )
    assert "torch" in output


def test_quiet_would_hide_warnings_from_strict(tmp_path):
    """Why the Makefile never says --quiet: with it, a dead anchor goes through."""
    assert "--quiet" not in re.sub(r"#.*", "", (ROOT / "Makefile").read_text()).replace(
        "pip install --quiet", ""
    )
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: One page\nplugins: []\nvalidation: {anchors: warn}\n"
    )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[Into the air](#nowhere)\n")
    loud = forked("site", tmp_path, "mkdocs", "build", "--strict")
    quiet = forked("site", tmp_path, "mkdocs", "build", "--strict", "--quiet")
    assert (loud.returncode, quiet.returncode) == (1, 0)
    assert "nowhere" in loud.stdout


def test_every_link_and_anchor_resolves(site):
    """On the built pages lychee finds no dead link, also in generated HTML."""
    result = lychee(site)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_dead_anchor_in_generated_html_is_found(site, tmp_path):
    """Negative control: the bibliography without one of its anchors."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    page = copy / "reference/bibliography/index.html"
    page.write_text(page.read_text("utf8").replace('id="devlin2019"', 'id="x"'), "utf8")
    assert "devlin2019" in lychee(copy).stdout


def lychee(folder: Path) -> subprocess.CompletedProcess[str]:
    """The link checker on a built site."""
    program = Path(sys.executable).parent / "lychee"
    return subprocess.run(
        [
            str(program),
            "--offline",
            "--include-fragments",
            "--index-files",
            "index.html",
            "--root-dir",
            str(folder),
            "--no-progress",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_figures_are_drawn(site):
    """Inline SVG, not wrapped in a paragraph."""
    html = (site / "q39/index.html").read_text("utf8")
    assert html.count('<svg class="mask"') >= 6
    assert "<p><svg" not in html
    assert "<p><figure" not in html


def test_formulas_are_mathml(site):
    """Built in: no script, no TeX left on the page."""
    html = (site / "q39/index.html").read_text("utf8")
    assert html.count("<math") >= 1
    assert r"\prod" not in html
    assert "mathjax" not in html.lower()


def test_style_sheets_are_sent_without_comments(site):
    """They keep all rules of the sources and none of the comments."""
    for source in (ROOT / "docs/stylesheets").glob("*.css"):
        minified, original = (
            (site / "stylesheets" / source.name).read_text("utf8"),
            source.read_text("utf8"),
        )
        assert "/*" not in minified
        assert minified.count("{") == re.sub(r"/\*.*?\*/", "", original).count("{") > 0


def test_scripts_are_sent_without_comments(site):
    """Those of this project; libraries are sent as they came."""
    for source in (ROOT / "docs/javascripts").glob("*.js"):
        sent = (site / "javascripts" / source.name).read_text("utf8")
        assert not re.search(r"(?m)^\s*//", sent)
        assert 0.3 < len(sent) / len(source.read_text("utf8")) < 1
    for source in (ROOT / "docs/javascripts/vendor").glob("*.js"):
        sent = site / "javascripts/vendor" / source.name
        assert sent.read_bytes() == source.read_bytes()


def test_notebooks_are_shown_as_stored():
    """The build never executes them, and fails on an error in one."""
    entries = [entry for entry in settings()["plugins"] if isinstance(entry, dict)]
    plugins = {name: options for entry in entries for name, options in entry.items()}
    options = plugins["mkdocs-jupyter"]
    assert options["execute"] is False
    assert options["allow_errors"] is False
    assert options["include"] == ["*.ipynb"]
    for path in (ROOT / "docs/labs").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf8"))["cells"]
        assert len({cell["id"] for cell in cells}) == len(cells)
        assert any(cell.get("outputs") for cell in cells)


def test_a_notebook_is_executed_and_compared(tmp_path):
    """A changed output and a cell that raises: each fails, and its cell is named."""
    text = (ROOT / "docs/labs/mask-probe.ipynb").read_text("utf8")
    (tmp_path / "stale.ipynb").write_text(text.replace("prefix_lm(3)", "prefix_lm(4)"))
    (tmp_path / "raises.ipynb").write_text(
        text.replace('measure(\\"causal\\")', "1 / 0")
    )
    for name in ("stale", "raises"):
        result = nbval(tmp_path, f"{name}.ipynb")
        assert result.returncode == 1, result.stdout
        assert re.search(r"Cell \d", result.stdout)


def test_builds_are_the_same_in_another_folder(site, sources):
    """Pages are equal byte for byte: they depend on neither machine nor time."""
    target = sources / "site"
    shutil.rmtree(sources / ".cache")  # rebuilt
    # In a new process: forks of one process share the hash seed, so the order of sets.
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(target)],
        cwd=sources,
        env=environment(sources),
        check=True,
        capture_output=True,
    )
    for path in site.rglob("*.html"):
        assert path.read_bytes() == (target / path.relative_to(site)).read_bytes(), path
