"""Looking inside: what the gates of a trained network do, as arrays first and as pictures second.

Floor 4, and the only place that imports Matplotlib, when a picture is drawn and not before.
"""
