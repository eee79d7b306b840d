"""Plots: that a picture holds the right data and says the right words, not how its pixels look."""

import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

import pyfc
from pyfc import datasets, plots
from pyfc.plots.style import OKABE_ITO, class_colours, new_figure


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.fixture(scope="module")
def line():
    """Return a network that says class 1 where x_1 > x_2, and is the surer the further the point is from that line."""
    net = pyfc.Network([pyfc.Dense(2, 2)], "softmax_cross_entropy")
    net.parameters["dense_0.W"][:] = [[-1, 1], [1, -1]]
    return net


POINTS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [-1.0, 2.0]])


# History

HISTORY = {
    "loss": [0.9, 0.5, 0.4, 0.2],
    "accuracy": [0.5, 0.7, 0.8, 0.9],
    "val_loss": [1.0, 0.6, 0.5, 0.7],
    "val_accuracy": [0.4, 0.8, 0.7, 0.6],
    "lr": [0.1, 0.1, 0.1, 0.1],
}


def test_history_draws_every_metric_but_the_rate():
    figure = plots.plot_history(HISTORY)
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]
    for ax, name in zip(figure.axes, ["loss", "accuracy"], strict=True):
        assert ax.get_xlabel() == "epoch"
        training, validation = ax.lines
        np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
        np.testing.assert_array_equal(training.get_ydata(), HISTORY[name])
        np.testing.assert_array_equal(validation.get_ydata(), HISTORY[f"val_{name}"])
        assert training.get_linestyle() != validation.get_linestyle()
        assert {"training", "validation"} <= set(texts(ax))


def test_history_marks_the_best_of_validation():
    loss, accuracy = plots.plot_history(HISTORY).axes
    assert loss.collections[0].get_offsets().tolist() == [[3, 0.5]]
    assert accuracy.collections[0].get_offsets().tolist() == [[2, 0.8]]
    assert "lowest loss in validation: 0.5, epoch 3" in texts(loss)
    assert "highest accuracy in validation: 80.00%, epoch 2" in texts(accuracy)


def test_history_without_validation_marks_the_best_of_training():
    (ax,) = plots.plot_history({"loss": [3.0, 1.0, 2.0]}).axes
    assert ax.collections[0].get_offsets().tolist() == [[2, 1.0]]
    assert "lowest loss in training: 1, epoch 2" in texts(ax)


def test_history_passes_over_epochs_without_a_number():
    (ax,) = plots.plot_history({"loss": [3.0, 1.0], "val_loss": [np.nan, 2.0]}).axes
    assert ax.collections[0].get_offsets().tolist() == [[2, 2.0]]
    (ax,) = plots.plot_history({"loss": [3.0, 1.0], "val_loss": [np.nan, np.nan]}).axes
    assert ax.collections[0].get_offsets().tolist() == [[2, 1.0]]


@pytest.mark.parametrize(
    ("loss", "scale"), [([2.0, 1.0], "linear"), ([2.0, 0.01], "log"), ([2.0, 0.0], "linear"), ([2.0, -5.0], "linear")]
)
def test_history_of_a_wide_loss_is_logarithmic(loss, scale):
    (ax,) = plots.plot_history({"loss": loss}).axes
    assert ax.get_yscale() == scale
    assert ("logarithmic" in ax.get_ylabel()) == (scale == "log")


def test_history_draws_what_is_asked_for():
    figure = plots.plot_history(HISTORY, metrics=["lr"], title="Rate")
    assert [ax.get_ylabel() for ax in figure.axes] == ["lr"]
    assert figure.axes[0].get_title(loc="left") == "Rate"


def test_history_of_a_real_training():
    net = pyfc.mlp([2, 3, 2])
    history = net.fit(*datasets.make_circle(), epochs=2, progress=False)
    np.testing.assert_array_equal(history.plot().axes[0].lines[0].get_ydata(), history["loss"])


