"""docs/articles/conventions.rst: each cell of its tables is what measuring the system gives; its examples run.

A system is measured through a probe (`tests/probes`), from outside: which shapes it takes, what its loss is for errors
that are chosen, what it passes back. A column without a function here fails, and so does a system without a row.
"""

import doctest
from pathlib import Path

import articles.a
import articles.c
import articles.d
import articles.e
import numpy as np
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from probes import measure
from probes.articles import A, B, C, D, E
from probes.libraries import PEERS, Keras, KerasSparse, PyFC, PyTorch, ScikitLearn, import_keras
from probes.measure import LABELS, K, N

import pyfc

PAGE = Path(__file__).parents[1] / "docs" / "articles" / "conventions.rst"
TREE = publish_doctree(PAGE.read_text(encoding="utf-8"), settings_overrides={"report_level": 1, "halt_level": 1})
ARTICLES = {"A": A, "B": B, "C": C, "D": D, "E": E}
LIBRARIES = {"pyfc": PyFC, "PyTorch": PyTorch, "Keras": Keras, "scikit-learn": ScikitLearn}
SYSTEMS = ARTICLES | LIBRARIES
WITH_ENTROPY = {"B": B, **LIBRARIES, "Keras, sparse": KerasSparse}

#: For each table its systems, and for each of its columns what measures a system for it.
TABLES = {
    "One layer": (
        SYSTEMS,
        {
            "samples are": measure.samples_are,
            "W is": measure.w_is,
            "b is": measure.b_is,
            "layer computes": measure.layer_computes,
            "W, b for pyfc": measure.for_pyfc,
        },
    ),
    "The squared error": (
        SYSTEMS,
        {
            "factor": measure.factor,
            "over outputs": measure.over_outputs,
            "over samples": measure.over_samples,
            "backward starts with": measure.starts_with,
            "1/n is in": measure.squared_error_divided_in,
            "dW / true gradient": measure.by_true_gradient,
        },
    ),
    "The two samples": (
        SYSTEMS,
        {
            "loss": measure.worked_loss,
            "starts with": measure.worked_start,
            "reaches db": measure.worked_db,
            "the same in pyfc": measure.same_in_pyfc,
        },
    ),
    "Cross-entropy": (
        WITH_ENTROPY,
        {
            "loss takes": measure.loss_takes,
            "targets are": measure.targets_are,
            "over samples": measure.entropy_over_samples,
            "backward starts with": measure.entropy_starts_with,
            "1/n is in": measure.entropy_divided_in,
        },
    ),
}
#: Of these, the ones that are given the cell too, to try what it says.
TRIED = (measure.layer_computes, measure.for_pyfc, measure.same_in_pyfc)


def read_tables():
    """Return the page's tables by the first words of their titles: headings, and rows of cells by system."""
    tables = {}
    for table in TREE.findall(nodes.table):
        head, *body = ([entry.astext() for entry in row.findall(nodes.entry)] for row in table.findall(nodes.row))
        title = next(table.findall(nodes.title)).astext()
        assert len({row[0] for row in body}) == len(body), f"{title}: a system has two rows"
        tables[next((name for name in TABLES if title.startswith(name)), title)] = head, {row[0]: row for row in body}
    return tables


PAGE_TABLES = read_tables()


def test_every_table_column_and_system_is_measured():
    assert list(PAGE_TABLES) == list(TABLES)
    for name, (systems, measures) in TABLES.items():
        head, body = PAGE_TABLES[name]
        assert head == ["system", *measures]
        assert body.keys() == systems.keys()


@pytest.mark.parametrize(
    ("table", "system"), [(table, system) for table, (systems, _) in TABLES.items() for system in systems]
)
def test_cells_are_what_is_measured(table, system):
    kind, measures = TABLES[table][0][system], TABLES[table][1]
    head, body = PAGE_TABLES[table]
    cells = dict(zip(head[1:], body[system][1:], strict=True))
    measured = {
        column: measures[column](kind, cell) if measures[column] in TRIED else measures[column](kind)
        for column, cell in cells.items()
    }
    assert cells == measured


def test_one_hot_rows_are_another_problem_for_scikit_learn():
    probe = ScikitLearn(3, K, loss="cross_entropy")
    models = [probe.model_of(np.zeros((N, 3)), targets) for targets in (LABELS, np.eye(K)[LABELS])]
    assert [model.out_activation_ for model in models] == ["softmax", "logistic"]


@pytest.mark.parametrize("kind", [Keras, KerasSparse])
def test_keras_takes_logits_if_asked(kind):
    probe = kind(3, K, loss="cross_entropy")
    targets = np.eye(K)[LABELS] if kind is Keras else LABELS
    z = np.random.default_rng(1).standard_normal((N, K))
    right = -np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))[np.arange(N), LABELS].mean()
    assert float(type(probe.loss)(from_logits=True)(targets, z)) == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("article", [articles.a, articles.c, articles.d, articles.e])
