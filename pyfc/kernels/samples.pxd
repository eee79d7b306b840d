"""The C side of src/samples.pyx that the engine uses."""
from libc.stdint cimport int32_t, int64_t

from pyfc_kernel cimport real

ctypedef struct samples_t:
    int64_t n, p
    double factor
    bint csr
    int type                # of the numbers, as an index; -1 if NumPy has to read them
    const char *data        # of a dense array, or the numbers of a sparse one
    int64_t row, col        # of a dense array: bytes from row to row, and from column to column
    const int32_t *index    # of a sparse one: the columns of its numbers,
    const int64_t *start    # and where the rows begin among them
    int64_t most            # numbers other than zero that a row can have

cdef class Samples:
    cdef samples_t c
    cdef public bint sparse
    cdef object x, numbers, indices, starts
    cdef set_rows(self, X)
    cdef const void *in_place(self, dtype)

cdef void gather(const samples_t *s, const int64_t *order, int64_t first, int64_t last, real *out) noexcept nogil
cdef void gather_sparse(
    const samples_t *s, const int64_t *order, int64_t first, int64_t last, real *row, int64_t *count, int32_t *index,
    real *x) noexcept nogil
