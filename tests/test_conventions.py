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
from probes.libraries import Keras, KerasSparse, PyFC, PyTorch, ScikitLearn
from probes.measure import LABELS, K, N

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
