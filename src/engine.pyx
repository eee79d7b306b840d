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
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport NAN, isfinite
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy
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
    """

    cdef readonly Plan plan
    cdef object targets, weights, order_array, epoch_array, look, error, optimizer_object
    cdef list states
    cdef tuple owners                           # of the memory that is shown to Python
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
    cdef const optimizer_kernel *optimizer      # NULL: the gradients are kept for somebody else
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
    cdef int go, failed, failed_status
    cdef int64_t epochs, batches, batch_size, epoch
    cdef readonly int64_t steps, batch
    cdef readonly double loss
    cdef double penalty, total, counted, looked
    cdef int64_t worked

    def __init__(self, Plan plan, targets=None, weight=None, double l1=0, double l2=0):
        self.plan, self.targets, self.weights, self.l1, self.l2 = plan, targets, weight, l1, l2
        self.optimizer, self.order_data, self.outputs, self.weight, self.all_targets = NULL, NULL, NULL, NULL, NULL
        self.gate.threads = plan.c.threads
        self.last_row, self.caches = plan.samples.c.n, {}
        self.epoch_array = np.empty(0)
        self.owners = (plan.memory, plan.samples, targets)
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
        cdef cnp.ndarray array = out
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
        self.training, self.optimizer, self.shuffled, self.good = True, NULL, False, NULL
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
        self.optimizer_object, self.states = optimizer, states
        self.optimizer = <const optimizer_kernel *>PyCapsule_GetPointer(optimizer.kernel, PYFC_OPTIMIZER_CAPSULE)
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
        self.go, self.error, self.epoch, self.batch = 0, None, 0, 0
        self.looked, self.worked = barrier_clock(), 0
        if self.training:
            for i in range(plan.c.count):
                if plan.c.ops[i].kind == DROPOUT:
                    plan.c.ops[i].key, plan.c.ops[i].position = plan.layers[i].key, plan.layers[i].position
        others = []
        if plan.c.threads > 1:
            others = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(1, plan.c.threads)]
        try:
            for other in others:
                other.start()
        except RuntimeError:
            self.go = -1
            raise
        self.go = 1
        self.work(0)
        for other in others:
            other.join()
        self.caches.clear()
        if self.training:
            for i in range(plan.c.count):
                if plan.c.ops[i].kind == DROPOUT:
                    plan.layers[i].position = plan.c.ops[i].position
        if RAISED in (self.halves[0], self.halves[1]):
            raise self.error
        if FAILED in (self.halves[0], self.halves[1]):
            failed = [*plan.layers, plan.loss, self.optimizer_object][self.failed]
            raise KernelError(f"the kernel of {failed!r} returned status {self.failed_status}: expected 0")

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
                return
        if thread == 0:
            end_epoch(e, typed)
        barrier_wait(&e.gate)
        if e.halves[0] != RUNNING:
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
        return plan.threads > 1 or e.halves[0] == RUNNING
    backward_half(e, thread, &batch, typed)
    barrier_wait(&e.gate)
    if e.halves[0] != RUNNING:
        return False
    cdef double counts = 0
    cdef double loss = mean_loss(e, &batch, &counts, typed) + (e.penalty if e.optimizer != NULL else 0)
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
    if e.worked < 10000000:
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


# The first half of a step: each sample for itself

cdef void forward_half(Engine e, int thread, const batch_t *batch, const real *typed) noexcept nogil:
    """Fetch this thread's samples, and bring them to the end of the network."""
    cdef plan_t *plan = &e.plan.c
    cdef int64_t begin = batch.begin, end = batch.end, p = plan.samples.p
    cdef const void *x = batch.x
    cdef int i
    if plan.sparse:
        gather_sparse[real](
            plan.samples, e.order_data, batch.first + begin, batch.first + end, <real *>plan.spaces[thread].row,
            plan.x_count + begin, plan.x_index + begin * plan.samples.most,
            <real *>plan.x_value + begin * plan.samples.most)
    elif e.base == NULL:
        if plan.samples.type == -1:
            fetch(e, batch)
        else:
            gather[real](plan.samples, e.order_data, batch.first + begin, batch.first + end, <real *>x + begin * p)
    for i in range(plan.count):
        if e.halves[0] != RUNNING:
            return
        forward_one(e, thread, i, batch, <const real *>x)
        x = plan.ops[i].y


