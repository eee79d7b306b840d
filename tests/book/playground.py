"""Opens the playground of the built book in a browser, sets its controls, and makes a pyfc.Network of what it shows."""

import contextlib
import json

import numpy as np
from book.pages import BOOK

import pyfc

PAGE = BOOK / "playground" / "index.html"


@contextlib.contextmanager
def opened(browser):
    """Open the page from its file; it must ask nobody else for anything, and have nothing to complain about."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(PAGE.as_uri())
    page.evaluate("async () => { window.p = await window.playground; }")
    yield page
    page.close()
    root = BOOK.as_uri()
    assert requests
    assert [url for url in requests if not url.startswith(root)] == []
    assert complaints == []


def given(page, name):
    """Return a part of what the page knows of the components."""
    return json.loads(page.evaluate(f"JSON.stringify(p.components{name})"))


def network_of(page):
    """Return a pyfc.Network with the page's layers and weights, and the targets and samples of its next step."""
    state = page.evaluate(
        """() => { const n = p.network; return { sizes: n.sizes, activations: n.activations, loss: n.loss.name,
            layers: n.layers.map(({ W, b }) => [Array.from(W), Array.from(b)]),
            batch: n.batch.map((i) => n.data.train[i]) }; }"""
    )
    layers = []
    for (p, q), activation in zip(
        zip(state["sizes"], state["sizes"][1:], strict=False), state["activations"], strict=True
    ):
        layers += [pyfc.Dense(p, q), *([activation] if activation else [])]
    net = pyfc.Network(layers, loss=state["loss"], dtype="float64")
    for number, (W, b) in enumerate(state["layers"]):
        net.parameters[f"dense_{number}.W"][...] = np.reshape(W, net.parameters[f"dense_{number}.W"].shape)
        net.parameters[f"dense_{number}.b"][...] = b
    batch = np.array(state["batch"])
    labels = batch[:, 2].astype(np.int64)
    return net, batch[:, :2], labels if state["sizes"][-1] > 1 else labels.astype(np.float64)


def choose(page, **values):
    for name, value in values.items():
        field = page.locator(f'[data-pg="{name}"]')
        if field.evaluate("field => field.localName") == "select":
            field.select_option(value)
        else:
            field.fill(value)
            field.blur()
