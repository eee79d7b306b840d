"""The pages in docs/articles: each runs, prints its figures, and agrees with the article's own mathematics."""

import contextlib
import io
import os
import re
import runpy
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.io
from articles import a, b, c, d, e

import pyfc
from pyfc import datasets
from pyfc.derivation import read_source
from pyfc.plots.style import class_colours

PAGES = Path(__file__).parents[1] / "docs" / "articles"


class Page:
    """A page that was run: the values of its names, what it printed, and the folder of its files."""

    def __init__(self, name, folder):
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed), mpl.rc_context({"backend": "agg"}):
            self.names = runpy.run_path(str(PAGES / name), run_name="__main__")
            plt.close("all")
        self.printed, self.files = printed.getvalue(), folder / "pyfc-articles"

    def __getitem__(self, name):
        return self.names[name]

    def picture(self, name):
        """Return a picture's pixels."""
        return plt.imread(self.files / name)


@pytest.fixture(scope="module")
def mat(tmp_path_factory):
    """Return a folder with MNIST as ``mnist_all.mat``, the file of article B."""
    if not os.environ.get("PYFC_DATA"):
        pytest.skip("set PYFC_DATA to the folder of MNIST's files")
    folder = tmp_path_factory.mktemp("mat")
    parts = zip(("train", "test"), datasets.load_mnist(), strict=True)
    scipy.io.savemat(
        folder / "mnist_all.mat",
        {f"{part}{digit}": X[y == digit] for part, (X, y) in parts for digit in range(10)},
    )
    return folder


def run(name, tmp_path_factory, data=None):
    """Run a page with PYFC_DATA at a folder, or not set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYFC_DATA", raising=False)
        if data:
            patch.setenv("PYFC_DATA", str(data))
        return Page(name, tmp_path_factory.mktemp(name.partition(".")[0]))


# A


@pytest.fixture(scope="module", params=["digits", "mnist"])
def page_a(request, tmp_path_factory):
    if request.param == "mnist" and not os.environ.get("PYFC_DATA"):
        pytest.skip("set PYFC_DATA to the folder of MNIST's files")
    return run("a_functions.py", tmp_path_factory, request.param == "mnist" and os.environ["PYFC_DATA"])


def test_a_learns_to_read_digits(page_a):
    assert page_a["curve"][-1] >= 0.92
    right = float(np.mean(page_a["net"].predict(page_a["X_test"]).argmax(axis=1) == page_a["y_test"]))
    assert right == page_a["curve"][-1]
    assert f"epoch {page_a['epochs']}: {right:.4f} of the test images right" in page_a.printed
    assert page_a["difference"] == 0
    (ax,) = page_a["picture"].axes
    assert [(line.get_label(), line.get_ydata().tolist()) for line in ax.lines] == [("validation", page_a["curve"])]
    assert page_a.picture("a_accuracy.png").std() > 0


def test_a_is_a_dict_of_the_articles_sizes_and_numbers(page_a):
    n_in = page_a["X"].shape[1]
    assert sorted(page_a["model"]) == ["biases", "nlayers", "weights"]
    model = page_a["initialise"]([n_in, 15, 10], seed=3)
    assert [W.shape for W in model["weights"]] == [(n_in, 15), (15, 10)]
    assert [b.shape for b in model["biases"]] == [(15,), (10,)]
    drawn = np.concatenate([p.ravel() for kind in ("weights", "biases") for p in model[kind]])
    assert abs(drawn.mean()) < 0.1
    assert abs(drawn.std() - 1) < 0.1


def test_a_makes_the_steps_of_the_articles_functions(page_a):
    """In float64, with the article's columns; 100 steps of 10 samples."""
    ours = page_a["precise"](page_a["initialise"]([page_a["X"].shape[1], 15, 10], seed=1))
    theirs = {
        "nlayers": 2,
        "weights": [W.T.copy() for W in ours["weights"]],
        "biases": [b[:, None].copy() for b in ours["biases"]],
    }
    X, targets = (page_a[name][:1000].astype(float) for name in ("X", "targets"))
    for start in range(0, 1000, 10):
        x, t = X[start : start + 10], targets[start : start + 10]
        outputs = page_a["forward"](ours, x)
        columns = a.forward(theirs, x.T)
        assert page_a["loss"].value(outputs[-1], t) == pytest.approx(a.loss(columns[-1], t.T), rel=1e-12)
        page_a["update"](ours, page_a["backward"](ours, outputs, t), 3.0)
        a.update(theirs, a.backward(theirs, columns, t.T), 3.0)
    for layer in range(2):
        np.testing.assert_allclose(ours["weights"][layer], theirs["weights"][layer].T, rtol=0, atol=1e-10)
        np.testing.assert_allclose(ours["biases"][layer], theirs["biases"][layer][:, 0], rtol=0, atol=1e-10)


