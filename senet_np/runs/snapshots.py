"""The gates at a few moments of the training, so that one can see later how they came to be what they are.

They lie in the run's folder, gates/0000123.npz for step 123, each block's under its path.
"""

import io
from pathlib import Path

import numpy as np

from ..containers import image_gates, se_caches
from ..errors import SenetError
from ..layers import Layer
from .checkpoint import Progress
from ..train.evaluation import batches
from ..files import write_atomically
from .run import Run
from .weight_files import InFile, reading

SHARES = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1)  # of all steps: most happens early
IMAGES = 250  # the first validation images
MOST_CHANNELS = 1 << 14  # of all blocks together: resnet110 has 2,016


def gate_moments(steps: int) -> set[int]:
    """After how many steps of `steps` the gates are recorded: at the start, at the end, and in between."""
    return {round(share * steps) for share in SHARES}


def record_gates(run: Run, net: Layer, progress: Progress, images: np.ndarray, step: int) -> None:
    """Write every block's gates of the first validation images; what a resumed run writes again is the same.

    Args:
        run: whose folder.
        net, progress: the network as it is.
        images: the validation images, (n, H, W, 3) uint8.
        step: how many steps have been taken.

    Raises:
        SenetError: the file cannot be written.
    """
    gates: dict[str, list[np.ndarray]] = {}
    with np.errstate(over="ignore", invalid="ignore"):  # where training diverges the loop says so, a step later
        for _, _, cache in batches(net, progress.params, progress.state, images[:IMAGES], run.normalizer):
            for path, block in se_caches(cache).items():
                gates.setdefault(path, []).append(image_gates(block).astype(np.float16))
    buffer = io.BytesIO()
    np.savez(buffer, **{path: np.concatenate(parts) for path, parts in gates.items()})  # pyright: ignore
    folder = run.path / "gates"
    folder.mkdir(exist_ok=True)
    write_atomically(folder / f"{step:07d}.npz", buffer.getvalue())


def read_moments(folder: Path) -> dict[int, dict[str, np.ndarray]]:
    """Read what was recorded.

    Args:
        folder: the run's.

    Returns:
        {step: {path of the block: gates (n, C) float16}}, the steps rising; empty where nothing was recorded.

    Raises:
        SenetError: a file is damaged.
    """
    found = {}
    for path in sorted((folder / "gates").glob("[0-9]*.npz"))[: 2 * len(SHARES)]:
        try:
            with reading(path) as (arrays, _):
                if sum(array.shape[-1] for array in arrays.values() if array.shape) > MOST_CHANNELS:
                    raise ValueError(f"it holds gates of more than {MOST_CHANNELS:,} channels")
                found[int(path.stem)] = {name: _gates(array) for name, array in arrays.items()}
            if found[int(path.stem)].keys() != next(iter(found.values())).keys():
                raise ValueError("it holds other blocks than the one before")
        except (SenetError, ValueError) as error:
            raise SenetError(f"{path} is damaged ({error}): train again, or delete it") from error
    return found


def _gates(declared: InFile) -> np.ndarray:
    if declared.dtype != "float16" or len(declared.shape) != 2 or not 0 < declared.shape[0] <= IMAGES:
        raise ValueError(f"it holds {declared.dtype}{[*declared.shape]}, expected float16 of at most {IMAGES} images")
    return declared.read()
