"""`senet-np grade`: points for the hand-ins of a class."""

import argparse
import secrets
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..fast.cores import MAX_PROCESSES, usable_cores
from ..files import write_atomically, write_keeping
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
    option(
        "--seed",
        type=whole(0, 2**31),
        metavar="N",
        help="draw the checks' cases from this seed again (default: a new one)",
    )
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
    from ..handins.gradebook import Gradebook
    from ..handins.read import read_handins
    from ..handins.report import as_gradescope, as_text, one_per_student, write_reports

    given = vars(args)
    folder: Path = given.get("out", Path("graded"))
    gradebook = Gradebook(given["gradebook"]) if "gradebook" in given else None  # faults are said before the work
    handins = read_handins(given["place"])
    seed = given.get("seed", secrets.randbelow(2**31))
    workers = min(given.get("workers") or usable_cores(), len(handins), MAX_PROCESSES)
    limits = Limits(
        given.get("assignment", ""), seed, given.get("seconds"), given.get("megabytes", DEFAULT_MEGABYTES),
        max(1, usable_cores() // workers),
    )  # fmt: skip
    if "gradescope" in given:
        best = max(_grade_all(handins, limits, workers), key=lambda one: (one.most, one.points))
        write_atomically(given["gradescope"], as_gradescope(best).encode("utf-8", "replace"))
        return 0
    make_folder(folder)
    reports = one_per_student(_grade_all(handins, limits, workers))
    paths = write_reports(reports, folder)
    print(as_text(reports))
    print(f"the checks' cases were drawn with --seed {seed}")
    if gradebook:
        text, absent, missing = gradebook.fill(reports)
        names = {one.assignment for one in reports if one.assignment}
        paths.append(folder / "-".join(["filled", *(names if len(names) == 1 else ()), gradebook.path.name]))
        if earlier := write_keeping(paths[-1], text.encode("utf-8-sig")):
            print(f"{paths[-1].name} was there already, with other content: it is now {earlier.name}")
        for students, where in ((absent, "without a hand-in"), (missing, f"not in {gradebook.path}")):
            if students:
                print(f"{len(students)} {where}: {', '.join(students)}")
        if gradebook.is_moodle and gradebook.comment is None:
            print(f'{gradebook.path} has no column for comments (in Moodle switch on "Feedback comments")')
        if any(map(gradebook.scales, reports)):
            print(f"its maximum grade is {gradebook.maximum:g}: the points were scaled to it")
    print("written: " + ", ".join(map(str, [*paths, folder / "feedback"])))
    return 0


def make_folder(folder: Path) -> None:
    """The folder to write to; SenetError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SenetError(f"could not make {folder}: {error.strerror}; name another folder") from error


def _grade_all(handins: Any, limits: Any, workers: int) -> list[Any]:
    """The reports, in the order of the hand-ins."""
    from tqdm import tqdm

    from ..handins.grade import grade

    job = partial(grade, limits=limits)
    if workers == 1:
        return [job(one) for one in tqdm(handins, "grading", leave=False, disable=len(handins) == 1)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(tqdm(pool.map(job, handins), "grading", len(handins), leave=False))
