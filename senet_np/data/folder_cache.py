"""The cache of a folder's images: they are decoded once, and again only where a file has changed.

A cache that cannot be read or written costs time, and nothing else.
"""

import contextlib
import hashlib
import io
import json
from pathlib import Path

import numpy as np

from ..files import write_atomically
from .places import cache_folder
from .view import View


def cache_path(folder: Path, view: View) -> Path:
    """The cache file of a folder as a network sees it."""
    digest = hashlib.sha256(json.dumps([folder.as_posix(), *view]).encode()).hexdigest()[:16]
    return cache_folder() / "folders" / f"{digest}.npz"


def read_cache(folder: Path, view: View, keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The images with these keys, zeros for those that are not in the cache, and which are: (n, s, s, 3), (n,) bool."""
    images, known = np.zeros((len(keys), view.size, view.size, 3), np.uint8), np.zeros(len(keys), bool)
    with contextlib.suppress(Exception), np.load(cache_path(folder, view)) as file:
        stored, where = file["images"], {key: k for k, key in enumerate(json.loads(str(file["keys"])))}
        if stored.shape == (len(where), *images.shape[1:]) and stored.dtype == np.uint8:
            found = np.array([where.get(key, -1) for key in keys])
            known = found >= 0
            images[known] = stored[found[known]]
    return images, known


def write_cache(folder: Path, view: View, keys: list[str], images: np.ndarray) -> None:
    """Keep images under their keys, in place of what was there."""
    with contextlib.suppress(Exception):
        path = cache_path(folder, view)
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        np.savez(buffer, images=images, keys=np.array(json.dumps(keys)))
        write_atomically(path, buffer.getvalue())
