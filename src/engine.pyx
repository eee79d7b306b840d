"""The engine: runs a plan. An epoch is one call without Python: shuffle, gather, forward, loss, backward, update. Only
what is written in Python is called with Python's lock held.

A step has two halves. In the first one each sample goes its own way: a thread takes some rows of the batch forward,
through the loss and back again. In the second one each parameter does: a thread takes some rows of the weights, sums
up their gradients over all samples, and moves them by the optimizer while they are still in the cache. Between the
halves the threads wait for each other. No sum depends on how many they are, but those for the learned parameters of
activations.

The kernels are those of the layers, so training here and by hand gives the same numbers to the last bit.
"""
cimport numpy as cnp
from cpython.exc cimport PyErr_CheckSignals
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport NAN, isfinite
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from numpy.random cimport bitgen_t

from pyfc.kernels cimport dense
from pyfc.kernels.dropout cimport toss
from pyfc.kernels.plan cimport (
    ACTIVATION, DENSE, DROPOUT, FUNCTION, PYTHON, SCALE, Plan, operation, plan_t, workspace)
from pyfc.kernels.samples cimport Samples, gather, gather_sparse
from pyfc.kernels.scale cimport multiply
from pyfc_kernel cimport (
    NEEDS_Y, NEEDS_Z, PYFC_OPTIMIZER_CAPSULE, optimizer_kernel, real, shape_t, status)

import threading

import numpy as np

from pyfc.errors import KernelError

cnp.import_array()

cdef extern from "barrier.h" nogil:
    ctypedef struct barrier:
        int threads
    void barrier_wait(barrier *b)
    void barrier_yield()
    int read_now(int *x)
    double barrier_clock()

cdef enum:
    RUNNING
    STOPPED        # somebody asked for it
    NOT_FINITE     # the loss, or a weight
    FAILED         # a kernel returned a status
    RAISED         # an exception in Python

cdef enum:
    MAX_STATES = 8

ctypedef struct batch_t:
    int64_t first, n        # its place in the order, and how many samples it has
    int64_t begin, end      # this thread's part of them
    void *x
    void *t

#: Seconds between two looks at Ctrl-C and the progress bar.
cdef double BETWEEN_LOOKS = 0.05


