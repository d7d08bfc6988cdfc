"""Builds what goes to the package index, and checks it as the index, pip and a distributor would:   make package

The source archive has every file of the clone, and its tests pass where nothing else is; the wheel has what it had.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "build" / "dist"
LEFT_OUT = (".ci/", ".devcontainer/", ".git")  # how names begin that are for the repository alone
SOME = ("package", "docs", "course", "layout", "lock", "bundled", "old_runs", "se", "site", "grading", "explorer_files")


def main() -> None:
    """Build, check, install and test; the first thing that is wrong ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (archive,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", archive, wheel)
    run(Path(sys.executable).with_name("check-wheel-contents"), wheel)
    rating = run(sys.executable, "-m", "pyroma", "--min", "10", archive)
    print(*re.findall(r"Final rating: .*", rating))
    check_archive(archive)
    check_wheel(wheel)
    test_archive(archive)
    if ".invalid" in (ROOT / "pyproject.toml").read_text("utf-8"):
        print("not to be published yet: the address in pyproject.toml is a placeholder (see CONTRIBUTING.md)")


def run(*command: object, **options: object) -> str:
    """Run a command, show what it says if it fails, and return what it printed."""
    done = subprocess.run([*map(str, command)], stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8", **options)
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {' '.join(Path(str(word)).name for word in command)}")
    if done.returncode:
        sys.exit(done.stdout)
    return done.stdout


def check_archive(archive: Path) -> None:
    """Every file of the clone is in the source archive."""
    if not (ROOT / ".git").exists():
        print("ok     no clone, so nothing to compare the source archive with")
        return
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode("utf-8")
    with tarfile.open(archive) as file:
        packed = {name.partition("/")[2] for name in file.getnames()}
    wanted = {name for name in listed.split("\0")[:-1] if not name.startswith(LEFT_OUT) and (ROOT / name).exists()}
    if missing := wanted - packed:
        sys.exit(f"MANIFEST.in leaves out {', '.join(sorted(missing))}")
    print(f"ok     {len(wanted)} files of the clone are in {archive.name}")


def check_wheel(wheel: Path) -> None:
    """Every file of the package, every notebook, and what a teacher gets are in the wheel."""
    with zipfile.ZipFile(wheel) as file:
        packed = {re.sub(r"^senet_np-[^/]*/data/share/senet_np/", "", name) for name in file.namelist()}
    parts = ("senet_np/**/*", "notebooks/**/*.ipynb", "notebooks/assignments/teacher/**/*", "docs/teachers.md")
    wanted = {path.relative_to(ROOT).as_posix() for part in parts for path in ROOT.glob(part) if path.is_file()}
    wanted = {name for name in wanted if not {"__pycache__", ".ipynb_checkpoints"} & {*name.split("/")}}
    if missing := wanted - packed:
        sys.exit(f"pyproject.toml leaves out {', '.join(sorted(missing))}")
    print(f"ok     {len(wanted)} files of package and course are in {wheel.name}")


def test_archive(archive: Path) -> None:
    """Some tests of the source archive pass in an environment of its own: those that read most of its files."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
        (place,) = Path(folder).iterdir()
        venv.create(place / ".venv", with_pip=True)
        python = place / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        run(python, "-m", "pip", "install", "--quiet", "-e", ".[test]", cwd=place)
        files = [f"tests/test_{name}.py" for name in SOME]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        print(run(python, "-m", "pytest", "-q", *files, cwd=place, env=environment).splitlines()[-1])


if __name__ == "__main__":
    main()
