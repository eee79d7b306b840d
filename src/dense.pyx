"""The affine layer, Z = XW + b, and its three gradients.

The products themselves are in gemm.h; what is written here is what goes into them and why. These functions are what a
layer runs when it is called by hand, and what the engine runs.
"""
cimport numpy as cnp
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

from pyfc_kernel cimport real

import numpy as np

from pyfc.derivation import Step

cnp.import_array()

cdef extern from "gemm.h" nogil:
    void gemm_choose()
    int64_t gemm_work(int64_t n, int64_t k)
    void gemm_f32(
        int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_col, const float *b, int64_t b_row,
        int64_t b_col, const float *start, int64_t start_row, float *c, int64_t c_row, float *work)
    void gemm_f64(
        int64_t m, int64_t n, int64_t k, const double *a, int64_t a_row, int64_t a_col, const double *b, int64_t b_row,
        int64_t b_col, const double *start, int64_t start_row, double *c, int64_t c_row, double *work)
    void gemm_sparse_f32(
        int64_t n, int64_t count, const int32_t *index, const float *x, const float *b, int64_t b_row,
        const float *start, float *c)
    void gemm_sparse_f64(
        int64_t n, int64_t count, const int32_t *index, const double *x, const double *b, int64_t b_row,
        const double *start, double *c)

cdef extern from *:
    """
    static int gemm_bytes(void)
    {
    #ifdef GEMM_CHOOSE
        if (gemm_f32 == gemm_f32_v4) return sizeof(vector_f32_v4);
        if (gemm_f32 == gemm_f32_v3) return sizeof(vector_f32_v3);
    #endif
        return sizeof(vector_f32_any);
    }
    """
    int gemm_bytes() nogil

gemm_choose()

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
    int64_t m, int64_t n, int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row,
    int64_t b_col, const real *start, int64_t start_row, real *c, real *work,
) noexcept nogil:
    """C = start + A B for C (m, n) in rows; a[i, p] is a[i * a_row + p * a_col], and so is b."""
    if real is float:
        gemm_f32(m, n, k, a, a_row, a_col, b, b_row, b_col, start, start_row, c, n, work)
    else:
        gemm_f64(m, n, k, a, a_row, a_col, b, b_row, b_col, start, start_row, c, n, work)


cdef int64_t work_size(int64_t n, int64_t p, int64_t q) noexcept nogil:
    """Return how many numbers of memory the functions below need for n samples."""
    return gemm_work(max(p, q), max(n, p, q))


cdef void forward(
    int64_t n, int64_t p, int64_t q, const real *X, const real *W, const real *b, real *Z, real *work,
) noexcept nogil:
    gemm[real](n, q, p, X, p, 1, W, q, 1, b, 0, Z, work)                           # (2)


cdef void backward_x(
    int64_t n, int64_t p, int64_t q, const real *dZ, const real *W, real *dX, real *work,
) noexcept nogil:
    gemm[real](n, p, q, dZ, q, 1, W, 1, q, NULL, 0, dX, work)                      # (3)


cdef void backward_w(
    int64_t n, int64_t p, int64_t q, const real *dZ, const real *X, int64_t first, int64_t last, real *dW, real *work,
) noexcept nogil:
    """Fill rows first to last (not included) of dW; dW points to the first of them."""
    gemm[real](last - first, q, n, X + first, 1, p, dZ, q, 1, NULL, 0, dW, work)   # (4)


cdef void backward_b(int64_t n, int64_t q, const real *dZ, real *db, real *work) noexcept nogil:
    cdef real one = 1
    gemm[real](1, q, n, &one, 1, 0, dZ, q, 1, NULL, 0, db, work)                   # (5)


cdef void sparse_row(
    int64_t q, int64_t count, const int32_t *index, const real *x, const real *B, const real *start, real *c,
) noexcept nogil:
    """c = start + sum of x[k] times row index[k] of B: a row of (2) or (4) without the terms where x is zero."""
    if real is float:
        gemm_sparse_f32(q, count, index, x, B, q, start, c)
    else:
        gemm_sparse_f64(q, count, index, x, B, q, start, c)


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
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        run_forward[float](x, w, bias, z, <float *>x.data)
    else:
        run_forward[double](x, w, bias, z, <double *>x.data)
    return z


cdef run_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, cnp.ndarray z, real *X):
    cdef int64_t n = x.shape[0], p = x.shape[1], q = w.shape[1]
    cdef real *work = <real *>memory(work_size(n, p, q) * sizeof(real))
    with nogil:
        forward[real](n, p, q, X, <real *>w.data, <real *>b.data, <real *>z.data, work)
    free(work)


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
    cdef cnp.ndarray dx = np.empty((<object>x).shape, dtype=x.dtype) if need_dX else None
    cdef cnp.ndarray dw
    cdef cnp.ndarray dbias
    dw = np.empty((<object>w).shape, dtype=x.dtype) if dW is None else output(
        dW, x.dtype, w.shape[0], w.shape[1], (x, w, dz))
    if db is None:
        dbias = np.empty(w.shape[1], dtype=x.dtype)
    else:
        dbias = output(db, x.dtype, w.shape[1], None, (x, w, dz, dw))
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        run_backward[float](dz, x, w, dx, dw, dbias, <float *>x.data)
    else:
        run_backward[double](dz, x, w, dx, dw, dbias, <double *>x.data)
    return dx, dw, dbias


cdef run_backward(
    cnp.ndarray dz, cnp.ndarray x, cnp.ndarray w, cnp.ndarray dx, cnp.ndarray dw, cnp.ndarray db, real *X,
):
    cdef int64_t n = x.shape[0], p = x.shape[1], q = w.shape[1]
    cdef real *dX = NULL if dx is None else <real *>dx.data
    cdef real *work = <real *>memory(work_size(n, p, q) * sizeof(real))
    with nogil:
        if dX != NULL:
            backward_x[real](n, p, q, <real *>dz.data, <real *>w.data, dX, work)
        backward_w[real](n, p, q, <real *>dz.data, X, 0, p, <real *>dw.data, work)
        backward_b[real](n, q, <real *>dz.data, <real *>db.data, work)
    free(work)


cdef void *memory(size_t size) except NULL:
    """Return memory for packing; to be freed."""
    cdef void *found = malloc(max(size, 1))
    if found == NULL:
        raise MemoryError(f"no memory for {size} bytes")
    return found


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


def vector_bytes():
    """Return how many bytes the vectors of the products have that gemm.h chose for this processor: 64, 32 or 16."""
    return gemm_bytes()