def test_articles_without_a_row_have_no_cross_entropy(article):
    assert not [name for name in vars(article) if "entropy" in name.lower()]


def test_examples_run(capsys):
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(">>> ") > 10
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, PAGE.name, 0)
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0, (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("target", [r["refuri"] for r in TREE.findall(nodes.reference) if "://" not in r["refuri"]])
def test_links_lead_somewhere(target):
    assert (PAGE.parent / target).exists()


# Losses that the page does not name, beside those of the libraries, values and gradients

DRAW = np.random.default_rng(2)
Y, T = DRAW.normal(size=(6, 4)), DRAW.normal(size=(6, 4))
PROBABILITIES, CLASSES = DRAW.dirichlet(np.ones(4), 6), np.eye(4)[[0, 3, 1, 1, 2, 0]]
LOG_P = Y - np.log(np.exp(Y).sum(axis=1, keepdims=True))

#: Name, hyper-parameters, outputs, targets, and what torch.nn.functional makes of them, for all samples together.
TORCH_LOSSES = [
    ("poisson_nll", {}, Y, np.floor(np.abs(4 * T)), lambda f, y, t: f.poisson_nll_loss(y, t, reduction="sum")),
    (
        "poisson_nll",
        {"full": True},
        Y,
        np.floor(np.abs(4 * T)),
        lambda f, y, t: f.poisson_nll_loss(y, t, full=True, reduction="sum"),
    ),
    (
        "poisson_nll",
        {"log_input": False},
        np.exp(Y),
        np.floor(np.abs(4 * T)),
        lambda f, y, t: f.poisson_nll_loss(y, t, log_input=False, eps=0, reduction="sum"),
    ),
    ("kl_divergence", {}, LOG_P, PROBABILITIES, lambda f, y, t: f.kl_div(y, t, reduction="sum")),
    ("kl_divergence", {}, LOG_P, CLASSES, lambda f, y, t: f.kl_div(y, t, reduction="sum")),
    ("cosine", {}, Y, T, lambda f, y, t: (1 - f.cosine_similarity(y, t)).sum()),
]
#: The same with the class in keras.losses and its settings, and how Keras's value becomes that of pyfc:
#: factor and summand.
KERAS_LOSSES = [
    ("log_cosh", {}, Y, T, "LogCosh", {}, (4, 0)),
    (
        "poisson_nll",
        {"log_input": False},
        3 + np.exp(Y),
        np.floor(np.abs(4 * T)),
        "Poisson",
        {},
        (4, 0),
    ),  # log(y + 1e-7)
    ("squared_hinge", {}, Y, 2 * CLASSES - 1, "SquaredHinge", {}, (4, 0)),
    ("categorical_hinge", {}, Y - Y.min() + 1, CLASSES, "CategoricalHinge", {}, (1, 0)),
    ("kl_divergence", {"from_log": False}, np.exp(LOG_P), PROBABILITIES, "KLDivergence", {}, (1, 0)),
    ("cosine", {}, Y, T, "CosineSimilarity", {}, (1, 1)),
    (
        "focal",
        {"gamma": 2.0},
        Y,
        CLASSES,
        "CategoricalFocalCrossentropy",
        {"alpha": 1.0, "gamma": 2.0, "from_logits": True},
        (1, 0),
    ),
]


def hold_loss_against(name, hyper, y, t, peer, rtol=1e-6):
    """Compare with a peer's mean over the samples, and its gradient, both for arrays of PyTorch."""
    torch = pytest.importorskip("torch", reason=f"PyTorch is {PEERS}")
    loss = pyfc.get("losses", name)(**hyper)
    outputs = torch.tensor(y, requires_grad=True)
    value = peer(outputs, torch.tensor(t))
    value.backward()
    np.testing.assert_allclose(loss.value(y, t), value.item(), rtol=rtol)
    np.testing.assert_allclose(loss.gradient(y, t), outputs.grad.numpy(), rtol=rtol, atol=1e-7)


@pytest.mark.parametrize(("name", "hyper", "y", "t", "function"), TORCH_LOSSES)
def test_losses_are_those_of_pytorch(name, hyper, y, t, function):
    torch = pytest.importorskip("torch", reason=f"PyTorch is {PEERS}")
    hold_loss_against(name, hyper, y, t, lambda y, t: function(torch.nn.functional, y, t) / len(y), rtol=1e-12)


@pytest.mark.parametrize(("name", "hyper", "y", "t", "theirs", "settings", "related"), KERAS_LOSSES)
def test_losses_are_those_of_keras(name, hyper, y, t, theirs, settings, related):
    function = getattr(import_keras().losses, theirs)(**settings, dtype="float64")
    factor, summand = related
    hold_loss_against(name, hyper, y, t, lambda y, t: factor * function(t, y) + summand)
