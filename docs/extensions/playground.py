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
from docutils.nodes import make_id
from docutils.utils.math.latex2mathml import tex2mathml
from playground_wasm import HERE, compile_kernels

import pyfc
from pyfc import registry
from pyfc.component import Component, Loss
from pyfc.derivation import Step
from pyfc.kernels import dense
from pyfc.sphinxext.mathematics import latex

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

PAGE = "playground/index"

#: In this order: each uses those before it.
PARTS = ("kernels", "data", "network", "panel", "surface", "graph", "curve", "main")

#: Where training in the playground begins: networks this small take larger steps than an optimizer's default.
RATES = {"sgd": 0.1, "adam": 0.03, "adamw": 0.03, "rmsprop": 0.01, "adagrad": 0.1}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the script before the pages are written, and put it on the playground's page."""
    app.add_config_value("playground_dense_page", "generated/components/layers/dense", "html")
    app.connect("builder-inited", build)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def build(app: Sphinx) -> None:
    """Write ``playground.js`` and ``playground.css`` into a folder that is copied to ``_static``."""
    if app.builder.format != "html":
        return
    folder = Path(app.srcdir) / "_build" / "playground"
    components = offered()
    binary = compile_kernels([cls for group in components.values() for cls in group], folder)
    static = folder / "static"
    static.mkdir(exist_ok=True)
    static.joinpath("playground.js").write_text(script(components, app.config.playground_dense_page, binary), "utf-8")
    static.joinpath("playground.css").write_text(HERE.joinpath("playground.css").read_text("utf-8"), "utf-8")
    app.config.html_static_path.append(str(static))


def add_files(app: Sphinx, pagename: str, *_: Any) -> None:
    """Ask for the files on one page alone."""
    if pagename == PAGE:
        app.add_css_file("playground.css")
        app.add_js_file("playground.js", loading_method="defer")


def script(components: dict[str, list[type[Component]]], dense_page: str, binary: bytes) -> str:
    """Return the whole script."""
    known: dict[str, Any] = {
        group: {cls.name: describe(cls) for cls in classes} for group, classes in components.items()
    }
    known["dense"] = {
        step.number: entry(step, "dense layer", f"{dense_page}.html#pyfc-layers-dense-{step.number}")
        for step in dense.derivation
    }
    data = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    parts = "\n".join(HERE.joinpath(f"{part}.js").read_text("utf-8") for part in PARTS)
    constants = f'const COMPONENTS = {data};\nconst BINARY = "{base64.b64encode(binary).decode()}";\n'
    return f'// Made by docs/extensions/playground.py from docs/playground.\n(() => {{\n"use strict";\n{constants}{parts}}})();\n'


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
    return bool(cls.elementwise and cls.learned is None and row_of(cls, "y") and row_of(cls, "dz"))


def fits(cls: type[Loss]) -> bool:
    """Return whether a loss, with its defaults, leads outputs that may be any numbers to the classes 0 and 1."""
    loss = cls()
    if loss.in_unit_interval or not row_of(cls, "dy[j]"):
        return False
    outputs = 2 if cls.task == "classification" else 1
    y, t = np.full((2, outputs), 0.3), np.array([0, 1])
    for _ in range(2000):
        y -= 0.1 * loss.gradient(y, t)
    answers = y[:, 1] - y[:, 0] if outputs == 2 else y[:, 0] - middle(cls)
    return bool(answers[0] < -0.2 and answers[1] > 0.2)


def middle(cls: type[Loss]) -> float:
    """Return the output between the two classes: a number has the targets 0 and 1, a logit has its change of sign at 0."""
    return 0.5 if cls.task == "regression" else 0.0


