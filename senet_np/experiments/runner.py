"""The runs of a comparison: trained several at a time, each on one core, each in a folder of its own.

A run is identified by its settings and by the bytes of its data; its folder is named after both. A run that was stopped
goes on from its last epoch, to the same bits as without the stop.
"""

import hashlib
import json
import os
import platform
import signal
import warnings
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any, NamedTuple

from ..bench.machine import processor
from ..data import SMALL, Dataset, Split, View, load_data
from ..data.changes import CHANGES, changed
from ..errors import SenetError
from ..fast.cores import MAX_PROCESSES, usable_cores
from ..fast.workers import Workers, die_with_parent
from ..files import only_one
from ..model import Model
from ..runs.recorder import train_run
from ..runs.run import LOCK, create_run, open_run, versions
from ..settings import Settings, settings_to_json
from ..train.evaluation import evaluate
from ..train.progress import Callback
from ..tree import tree_size

TRAINED_BEFORE = "a machine not recorded (the run had ended before)"
LAST_STEP_SECONDS = 60.0  # at most, of a run that is told to stop; an evaluation is one step, too


class Job(NamedTuple):
    """One run to be made."""

    settings: Settings
    folder: Path  # that holds the runs' folders
    data_dir: str | None
    workers: int
    fingerprint: str  # the data must have it
    measure: tuple[str, ...] = ()  # what else to test: see `measured`
    skip_bad: bool = False  # whether to go on without files that are no images


# Of each run as it ends: its result line, or why there is none.
Outcomes = Generator[tuple[Job, dict[str, Any] | SenetError], None, None]


def run_job(job: Job, callback: Callback | None = None) -> dict[str, Any]:
    """Train one network to its end, or take its result from the folder where it has ended; return the result line.

    Where another worker has this run and is at its last step, it is waited for. `callback` may stop the training.
    """
    dataset = _load(job.settings.data, job.data_dir, job.settings.image_size, job.skip_bad)
    if dataset.fingerprint != job.fingerprint:
        raise SenetError(f"{dataset.origin} holds other bytes than the comparison was started on")
    folder = run_folder(job)
    folder.mkdir(parents=True, exist_ok=True)

    def wait(taken: str) -> None:
        from filelock import FileLock, Timeout

        try:
            FileLock(folder / LOCK).acquire(timeout=LAST_STEP_SECONDS).lock.release()
        except Timeout:
            raise SenetError(taken) from None

    taken = f"another process is training in {folder}: wait for its end, or name another folder with --runs-dir"
    with only_one(folder / LOCK, taken, wait):
        if not (folder / "config.json").exists():
            create_run(folder, job.settings, dataset)
        run = open_run(folder)
        progress = run.load()
        trained_before = run.result is not None
        result = run.result or train_run(run, dataset, progress, callback, job.workers)
        also = measured(run.model(progress), dataset.test, job)
    return {
        "settings": settings_to_json(job.settings),
        "data": dataset.name,
        "provenance": dataset.provenance,
        "fingerprint": dataset.fingerprint,
        **{name: result[name] for name in ("correct", "n", "test_loss")},
        **({"measured": also} if also else {}),
        "parameters": tree_size(progress.params),
        "seconds": round(progress.seconds, 1),
        "machine": TRAINED_BEFORE if trained_before else _machine(job.workers),
        "versions": versions(),
    }


def _machine(workers: int) -> str:
    return f"{processor()}, {usable_cores()} cores, {workers} for this run; {platform.system()}"


def measured(model: Model, test: Split, job: Job) -> dict[str, int]:
    """How many test images are classified correctly with test-time augmentation, and under each of CHANGES."""
    found = {}
    with Workers(job.workers) as workers:
        if "tta" in job.measure:
            found["tta"] = evaluate(model, test, workers, tta=True).correct
        if "changes" in job.measure:
            for name in CHANGES:
                found[name] = evaluate(model, Split(changed(test.images, name), test.labels), workers).correct
    return found


def run_here(jobs: list[Job], at_a_time: int) -> Outcomes:
    """Make runs here, `at_a_time` at once, each in a process of its own; yield (job, outcome) as each ends.

    Where the system refuses processes, one run after the other is made in this one.
    """
    try:
        executor = ProcessPoolExecutor(min(at_a_time, MAX_PROCESSES), get_context("spawn"), _begin)
        executor.submit(os.getpid).result()
    except (OSError, RuntimeError) as error:
        warnings.warn(f"the system refuses processes ({error}): one run at a time, to the same results", stacklevel=2)
        yield from ((job, _outcome(job)) for job in jobs)
        return
    with executor as pool:
        try:
            futures = {pool.submit(_outcome, job): job for job in jobs}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise SenetError(
                    "a run's process died, as when the system runs out of memory: try fewer --jobs. The same command "
                    "goes on from the last epoch"
                ) from error
            raise


def _outcome(job: Job) -> dict[str, Any] | SenetError:
    try:
        return run_job(job)
    except SenetError as error:
        return error


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    die_with_parent()


@lru_cache(maxsize=1)
def _load(name: str, data_dir: str | None, image_size: int = SMALL.size, skip_bad: bool = False) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which bytes they are was printed when the comparison began
        return load_data(name, data_dir, View(image_size), skip_bad)


def run_folder(job: Job) -> Path:
    """The folder of a run: a readable name, and another one for other settings or data."""
    s, kind = job.settings, "se" if job.settings.se else "plain"
    whole = json.dumps([settings_to_json(s), job.fingerprint], sort_keys=True)
    digest = hashlib.sha256(whole.encode()).hexdigest()[:10]
    return job.folder / f"{s.net}-{Path(s.data).name}-{kind}-seed{s.seed}-{digest}"
