"""The smaller measurements: activations with an array to write to, Adam's pass over the parameters, the peak rate."""

import numpy as np

from table import holds

REQUIRED = {
    **dict.fromkeys(("relu", "leaky_relu"), 1.05),
    **dict.fromkeys(("sigmoid", "gelu", "silu"), 0.9),
    **dict.fromkeys(("elu", "tanh", "softplus", "mish"), 0.4),
}
#: Numbers in the arrays of the activations, and parameters of Adam.
COUNT, PARAMETERS = 1_000_000, 4_000_000
ADAM = 1.3


def peak(pool, *, repeats):
    """Return the largest measured rate of multiply-adds, operations per second of one core, by dtype."""
    rates = {}
    for dtype in ("float32", "float64"):
        found = pool.measure(f"peak {dtype}", {"GEMM sum": ("peak", dtype)}, repeats=repeats, seconds=0.1)
        if "GEMM sum" in found["median"]:
            flops = found["results"]["GEMM sum"]["flops"]
            rates[dtype] = flops / min(found["samples"]["GEMM sum"])
    return rates


def activations(pool, *, repeats, seconds):
    """Return a row for each activation, direction and dtype."""
    rows = []
    for dtype in ("float32", "float64"):
        rng = np.random.default_rng(0)
        z, dy = ((2 * rng.standard_normal(COUNT)).astype(dtype) for _ in range(2))
        for name, limit in REQUIRED.items():
            for direction in ("forward", "backward"):
                request = ("activation", name, direction, z, dy)
                requests = {column: request for column in ("GEMM sum", "PyTorch", "pyfc") if column in pool.workers}
                found = pool.measure(
                    f"{name} {direction} {dtype}", requests, repeats=repeats, seconds=seconds, agree=close
                )
                ratio = quotient(found["median"], "pyfc", "PyTorch")
                needed = limit if dtype == "float32" else None  # float64 is for information
                row = {"name": name, "direction": direction, "dtype": dtype, "ratio": ratio, "limit": needed}
                kept = {key: found[key] for key in ("median", "samples", "wrong")}
                rows.append(row | kept | {"ok": holds(ratio, needed)})
    return rows


def close(results):
    """Return, by column, whether an activation is another one: PyTorch's and pyfc's differ in the last digits."""
    if not {"PyTorch", "pyfc"} <= set(results):
        return {}
    (right,), (mine,) = (tuple(results[column].values()) for column in ("PyTorch", "pyfc"))
    worst = float(np.abs(mine - right).max() / np.abs(right).max())
    limit = 1e-6 if mine.dtype == np.float32 else 1e-12
    return {} if worst <= limit else {"pyfc": f"another function than PyTorch's: off by {worst:.1e}"}


def optimizers(pool, *, repeats, seconds):
    """Return the row of Adam: a step beside streaming what it reads and writes, and beside PyTorch's fused one."""
    rng = np.random.default_rng(0)
    w, dw = (rng.standard_normal(PARAMETERS, np.float32) for _ in range(2))
    dw *= np.float32(0.01)
    requests = {column: ("adam", w, dw) for column in ("GEMM sum", "PyTorch", "pyfc") if column in pool.workers}
    found = pool.measure("adam", requests, repeats=repeats, seconds=seconds)
    ratio = quotient(found["median"], "pyfc", "GEMM sum")
    row = {"name": "adam", "ratio": ratio, "limit": ADAM, "ok": holds(ratio, ADAM)}
    return [row | {key: found[key] for key in ("median", "samples", "wrong")}]


def quotient(median, above, below):
    return median[above] / median[below] if above in median and below in median else None
