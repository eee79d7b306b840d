"""The C function of src/scale.pyx that the engine calls."""
from pyfc_kernel cimport int64_t, real, status

cdef status multiply(int64_t n, const real *x, real c, real *y) noexcept nogil
