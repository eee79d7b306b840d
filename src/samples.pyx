"""Cuts batches out of the training data: any numbers, in any order, dense or sparse, converted on the way.

The caller's array is read where it is, a row at a time, so that no copy of it is ever made: images stay bytes, and a
file mapped into memory may be larger than the memory. A batch is delivered in one of two forms: as rows of numbers, or
as what is not zero in them.
"""
cimport numpy as cnp
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from pyfc_kernel cimport real, status

import numpy as np

cnp.import_array()

ctypedef fused number:
    int8_t
    int16_t
    int32_t
    int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    float
    double

#: Samples are treated as sparse if at most this share of their numbers is not zero. Measured in float32 with 784 inputs
#: and batches of 128: with 64 to 256 outputs, leaving out zeros takes as long as the whole product at 0.35 to 0.4.
cdef double SPARSE = 0.35
#: How many samples are looked at to find out.
cdef int64_t LOOKED_AT = 256
#: With fewer samples, looking would take longer than working with the zeros.
cdef int64_t FEW = 8


def is_sparse(X):
    """Return whether most of the numbers in some samples, evenly spaced, are zero."""
    some = X[:: max(1, len(X) // LOOKED_AT)][:LOOKED_AT]
    return bool(np.count_nonzero(some) <= SPARSE * some.size)


cdef int type_of(cnp.ndarray numbers):
    """Return which of the fused type's types an array's numbers have; -1 if NumPy has to convert them."""
    cdef int type = cnp.PyArray_TYPE(numbers), size = <int>cnp.PyArray_ITEMSIZE(numbers)
    cdef int power = 0 if size == 1 else 1 if size == 2 else 2 if size == 4 else 3
    if not cnp.PyArray_ISNOTSWAPPED(numbers) or not cnp.PyArray_ISALIGNED(numbers):
        return -1
    if type == cnp.NPY_FLOAT or type == cnp.NPY_DOUBLE:
        return 8 if type == cnp.NPY_FLOAT else 9
    if type == cnp.NPY_BOOL or cnp.PyTypeNum_ISUNSIGNED(type):
        return 4 + power
    return power if cnp.PyTypeNum_ISSIGNED(type) and not cnp.PyTypeNum_ISFLOAT(type) else -1


cdef class Samples:
    """The samples of a training run, a prediction or a test: where they are and how they are read.

    Parameters
    ----------
    X : ndarray of shape (n, p), or scipy.sparse.csr_array
        Checked before: finite real numbers.
    factor : float, default 1.0
        What every number is multiplied by as it is read.

    Attributes
    ----------
    sparse : bool
        Whether they are sparse: by their form, or because most of the numbers are zero.
    """

    def __init__(self, X, double factor=1.0):
        self.c.factor = factor
        self.c.n, self.c.p = X.shape
        self.c.csr = not isinstance(X, np.ndarray)
        self.x = X
        numbers = X.data if self.c.csr else X
        self.c.type = type_of(numbers)
        if self.c.csr:
            self.set_rows(X)
            self.sparse = True
        else:
            self.c.data = <const char *>cnp.PyArray_DATA(X)
            self.c.row, self.c.col = X.strides
            self.c.most = self.c.p
            # What NumPy has to read comes as rows.
            self.sparse = self.c.type != -1 and self.c.n >= FEW and is_sparse(X)

    @property
    def foreign(self):
        """Whether the numbers are of a type that NumPy has to read, which one thread does."""
        return self.c.type == -1

    @property
    def factor(self):
        """What every number is multiplied by as it is read."""
        return self.c.factor

    cdef set_rows(self, X):
        # Held here: X may make its own anew.
        self.numbers = np.ascontiguousarray(X.data)
        if self.c.type == -1:
            self.numbers = self.numbers.astype(np.float64)
            self.c.type = type_of(self.numbers)
        self.indices = np.ascontiguousarray(X.indices, np.int32)
        self.starts = np.ascontiguousarray(X.indptr, np.int64)
        self.c.data = <const char *>cnp.PyArray_DATA(self.numbers)
        self.c.index = <const int32_t *>cnp.PyArray_DATA(self.indices)
        self.c.start = <const int64_t *>cnp.PyArray_DATA(self.starts)
        self.c.most = int(np.diff(self.starts).max(initial=1))

    cdef const void *in_place(self, dtype):
        """Return where the samples are if their rows lie as they are wanted, so that no copy is needed; else NULL."""
        if self.c.csr or self.c.factor != 1 or self.c.type == -1 or self.x.dtype != dtype:
            return NULL
        if self.c.col != self.x.itemsize or (self.c.row != self.c.p * self.c.col and self.c.n > 1):
            return NULL
        return self.c.data

    def converted(self, order, int64_t first, int64_t rows, dtype):
        """Return a batch of numbers of a type that NumPy has to read."""
        chosen = slice(first, first + rows) if order is None else order[first : first + rows]
        return np.asarray(self.x[chosen], dtype) * np.dtype(dtype).type(self.c.factor)


cdef status convert(int64_t p, const number *row, int64_t col, real factor, real *out) noexcept nogil:
    cdef int64_t j
    if col == <int64_t>sizeof(number):
        for j in range(p):
            out[j] = factor * <real>row[j]
    else:
        for j in range(p):
            out[j] = factor * <real>(<const number *>(<const char *>row + j * col))[0]
    return 0


cdef void convert_any(int type, int64_t p, const char *row, int64_t col, real factor, real *out) noexcept nogil:
    if type == 0:
        convert[int8_t, real](p, <const int8_t *>row, col, factor, out)
    elif type == 1:
        convert[int16_t, real](p, <const int16_t *>row, col, factor, out)
    elif type == 2:
        convert[int32_t, real](p, <const int32_t *>row, col, factor, out)
    elif type == 3:
        convert[int64_t, real](p, <const int64_t *>row, col, factor, out)
    elif type == 4:
        convert[uint8_t, real](p, <const uint8_t *>row, col, factor, out)
    elif type == 5:
        convert[uint16_t, real](p, <const uint16_t *>row, col, factor, out)
    elif type == 6:
        convert[uint32_t, real](p, <const uint32_t *>row, col, factor, out)
    elif type == 7:
        convert[uint64_t, real](p, <const uint64_t *>row, col, factor, out)
    elif type == 8:
        convert[float, real](p, <const float *>row, col, factor, out)
    else:
        convert[double, real](p, <const double *>row, col, factor, out)


cdef status spoiled(int64_t p, const number *row, int64_t col, int *found, const real *typed) noexcept nogil:
    """Set found if a number of a row is NaN or infinite as a real: less itself, it is not 0 then."""
    cdef int64_t j
    cdef int any = 0
    cdef real x
    if col == <int64_t>sizeof(number):
        for j in range(p):
            x = <real>row[j]
            any |= not x - x == 0
    else:
        for j in range(p):
            x = <real>(<const number *>(<const char *>row + j * col))[0]
            any |= not x - x == 0
    found[0] = any
    return 0


def first_not_finite(cnp.ndarray X, bint single):
    """Return the first row of X (n, p) with a number that is NaN or infinite as float32 (or float64), or -1.

    Parameters
    ----------
    X : ndarray of float32 or float64, shape (n, p)
        Aligned, in the machine's byte order.
    single : bool
        Whether float32 is meant.

    Returns
    -------
    int
    """
    cdef int64_t i, n = X.shape[0], p = X.shape[1], row = X.strides[0], col = X.strides[1]
    cdef const char *data = <const char *>X.data
    cdef bint from_single = cnp.PyArray_TYPE(X) == cnp.NPY_FLOAT
    cdef const float *as_single = NULL
    cdef const double *as_double = NULL
    cdef int found = 0
    with nogil:
        for i in range(n):
            if from_single and single:
                spoiled[float, float](p, <const float *>(data + i * row), col, &found, as_single)
            elif from_single:
                spoiled[float, double](p, <const float *>(data + i * row), col, &found, as_double)
            elif single:
                spoiled[double, float](p, <const double *>(data + i * row), col, &found, as_single)
            else:
                spoiled[double, double](p, <const double *>(data + i * row), col, &found, as_double)
            if found:
                break
        else:
            i = -1
    return i


cdef int64_t size_of(int type) noexcept nogil:
    return (1 << (type & 3)) if type < 8 else 4 if type == 8 else 8


cdef void gather(const samples_t *s, const int64_t *order, int64_t first, int64_t last, real *out) noexcept nogil:
    """Write samples first to last (not included) of an order (NULL: as they lie) to rows of out."""
    cdef int64_t i, j, k, at, count, size = size_of(s.type)
    for i in range(last - first):
        k = order[first + i] if order != NULL else first + i
        if not s.csr:
            convert_any[real](s.type, s.p, s.data + k * s.row, s.col, <real>s.factor, out + i * s.p)
            continue
        at, count = s.start[k], s.start[k + 1] - s.start[k]
        for j in range(s.p):
            out[i * s.p + j] = 0
        for j in range(count):
            k = i * s.p + s.index[at + j]
            convert_any[real](s.type, 1, s.data + (at + j) * size, size, <real>s.factor, out + k)


cdef status squeeze(int64_t p, const real *row, int32_t *index, real *x, int64_t *count) noexcept nogil:
    """Keep what is not zero of a row."""
    cdef int64_t c = 0
    cdef int32_t j
    for j in range(<int32_t>p):
        index[c] = j
        x[c] = row[j]
        c += row[j] != 0
    count[0] = c
    return 0


cdef void gather_sparse(
    const samples_t *s, const int64_t *order, int64_t first, int64_t last, real *row, int64_t *count, int32_t *index,
    real *x,
) noexcept nogil:
    """The same as lists: count[i] numbers x[i * most] ..., at columns index[i * most] ...; row is for one sample."""
    cdef int64_t i, j, k, at, size = size_of(s.type)
    for i in range(last - first):
        k = order[first + i] if order != NULL else first + i
        if not s.csr:
            convert_any[real](s.type, s.p, s.data + k * s.row, s.col, <real>s.factor, row)
            squeeze[real](s.p, row, index + i * s.most, x + i * s.most, count + i)
            continue
        at = s.start[k]
        count[i] = s.start[k + 1] - at
        convert_any[real](s.type, count[i], s.data + at * size, size, <real>s.factor, x + i * s.most)
        for j in range(count[i]):
            index[i * s.most + j] = s.index[at + j]