cdef class Engine:
    """Runs a plan on data.

    Parameters
    ----------
    plan : Plan
        What to run. One engine at a time may use it.
    targets : ndarray, optional
        As the plan's loss holds them: labels (n,) or numbers (n, k).
    weight : ndarray of float64, shape (n,), optional
        How much each sample counts.
    l1, l2 : float
        Penalties on the weights of dense layers.

    Attributes
    ----------
    loss : float
        Of the last batch, with the penalties.
    steps, batch : int
        Steps made so far, and which batch of the epoch is next.
    failed : int
        After an exception, the operation that it came out of; the next number after the last one for the loss, one
        more for the optimizer, and -1 for none of them.
    optimizer : Optimizer or None
        Of the last training.
    """

    cdef readonly Plan plan
    cdef object targets, weights, order_array, epoch_array, look, error
    cdef readonly object optimizer
    cdef list states
    cdef tuple owners                           # of the memory that is shown to Python
    cdef object nothing                         # the learned parameters of what learns none
    cdef const void *all_targets
    cdef bint labels
    cdef int64_t target_size
    cdef const double *weight
    cdef double l1, l2
    cdef dict caches
    # The samples that it runs on.
    cdef const int64_t *order_data
    cdef const void *base                       # where they are, if they need not be gathered
    cdef int64_t first_row, last_row
    cdef bint training
    # The way it is trained.
    cdef const optimizer_kernel *moving         # NULL: the gradients are kept for somebody else
    cdef const double *hyper
    cdef const double *rates
    cdef bint one_rate, shuffled
    cdef void *state[MAX_STATES]
    cdef bitgen_t *random
    cdef void *outputs
    cdef void *good
    cdef double *epoch_losses
    # How far it is.
    cdef barrier gate
    cdef int halves[2]                          # whether to go on: set in one half of a step, read after it
    cdef int go, status
    cdef readonly int failed
    cdef int64_t epochs, batches, batch_size, epoch
    cdef readonly int64_t steps, batch
    cdef readonly double loss
    cdef double penalty, total, counted, looked
    cdef int64_t worked

    def __init__(self, Plan plan, targets=None, weight=None, double l1=0, double l2=0):
        self.plan, self.targets, self.weights, self.l1, self.l2 = plan, targets, weight, l1, l2
        self.moving, self.order_data, self.outputs, self.weight, self.all_targets = NULL, NULL, NULL, NULL, NULL
        self.gate.threads = plan.c.threads
        self.last_row, self.caches = plan.samples.c.n, {}
        self.epoch_array = np.empty(0)
        self.owners, self.nothing = (plan.memory, plan.samples, targets), np.empty(0, plan.dtype)
        self.base = plan.samples.in_place(plan.dtype)
        if targets is not None:
            self.all_targets = cnp.PyArray_DATA(targets)
            self.labels = targets.dtype == np.int64 and targets.ndim == 1
            self.target_size = targets.itemsize * (1 if targets.ndim == 1 else targets.shape[1])
        if weight is not None:
            self.weight = <const double *>cnp.PyArray_DATA(weight)

    def use(self, X):
        """Run on other samples from now on, as wide as those before."""
        self.plan.use(Samples(X, self.plan.samples.factor))
        self.owners = (self.plan.memory, self.plan.samples, self.targets)
        self.last_row, self.base = self.plan.samples.c.n, self.plan.samples.in_place(self.plan.dtype)

    def set_order(self, order):
        """Take the samples in an order, an int64 array, or as they lie if it is None."""
        self.order_array = order
        self.order_data = NULL if order is None else <const int64_t *>cnp.PyArray_DATA(order)
        self.base = self.plan.samples.in_place(self.plan.dtype) if order is None else NULL

    @property
    def order(self):
        """The order of the samples in the last epoch; None as they lie."""
        return self.order_array

    def predict(self, out):
        """Fill out (n, n_out) with the outputs for all samples."""
        cdef cnp.ndarray array = out  # held here until all threads are done
        self.outputs, self.training, self.good, self.epochs, self.shuffled = array.data, False, NULL, 1, False
        self.batch_size, self.first_row, self.last_row = self.plan.c.rows, 0, array.shape[0]
        self.batches = (array.shape[0] + self.plan.c.rows - 1) // self.plan.c.rows
        self.run_threads()

    def backpropagate(self, int64_t first, int64_t rows):
        """Run a batch forward and backward: fill the plan's gradient, and return loss, without penalties, and outputs.

        Parameters
        ----------
        first, rows : int
            Which samples of the order.

        Returns
        -------
        loss : float
        outputs : ndarray, shape (rows, n_out)
            A copy.
        """
        cdef int64_t wide = self.plan.c.ops[self.plan.c.count - 1].n_out
        cdef cnp.ndarray out = np.empty((rows, wide), self.plan.dtype)
        self.training, self.moving, self.shuffled, self.good = True, NULL, False, NULL
        self.outputs = <char *>out.data - first * wide * <int64_t>cnp.PyArray_ITEMSIZE(out)
        self.epochs, self.batches, self.batch_size = 1, 1, rows
        self.first_row, self.last_row = first, first + rows
        self.run_threads()
        return self.loss, out

    def train(self, int64_t epochs, int64_t batch_size, optimizer, list states, rates, generator, good, outputs, look,
              int64_t steps):
        """Train for some epochs in one call.

        Parameters
        ----------
        epochs, batch_size : int
            How many, and in batches of how many samples.
        optimizer : Optimizer
            With a kernel whose steps may be made in pieces.
        states : list of ndarray
            Its state.
        rates : ndarray of float64
            The learning rate: one for all steps, or one for each.
        generator : numpy.random.Generator, or None
            What each epoch's order is drawn from; None to leave it.
        good : ndarray
            The parameters as they are now; gets them as they are before each epoch.
        outputs : ndarray, shape (n, n_out), or None
            Gets the outputs of an epoch, in its order.
        look : callable
            Called now and then with the epochs and batches done; returns whether to stop.
        steps : int
            Steps that the optimizer has made before.

        Returns
        -------
        list of float
            The mean loss of each complete epoch.
        """
        cdef Py_ssize_t i
        losses = np.empty(epochs)
        self.training, self.epochs, self.batch_size, self.steps = True, epochs, batch_size, steps
        self.first_row, self.last_row = 0, self.plan.samples.c.n
        self.batches = (self.plan.samples.c.n + batch_size - 1) // batch_size
        self.optimizer, self.states = optimizer, states
        self.moving = <const optimizer_kernel *>PyCapsule_GetPointer(optimizer.kernel, PYFC_OPTIMIZER_CAPSULE)
        self.hyper = <const double *>cnp.PyArray_DATA(optimizer.hyper)
        for i in range(len(states)):
            self.state[i] = cnp.PyArray_DATA(states[i])
        self.rates, self.one_rate = <const double *>cnp.PyArray_DATA(rates), rates.size == 1
        self.epoch_array, self.epoch_losses = losses, <double *>cnp.PyArray_DATA(losses)
        self.good = cnp.PyArray_DATA(good)
        self.outputs = NULL if outputs is None else cnp.PyArray_DATA(outputs)
        self.look = look
        self.shuffled = generator is not None
        if self.shuffled:
            self.random = <bitgen_t *>PyCapsule_GetPointer(generator.bit_generator.capsule, "BitGenerator")
            self.set_order(np.empty(self.plan.samples.c.n, np.int64))
            with generator.bit_generator.lock:
                self.run_threads()
        else:
            self.run_threads()
        return self.losses

    @property
    def losses(self):
        """The mean loss of each complete epoch of the last training, also of one that has failed."""
        return self.epoch_array[:self.epoch].tolist()

    @property
    def stopped(self):
        """Why the last call ended early: ``"asked"``, ``"not finite"``, or ``""`` if it did not."""
        return {STOPPED: "asked", NOT_FINITE: "not finite"}.get(self.halves[0] or self.halves[1], "")

    cdef run_threads(self):
        """Run on all threads, of which this one is the first."""
        cdef Plan plan = self.plan
        cdef int i
        self.halves[0] = self.halves[1] = RUNNING
        self.go, self.error, self.failed, self.epoch, self.batch = 0, None, -1, 0, 0
        self.looked, self.worked = barrier_clock(), 0
        if self.training:
            for i in range(plan.c.count):
                if plan.c.ops[i].kind == DROPOUT:
                    plan.c.ops[i].factor = 1 / (1 - plan.layers[i].rate)
                    plan.c.ops[i].threshold = <uint32_t>(plan.layers[i].rate * 4294967296.0)
                    plan.c.ops[i].key, plan.c.ops[i].position = plan.layers[i].key, plan.layers[i].position
        others = []
        if plan.c.threads > 1:
            others = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(1, plan.c.threads)]
        try:
            for other in others:
                other.start()
            self.go = 1
            self.work(0)
        except BaseException as error:  # too many threads, or Ctrl-C before they have begun
            self.go = -1 if self.go == 0 else 1
            self.error, self.halves[0] = error, RAISED
        # They work on memory that is given free when this returns, so nothing may keep it from waiting for them.
        for other in others:
            while other.ident is not None and other.is_alive():
                try:
                    other.join()
                except BaseException as error:
                    self.error, self.halves[0] = error, RAISED
        self.caches.clear()
        if self.training:
            for i in range(plan.c.count):
                if plan.c.ops[i].kind == DROPOUT:
                    plan.layers[i].position = plan.c.ops[i].position
        if RAISED in (self.halves[0], self.halves[1]):
            raise self.error
        if FAILED in (self.halves[0], self.halves[1]):
            raise KernelError(f"its kernel returned status {self.status}: expected 0")

    def work(self, int thread):
        """Do one thread's part."""
        cdef const float *single = NULL
        cdef const double *double_ = NULL
        with nogil:
            if wait_for_start(self):
                if self.plan.c.single:
                    epochs(self, thread, single)
                else:
                    epochs(self, thread, double_)