def test_a_sigmoid_does_not_overflow(page_a):
    assert page_a["z"].min() == -1000
    np.testing.assert_allclose(page_a["safe"], a.sigmoid(page_a["z"]), rtol=1e-15)
    np.testing.assert_allclose(page_a["slope"], page_a["safe"] * (1 - page_a["safe"]), rtol=1e-15)
    assert page_a["derivative"] == pytest.approx((page_a["above"] - page_a["below"]) / 2e-6, rel=1e-5)
    assert page_a["derivative"] != 0


# B


@pytest.fixture(scope="module", params=["digits", "mnist_all.mat"])
def page_b(request, tmp_path_factory):
    data = request.getfixturevalue("mat") if request.param == "mnist_all.mat" else None
    return run("b_layers.py", tmp_path_factory, data)


def test_b_reaches_the_articles_accuracy(page_b):
    """The article's code has 0.9404 after 5 epochs and 0.9578 after 15, with numbers that are not known."""
    assert page_b["after_5"] >= 0.937
    assert page_b["after_15"] >= 0.955
    assert page_b["on_training"] > page_b["after_15"]
    for epochs in (5, 15):
        assert f"after {epochs:2} epochs {page_b[f'after_{epochs}']:.4f} of the test images right" in page_b.printed
    assert page_b["after_15"] == float(np.mean(page_b["predictions"] == page_b["y_test"]))


