"""What the gates of a trained network do, as arrays: statistics, interventions, pruning.

Nothing here draws; `senet_np.figures` does.
"""
