"""The playground of the built book, in a browser: its kernels give pyfc's numbers, and the page can be used.

Needs a built book, playwright, and Debian's chromium.
"""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from book.test_book import BOOK, built

import pyfc
from pyfc import datasets

playwright = pytest.importorskip("playwright.sync_api", reason="install playwright to open the book in a browser")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    built,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: install Debian's chromium"),
]
PAGE = BOOK / "playground" / "index.html"
EPS = np.finfo(np.float64).eps


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


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


@pytest.fixture
def page(browser):
    with opened(browser) as page:
        yield page


@pytest.fixture(scope="module")
def kernels(browser):
    """Open the page for those who call kernels and touch nothing on it: once for all of them."""
    with opened(browser) as page:
        yield page


def given(page, name):
    """Return a part of what the page knows of the components."""
    return json.loads(page.evaluate(f"JSON.stringify(p.components{name})"))


# The kernels


def same(actual, expected, scale=0.0, ulps=2):
    """Assert that numbers agree up to ULPs of their own, or of a scale where they are the difference of larger ones."""
    actual, expected = np.array(actual), np.array(expected)
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    keep = ~np.isnan(expected) & (actual != expected)
    actual, expected = actual[keep], expected[keep]
    scale = np.broadcast_to(scale, keep.shape)[keep]
    assert np.isfinite(actual).all()
    assert np.isfinite(expected).all()
    assert (np.abs(actual - expected) <= ulps * np.maximum(np.spacing(np.abs(expected)), EPS * np.abs(scale))).all()


def test_activations_are_those_of_the_package(kernels):
    edges = [0.0, -0.0, 1e-310, -1e-310, 1e30, -1e30, np.inf, -np.inf, np.nan, 700, -700, 800, -800]
    z = np.concatenate([np.linspace(-25, 25, 501), np.linspace(-1e-3, 1e-3, 333), edges])
    dy = np.random.default_rng(0).normal(size=z.size)
    found = kernels.evaluate(
        """([z, dy]) => Object.values(p.components.activations).map(({ name, defaults }) => {
            const k = p.kernels, n = z.length;
            k.forget();
            const hyper = k.numbers(defaults);
            const [a, b, c, d] = [z, [], dy, []].map((v) => { const x = k.floats(n); x.set(v); return x; });
            k.activationForward(name, n, 1, a, b, hyper);
            k.activationBackward(name, n, 1, a, b, c, d, hyper);
            return [name, Array.from(b), Array.from(d)];
        })""",
        [z.tolist(), dy.tolist()],
    )
    expected = {name for name in pyfc.available("activations") if offered(name)}
    assert {name for name, *_ in found} == expected
    for name, y, dz in found:
        activation = pyfc.get("activations", name)()
        same(y, activation.forward(z))
        # A slope near its zero is the difference of numbers of the size of dy.
        same(dz, activation.backward(dy, z=z, y=activation.forward(z)), scale=dy, ulps=4)


def offered(name):
    """Return whether the playground must have an activation: every one of pyfc's of one number that learns nothing."""
    cls = pyfc.get("activations", name)
    return cls.__module__.startswith("pyfc.kernels.") and cls.elementwise and not cls.learned


def test_losses_are_those_of_the_package(kernels):
    rng = np.random.default_rng(1)
    losses = given(kernels, ".losses")
    assert {"binary_cross_entropy", "squared_error", "softmax_cross_entropy", "huber", "hinge"} <= set(losses)
    for name, known in losses.items():
        labels = rng.integers(0, 2, 300)
        y = np.concatenate([rng.normal(0, 3, (280, known["outputs"])), rng.normal(0, 1000, (20, known["outputs"]))])
        values, gradient = kernels.evaluate(
            """([loss, y, labels]) => {
                const k = p.kernels, n = labels.length, m = loss.outputs;
                k.forget();
                const hyper = k.numbers(loss.defaults);
                const [a, t, l, scale, dy] = [n * m, n * m, n, n, n * m].map((size) => k.floats(size));
                const whole = k.labels(n);
                a.set(y.flat());
                scale.fill(1 / n);
                labels.forEach((label, i) => { whole[i] = BigInt(label); t.set(loss.targets[label], i * m); });
                const target = loss.labels ? [null, whole] : [t, null];
                k.lossForward(loss.name, n, m, a, ...target, l, hyper);
                k.lossBackward(loss.name, n, m, a, ...target, scale, dy, hyper);
                return [Array.from(l), Array.from(dy)];
            }""",
            [known, y.tolist(), labels.tolist()],
        )
        loss = pyfc.get("losses", name)()
        targets = loss.targets(labels, len(y), known["outputs"], np.float64)
        expected = np.empty(len(y))
        loss.compute_forward(y, targets, expected)
        same(values, expected, scale=np.abs(y).max(axis=1), ulps=4)
        same(np.reshape(gradient, y.shape), loss.gradient(y, labels), scale=1 / len(y), ulps=4)


