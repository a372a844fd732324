"""A mistake in docs, snippets or code stops the build with a message of one line."""

import pytest

from tests.conftest import build

# Early in the alphabet: pages are built in that order, and the first error stops it.
PAGE = "docs/foundations/attention-masks.md"
FORMULAS = "docs/foundations/objectives-beyond-masking.md"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (PAGE, 'mask = "block_causal(2)"', 'msk = "block_causal(2)"',
         "line 120: figure fence: takes one of the keys mask, view, digits, course, "
         "bands, field, strip; it has none (did you mean 'mask'?)"),
        (PAGE, 'mask = "block_causal(2)"', 'mask = "blck_causal(2)"',
         "docs/foundations/attention-masks.md, line 120: figure fence: mask: "
         "mask 'blck_causal(2)' is unknown; known are: causal, bidirectional"),
        (PAGE, 'mask = "block_causal(2)"', "mask = blck",
         "line 120: Invalid value"),
        (PAGE, 'ids = ["S29", "S35"]', 'ids = ["S29", "S35", "S99"]',
         "ids: no claim 'S99'"),
        (PAGE, "[@dong2019]", "[@nobody1900]",
         "citation 'nobody1900' is not in snippets/bibliography.toml"),
        ("docs/q39/separate-choices.md", 'name = "q39-axes"', 'name = "q39-axis"',
         "name: no table 'q39-axis'; known are bank, bibliography"),
        (PAGE, '"masks-layers"]', '"masks-layer"]', "ids: no question 'masks-layer'"),
        (FORMULAS, r"$\alpha = 1 - t$", r"$\alpah = 1 - t$",
         r"docs/foundations/objectives-beyond-masking.md, line 239: formula"),
        (FORMULAS, r"$\alpha = 1 - t$", r"$\alpha = {1 - t$", "braces do not match"),
        (PAGE, 'data-guess="Row', 'data-gues="Row',
         "docs/foundations/attention-masks.md, line 60: the attribute data-gues of "
         "this output: unknown (did you mean 'data-guess'?)"),
        (PAGE, "((causal & packed(3, 3)) & padding(5))\n✓ · · · · ·\n✓ ✓ · · · ·\n"
         "✓ ✓ ✓ · · ·\n· · · ✓ · ·\n· · · ✓ ✓ ·\n· · · ✓ ✓ ·\n", "",
         "docs/foundations/attention-masks.md, line 60: this question has no output"),
        (PAGE, "## A gallery", '--8<-- "absent.md"\n\n## A gallery',
         "absent.md"),
        ("snippets/claims/q39.toml", 'verdict = "too simple"', 'verdict = "meh"',
         "snippets/claims/q39.toml: S25: verdict: input should be 'holds'"),
        ("snippets/questions/q39.toml", "key_points", "keypoints",
         "snippets/questions/q39.toml: q39-thirty-seconds: keypoints: unknown key"),
        ("snippets/tables/q39-comparison.toml", 'sources = ["yang2019, section 2.1"]',
         'tests = ["test_masks.py::test_absent"]',
         "autoencoding (BERT): test 'test_masks.py::test_absent' does not exist"),
        ("snippets/claims/q19.toml", r"\\mathbb{R}^K", r"\\mathbbb{R}^K",
         "snippets/claims: S21: formula"),
        ("snippets/tables/q39-comparison.toml", 'mask = "causal"', 'mask = "cosal"',
         "Attention, six tokens, Autoregressive (GPT): mask 'cosal' is unknown"),
        ("snippets/cheat-sheet.toml", 'tex = \'P', 'tex = \'Q',
         "cheat-sheet.toml: q19: formula"),
        ("docs/q19/data-and-use.md",
         "[=review_classifiers/imdb", "[=review_classifiers/x",
         "is not recorded; there is"),
        ("snippets/bibliography.toml", "https://", "http://",
         "url: string should match"),
        ("src/paradigms/experiments/results/targets_per_pass.json", '"rows"', '"rows',
         "results/targets_per_pass.json is not JSON; run: make measure"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_build_with_one_line(broken, file, old, new, message):
    """Each message names file, line or key; none is swallowed, none is a traceback."""
    output = broken(file, old, new)
    assert any(message.lower() in line.lower() for line in output.splitlines()), output
    assert "Traceback" not in output
    if message.startswith("snippets/"):  # it names no page: the mistake is elsewhere
        assert "ERROR   -  docs/" not in output


def test_a_dead_link_or_anchor_stops_the_build(broken):
    """Also an anchor that a fence would have to generate."""
    output = broken("docs/index.md", "reference/claims.md", "reference/claims.md#s99")
    assert "does not contain an anchor '#s99'" in output


def test_a_drawing_that_raises_stops_the_build(broken):
    """Superfences would swallow it and show the source; the adapter does not."""
    output = broken(
        "src/paradigms/site/drawing/svg.py",
        "    if not rows",
        "    1 / 0\n    if not rows",
    )
    assert "division by zero" in output


def test_superfences_does_swallow_other_errors(sources):
    """Negative control: raised as any other exception, the mistake goes through."""
    errors = sources / "src/paradigms/site/markdown/errors.py"
    text = errors.read_text("utf8")
    errors.write_text(
        text.replace(
            "class PageError(SuperFencesException, BuildError)",
            "class PageError(BuildError)",
        ),
        "utf8",
    )
    page = sources / PAGE
    page.write_text(
        page.read_text("utf8").replace('mask = "block_causal(2)"', 'msk = "cross"')
    )
    assert build(sources, sources / "site").returncode == 0


def test_files_that_editors_leave_are_ignored(sources):
    """Locks, which lead nowhere, copies and drafts of pages, questions and programs."""
    assert build(sources, sources / "site").returncode == 0
    before = {path: path.read_bytes() for path in (sources / "site").rglob("*.html")}
    for name in ("docs/q39/cache.md", "docs/labs/mask-probe.ipynb",
                 "snippets/questions/decoding.toml", "snippets/claims/q39.toml",
                 "snippets/tables/q39-axes.toml", "tests/test_masks.py",
                 "snippets/whiteboard/top-k/wrong/k-too-large.py"):  # fmt: skip
        path = sources / name
        (path.parent / f".#{path.name}").symlink_to("someone@host.1234")
        for draft in (f".{path.name}", f".{path.name}.swp", f"{path.name}~"):
            (path.parent / draft).write_text("half a sent")
        (path.parent / f"#{path.name}#").write_text("half a sent")
    result = build(sources, sources / "site")
    assert result.returncode == 0, result.stdout
    after = {path: path.read_bytes() for path in (sources / "site").rglob("*.html")}
    assert after == before


def test_a_draft_that_is_not_hidden_is_a_page(sources):
    """Negative control: it stops the build, since it stands nowhere."""
    (sources / "docs/q39/draft.md").write_text("half a sent")
    result = build(sources, sources / "site")
    assert "docs/q39/draft.md: level: missing" in result.stdout


def test_pages_without_addresses_of_folders_are_refused(broken):
    """Scripts and links of tools lead to folders."""
    output = broken("mkdocs.yml", "strict: true", "use_directory_urls: false")
    assert "mkdocs.yml: use_directory_urls: the scripts link to folders" in output
    assert "Traceback" not in output
