"""The processes that run the parts of experiments: on this machine, or on a cluster.

Either is a context in which joblib runs parts.  Without one, they run in this process.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from joblib import parallel_config, register_parallel_backend
from joblib._dask import DaskDistributedBackend

from paradigms.experiments.runner import provenance
from paradigms.experiments.runner.fingerprint import fingerprint

TIMEOUT = 10  # seconds to wait for a scheduler, and for its first worker


@dataclass(frozen=True)
class Workers:
    """Worker processes of this machine, as many as cores, or those of a Dask cluster.

    `scheduler` is the address of the cluster's scheduler.
    Errors: ValueError for fewer than one process.
    """

    processes: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.processes is not None and self.processes < 1:
            raise ValueError(f"PROCESSES must be at least 1: {self.processes}")
        if self.processes is not None and self.scheduler is not None:
            raise ValueError("a cluster has its own number of PROCESSES: leave it out")

    @contextmanager
    def started(self, experiments: list[str]) -> Iterator[None]:
        """A context in which joblib uses these processes for those experiments."""
        if self.scheduler is not None:
            with _cluster(self.scheduler, experiments):
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
    """joblib's, which (in 1.6.0) waits for ever for a part whose worker was lost."""

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


@contextmanager
def _cluster(scheduler: str, experiments: list[str]) -> Iterator[None]:
    """Errors: ValueError if it cannot be reached, or its workers are not like us."""
    from distributed import Client, KilledWorker  # noqa: PLC0415 - only for a cluster
    from distributed.comm.core import CommClosedError  # noqa: PLC0415 - the same

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
            workers = client.run(descriptions, experiments)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"a worker of {scheduler} lacks a package ({error}): run "
                "`pip install -e '.[cluster]'` there"
            ) from None
        check_workers(workers, client.nthreads(), descriptions(experiments))
        try:
            register_parallel_backend("paradigms-dask", _DaskBackend)
            with parallel_config("paradigms-dask"):
                yield
        except (KilledWorker, CommClosedError) as error:
            raise ValueError(
                f"the cluster lost a worker or its scheduler ({type(error).__name__}): "
                "see that both run, then measure again; finished parts are not redone"
            ) from None


def descriptions(experiments: list[str]) -> dict[str, str]:
    """What must be the same in every process of a run."""
    machine = provenance.machine()
    return {
        "processor": machine["processor"],
        "instruction set": machine["instruction_set"],
        "settings": str(machine["settings"]),
        **{
            f"libraries of {name}": str(
                provenance.versions(provenance.sources("experiments", name))
            )
            for name in experiments
        },
        **{
            f"code of {name}": fingerprint(f"experiments.{name}")
            for name in experiments
        },
    }


def check_workers(
    workers: dict[str, dict[str, str]], threads: dict[str, int], here: dict[str, str]
) -> None:
    """Errors: ValueError for a worker that could give other rows than this process.

    All by address: `workers` are descriptions, `threads` those that a worker shares
    among parts, which would share its random numbers, too.
    """
    for address, description in workers.items():
        for key, value in here.items():
            if description.get(key) != value:
                raise ValueError(
                    f"the worker at {address} has another {key} "
                    f"({description.get(key)}) than this process ({value}): all must "
                    "be the same"
                )
        if threads[address] != 1:
            raise ValueError(
                f"the worker at {address} has {threads[address]} threads, whose parts "
                "would share random numbers: start it with `--nthreads 1`"
            )
