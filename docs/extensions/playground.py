"""Builds the playground's script: what the browser must know of each component, the kernels, and the JavaScript.

The parts of ``docs/playground`` become one file, ``_static/playground.js``, that needs nothing from anywhere else, so
that the page works from ``file://``. It is made once for each build, and only the playground's page asks for it.
"""

from __future__ import annotations

import base64
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from playground_formulas import address, chain, entry, letters
from playground_wasm import HERE, compile_kernels

import pyfc
from pyfc import registry
from pyfc.component import Component, Loss
from pyfc.kernels import dense

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

PAGE = "playground/index"

#: In this order: each uses those before it.
PARTS = ("kernels", "data", "network", "rows", "panel", "surface", "graph", "curve", "main")

#: Where training in the playground begins: networks this small take larger steps than an optimizer's default.
RATES = {"sgd": 0.1, "adam": 0.03, "adamw": 0.03, "rmsprop": 0.01, "adagrad": 0.1}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the script when all pages have been read, and put it on the playground's page."""
    app.connect("source-read", note_parts)
    app.connect("env-updated", build)
    app.connect("html-page-context", add_files)
    return {"version": pyfc.__version__, "parallel_read_safe": True, "parallel_write_safe": True}


def note_parts(app: Sphinx, docname: str, _source: list[str]) -> None:
    """Have the page written anew when a part of the script has changed."""
    if docname == PAGE:
        for path in HERE.iterdir():
            app.env.note_dependency(str(path))


def build(app: Sphinx, env: BuildEnvironment) -> None:
    """Write ``playground.js`` and ``playground.css`` into ``_static``, and what that needs beside the doctrees."""
    if app.builder.format != "html":
        return
    components = offered()
    binary = compile_kernels([cls for group in components.values() for cls in group], app.doctreedir / "playground")
    static = app.outdir / "_static"
    static.mkdir(parents=True, exist_ok=True)
    static.joinpath("playground.js").write_text(script(components, dense_page(env), binary), "utf-8")
    static.joinpath("playground.css").write_text(HERE.joinpath("playground.css").read_text("utf-8"), "utf-8")


def dense_page(env: BuildEnvironment) -> str:
    """Return the page with the derivation of the dense layer, ``""`` if the book has none."""
    directive = re.compile(r"^\.\. pyfc:derivation:: layers\.dense$", re.MULTILINE)
    pages = (name for name in sorted(env.found_docs) if directive.search(Path(env.doc2path(name)).read_text("utf-8")))
    return next(pages, "")


def add_files(app: Sphinx, pagename: str, *_: Any) -> None:
    """Ask for the files on one page alone."""
    if pagename == PAGE:
        app.add_css_file("playground.css")
        app.add_js_file("playground.js", loading_method="defer")


def script(components: dict[str, list[type[Component]]], page: str, binary: bytes) -> str:
    """Return the whole script."""
    known: dict[str, Any] = {group: {cls.name: describe(cls) for cls in group_} for group, group_ in components.items()}
    known["dense"] = {
        step.number: entry(step, "dense layer", f"{page}.html#pyfc-layers-dense-{step.number}" if page else "")
        | {"formula": None}
        for step in dense.derivation
    }
    constants = f'const COMPONENTS = {javascript(known)};\nconst BINARY = "{base64.b64encode(binary).decode()}";\n'
    parts = "\n".join(HERE.joinpath(f"{part}.js").read_text("utf-8") for part in PARTS)
    made = "// Made by docs/extensions/playground.py from docs/playground."
    return f'{made}\n(() => {{\n"use strict";\n{constants}{parts}}})();\n'


def javascript(value: Any) -> str:
    """Return a value as JavaScript: as JSON, but formulas as the functions that they are."""
    if isinstance(value, dict):
        parts = ((key, item if key == "formula" and item else javascript(item)) for key, item in value.items())
        return "{" + ",".join(f"{json.dumps(key)}:{part}" for key, part in parts) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(javascript, value))}]"
    return json.dumps(value, ensure_ascii=False)


