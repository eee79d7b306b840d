"""An activation made from its formula is proved, right to the last digit, compiled or not, and trained as any other."""

import copy
import os
import pickle
import sys
import threading

import numpy as np
import pytest

import pyfc
from pyfc.component import Hyper
from pyfc.making import compiler
from pyfc.testing import check_activation

FORMULA = "z / (1 + exp(-beta*z))"
Swish = pyfc.activation_from_formula("swish", FORMULA, beta=1.0)
LearnedSwish = pyfc.activation_from_formula("learned_swish", FORMULA, learn="beta", per="unit", beta=1.0)

#: What people would try: formula, hyper-parameters, and whether the kit takes seconds.
FORMULAS = {
    "swish": (FORMULA, {"beta": Hyper(1.7, low=0)}, False),
    "mish": ("z*tanh(log(1 + exp(z)))", {}, True),
    "gelu_tanh": ("z/2*(1 + tanh(sqrt(2/pi)*(z + 0.044715*z**3)))", {}, True),
    "gelu": ("z*(1 + erf(z/sqrt(2)))/2", {}, True),
    "softplus": ("log(1 + exp(beta*z))/beta", {"beta": 1.3}, False),
    "snake": ("z + sin(a*z)**2/a", {"learn": "a", "per": "unit", "a": 1.0}, False),
    "bent": ("(sqrt(z**2 + 1) - 1)/2 + z", {}, False),
    "softsign": ("z/(1 + Abs(z))", {}, False),
    "relu": ("Max(z, 0)", {}, False),
    "leaky": ("Max(z, alpha*z)", {"alpha": 0.1}, False),
    "clipped": ("Max(-1, Min(1, z))", {}, False),
    "bell": ("exp(-z**2)", {}, False),
    "atan": ("atan(z)", {}, False),
    "erf": ("erf(z)", {}, True),
    "elu": ("Piecewise((z, z > 0), (alpha*(exp(z) - 1), True))", {"alpha": 1.2}, False),
    "tanh": ("tanh(z)", {}, True),
    "shrink": ("z - tanh(z)", {}, True),
    "log_cosh": ("log(cosh(z))", {}, True),
    "two": ("1/(1 + exp(-z)) + exp(-z**2)", {}, True),
    "isru": ("z/sqrt(1 + alpha*z**2)", {"alpha": 1.5}, False),
    "sinh": ("sinh(z)", {}, False),
    "three": ("tanh(z) + tanh(z**2 + z) + exp(-z**2)", {}, False),
    "root": ("z*sqrt(Abs(z))", {}, False),
}

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)

needs_compiler = pytest.mark.skipif(bool(Swish.not_compiled), reason="there is no C compiler")


@pytest.fixture
def no_library(monkeypatch):
    """Forget what was compiled."""
    monkeypatch.setattr(compiler, "_loaded", {})


def made(name, **settings):
    formula, hyperparameters, _ = FORMULAS[name]
    return pyfc.activation_from_formula(name, formula, **hyperparameters, **settings)


@pytest.mark.no_cover
@pytest.mark.parametrize("compiled", [pytest.param(True, marks=needs_compiler), False])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if slow else []) for name, (_, _, slow) in FORMULAS.items()]
)
def test_the_kit(name, compiled):
    cls = made(name, compiled=compiled)
    assert cls().compiled is compiled
    report = check_activation(cls)
    assert not report.unproved
    report.raise_if_failed(unproved=False)


@pytest.mark.parametrize("compiled", [pytest.param(True, marks=needs_compiler), False])
@pytest.mark.parametrize("name", FORMULAS)
def test_trained_as_any_other(name, compiled):
    act = made(name, compiled=compiled)()
    network = pyfc.Network([pyfc.Dense(4, 5), act, pyfc.Dense(5, 2)], loss="softmax_cross_entropy", dtype="float64")
    before = network.evaluate(X, LABELS)["loss"]
    network.fit(X, LABELS, epochs=5, progress=False, n_threads=1)
    assert network.evaluate(X, LABELS)["loss"] < before
    assert network.check_gradients(X, LABELS).ok


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("compiled", [None, False])
def test_swish_is_silu(dtype, compiled):
    act, silu = pyfc.activation_from_formula("swish", FORMULA, beta=1.0, compiled=compiled)(), pyfc.SiLU()
    z = np.concatenate([RNG.normal(0, 5, 500), [0, -0.0, 1e30, -1e30, 700, -700, np.nan, 1e-30]]).astype(dtype)
    dy = RNG.normal(size=z.shape).astype(dtype)
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(act.forward(z), silu.forward(z), rtol=2 * eps)
    np.testing.assert_allclose(act.backward(dy, z=z), silu.backward(dy, z=z), rtol=4 * eps, atol=eps)
    np.testing.assert_array_equal(act.forward(z, out=z.copy()), act.forward(z))


