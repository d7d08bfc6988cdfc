"""Squeeze-and-Excitation networks in pure NumPy, every forward and backward pass written by hand.

The house has five floors, and imports go down only:

    5  cli                          what a person types
    4  training, explain, checks, experiments   learn; look inside; prove; compare
    3  nets, data                   networks with and without SE; images
    2  se, layers                   the SE block; ops that own parameters
    1  ops, gradcheck, hints, tree, errors   the mathematics; numbers against formulas

Start reading at `senet_np/se.py`.
"""

__version__ = "0.1.0"