def offered() -> dict[str, list[type[Component]]]:
    """Return the components that the playground offers: all built-in ones that fit into it.

    Returns
    -------
    dict of str to list of type
        By group: activations of one number that learn nothing, losses that ``fits`` finds right for the answers of a
        network without a last activation, and optimizers whose step is made by a kernel.
    """
    found: dict[str, list[type[Component]]] = {}
    for group, fit in (("activations", simple), ("losses", fits), ("optimizers", lambda cls: cls().compiled)):
        records = [record for record in registry.records(group) if record.builtin]
        found[group] = [cls for record in records if (cls := registry.get(group, record.full_name)).kernel and fit(cls)]
    return found


def simple(cls: Any) -> bool:
    """Return whether an activation takes one number to one number, and has nothing to learn."""
    return bool(cls.elementwise and cls.learned is None and chain(cls, "y", ()) and chain(cls, "dz", ()))


def fits(cls: type[Loss]) -> bool:
    """Return whether a loss, with its defaults, leads outputs that may be any numbers to the classes 0 and 1."""
    loss = cls()
    if loss.in_unit_interval or not chain(cls, "dy", ()):
        return False
    outputs = 2 if cls.task == "classification" else 1
    y, t = np.full((2, outputs), 0.3), np.array([0, 1])
    for _ in range(2000):
        y -= 0.1 * loss.gradient(y, t)
    answers = y[:, 1] - y[:, 0] if outputs == 2 else y[:, 0] - middle(cls)
    # A loss without a lowest point, made for logarithms of probabilities, would drive the outputs on and on.
    return bool(answers[0] < -0.2 and answers[1] > 0.2 and np.abs(y).max() < 20)


def middle(cls: type[Loss]) -> float:
    """Return the output between the classes: half-way from target 0 to 1, or where a logit changes its sign."""
    return 0.5 if cls.task == "regression" else 0.0


def describe(cls: Any) -> dict[str, Any]:
    """Return what the browser knows of a component."""
    defaults = cls()
    known: dict[str, Any] = {
        "name": cls.name,
        "title": cls.name.replace("_", " "),
        "defaults": defaults.hyper.tolist(),
        "hypers": [setting(name, hyper) for name, hyper in cls.hyperparameters.items()],
    }
    settings = set(cls.hyperparameters)
    if cls.group == "activations":
        return known | {
            "forward": chain(cls, "y", {"z"} | settings, first=True),
            "backward": chain(cls, "dz", {"z", "y", "dy"} | settings),
        }
    if cls.group == "losses":
        outputs = 2 if cls.task == "classification" else 1
        targets = defaults.targets(np.array([0, 1]), 2, outputs, np.float64)
        return known | {
            "outputs": outputs,
            "labels": bool(cls.takes_labels),
            "targets": np.eye(2).tolist() if cls.takes_labels else targets.tolist(),
            "middle": middle(cls),
            "smooth": cls.task != "regression",
            "rows": chain(cls, "dy", {"y", "t", "m"} | settings),
        }
    ran = [step for step in cls.derivation if step.runs]
    # A letter in them that a line of code has no name for is defined by a row too.
    inside = set().union(*(letters(step.right) for step in ran)) - {step.left for step in ran}
    steps = [step for step in cls.derivation if step.runs or step.left in inside]
    new = dict.fromkeys(step.left.removesuffix("_new") for step in cls.derivation if step.left.endswith("_new"))
    states = [letter for letter in new if letter != "w" and letter.isidentifier()]
    if len(states) < cls.states:
        raise ValueError(
            f"{cls.__name__} keeps {cls.states} arrays: expected as many steps with a left side like m_new"
        )
    return known | {
        "states": states[: cls.states],
        "rate": RATES.get(cls.name, cls.default_lr),
        "rows": [entry(step, known["title"], address(cls, step)) for step in steps],
    }


def setting(name: str, hyper: Any) -> dict[str, Any]:
    """Return a hyper-parameter as a control shows it."""
    kind = "bool" if isinstance(hyper.default, bool) else "number"
    # A field has closed bounds: just inside those that are open.
    low = hyper.low + 1e-12 * hyper.open_low if math.isfinite(hyper.low) else ""
    high = hyper.high - 1e-6 * hyper.open_high if math.isfinite(hyper.high) else ""
    return {"name": name, "kind": kind, "default": hyper.number(hyper.default), "low": low, "high": high}
