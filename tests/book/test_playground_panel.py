"""The numbers in the panel of the built book's playground, and the formulas between those that kernels give."""

import numpy as np
import pytest
from book.pages import BOOK
from book.playground import choose, network_of

import pyfc


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


#: Around the kinks and steps of all of them, and on these.
PLACES = [-30, -3, -1.7, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 1.2, 3, 6, 8, 30]

#: Fills rows with numbers as the panel does, but that nothing is given by a kernel, and returns what they come to.
FILLED = """(component, rows, values, count = 1) => {
    component.hypers.forEach(({ name, kind }, k) => {
        values[name] ??= kind === "bool" ? Boolean(component.defaults[k]) : component.defaults[k];
    });
    p.panel.filled(rows.filter(({ when }) => Object.entries(when).every(([k, v]) => values[k] === v)), values, {}, 0,
        count);
    return values;
}"""


def test_formulas_of_activations_are_their_kernels(kernels):
    found = kernels.evaluate(
        f"""(places) => Object.values(p.components.activations).map((a) => [a.name, places.map((z) => {{
            const values = ({FILLED})(a, [...a.forward, ...a.backward], {{ z, dy: 1.3 }});
            return [values.y, values.dz];
        }})])""",
        PLACES,
    )
    z = np.array(PLACES, float)
    for name, results in found:
        activation, (y, dz) = pyfc.get("activations", name)(), np.transpose(results)
        expected = activation.forward(z)
        # A definition as it stands, such as log(1 + exp(z)), loses digits that a kernel keeps.
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14, err_msg=name)
        slopes = activation.backward(np.full_like(z, 1.3), z=z, y=expected)
        np.testing.assert_allclose(dz, slopes, rtol=1e-12, atol=1e-14, err_msg=name)


def test_formulas_of_losses_are_their_kernels(kernels):
    """At random outputs, at both targets, and where outputs are alike."""
    outputs = [*np.random.default_rng(3).normal(0, 2, (20, 2)), [0, 0], [0.5, 0.5], [1, 1], [0, 1], [1, 0], [30, -30]]
    outputs = np.array(outputs)
    found = kernels.evaluate(
        f"""(outputs) => Object.values(p.components.losses).map((loss) => [loss.name, [0, 1].map((label) =>
            outputs.map((two) => ({FILLED})(loss, loss.rows, {{ y: two.slice(0, loss.outputs), m: loss.outputs,
                t: loss.targets[label] }}, loss.outputs).dy))])""",
        outputs.tolist(),
    )
    assert len(found) > 8
    for name, results in found:
        loss = pyfc.get("losses", name)()
        for label, dy in enumerate(results):
            y = outputs[:, : len(dy[0])]
            expected = len(y) * loss.gradient(y, np.full(len(y), label))
            np.testing.assert_allclose(dy, expected, rtol=1e-12, atol=1e-15, err_msg=f"{name}, class {label}")


@pytest.mark.parametrize(
    ("name", "settings"),
    [("sgd", {"momentum": 0.9}), ("sgd", {"momentum": 0.9, "nesterov": True}), ("sgd", {}), ("adagrad", {}),
     ("rmsprop", {}), ("adam", {"beta1": 0.5}), ("adamw", {"weight_decay": 0.3})],
)  # fmt: skip
def test_formulas_of_optimizers_are_their_kernels(kernels, name, settings):
    gradients = [0.3, -1.2, 0.0, 5.0]
    found = kernels.evaluate(
        f"""([name, settings, gradients]) => {{
            const o = p.components.optimizers[name], last = {{ w_new: 0.7 }};
            return gradients.map((g, k) => {{
                const values = {{ ...settings, g, lr: 0.1, t: k + 1, w: last.w_new }};
                for (const letter of o.states) values[letter] = last[`${{letter}}_new`] ?? 0;
                return Object.assign(last, ({FILLED})(o, o.rows, values)).w_new;
            }});
        }}""",
        [name, settings, gradients],
    )
    optimizer, w, expected = pyfc.get("optimizers", name)(lr=0.1, **settings), np.array([0.7]), []
    state = optimizer.new_state(1, w.dtype)
    for step, gradient in enumerate(gradients, 1):
        optimizer.update(w, np.array([gradient]), state, 0.1, step)
        expected.append(w[0])
    np.testing.assert_allclose(found, expected, rtol=1e-13)


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
