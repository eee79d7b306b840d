"""The C functions of src/dense.pyx that the engine calls."""
from libc.stdint cimport int32_t, int64_t

from pyfc_kernel cimport real

cdef int64_t work_size(int64_t n, int64_t p, int64_t q) noexcept nogil
cdef void forward(
    int64_t n, int64_t p, int64_t q, const real *X, const real *W, const real *b, real *Z, real *work) noexcept nogil
cdef void backward_x(
    int64_t n, int64_t p, int64_t q, const real *dZ, const real *W, real *dX, real *work) noexcept nogil
cdef void backward_w(
    int64_t n, int64_t p, int64_t q, const real *dZ, const real *X, int64_t first, int64_t last, real *dW,
    real *work) noexcept nogil
cdef void backward_b(int64_t n, int64_t q, const real *dZ, real *db, real *work) noexcept nogil
cdef void sparse_row(
    int64_t q, int64_t count, const int32_t *index, const real *x, const real *B, const real *start,
    real *c) noexcept nogil
