"""Notebooks for the site: executed, and of every slider what it shows in some of its states."""

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from links import ROOT, rewritten, site_path

RECORDER = f"import sys; sys.path.append({str(Path(__file__).parent)!r}); import recorded; recorded.install()"
WORKERS = os.cpu_count() or 1


def write_notebooks(out: Path, kept: Path) -> None:
    """Execute all notebooks of the course and write them into the site's source; assignments as they are.

    Args:
        out: the site's source folder.
        kept: where executed notebooks are kept for the next time.
    """
    kept.mkdir(parents=True, exist_ok=True)
    course = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks/solutions").glob("*.ipynb")])
    by_size = sorted(course, key=lambda path: -path.stat().st_size)  # long ones first: neither core waits at the end
    with ProcessPoolExecutor(WORKERS) as pool:
        executed = dict(zip(by_size, pool.map(_executed, by_size, [kept] * len(by_size)), strict=True))
    for path in (*course, *sorted((ROOT / "notebooks/assignments").glob("*.ipynb"))):
        name = path.relative_to(ROOT).as_posix()
        page = site_path(name)
        notebook = nbformat.read(executed.get(path, path), as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = rewritten(cell.source, name, page)
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, out / page)


def _executed(path: Path, kept: Path) -> Path:
    """The notebook after a run, from the last time if neither it nor the package has changed."""
    result = kept / f"{path.stem}-{_digest(path)}.ipynb"
    if not result.exists():
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one kernel per core
        notebook = _execute(path)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        nbformat.write(notebook, result)
    return result


def _execute(path: Path) -> Any:
    import kernels  # noqa: F401  short waits for messages
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(RECORDER))
    with TemporaryDirectory() as private:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
        # Two kernels that start at once can be given the same network port, and one would wait for ever.
        sockets = {"transport": "ipc", "ip": f"{private}/kernel"} if os.name == "posix" else {}
        client.config = Config(KernelManager=sockets)
        client.execute()
    del notebook.cells[0]
    return notebook


def _digest(path: Path) -> str:
    found = hashlib.sha256(path.read_bytes())
    for source in (Path(__file__).parent / "recorded.py", *sorted((ROOT / "senet_np").rglob("*.py"))):
        found.update(source.read_bytes())
    return found.hexdigest()[:16]