def test_optimizers_are_those_of_the_package(kernels):
    rng = np.random.default_rng(2)
    w, gradients = rng.normal(size=101), rng.normal(size=(5, 101))
    optimizers = given(kernels, ".optimizers")
    assert set(optimizers) == {name for name in pyfc.available("optimizers") if pyfc.get("optimizers", name).kernel}
    for name, known in optimizers.items():
        settings = {"momentum": 0.9} if name == "sgd" else {}
        optimizer = pyfc.get("optimizers", name)(lr=0.03, **settings)
        found = kernels.evaluate(
            """([name, states, hyper, start, gradients]) => {
                const k = p.kernels, n = start.length;
                k.forget();
                const w = k.numbers(start), dw = k.floats(n), numbers = k.numbers(hyper);
                const list = k.addresses(states.map(() => k.floats(n)));
                gradients.forEach((g, i) => { dw.set(g); k.update(name, w, dw, list, 0.03, i + 1, numbers); });
                return Array.from(w);
            }""",
            [name, known["states"], optimizer.hyper.tolist(), w.tolist(), gradients.tolist()],
        )
        expected, state = w.copy(), optimizer.new_state(w.size, w.dtype)
        for step, gradient in enumerate(gradients, 1):
            optimizer.update(expected, gradient, state, 0.03, step)
        same(found, expected, scale=1, ulps=8)


# Training


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


@pytest.mark.parametrize(
    ("loss", "optimizer"),
    [("binary_cross_entropy", "adam"), ("softmax_cross_entropy", "sgd"), ("squared_error", "rmsprop")],
)
def test_a_training_is_that_of_fit(page, loss, optimizer):
    choose(page, data="xor", loss=loss, optimizer=optimizer, depth="3", activation="gelu", rate="0.05", seed="7")
    net, *_ = network_of(page)
    batches = page.evaluate(
        """() => Array.from({ length: 20 }, () => {
            const batch = p.network.batch.map((i) => p.network.data.train[i]);
            p.network.step();
            return batch;
        })"""
    )
    samples = np.concatenate(batches)  # 200 of them: 20 steps in the page's own order
    labels = samples[:, 2].astype(np.int64)
    targets = labels if loss == "softmax_cross_entropy" else labels.astype(np.float64)
    moving = pyfc.get("optimizers", optimizer)(lr=0.05)
    net.fit(samples[:, :2], targets, epochs=1, batch_size=10, optimizer=moving, shuffle=False, progress=False)
    trained, *_ = network_of(page)
    for name, value in net.parameters.items():
        np.testing.assert_allclose(trained.parameters[name], value, rtol=1e-11, atol=1e-13)


def test_the_data_are_those_of_the_package(page):
    moons, spirals = datasets.make_moons(200, noise=0), datasets.make_spirals(300, noise=0)
    for name, (X, y) in {"circle": datasets.make_circle(), "moons": moons, "spirals": spirals}.items():
        choose(page, data=name, noise="0")
        points = np.array(page.evaluate("[...p.data.train, ...p.data.test]"))
        expected = np.column_stack([X, y])
        assert points.shape == expected.shape
        distances = np.abs(points[:, None] - expected[None]).sum(axis=2)
        assert distances.min(axis=1).max() < 1e-13
        assert sorted(distances.argmin(axis=1)) == list(range(len(X)))  # each of them once


# The page


def numbers(page):
    """Return the results in the panel by their letters; of those that stand twice, the first."""
    found = page.eval_on_selector_all(
        "[data-number]", "all => all.map((b) => [b.dataset.number, +b.querySelector('data').value])"
    )
    return dict(reversed(found))


def click_weight(page, key):
    """Click on a weight's line where no other one lies above it."""
    x, y = page.evaluate(
        """(key) => {
            const line = document.querySelector(`[data-key="${key}"] .pg-hit`);
            line.scrollIntoView({ block: "center", behavior: "instant" });
            for (let share = 0.05; share < 1; share += 0.01) {
                const inside = line.getPointAtLength(share * line.getTotalLength());
                const { x, y } = inside.matrixTransform(line.getScreenCTM());
                if (document.elementFromPoint(x, y) === line) return [x, y];
            }
            throw new Error(`${key} lies under others everywhere`);
        }""",
        key,
    )
    page.mouse.click(x, y)


def test_play_trains_and_draws(page):
    picture = "document.querySelector('[data-pg=surface]').toDataURL()"
    before, start = page.evaluate(picture), page.evaluate("p.network.curve[0].train")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("p.network.epochs >= 60")
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("p.network.curve.at(-1).train") < 0.5 * start
    assert page.evaluate(picture) != before
    assert page.locator("[data-pg=curve] polyline").count() == 2
    epochs = page.evaluate("p.network.epochs")
    assert page.locator("[data-pg=epochs]").inner_text() == str(epochs)
    page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate("[p.network.steps, p.network.curve[0].train]") == [0, start]


