"""What a plan holds: the engine's whole memory. src/plan.pyx fills it, and src/engine.pyx works on it."""
cimport numpy as cnp
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from pyfc.kernels.samples cimport Samples, samples_t
from pyfc_kernel cimport activation_kernel, loss_kernel

cdef enum:
    DENSE
    ACTIVATION
    SCALE
    DROPOUT
    FUNCTION    # an activation in NumPy
    PYTHON      # any other layer

ctypedef struct operation:
    int kind
    bint learns                        # has parameters that training may change
    int64_t n_in, n_out
    int64_t params                     # learned parameters of an activation
    int64_t panel                      # rows of weights whose gradients are summed up, and used, at a time
    int64_t at                         # where its parameters begin in the flat arrays
    const activation_kernel *kernel
    const double *hyper
    double factor                      # of a scale; what dropout enlarges by
    uint32_t threshold                 # of dropout's coins
    uint64_t key, position
    void *y                            # output, and the gradient by it
    void *dy
    void *da                           # of each thread, in one piece

ctypedef struct workspace:             # of one thread
    void *packing
    void *panel                        # gradients of some rows of weights
    void *row                          # a sample, or a row of gradients
    int64_t *start                     # a sparse batch by columns: where each column begins,
    int32_t *index                     # the rows,
    void *x                            # and the numbers

cdef class Memory:
    cdef cnp.ndarray memory
    cdef list sizes, places
    cdef room(self, int64_t numbers, int64_t size, void *where)
    cdef reserve(self)

ctypedef struct plan_t:
    int threads
    int64_t rows                       # room for so many in a batch
    bint single                        # float32
    bint in_python                     # NumPy code takes part
    bint sparse                        # batches are lists of what is not zero
    const samples_t *samples
    operation *ops
    int count, first                   # operations, and the first one that learns
    workspace *spaces
    int64_t flat_size, work            # parameters; multiplications for a sample
    void *flat
    void *gradient
    const loss_kernel *loss
    const double *loss_hyper
    # A batch: its rows,
    void *x
    int64_t *x_count
    int32_t *x_index
    void *x_value
    void *spare                        # a gradient that nobody needs
    # its targets, and each one's part in the loss.
    void *targets
    void *shares
    void *losses

cdef class Plan:
    cdef plan_t c
    cdef readonly int threads
    cdef readonly int64_t rows
    cdef readonly list layers          # the arguments of the operations
    cdef readonly object loss
    cdef readonly Samples samples
    cdef readonly object dtype
    cdef object flat, gradient, made_of
    cdef Memory memory
