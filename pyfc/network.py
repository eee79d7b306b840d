"""The network: a list of layers, a loss, and all parameters in one array.

Parameters and gradients each lie in one flat array, of which the layers hold views: an optimizer, a gradient norm or a
copy of the best weights is then one pass over memory, and SciPy's minimisers can work on it as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from pyfc import registry
from pyfc.component import Hyper, Loss
from pyfc.component.base import Array
from pyfc.component.loss import check_weights
from pyfc.data import as_samples, float_rows
from pyfc.errors import PluginError
from pyfc.faults import blamed, engine_fault, who
from pyfc.kernels.engine import Engine, penalise
from pyfc.layers import Activation, Layer, LayerLike, chain, chain_sizes
from pyfc.metrics import Metric, find_metrics
from pyfc.planning import make_plan, unchanged
from pyfc.table import Table

if TYPE_CHECKING:
    import os

    from pyfc.gradients import GradientReport
    from pyfc.kernels.plan import Plan
    from pyfc.trace import Trace
    from pyfc.training import History, Run

#: Rows that are worked on at a time outside training: enough for the products, and few enough to stay in the cache.
CHUNK = 1024
#: A prediction for so few samples is over so soon that making a plan anew would take longer.
FEW = 4

_PENALTY = Hyper(0.0, low=0)


class Network:
    """A fully connected neural network.

    Parameters
    ----------
    layers : sequence of Layer, str or activation
        From input to output; a name stands for an activation. The network works on copies: a layer that was trained in
        another network brings its values along and is not changed in its old place.
    loss : str or Loss
        What training makes small: ``"softmax_cross_entropy"`` (classes), ``"binary_cross_entropy"`` (yes or no),
        ``"squared_error"`` (numbers), or any of ``pyfc.available("losses")``. A loss sums over the outputs of a sample,
        where PyTorch and Keras take their mean; ``squared_error`` has an option for that.
    dtype : {"float32", "float64"}, default "float32"
        Of parameters and arithmetic.
    seed : int or None, default 0
        Of first weights, shuffling and dropout; None for a different one each time.
    l1, l2 : float, default 0.0
        Penalties on the weights (not on biases and slopes), which are part of the loss:
        ``l1 * sum(abs(W)) + l2 / 2 * sum(W**2)``.

    Attributes
    ----------
    layers : tuple of Layer
        The network's own layers, named and built.
    parameters : mapping of str to ndarray
        ``"dense_0.W"`` -> its values, as views: ``net.parameters["dense_0.b"][:] = 0`` works.
    history : History or None
        Of the last :meth:`fit`.

    Raises
    ------
    ValueError
        If the layers do not fit together, or end with the softmax or sigmoid that is in the loss already.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> net = pyfc.Network([pyfc.Dense(2, 8), "tanh", pyfc.Dense(8, 1)], loss="binary_cross_entropy", seed=1)
    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> history = net.fit(X, y, epochs=300, optimizer=pyfc.Adam(lr=0.05), progress=False)
    >>> net.predict(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: Sequence[LayerLike],
        loss: str | Loss | type[Loss],
        *,
        dtype: npt.DTypeLike = "float32",
        seed: int | None = 0,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        self.dtype = np.dtype(np.void if dtype is None else dtype)  # NumPy takes None for float64
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"Network(dtype={dtype!r}): expected 'float32' or 'float64'")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ValueError(f"Network(seed={seed!r}): expected an int >= 0, or None")
        self.loss: Loss = registry.make("losses", loss)
        self.l1, self.l2 = _PENALTY.check("Network", "l1", l1), _PENALTY.check("Network", "l2", l2)
        self.layers = chain(layers)
        self.sizes = chain_sizes(self.layers)
        last = self.layers[-1]
        if isinstance(last, Activation) and last.function.name == self.loss.probability != "identity":
            raise ValueError(
                f"the last layer is {last.function.name!r}, and {self.loss.name!r} works it out by itself, which would "
                "apply it twice: expected the layers without it (predict_proba gives the probabilities), or "
                "BinaryCrossEntropy(from_logits=False) after a sigmoid, or KLDivergence(from_log=False) after a softmax"
            )
        self.history: History | None = None
        weights, self.shuffle_rng = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
        for layer, n_in in zip(self.layers, self.sizes, strict=False):
            if not layer.built:
                layer.build(n_in, self.dtype, weights)
        #: The run that :meth:`step` goes on with.
        self.last_step: Run | None = None
        #: The plan of the last training, and room for a copy of the parameters.
        self.last_plan: tuple[Plan, Array] | None = None
        #: An engine of the last prediction for few samples.
        self._waiting: list[Engine] = []
        self._flatten()

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle and deepcopy keep: not the flat arrays, for the layers have the values."""
        flattened = ("flat", "flat_gradient", "slices", "_gradients", "parameters", "_waiting", "last_plan")
        return {name: value for name, value in self.__dict__.items() if name not in flattened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take it back, and flatten anew."""
        self.__dict__.update(state)
        self._waiting, self.last_plan = [], None
        self._flatten()

    def _flatten(self) -> None:
        """Move all parameters into one array, of which the layers get views that nothing can take the place of."""
        shapes = [(layer, key, value) for layer in self.layers for key, value in layer.parameters.items()]
        total = sum(value.size for _, _, value in shapes)
        #: All parameters, and the gradients of the last step, each in one array.
        self.flat, self.flat_gradient = np.empty(total, self.dtype), np.zeros(total, self.dtype)
        self.slices: dict[str, slice] = {}
        self._gradients: dict[str, dict[str, Array]] = {layer.name or "": {} for layer in self.layers}
        views: dict[str, dict[str, Array]] = {layer.name or "": {} for layer in self.layers}
        start = 0
        for layer, key, value in shapes:
            part = slice(start, start + value.size)
            self.flat[part] = value.ravel()
            views[layer.name or ""][key] = self.flat[part].reshape(value.shape)
            self._gradients[layer.name or ""][key] = self.flat_gradient[part].reshape(value.shape)
            self.slices[f"{layer.name}.{key}"] = part
            start = part.stop
        for layer in self.layers:
            layer.parameters = MappingProxyType(views[layer.name or ""])
        self.parameters: Mapping[str, Array] = MappingProxyType(
            {f"{layer.name}.{key}": value for layer in self.layers for key, value in layer.parameters.items()}
        )

    # Shape and description

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return self.sizes[0]

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return self.sizes[-1]

    def __contains__(self, name: object) -> bool:
        """Return whether a layer has this name."""
        return any(layer.name == name for layer in self.layers)

    def __iter__(self) -> Iterator[str]:
        """Return the names of the layers."""
        return (layer.name or "" for layer in self.layers)

    def __getitem__(self, name: str) -> Layer:
        """Return a layer by name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}: expected one of {', '.join(layer.name or '' for layer in self.layers)}")

    def __repr__(self) -> str:
        inside = ", ".join(
            repr(layer.function.name) if isinstance(layer, Activation) else repr(layer) for layer in self.layers
        )
        return f"Network([{inside}], loss={self.loss.name!r}, dtype={self.dtype.name!r})"

    def summary(self) -> Table:
        """Return a table of the layers: name, what it is, outputs, parameters, and whether it is frozen."""
        rows = [
            [
                layer.name or "",
                repr(layer),
                str(size),
                f"{sum(value.size for value in layer.parameters.values()):,}",
                "frozen" if layer.frozen else "",
            ]
            for layer, size in zip(self.layers, self.sizes[1:], strict=True)
        ]
        size = self.flat.nbytes
        memory = (
            f"{size} bytes" if size < 2048 else f"{size / 1024:.0f} KiB" if size < 2**21 else f"{size / 2**20:.1f} MiB"
        )
        foot = f"{self.flat.size:,} parameters, {self.dtype.name}, {memory}; loss {self.loss!r}"
        return Table(["layer", "is", "outputs", "parameters", ""], rows, foot)

    # Use

    def forward(self, X: npt.ArrayLike) -> Array:
        """Return the outputs of the last layer.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows: float, integer or boolean; uint8 images as they are.

        Returns
        -------
        ndarray, shape (n, n_out)
            In the network's dtype.

        Raises
        ------
        ValueError
            If X has another shape, or contains NaN or infinity.
        """
        return self.forward_checked(as_samples(X, self.n_in, self.dtype))

    def forward_checked(self, samples: Any, n_threads: int | None = None) -> Array:
        """Do the work of :meth:`forward` on samples that were checked before, on at most so many threads."""
        count = samples.shape[0]
        out = np.empty((count, self.n_out), self.dtype)
        if count:
            # An engine for few samples waits here for the next ones; who takes it away has it alone.
            few = count <= FEW and isinstance(samples, np.ndarray)
            engine = self._waiting.pop() if few and self._waiting else None
            if engine is None or not unchanged(self, engine.plan):
                engine = Engine(make_plan(self, samples, FEW if few else min(count, CHUNK), 1 if few else n_threads))
            else:
                engine.use(samples)
            try:
                engine.predict(out)
            except Exception as error:
                raise engine_fault(self, engine, error) from error
            if few:
                engine.use(np.empty((0, self.n_in), self.dtype))  # not to keep the caller's data
                self._waiting[:] = [engine]
        return out

    def forward_batch(self, x: Array) -> Array:
        """Return the outputs for a checked batch in the network's dtype, layer by layer."""
        for layer in self.layers:
            with blamed(layer):
                x, _ = layer.forward(x)
        return x

    def predict(self, X: npt.ArrayLike) -> Array:
        """Return predictions.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows.

        Returns
        -------
        ndarray
            For a classification loss the class labels, int64 (n,); for a binary one 0 or 1, (n,) or (n, n_out); for a
            regression loss what the outputs stand for, themselves as a rule, (n, n_out), or (n,) if there is one.
        """
        decided = self.loss.decide(self.forward(X))
        return decided[:, 0] if decided.ndim == 2 and decided.shape[1] == 1 else decided

    def predict_proba(self, X: npt.ArrayLike) -> Array:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows.

        Returns
        -------
        ndarray, shape (n, n_out)
            For a binary loss, the probability of "yes" for each output.

        Raises
        ------
        TypeError
            If the loss has no probabilities, as in regression.
        """
        if not self.loss.probability:
            raise TypeError(
                f"a network with loss {self.loss.name!r} has no probabilities: "
                "expected softmax_cross_entropy or binary_cross_entropy; use forward"
            )
        outputs: Array = registry.make("activations", self.loss.probability).forward(self.forward(X))
        return outputs

    def evaluate(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        metrics: Sequence[str | Metric] | None = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> dict[str, float]:
        """Return the loss and other metrics on data.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows, at least one.
        y : array_like
            Targets, as the loss takes them.
        metrics : sequence of str or callable, optional
            As in :meth:`fit`; by default accuracy, unless the loss is one for regression.
        sample_weight : array_like, shape (n,), optional
            How much each sample counts in the loss.

        Returns
        -------
        dict of str to float
            ``loss``, with the penalties, and the metrics by name.
        """
        samples, targets = self.check_data(X, y)
        weight = None if sample_weight is None else check_weights(sample_weight, samples.shape[0])
        return self.evaluate_checked(samples, targets, find_metrics(metrics, self.loss), weight)

    def evaluate_checked(
        self,
        samples: Array,
        targets: Array,
        metrics: Mapping[str, Metric],
        weight: Array | None = None,
        n_threads: int | None = None,
    ) -> dict[str, float]:
        """Do the work of :meth:`evaluate` on data that was checked before."""
        outputs = self.forward_checked(samples, n_threads)
        losses = np.empty(len(outputs), self.dtype)
        with blamed(self.loss):
            self.loss.compute_forward(outputs, targets, losses)
        loss = float(np.average(losses.astype(np.float64), weights=weight)) + self.penalty()
        return {"loss": loss, **{name: float(f(outputs, targets, self.loss)) for name, f in metrics.items()}}

    def check_data(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
        """Return samples and targets in the form that the network works on, or raise with what was expected."""
        samples = as_samples(X, self.n_in, self.dtype)
        if not samples.shape[0]:
            raise ValueError(f"X has shape {samples.shape}: expected at least one sample")
        return samples, self._targets(y, samples.shape[0])

    def _targets(self, y: npt.ArrayLike, rows: int) -> Array:
        """Return the targets as the loss gives them, looked at once more: compiled code believes what they say."""
        targets = self.loss.targets(y, rows, self.n_out, self.dtype)
        labels = isinstance(targets, np.ndarray) and targets.ndim == 1 and self.loss.takes_labels
        shape, dtype = ((rows,), np.dtype(np.int64)) if labels else ((rows, self.n_out), self.dtype)
        found = np.asarray(targets)
        if found.shape != shape or found.dtype != dtype or not (found.flags.c_contiguous and found.flags.aligned):
            raise PluginError(
                f"{who(self.loss)} failed: its targets() returned {found.dtype} {found.shape}: "
                f"expected C-contiguous {dtype} {shape}"
            )
        if labels and rows and not (found.min() >= 0 and found.max() < self.n_out):
            raise PluginError(
                f"{who(self.loss)} failed: its targets() returned labels from {found.min()} to {found.max()}: "
                f"expected 0 to {self.n_out - 1}"
            )
        return found

    # Gradients

    def loss_and_gradients(
        self, X: npt.ArrayLike, y: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
    ) -> tuple[float, dict[str, Array]]:
        """Return the loss on data and its gradient by every parameter; dropout is off.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows, at least one.
        y : array_like
            Targets, as the loss takes them.
        sample_weight : array_like, shape (n,), optional
            How much each sample counts.

        Returns
        -------
        loss : float
            With the penalties.
        grads : dict of str to ndarray
            With the names and shapes of ``parameters``; copies.
        """
        samples, targets = self.check_data(X, y)
        shares = self.loss.shares(samples.shape[0], sample_weight, np.float64)
        loss = self.backpropagate(samples, targets, shares)
        return loss, {
            f"{layer}.{key}": value.copy() for layer, parts in self._gradients.items() for key, value in parts.items()
        }

    def backpropagate(self, samples: Array, targets: Array, shares: Array) -> float:
        """Fill ``flat_gradient`` from all samples, in chunks, and return the loss; shares are each one's part in it."""
        total, loss = np.zeros_like(self.flat), 0.0
        for rows in _chunks(samples.shape[0]):
            x = float_rows(samples, rows, self.dtype)
            part, _ = self.backpropagate_batch(x, targets[rows], shares[rows], training=False, penalised=False)
            loss += part
            total += self.flat_gradient
        self.flat_gradient[:] = total
        self.penalise()
        return loss + self.penalty()

    def backpropagate_batch(
        self, x: Array, targets: Array, shares: Array, *, training: bool = True, penalised: bool = True
    ) -> tuple[float, Array]:
        """Run one batch forward and backward, fill ``flat_gradient``, and return the loss and the outputs."""
        caches = []
        for layer in self.layers:
            with blamed(layer):
                x, cache = layer.forward(x, training=training)
            caches.append(cache)
        outputs = np.require(x, self.dtype, ("C", "A"))  # a layer of the user's may have returned a view
        losses, dy = np.empty(len(x), self.dtype), np.empty_like(outputs)
        with blamed(self.loss):
            self.loss.compute_forward(outputs, targets, losses)
            self.loss.compute_backward(outputs, targets, shares.astype(self.dtype, copy=False), dy)
        loss = float(losses.astype(np.float64) @ shares)
        first = next(i for i, layer in enumerate(self.layers) if layer.parameters)
        gradient: Array | None = dy
        for index in range(len(self.layers) - 1, first - 1, -1):
            layer = self.layers[index]
            assert gradient is not None  # noqa: S101 (only the first layer is asked for none)
            with blamed(layer):
                gradient, _ = layer.backward(
                    gradient, caches[index], need_dx=index > first, out=self._gradients[layer.name or ""]
                )
        if penalised:
            self.penalise()
            loss += self.penalty()
        return loss, outputs

    def penalty(self) -> float:
        """Return the value of the L1 and L2 penalties."""
        if not (self.l1 or self.l2):
            return 0.0
        weights = [w.astype(np.float64).ravel() for w, _ in self._penalised()]
        return math.fsum(self.l1 * float(np.abs(w).sum()) + self.l2 / 2 * float(w @ w) for w in weights)

    def penalise(self) -> None:
        """Add the gradient of the penalties to ``flat_gradient``."""
        if self.l1 or self.l2:
            for w, dw in self._penalised():
                penalise(w, dw, self.l1, self.l2)

    def _penalised(self) -> Iterator[tuple[Array, Array]]:
        for layer in self.layers:
            for key in layer.penalised:
                yield layer.parameters[key], self._gradients[layer.name or ""][key]

    def check_gradients(
        self, X: npt.ArrayLike, y: npt.ArrayLike, *, entries: int = 50, step: float = 1e-6, tolerance: float = 1e-5
    ) -> GradientReport:
        """Compare every gradient with finite differences, in float64; see :func:`pyfc.gradients.check_gradients`."""
        from pyfc.gradients import check_gradients

        return check_gradients(self, X, y, entries=entries, step=step, tolerance=tolerance)

    def trace(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Trace:
        """Return every number of one step, forward and backward; see :class:`pyfc.trace.Trace`."""
        from pyfc.trace import trace

        return trace(self, X, y)

    # Training

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, **settings: Any) -> History:
        """Train on data; see :func:`pyfc.training.fit` for the settings.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
            Samples as rows.
        y : array_like
            Targets, as the loss takes them.
        **settings
            ``epochs, batch_size, optimizer, validation, shuffle, callbacks, metrics, progress, n_threads, ...``

        Returns
        -------
        History
        """
        from pyfc.training import fit

        return fit(self, X, y, **settings)

    def step(self, batch: tuple[npt.ArrayLike, ...], optimizer: Any = "sgd", **settings: Any) -> float:
        """Make one training step; see :func:`pyfc.training.step`.

        Parameters
        ----------
        batch : tuple
            ``(X, y)`` or ``(X, y, sample_weight)``.
        optimizer : str or Optimizer, default "sgd"
            Its state is kept as long as the same optimizer is given.
        **settings
            ``clip_norm``, ``clip_value``.

        Returns
        -------
        float
            The loss before the step.
        """
        from pyfc.training import step

        return step(self, batch, optimizer, **settings)

    def freeze(self, *names: str) -> Self:
        """Keep layers as they are in further training.

        Parameters
        ----------
        *names : str
            Layers; all if none is given.

        Returns
        -------
        Network
            Itself.
        """
        return self._set_frozen(names, True)

    def unfreeze(self, *names: str) -> Self:
        """Undo :meth:`freeze`."""
        return self._set_frozen(names, False)

    def _set_frozen(self, names: tuple[str, ...], frozen: bool) -> Self:
        layers = [self[name] for name in names] or list(self.layers)
        for layer in layers:
            layer.frozen = frozen
        return self

    def trainable(self) -> list[slice]:
        """Return the parts of ``flat`` that training may change, neighbours joined."""
        parts: list[slice] = []
        for layer in self.layers:
            for key in layer.parameters:
                part = self.slices[f"{layer.name}.{key}"]
                if layer.frozen:
                    continue
                if parts and parts[-1].stop == part.start:
                    part = slice(parts.pop().start, part.stop)
                parts.append(part)
        return parts

    # Copies and files

    def copy(self, dtype: npt.DTypeLike | None = None) -> Network:
        """Return an equal network with its own parameters, in another dtype if one is given."""
        twin = Network(self.layers, self.loss, dtype=self.dtype if dtype is None else dtype, l1=self.l1, l2=self.l2)
        twin.shuffle_rng.bit_generator.state = self.shuffle_rng.bit_generator.state
        return twin

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file, which :func:`pyfc.load` reads; see :func:`pyfc.files.save`.

        Parameters
        ----------
        path : path
            Where to. A file that is there is replaced when the new one is complete, and not before.
        """
        from pyfc.files import save

        save(self, path)


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK))