cdef void forward_one(Engine e, int thread, int i, const batch_t *batch, const real *x) noexcept nogil:
    cdef plan_t *plan = &e.plan.c
    cdef operation *op = &plan.ops[i]
    cdef int64_t r, most, begin = batch.begin, n = batch.end - begin
    cdef real *y = <real *>op.y + begin * op.n_out
    cdef const real *w = <const real *>plan.flat + op.at
    cdef const real *b = w + op.n_in * op.n_out
    cdef shape_t shape
    cdef int result = 0
    if op.kind == DENSE and i == 0 and plan.sparse:
        most = plan.samples.most
        for r in range(begin, batch.end):
            dense.sparse_row[real](
                op.n_out, plan.x_count[r], plan.x_index + r * most, <const real *>plan.x_value + r * most, w, b,
                <real *>op.y + r * op.n_out)
    elif op.kind == DENSE:
        dense.forward[real](
            n, op.n_in, op.n_out, x + begin * op.n_in, w, b, y, <real *>plan.spaces[thread].packing)
    elif op.kind == ACTIVATION:
        shape.rows, shape.cols, shape.out_cols, shape.params = n, op.n_in, op.n_out, op.params
        if real is float:
            result = op.kernel.forward_f32(&shape, x + begin * op.n_in, y, w if op.params else NULL, op.hyper)
        else:
            result = op.kernel.forward_f64(&shape, x + begin * op.n_in, y, w if op.params else NULL, op.hyper)
    elif op.kind == SCALE:
        multiply[real](n * op.n_in, x + begin * op.n_in, <real>op.factor, y)
    elif op.kind == DROPOUT and e.training and op.threshold:
        toss[real](n * op.n_in, x + begin * op.n_in, y, op.threshold, <real>op.factor, op.key,
                   op.position + <uint64_t>(begin * op.n_in))
    elif op.kind == DROPOUT:
        memcpy(y, x + begin * op.n_in, <size_t>(n * op.n_in) * sizeof(real))
    else:
        forward_in_python(e, i, batch, <void *>x)
    if result != 0:
        fail(e, i, result)


cdef void backward_half(Engine e, int thread, const batch_t *batch, const real *typed) noexcept nogil:
    """Bring the gradient of the loss from the end of the network to the first layer that learns."""
    cdef plan_t *plan = &e.plan.c
    cdef int i
    if e.halves[0] != RUNNING:
        return
    run_loss(e, batch, typed)
    for i in range(plan.count - 1, plan.first - 1, -1):
        if e.halves[0] != RUNNING:
            return
        backward_one(e, thread, i, batch, typed)
    if thread == 0 and e.optimizer != NULL and (e.l1 or e.l2):
        e.penalty = penalty(e, typed)


