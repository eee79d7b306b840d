"""``import pyfc`` is cheap: nothing is imported before it is used. How long it takes is measured, not tested."""

#: What only some users need, or only some functions.
LATER = ["matplotlib", "tqdm", "sympy", "mpmath", "pooch", "safetensors", "scipy.optimize", "scipy.io", "pyfc.cli"]


def test_only_what_every_use_needs_is_imported(run):
    imported = set(run("import sys, pyfc; print(*sys.modules)").split())
    assert {"numpy", "scipy.linalg", "pyfc.registry"} <= imported
    assert imported.isdisjoint(LATER)


def test_no_component_is_imported(run):
    imported = run("import sys, pyfc; print(*sys.modules)").split()
    groups = ("activations", "losses", "optimizers", "initializers")
    assert [module for module in imported if module.startswith(tuple(f"pyfc.kernels.{g}." for g in groups))] == []


def test_these_tests_notice_a_component(run):
    imported = run("import sys, pyfc; pyfc.Sigmoid; print(*sys.modules)").split()
    assert "pyfc.kernels.activations.sigmoid" in imported


def test_the_kit_without_sympy_says_what_to_install(run, tmp_path):
    code = """
import sys
sys.modules["sympy"] = None  # as if it were not installed
try:
    import pyfc.testing
except ImportError as error:
    print(error)
"""
    assert run(code) == 'pyfc.testing needs sympy: install it by pip install "pyfc[symbolic]"\n'