def test_beyond_the_largest_exponential():
    gompertz = pyfc.activation_from_formula("gompertz", "exp(-exp(-z))")()
    z = np.array([-1e30, -800, -3, 3, 800, 1e30])
    y = gompertz.forward(z)
    np.testing.assert_allclose(y, [0, 0, np.exp(-np.exp(3)), np.exp(-np.exp(-3)), 1, 1])
    dz = gompertz.backward(np.ones(6), z=z)
    np.testing.assert_allclose(dz, [0, 0, np.exp(3) * y[2], np.exp(-3) * y[3], 0, 0])


def test_what_cancels_keeps_its_digits():
    z = np.array([1e-30, 1e-10, -1e-5])
    for compiled in (None, False):
        for dtype in (np.float32, np.float64):
            x = z.astype(dtype)
            exact = {"tanh": np.tanh(x), "elu": 1.2 * np.where(x > 0, x / 1.2, np.expm1(x))}
            for name, wanted in exact.items():
                y = made(name, compiled=compiled)().forward(x)
                np.testing.assert_allclose(y, wanted, rtol=2 * float(np.finfo(dtype).eps))


def test_it_is_a_class_of_the_module_that_made_it():
    assert (Swish.__module__, Swish.__qualname__, Swish.name) == (__name__, "Swish", "swish")
    assert repr(Swish(beta=2.0)) == "Swish(beta=2.0)"
    assert FORMULA in Swish.__doc__
    assert pickle.loads(pickle.dumps(Swish(beta=2.0))) == Swish(beta=2.0)  # noqa: S301
    assert copy.deepcopy(LearnedSwish(per="layer")).per == "layer"
    bounded = made("swish")
    with pytest.raises(ValueError, match=r"Swish\(beta=-1\): expected a finite number >= 0"):
        bounded(beta=-1)


def test_the_code_is_tied_to_the_steps():
    for cls in (Swish, made("swish", compiled=False)):
        source = cls.source_code()
        assert source.name == "swish (made from a formula)"
        assert set(source.tagged_lines()) == {step.number for step in cls.derivation if step.runs} == {2, 3, 5}


