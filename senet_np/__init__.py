"""Squeeze-and-Excitation networks in pure NumPy, every forward and backward pass written by hand.

    import senet_np

    model = senet_np.load("tiny-se")
    logits, activations = model.run(images, record=True)  # images (N, 32, 32, 3) uint8

Start reading at `se.py`. docs/code.md has a map of the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Model as Model
    from .runs.load import load as load

__version__ = "1.0.0"
LATER = {"load": ".runs.load", "Model": ".model"}  # imported when first asked for: `import senet_np` alone is quick


def __getattr__(name: str) -> Any:
    if name in LATER:
        return getattr(import_module(LATER[name], __name__), name)
    raise AttributeError(f"module 'senet_np' has no attribute {name!r}")
