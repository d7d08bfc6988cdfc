"""`senet-np compare`: train the runs of a comparison file, and say what may be concluded."""

import argparse
import sys
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

from ..data import DataError, Dataset, View
from ..errors import SenetError
from ..experiments.comparison import Comparison, read_comparison
from ..experiments.comparison import __doc__ as FILE_FORMAT
from ..experiments.report import as_markdown, as_text, find, make_report, measured_rows
from ..experiments.results import append_result, read_results
from ..experiments.runner import Job, Outcomes, run_folder, run_here
from ..fast.cores import default_workers
from ..options import is_absolute
from ..settings import Settings
from .options import add_command, existing_path, new_file, new_path, whole
from .progress import spell_seconds
from .trained import data_line, load_folder_or_name

EXAMPLES = """\
  senet-np compare mine.toml                       train the runs that are missing, then the table and its figure
  senet-np compare mine.toml --jobs 1              one run at a time, on all cores
  senet-np compare mine.toml --report              the table of the finished runs; trains nothing, needs no data
  senet-np compare mine.toml --scheduler tcp://host:8786    on the workers of a Dask cluster

Ctrl-C stops; the same command goes on. Every finished run is a line in the results file, and is reused.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "train networks over several seeds, and compare them with intervals"
    command = add_command(commands, "compare", run, summary, f"{EXAMPLES}\n{FILE_FORMAT}")
    command.add_argument("files", nargs="+", type=existing_path, metavar="FILE", help="comparison files (TOML)")
    command.add_argument("--jobs", type=whole(1, 1024), metavar="N", help="runs at once (default: one per usable core)")
    command.add_argument("--data-dir", type=existing_path, metavar="DIR", help="the folder of CIFAR-10")
    command.add_argument("--runs-dir", type=new_path, metavar="DIR", help="the runs' folders (default: runs/compare)")
    command.add_argument("--skip-bad", action="store_true", help="skip files that cannot be read as images")
    command.add_argument("--scheduler", metavar="TCP", help="a Dask scheduler (tcp://host:8786), for several machines")
    command.add_argument("--report", action="store_true", help="only the table of the finished runs; draws with --plot")
    command.add_argument("--markdown", action="store_true", help="the table as Markdown")
    command.add_argument("--plot", type=new_file, metavar="PNG", help="the figure's file (default: beside FILE)")


def run(args: argparse.Namespace) -> int:
    """Train what is missing, file by file; then the tables."""
    given = vars(args)
    comparisons = [read_comparison(path) for path in given["files"]]
    if "plot" in given and len(comparisons) > 1:
        raise SenetError("--plot names one file, and there are several comparisons: leave it out")
    failures = 0
    if "report" not in given:
        try:
            failures = sum([_train_missing(comparison, given) for comparison in comparisons])
        except KeyboardInterrupt:
            print("every finished run is in its file; the same command goes on with the others", file=sys.stderr)
            raise
    for comparison in comparisons:
        report = make_report(comparison)
        if not report.arms:
            print(f"{comparison.path}: no results yet in {comparison.results}")
            continue
        print()
        print((as_markdown if "markdown" in given else as_text)(report))
        if "report" not in given or "plot" in given:
            _draw(report, given.get("plot") or comparison.path.with_suffix(".png"))
    if failures:
        raise SenetError(f"{failures} of the runs failed, as said above; the same command tries these again")
    return 0


def _train_missing(comparison: Comparison, given: dict[str, Any]) -> int:
    """Train, and append each result to the file; return how many runs failed."""
    finished = find(comparison, read_results(comparison.results))
    missing = {settings: name for name, settings in comparison.cells if (name, settings.seed) not in finished}
    print(f"{comparison.title}: {len(finished)} of {len(comparison.cells)} runs are finished")
    if not missing and not Path(comparison.data).is_dir():  # a folder's images may be others by now
        return 0
    dataset = _load(comparison, given)
    print(data_line(dataset, dataset.name), flush=True)
    if any(result.fingerprint != dataset.fingerprint for result in finished.values()):
        raise SenetError(
            f"{comparison.results} holds results on other bytes than {dataset.origin}: name that data with "
            "--data-dir, or another file as `results`"
        )
    failures = 0
    with closing(_outcomes(comparison, [*missing], dataset.fingerprint, given)) as ended:
        for count, (job, outcome) in enumerate(ended, start=len(finished) + 1):
            arm = f"{missing[job.settings]}, seed {job.settings.seed} ({job.settings.describe()})"
            which = f"{count:4} of {len(comparison.cells)}: {arm}"
            if isinstance(outcome, SenetError):
                failures += 1
                print(f"{which} failed: {outcome}", file=sys.stderr)
                continue
            append_result(comparison.results, outcome)
            accuracy = f"{100 * outcome['correct'] / outcome['n']:.2f} % ({outcome['correct']} of {outcome['n']})"
            print(f"{which}: {accuracy} in {spell_seconds(outcome['seconds'])}, {run_folder(job)}", flush=True)
    return failures


def _load(comparison: Comparison, given: dict[str, Any]) -> Dataset:
    """The data set of all arms."""
    sizes = {settings.image_size for settings in comparison.arms.values()}
    if len(sizes) > 1:
        raise SenetError(f"{comparison.path} has arms of image_size {sorted(sizes)}: write a file for each size")
    try:
        return load_folder_or_name(comparison.data, given.get("data_dir"), View(sizes.pop()), "skip_bad" in given)
    except DataError as error:
        if is_absolute(comparison.data) or comparison.data == "shapes":
            raise
        raise SenetError(
            f"{comparison.path} compares on CIFAR-10, which was not found: name its folder with --data-dir, download "
            'it with "python -m senet_np data --download", or write data = "shapes" into the file'
        ) from error


def _outcomes(comparison: Comparison, missing: list[Settings], fingerprint: str, given: dict[str, Any]) -> Outcomes:
    """Make the runs that are missing: here, some at a time, or on the workers of a Dask cluster."""
    if not missing:  # only the data had to be checked
        return
    cores = default_workers()
    at_a_time = min(given.get("jobs", cores), len(missing))
    workers = max(1, cores // at_a_time) if "scheduler" not in given else 1
    runs_dir = (given.get("runs_dir") or Path("runs") / "compare").absolute()
    place = str(Path(given["data_dir"]).absolute()) if "data_dir" in given else None
    jobs = [
        Job(settings, runs_dir, place, workers, fingerprint, comparison.measure, "skip_bad" in given)
        for settings in missing
    ]
    yield from _on_dask(jobs, given["scheduler"]) if "scheduler" in given else run_here(jobs, at_a_time)


def _on_dask(jobs: list[Job], scheduler: str) -> Outcomes:
    try:
        from ..experiments.dask_runner import run_on_dask
    except ImportError:
        raise SenetError('--scheduler needs Dask: python -m pip install "senet_np[dask]"') from None
    return run_on_dask(jobs, scheduler)


def _draw(report: Any, path: Path) -> None:
    """Draw the figure and say where it is; one that fails costs no more than itself."""
    try:
        from ..figures.comparison import draw_comparison, draw_lengths, draw_measured
        from ..figures.style import save, style

        with style():
            save(draw_comparison(report), path)
            print(f"\nfigure in {path}")
            if len(measured_rows(report)) > 1 and len(report.arms) > 1:
                second = path.with_stem(f"{path.stem}-measured")
                save(draw_measured(report), second)
                print(f"figure in {second}")
            if len({report.comparison.arms[arm.name].epochs for arm in report.arms}) > 1:
                third = path.with_stem(f"{path.stem}-lengths")
                save(draw_lengths(report), third)
                print(f"figure in {third}")
    except Exception as error:
        warnings.warn(f"no figure in {path} ({type(error).__name__}: {error})", stacklevel=2)
