"""The explorer: trained networks on one HTML page that computes them in the browser, to play with.

`program.py` turns a network into a list of instructions and its arrays, `payload.py` packs models with what was
measured about their gates, `page.py` puts everything into one file with the style and scripts in `parts/`. There
`engine.js` and `backward.js` compute, `trainer.js` learns, and the others show.
"""
