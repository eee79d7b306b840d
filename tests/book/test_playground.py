"""The playground of the built book, in a browser: it trains as pyfc does, and the page can be used."""

import numpy as np
import pytest
from book.pages import BOOK
from book.playground import choose, given, network_of

import pyfc
from pyfc import datasets


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


def test_weights_are_not_made_of_the_numbers_of_the_points(page):
    choose(page, data="xor", noise="0")
    W, points = page.evaluate("[Array.from(p.network.layers[0].W), [...p.data.train, ...p.data.test]]")
    drawn = np.array(W) / np.sqrt(6 / (2 + len(W) / 2))  # from -1 to 1, as the points
    assert np.abs(np.array(points)[:, :2, None] - drawn).min() > 1e-9


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


def test_small_and_narrow(page):
    assert sum((BOOK / "_static" / f"playground.{kind}").stat().st_size for kind in ("js", "css")) < 300_000
    page.set_viewport_size({"width": 360, "height": 800})
    choose(page, depth="4")
    page.wait_for_function("p.graph.element.clientWidth < 360")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
