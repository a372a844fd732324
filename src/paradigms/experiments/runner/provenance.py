"""Where a record was made: processor, instruction set, threads, library versions."""

import ast
import os
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
from typing import Any

import torch
from packaging.requirements import Requirement

from paradigms._files import PACKAGE

# A process reads them once, when torch is loaded: each chooses the instructions or the
# threads of one of the libraries below torch.
SETTINGS = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MKL_DYNAMIC",
    "MKL_CBWR",
    "OPENBLAS_CORETYPE",
)

# They restrict torch, oneDNN and, on Intel's processors, MKL to AVX2.
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


def machine() -> dict[str, Any]:
    """Processor, the instruction set that torch uses, threads, and settings if any.

    A setting is an environment variable that restricts instructions or threads.
    """
    return {
        "processor": processor(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "settings": {key: os.environ[key] for key in SETTINGS if key in os.environ},
    }


def processor() -> str:
    """Its name as torch's cpuinfo reports it, its architecture and number of cores."""
    cpu = torch.cpu.get_capabilities()
    return f"{cpu['cpu_name']}, {cpu['architecture']}, {os.cpu_count()} cores"


def versions(files: Iterable[Path]) -> dict[str, str]:
    """Python, and every installed library that these source files import.

    With a library come the NumPy and SciPy that it requires.
    """
    direct = {name for file in files for name in _libraries(file)}
    built_on = {name for library in direct for name in _requirements(library)}
    names = sorted(direct | (built_on & {"numpy", "scipy"}))
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: version(name) for name in names},
    }


def sources(folder: str, *names: str) -> list[Path]:
    """Modules of `experiments` or `benchmarks`, and every module here they import."""
    visited: set[Path] = set()
    pending = [PACKAGE / folder / f"{name}.py" for name in names]
    while pending:
        path = pending.pop()
        if path.is_file() and path not in visited:
            visited.add(path)
            for module in imports(path):
                stem = PACKAGE.joinpath(*module.split(".")[1:])
                pending += [stem.with_suffix(".py"), stem / "__init__.py"]
    return sorted(visited)


def imports(path: Path) -> set[str]:
    """The modules of this package that a file imports, read without running it."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "paradigms"
        ):
            modules.add(node.module or "")
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {a.name for a in node.names if a.name.startswith("paradigms")}
    return modules


def _libraries(file: Path) -> set[str]:
    """The distributions that a source file imports, read without running it."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add((node.module or "").partition(".")[0])
    modules -= {*sys.stdlib_module_names, "paradigms"}
    return {_distributions()[name][0] for name in modules}


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _requirements(library: str) -> set[str]:
    """What a distribution always requires: optional requirements are left out."""
    needs = map(Requirement, requires(library) or [])
    return {
        need.name
        for need in needs
        if need.marker is None or need.marker.evaluate({"extra": ""})
    }
