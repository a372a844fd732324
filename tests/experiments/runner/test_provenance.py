"""Provenance of records: processor, instruction set, threads, library versions."""

from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from paradigms.experiments.records import load, speeds
from paradigms.experiments.runner.provenance import SETTINGS, machine, sources, versions
from paradigms.experiments.runner.run import names


@pytest.mark.parametrize("name", names())
def test_a_record_says_where_it_was_made(name):
    """The processor, the instruction set of torch, one thread, no settings."""
    record = load(name)
    assert record.processor.endswith("cores")
    assert record.instruction_set in {"DEFAULT", "AVX2", "AVX512", "SVE256", "VSX"}
    assert record.threads == 1
    assert record.settings == {}
    assert set(record.versions) == set(versions(sources("experiments", name)))


def test_benchmarks_say_it_too():
    """Benchmarks record instruction set, threads and versions too."""
    for name, record in speeds().items():
        assert record.instruction_set in {"DEFAULT", "AVX2", "AVX512", "SVE256"}
        assert record.threads > 0
        assert set(record.versions) == set(
            versions(sources("evaluation/benchmarks", name))
        )


def test_the_machine_is_described(monkeypatch):
    """Threads and capability as torch reports them, and environment settings."""
    for key in SETTINGS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    description = machine()
    assert description["threads"] == torch.get_num_threads()
    assert description["instruction_set"] == torch.backends.cpu.get_cpu_capability()
    assert description["settings"] == {"ATEN_CPU_CAPABILITY": "avx2"}
    assert torch.cpu.get_capabilities()["architecture"] in description["processor"]


def test_every_library_of_a_row_is_named():
    """Libraries imported directly or indirectly, and their dependencies."""
    libraries = load("systems").versions
    for library in ("torch", "transformers", "diffusers", "scikit-learn", "scipy",
                    "numpy"):  # fmt: skip
        assert library in libraries
    assert "accelerate" in load("transfer").versions
    assert "scikit-learn" not in load("targets_per_pass").versions


def test_versions_are_read_from_the_imports(tmp_path):
    """Negative control: a new import adds a library; the standard library adds none."""
    path = tmp_path / "module.py"
    path.write_text("import os\nfrom paradigms import masks\nfrom . import x\n")
    assert set(versions([path])) == {"python"}
    path.write_text("import sklearn.svm as svm\n")
    assert versions([path, Path(__file__)]).keys() == {
        "python", "scikit-learn", "numpy", "scipy", "torch", "pytest",
    }  # fmt: skip
    assert versions([path])["scikit-learn"] == version("scikit-learn")
