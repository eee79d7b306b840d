"""Data with many zeros: sparse arrays of SciPy, and dense ones whose zeros are left out, give what full rows give."""

import numpy as np
import pytest
import scipy.sparse as sp
from by_hand import assert_same, fit_by_hand

import pyfc

pytestmark = pytest.mark.usefixtures("threads_at_any_size")

RNG = np.random.default_rng(0)
DENSE = RNG.integers(-5, 6, (61, 40)) * (RNG.random((61, 40)) < 0.2)
DENSE[7] = DENSE[60] = 0  # rows without any number
DENSE[:, 3] = 0
Y = RNG.integers(0, 3, 61)


def rough(dtype=np.float64, index=np.int32):
    """Return DENSE as rows in no order, with explicit zeros and numbers in two parts."""
    rows, columns = np.nonzero(DENSE)
    values = DENSE[rows, columns]
    rows, columns = np.r_[rows, rows, [0, 5]], np.r_[columns, columns, [3, 3]]
    values = np.r_[2 * values, -values, [0, 0]].astype(dtype)
    order = np.lexsort((RNG.random(len(rows)), rows))
    starts = np.r_[0, np.cumsum(np.bincount(rows, minlength=61))]
    array = sp.csr_array((values[order], columns[order].astype(index), starts.astype(index)), shape=DENSE.shape)
    assert not array.has_canonical_format
    assert array.indices.dtype == index
    np.testing.assert_array_equal(array.toarray(), DENSE)
    return array


FORMS = {
    "csr": lambda: sp.csr_array(DENSE.astype(np.float64)),
    "csr float32": lambda: sp.csr_array(DENSE.astype(np.float32)),
    "csr int8": lambda: sp.csr_array(DENSE.astype(np.int8)),
    "csr longdouble": lambda: sp.csr_array(DENSE.astype(np.longdouble)),
    "matrix": lambda: sp.csr_matrix(DENSE.astype(np.float64)),
    "csc": lambda: sp.csc_array(DENSE),
    "coo": lambda: sp.coo_array(DENSE.astype(np.float32)),
    "lil": lambda: sp.lil_array(DENSE),
    "rough": rough,
    "rough, int64": lambda: rough(np.float32, np.int64),
    "dense": lambda: DENSE.astype(np.float64),
    "dense uint8": lambda: DENSE.astype(np.int8),
}
NETWORKS = {
    "dense": [pyfc.Dense(40, 33), "relu", pyfc.Dense(33, 3)],
    "scaled": [pyfc.Scale(1 / 3), pyfc.Dense(40, 70), "tanh", pyfc.Dense(70, 3)],
    "narrow": [pyfc.Dense(40, 3)],
    "dropout": [pyfc.Dropout(0.3), pyfc.Dense(40, 16), "relu", pyfc.Dense(16, 3)],
    "activation": ["tanh", pyfc.Dense(40, 16), "relu", pyfc.Dense(16, 3)],
    "frozen": [pyfc.Dense(40, 16), "relu", pyfc.Dense(16, 3)],
}


def make(network, dtype):
    made = pyfc.Network(NETWORKS[network], loss="softmax_cross_entropy", dtype=dtype, l2=1e-3)
    return made.freeze("dense_0") if network == "frozen" else made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_is_that_of_the_dense_rows(form, network, dtype):
    X, optimizer = FORMS[form](), pyfc.Adam(lr=0.01)
    for n_threads, shuffle in ((1, True), (2, False), (3, True)):
        one, two = make(network, dtype), make(network, dtype)
        fit_by_hand(one, DENSE, Y, batch_size=8, optimizer=optimizer, shuffle=shuffle)
        two.fit(X, Y, epochs=2, batch_size=8, optimizer=optimizer, shuffle=shuffle, progress=False, n_threads=n_threads)
        assert_same(one, two)
        np.testing.assert_array_equal(two.forward(X), one.forward_batch(DENSE.astype(dtype)))
        np.testing.assert_array_equal(two.predict(X[:0] if form not in ("coo",) else sp.coo_array((0, 40))), [])
        assert two.evaluate(X, Y) == one.evaluate(DENSE, Y)


def parts(array):
    return [getattr(array, name).copy() for name in ("data", "indices", "indptr", "coords") if hasattr(array, name)
            and isinstance(getattr(array, name), np.ndarray)]  # fmt: skip


