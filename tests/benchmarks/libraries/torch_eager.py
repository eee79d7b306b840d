"""PyTorch on the CPU as it is used: ``nn.Sequential``, a loss function, ``backward()`` and ``torch.optim.SGD``."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from cases import CHECK_STEPS, read
from libraries.base import Base, Calls, NotPossible, Rows, Steps, named

LAYERS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}
aten = torch.ops.aten


def network(case):
    """Return the case's network, with weights of its own."""
    layers = []
    for n_in, n_out, activation in zip(case.sizes, case.sizes[1:], case.activations, strict=False):
        layers.append(nn.Linear(n_in, n_out, dtype=getattr(torch, case.dtype)))
        if activation in LAYERS:
            layers.append(LAYERS[activation]())
    return nn.Sequential(*layers)


class Training(Steps):
    """A step is ``zero_grad``, forward, loss, ``backward`` and ``optimizer.step``."""

    def __init__(self, case, folder):
        super().__init__(case.steps)
        self.case, arrays = case, read(case, folder)
        self.start, self.model = arrays.weights, network(case)
        self.X = torch.from_numpy(arrays.X).split(case.batch)
        self.t = torch.from_numpy(arrays.t).split(case.batch)
        # Their squared error is a mean over the outputs too: the rate makes up for it, which costs nothing.
        entropy = case.loss == "cross_entropy"
        self.scale = 1 if entropy else case.factor * case.sizes[-1]
        self.loss = cross_entropy if entropy else mse_loss
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=case.lr * self.scale, fused=True)
        self.reset()

    @property
    def linear(self):
        return [layer for layer in self.model if isinstance(layer, nn.Linear)]

    def reset(self):
        self.at = 0
        with torch.no_grad():
            for layer, (W, b) in zip(self.linear, self.start, strict=True):
                layer.weight.copy_(torch.from_numpy(W.T))
                layer.bias.copy_(torch.from_numpy(b))

    def step(self, i):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(self.X[i]), self.t[i])
        loss.backward()
        self.optimizer.step()
        return loss

    def result(self):
        self.reset()
        losses = [self.step(i % self.batches).item() * self.scale for i in range(CHECK_STEPS)]
        weights = [
            (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in self.linear
        ]
        return {"loss": float(np.mean(losses)), **named(weights)}


class Library(Base):
    """PyTorch, eager."""

    packages = ("torch",)

    def __init__(self, threads):
        super().__init__(threads)
        torch.set_num_threads(threads)

    def train(self, case, folder):
        return Training(case, folder)

    def predict(self, case, folder):
        job = Training(case, folder)
        model = self.prepared(job.model.eval())

        def predict(x):
            with torch.inference_mode():
                return model(x).argmax(1)

        return Rows(predict, job.X, lambda: {"labels": torch.cat([predict(x) for x in job.X]).numpy()})

    def prepared(self, model):
        return model

    def activation(self, name, direction, z, dy):
        if name not in FORWARD:
            raise NotPossible(f"no {name}")
        z, dy = torch.from_numpy(z), torch.from_numpy(dy)
        y, dz = torch.empty_like(z), torch.empty_like(z)
        FORWARD[name](z, y)
        if direction == "forward":
            return Calls(lambda: FORWARD[name](z, y), lambda: {"y": y.numpy()})
        return Calls(lambda: BACKWARD[name](dy, z, y, dz), lambda: {"dz": self.backward(name, dy, z, y, dz)})

    def backward(self, name, dy, z, y, dz):
        made = BACKWARD[name](dy, z, y, dz)
        return (dz if made is None else made).numpy()

    def adam(self, w, dw):
        parameter = torch.from_numpy(w.copy()).requires_grad_()
        parameter.grad = torch.from_numpy(dw)
        adam = torch.optim.Adam([parameter], lr=0.001, fused=True)
        return Calls(adam.step)


#: The functions that write to an array that is given; mish's backward has no such form.
FORWARD = {
    "relu": lambda z, y: torch.clamp_min(z, 0, out=y),
    "leaky_relu": lambda z, y: aten.leaky_relu.out(z, 0.01, out=y),
    "sigmoid": lambda z, y: torch.sigmoid(z, out=y),
    "gelu": lambda z, y: aten.gelu.out(z, out=y),
    "silu": lambda z, y: aten.silu.out(z, out=y),
    "elu": lambda z, y: aten.elu.out(z, out=y),
    "tanh": lambda z, y: torch.tanh(z, out=y),
    "softplus": lambda z, y: aten.softplus.out(z, out=y),
    "mish": lambda z, y: aten.mish.out(z, out=y),
}
BACKWARD = {
    "relu": lambda dy, z, y, dz: aten.threshold_backward.grad_input(dy, y, 0, grad_input=dz),
    "leaky_relu": lambda dy, z, y, dz: aten.leaky_relu_backward.grad_input(dy, z, 0.01, False, grad_input=dz),
    "sigmoid": lambda dy, z, y, dz: aten.sigmoid_backward.grad_input(dy, y, grad_input=dz),
    "gelu": lambda dy, z, y, dz: aten.gelu_backward.grad_input(dy, z, grad_input=dz),
    "silu": lambda dy, z, y, dz: aten.silu_backward.grad_input(dy, z, grad_input=dz),
    "elu": lambda dy, z, y, dz: aten.elu_backward.grad_input(dy, 1.0, 1.0, 1.0, True, y, grad_input=dz),
    "tanh": lambda dy, z, y, dz: aten.tanh_backward.grad_input(dy, y, grad_input=dz),
    "softplus": lambda dy, z, y, dz: aten.softplus_backward.grad_input(dy, z, 1.0, 20.0, grad_input=dz),
    "mish": lambda dy, z, y, dz: aten.mish_backward(dy, z),
}