@pytest.mark.parametrize("per", ["unit", "layer"])
@pytest.mark.parametrize("compiled", [None, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_learned_as_prelu_is(per, compiled, dtype):
    cls = pyfc.activation_from_formula(
        "leak", "Piecewise((z, z > 0), (a*z, True))", learn="a", per=per, a=0.25, compiled=compiled
    )
    assert cls().per == per
    chains = ([pyfc.Dense(4, 70), act, pyfc.Dense(70, 2)] for act in (cls(), pyfc.PReLU(per=per)))
    one, two = (pyfc.Network(chain, loss="softmax_cross_entropy", dtype=dtype) for chain in chains)
    for network in (one, two):
        network.fit(X, LABELS, epochs=10, batch_size=16, progress=False, n_threads=1)
    np.testing.assert_allclose(one.flat, two.flat, rtol=1e-3 if dtype == "float32" else 1e-10, atol=1e-6)
    assert one.parameters["leak_0.a"].shape == ((1,) if per == "layer" else (70,))


@pytest.mark.parametrize("per", ["unit", "layer"])
def test_compiled_and_not_learn_alike(per):
    networks = []
    for compiled in (None, False):
        act = pyfc.activation_from_formula("swish", FORMULA, learn="beta", per=per, beta=1.5, compiled=compiled)()
        network = pyfc.Network([pyfc.Dense(4, 6), act, pyfc.Dense(6, 2)], loss="softmax_cross_entropy", dtype="float64")
        network.fit(X, LABELS, epochs=5, progress=False, n_threads=1)
        assert network.check_gradients(X, LABELS).ok
        assert not np.allclose(network.parameters["swish_0.beta"], 1.5)
        networks.append(network)
    np.testing.assert_allclose(networks[0].flat, networks[1].flat, rtol=1e-12)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.usefixtures("threads_at_any_size")
def test_threads(n_threads):
    networks = [pyfc.mlp([4, 6, 2], activation=LearnedSwish(), dtype="float64") for _ in range(2)]
    for network, count in zip(networks, (1, n_threads), strict=True):
        network.fit(X, LABELS, epochs=3, batch_size=20, progress=False, n_threads=count)
    np.testing.assert_allclose(networks[0].flat, networks[1].flat, rtol=1e-9)


@needs_compiler
def test_equal_code_is_compiled_once_also_by_threads(no_library, monkeypatch):
    calls, real = [], compiler._compiled
    monkeypatch.setattr(compiler, "_compiled", lambda text: calls.append(text) or real(text))
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(pyfc.activation_from_formula("third", "z/3 + z**3")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert [cls().forward([3.0])[0] for cls in results] == [28.0] * 3


def test_saved_by_one_process_and_loaded_by_another(tmp_path, lay_out, run):
    site = tmp_path / "site"
    site.mkdir()
    source = f'import pyfc\nNice = pyfc.activation_from_formula("NAME", "{FORMULA}", beta=1.0)\n'
    lay_out(site, "nice-swish", "nice", source, entry_points="[pyfc.activations]\nnice = nice_swish:Nice\n")
    run(
        "import pyfc; net = pyfc.mlp([4, 6, 2], activation=pyfc.get('activations', 'nice')(beta=2.5));"
        "net.save('nice.safetensors')",
        site,
    )
    shown = run(
        "import pickle, pyfc; net = pyfc.load('nice.safetensors'); act = net.layers[1].function;"
        "print(pickle.loads(pickle.dumps(act)), type(act).__module__)",
        site,
    )
    assert shown.split() == ["Nice(beta=2.5)", "nice_swish"]


def test_registered_in_a_process():
    cls = pyfc.register(pyfc.activation_from_formula("third", "z/3 + z**3"))
    try:
        assert pyfc.get("activations", "third") is cls
        assert check_activation("third").ok
    finally:
        pyfc.unregister(cls)


@pytest.mark.parametrize(
    ("formula", "settings", "message"),
    [
        ("z*bet", {"beta": 1.0}, r"bet not known; given are z and beta;"),
        ("z*beta", {}, r"beta not known; given are z alone"),
        ("max(z, 0)", {}, r"did you mean Max\?"),
        ("z", {"beta": 1.0}, r"beta given but not in it"),
        ("z*(1 +", {}, r"SymPy cannot read"),
        ("3*4", {}, r"expected a function of z"),
        ("z - z", {}, r"is 0 for every z"),
        ("sign(z)", {}, r"derivative is 0 everywhere"),
        ("z > 0", {}, r"expected a number for each z"),
        ("log(z)", {}, r"infinite or not a number at z = 0"),
        ("log(z - 200)", {}, r"not a real number at z = 0"),
        ("sqrt(z)", {}, r"not a real number at z = -1e-09"),
        ("1/z", {}, r"not defined at z = 0"),
        ("sqrt(Abs(z))", {}, r"its derivative is not defined at z = 0"),
        ("Piecewise((z, z > 0))", {}, r"not defined at z = 0"),
        ("y = z", {}, r"expected the right side alone"),
        ("z^2", {}, r"a power is \*\*"),
        ("z.real", {}, r"a dot is only for numbers"),
        ("__import__('os')", {}, r"cannot be in one"),
        ("z*lambda", {}, r"lambda not known"),
        ("z*e", {"e": 1.0}, r"this one is reserved"),
        ("z*forward", {"forward": 1.0}, r"this one is reserved"),
        ("z*beta", {"beta": float("nan")}, r"expected a finite number"),
        ("z*beta", {"beta": 1.0, "learn": "gamma"}, r"learn='gamma': expected one of the hyper-parameters given: beta"),
        ("z*beta", {"beta": 1.0, "learn": "beta", "per": "row"}, r"per='row'\): expected one of 'unit', 'layer'"),
        ("z*beta*dbeta", {"beta": 1.0, "dbeta": 1.0, "learn": "beta"}, r"dbeta is the derivative by beta"),
    ],
)
def test_what_is_wrong_with_a_formula_is_said(formula, settings, message):
    with pytest.raises(ValueError, match=message):
        pyfc.activation_from_formula("wrong", formula, **settings)


@pytest.mark.parametrize(
    ("formula", "settings", "message"),
    [
        (3, {}, r"expected a str"),
        ("z*beta", {"beta": True}, r"beta=True\): expected a number"),
        ("z*beta", {"beta": "one"}, r"beta='one'\): expected a number"),
        ("z*beta", {"beta": Hyper(True)}, r"a Hyper whose default is a number"),
        ("z*beta", {"beta": Hyper(1.0, low=0), "learn": "beta"}, r"is learned, and has no bounds"),
        ("z", {"compiled": 3}, r"compiled=3: expected None, True or False"),
    ],
)
def test_what_is_of_the_wrong_type_is_said(formula, settings, message):
    with pytest.raises(TypeError, match=message):
        pyfc.activation_from_formula("wrong", formula, **settings)


def test_a_name_is_one():
    with pytest.raises(ValueError, match=r"name='my swish': expected letters"):
        pyfc.activation_from_formula("my swish", "z**3")


def test_nan_is_warned_of():
    with pytest.warns(UserWarning, match=r"area is NaN at z = -1e\+30.*: its formula could not be rewritten") as caught:
        pyfc.activation_from_formula("area", "log(z + sqrt(z**2 + 1))")
    assert caught[0].filename == __file__


def test_without_a_compiler(no_library, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compiler.sysconfig, "get_config_var", lambda name: "gcc -pthread")
    cls = pyfc.activation_from_formula("swish", FORMULA, beta=1.0)
    assert not cls().compiled
    assert cls.not_compiled.startswith("no C compiler: looked for cc, gcc and clang")
    np.testing.assert_allclose(cls().forward(X), pyfc.SiLU().forward(X), rtol=1e-15)
    with pytest.raises(RuntimeError, match=r"swish cannot be compiled, and compiled=True: no C compiler"):
        pyfc.activation_from_formula("swish", FORMULA, beta=1.0, compiled=True)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo broken >&2; exit 3", r"failed with status 3:\nbroken"),
        ("exit 0", r"cannot be loaded"),
        (None, r"looked for CC="),
    ],
)
def test_a_compiler_that_fails(no_library, monkeypatch, tmp_path, script, message):
    path = tmp_path / "my cc"
    if script is not None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("CC", f"'{path}' -pipe")
    assert not pyfc.activation_from_formula("swish", FORMULA, beta=1.0)().compiled
    with pytest.raises(RuntimeError, match=message):
        pyfc.activation_from_formula("swish", FORMULA, beta=1.0, compiled=True)


@needs_compiler
def test_nothing_is_left_behind(no_library, monkeypatch, tmp_path):
    monkeypatch.setattr(compiler.tempfile, "tempdir", str(tmp_path))
    cls = pyfc.activation_from_formula("swish", FORMULA, beta=1.0, compiled=True)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    assert cls().forward([0.0]) == [0]


def test_without_sympy_it_says_what_to_install(run):
    shown = run(
        "import sys; sys.modules['sympy'] = None\nimport pyfc\ntry:\n    pyfc.activation_from_formula('third', 'z/3')\n"
        "except ImportError as error:\n    print(error)"
    )
    assert shown.strip() == 'activation_from_formula needs sympy: install it by pip install "pyfc[symbolic]"'


def test_numpy_code_warns_of_nothing(recwarn):
    act = made("sinh", compiled=False)()
    act.backward(np.ones(2), z=np.array([1e30, np.nan]))
    assert act.forward(np.float32([1e30]))[0] == np.inf
    assert len(recwarn) == 0
    assert "sympy" in sys.modules  # it is imported by the maker, and not before: see test_import.py
