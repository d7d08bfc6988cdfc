"""Learning: optimisers, the training loop, checkpoints and run folders.

Floor 4. Start reading at `loop.py`.
"""
