"""PyTorch with ``torch.compile``: forward, loss, gradient and update are one compiled function.

That is more than compiling the model alone: the update is fused into it as well.
"""

import torch
from torch.func import functional_call, grad_and_value

from libraries import torch_eager


class Training(torch_eager.Training):
    """A step is one call of the compiled function."""

    def __init__(self, case, folder):
        super().__init__(case, folder)
        model, loss, rate = self.model, self.loss, case.lr * self.scale

        def objective(parameters, x, t):
            return loss(functional_call(model, parameters, (x,)), t)

        @torch.compile(fullgraph=True, dynamic=False)
        def step(parameters, x, t):
            gradients, value = grad_and_value(objective)(parameters, x, t)
            for name, parameter in parameters.items():
                parameter.sub_(gradients[name], alpha=rate)
            return value

        self.compiled = step
        self.parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def step(self, i):
        with torch.no_grad():
            return self.compiled(self.parameters, self.X[i], self.t[i])


class Library(torch_eager.Library):
    """PyTorch, compiled."""

    def train(self, case, folder):
        torch.compiler.reset()
        return Training(case, folder)

    def prepared(self, model):
        torch.compiler.reset()
        return torch.compile(model, fullgraph=True, dynamic=False)

    activation = adam = None