@pytest.mark.parametrize(
    ("history", "error"),
    [
        ({}, "without a number"),
        (pyfc.History(), "without a number"),
        ({"loss": []}, "without a number"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, r"loss \(2,\), val_loss \(1,\): expected one number for each epoch"),
        ({"loss": [[1.0]]}, r"loss \(1, 1\)"),
        ({"loss": [np.nan, np.inf]}, "loss has no finite value"),
        ({"lr": [0.1]}, "no metrics to draw: expected some of lr"),
    ],
)
def test_history_that_cannot_be_drawn(history, error):
    with pytest.raises(ValueError, match=error):
        plots.plot_history(history)


def test_history_with_wrong_metrics():
    with pytest.raises(ValueError, match="'acuracy' is not in the history: expected one of loss, accuracy, lr"):
        plots.plot_history(HISTORY, metrics=["acuracy"])
    with pytest.raises(TypeError, match=r"expected a list, \['loss'\]"):
        plots.plot_history(HISTORY, metrics="loss")


# Activation


def named(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_activation_and_its_derivative():
    (ax,) = plots.plot_activation("tanh", low=-2, high=3).axes
    z, y = named(ax, "f(z)").get_data()
    assert (z[0], z[-1]) == (-2, 3)
    np.testing.assert_allclose(y, np.tanh(z), rtol=1e-12)
    z, dy = named(ax, "f'(z)").get_data()
    np.testing.assert_allclose(dy, 1 - np.tanh(z) ** 2, rtol=1e-9, atol=1e-12)
    assert {"f(z)", "f'(z)"} <= set(texts(ax))
    assert ax.get_title(loc="left") == "tanh"


def test_activation_shows_its_settings_and_no_line_across_a_jump():
    (ax,) = plots.plot_activation(pyfc.get("activations", "leaky_relu")(alpha=0.1)).axes
    assert "alpha = 0.1" in texts(ax)
    dy = named(ax, "f'(z)").get_ydata()
    assert np.isnan(dy).sum() == 1
    assert set(dy[np.isfinite(dy)]) == {0.1, 1.0}
    assert not np.isnan(named(ax, "f(z)").get_ydata()).any()


@pytest.mark.parametrize("name", [n for n in pyfc.available("activations") if pyfc.get("activations", n).elementwise])
def test_every_activation_of_one_number_can_be_drawn(name):
    (ax,) = plots.plot_activation(name).axes
    assert np.isfinite(named(ax, "f(z)").get_ydata()).all()


def test_activation_that_cannot_be_drawn():
    with pytest.raises(ValueError, match=r"'softmax'.*whole row"):
        plots.plot_activation("softmax")
    with pytest.raises(ValueError, match="low < high"):
        plots.plot_activation("relu", low=1, high=1)
    with pytest.raises(ValueError, match="finite"):
        plots.plot_activation("relu", high=np.nan)


# Decision surface


def image_of(ax):
    return ax.images[0].get_array()


def test_surface_shows_the_class_at_each_point(line):
    y = np.array([0, 1, 1, 1])
    (ax,) = plots.plot_decision_surface(line, POINTS, y, resolution=50).axes
    left, right, bottom, top = ax.images[0].get_extent()
    assert left < -1 < 2 < right
    assert bottom < 0 < 2 < top
    image, (blue, vermilion) = image_of(ax), class_colours(2)
    towards = [np.linalg.norm(image - colour, axis=-1) for colour in (blue, vermilion)]
    x1, x2 = np.meshgrid(np.linspace(left, right, 50), np.linspace(bottom, top, 50))
    clear = np.abs(x1 - x2) > 0.1
    np.testing.assert_array_equal((towards[1] < towards[0])[clear], (x1 > x2)[clear])
    far, near = image[0, -1], image[np.unravel_index(np.abs(x1 - x2).argmin(), x1.shape)]
    assert np.linalg.norm(far - 1) > np.linalg.norm(near - 1)  # the surer, the further from white
    assert "3 of 4 points right (75.0%)" in texts(ax)
    points = {c.get_label(): c.get_offsets().tolist() for c in ax.collections if c.get_label().startswith("class")}
    assert points == {"class 0": POINTS[:1].tolist(), "class 1": POINTS[1:].tolist()}


def test_surface_border_is_where_the_classes_meet(line):
    (ax,) = plots.plot_decision_surface(line, POINTS, [0, 1, 1, 0]).axes
    border = np.concatenate([path.vertices for c in ax.collections for path in c.get_paths() if c.get_label() == ""
                             or c.get_label().startswith("_")])  # fmt: skip
    assert len(border) > 10
    np.testing.assert_allclose(border[:, 0], border[:, 1], atol=1e-6)


def test_surface_names_and_markers(line):
    (ax,) = plots.plot_decision_surface(
        line, POINTS, [0, 1, 1, 0], class_names=["no", "yes"], feature_names=["weight (kg)", "height (cm)"], title="T"
    ).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no", "yes"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("weight (kg)", "height (cm)", "T")
    no, yes = (c for c in ax.collections if c.get_label() in ("no", "yes"))
    assert no.get_paths()[0].vertices.shape != yes.get_paths()[0].vertices.shape


@pytest.mark.parametrize("classes", [3, 7, 12])
def test_surface_of_many_classes(classes):
    X, y = datasets.make_spirals(60, classes=classes, seed=0)
    (ax,) = plots.plot_decision_surface(pyfc.mlp([2, 8, classes]), X, y, resolution=20).axes
    assert len(ax.get_legend().get_texts()) == classes
    assert len(np.unique(class_colours(classes), axis=0)) == classes


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge"])
def test_surface_of_one_yes_or_no(loss):
    net = pyfc.Network([pyfc.Dense(2, 1)], loss)
    net.parameters["dense_0.W"][:] = [[1], [-1]]
    (ax,) = plots.plot_decision_surface(net, POINTS, [0, 1, 1, 0], resolution=20).axes
    assert "4 of 4 points right (100.0%)" in texts(ax)


def test_surface_of_one_hot_rows(line):
    (ax,) = plots.plot_decision_surface(line, POINTS, np.eye(2)[[0, 1, 1, 0]]).axes
    assert "4 of 4 points right (100.0%)" in texts(ax)


def test_surface_of_classes_without_probabilities():
    net = pyfc.Network([pyfc.Dense(2, 2)], "squared_error")
    net.parameters["dense_0.W"][:] = [[-1, 1], [1, -1]]
    (ax,) = plots.plot_decision_surface(net, POINTS, [0, 1, 1, 0], resolution=20).axes
    assert "4 of 4 points right (100.0%)" in texts(ax)
    assert len(np.unique(image_of(ax).reshape(-1, 3), axis=0)) == 2  # all of one strength


def test_surface_of_a_number():
    net = pyfc.Network([pyfc.Dense(2, 1)], "squared_error")
    net.parameters["dense_0.W"][:] = [[2], [1]]
    field, bar = plots.plot_decision_surface(net, POINTS, 2 * POINTS[:, 0] + POINTS[:, 1], resolution=30).axes
    left, _, bottom, top = field.images[0].get_extent()
    assert image_of(field)[0, 0] == pytest.approx(2 * left + bottom)
    assert image_of(field)[-1, 0] == pytest.approx(2 * left + top)
    assert "root mean squared error 0" in texts(field)
    assert "output" in bar.get_ylabel()


def test_surface_of_two_classes_learned_as_numbers_has_a_border():
    net = pyfc.Network([pyfc.Dense(2, 1)], "squared_error")
    net.parameters["dense_0.W"][:] = [[1], [0]]
    field, _ = plots.plot_decision_surface(net, POINTS, [0, 1, 1, 0]).axes
    border = field.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(border[:, 0], 0.5, atol=1e-6)
    picture = field.images[0]
    assert picture.norm(0.5) == 0.5  # white where it is undecided
    far = [picture.cmap(picture.norm(0.5 + side))[:3] for side in (-9, 9)]
    np.testing.assert_allclose(far, class_colours(2), atol=0.01)


def test_surface_of_a_single_point(line):
    (ax,) = plots.plot_decision_surface(line, [[3.0, 4.0]], [0], resolution=10).axes
    assert ax.get_xlim() == (2, 4)


def test_surface_that_cannot_be_drawn(line):
    with pytest.raises(ValueError, match="3 inputs: expected 2"):
        plots.plot_decision_surface(pyfc.mlp([3, 2]), np.zeros((2, 3)), [0, 1])
    with pytest.raises(ValueError, match="2 outputs, each a question of its own"):
        plots.plot_decision_surface(pyfc.mlp([2, 2], loss="binary_cross_entropy"), POINTS, np.eye(2)[[0, 1, 1, 0]])
    with pytest.raises(ValueError, match="X\\[1, 0\\] is nan"):
        plots.plot_decision_surface(line, [[0, 0], [np.nan, 0]], [0, 1])
    with pytest.raises(ValueError, match="one for each of the 4 samples"):
        plots.plot_decision_surface(line, POINTS, [0, 1])
    with pytest.raises(ValueError, match="at least one sample"):
        plots.plot_decision_surface(line, np.zeros((0, 2)), [])
    with pytest.raises(ValueError, match="labels from 0 to 2: expected 0 to 1"):
        plots.plot_decision_surface(line, POINTS, [0, 1, 2, 0])
    with pytest.raises(ValueError, match="3 names: expected 2"):
        plots.plot_decision_surface(line, POINTS, [0, 1, 1, 0], class_names=["a", "b", "c"])
    with pytest.raises(ValueError, match="resolution=1"):
        plots.plot_decision_surface(line, POINTS, [0, 1, 1, 0], resolution=1)


# Confusion matrix


def test_confusion_matrix_counts():
    y_true, y_pred = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]
    (ax,) = plots.plot_confusion_matrix(y_true, y_pred).axes
    np.testing.assert_allclose(image_of(ax), [[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0]])
    cells = {text.get_position(): text.get_text() for text in ax.texts if text.get_text().isdigit()}
    assert cells == {(0, 0): "2", (1, 0): "1", (1, 1): "2", (0, 2): "1"}  # (predicted, true)
    assert "4 of 6 right (66.67%)" in texts(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    recall = ax.child_axes[0]
    assert [tick.get_text() for tick in recall.get_yticklabels()] == ["66.7%", "100.0%", "0.0%"]


def test_confusion_matrix_names():
    (ax,) = plots.plot_confusion_matrix(["cat", "dog"], ["dog", "dog"]).axes
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog"]
    (ax,) = plots.plot_confusion_matrix([0, 2], [0, 2], class_names=["a", "b", "c"]).axes
    assert image_of(ax).shape == (3, 3)
    assert [tick.get_text() for tick in ax.child_axes[0].get_yticklabels()] == ["100.0%", "none", "100.0%"]
    (ax,) = plots.plot_confusion_matrix([True, False], [True, True]).axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]


