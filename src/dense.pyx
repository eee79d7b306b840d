"""The affine layer, Z = XW + b, and its three gradients.

The products run in SciPy's BLAS, which NumPy uses too; what is written here is what goes into them and why. BLAS counts
along columns and our arrays along rows, so a row-major product Z = XW is asked for as Z^T = W^T X^T: the same memory.
"""
cimport numpy as cnp
from libc.stdint cimport int64_t
from scipy.linalg.cython_blas cimport dgemm, sgemm

from pyfc_kernel cimport real

import numpy as np

from pyfc.derivation import Step

cnp.import_array()

derivation = (
    Step(1, "z[i,j] = Sum(x[i,k] * W[k,j], (k, 1, p)) + b[j]",
         "definition: output j of sample i is a weighted sum of its inputs",
         shapes="x (n, p), W (p, q), b (q), z (n, q)"),
    Step(2, "Z = X*W + ones*b", "(1) for all samples and outputs at once; ones is a column of n ones", runs=True,
         shapes="X (n, p), W (p, q), b (1, q), Z (n, q)"),
    Step(3, "dX = dZ * W.T", "x[i,k] reaches the loss through every z[i,j], with factor W[k,j]", runs=True,
         shapes="dZ (n, q), W^T (q, p), dX (n, p)"),
    Step(4, "dW = X.T * dZ", "W[k,j] reaches the loss through z[i,j] of every sample i, with factor x[i,k]", runs=True,
         shapes="X^T (p, n), dZ (n, q), dW (p, q)"),
    Step(5, "db = ones.T * dZ", "b[j] reaches the loss through z[i,j] of every sample i, with factor 1", runs=True,
         shapes="dZ (n, q), db (1, q)"),
)


cdef void gemm(
    bint transpose_a, bint transpose_b, int m, int n, int k, real *a, real *b, real beta, real *c,
) noexcept nogil:
    """C = op(A) op(B) + beta C for row-major C (m, n), op(A) (m, k), op(B) (k, n)."""
    cdef real alpha = 1
    cdef char trans_a = b'T' if transpose_a else b'N'
    cdef char trans_b = b'T' if transpose_b else b'N'
    cdef int lda = max(1, m if transpose_a else k)
    cdef int ldb = max(1, k if transpose_b else n)
    cdef int ldc = max(1, n)
    if real is float:
        sgemm(&trans_b, &trans_a, &n, &m, &k, &alpha, b, &ldb, a, &lda, &beta, c, &ldc)
    else:
        dgemm(&trans_b, &trans_a, &n, &m, &k, &alpha, b, &ldb, a, &lda, &beta, c, &ldc)


cdef void forward(int n, int p, int q, real *X, real *W, real *b, real *Z) noexcept nogil:
    cdef int64_t i, j
    for i in range(n):
        for j in range(q):
            Z[i * q + j] = b[j]                                      # (2)
    gemm[real](False, False, n, q, p, X, W, 1, Z)                    # (2)


cdef void backward(int n, int p, int q, real *dZ, real *X, real *W, real *dX, real *dW, real *db) noexcept nogil:
    cdef int64_t i, j
    gemm[real](True, False, p, q, n, X, dZ, 0, dW)                   # (4)
    for j in range(q):
        db[j] = 0
    for i in range(n):
        for j in range(q):
            db[j] += dZ[i * q + j]                                   # (5)
    if dX != NULL:
        gemm[real](False, True, n, p, q, dZ, W, 0, dX)               # (3)


def dense_forward(X, W, b, out=None):
    """Return Z = XW + b.

    Parameters
    ----------
    X : array_like, shape (n, n_in)
        Samples as rows, float32 or float64.
    W : array_like, shape (n_in, n_out)
        Weights, of X's dtype.
    b : array_like, shape (n_out,)
        Biases, of X's dtype.
    out : ndarray, shape (n, n_out), optional
        Where to write Z: C-contiguous, writeable, of X's dtype, and apart from the inputs.

    Returns
    -------
    ndarray, shape (n, n_out)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or ``out`` is not as said above.
    TypeError
        If the dtypes differ or are not floating.

    Examples
    --------
    >>> import pyfc
    >>> pyfc.kernels.dense_forward([[1.0, 2.0]], [[1.0], [10.0]], [0.5])
    array([[21.5]])
    """
    cdef cnp.ndarray x = matrix(X, "X", None, -1, -1)
    cdef cnp.ndarray w = matrix(W, "W", x.dtype, x.shape[1], -1)
    cdef cnp.ndarray bias = vector(b, x.dtype, w.shape[1])
    cdef cnp.ndarray z
    if out is None:
        z = np.empty((x.shape[0], w.shape[1]), dtype=x.dtype)
    else:
        z = output(out, x.dtype, x.shape[0], w.shape[1], (x, w, bias))
    cdef int n = x.shape[0], p = x.shape[1], q = w.shape[1]
    if n == 0 or q == 0:
        return z
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            forward[float](n, p, q, <float *>x.data, <float *>w.data, <float *>bias.data, <float *>z.data)
    else:
        with nogil:
            forward[double](n, p, q, <double *>x.data, <double *>w.data, <double *>bias.data, <double *>z.data)
    return z


