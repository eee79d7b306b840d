"""Training reads the caller's array where it is, in any type and layout, and makes no copy of it."""

from pathlib import Path

import numpy as np
import pytest
from by_hand import assert_same

import pyfc

pytestmark = pytest.mark.usefixtures("threads_at_any_size")

RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 100, (50, 12))
Y = RNG.integers(0, 3, 50)
DTYPES = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "g"]


def unaligned(array):
    odd = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    odd[...] = array
    assert array.dtype.itemsize == 1 or not odd.flags.aligned
    return odd


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "columns apart": lambda a: np.repeat(a, 3, axis=1)[:, ::3],
    "rows apart": lambda a: np.repeat(a, 2, axis=0)[1::2],
    "backward": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "rows backward": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "other bytes": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "unaligned": unaligned,
    "read only": read_only,
    "some columns": lambda a: np.c_[a, a][:, 12:],
    "list": lambda a: a.tolist(),
}


def trained(X, dtype, zeros, n_threads=1, shuffle=True):
    layers = [pyfc.Scale(0.01), pyfc.Dense(12, 16), "relu", pyfc.Dense(16, 3)][0 if zeros else 1 :]
    network = pyfc.Network(layers, loss="softmax_cross_entropy", dtype=dtype)
    network.fit(X, Y, epochs=2, batch_size=9, progress=False, n_threads=n_threads, shuffle=shuffle)
    return network


@pytest.mark.parametrize("character", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("zeros", [False, True])
def test_any_numbers_in_any_layout(character, layout, zeros):
    numbers = (WHOLE * (RNG.random(WHOLE.shape) < 0.3) if zeros else WHOLE).astype(character)
    X = LAYOUTS[layout](numbers)
    if layout == "list" and character == "g":
        pytest.skip("NumPy makes objects of them")
    kept = np.array(X)
    for dtype, n_threads, shuffle in (("float32", 1, True), ("float64", 1, False), ("float32", 2, False)):
        plain = np.ascontiguousarray(numbers, dtype)
        network = trained(X, dtype, zeros, n_threads, shuffle)
        assert_same(network, trained(plain, dtype, zeros, 1, shuffle))
        np.testing.assert_array_equal(network.forward(X), network.forward_batch(plain))
        np.testing.assert_array_equal(network.forward(X[:1]), network.forward_batch(plain[:1]))
    np.testing.assert_array_equal(np.array(X), kept)


def test_large_integers_are_rounded_as_numpy_does():
    for dtype in (np.int64, np.uint64):
        X = np.array([[2**53 + 1, 2**24 + 1, np.iinfo(dtype).max]], dtype)
        for network_dtype in ("float32", "float64"):
            network = pyfc.mlp([3, 3], loss="squared_error", dtype=network_dtype)
            network.parameters["dense_0.W"][...] = np.eye(3)
            np.testing.assert_array_equal(network.forward(X), X.astype(network_dtype))


def test_one_row_that_is_everywhere():
    X = np.broadcast_to(RNG.normal(size=12), (50, 12))
    assert_same(trained(X, "float64", False), trained(X.copy(), "float64", False))


PEAK = """
import numpy as np, pyfc
from pathlib import Path

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

rng = np.random.default_rng(0)
X, y = rng.integers(0, 256, (60_000, 784), np.uint8), rng.integers(0, 10, 60_000)
network = pyfc.Network([pyfc.Scale(1 / 255), pyfc.Dense(784, 32), "relu", pyfc.Dense(32, 10)],
                       loss="softmax_cross_entropy")
before = peak()
network.fit(X, y, epochs=2, batch_size=128, progress=False)
network.evaluate(X, y)
print(peak() - before)
"""


linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")


@linux
def test_no_copy_of_the_data_is_made(run):
    assert float(run(PEAK, OMP_NUM_THREADS="1")) < 60  # MiB: the data are 45 as bytes, and would be 180 as floats


MAPPED = """
import resource
from pathlib import Path
import numpy as np, pyfc

rows = 130_000
with open("data.bin", "wb") as file:
    file.truncate(rows * 784 * 4)  # 390 MiB of zeros, which take no room on the disk
X = np.memmap("data.bin", np.float32, "r", shape=(rows, 784))
y = np.arange(rows) % 10
network = pyfc.mlp([784, 16, 10])
network.fit(X[:100], y[:100], epochs=1, progress=False)
used = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
limit = int(used.split()[1]) * 1024 + 64 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.array(X)
except MemoryError:
    print("too much")
history = network.fit(X, y, epochs=1, batch_size=500, progress=False, n_threads=1)
print(history.samples, network.predict(X).shape)
"""


@linux
@pytest.mark.slow
def test_a_file_larger_than_the_memory(run):
    assert run(MAPPED, OMP_NUM_THREADS="1").split("\n")[:2] == ["too much", "130000 (130000,)"]
