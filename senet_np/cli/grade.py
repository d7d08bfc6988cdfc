"""`senet-np grade`: points for the hand-ins of a class."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..fast.cores import MAX_PROCESSES, usable_cores
from ..files import write_atomically
from .options import add_command, existing_path, new_file, new_path, positive, whole

EXAMPLES = """\
  senet-np grade handins.zip                     as Moodle or Canvas gives it: table, CSV and feedback in graded/
  senet-np grade submitted --seed 2026           a folder; the cases of the checks drawn from a seed of yours
  senet-np grade handins.zip --gradebook worksheet.csv   put the points into the CSV that your platform exported
  senet-np grade 1_ops.ipynb                     a single notebook
  senet-np grade /autograder/submission --gradescope /autograder/results/results.json
"""
NAMES = ("1_ops", "2_se_block", "3_conv", "4_claim")


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(
        commands, "grade", run, "grade the hand-ins of a class, each in a process of its own", EXAMPLES
    )
    option = command.add_argument
    option("place", type=existing_path, metavar="FOLDER|ZIP|NOTEBOOK", help="the hand-ins")
    option("--out", type=new_path, metavar="DIR", help="where to write the CSV and the feedback (default: graded)")
    option("--assignment", choices=NAMES, help="which assignment it is (default: recognized by its cells)")
    option("--seed", type=whole(0, 2**31), metavar="N", help="draw the cases of the checks from this seed too")
    option("--seconds", type=positive, metavar="S", help="time limit for a hand-in (default: 60, assignment 4: 900)")
    option("--megabytes", type=whole(256, 1 << 20), metavar="N", help="memory limit for a hand-in (default: 4096)")
    option("--workers", type=whole(1, 1024), metavar="N", help="hand-ins at a time (default: one per core)")
    option(
        "--gradebook", type=existing_path, metavar="CSV", help="your platform's own CSV: filled in, and written to DIR"
    )
    option(
        "--gradescope", type=new_file, metavar="FILE", help="write results.json of a single hand-in, and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Read, grade, report."""
    from ..handins.grade import DEFAULT_MEGABYTES, Limits
    from ..handins.read import read_handins
    from ..handins.report import as_gradescope, as_text, fill_gradebook, write_reports

    given = vars(args)
    handins = read_handins(given["place"])
    workers = min(given.get("workers") or usable_cores(), len(handins), MAX_PROCESSES)
    limits = Limits(
        given.get("assignment", ""), given.get("seed"), given.get("seconds"), given.get("megabytes", DEFAULT_MEGABYTES),
        max(1, usable_cores() // workers),
    )  # fmt: skip
    if "gradescope" in given:
        if len(handins) != 1:
            raise SenetError(f"--gradescope is for one hand-in, and {given['place']} holds {len(handins)}")
        (report,) = _grade_all(handins, limits, 1)
        write_atomically(given["gradescope"], as_gradescope(report).encode())
        return 0
    reports = _grade_all(handins, limits, workers)
    folder: Path = given.get("out", Path("graded"))
    paths = write_reports(reports, folder)
    print(as_text(reports))
    if "gradebook" in given:
        text, found = fill_gradebook(reports, given["gradebook"])
        paths.append(folder / f"filled-{given['gradebook'].name}")
        write_atomically(paths[-1], text.encode())
        print(f"{found} of {len(reports)} students are in {given['gradebook']}")
    print("written: " + ", ".join(map(str, [*paths, folder / "feedback"])))
    return 0


def _grade_all(handins: Any, limits: Any, workers: int) -> list[Any]:
    """The reports, in the order of the hand-ins."""
    from tqdm import tqdm

    from ..handins.grade import grade

    job = partial(grade, limits=limits)
    if workers == 1:
        return [job(one) for one in tqdm(handins, "grading", leave=False, disable=len(handins) == 1)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(tqdm(pool.map(job, handins), "grading", len(handins), leave=False))
