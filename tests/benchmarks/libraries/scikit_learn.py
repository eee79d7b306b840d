"""scikit-learn's multi-layer perceptron: ``partial_fit`` on all samples is an epoch of batches in their order.

It has no sigmoid behind its last layer in a regression, and no other loss for classes than the cross-entropy, so that
it is left out where the squared error of a sigmoid is asked for.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier

from cases import CHECK_STEPS, read
from libraries.base import Base, Job, NotPossible, Rows, named


class Training(Job):
    """An epoch for each call of ``partial_fit``."""

    def __init__(self, case, folder):
        if case.loss != "cross_entropy":
            raise NotPossible("its loss is another one")
        self.case, self.arrays, self.unit = case, read(case, folder), case.steps
        self.classes = np.arange(case.sizes[-1])
        plain = {"solver": "sgd", "momentum": 0, "nesterovs_momentum": False, "alpha": 0, "shuffle": False}
        self.model = MLPClassifier(
            case.sizes[1:-1], activation=case.hidden, batch_size=case.batch, learning_rate_init=case.lr, **plain
        )
        few = max(case.batch, len(self.classes))
        self.model.partial_fit(*self.samples(few), classes=self.classes)  # before that, a model has no weights

    def samples(self, rows):
        return self.arrays.X[:rows], self.arrays.t[:rows]

    def reset(self):
        for i, (W, b) in enumerate(self.arrays.weights):
            self.model.coefs_[i][...], self.model.intercepts_[i][...] = W, b

    def run(self, steps):
        for _ in range(steps // self.unit):
            self.model.partial_fit(self.arrays.X, self.arrays.t)

    def result(self):
        losses = []
        self.reset()
        for _ in range(max(1, CHECK_STEPS // self.unit)):
            self.model.partial_fit(*self.samples(min(CHECK_STEPS, self.unit) * self.case.batch))
            losses.append(self.model.loss_)
        return {"loss": float(np.mean(losses)), **named(zip(self.model.coefs_, self.model.intercepts_, strict=True))}


class Library(Base):
    """scikit-learn."""

    packages = ("scikit-learn",)

    def train(self, case, folder):
        return Training(case, folder)

    def predict(self, case, folder):
        job = Training(case, folder)
        job.reset()
        things, predict = np.split(job.arrays.X, case.steps), job.model.predict
        return Rows(predict, things, lambda: {"labels": np.concatenate([predict(x) for x in things])})
