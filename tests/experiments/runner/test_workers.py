"""Worker processes, here and on a cluster, give the rows of one process."""

import importlib
import socket
import subprocess
from functools import partial
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner import workers
from paradigms.experiments.runner.resume import ResumableRun, serial_map
from paradigms.experiments.runner.workers import Workers, check_workers, descriptions
from tests.conftest import ROOT
from tests.experiments.runner.parts import IDENTITY, fatal, half

# With a cache of data, a network, or a generator of random numbers for many parts.
pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = (
    "boundaries",
    "calibration",
    "lab_networks",
    "missing_features",
    "published_sizes",
    "sentence_pairs",
    "shifted_classes",
    "systems",
)


def outcome(name: str, path: Path | None = None) -> object:
    """What a small version of an experiment returns; with a path, by workers."""
    module = importlib.import_module(f"paradigms.experiments.{name}")
    config = module.smaller()
    if path is None:
        result = module.run(config, serial_map)
    else:
        with ResumableRun(path, IDENTITY) as run:
            result = module.run(config, run.each)
    if isinstance(result, Outcome) and result.networks:
        return result.rows, {
            name: {key: value.tolist() for key, value in parameters.items()}
            for name, parameters in result.networks.items()
        }
    return result


@pytest.mark.parametrize("name", SMALL)
def test_processes_give_the_rows_of_one(name, tmp_path):
    """No part depends on what another has left behind."""
    with Workers(2).started([]):
        parallel = outcome(name, tmp_path / "x.parts")
    assert parallel == outcome(name)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes with one thread each, reached by this machine alone."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield cluster


def test_a_cluster_gives_the_rows_of_one_process(cluster, tmp_path):
    """Each worker has the code and the processor of this process."""
    scheduler = cluster.scheduler_address
    with Workers(scheduler=scheduler).started(["lab_networks"]):
        parallel = outcome("lab_networks", tmp_path / "x.parts")
    assert parallel == outcome("lab_networks")


def test_a_worker_of_a_cluster_that_dies_keeps_what_was_finished(cluster, tmp_path):
    """One line says what to do; only the unfinished parts are done again."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    with (
        pytest.raises(ValueError, match=r"the cluster lost a worker .*: see that") as e,
        Workers(scheduler=cluster.scheduler_address).started([]),
        ResumableRun(folder, IDENTITY) as run,
    ):
        run.each([0, 1, 2], partial(fatal, log))
    assert "\n" not in str(e.value)
    log.unlink()
    with ResumableRun(folder, IDENTITY) as run:
        results = run.each([0, 1, 2], partial(half, log))
    assert log.read_text() == "2\n"
    assert results == serial_map([0, 1, 2], partial(half, log))


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "nonsense://"])
def test_a_scheduler_that_is_not_there_is_named(address, monkeypatch):
    """One line, within the time limit."""
    address = address.format(port=free_port())
    monkeypatch.setattr(workers, "TIMEOUT", 1)
    with (
        pytest.raises(ValueError, match="there is no Dask scheduler at ") as error,
        Workers(scheduler=address).started([]),
    ):
        pass
    assert address in str(error.value)
    assert "start one with `dask scheduler`" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    """The error has the command that starts one."""
    monkeypatch.setattr(workers, "TIMEOUT", 1)
    with (
        LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as empty,
        pytest.raises(ValueError, match="has no workers: start some with `dask worker"),
        Workers(scheduler=empty.scheduler_address).started([]),
    ):
        pass


def test_workers_that_could_give_other_rows_are_refused():
    """Another processor, instruction set or code; or threads that share draws."""
    here = descriptions(["lab_networks"])
    assert set(here) == {
        "processor",
        "instruction set",
        "settings",
        "libraries of lab_networks",
        "code of lab_networks",
    }
    check_workers({"a": here, "b": here}, {"a": 1, "b": 1}, here)
    for key in here:
        with pytest.raises(ValueError, match=f"worker at b has another {key} \\(x\\)"):
            check_workers({"a": here, "b": here | {key: "x"}}, {"a": 1, "b": 1}, here)
    with pytest.raises(ValueError, match=r"at b has 2 threads.*`--nthreads 1`"):
        check_workers({"a": here, "b": here}, {"a": 1, "b": 2}, here)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--processes", "0"], "PROCESSES must be at least 1: 0"),
        (["--backend", "dask"], "needs both: BACKEND=dask SCHEDULER=tcp://HOST:PORT"),
        (["--scheduler", "tcp://a:1"], "needs both: BACKEND=dask"),
        (
            ["--backend", "dask", "--scheduler", "tcp://a:1", "--processes", "2"],
            "a cluster has its own number of PROCESSES",
        ),
        (["target_per_pass"], "no experiment 'target_per_pass'"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, message, capsys):
    """Before anything is measured."""
    from paradigms.__main__ import main  # noqa: PLC0415 - imports the whole site

    assert main(["measure", *options]) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1


def test_make_measure_takes_a_cluster():
    """`make measure` hands its variables on."""
    process = subprocess.run(
        ["make", "-n", "--no-print-directory", "-o", ".venv/test.done", "measure",
         "PROCESSES=2", "BACKEND=dask", "SCHEDULER=tcp://a:1", "NAME=systems"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert process.stdout.split()[3:] == [
        "measure", "--processes", "2", "--backend", "dask", "--scheduler", "tcp://a:1",
        "systems",
    ]  # fmt: skip