@pytest.mark.parametrize(
    ("true", "predicted", "settings", "error"),
    [
        ([0, 1], [0], {}, "y_true has 2 labels and y_pred has 1"),
        ([], [], {}, "empty"),
        (np.eye(2, dtype=int), [0, 1], {}, r"\(2, 2\): expected \(n,\).*argmax"),
        ([0, 3], [0, 1], {"class_names": ["a", "b"]}, "labels go from 0 to 3: expected 0 to 1"),
        ([0, -1], [0, 1], {"class_names": ["a", "b"]}, "labels go from -1 to 1"),
    ],
)
def test_confusion_matrix_of_wrong_labels(true, predicted, settings, error):
    with pytest.raises(ValueError, match=error):
        plots.plot_confusion_matrix(true, predicted, **settings)


def test_confusion_matrix_of_numbers():
    with pytest.raises(TypeError, match="y_pred has dtype float64: expected labels"):
        plots.plot_confusion_matrix([0, 1], [0.0, np.nan])
    with pytest.raises(TypeError, match="expected integers, as there are class_names"):
        plots.plot_confusion_matrix(["a", "b"], ["a", "b"], class_names=["a", "b"])


# Weights


def test_weights_are_the_columns_of_the_first_layer():
    net = pyfc.mlp([6, 4, 2])
    ax, bar = plots.plot_weights(net, shape=(2, 3)).axes
    mosaic = image_of(ax).filled(np.nan)
    W = net.parameters["dense_0.W"]
    assert mosaic.shape == (5, 7)
    np.testing.assert_allclose(mosaic[:2, :3], W[:, 0].reshape(2, 3))
    np.testing.assert_allclose(mosaic[3:, 4:], W[:, 3].reshape(2, 3))
    assert np.isnan(mosaic[2]).all()
    assert np.isnan(mosaic[:, 3]).all()
    low, high = ax.images[0].get_clim()
    assert low == -high
    assert "4 units, each seen as an image of 2 by 3 inputs" in texts(ax)
    assert "weight" in bar.get_ylabel()


