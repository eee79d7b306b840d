"""The first half of a step, where each sample goes its own way: fetched, forward through the network, and, in training,
through the loss and back again. A part of engine.pyx.
"""


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
    if thread == 0 and e.moving != NULL and (e.l1 or e.l2):
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
        elif n == 0:
            # A kernel that returns at once for no rows would leave what the batch before was, to be added again.
            memset(da, 0, <size_t>op.params * sizeof(real))
            return
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
    e.failed, e.status, e.halves[0] = i, result, FAILED
