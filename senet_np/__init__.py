"""Squeeze-and-Excitation networks in pure NumPy, every forward and backward pass written by hand.

The house has five floors, and imports go down only:

    5  cli                          what a person types
    4  training, explain, checks, experiments, bench, grading   learn; look inside; prove; compare; time; grade
    3  nets, data                   networks with and without SE; images
    2  se, variants, layers, compose   the SE block and its relatives; ops that own parameters; layers made of layers
    1  ops, gradcheck, hints, tree, errors   the mathematics; numbers against formulas

Start reading at `senet_np/se.py`.
"""

from typing import Any

__version__ = "0.1.0"


def pretrained(name: str) -> Any:
    """Load a trained network from the box: `senet_np.training.pretrained` says which there are, and what comes."""
    from .runs.bundled import pretrained

    return pretrained(name)