def test_b_keeps_the_curves_every_200_steps(page_b):
    history = page_b["curves"].history
    steps = 5 * -(-len(page_b["X"]) // 128)
    assert history.arrays()["step"].tolist() == list(range(200, steps + 1, 200))
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["loss"][-1] < history["loss"][0] / 3
    assert str(history) in page_b.printed
    for ax, name in zip(page_b["picture"].axes, ("loss", "accuracy"), strict=True):
        assert [line.get_ydata().tolist() for line in ax.lines] == [history[name], history[f"val_{name}"]]
        assert ax.get_xlabel() == "step"
    assert page_b.picture("b_curves.png").std() > 0


def test_b_saves_and_loads(page_b):
    assert "the same outputs after loading: True" in page_b.printed
    stored = pyfc.load(page_b.files / "b_network.safetensors")
    accuracy = stored.evaluate(page_b["X_test"], page_b["y_test"])["accuracy"]
    assert accuracy == page_b["after_5"]


INITIALISERS = ["zeros", "uniform x 0.01", "normal x 0.01", "Xavier, inputs", "Xavier, outputs"]


@pytest.mark.parametrize(("ours", "theirs"), list(zip(INITIALISERS, b.INITIALISATIONS, strict=True)))
def test_b_has_the_articles_initialisers(page_b, ours, theirs):
    """Weights are a raw draw times one number, the same one in the article's orientation and in pyfc's."""
    n_in, n_out = 784, 256
    draw = "random" if theirs == "uniform" else "standard_normal"
    raw = getattr(np.random.default_rng(0), draw)((n_in, n_out))
    raw_columns = getattr(np.random.default_rng(0), draw)((n_out, n_in))
    factors = page_b["INITIALISERS"][ours]((n_in, n_out), np.random.default_rng(0)) / raw
    factors_of_columns = b.initialise(theirs, n_out, n_in, np.random.default_rng(0)) / raw_columns
    np.testing.assert_allclose(factors, factors_of_columns[0, 0], rtol=1e-9)
    assert ours in page_b["by_init"]


def test_b_refuses_an_unknown_initialiser(page_b):
    with pytest.raises(ValueError, match="unknown"):
        b.initialise("unknown", 2, 2, np.random.default_rng(0))
    assert "unknown name 'xavier' in initializers: expected one of" in page_b.printed


def test_b_compares_what_the_article_names(page_b):
    assert list(page_b["by_activation"]) == list(page_b["ACTIVATIONS"])
    assert set(page_b["ACTIVATIONS"]) == set(b.ACTIVATIONS)
    for name in ("tanh", "relu", "leaky_relu", "elu", "prelu"):
        assert page_b["by_activation"][name]["accuracy"] > 0.85
    assert len(page_b["by_loss"]) == 3
    assert page_b["by_loss"]["half the squared error"]["accuracy"] > 0.75
    assert np.ptp(page_b["slopes"]) > 0


def test_b_begins_with_the_articles_network(page_b):
    net, xavier = page_b["network"](), pyfc.VarianceScaling(scale=2, mode="fan_out")
    assert net.sizes == [page_b["n_in"]] * 2 + [256, 256, 128, 128, 10]
    assert [layer.function.name for layer in net.layers if layer.kind == "activation"] == ["relu", "relu"]
    assert all(layer.init == xavier and not layer.parameters["b"].any() for layer in net.layers[1::2])
    assert net.loss == pyfc.SoftmaxCrossEntropy()
    assert page_b["settings"]["optimizer"] == pyfc.SGD(lr=0.01)
    assert page_b["settings"]["batch_size"] == 128
    for name, last in (("half the squared error", []), ("half the squared error behind softmax", ["softmax"])):
        assert page_b["LOSSES"][name] == {"loss": pyfc.SquaredError(factor=0.5)} | ({"last": last} if last else {})


def columns_of(network):
    """Return the article's layers with the first weights of a pyfc network."""
    layers = []
    for layer in network.layers[1:]:
        if isinstance(layer, pyfc.Dense):
            W, bias = layer.parameters["W"], layer.parameters["b"]
            layers.append(b.Linear(W.T, bias[:, None]))
        else:
            layers.append(b.ACTIVATIONS[layer.function.name](layers[-1].W.shape[0]))
    return layers


@pytest.mark.parametrize("loss", b.LOSSES)
@pytest.mark.parametrize("activation", b.ACTIVATIONS)
def test_b_trains_the_same_weights_as_the_articles_mathematics(page_b, activation, loss):
    """The page's network, 100 steps in float64: columns, 225 and divisions by the batch come to the same weights."""
    order = np.random.default_rng(0).permutation(len(page_b["X"]))[:12_800]  # mnist_all.mat begins with the zeros
    X, y = page_b["X"][order], page_b["y"][order]
    options = {} if loss == "softmax_cross_entropy" else page_b["LOSSES"]["half the squared error"]
    net = page_b["network"](page_b["ACTIVATIONS"][activation], init="Xavier, inputs", **options).copy(np.float64)
    before, layers = net.copy(), columns_of(net)
    history = net.fit(X, y, epochs=1, shuffle=False, **page_b["settings"])
    one_hot, losses = np.eye(10), []
    white = 225 if X.max() > 16 else 16
    for start in range(0, len(X), 128):
        columns, targets = X[start : start + 128].T / white, one_hot[y[start : start + 128]].T
        losses.append(b.train_step(layers, b.LOSSES[loss], columns, targets, 0.01))
    assert len(losses) == 100 == history.samples / 128
    factor = 0.5 if loss == "squared_error" else 1
    assert history["loss"][0] == pytest.approx(factor * np.mean(losses), rel=1e-10)
    moved = 0.0
    for ours, theirs in zip(net.layers[1:], layers, strict=True):
        if isinstance(theirs, b.Linear):
            np.testing.assert_allclose(ours.parameters["W"], theirs.W.T, rtol=0, atol=1e-10)
            np.testing.assert_allclose(ours.parameters["b"], theirs.B[:, 0], rtol=0, atol=1e-10)
            moved = max(moved, float(np.abs(ours.parameters["W"] - before[ours.name].parameters["W"]).max()))
        elif isinstance(theirs, b.PReLU):
            np.testing.assert_allclose(ours.parameters["a"], theirs.slope[:, 0], rtol=0, atol=1e-10)
            assert np.abs(ours.parameters["a"] - 0.25).max() > 1e-4
    assert moved > 1e-3


# C


@pytest.fixture(scope="module")
def page_c(tmp_path_factory):
    return run("c_neurons.py", tmp_path_factory)


LOSSES_OF_C = {
    1: 0.29188529649769973,
    500: 0.020241512006827722,
    1000: 0.010322410324238994,
    1500: 0.005535275764211881,
    2000: 0.0034590493886978223,
}


def test_c_reproduces_the_articles_losses(page_c):
    assert page_c["untrained"] == pytest.approx(0.5588236746843033, rel=1e-12)
    for step, loss in LOSSES_OF_C.items():
        assert page_c["history"]["loss"][step - 1] == pytest.approx(loss, rel=1e-12)
        assert f"{page_c['history']['loss'][step - 1]!r}" in page_c.printed
    assert page_c["right"] == 121
    assert "121 of 121 points right" in page_c.printed


def test_c_is_the_articles_network_at_every_step(page_c):
    axis = [(i - 5) / 2.5 for i in range(11)]
    samples = [((x, y), float(x * x + y * y < 1)) for x in axis for y in axis]
    network = c.make_network()
    drawn = [[neuron.weights for neuron in layer] for layer in network]
    assert drawn == [page_c["hidden"], page_c["output"]]
    (untrained,) = c.forward(network, (0, 0))
    assert untrained == page_c["untrained"]
    losses = c.train(network, samples, 2000, 10)
    np.testing.assert_allclose(page_c["history"]["loss"], losses, rtol=1e-12)
    net = page_c["net"]
    for layer, name in zip(network, ("dense_0", "dense_1"), strict=True):
        W, bias = (net.parameters[f"{name}.{letter}"] for letter in "Wb")
        np.testing.assert_allclose(W, np.transpose([neuron.weights for neuron in layer]), rtol=1e-10)
        np.testing.assert_allclose(bias, [neuron.bias for neuron in layer], rtol=1e-10)


def test_c_has_three_pictures(page_c):
    assert [ax.get_title(loc="left") for ax in page_c["axes"]] == [
        "The data: 1 is orange",
        "Untrained",
        "After 2000 steps",
    ]
    shown = page_c["axes"][0].collections[0]
    assert len(shown.get_offsets()) == 121
    orange = class_colours(2)[1]
    assert (shown.get_facecolors()[:, :3] == orange).all(axis=1).sum() == 21
    before, after = (ax.images[0].get_array() for ax in page_c["axes"][1:])
    assert np.ptp(before) < 0.1
    assert np.ptp(after) > 0.9
    assert page_c.picture("c_pictures.png").std() > 0


# D


@pytest.fixture(scope="module")
def page_d(tmp_path_factory):
    return run("d_derivatives.py", tmp_path_factory)


PEOPLE = [((0, 0), 0), ((27, 17), 1), ((19, 12), 1), ((-13, -13), 0), ((27, 10), 1), ((-13, 0), 0)]


def nine(values):
    """Return w1 to w6 and b1 to b3 from values by the names of a network's parameters."""
    parts = (values["dense_0.W"].T, values["dense_1.W"], values["dense_0.b"], values["dense_1.b"])
    return np.concatenate([part.ravel() for part in parts])


def test_d_prints_the_articles_figures(page_d):
    assert page_d["one_neuron"] == 0.9999999992417439
    assert page_d["three_neurons"] == 0.7310585786300049
    assert "one neuron:    0.9999999992417439\n" in page_d.printed
    assert "three neurons: 0.7310585786300049\n" in page_d.printed


def test_d_line_is_linear_regression(page_d):
    weight, height = np.array([x for x, _ in PEOPLE], float).T
    exact = np.linalg.lstsq(np.column_stack([weight, np.ones(6)]), height, rcond=None)[0]
    assert (page_d["w"], page_d["b"]) == pytest.approx(exact, abs=1e-5)
    assert (page_d["exact_w"], page_d["exact_b"]) == pytest.approx(exact)


def test_d_learns_what_nine_partial_derivatives_learn(page_d):
    """1000 epochs, one person at a time in order."""
    p, losses = d.train(dict(zip(d.NAMES, page_d["start"], strict=True)), PEOPLE, 1000, 0.1)
    ours = nine(page_d["learned"].parameters)
    np.testing.assert_allclose(ours, [p[name] for name in d.NAMES], rtol=0, atol=1e-10)
    np.testing.assert_allclose(page_d["losses"], losses, rtol=0, atol=1e-10)
    assert f"epoch 1000: loss {losses[-1]:.6f}" in page_d.printed
    assert d.forward(p, 47, 11)[2] > 0.93
    assert d.forward(p, -23, -5)[2] < 0.06
    assert f"weight +47, height +11: {d.forward(p, 47, 11)[2]:.4f}" in page_d.printed


def test_d_partial_derivatives_are_those_of_the_loss(page_d):
    """The transcription itself, against the network's gradient of one person's loss."""
    net = page_d["learned"].copy()
    page_d["put"](net, page_d["start"])
    for x, t in PEOPLE:
        gradient = d.partials(dict(zip(d.NAMES, page_d["start"], strict=True)), *x, t)
        _, ours = net.loss_and_gradients([x], [t])
        flat = nine(ours)
        np.testing.assert_allclose(flat, [gradient[name] for name in d.NAMES], rtol=1e-12, atol=1e-18)


def test_d_compares_inputs_and_losses(page_d):
    X, sex = (np.array(part, float) for part in zip(*PEOPLE, strict=True))
    inputs = {"as measured": X + np.array([133, 165]), "less a constant": X, "standardised": (X - X.mean(0)) / X.std(0)}
    assert list(page_d["INPUTS"]) == list(inputs)
    for name, data in inputs.items():
        samples = list(zip(data.tolist(), sex, strict=True))
        _, losses = d.train(dict(zip(d.NAMES, page_d["start"], strict=True)), samples, 1000, 0.1)
        np.testing.assert_allclose(page_d["curves"][name, "squared_error"], losses, rtol=0, atol=1e-10)
    last = {name: curve[-1] for name, curve in page_d["curves"].items()}
    assert len(last) == 6
    eighty = last["less a constant", "squared_error"] / last["less a constant", "binary_cross_entropy"]
    assert eighty == pytest.approx(80, rel=0.1)
    for loss in ("squared_error", "binary_cross_entropy"):
        assert last["as measured", loss] == pytest.approx(0.25, abs=0.01)
        assert last["less a constant", loss] < 0.01
    for inputs in ("less a constant", "standardised"):
        assert last[inputs, "binary_cross_entropy"] < last[inputs, "squared_error"] / 50
    (ax,) = page_d["fig"].axes
    assert len(ax.lines) == 6
    assert page_d.picture("d_comparison.png").std() > 0
    assert page_d["picture"].axes[0].lines[0].get_ydata().tolist() == page_d["losses"]
    assert page_d.picture("d_loss.png").std() > 0


def test_d_freezes_a_layer(page_d):
    assert page_d["frozen"] == (5, 0.0)
    right, moved = page_d["tuned"]
    assert right == 6
    assert moved > 0


# E


@pytest.fixture(scope="module")
def page_e(tmp_path_factory):
    return run("e_matrices.py", tmp_path_factory)


def test_e_equals_the_articles_matrices(page_e):
    theirs = [e.Layer(values["W"], values["b"][:, None]) for values in page_e["start"]]
    X, T = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])
    losses = e.train(theirs, X, T, 10_000, 0.1)
    np.testing.assert_allclose(page_e["losses"], losses, rtol=0, atol=1e-10)
    np.testing.assert_allclose(page_e["history"]["loss"], losses, rtol=0, atol=1e-10)
    for index, layer in enumerate(theirs):
        for name, value in (("W", layer.W), ("b", layer.b[:, 0])):
            ours = page_e["layers"][index].dense.parameters[name]
            np.testing.assert_allclose(ours, value, rtol=0, atol=1e-10)
            np.testing.assert_allclose(page_e["net"].parameters[f"dense_{index}.{name}"], value, rtol=0, atol=1e-10)
    assert ((theirs[1].forward(theirs[0].forward(X)) > 0.5) == T).all()
    assert f"step 10000: loss {losses[-1]:.6f}" in page_e.printed
    assert page_e["report"].ok
    assert page_e["picture"].axes[0].lines[0].get_ydata().tolist() == page_e["history"]["loss"]
    assert page_e["picture"].axes[0].get_xlabel() == "step"
    assert page_e.picture("e_loss.png").std() > 0
    assert page_e.picture("e_xor.png").std() > 0


