"""Settings of the documentation: `sphinx-build docs docs/_build`."""

project = "pyfc-extra"
extensions = ["pyfc.sphinxext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "70rem"}
# A page for each component of this package, and for no other that is installed.
pyfc_component_pages = "generated"
pyfc_component_distributions = ["pyfc-extra"]