cdef bint wait_for_start(Engine e) noexcept nogil:
    while read_now(&e.go) == 0:
        barrier_yield()
    return read_now(&e.go) == 1


# An epoch

cdef void epochs(Engine e, int thread, const real *typed) noexcept nogil:
    """Run all batches of all epochs; `typed` only says of which type the numbers are."""
    cdef int64_t _epoch, batch
    for _epoch in range(e.epochs):
        if thread == 0:
            begin_epoch(e, typed)
        barrier_wait(&e.gate)
        for batch in range(e.batches):
            if not one_batch(e, thread, e.first_row + batch * e.batch_size, typed):
                # Asked to stop after the last batch, it has an epoch to end.
                if e.halves[0] != RUNNING or e.halves[1] != STOPPED or batch < e.batches - 1:
                    return
        if thread == 0:
            end_epoch(e, typed)
        barrier_wait(&e.gate)
        if e.halves[0] != RUNNING or (e.training and e.halves[1] != RUNNING):
            return


cdef void begin_epoch(Engine e, const real *typed) noexcept nogil:
    cdef plan_t *plan = &e.plan.c
    e.batch, e.total, e.counted = 0, 0, 0
    if e.shuffled:
        shuffle(e.random, e.last_row, <int64_t *>e.order_data)
    if e.good != NULL and e.epoch > 0:
        memcpy(e.good, plan.flat, <size_t>plan.flat_size * sizeof(real))