cdef void run_loss(Engine e, const batch_t *batch, const real *typed) noexcept nogil:
    """Fill the losses, and dy of the last operation, of this thread's samples."""
    cdef plan_t *plan = &e.plan.c
    cdef operation *op = &plan.ops[plan.count - 1]
    cdef int64_t r, k, begin = batch.begin, n = batch.end - begin, wide = op.n_out
    cdef real *shares = <real *>plan.shares
    cdef const real *y = <const real *>op.y + begin * wide
    cdef real *dy = <real *>op.dy + begin * wide
    cdef double share = 1 / <double>batch.n, total = batch_weight(e, batch) if e.weight != NULL else 0
    cdef const real *t = NULL
    cdef const int64_t *labels = NULL
    cdef shape_t shape
    cdef int result
    for r in range(begin, batch.end):
        k = row_of(e, batch.first + r)
        if e.weight != NULL:
            share = e.weight[k] / total if total else 0
        shares[r] = <real>share
        if e.order_data != NULL:
            memcpy(<char *>batch.t + r * e.target_size, <const char *>e.all_targets + k * e.target_size,
                   <size_t>e.target_size)
    if plan.loss == NULL:
        loss_in_python(e, batch)
        return
    shape.rows, shape.cols, shape.out_cols, shape.params = n, wide, wide, 0
    if e.labels:
        labels = <const int64_t *>batch.t + begin
    else:
        t = <const real *>batch.t + begin * wide
    if real is float:
        result = plan.loss.forward_f32(&shape, y, t, labels, <real *>plan.losses + begin, plan.loss_hyper)
        if result == 0:
            result = plan.loss.backward_f32(&shape, y, t, labels, shares + begin, dy, plan.loss_hyper)
    else:
        result = plan.loss.forward_f64(&shape, y, t, labels, <real *>plan.losses + begin, plan.loss_hyper)
        if result == 0:
            result = plan.loss.backward_f64(&shape, y, t, labels, shares + begin, dy, plan.loss_hyper)
    if result != 0:
        fail(e, plan.count, result)


cdef void backward_one(Engine e, int thread, int i, const batch_t *batch, const real *typed) noexcept nogil:
    cdef plan_t *plan = &e.plan.c
    cdef operation *op = &plan.ops[i]
    cdef int64_t begin = batch.begin, n = batch.end - begin
    cdef const real *w = <const real *>plan.flat + op.at
    cdef const real *z = (<const real *>batch.x if i == 0 else <const real *>plan.ops[i - 1].y) + begin * op.n_in
    cdef const real *y = <const real *>op.y + begin * op.n_out
    cdef const real *dy = <const real *>op.dy + begin * op.n_out
    cdef real *dx = (<real *>plan.spare if i == plan.first else <real *>plan.ops[i - 1].dy) + begin * op.n_in
    cdef real *da = <real *>op.da + thread * op.params if op.params else NULL
    cdef shape_t shape
    cdef int result = 0
    if i == plan.first and not op.params and op.kind != PYTHON:
        return
    if op.kind == DENSE:
        dense.backward_x[real](n, op.n_in, op.n_out, dy, w, dx, <real *>plan.spaces[thread].packing)
    elif op.kind == ACTIVATION:
        shape.rows, shape.cols, shape.out_cols, shape.params = n, op.n_in, op.n_out, op.params
        if not op.kernel.flags & NEEDS_Z:
            z = NULL
        if not op.kernel.flags & NEEDS_Y:
            y = NULL
        if not op.params:
            w = NULL
        if real is float:
            result = op.kernel.backward_f32(&shape, z, y, dy, dx, w, da, op.hyper)
        else:
            result = op.kernel.backward_f64(&shape, z, y, dy, dx, w, da, op.hyper)
    elif op.kind == SCALE:
        multiply[real](n * op.n_in, dy, <real>op.factor, dx)
    elif op.kind == DROPOUT and op.threshold:
        toss[real](n * op.n_in, dy, dx, op.threshold, <real>op.factor, op.key,
                   op.position + <uint64_t>(begin * op.n_in))
    elif op.kind == DROPOUT:
        memcpy(dx, dy, <size_t>(n * op.n_in) * sizeof(real))
    else:
        backward_in_python(e, i, batch)
    if result != 0:
        fail(e, i, result)


cdef void fail(Engine e, int i, int result) noexcept nogil:
    e.failed, e.failed_status, e.halves[0] = i, result, FAILED


# The second half: each parameter for itself

cdef void parameter_half(Engine e, int thread, const batch_t *batch, const real *typed) noexcept nogil:
    """Sum up this thread's part of the gradients, and use them."""
    cdef plan_t *plan = &e.plan.c
    cdef operation *op
    cdef int i
    for i in range(plan.first, plan.count):
        op = &plan.ops[i]
        if thread == 0 and op.kind == DROPOUT and op.threshold:
            op.position += <uint64_t>(batch.n * op.n_in)
        if not op.learns:
            continue
        if op.kind == DENSE:
            weights(e, thread, i, batch, typed)
        if plan.threads == 1 or i % plan.threads == thread:
            if op.kind == DENSE:
                biases(e, thread, i, batch, typed)
            elif op.params:
                slopes(e, thread, i, typed)
    if thread == 0:
        for i in range(plan.first):
            if plan.ops[i].kind == DROPOUT and plan.ops[i].threshold:
                plan.ops[i].position += <uint64_t>(batch.n * plan.ops[i].n_in)