def test_weights_of_many_units_are_the_largest():
    net = pyfc.Network([pyfc.Scale(0.5), pyfc.Dense(4, 5)], "squared_error")
    net.parameters["dense_0.W"][:] = [1, 5, 2, 4, 3]
    ax = plots.plot_weights(net, units=2).axes[0]
    shown = image_of(ax).compressed()
    np.testing.assert_array_equal(np.unique(shown), [4, 5])
    assert shown[0] == 5  # in the order of the layer
    assert "2 of 5 units, each seen as an image of 2 by 2 inputs" in texts(ax)


def test_weights_of_zeros():
    net = pyfc.Network([pyfc.Dense(4, 2, init="zeros")], "squared_error")
    assert plots.plot_weights(net).axes[0].images[0].get_clim() == (-1, 1)


def test_weights_that_cannot_be_drawn():
    net = pyfc.mlp([6, 2])
    with pytest.raises(ValueError, match=r"6 inputs are no square: expected shape=\(height, width\)"):
        plots.plot_weights(net)
    with pytest.raises(ValueError, match=r"shape is \(2, 2\): .* = 6"):
        plots.plot_weights(net, shape=(2, 2))
    with pytest.raises(ValueError, match="units=0"):
        plots.plot_weights(net, shape=(2, 3), units=0)
    net.parameters["dense_0.W"][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"dense_0\.W holds NaN"):
        plots.plot_weights(net, shape=(2, 3))