def describe(cls: Any) -> dict[str, Any]:
    """Return what the browser knows of a component."""
    defaults = cls()
    page = f"generated/components/{cls.group}/{cls.name}.html"
    known: dict[str, Any] = {
        "name": cls.name,
        "title": cls.name.replace("_", " "),
        "defaults": defaults.hyper.tolist(),
        "hypers": [setting(name, hyper) for name, hyper in cls.hyperparameters.items()],
    }
    if cls.group == "activations":
        known |= {"forward": row_of(cls, "y", page), "backward": row_of(cls, "dz", page)}
    elif cls.group == "losses":
        outputs = 2 if cls.task == "classification" else 1
        targets = defaults.targets(np.array([0, 1]), 2, outputs, np.float64)
        known |= {
            "outputs": outputs, "labels": bool(cls.takes_labels), "middle": middle(cls), "smooth": cls.task != "regression",
            "targets": np.eye(2).tolist() if cls.takes_labels else targets.tolist(), "row": row_of(cls, "dy[j]", page),
        }  # fmt: skip
    else:
        steps = [step for step in cls.derivation if step.runs]
        letters = [step.left.removesuffix("_new") for step in cls.derivation if step.left.endswith("_new")]
        letters = [letter for letter in dict.fromkeys(letters) if letter != "w" and letter.isidentifier()]
        known |= {
            "states": (letters + [f"state{k}" for k in range(cls.states)])[: cls.states],
            "rate": RATES.get(cls.name, cls.default_lr),
            "rows": [entry(step, known["title"], anchor(page, cls, step)) for step in steps],
        }  # fmt: skip
    return known


def setting(name: str, hyper: Any) -> dict[str, Any]:
    """Return a hyper-parameter as a control shows it."""
    kind = "bool" if isinstance(hyper.default, bool) else "number"
    # A field has closed bounds: just inside those that are open.
    low = hyper.low + 1e-12 * hyper.open_low if math.isfinite(hyper.low) else ""
    high = hyper.high - 1e-6 * hyper.open_high if math.isfinite(hyper.high) else ""
    symbol = re.sub(r"<[^>]*>|\s", "", mathml(f"{name} = 0")).split("=")[0]
    return {
        "name": name,
        "kind": kind,
        "default": hyper.number(hyper.default),
        "low": low,
        "high": high,
        "symbol": symbol,
    }


def row_of(cls: Any, left: str, page: str = "") -> dict[str, Any] | None:
    """Return the row that says what a letter is: the definition of y, and the last word on dy or dz; None without one."""
    defaults = cls()
    steps = [step for step in cls.derivation if step.left == left]
    steps = [step for step in steps if all(getattr(defaults, key) == value for key, value in step.when.items())]
    if not steps:
        return None
    step = steps[0] if left == "y" else steps[-1]
    return entry(step, cls.name.replace("_", " "), anchor(page, cls, step))


def anchor(page: str, cls: type[Component], step: Step) -> str:
    """Return the address of a step's row."""
    return f"{page}#{make_id(f'pyfc-{cls.group}-{cls.name}')}-{step.number}"


def entry(step: Step, title: str, href: str) -> dict[str, Any]:
    """Return a step as the browser shows it."""
    letters = set(re.findall(r"[A-Za-z_]\w*(?!\w*\()", step.right)) - {"Piecewise", "True", "False"}
    left = re.sub(r"\W|_", "", step.left)
    first = letters <= {"z", "y", "dy"} or step.number == 1
    return {"number": step.number, "math": mathml(step.equation), "title": title, "href": href, "left": left,
            "when": dict(step.when), "first": first}  # fmt: skip


def mathml(equation: str) -> str:
    """Return an equation as MathML in which each letter, also one of several characters, is one element."""
    text = tex2mathml(rf"\displaystyle {latex(equation)}").replace("\n", "")
    text = re.sub(r">\s+<", "><", text)
    # dz comes as <mrow><mi>d</mi><mi>z</mi></mrow>, in the italics that Unicode has for mathematics.
    return re.sub(
        r"<mrow>((?:<mi>[^<]</mi>){2,})</mrow>",
        lambda match: f"<mi>{re.sub('<[^>]*>', '', match[1])}</mi>",
        text,
    )


__version__ = pyfc.__version__
