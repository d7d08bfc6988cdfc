"""Sphinx's settings for the slides. docs/tools/slides.py copies this folder, draws the figures and builds."""

project = "Squeeze-and-Excitation networks"
copyright = "the senet_np authors"
language = "en"
extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx_revealjs"]
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
mathjax_path = "mathjax.js"
mathjax3_config = {"options": {"enableMenu": False}}  # the menu would fetch parts of its own
html_static_path = revealjs_static_path = ["_static"]
revealjs_css_files = ["slides.css"]
revealjs_style_theme = "white"
revealjs_script_plugins = [{"src": "revealjs/plugin/notes/notes.js", "name": "RevealNotes"}]
revealjs_script_conf = {
    **{"width": 1920, "height": 1080, "margin": 0, "minScale": 0.1, "maxScale": 4},
    **{"center": False, "hash": True, "slideNumber": "c/t", "transition": "none", "controls": False},
}
pygments_style = "default"