@pytest.mark.parametrize("form", [form for form in FORMS if "dense" not in form and form != "lil"])
def test_the_callers_array_stays_as_it_is(form):
    X = FORMS[form]()
    before = parts(X)
    network = make("dense", "float32")
    network.fit(X, Y, progress=False, validation=(X, Y))
    network.predict(X)
    network.loss_and_gradients(X, Y)
    for old, new in zip(before, parts(X), strict=True):
        np.testing.assert_array_equal(old, new)
    assert len(before) > 0


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_flags_and_bytes(dtype):
    flags = (DENSE != 0).astype(dtype) * dtype(200)
    one, two = make("dense", "float32"), make("dense", "float32")
    one.fit(flags.astype(float), Y, epochs=2, progress=False)
    two.fit(sp.csr_array(flags), Y, epochs=2, progress=False)
    assert_same(one, two)


def test_other_uses(tmp_path):
    X = rough()
    one, two = make("dense", "float64"), make("dense", "float64")
    loss, gradients = one.loss_and_gradients(X, Y)
    expected, others = two.loss_and_gradients(DENSE, Y)
    assert loss == expected
    for name, value in gradients.items():
        np.testing.assert_array_equal(value, others[name])
    assert one.step((X, Y)) == two.step((DENSE, Y))
    assert_same(one, two)
    whole, broken, resumed = (make("dropout", "float32") for _ in range(3))
    settings = {"batch_size": 8, "progress": False, "metrics": ["accuracy"], "sample_weight": np.arange(61.0)}
    whole.fit(X, Y, epochs=4, **settings)
    broken.fit(X, Y, epochs=2, checkpoint=tmp_path / "c", **settings)
    resumed.fit(X, Y, epochs=4, checkpoint=tmp_path / "c", resume=True, **settings)
    assert_same(whole, resumed)
    assert whole.history["accuracy"] == resumed.history["accuracy"]
    with pytest.raises(ValueError, match="another training"):
        resumed.fit(2 * X, Y, epochs=4, checkpoint=tmp_path / "c", resume=True, **settings)


def test_nothing_but_zeros():
    for X in (sp.csr_array((61, 40)), np.zeros((61, 40))):
        network = make("dense", "float64")
        before = network.parameters["dense_0.W"].copy()
        network.fit(X, Y, progress=False, epochs=1, optimizer=pyfc.SGD(lr=0.1))
        network.l2 = 0
        assert np.abs(network.parameters["dense_0.W"]).sum() < np.abs(before).sum()  # by the penalty alone
        np.testing.assert_array_equal(network.forward(X), np.tile(network.forward(X[:1]), (61, 1)))


def broken(**change):
    """Return an array whose indices SciPy did not look at."""
    array = sp.csr_array(DENSE.astype(np.float64))
    for name, (at, value) in change.items():
        getattr(array, name)[at] = value
    return array


ERRORS = {
    "columns": (sp.csr_array((61, 41)), ValueError, r"X has shape \(61, 41\): expected \(n, 40\)"),
    "one": (sp.coo_array(np.ones(40)), ValueError, r"X has shape \(40,\): expected \(n, 40\)"),
    "complex": (sp.csr_array(DENSE * 1j), TypeError, "X has dtype complex128: expected float"),
    "rows": (sp.csr_array((60, 40)), ValueError, "expected one for each of the 60 samples"),
    "none": (sp.csr_array((0, 40)), ValueError, "expected at least one sample"),
    "beyond": (broken(indices=(5, 40)), ValueError, "indices that do not fit"),
    "before": (broken(indices=(5, -1)), ValueError, "indices that do not fit"),
    "backward": (broken(indptr=(9, 2)), ValueError, "indices that do not fit"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_unfit_arrays_are_refused(name):
    X, error, text = ERRORS[name]
    network = make("dense", "float32")
    before = network.flat.copy()
    with pytest.raises(error, match=text):
        network.fit(X, Y, progress=False)
    np.testing.assert_array_equal(network.flat, before)


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (-np.inf, "-inf"), (1e300, r"1e\+300")])
@pytest.mark.parametrize("form", [sp.csr_array, sp.csc_array, sp.coo_array])
def test_the_place_of_a_number_that_is_not_finite_is_named(value, shown, form):
    spoiled = DENSE.astype(np.float64)
    spoiled[17, 23] = value
    network = make("dense", "float32")
    for call in (network.forward, lambda X: network.fit(X, Y, progress=False)):
        with pytest.raises(ValueError, match=rf"X\[17, 23\] is {shown}: expected numbers that are finite in float32"):
            call(form(spoiled))
    if value == 1e300:
        assert make("dense", "float64").forward(form(spoiled)).shape == (61, 3)
