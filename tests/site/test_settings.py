"""Pages, notebooks and labs pass on other processors and other numbers of threads.

The variables restrict the instruction sets and threads of the numerical libraries,
which read them once, at import: hence a process for each setting.
"""

import os
import subprocess
import sys

import pytest
import torch

from paradigms.experiments.runner.provenance import AVX2
from paradigms.experiments.runner.provenance import SETTINGS as VARIABLES
from tests.conftest import BARE, ROOT, environment

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
THREADS = str(2 * CORES)
SETTINGS = {
    "the machine's own": {},
    "AVX2": AVX2,
    "SSE4.2": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        # MKL obeys the line above on Intel's processors only, OpenBLAS none of them.
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
    "one thread": {"OMP_NUM_THREADS": "1"},
    # Without the last, torch starts no more threads than there are cores.
    "more threads than cores": {
        "OMP_NUM_THREADS": THREADS,
        "MKL_NUM_THREADS": THREADS,
        "MKL_DYNAMIC": "FALSE",
    },
}
# A worker of `pytest -n` runs everything with one thread, unless told otherwise: the
# pages and parity tests run there with all instructions of the machine, and below with
# twice as many threads as cores. So the first setting and one thread are not repeated.
ONE_THREAD = (
    "PYTEST_XDIST_WORKER" in os.environ and os.environ["OMP_NUM_THREADS"] == "1"
)
REPEATED = {"the machine's own", "one thread"} if ONE_THREAD else set()
NEEDS = {"AVX2": "avx2", "SSE4.2": "sse4_2"}  # as torch names what a processor has
REPORT = """
import torch
x = torch.arange(90_000, dtype=torch.float64).reshape(300, 300).sin().float()
product = hash((x @ x).numpy().tobytes()), hash((x.numpy() @ x.numpy()).tobytes())
print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), *product)
"""
COMPUTED = (
    "docs", "README.md", "tests/models/test_logistic_regression_parity.py",
    "tests/models/test_naive_bayes_parity.py",
    "tests/models/test_discriminant_analysis.py", "tests/models/test_svm.py",
    "tests/site/test_notebooks.py::test_a_notebook_is_valid_and_runs_as_stored",
)  # fmt: skip


def missing(setting: str) -> str | None:
    """Why this processor cannot run a setting, which torch would ignore or crash on."""
    capability = NEEDS.get(setting)
    available = torch.cpu.get_capabilities()
    if capability is None or available.get(capability):
        return None
    return f"not run: {available['cpu_name']} has no {setting}"


def environment_of(setting: str) -> dict[str, str]:
    """The environment of the tests, with the variables of that setting alone.

    The machine's own setting keeps the inherited variables, except the single thread
    that a worker of `pytest -n` sets itself.
    """
    inherited = environment(ROOT)
    variables = SETTINGS[setting]
    excluded = set(VARIABLES) if variables else set()
    if ONE_THREAD:
        excluded.add("OMP_NUM_THREADS")
    remaining = {key: inherited[key] for key in inherited if key not in excluded}
    return {
        key: remaining[key] for key in remaining if not key.startswith("PYTEST_")
    } | variables


def run(setting: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `python arguments` in a new process, under a setting.

    Skips the test, with the reason, where the processor lacks it.
    """
    reason = missing(setting)
    if reason:
        pytest.skip(reason)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment_of(setting) | more,
        capture_output=True,
        text=True,
        check=False,
    )


def failure(setting: str, *paths: str, **more: str) -> str | None:
    """The output of pytest on these paths under a setting, if a test fails."""
    result = run(setting, "-m", "pytest", "-q", *BARE, *paths, **more)
    if result.returncode == 0:
        return None
    return (
        f"Under the setting {setting!r}:\n"
        f"{result.stdout[-6000:]}{result.stderr[-2000:]}"
    )


@pytest.mark.parametrize("setting", [key for key in SETTINGS if key not in REPEATED])
def test_what_is_computed_holds_under(setting, site):
    """Every page, README, notebook, lab and parity test of the classifiers passes."""
    report = failure(setting, *COMPUTED, BUILT_SITE=str(site))
    assert not report, report


def test_the_settings_take_effect():
    """Torch reports the instruction set and threads; products round differently.

    On x86, torch multiplies with MKL and NumPy with OpenBLAS.
    """
    reports = {
        setting: run(setting, "-c", REPORT, PYTHONHASHSEED="0").stdout.split()
        for setting in SETTINGS
        if not missing(setting)
    }
    assert reports["one thread"][1] == "1"
    assert int(reports["more threads than cores"][1]) > CORES
    for setting, name in (("AVX2", "AVX2"), ("SSE4.2", "DEFAULT")):
        assert reports.get(setting, [name])[0] == name
    if "SSE4.2" in reports:
        default, restricted = reports["the machine's own"], reports["SSE4.2"]
        assert default[2] != restricted[2]
        assert default[3] != restricted[3]


def test_a_page_that_depends_on_the_setting_fails_and_names_it(tmp_path):
    """Negative control: the number of threads printed on a page."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nimport torch\n\nprint(torch.get_num_threads(), 'threads')\n```\n\n"
        '```text title="Output"\n1 threads\n```\n'
    )
    options = (f"--rootdir={tmp_path}", "-c", str(ROOT / "pyproject.toml"), str(page))
    assert failure("one thread", *options) is None
    report = failure("more threads than cores", *options)
    assert "Under the setting 'more threads than cores':" in report
    assert "expected '1 threads'" in report


def test_a_setting_that_the_processor_lacks_is_not_counted_as_passed(monkeypatch):
    """It is skipped, and the reason names processor and setting."""
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: {"cpu_name": "Old", "avx2": False}
    )
    with pytest.raises(pytest.skip.Exception, match="not run: Old has no AVX2"):
        run("AVX2", "-c", REPORT)