cdef void weights(Engine e, int thread, int i, const batch_t *batch, const real *typed) noexcept nogil:
    """Sum up dW of this thread's rows of W, some at a time, and use it while it is near."""
    cdef plan_t *plan = &e.plan.c
    cdef operation *op = &plan.ops[i]
    cdef workspace *space = &plan.spaces[thread]
    cdef int64_t p = op.n_in, q = op.n_out
    cdef int64_t first = part(p, thread, plan.threads), last = part(p, thread + 1, plan.threads), row = first, end
    cdef const real *x = <const real *>batch.x if i == 0 else <const real *>plan.ops[i - 1].y
    cdef real *dw
    if i == 0 and plan.sparse:
        by_columns(plan, space, batch, row, last, typed)
    while row < last:
        end = min(row + op.panel, last)
        dw = <real *>plan.gradient + op.at + row * q if e.optimizer == NULL else <real *>space.panel
        if i == 0 and plan.sparse:
            sparse_weights(plan, space, row - first, end - row, <const real *>op.dy, q, dw)
        else:
            dense.backward_w[real](batch.n, p, q, <const real *>op.dy, x, row, end, dw, <real *>space.packing)
        if e.optimizer != NULL:
            add_penalty(e, (end - row) * q, <const real *>plan.flat + op.at + row * q, dw)
            update(e, op.at + row * q, (end - row) * q, dw)
        row = end


cdef void by_columns(
    const plan_t *plan, workspace *space, const batch_t *batch, int64_t first, int64_t last, const real *typed,
) noexcept nogil:
    """Order what is not zero in a batch by columns first to last (not included): counting sort."""
    cdef int64_t r, j, k, most = plan.samples.most
    cdef const int32_t *index
    cdef const real *value
    for k in range(last - first + 1):
        space.start[k] = 0
    for r in range(batch.n):
        index = plan.x_index + r * most
        for j in range(plan.x_count[r]):
            if first <= index[j] < last:
                space.start[index[j] - first + 1] += 1
    for k in range(last - first):
        space.start[k + 1] += space.start[k]
    for r in range(batch.n):
        index = plan.x_index + r * most
        value = <const real *>plan.x_value + r * most
        for j in range(plan.x_count[r]):
            if first <= index[j] < last:
                k = space.start[index[j] - first]
                space.start[index[j] - first] += 1
                space.index[k] = <int32_t>r
                (<real *>space.x)[k] = value[j]


cdef void sparse_weights(
    const plan_t *plan, workspace *space, int64_t first, int64_t rows, const real *dz, int64_t q, real *dw,
) noexcept nogil:
    """Fill rows of dW from a batch by columns; after by_columns, start[k] is where column k ends."""
    cdef int64_t k, at
    for k in range(first, first + rows):
        at = space.start[k - 1] if k else 0
        dense.sparse_row[real](
            q, space.start[k] - at, space.index + at, <const real *>space.x + at, dz, NULL, dw + (k - first) * q)


cdef void biases(Engine e, int thread, int i, const batch_t *batch, const real *typed) noexcept nogil:
    cdef operation *op = &e.plan.c.ops[i]
    cdef int64_t at = op.at + op.n_in * op.n_out
    cdef real *db = <real *>e.plan.c.gradient + at if e.optimizer == NULL else <real *>e.plan.c.spaces[thread].row
    dense.backward_b[real](batch.n, op.n_out, <const real *>op.dy, db, <real *>e.plan.c.spaces[thread].packing)
    if e.optimizer != NULL:
        update(e, at, op.n_out, db)


