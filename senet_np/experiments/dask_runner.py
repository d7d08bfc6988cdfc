"""The runs of a comparison on the workers of a Dask cluster; each worker finds the data, and has its own run folders.

Dask shares the runs out, and gives a run whose worker died to another one, as often as the scheduler's setting
`allowed-failures` says. It waits without a word for workers that never come: so the client looks for them itself.
Everything here needs Dask; `cli/compare.py` imports it where it is used.
"""

import logging
import textwrap
import time
import warnings
from contextlib import ExitStack, suppress
from typing import Any

from distributed import CancelledError, Client, KilledWorker, Security, get_worker, rpc, wait
from distributed import __version__ as dask_version  # pyright: ignore[reportPrivateImportUsage]
from distributed.utils import LoopRunner

from ..errors import SenetError
from ..runs.run import versions
from ..train.progress import Callback
from .runner import Job, Outcomes, run_job

MAX_LETTERS = 400  # of what is said about versions
POLL = 1.0  # seconds from one look at the workers to the next
AGAIN = "and give the same command again: finished runs are reused"


def run_on_dask(jobs: list[Job], scheduler: str, connect: float = 10, patience: float = 300) -> Outcomes:
    """Make runs on the workers of a cluster; yield (job, outcome) as each ends. However this ends, no run goes on.

    Args:
        jobs: the runs.
        scheduler: its address, as tcp://host:8786.
        connect: seconds within which it can be reached, and within as many it answers.
        patience: seconds to wait for a worker while there is none, or for a later answer of the scheduler.
    """
    with ExitStack() as held:
        held.callback(logging.disable, logging.root.manager.disable)
        held.enter_context(warnings.catch_warnings())
        logging.disable()  # what matters in Dask's log and warnings is said in sentences of ours
        warnings.filterwarnings("ignore", module="distributed")
        client = held.enter_context(_connect(scheduler, connect))
        try:
            there = client.run_on_scheduler(_versions)  # which unpickles the tasks, as workers do
        except Exception as error:
            there = error
        _compare_versions({scheduler: there})
        try:
            yield from _outcomes(client, jobs, scheduler, patience)
        except (OSError, CancelledError) as error:
            raise SenetError(f"the scheduler {scheduler} is gone, or does not answer: start it, {AGAIN}") from error


def _connect(scheduler: str, seconds: float) -> Any:
    async def ask() -> Any:
        async with rpc(scheduler, timeout=seconds, connection_args=Security().get_connection_args("client")) as it:
            return await it.identity()

    try:  # a client alone would wait for ever for the first word of whatever listens there
        kind = LoopRunner(asynchronous=False).run_sync(ask, callback_timeout=2 * seconds)["type"]
        if kind != "Scheduler":
            raise ValueError(f"it is the address of a {kind.lower()}")
        return Client(scheduler, timeout=seconds)
    except Exception as error:  # of any kind, as what listens there may say anything
        cause = error
        while cause.__cause__ and str(cause.__cause__):
            cause = cause.__cause__
        advice = "start one with `dask scheduler`, and give the address that it prints, as tcp://host:8786"
        raise SenetError(f"no Dask scheduler answers at {scheduler} ({cause}): {advice}") from error


def _outcomes(client: Any, jobs: list[Job], scheduler: str, patience: float) -> Outcomes:
    futures: dict[Any, Job] = {}
    checked: set[str] = set()
    none_since = None
    while jobs or futures:
        workers = {*client.sync(client.scheduler.ncores, callback_timeout=patience)}
        if new := workers - checked:
            _compare_versions(client.run(_versions, workers=[*new], on_error="return"))
            checked |= new
        if workers:
            none_since = None
        elif none_since is None:
            none_since = time.monotonic()
            warnings.warn(f"{scheduler} has no worker: waiting {patience:g} s for one", stacklevel=2)
        elif time.monotonic() - none_since > patience:
            start = f"look into their logs, start some with `dask worker {scheduler}`"
            raise SenetError(f"{scheduler} has had no worker for {patience:g} s: {start}, {AGAIN}")
        futures |= {client.submit(_run_there, job, pure=False): job for job in jobs}
        jobs = []
        with suppress(TimeoutError):
            wait([*futures], POLL, "FIRST_COMPLETED")
        for future in [future for future in futures if future.done()]:
            try:
                outcome = future.result(POLL)
            except TimeoutError:  # its worker died before the result was fetched: Dask makes the run again
                continue
            except KilledWorker as error:
                last, count = error.last_worker.address, error.allowed_failures + 1
                outcome = SenetError(f"workers died of it ({count}), the last was {last}: too little memory?")
            except SenetError as error:
                outcome = error
            yield futures.pop(future), outcome


def _versions() -> str:
    """What a process of the cluster works with."""
    return "senet_np {senet_np}, Python {python}, NumPy {numpy}".format(**versions()) + f", Dask {dask_version}"


def _compare_versions(found: dict[str, Any]) -> None:
    """Refuse processes without the package or with another version of it, and warn of other differences.

    Args:
        found: by address, what `_versions` returned there, or why it could not: OSError where nobody is left.
    """
    here = _versions()
    others = {address: there for address, there in found.items() if there != here and not isinstance(there, OSError)}
    if others:
        text = textwrap.shorten("; ".join(f"{address}: {there}" for address, there in others.items()), MAX_LETTERS)
        text, package = f"versions differ. Here: {here}; {text}", here.split(",")[0] + ","
        if not all(str(there).startswith(package) for there in others.values()):
            raise SenetError(f"{text}. Install the same senet_np there, {AGAIN}")
        warnings.warn(f"{text}. Results may differ in their last bits", stacklevel=2)


def _run_there(job: Job) -> dict[str, Any]:
    """On a worker: make the run, as long as its result is waited for."""
    try:
        return run_job(job, _WhileWanted())
    except Exception as error:
        reason = error if isinstance(error, SenetError | OSError) else repr(error)
        raise SenetError(f"the worker {get_worker().address} says: {reason}") from error


class _WhileWanted(Callback):
    """Stops a run whose task is cancelled or whose worker closes: it runs in a thread, which Dask cannot stop."""

    def __init__(self):
        self.worker = get_worker()
        self.key = self.worker.get_current_task()

    def should_stop(self) -> bool:
        task = self.worker.state.tasks.get(self.key)
        return task is None or task.state == "cancelled" or self.worker.status.name in ("closing", "closed")
