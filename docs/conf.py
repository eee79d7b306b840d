"""Settings of the book: ``sphinx-build -W -n -j auto docs docs/_build/html`` makes it, and it then needs no network.

Pages under ``generated`` are written by the build: one for each registered component, the tutorial, the articles and
the gallery, which are programs that run, and the reference. ``extensions`` has what this book needs and no other.
"""

import sys
from pathlib import Path

import pyfc

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from reference_sources import resolve as linkcode_resolve  # noqa: F401 (a setting)

#: Folders of programs: they are run, and pages made of them.
PROGRAMS = ["tutorial", "articles", "gallery"]

project = "pyfc"
author = "the developers of pyfc"
project_copyright = author
version = release = pyfc.__version__

extensions = [
    "pyfc.sphinxext",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.linkcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "repository_links",
    "frames",
    "gallery_figures",
    "benchmarks",
    "playground",
]
nitpicky = True
exclude_patterns = ["_build", *PROGRAMS]
# The reference: what a class or function is, is said by its docstring, and types stand there in words.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

# Every colour of these, comments too, has a contrast of 4.5 or more to its ground.
pygments_style = "a11y-light"
pygments_dark_style = "github-dark"

# Pages of components and of sources.
pyfc_component_pages = "generated/components"
pyfc_source_folders = ["../src", "../pyfc"]

html_theme = "furo"
html_title = f"pyfc {release}"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_show_search_summary = False  # they are fetched, and a page from the disk cannot fetch another
html_domain_indices = False
html_copy_source = html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": PROGRAMS,
    "gallery_dirs": [f"generated/{folder}" for folder in PROGRAMS],
    "filename_pattern": r"\.py$",  # run all of them
    "image_scrapers": ("gallery_figures.scrape",),
    "reset_modules": ("gallery_figures.reset",),
    "ignore_repr_types": r"matplotlib|pyfc\.plots",  # a figure is shown, and its name is not
    "thumbnail_size": (480, 336),
    "copyfile_regex": r".*\.rst",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
}
