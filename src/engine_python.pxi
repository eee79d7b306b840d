"""Where the engine calls what is written in Python: data that NumPy has to read, activations, losses and layers without
a kernel, and the look at how far it is. Each takes Python's lock just for that call, and shows the engine's own memory
as arrays. An exception is kept, and raised again when all threads have stopped. A part of engine.pyx.
"""


cdef object view(Engine e, void *data, int64_t rows, int64_t cols, int64_t size):
    """Return a buffer as an array; with cols -1 as a vector, and with size 0 of labels."""
    cdef cnp.npy_intp shape[2]
    cdef int type = cnp.NPY_INT64 if size == 0 else cnp.NPY_FLOAT if e.plan.c.single else cnp.NPY_DOUBLE
    shape[0], shape[1] = rows, cols
    array = cnp.PyArray_SimpleNewFromData(1 if cols == -1 else 2, shape, type, data)
    cnp.set_array_base(array, e.owners)  # somebody may keep it
    return array


cdef void look_in_python(Engine e) noexcept with gil:
    try:
        PyErr_CheckSignals()
        if e.look is not None and e.look(e.epoch, e.batch + 1):
            e.halves[1] = STOPPED
    except BaseException as error:
        e.error = error
        e.halves[1] = RAISED


cdef void fetch(Engine e, const batch_t *batch) noexcept with gil:
    """Let NumPy read a batch of numbers of a type that pyfc does not know."""
    try:
        numbers = e.plan.samples.converted(e.order_array, batch.first, batch.n, e.plan.dtype)
        view(e, <void *>batch.x, batch.n, e.plan.c.samples.p, e.plan.dtype.itemsize)[...] = numbers
    except BaseException as error:
        e.error = error
        e.halves[0] = RAISED


cdef raised_in(Engine e, int part, error):
    """Keep an exception, and which part of the network it came out of."""
    e.error, e.failed, e.halves[0] = error, part, RAISED


cdef void forward_in_python(Engine e, int i, const batch_t *batch, void *x) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[i]
    cdef int64_t size = e.plan.dtype.itemsize
    try:
        z = view(e, x, batch.n, op.n_in, size)
        if i == 0:  # it may be the caller's own array
            z.flags.writeable = False
        y = view(e, op.y, batch.n, op.n_out, size)
        layer = e.plan.layers[i]
        if op.kind == FUNCTION:
            layer.compute_forward(z, y, e.plan.flat[op.at : op.at + op.params] if op.params else e.nothing)
        else:
            result, e.caches[i] = layer.forward(z, training=e.training)
            if np.shape(result) != y.shape:
                raise ValueError(f"{layer!r}.forward returned shape {np.shape(result)}: expected {y.shape}")
            y[...] = result
    except BaseException as error:
        raised_in(e, i, error)


cdef void backward_in_python(Engine e, int i, const batch_t *batch) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[i]
    cdef int64_t size = e.plan.dtype.itemsize
    cdef void *x = batch.x if i == 0 else e.plan.c.ops[i - 1].y
    cdef void *dx_data = e.plan.c.spare if i == e.plan.c.first else e.plan.c.ops[i - 1].dy
    try:
        dy = view(e, op.dy, batch.n, op.n_out, size)
        dx = view(e, dx_data, batch.n, op.n_in, size)
        layer = e.plan.layers[i]
        if op.kind == FUNCTION:
            z = view(e, x, batch.n, op.n_in, size) if "z" in layer.needs else None
            y = view(e, op.y, batch.n, op.n_out, size) if "y" in layer.needs else None
            a = da = e.nothing
            if z is not None and i == 0:
                z.flags.writeable = False
            if op.params:
                a, da = e.plan.flat[op.at : op.at + op.params], view(e, op.da, op.params, -1, size)
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
        raised_in(e, i, error)


cdef void loss_in_python(Engine e, const batch_t *batch) noexcept with gil:
    cdef operation *op = &e.plan.c.ops[e.plan.c.count - 1]
    cdef int64_t size = e.plan.dtype.itemsize
    try:
        y = view(e, op.y, batch.n, op.n_out, size)
        t = view(e, batch.t, batch.n, -1 if e.labels else op.n_out, 0 if e.labels else size)
        e.plan.loss.compute_forward(y, t, view(e, e.plan.c.losses, batch.n, -1, size))
        dy = view(e, op.dy, batch.n, op.n_out, size)
        e.plan.loss.compute_backward(y, t, view(e, e.plan.c.shares, batch.n, -1, size), dy)
    except BaseException as error:
        raised_in(e, e.plan.c.count, error)