def dense_backward(dZ, X, W, bint need_dX=True, dW=None, db=None):
    """Return the gradients (dX, dW, db) of the loss by input, weights and biases, given the one by Z.

    Parameters
    ----------
    dZ : array_like, shape (n, n_out)
        Gradient of the loss by Z.
    X : array_like, shape (n, n_in)
        The input of the forward pass.
    W : array_like, shape (n_in, n_out)
        The weights of the forward pass.
    need_dX : bool, default True
        Give False in the first layer: dX is then None, and a third of the work is saved.
    dW, db : ndarray, shapes (n_in, n_out) and (n_out,), optional
        Where to write those gradients: C-contiguous, writeable, of X's dtype, and apart from the inputs and each other.

    Returns
    -------
    dX : ndarray, shape (n, n_in), or None
    dW : ndarray, shape (n_in, n_out)
    db : ndarray, shape (n_out,)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or an output is not as said above.
    TypeError
        If the dtypes differ or are not floating.

    Examples
    --------
    >>> import pyfc
    >>> dX, dW, db = pyfc.kernels.dense_backward([[2.0]], [[1.0, 3.0]], [[1.0], [10.0]])
    >>> dX, dW.T, db
    (array([[ 2., 20.]]), array([[2., 6.]]), array([2.]))
    """
    cdef cnp.ndarray x = matrix(X, "X", None, -1, -1)
    cdef cnp.ndarray w = matrix(W, "W", x.dtype, x.shape[1], -1)
    cdef cnp.ndarray dz = matrix(dZ, "dZ", x.dtype, x.shape[0], w.shape[1])
    cdef int n = x.shape[0], p = x.shape[1], q = w.shape[1]
    cdef cnp.ndarray dx = np.empty((n, p), dtype=x.dtype) if need_dX else None
    cdef cnp.ndarray dw
    cdef cnp.ndarray dbias
    dw = np.empty((p, q), dtype=x.dtype) if dW is None else output(dW, x.dtype, p, q, (x, w, dz))
    if db is None:
        dbias = np.empty(q, dtype=x.dtype)
    else:
        dbias = output(db, x.dtype, q, None, (x, w, dz, dw))
    cdef void *dx_data = dx.data if need_dX else NULL
    if n == 0 or p == 0 or q == 0:
        dw[...] = 0
        dbias[...] = dz.sum(axis=0)
        if need_dX:
            dx[...] = 0
        return dx, dw, dbias
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            backward[float](n, p, q, <float *>dz.data, <float *>x.data, <float *>w.data,
                            <float *>dx_data, <float *>dw.data, <float *>dbias.data)
    else:
        with nogil:
            backward[double](n, p, q, <double *>dz.data, <double *>x.data, <double *>w.data,
                             <double *>dx_data, <double *>dw.data, <double *>dbias.data)
    return dx, dw, dbias


cdef as_floats(value, str name, dtype):
    """Return value as a float array of this dtype (of its own, or float64, if None), or say what is wrong with it."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        array = array.astype(dtype or np.float64)
    if array.dtype != np.float32 and array.dtype != np.float64:
        raise TypeError(f"{name} has dtype {array.dtype}: expected float32 or float64")
    if dtype is not None and array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype} and X has {dtype}: expected the same; use .astype")
    return array


cdef cnp.ndarray matrix(value, str name, dtype, int64_t rows, int64_t cols):
    """Return value as a C-contiguous float matrix, or say what is wrong with it; -1 stands for any size."""
    array = as_floats(value, name, dtype)
    if array.ndim != 2 or (rows >= 0 and array.shape[0] != rows) or (cols >= 0 and array.shape[1] != cols):
        wanted = f"({rows if rows >= 0 else 'n'}, {cols if cols >= 0 else 'm'})"
        raise ValueError(f"{name} has shape {array.shape}: expected {wanted}")
    if max(array.shape) > 0x7fffffff:
        raise ValueError(f"{name} has shape {array.shape}: BLAS counts to 2147483647; pass fewer rows at a time")
    return np.require(array, requirements="CA")


cdef cnp.ndarray vector(value, dtype, int64_t size):
    array = as_floats(value, "b", dtype)
    if array.ndim != 1 or array.shape[0] != size:
        raise ValueError(f"b has shape {array.shape}: expected ({size},)")
    return np.require(array, requirements="CA")


cdef cnp.ndarray output(value, dtype, int64_t rows, cols, inputs):
    shape = (rows,) if cols is None else (rows, cols)
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype != dtype:
        raise ValueError(
            f"out is {getattr(value, 'dtype', type(value).__name__)} {getattr(value, 'shape', '')}: "
            f"expected an ndarray of {dtype} {shape}")
    if not value.flags.carray:
        raise ValueError("out is not C-contiguous, aligned and writeable: expected all three; use numpy.empty")
    for array in inputs:
        if np.may_share_memory(value, array):
            raise ValueError("out overlaps an input: expected memory of its own; use numpy.empty")
    return value
