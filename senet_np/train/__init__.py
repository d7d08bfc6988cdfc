"""The training algorithm: the loop, optimizers, the learning-rate schedule, evaluation. Start reading at `loop.py`."""
