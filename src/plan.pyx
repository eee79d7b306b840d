"""A plan: a network made ready to run. Layers become a list of operations with the addresses of kernels, and all memory
that a step needs is reserved at once. The engine, engine.pyx, runs it.
"""
cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uintptr_t
from libc.stdlib cimport calloc, free

from pyfc.kernels cimport dense
from pyfc.kernels.samples cimport Samples
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, LEARNS, NEEDS_Z, PYFC_ACTIVATION_CAPSULE, PYFC_LOSS_CAPSULE, activation_kernel, loss_kernel)

import numpy as np

cnp.import_array()

cdef enum:
    PANEL_ROWS = 512         # rows of weights whose gradients are summed up, and used, at a time,
    PANEL_NUMBERS = 32768    # or as many as have so many numbers

# Bytes of the first layer's outputs from which on zeros are left out of its products: where the samples come without
# them, and where they have to be found first. Measured with sparse arrays of 784 inputs, 20 and 30 % of them not zero:
# 32 float32 outputs take 1.0 and 1.5 times as long as the whole product, 64 take 0.7 and 0.8 times.
cdef enum:
    CSR_OUTPUTS = 64
    FOUND_OUTPUTS = 256

KINDS = {"dense": DENSE, "activation": ACTIVATION, "scale": SCALE, "dropout": DROPOUT,
         "function": FUNCTION, "python": PYTHON}