cdef void end_epoch(Engine e, const real *typed) noexcept nogil:
    cdef plan_t *plan = &e.plan.c
    cdef int64_t i
    cdef int wrong = 0
    cdef const real *w = <const real *>plan.flat
    if e.good == NULL:
        return
    for i in range(plan.flat_size):
        wrong |= not w[i] - w[i] == 0
    if wrong:  # no later loss would say so
        # Not halves[1]: another thread may still have to read it after the last batch, and not come to the barrier.
        e.halves[0] = NOT_FINITE
        return
    e.epoch_losses[e.epoch] = e.total / e.counted if e.counted else NAN
    e.epoch += 1


cdef void shuffle(bitgen_t *random, int64_t n, int64_t *order) noexcept nogil:
    """Draw an order of n samples: that of numpy.random.Generator.permutation (R. Durstenfeld, CACM 7 (1964))."""
    cdef int64_t i, j
    for i in range(n):
        order[i] = i
    for i in range(n - 1, 0, -1):
        j = up_to(random, <uint64_t>i)
        order[i], order[j] = order[j], order[i]


cdef int64_t up_to(bitgen_t *random, uint64_t largest) noexcept nogil:
    """Draw a number from 0 to the largest: random bits, as many as it has, until they are not more than it."""
    cdef uint64_t mask = largest, drawn
    cdef int shift
    for shift in range(5):
        mask |= mask >> (1 << shift)
    mask |= mask >> 32
    while True:
        if largest >> 32 == 0:
            drawn = random.next_uint32(random.state) & mask
        else:
            drawn = random.next_uint64(random.state) & mask
        if drawn <= largest:
            return <int64_t>drawn


# A step

