"""Sphinx's settings. The source folder is made by build.py."""

project = "senet_np"
copyright = "the senet_np authors"
extensions = ["myst_nb", "sphinx.ext.mathjax"]
nb_execution_mode = "off"  # build.py has run the notebooks
nb_ipywidgets_js = {}  # sliders are recorded, and nothing comes from elsewhere
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
mathjax_path = "mathjax.js"
mathjax3_config = {"options": {"enableMenu": False}}  # the menu would fetch parts of its own
html_theme = "furo"
html_title = "senet_np"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = [("equations.js", {"defer": "defer"}), ("recorded.js", {"defer": "defer"})]
html_favicon = "_static/favicon.svg"
templates_path = ["_templates"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = True  # from _static/search_texts.js: a page opened from a file may not read others
html_show_sphinx = False
html_last_updated_fmt = None
pygments_style = "a11y-high-contrast-light"  # it comes with furo
pygments_dark_style = "a11y-high-contrast-dark"
exclude_patterns = ["_static", "_extra"]