cdef void slopes(Engine e, int thread, int i, const real *typed) noexcept nogil:
    """Use the gradient of an activation's learned parameters, which the threads have summed up in parts."""
    cdef operation *op = &e.plan.c.ops[i]
    cdef real *da = <real *>op.da
    cdef int64_t j, t
    for t in range(1, e.plan.c.threads):
        for j in range(op.params):
            da[j] += da[t * op.params + j]
    if e.optimizer == NULL:
        memcpy(<real *>e.plan.c.gradient + op.at, da, <size_t>op.params * sizeof(real))
    else:
        update(e, op.at, op.params, da)


cdef void update(Engine e, int64_t at, int64_t n, const real *dw) noexcept nogil:
    """Let the optimizer move n parameters."""
    cdef double rate = e.rates[0 if e.one_rate else e.epoch * e.batches + e.batch]
    cdef real *w = <real *>e.plan.c.flat + at
    cdef real *state[MAX_STATES]
    cdef int result
    cdef uint32_t i
    for i in range(e.optimizer.states):
        state[i] = <real *>e.state[i] + at
    if real is float:
        result = e.optimizer.update_f32(n, w, dw, state, rate, e.steps + 1, e.hyper)
    else:
        result = e.optimizer.update_f64(n, w, dw, state, rate, e.steps + 1, e.hyper)
    if result != 0:
        e.failed, e.failed_status, e.halves[1] = e.plan.c.count + 1, result, FAILED


# Penalties on the weights

cdef status penalise_numbers(int64_t n, const real *w, real *dw, real l1, real l2) noexcept nogil:
    cdef int64_t i
    cdef real zero = 0
    if l2 != 0:
        for i in range(n):
            dw[i] += l2 * w[i]
    if l1 != 0:
        for i in range(n):
            dw[i] += l1 if w[i] > 0 else (-l1 if w[i] < 0 else zero)
    return 0


cdef void add_penalty(Engine e, int64_t n, const real *w, real *dw) noexcept nogil:
    if e.l1 or e.l2:
        penalise_numbers(n, w, dw, <real>e.l1, <real>e.l2)


cdef double penalty(Engine e, const real *typed) noexcept nogil:
    cdef plan_t *plan = &e.plan.c
    cdef const real *w
    cdef double absolute = 0, square = 0, x
    cdef int64_t j
    cdef int i
    for i in range(plan.count):
        if plan.ops[i].kind == DENSE:
            w = <const real *>plan.flat + plan.ops[i].at
            for j in range(plan.ops[i].n_in * plan.ops[i].n_out):
                x = w[j]
                absolute += -x if x < 0 else x
                square += x * x
    return e.l1 * absolute + e.l2 / 2 * square


def penalise(w, dw, double l1, double l2):
    """Add the gradient of ``l1 * sum(abs(w)) + l2 / 2 * sum(w**2)`` to dw.

    Parameters
    ----------
    w, dw : ndarray
        C-contiguous, of one dtype, float32 or float64, and one shape.
    l1, l2 : float
        How strong the penalties are.
    """
    cdef cnp.ndarray a = w, b = dw
    if a.dtype == np.float32:
        penalise_numbers[float](a.size, <const float *>a.data, <float *>b.data, <float>l1, <float>l2)
    else:
        penalise_numbers[double](a.size, <const double *>a.data, <double *>b.data, l1, l2)


# What is written in Python

cdef object view(Engine e, void *data, int64_t first, int64_t rows, int64_t cols, int64_t size):
    """Return rows of a buffer as an array; with cols -1 as a vector, and with size 0 of labels."""
    cdef cnp.npy_intp shape[2]
    cdef int type = cnp.NPY_INT64 if size == 0 else cnp.NPY_FLOAT if e.plan.c.single else cnp.NPY_DOUBLE
    shape[0], shape[1] = rows, cols
    size = size or 8
    array = cnp.PyArray_SimpleNewFromData(
        1 if cols == -1 else 2, shape, type, <char *>data + first * (1 if cols == -1 else cols) * size)
    cnp.set_array_base(array, e.owners)  # somebody may keep it
    return array