cdef bint one_batch(Engine e, int thread, int64_t first, const real *typed) noexcept nogil:
    """Run one batch; return whether to go on. All threads come to the same answer."""
    cdef plan_t *plan = &e.plan.c
    cdef int64_t n = min(e.batch_size, e.last_row - first)
    # In a prediction nobody waits for the others before the end, so a thread has the same rows of each batch.
    cdef int64_t whole = n if e.training else e.batch_size
    cdef int64_t begin = min(n, part(whole, thread, plan.threads)), end = min(n, part(whole, thread + 1, plan.threads))
    cdef int64_t wide = plan.ops[plan.count - 1].n_out
    cdef batch_t batch
    batch.first, batch.n, batch.begin, batch.end = first, n, begin, end
    batch.x = plan.x if e.base == NULL else <void *>(<const real *>e.base + first * plan.samples.p)
    batch.t = plan.targets if e.order_data != NULL else <void *>(<const char *>e.all_targets + first * e.target_size)
    forward_half(e, thread, &batch, typed)
    if e.outputs != NULL:
        memcpy(<real *>e.outputs + (first + begin) * wide, <real *>plan.ops[plan.count - 1].y + begin * wide,
               <size_t>((end - begin) * wide) * sizeof(real))
    if not e.training:
        if thread == 0:
            look(e, &batch)
        # Here nobody waits before the end of all batches, so after a failure all threads have to come there.
        return plan.threads > 1 or (e.halves[0] == RUNNING and e.halves[1] == RUNNING)
    backward_half(e, thread, &batch, typed)
    barrier_wait(&e.gate)
    if e.halves[0] != RUNNING:
        return False
    cdef double counts = 0
    cdef double loss = mean_loss(e, &batch, &counts, typed) + (e.penalty if e.moving != NULL else 0)
    if thread == 0:
        e.loss = loss
    if not isfinite(loss):
        if thread == 0:
            e.halves[0] = NOT_FINITE
        return False
    parameter_half(e, thread, &batch, typed)
    if thread == 0:
        e.total += loss * counts
        e.counted += counts
        look(e, &batch)
    barrier_wait(&e.gate)
    if thread == 0:
        e.batch += 1
        e.steps += 1
    return e.halves[1] == RUNNING


cdef inline int64_t part(int64_t n, int64_t thread, int64_t threads) noexcept nogil:
    """Return where the thread's part of n begins, and the one before it ends; dividing takes longer than small sums."""
    return n * thread if threads == 1 else n * thread // threads


cdef void look(Engine e, const batch_t *batch) noexcept nogil:
    """Now and then, let Python show how far it is, and say whether to go on."""
    cdef double now
    e.worked += e.plan.c.work * batch.n
    if e.worked < 10000000 and not e.plan.c.in_python:  # 0.1 ms; asking for the time takes longer than a small step
        return
    e.worked = 0
    now = barrier_clock()
    if now - e.looked < BETWEEN_LOOKS:
        return
    e.looked = now
    look_in_python(e)


cdef double mean_loss(Engine e, const batch_t *batch, double *counts, const real *typed) noexcept nogil:
    """Return the mean loss of a batch; counts is how much it counts in the epoch."""
    cdef const real *losses = <const real *>e.plan.c.losses
    cdef double total = 0, share = 1 / <double>batch.n
    cdef int64_t i
    if e.weight == NULL:
        counts[0] = <double>batch.n
        for i in range(batch.n):
            total += share * losses[i]
        return total
    counts[0] = batch_weight(e, batch)
    for i in range(batch.n):
        total += (e.weight[row_of(e, batch.first + i)] / counts[0] if counts[0] else 0) * losses[i]
    return total


cdef inline int64_t row_of(Engine e, int64_t i) noexcept nogil:
    return e.order_data[i] if e.order_data != NULL else i


cdef double batch_weight(Engine e, const batch_t *batch) noexcept nogil:
    cdef double total = 0
    cdef int64_t i
    for i in range(batch.n):
        total += e.weight[row_of(e, batch.first + i)]
    return total


include "engine_samples.pxi"
include "engine_parameters.pxi"
include "engine_python.pxi"
