"""Few images, for tests that train or load in many processes."""

import functools

from senet_np.data import Dataset, load_shapes


@functools.cache
def few_images() -> Dataset:
    """What may take the place of `senet_np.data.load_shapes`."""
    return load_shapes(seed=5, sizes=(96, 40, 40))
