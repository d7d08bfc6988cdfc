"""Squeeze-and-Excitation networks in pure NumPy, every forward and backward pass written by hand.

The house has five floors, and imports go down only:

    5  cli                          what a person types
    4  training, explain, checks, experiments, bench   learn; look inside; prove; compare; time
    3  nets, data                   networks with and without SE; images
    2  se, variants, layers, compose   the SE block and its relatives; ops that own parameters; layers made of layers
    1  ops, gradcheck, hints, tree, errors   the mathematics; numbers against formulas

Start reading at `senet_np/se.py`.
"""

__version__ = "0.1.0"