# What they have in common


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, net: plots.plot_activation("relu", ax=ax),
        lambda ax, net: plots.plot_confusion_matrix([0, 1], [0, 1], ax=ax),
        lambda ax, net: plots.plot_decision_surface(net, POINTS, [0, 1, 1, 0], resolution=10, ax=ax),
        lambda ax, net: plots.plot_weights(net, shape=(1, 2), ax=ax),
    ],
)
def test_drawing_into_axes_of_ones_own(draw, line):
    figure = new_figure(6, 3)
    part = figure.subfigures(1, 2)[1]
    ax = part.subplots()
    assert draw(ax, line) is figure
    assert ax.get_title(loc="left")
    with pytest.raises(TypeError, match="ax is str: expected matplotlib Axes"):
        draw("here", line)


def test_every_picture_is_drawn_without_a_warning(line, tmp_path):
    pictures = [
        plots.plot_history(HISTORY),
        plots.plot_history({"loss": [5.0, 0.01]}),
        plots.plot_activation("elu"),
        plots.plot_confusion_matrix(["a long name", "b"], ["b", "b"]),
        plots.plot_decision_surface(line, POINTS, [0, 1, 1, 0], resolution=20),
        plots.plot_weights(line, shape=(1, 2)),
    ]
    for number, figure in enumerate(pictures):
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").read_bytes()[:4] == figure._repr_png_()[:4] == b"\x89PNG"
        assert any(isinstance(artist, AxesImage) or ax.lines for ax in figure.axes for artist in ax.get_children())


def test_no_pyplot(run):
    code = "import sys; from pyfc import plots; plots.plot_activation('relu')._repr_png_(); print(*sys.modules)"
    imported = run(code).split()
    assert "matplotlib.figure" in imported
    assert "matplotlib.pyplot" not in imported


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    for module in [name for name in sys.modules if name.split(".")[0] == "matplotlib" or name.startswith("pyfc.plots")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr(pyfc, "plots")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'need matplotlib, .*`pip install "pyfc\[plot\]"`'):
        pyfc.History().plot()


def test_colours_can_be_told_apart():
    assert len(set(OKABE_ITO)) == 7
    lightness = class_colours(12) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()  # viridis: in order of lightness