cdef class Memory:
    """Buffers in one piece, each beginning with a cache line of its own, zero at first."""

    def __cinit__(self):
        self.sizes, self.places = [], []

    cdef room(self, int64_t numbers, int64_t size, void *where):
        """Ask for a buffer whose address is to be written to ``where``."""
        # Never of a whole number of pages: buffers at the same place in their pages push each other out of the cache.
        self.sizes.append((max(numbers, 1) * size + 63) // 64 * 64 + 64)
        self.places.append(<uintptr_t>where)

    cdef reserve(self):
        """Make all of them."""
        # NumPy asks the system for large pages, where it makes something large.
        self.memory = np.zeros(sum(self.sizes) + 64, np.uint8)
        cdef uintptr_t at = (<uintptr_t>cnp.PyArray_DATA(self.memory) + 63) // 64 * 64
        for size, where in zip(self.sizes, self.places, strict=True):
            (<void **><uintptr_t>where)[0] = <void *>at
            at += size


cdef class Plan:
    """A network made ready to run on batches of at most so many rows.

    Parameters
    ----------
    samples : Samples
        What it will run on: how wide they are, and whether sparse.
    operations : list of tuple
        For each layer: kind, argument, n_in, n_out, learned parameters, where its parameters begin, whether it learns.
        The argument is an activation with a kernel, a factor, a dropout layer, or any layer to be called in Python.
    loss : Loss
        With or without a kernel.
    flat, gradient : ndarray
        All parameters, and room for their gradients.
    rows : int
        Most samples in a batch.
    threads : int
        How many are to work on it; where Python takes part, it is one.
    training : bool
        Whether there is to be room for the way back.
    """

    def __cinit__(self):
        self.c.ops = NULL
        self.c.spaces = NULL

    def __dealloc__(self):
        free(self.c.ops)
        free(self.c.spaces)

    def __init__(
        self, Samples samples, list operations, loss, flat, gradient, int64_t rows, int threads, bint training,
    ):
        self.made_of = (operations, loss, flat, gradient, rows, threads, training)
        self.c.single, self.dtype = flat.dtype == np.float32, flat.dtype
        self.flat, self.gradient = flat, gradient
        self.c.flat, self.c.gradient = cnp.PyArray_DATA(flat), cnp.PyArray_DATA(gradient)
        self.c.flat_size = flat.size
        self.samples, self.loss, self.c.samples, self.c.rows = samples, loss, &samples.c, rows
        self.layers = [argument for _, argument, *_ in operations]
        self.c.count = self.c.first = len(operations)
        self.c.ops = <operation *>calloc(self.c.count, sizeof(operation))
        if self.c.ops == NULL:
            raise MemoryError("no memory for a plan")
        cdef int i
        for i in range(self.c.count):
            self.describe(i, *operations[i])
        self.c.loss = NULL
        if training and loss.compiled:
            self.c.loss = <const loss_kernel *>PyCapsule_GetPointer(loss.kernel, PYFC_LOSS_CAPSULE)
            self.c.loss_hyper = <const double *>cnp.PyArray_DATA(loss.hyper)
        in_python = any(kind in ("function", "python") for kind, *_ in operations) or (training and not loss.compiled)
        self.c.threads = 1 if in_python or samples.c.type == -1 else threads
        self.c.in_python = in_python or samples.c.type == -1
        self.threads, self.rows = self.c.threads, rows
        # With few outputs there is little to gain from leaving out zeros; looking for them first costs more still.
        least = CSR_OUTPUTS if samples.c.csr else FOUND_OUTPUTS
        self.c.sparse = samples.sparse and self.c.ops[0].kind == DENSE and self.c.ops[0].n_out * flat.itemsize >= least
        self.c.spaces = <workspace *>calloc(self.c.threads, sizeof(workspace))
        if self.c.spaces == NULL:
            raise MemoryError("no memory for a plan")
        self.memory = Memory()
        self.ask_for_memory(training)
        self.memory.reserve()
        for i in range(self.c.count):
            if self.c.ops[i].y == NULL:
                self.c.ops[i].y = self.c.ops[i - 1].y

    def is_for(self, *wanted):
        """Return whether this is a plan of just the arguments that follow ``samples``."""
        return all(mine is one or (type(mine) in (int, bool) and mine == one) or (type(mine) is list and mine == one)
                   for mine, one in zip(self.made_of, wanted, strict=True))

    def use(self, Samples samples):
        """Run on other samples of the same width from now on."""
        self.samples, self.c.samples = samples, &samples.c

    def describe(self, int i, str kind, argument, n_in, n_out, params, at, learns):
        """Write down what operation i is."""
        cdef operation *op = &self.c.ops[i]
        op.kind, op.n_in, op.n_out, op.params, op.at, op.learns = KINDS[kind], n_in, n_out, params, at, learns
        if learns and i < self.c.first:
            self.c.first = i
        if op.kind == ACTIVATION:
            op.kernel = <const activation_kernel *>PyCapsule_GetPointer(argument.kernel, PYFC_ACTIVATION_CAPSULE)
            op.hyper = <const double *>cnp.PyArray_DATA(argument.hyper)
            # The class says how many, the kernel believes it: a plugin's methods are looked at once more.
            if op.kernel.flags & (ELEMENTWISE | IN_PLACE) and n_out != n_in:
                raise ValueError(f"{argument!r} has {n_out} outputs for {n_in} inputs: expected {n_in}, because its "
                                 "kernel is elementwise or works in place; see its out_cols")
            if params not in ((1, n_in) if op.kernel.flags & LEARNS else (0,)):
                expected = f"1 or {n_in}" if op.kernel.flags & LEARNS else "none"
                raise ValueError(f"{argument!r} has {params} learned parameters for {n_in} inputs: expected "
                                 f"{expected}; see its params")
        elif op.kind == SCALE:
            op.factor = argument

    def ask_for_memory(self, bint training):
        """Ask for all buffers."""
        cdef int64_t n = self.c.rows, size = 4 if self.c.single else 8, work = 1, panel = 1, wide = self.samples.c.p
        cdef int64_t lists = n * self.samples.c.most
        cdef operation *op
        cdef int i
        for i in range(self.c.count):
            op = &self.c.ops[i]
            # Where the input is not read again, the output of an activation takes its place.
            if not (op.kind == ACTIVATION and op.kernel.flags & IN_PLACE and not op.kernel.flags & NEEDS_Z
                    and i > 0 and self.c.ops[i - 1].kind == DENSE):
                self.memory.room(n * op.n_out, size, &op.y)
            if training:
                self.memory.room(n * op.n_out, size, &op.dy)
                self.memory.room(self.c.threads * op.params, size, &op.da)
            wide = max(wide, op.n_out)
            self.c.work += op.n_out * (op.n_in if op.kind == DENSE else 10)
            if op.kind == DENSE:
                work = max(work, dense.work_size(n, op.n_in, op.n_out))
                op.panel = max(PANEL_ROWS, PANEL_NUMBERS // op.n_out)
                panel = max(panel, op.panel * op.n_out)
        for i in range(self.c.threads):
            self.memory.room(work, size, &self.c.spaces[i].packing)
            self.memory.room(wide, size, &self.c.spaces[i].row)
            if training:
                self.memory.room(panel, size, &self.c.spaces[i].panel)
                if self.c.sparse:
                    self.memory.room(self.samples.c.p + 1, 8, &self.c.spaces[i].start)
                    self.memory.room(lists, 4, &self.c.spaces[i].index)
                    self.memory.room(lists, size, &self.c.spaces[i].x)
        if self.c.sparse:
            self.memory.room(n, 8, &self.c.x_count)
            self.memory.room(lists, 4, &self.c.x_index)
            self.memory.room(lists, size, &self.c.x_value)
        else:
            self.memory.room(n * self.samples.c.p, size, &self.c.x)
        if training:
            self.memory.room(n, size, &self.c.losses)
            self.memory.room(n, size, &self.c.shares)
            self.memory.room(n * self.c.ops[self.c.count - 1].n_out, 8, &self.c.targets)
            self.memory.room(n * wide, size, &self.c.spare)
