"""The engine on Dask: workers of one thread each, on this machine or elsewhere.

No more hand-ins are on the cluster than there are workers, so that no other one is blamed
when a worker dies, and what waits stays unread on the disk.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import dask
from distributed import (
    Client,
    KilledWorker,
    LocalCluster,
    Scheduler,
    Security,
    Worker,
    WorkerPlugin,
    as_completed,
    get_worker,
)
from distributed.comm.core import connect

from autograder.assignment import load_assignment
from autograder.batch.jobs import Engine, Graded, Job, Task
from autograder.batch.worker import Graders
from autograder.errors import ClusterError
from autograder.grading.process import Host
from autograder.results.grade import Grade

_PLUGIN = "autograder"
_DEATHS = 2  # of a worker, after which a hand-in is set aside
_SET_ASIDE = f"set aside: its worker died {_DEATHS} times while grading it"
_ANSWERS_WITHIN = 20  # seconds
_COUNTED_EACH = 5.0  # seconds between looks at how many workers there are
_GPU = {"GPU": 1}
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a hand-in may hold trained weights
    "distributed.scheduler.allowed-failures": _DEATHS - 1,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.worker.http.routes": [],
}


class _Warm(WorkerPlugin):
    """Holds a Dask worker's graders.

    Args:
        devices: how many GPUs the machine has, of which each local worker sees one.
    """

    name = _PLUGIN

    def __init__(self, devices: int = 0) -> None:
        self.graders, self._devices = Graders(), devices

    def setup(self, worker: Worker) -> None:
        """Begin."""
        if self._devices:
            os.environ["CUDA_VISIBLE_DEVICES"] = str(worker.name)

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask gives it
        """End the graders' processes."""
        self.graders.close()


@contextmanager
def local(task: Task, workers: int, *, gpu: bool) -> Iterator[Engine]:
    """Start workers on this machine; only this command can talk to them."""
    devices = len([*Path("/dev").glob("nvidia[0-9]*")]) if gpu else 0
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what fails is told by the command itself
    with (
        _shared(task, share=not devices) as shared,
        dask.config.set(_SETTINGS),
        LocalCluster(
            n_workers=min(workers, devices or workers),
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            security=Security.temporary(),
            silence_logs=logging.CRITICAL,
            resources=_GPU if devices else None,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_Warm(devices))
        yield _Dask(client, shared, _GPU if devices else {})


@contextmanager
def _shared(task: Task, *, share: bool) -> Iterator[Task]:
    """Start the warm process that the workers share; one that sees a device alone shares nothing."""
    if not share:
        yield task
        return
    with Host(load_assignment(task.folder), task.salt) as host:
        yield replace(task, host=host.key)


@contextmanager
def connected(task: Task, address: str, *, gpu: bool) -> Iterator[Engine]:
    """Use the workers of a scheduler that is already there, and leave them as they were.

    Raises:
        ClusterError: if it does not answer, or no worker offers the GPU that the assignment asks for.
    """
    with dask.config.set(_SETTINGS):
        try:
            asyncio.run(asyncio.wait_for(_greet(address), _ANSWERS_WITHIN))
            client = Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            todo = "start one with: dask scheduler; then name its address, such as tcp://HOST:8786"
            what = f"no Dask scheduler answers here ({str(error) or 'it says nothing'})"
            raise ClusterError(address, what, todo) from None
        with client:
            client.run_on_scheduler(_set_aside_early)
            client.register_plugin(_Warm())
            engine = _Dask(client, task, _GPU if gpu else {})
            try:
                yield engine
            finally:
                if not engine.gone:
                    client.unregister_worker_plugin(_PLUGIN)


async def _greet(address: str) -> None:
    """Exchange greetings with a scheduler: a client would wait for them without end."""
    comm = await connect(address, **Security().get_connection_args("client"))
    await comm.close()


class _Dask:
    """Grades on the workers of a client.

    Attributes:
        gone: whether the scheduler is.
    """

    def __init__(self, client: "Client", task: Task, resources: dict[str, int]) -> None:
        self._client, self._task, self._resources = client, task, resources
        self._address = str(client.scheduler_info()["address"])
        self._counted, self._slots, self.gone = 0.0, 0, False

    def grade(self, jobs: Iterable[Job]) -> Iterator[Graded]:
        waiting = iter(jobs)
        running: dict[Any, Job] = {}
        done = as_completed(with_results=True, raise_errors=False, loop=self._client.loop)

        def start(jobs: list[Job]) -> None:
            futures = self._submitted(jobs)
            running.update(zip((future.key for future in futures), jobs, strict=True))
            done.update(futures)

        start([*islice(waiting, self._room())])
        for batch in done.batches():
            ended = [(running.pop(future.key), future, result) for future, result in batch]
            again = [job for job, future, result in ended if _killed(future, result)]
            start([replace(job, fault=_SET_ASIDE) for job in again])
            start([*islice(waiting, max(0, self._room() - len(running)))])
            for job, future, result in ended:
                if job not in again:
                    yield job, self._checked(future, result)

    def _submitted(self, jobs: list[Job]) -> list[Any]:
        """Send hand-ins to the scheduler, all at once: that costs it less than one by one."""
        if not jobs:
            return []
        names = [f"grade-{id(self)}-{job.number}-{bool(job.fault)}" for job in jobs]
        return list(self._client.map(partial(_grade, self._task), jobs, key=names, resources=self._resources))

    def _checked(self, future: Any, result: Any) -> Grade:
        """Give a task's result, or raise what ended it."""
        if future.status == "error":
            raise result[1]
        if future.status in {"cancelled", "lost"}:
            self.gone = True
            todo = "start it again, then give the same command again: it goes on where it was"
            raise ClusterError(self._address, "the scheduler is gone", todo)
        return result  # type: ignore[no-any-return]

    def _room(self) -> int:
        """Count the workers that can grade, at least one: hand-ins wait for those that are still to come."""
        if not self._slots or monotonic() - self._counted > _COUNTED_EACH:
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            if self._resources:
                self._slots = int(sum(worker["resources"].get("GPU", 0) for worker in workers))
                self._require_gpu(workers)
            else:
                self._slots = sum(worker["nthreads"] for worker in workers)
            self._counted = monotonic()
        return max(1, self._slots)

    def _require_gpu(self, workers: Iterable[Any]) -> None:
        if workers and not self._slots:
            todo = "start one for each device: dask worker ADDRESS --nthreads 1 --resources GPU=1"
            raise ClusterError(self._address, "no worker offers the resource GPU=1", todo)


def _grade(task: Task, job: Job) -> Grade:
    """Grade a hand-in on the worker that runs this."""
    warm: Any = get_worker().plugins[_PLUGIN]
    graders: Graders = warm.graders
    return graders.grade(task, job)


def _killed(future: Any, result: Any) -> bool:
    """Whether a task's workers died so often that the scheduler has given it up."""
    return future.status == "error" and isinstance(result[1], KilledWorker)


def _set_aside_early(dask_scheduler: Scheduler) -> None:
    """Have the scheduler give up a task whose worker died twice."""
    dask_scheduler.allowed_failures = _DEATHS - 1
