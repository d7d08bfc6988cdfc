"""Every command of the teacher's guide, as it stands there, in a fresh clone with fresh environments.

    make guide     (some minutes: it installs three environments, one of them without any network)

The blocks marked `sh` are run in their order. Before some of them the guide asks the teacher for something, such as a
zip of hand-ins; `PREPARED` does that. `jupyter lab` is run until it says where it is to be found.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDENTS = {"Ada Lovelace": 41, "Alan Turing": 42}
NO_NETWORK = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "all_proxy", "PIP_INDEX_URL")}
ACTIVATED = "source .venv/bin/activate\n"


def collect(clone: Path) -> None:
    """A zip as Moodle gives it, and its grading worksheet."""
    with zipfile.ZipFile(clone / "handins.zip", "w") as handins:
        for name, number in STUDENTS.items():
            handins.write(
                clone / "handout/assignments/1_ops.ipynb", f"{name}_{number}_assignsubmission_file_/1_ops (1).ipynb"
            )
    rows = [f"Participant {number},{name},,20" for name, number in STUDENTS.items()]
    (clone / "worksheet.csv").write_text("\n".join(["Identifier,Full name,Grade,Maximum Grade", *rows]) + "\n", "utf-8")


def carry(clone: Path) -> None:
    """The folder usb, in a room without internet."""
    shutil.copytree(clone / "usb", clone.parent / "room" / "usb")


def submit(clone: Path) -> None:
    """A hand-in where nbgrader looks for it."""
    shutil.copytree(clone / "class/release/1_ops", clone / "class/submitted/ada/1_ops")


# What a block contains: where it runs, what comes before its commands, what is done before it.
PREPARED = {
    "venv .venv": (".", "", None),
    "--no-index": ("../room", "", carry),
    "venv grader": (".", "", None),
    "nbgrader autograde": ("class", "source ../grader/bin/activate\n", submit),
    "grade handins.zip\n": (".", ACTIVATED, collect),
    "": (".", ACTIVATED, None),
}


def run(block: str, folder: Path, environment: dict[str, str]) -> None:
    """One block, line by line in one shell; a line that starts Jupyter is ended as soon as Jupyter answers."""
    print(f"in {folder.name}:\n{block}", flush=True)
    lab = re.search(r"^.*jupyter lab.*$", block, re.MULTILINE)
    subprocess.run(
        ["bash", "-e", "-c", block.replace(lab[0], "") if lab else block], cwd=folder, env=environment, check=True
    )
    if lab:
        with tempfile.TemporaryFile("w+") as log:
            server = subprocess.Popen(
                ["bash", "-c", "exec " + lab[0]], cwd=folder, env=environment, stdout=log, stderr=log
            )
            end = time.monotonic() + 90
            while time.monotonic() < end and server.poll() is None and "is running at" not in _read(log):
                time.sleep(0.5)
            server.terminate()
            server.wait()
            if "is running at" not in _read(log):
                sys.exit(f"{lab[0]} did not start:\n{_read(log)}")


def _read(log: object) -> str:
    log.seek(0)
    return log.read()


def main() -> None:
    """All blocks; then what they must have left."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/teachers.md").read_text("utf-8"), re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        clone, settings = Path(folder) / "senet_np", Path(folder) / "settings"
        if (ROOT / ".git").exists():
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        else:  # an unpacked archive
            shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".venv", "build", "runs", "*.egg-info"))
        settings.mkdir()
        words = "c.ServerApp.open_browser = False\nc.ServerApp.allow_root = True\n"
        (settings / "jupyter_server_config.py").write_text(words, "utf-8")
        environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
        environment["JUPYTER_CONFIG_DIR"] = str(settings)
        for block in blocks:
            where, before, prepare = next(plan for text, plan in PREPARED.items() if text in block)
            if prepare:
                prepare(clone)
            network = NO_NETWORK if where == "../room" else {}
            run(before + block, (clone / where).resolve(), {**environment, **network})
        grader = [str(clone / "grader/bin/python"), "tests/grade_assignments.py"]
        subprocess.run(grader, cwd=clone, env=environment, check=True)
        made = ("handout/01_channels.ipynb", "explorer.html", "graded/grades-1_ops.csv",
                "graded/filled-1_ops-worksheet.csv",
                "class/nbgrader_config.py", "class/gradescope/run_autograder", "class/feedback/ada/1_ops/1_ops.html",
                "class/grades.csv", "../room/mine/01_channels.ipynb")  # fmt: skip
        if missing := [name for name in made if not (clone / name).exists()]:
            sys.exit(f"the guide's commands did not make {', '.join(missing)}")
        given = [path for place in ("handout", "../room/mine") for path in (clone / place).rglob("*") if path.is_file()]
        (wheel,) = (path for path in given if path.suffix == ".whl")
        with zipfile.ZipFile(wheel) as packed:
            texts = {name: packed.read(name).decode("utf-8", "ignore") for name in packed.namelist()}
        texts |= {str(path): path.read_text("utf-8") for path in given if path != wheel}
        shown = [name for name in texts if "/data/share/" in name or not name.startswith("senet_np")]
        if wrong := [
            name
            for name in shown
            if not name.endswith((".ipynb", ".md")) or "solutions/" in name or "SOLUTION" in texts[name]
        ]:
            sys.exit(f"students get {wrong}")
        start = (clone / "handout/START.md").read_text("utf-8")
        install = re.search(r"^    env/bin/python -m (pip install .*)$", start, re.MULTILINE)[1]
        look = "env/bin/python -c 'import importlib.metadata; importlib.metadata.version(\"senet_np\")'"
        words = f"python3 -m venv env && env/bin/python -m {install} --quiet --no-deps && {look}"
        subprocess.run(["bash", "-c", words], cwd=clone / "handout", env=environment, check=True)
        asked = ["git", "status", "--short"] if (clone / ".git").exists() else ["true"]
        untracked = subprocess.run(asked, cwd=clone, capture_output=True, text=True, check=True).stdout
        if untracked:
            sys.exit(f"git would take in what the guide's commands made:\n{untracked}")
    print(f"{len(blocks)} blocks of the guide ran")


if __name__ == "__main__":
    main()
