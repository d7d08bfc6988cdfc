"""Snapshots: the gates at a few steps of the training, which show how they came to be what they are.

They lie in the run's folder, gates/0000123.npz for step 123, each block's under its path.
"""

from pathlib import Path

import numpy as np

from ..containers import image_gates, se_caches
from ..errors import SenetError
from ..model import BATCH, Model, batches
from .weight_files import InFile, reading, write_npz

SHARES = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1)  # of all steps: most happens early
MAX_IMAGES = BATCH  # the first validation images
MAX_CHANNELS = 1 << 18  # of all blocks together: resnet110 has 2,016, resnet50 15,104


def snapshot_steps(steps: int) -> set[int]:
    """After how many of `steps` steps the gates are recorded: at the start, at the end, and in between."""
    return {round(share * steps) for share in SHARES}


def save_snapshot(folder: Path, step: int, model: Model, images: np.ndarray) -> None:
    """Write into a run's folder every block's gates after `step` steps, on the first of some images.

    A resumed run writes the same once more.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # where training diverges the loop says so, a step later
        x = model.normalizer(images[batches(images)[0]])
        _, cache, _ = model.net.forward(model.params, model.state, x, False)
        gates = {path: image_gates(block).astype(np.float16) for path, block in se_caches(cache).items()}
    (folder / "gates").mkdir(exist_ok=True)
    write_npz(folder / "gates" / f"{step:07d}.npz", gates)


def read_snapshots(folder: Path) -> dict[int, dict[str, np.ndarray]]:
    """Read the snapshots in a run's folder: {step: {path of the block: gates (n, C) float16}}, the steps rising."""
    snapshots: dict[int, dict[str, np.ndarray]] = {}
    for path in sorted((folder / "gates").glob("[0-9]*.npz"))[: 2 * len(SHARES)]:
        try:
            with reading(path) as (arrays, _):
                if sum(array.shape[-1] for array in arrays.values() if array.shape) > MAX_CHANNELS:
                    raise ValueError(f"it holds gates of more than {MAX_CHANNELS:,} channels")
                snapshots[int(path.stem)] = {name: _gates(array) for name, array in arrays.items()}
            if snapshots[int(path.stem)].keys() != next(iter(snapshots.values())).keys():
                raise ValueError("it holds other blocks than the one before")
        except (SenetError, ValueError) as error:
            raise SenetError(f"{path} is damaged ({error}): train again, or delete it") from error
    return snapshots


def _gates(declared: InFile) -> np.ndarray:
    dtype, shape = declared.dtype, [*declared.shape]
    if dtype != "float16" or len(shape) != 2 or not 0 < shape[0] <= MAX_IMAGES:
        raise ValueError(f"it holds {dtype}{shape}, expected float16 of at most {MAX_IMAGES} images")
    return declared.read()
