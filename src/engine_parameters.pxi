"""The second half of a step, where each parameter goes its own way: the gradients are summed up over the samples, some
rows of a weight matrix at a time, and used by the optimizer while they are still in the cache. A part of engine.pyx.
"""


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
        dw = <real *>plan.gradient + op.at + row * q if e.moving == NULL else <real *>space.panel
        if i == 0 and plan.sparse:
            sparse_weights(plan, space, row - first, end - row, <const real *>op.dy, q, dw)
        else:
            dense.backward_w[real](batch.n, p, q, <const real *>op.dy, x, row, end, dw, <real *>space.packing)
        if e.moving != NULL:
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
    cdef real *db = <real *>e.plan.c.gradient + at if e.moving == NULL else <real *>e.plan.c.spaces[thread].row
    dense.backward_b[real](batch.n, op.n_out, <const real *>op.dy, db, <real *>e.plan.c.spaces[thread].packing)
    if e.moving != NULL:
        update(e, at, op.n_out, db)


cdef void slopes(Engine e, int thread, int i, const real *typed) noexcept nogil:
    """Use the gradient of an activation's learned parameters, which the threads have summed up in parts."""
    cdef operation *op = &e.plan.c.ops[i]
    cdef real *da = <real *>op.da
    cdef int64_t j, t
    for t in range(1, e.plan.c.threads):
        for j in range(op.params):
            da[j] += da[t * op.params + j]
    if e.moving == NULL:
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
    for i in range(e.moving.states):
        state[i] = <real *>e.state[i] + at
    if real is float:
        result = e.moving.update_f32(n, w, dw, state, rate, e.steps + 1, e.hyper)
    else:
        result = e.moving.update_f64(n, w, dw, state, rate, e.steps + 1, e.hyper)
    if result != 0:
        e.failed, e.status, e.halves[1] = e.plan.c.count + 1, result, FAILED


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
