"""Drawing: arrays in, a Matplotlib Figure out. Nothing is computed here that is not in the picture alone.

Each function knows nothing of files.
"""
