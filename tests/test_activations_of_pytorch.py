"""Every activation beside PyTorch's: values, and gradients by its autograd, also with other settings and at the kinks.

PyTorch has not all of them; the others are written out in its operations, as their papers define them.
"""

import numpy as np
import pytest

import pyfc

torch = pytest.importorskip("torch", reason='PyTorch is not installed: pip install -e ".[peers]"')
F = torch.nn.functional


def sparsemax(z):
    """Return algorithm 1 of the paper."""
    falling = torch.sort(z, dim=-1, descending=True).values
    sums, k = falling.cumsum(-1), torch.arange(1, z.shape[-1] + 1)
    kept = (1 + k * falling > sums).sum(-1, keepdim=True)
    return (z - (sums.gather(-1, kept - 1) - 1) / kept).clamp(min=0)


#: What each is in PyTorch, and with which settings of both.
PYTORCH = {
    "celu": (F.celu, {"alpha": 2.5}),
    "elu": (F.elu, {"alpha": 0.5}),
    "exponential": (torch.exp, {}),
    "gelu": (F.gelu, {}),
    "gelu_tanh": (lambda z: F.gelu(z, approximate="tanh"), {}),
    "glu": (F.glu, {}),
    "hard_sigmoid": (lambda z: F.relu6(z + 3) / 6, {}),  # F.hardsigmoid has its slope, 1/6, in float32
    "hard_swish": (F.hardswish, {}),
    "hard_tanh": (F.hardtanh, {}),
    "hardshrink": (F.hardshrink, {"lambd": 1.0}),
    "identity": (lambda z: z, {}),
    "leaky_relu": (lambda z, alpha: F.leaky_relu(z, alpha), {"alpha": 0.25}),
    "log_sigmoid": (F.logsigmoid, {}),
    "log_softmax": (lambda z: F.log_softmax(z, dim=-1), {}),
    "mish": (F.mish, {}),
    "prelu": (lambda z: F.prelu(z, torch.tensor([0.25], dtype=z.dtype)), {}),
    "relu": (F.relu, {}),
    "relu6": (F.relu6, {}),
    "selu": (F.selu, {}),
    "sigmoid": (torch.sigmoid, {}),
    "silu": (F.silu, {}),
    "softmax": (lambda z: F.softmax(z, dim=-1), {}),
    "softplus": (F.softplus, {}),
    "softshrink": (F.softshrink, {"lambd": 1.0}),
    "softsign": (F.softsign, {}),
    "sparse_plus": (lambda z: torch.where(z < 1, (z.clamp(min=-1) + 1) ** 2 / 4, z), {}),
    "sparse_sigmoid": (lambda z: F.hardtanh(z) / 2 + 0.5, {}),
    "sparsemax": (sparsemax, {}),
    "squareplus": (lambda z, b: (z + torch.sqrt(z * z + b)) / 2, {"b": 3.0}),
    "tanh": (torch.tanh, {}),
    "tanhshrink": (F.tanhshrink, {}),
    "threshold": (F.threshold, {"threshold": 2.0, "value": -1.0}),
}

#: Each with its settings, and once more with the defaults of both, where these have the same settings.
CASES = [(name, settings) for name, (_, settings) in PYTORCH.items()]
CASES += [(name, {}) for name in ("celu", "elu", "hardshrink", "softshrink")]


def test_none_is_left_out():
    assert set(PYTORCH) == {record.name for record in pyfc.registry.records("activations") if record.builtin}


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_values_and_gradients(name, settings):
    function, act = PYTORCH[name][0], pyfc.get("activations", name)(**settings)
    draw = np.random.default_rng(3)
    rows = [draw.normal(0, width, (40, 12)) for width in (1, 5)]
    if act.elementwise:  # what most kinks are at
        rows.append(np.array([[-6, -3, -2, -1, -0.5, -0.0, 0, 0.5, 1, 2, 3, 6.0]]))
    z = torch.from_numpy(np.concatenate(rows)).requires_grad_()
    y = function(z, **settings)
    dy = torch.from_numpy(draw.normal(size=tuple(y.shape)))
    y.backward(dy)
    ours = act.forward(z.detach().numpy())
    dz = act.backward(dy.numpy(), z=z.detach().numpy(), y=ours)
    np.testing.assert_allclose(ours, y.detach().numpy(), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(dz[0] if act.learned else dz, z.grad.numpy(), rtol=1e-12, atol=1e-14)