cdef void look_in_python(Engine e) noexcept with gil:
    try:
        if e.look is not None and e.look(e.epoch, e.batch + 1):
            e.halves[1] = STOPPED
    except BaseException as error:
        e.error = error
        e.halves[1] = RAISED


cdef void fetch(Engine e, const batch_t *batch) noexcept with gil:
    """Let NumPy read a batch of numbers of a type that pyfc does not know."""
    try:
        numbers = e.plan.samples.converted(e.order_array, batch.first, batch.n, e.plan.dtype)
        view(e, <void *>batch.x, 0, batch.n, e.plan.c.samples.p, e.plan.dtype.itemsize)[...] = numbers
    except BaseException as error:
        e.error = error
        e.halves[0] = RAISED


cdef void forward_in_python(Engine e, int i, const batch_t *batch, void *x) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[i]
    cdef int64_t size = e.plan.dtype.itemsize
    try:
        z = view(e, x, 0, batch.n, op.n_in, size)
        if i == 0:  # it may be the caller's own array
            z.flags.writeable = False
        y = view(e, op.y, 0, batch.n, op.n_out, size)
        layer = e.plan.layers[i]
        if op.kind == FUNCTION:
            layer.compute_forward(z, y, e.plan.flat[op.at : op.at + op.params])
        else:
            result, e.caches[i] = layer.forward(z, training=e.training)
            if np.shape(result) != y.shape:
                raise ValueError(f"{layer!r}.forward returned shape {np.shape(result)}: expected {y.shape}")
            y[...] = result
    except BaseException as error:
        e.error = error
        e.halves[0] = RAISED


cdef void backward_in_python(Engine e, int i, const batch_t *batch) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[i]
    cdef int64_t size = e.plan.dtype.itemsize
    cdef void *x = batch.x if i == 0 else e.plan.c.ops[i - 1].y
    cdef void *dx_data = e.plan.c.spare if i == e.plan.c.first else e.plan.c.ops[i - 1].dy
    try:
        dy = view(e, op.dy, 0, batch.n, op.n_out, size)
        dx = view(e, dx_data, 0, batch.n, op.n_in, size)
        layer = e.plan.layers[i]
        if op.kind == FUNCTION:
            z = view(e, x, 0, batch.n, op.n_in, size) if "z" in layer.needs else None
            y = view(e, op.y, 0, batch.n, op.n_out, size) if "y" in layer.needs else None
            a = e.plan.flat[op.at : op.at + op.params]
            da = view(e, op.da, 0, op.params, -1, size)
            da[...] = 0
            layer.compute_backward(z, y, dy, dx, a, da)
            return
        result, gradients = layer.backward(dy, e.caches.pop(i), need_dx=i != e.plan.c.first)
        if i != e.plan.c.first:
            if np.shape(result) != dx.shape:
                raise ValueError(f"{layer!r}.backward returned shape {np.shape(result)}: expected {dx.shape}")
            dx[...] = result
        at = op.at
        for key, value in layer.parameters.items():
            e.plan.gradient[at : at + value.size] = np.reshape(gradients[key], -1)
            at += value.size
    except BaseException as error:
        e.error = error
        e.halves[0] = RAISED


cdef void loss_in_python(Engine e, const batch_t *batch) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[e.plan.c.count - 1]
    cdef int64_t size = e.plan.dtype.itemsize
    try:
        y = view(e, op.y, 0, batch.n, op.n_out, size)
        t = view(e, batch.t, 0, batch.n, -1 if e.labels else op.n_out, 0 if e.labels else size)
        e.plan.loss.compute_forward(y, t, view(e, e.plan.c.losses, 0, batch.n, -1, size))
        dy = view(e, op.dy, 0, batch.n, op.n_out, size)
        e.plan.loss.compute_backward(y, t, view(e, e.plan.c.shares, 0, batch.n, -1, size), dy)
    except BaseException as error:
        e.error = error
        e.halves[0] = RAISED
