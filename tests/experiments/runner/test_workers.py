"""Worker processes, here and on a cluster, give the rows of one process."""

import importlib
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import Popen

import dask
import pytest
from distributed import LocalCluster

from paradigms.experiments.outcome import Outcome
from paradigms.experiments.runner import workers
from paradigms.experiments.runner.resume import ResumableRun, serial_map
from paradigms.experiments.runner.workers import Workers, check_worker
from tests.conftest import ROOT
from tests.experiments.runner.parts import IDENTITY, fatal, half, slow

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
    with Workers(2).run():
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
    with Workers(scheduler=scheduler).run():
        parallel = outcome("lab_networks", tmp_path / "x.parts")
    assert parallel == outcome("lab_networks")


def test_a_worker_of_a_cluster_that_dies_keeps_what_was_finished(cluster, tmp_path):
    """One line says what to do; only the unfinished parts are done again."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    with (
        pytest.raises(ValueError, match=r"the cluster lost a worker .*: see that") as e,
        Workers(scheduler=cluster.scheduler_address).run(),
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
        Workers(scheduler=address).run(),
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
        Workers(scheduler=empty.scheduler_address).run(),
    ):
        pass


def test_workers_that_could_give_other_rows_are_refused():
    """Another processor, instruction set, code or library."""
    here = workers.identity()
    assert set(here) == {
        "processor", "instruction set", "settings", "libraries", "code"
    }  # fmt: skip
    check_worker("b", here, here)
    for key in here:
        with pytest.raises(ValueError, match=rf"worker at b has another {key} \(x\)"):
            check_worker("b", here | {key: "x"}, here)


def test_a_cluster_with_other_settings_is_refused(cluster, monkeypatch):
    """Before any part is run."""
    with monkeypatch.context() as patch:
        patch.setenv("MKL_CBWR", "COMPATIBLE")
        workers.identity.cache_clear()
        with (
            pytest.raises(ValueError, match=r"worker at tcp://.* has another settings"),
            Workers(scheduler=cluster.scheduler_address).run(),
        ):
            pass
    workers.identity.cache_clear()


def test_a_worker_whose_parts_share_a_process_is_refused(tmp_path):
    """Its threads would draw from one generator of random numbers."""
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address="127.0.0.1:0",
        ) as threads,
        pytest.raises(ValueError, match=r"has 2 threads.*`--nthreads 1`"),
        Workers(scheduler=threads.scheduler_address).run(),
        ResumableRun(tmp_path / "x.parts", IDENTITY) as run,
    ):
        run.each([0, 1], partial(half, tmp_path / "log"))


@contextmanager
def dask_process(kind: str, *options: str, **variables: str) -> Iterator[Popen]:
    """A scheduler or a worker in a process of its own, ended with the context."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
    process = Popen(
        [*command, "--host", "127.0.0.1", "--no-dashboard"],
        cwd=ROOT, env={**os.environ, **variables}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill_after_two_parts(process: Popen, folder: Path) -> None:
    """As soon as two parts are kept."""
    while len(list(folder.rglob("output.pkl"))) < 2:
        time.sleep(0.05)
    process.kill()


def check_resumed(folder: Path, log: Path, items: list[int]) -> None:
    """Only the unfinished parts are done again."""
    log.with_name("repaired").touch()
    log.unlink()
    with ResumableRun(folder, IDENTITY) as run:
        results = run.each(range(8), partial(slow, log))
    assert log.read_text().split() == [str(item) for item in items]
    assert results == serial_map(range(8), partial(half, log))


def test_a_worker_that_joins_later_is_compared_too(cluster, tmp_path):
    """Another one is refused at its first part; finished parts are kept."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    address = cluster.scheduler_address
    try:
        with (
            dask_process("worker", address, "--no-nanny", OMP_NUM_THREADS="3"),
            pytest.raises(ValueError, match=r"has another settings .*'3'") as error,
            Workers(scheduler=address).run(),
            ResumableRun(folder, IDENTITY) as run,
        ):
            run.each(range(8), partial(slow, log))
    finally:
        log.with_name("repaired").touch()  # ends the parts that wait
    assert "\n" not in str(error.value)


def test_a_scheduler_that_dies_keeps_what_was_finished(tmp_path, capfd):
    """One line, at once; nothing but the unfinished parts is done again."""
    folder, log = tmp_path / "x.parts", tmp_path / "log"
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with (
        dask_process("scheduler", "--port", str(port)) as scheduler,
        dask_process("worker", address, "--no-nanny", "--nthreads", "1"),
        ThreadPoolExecutor(1) as thread,
    ):
        thread.submit(kill_after_two_parts, scheduler, folder)
        with (
            pytest.raises(ValueError, match="lost a worker or its scheduler") as error,
            Workers(scheduler=address).run(),
            ResumableRun(folder, IDENTITY) as run,
        ):
            run.each(range(8), partial(slow, log))
    assert "\n" not in str(error.value)
    assert "Traceback" not in capfd.readouterr().err
    check_resumed(folder, log, [2, 3, 4, 5, 6, 7])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--processes", "0"], "PROCESSES must be at least 1: 0"),
        (["--scheduler", ""], "BACKEND=dask needs a SCHEDULER=tcp://HOST:PORT"),
        (
            ["--scheduler", "tcp://a:1", "--processes", "2"],
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


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        (["PROCESSES=2"], ["--processes", "2"]),
        (["SCHEDULER=tcp://a:1"], ["--scheduler", "tcp://a:1"]),
        (["BACKEND=dask", "SCHEDULER=tcp://a:1"], ["--scheduler", "tcp://a:1"]),
        (["BACKEND=dask"], ["--scheduler", ""]),
    ],
)
def test_make_measure_takes_a_cluster(variables, options):
    """`make measure` hands its variables on; an address alone implies Dask."""
    process = subprocess.run(
        ["make", "-n", "--no-print-directory", "-o", ".venv/test.done", "measure",
         "NAME=systems", *variables],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shlex.split(process.stdout)[3:] == ["measure", *options, "systems"]
