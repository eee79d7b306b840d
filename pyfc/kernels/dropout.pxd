"""The C function of src/dropout.pyx that the engine calls."""
from libc.stdint cimport uint32_t, uint64_t

from pyfc_kernel cimport int64_t, real, status

cdef status toss(
    int64_t n, const real *x, real *y, uint32_t threshold, real enlarge, uint64_t key, uint64_t first) noexcept nogil
