"""Learning: optimizers, the training loop, checkpoints and run folders.

Start reading at `loop.py`.
"""