def test_the_numbers_of_a_weight_and_a_neuron_are_those_of_trace(page):
    page.evaluate("for (let k = 0; k < 30; k++) p.network.step(); p.draw();")
    net, X, y = network_of(page)
    trace = net.trace(X, y)
    click_weight(page, "weight 2 1 2")
    found = numbers(page)
    assert found["W"] == net.parameters["dense_1.W"][1, 2]
    np.testing.assert_allclose(found["dW"], trace["dense_1.dW"][1, 2], rtol=1e-10)
    moved = page.evaluate("() => { p.network.step(); return p.network.layers[1].W[1 * 3 + 2]; }")
    assert found["w_new"] == moved  # the step that was announced is the step that is made

    page.evaluate("p.draw()")
    net, X, y = network_of(page)
    trace = net.trace(X, y)
    page.locator('[data-key="neuron 1  2"]').click()
    choose(page, sample="4")
    found = numbers(page)
    for letter, name in {"z": "dense_0.z", "y": "tanh_0.y", "dy": "dense_1.dx", "dz": "tanh_0.dz"}.items():
        np.testing.assert_allclose(found[letter], trace[name][3, 2], rtol=1e-10)
    np.testing.assert_allclose(found["db"], trace["dense_0.db"][2], rtol=1e-10)
    page.locator('[data-key="neuron 3  0"]').click()
    found = numbers(page)
    np.testing.assert_allclose(found["z"], trace["dense_2.z"][3, 0], rtol=1e-10)
    np.testing.assert_allclose(found["dy"] / len(X), trace["loss.dy"][3, 0], rtol=1e-10)


def test_formulas_agree_with_the_kernels(kernels):
    """What the page reckons between the kernels' numbers, it reckons right."""
    found = kernels.evaluate(
        """() => Object.values(p.components.activations).map(({ name, forward, backward, hypers, defaults }) => {
            const k = p.kernels, v = { z: -0.7, dy: 1.3 };
            hypers.forEach((h, i) => { v[h.name] = defaults[i]; });
            for (const row of [...forward, ...backward]) v[row.left] = row.formula(v);
            return [name, v.y, v.dz];
        })"""
    )
    for name, y, dz in found:
        activation = pyfc.get("activations", name)()
        z = np.array([-0.7])
        expected = activation.forward(z)
        np.testing.assert_allclose(y, expected[0], rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(dz, activation.backward([1.3], z=z, y=expected)[0], rtol=1e-12, err_msg=name)


def test_by_keys_alone(page):
    def focused():
        return page.evaluate("document.activeElement.dataset.key ?? document.activeElement.dataset.pg ?? ''")

    def tab_to(name):
        for _ in range(120):
            if focused() == name:
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {name}")

    tab_to("play")
    page.keyboard.press("Space")
    page.wait_for_function("p.network.epochs > 3")
    page.keyboard.press("Space")
    assert not page.evaluate("p.playing")
    tab_to("data")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("p.dataSet") == "xor"
    tab_to("weight 1 0 0")  # the network is one stop, where the arrow keys go on
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert focused() == "neuron 1  2"
    assert page.locator("[data-pg=chosen]").text_content() == "neuron 3 of hidden layer 1"
    page.keyboard.press("Tab")
    assert focused() == "sample"
    unnamed = page.eval_on_selector_all(
        ".playground :is(input, select, button)",
        "all => all.filter((e) => !(e.labels && e.labels.length) && !e.textContent.trim()).length",
    )
    assert unnamed == 0


def test_every_component_can_be_chosen(page):
    choose(page, data="moons", depth="1")
    found = page.evaluate(
        """() => ["activation", "loss", "optimizer"].flatMap((name) => {
            const select = p.find(name), layer = name === "loss" ? 2 : 1;
            return [...select.options].filter((option) => option.value).map((option) => {
                select.value = option.value;
                select.dispatchEvent(new Event("change"));
                for (let k = 0; k < 5; k++) p.network.step();
                p.panel.draw(p.network, { kind: "neuron", layer, j: 0 });
                const shown = [...document.querySelectorAll("[data-number] data")];
                return [option.value, shown.map((number) => +number.value)];
            });
        })"""
    )
    assert len(found) == sum(len(given(page, f".{group}")) for group in ("activations", "losses", "optimizers"))
    for name, shown in found:
        assert len(shown) >= 5, name
        assert np.isfinite(shown).all(), name
    choose(page, depth="0")
    assert page.evaluate("p.network.sizes.length") == 2


def test_small_and_narrow(browser, page):
    assert sum((BOOK / "_static" / f"playground.{kind}").stat().st_size for kind in ("js", "css")) < 300_000
    page.set_viewport_size({"width": 360, "height": 800})
    choose(page, depth="4")
    page.wait_for_function("p.graph.element.clientWidth < 360")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_rows_are_linked(kernels):
    """Every row of the panel leads to the row of a table in this book."""
    rows = kernels.evaluate(
        """() => [...Object.values(p.components.dense), ...["activations", "losses", "optimizers"].flatMap((group) =>
            Object.values(p.components[group]).flatMap((c) => [c.forward, c.backward, c.rows].flat()))]
            .filter(Boolean).map((row) => row.href)"""
    )
    texts = {}
    for row in rows:
        path, _, anchor = row.partition("#")
        texts.setdefault(path, (BOOK / path).read_text("utf-8"))
        assert f'id="{anchor}"' in texts[path], row
