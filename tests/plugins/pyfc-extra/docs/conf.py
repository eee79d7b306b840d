"""Settings of the documentation: `sphinx-build docs docs/_build`."""

project = "pyfc-extra"
extensions = ["pyfc.sphinxext"]
html_theme = "alabaster"