# All pages

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGES.iterdir()) if path.is_file()}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_to_files(name):
    targets = re.findall(r"`[^`]+?\s*<([^>:]+)>`_", " ".join(TEXTS[name].split()))
    assert targets or "<" not in TEXTS[name]
    for target in targets:
        assert (PAGES / target).exists(), target
    for words, target in re.findall(
        r"`([^`<]+\.pyx)\s*<([^>]+)>`_", " ".join(TEXTS[name].replace("\n# ", " ").split())
    ):
        assert words == Path(target).name


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith(".py")])
def test_every_page_links_to_a_kernel_and_is_in_the_index(name):
    assert re.search(r"<\.\./\.\./src/[a-z_/]+\.pyx>`_", TEXTS[name])
    assert f"<{name}>`_" in TEXTS["README.rst"]


STEPS = r"[Ss]teps? (\(\d+\)(?: and \(\d+\))?) of\s+`[^`<]+<([^>]+)>`_"


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if re.search("[Ss]teps? [(]", text)])
def test_steps_that_are_named_run_in_the_kernel_that_is_named(name):
    text = " ".join(TEXTS[name].replace("\n# ", " ").split())
    named = re.findall(STEPS, text)
    assert len(named) == len(re.findall(r"[Ss]teps? \(", text))
    for numbers, path in named:
        tags = read_source(PAGES / path).tagged_lines()
        assert all(int(number) in tags for number in re.findall(r"\d+", numbers)), (numbers, path)
