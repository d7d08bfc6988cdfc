"""The explorer: a trained network as one HTML page that computes in the browser, to play with.

`program.py` turns a network into a list of instructions and its arrays, `payload.py` packs networks with what
is known of their gates, `page.py` puts all of it into one file with the style and scripts in `parts/`.
"""
