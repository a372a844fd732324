"""The processes that run the parts of experiments: on this machine, or on a cluster.

Either is a context in which joblib runs parts.  Without one, they run in this process.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from joblib import parallel_config, register_parallel_backend
from joblib._dask import DaskDistributedBackend

from paradigms._files import PACKAGE
from paradigms.experiments.runner import provenance

TIMEOUT = 10  # seconds to wait for a scheduler, and for its first worker


@dataclass(frozen=True)
class Workers:
    """Worker processes of this machine, as many as cores, or those of a Dask cluster.

    `scheduler` is the address of the cluster's scheduler.
    Errors: ValueError for fewer than one process, or an empty address.
    """

    processes: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.processes is not None and self.processes < 1:
            raise ValueError(f"PROCESSES must be at least 1: {self.processes}")
        if self.scheduler == "":
            raise ValueError("BACKEND=dask needs a SCHEDULER=tcp://HOST:PORT")
        if self.processes is not None and self.scheduler is not None:
            raise ValueError("a cluster has its own number of PROCESSES: leave it out")

    @contextmanager
    def run(self) -> Iterator[None]:
        """A context in which joblib uses these processes."""
        if self.scheduler is not None:
            with _cluster(self.scheduler):
                yield
        else:
            processes = self.processes or os.cpu_count()
            with (
                warnings.catch_warnings(),
                parallel_config("loky", n_jobs=processes, inner_max_num_threads=1),
            ):
                # A worker that holds much memory, as of data, is replaced by a new one.
                warnings.filterwarnings("ignore", "A worker stopped while some jobs")
                yield


class _DaskBackend(DaskDistributedBackend):  # type: ignore[misc]  # it has no types
    """joblib's, with a check of the worker before each part: some join in mid-run.

    joblib's (in 1.6.0) runs parts in this process if there is one worker so far, and
    waits for ever for a part whose worker was lost.
    """

    def effective_n_jobs(self, n_jobs: int) -> int:
        workers: int = super().effective_n_jobs(n_jobs)
        return max(2, workers)

    async def _to_func_args(self, func: Any) -> Any:
        batch, tasks = await super()._to_func_args(func)
        return _CheckedBatch(batch, identity()), tasks

    def submit(self, func: Any, callback: Callable[[Any], None]) -> Any:
        future = super().submit(func, callback)
        future.add_done_callback(
            lambda done: callback(done) if done.exception() else None
        )
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, Future):
            return out.result()  # raises what the scheduler says
        return super().retrieve_result_callback(out)


@dataclass(frozen=True, repr=False)
class _CheckedBatch:
    """Parts that run only on a worker with the identity of the client."""

    batch: Any
    client: dict[str, str]

    def __call__(self, tasks: Any) -> Any:
        from distributed import get_worker  # noqa: PLC0415 - only for a cluster

        worker = get_worker()
        check_worker(worker.address, identity(), self.client)
        if worker.state.nthreads != 1:
            raise ValueError(
                f"the worker at {worker.address} has {worker.state.nthreads} threads, "
                "whose parts would share random numbers: start it with `--nthreads 1`"
            )
        return self.batch(tasks)


@contextmanager
def _cluster(scheduler: str) -> Iterator[None]:
    """Errors: ValueError if it cannot be reached, or its workers are not like us."""
    from distributed import Client, KilledWorker  # noqa: PLC0415 - only for a cluster
    from distributed.comm.core import CommClosedError  # noqa: PLC0415 - the same

    # What it logs of a lost scheduler is pages long; an error says it in a line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"there is no Dask scheduler at {scheduler} ({error}): start one with "
            "`dask scheduler`, and give the address that it prints"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=TIMEOUT)
        except TimeoutError:
            raise ValueError(
                f"the scheduler at {scheduler} has no workers: start some with "
                f"`dask worker {scheduler} --nthreads 1`"
            ) from None
        try:
            client.run_on_scheduler(identity)  # it reads the parts, too
        except ModuleNotFoundError as error:
            raise _not_installed(scheduler, error) from None
        for address, worker in client.run(identity, on_error="return").items():
            if isinstance(worker, Exception):
                raise _not_installed(address, worker)
            check_worker(address, worker, identity())
        register_parallel_backend("paradigms-dask", _DaskBackend)
        try:
            with parallel_config("paradigms-dask"):
                yield
        except (KilledWorker, CommClosedError, CancelledError) as error:
            raise ValueError(
                f"the cluster lost a worker or its scheduler ({type(error).__name__}): "
                "see that both run, then measure again; finished parts are not redone"
            ) from None


def _not_installed(address: str, error: Exception) -> ValueError:
    return ValueError(
        f"{address} lacks a package ({error}): run `pip install -e '.[cluster]'` there"
    )


@cache  # a process keeps the code that it has loaded
def identity() -> dict[str, str]:
    """What must be the same in every process of a run."""
    experiments = [path.stem for path in (PACKAGE / "experiments").glob("*.py")]
    files = provenance.sources("experiments", *experiments)
    code = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    machine = provenance.machine()
    return {
        "processor": machine["processor"],
        "instruction set": machine["instruction_set"],
        "settings": str(machine["settings"]),
        "libraries": str(provenance.versions(files)),
        "code": code.hexdigest()[:16],
    }


def check_worker(address: str, worker: dict[str, str], client: dict[str, str]) -> None:
    """Errors: ValueError for a worker that could give other rows than the client."""
    for key, value in client.items():
        if worker[key] != value:
            raise ValueError(
                f"the worker at {address} has another {key} ({worker[key]}) than the "
                f"process that measures ({value}): all must be the same"
            )
