"""Looking inside: what the gates of a trained network do, as arrays first and as pictures second.

Matplotlib is imported when a figure is drawn, not before.
"""
