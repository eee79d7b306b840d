"""What the machine can do: the matrix products of a case in BLAS and nothing else, its peak, its memory.

The loops are C, compiled when the run begins. BLAS is SciPy's OpenBLAS, which pyfc's layers call too.
"""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.linalg import cython_blas

from libraries.base import Base, Calls, Job

SOURCE = Path(__file__).with_suffix(".c")
SHORT = {"float32": ("f32", "sgemm", ctypes.c_float), "float64": ("f64", "dgemm", ctypes.c_double)}


class Product(ctypes.Structure):
    """The arguments of one call of gemm; as in the C source."""

    _fields_ = (
        [(name, ctypes.c_char) for name in ("trans_a", "trans_b")]
        + [(name, ctypes.c_int) for name in ("m", "n", "k", "lda", "ldb", "ldc")]
        + [(name, ctypes.c_void_p) for name in "abc"]
    )


def compiled():
    """Return the C source as a library."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "machine.so"
        for native in ("-march=native", "-mcpu=native"):
            command = ["cc", "-O3", native, "-ffp-contract=fast", "-shared", "-fPIC", str(SOURCE), "-o", str(built)]
            if subprocess.run(command, capture_output=True).returncode == 0:
                break
        else:
            raise ImportError("no C compiler that builds machine.c")
        return ctypes.CDLL(str(built))


def blas(name):
    """Return the address of a function of SciPy's BLAS."""
    capsule = cython_blas.__pyx_capi__[name]
    name_of, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return ctypes.c_void_p(pointer(capsule, name_of(capsule)))


class Products(Job):
    """The products of a step, one after the other, on arrays that stay where they are."""

    def __init__(self, library, case):
        suffix, gemm, _ = SHORT[case.dtype]
        self.loop, self.gemm = getattr(library, f"products_{suffix}"), blas(gemm)
        self.loop.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_long]
        self.arrays, listed = [], []
        rng = np.random.default_rng(0)
        for trans_a, trans_b, m, n, k in case.products:
            # BLAS counts along columns: C = op(A) op(B) by rows is C^T = op(B)^T op(A)^T there, without a copy.
            a, b, c = (rng.standard_normal(size).astype(case.dtype) for size in (m * k, k * n, m * n))
            self.arrays += [a, b, c]
            lda, ldb = (m if trans_a == "T" else k), (k if trans_b == "T" else n)
            addresses = b.ctypes.data, a.ctypes.data, c.ctypes.data
            listed.append(Product(trans_b.encode(), trans_a.encode(), n, m, k, ldb, lda, n, *addresses))
        self.listed = (Product * len(listed))(*listed)

    def run(self, steps):
        self.loop(self.gemm, self.listed, len(self.listed), steps)


class Stream(Calls):
    """Passes over arrays, which it keeps."""

    def __init__(self, function, size, arrays):
        self.arrays = arrays
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
        super().__init__(lambda: function(size, *pointers))


class Library(Base):
    """The machine."""

    packages = ("scipy",)

    def __init__(self, threads):
        super().__init__(threads)
        self.library = compiled()

    def versions(self):
        from threadpoolctl import threadpool_info

        found = {info["filepath"]: f"{info['version']} ({info.get('architecture')})" for info in threadpool_info()}
        return super().versions() | {"OpenBLAS": next((v for k, v in found.items() if "scipy.libs" in k), "?")}

    def train(self, case, folder):
        return Products(self.library, case)

    predict = train

    def peak(self, dtype):
        """Return a job of which a step is 12e6 operations for each number of a vector register."""
        suffix, _, kind = SHORT[dtype]
        function, out = getattr(self.library, f"peak_{suffix}"), kind()
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_long, kind, kind, ctypes.c_void_p]
        arguments = 500_000, kind(0.5), kind(1.0), ctypes.byref(out)
        return Calls(lambda: function(*arguments), lambda: {"flops": function(*arguments)})

    def activation(self, name, direction, z, dy):
        """Return a job that reads z, or z and dy, and writes as much: less than that no activation can do."""
        function = getattr(self.library, f"pass{1 if direction == 'forward' else 2}_{SHORT[z.dtype.name][0]}")
        function.argtypes = [ctypes.c_size_t] + [ctypes.c_void_p] * 3
        return Stream(function, z.size, [z.copy(), dy.copy(), np.empty_like(z)])

    def adam(self, w, dw):
        """Return a job that streams what Adam reads and writes."""
        stream = self.library.stream_f32
        stream.argtypes = [ctypes.c_size_t] + [ctypes.c_void_p] * 4
        return Stream(stream, w.size, [w.copy(), dw, np.zeros_like(w), np.zeros_like(w)])
