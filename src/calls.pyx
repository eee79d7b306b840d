"""Calls a component's kernel on NumPy arrays: the one place where an array of Python becomes a pointer of C.

Every array is checked here for dtype, layout and size before a kernel sees it, so that no kernel has to. What a kernel
does not say of itself is up to its class: how many hyper-parameters it reads, and whether it reads learned ones.
"""
cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_CheckExact, PyCapsule_GetName, PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint32_t

from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, LEARNS, NEEDS_Y, NEEDS_Z, PYFC_ABI_VERSION, PYFC_ACTIVATION_CAPSULE, PYFC_LOSS_CAPSULE,
    PYFC_OPTIMIZER_CAPSULE, TAKES_LABELS, activation_kernel, loss_kernel, optimizer_kernel, shape_t)

from pyfc.errors import KernelError

cnp.import_array()

#: The version of pyfc_kernel.h that this pyfc was compiled against.
ABI = f"{PYFC_ABI_VERSION >> 16}.{PYFC_ABI_VERSION & 0xffff}"

cdef enum:
    MAX_STATES = 8

# The head that the three structs have in common.
ctypedef struct head_t:
    uint32_t abi
    uint32_t size
    uint32_t flags
    uint32_t hypers


def capsule_problem(kernel, str name, Py_ssize_t hypers=-1):
    """Return why a kernel cannot be called as what ``name`` says, ``""`` if it can.

    Parameters
    ----------
    kernel : object
        Should be a PyCapsule.
    name : str
        The capsule's name: ``"pyfc.activation.v1"``, ``"pyfc.loss.v1"`` or ``"pyfc.optimizer.v1"``.
    hypers : int, optional
        How many hyper-parameters its class declares; not compared if not given.

    Returns
    -------
    str
    """
    cdef const char *found
    cdef const head_t *head
    cdef size_t size, known_flags, first = sizeof(head_t)
    cdef void *const *functions
    if not PyCapsule_CheckExact(kernel):
        return f"`kernel` is a {type(kernel).__name__}: expected a PyCapsule named {name!r}"
    found = PyCapsule_GetName(kernel)
    found_name = "" if found == NULL else found.decode("utf-8", "replace")
    if found_name != name:
        return f"`kernel` is a PyCapsule named {found_name!r}: expected {name!r}; rebuild it against this pyfc"
    head = <const head_t *>PyCapsule_GetPointer(kernel, found)
    if name == PYFC_ACTIVATION_CAPSULE.decode():
        size, known_flags = sizeof(activation_kernel), NEEDS_Z | NEEDS_Y | ELEMENTWISE | IN_PLACE | LEARNS
    elif name == PYFC_LOSS_CAPSULE.decode():
        size, known_flags = sizeof(loss_kernel), TAKES_LABELS
    else:
        # states and a reserved number stand between the head and the functions.
        size, known_flags, first = sizeof(optimizer_kernel), ELEMENTWISE, first + 2 * sizeof(uint32_t)
    if head.abi >> 16 != PYFC_ABI_VERSION >> 16:
        return f"`kernel` has ABI version {head.abi >> 16}: expected {PYFC_ABI_VERSION >> 16}; rebuild it"
    if head.size < size:
        return f"`kernel` has size {head.size}: expected at least {size}; set it to sizeof the struct"
    if head.flags & ~known_flags:
        return f"`kernel` has flags {head.flags:#x}: this pyfc knows {known_flags:#x}; update pyfc"
    if hypers >= 0 and <Py_ssize_t>head.hypers != hypers:
        return f"`kernel` reads {head.hypers} hyper-parameters and its class declares {hypers}: expected the same"
    functions = <void *const *>(<const char *>head + first)
    for i in range((size - first) // sizeof(void *)):
        if functions[i] == NULL:
            return f"`kernel` has no function in place {i}: expected all of them for float32 and float64"
    if name == PYFC_OPTIMIZER_CAPSULE.decode() and (<const optimizer_kernel *>head).states > MAX_STATES:
        return f"`kernel` has {(<const optimizer_kernel *>head).states} state arrays: expected at most {MAX_STATES}"
    if name == PYFC_OPTIMIZER_CAPSULE.decode() and (<const optimizer_kernel *>head).reserved != 0:
        return f"`kernel` has {(<const optimizer_kernel *>head).reserved} in `reserved`: expected 0; update pyfc"
    return ""


def kernel_abi(kernel):
    """Return the version of pyfc_kernel.h that a kernel was compiled against, such as ``"1.0"``.

    Parameters
    ----------
    kernel : PyCapsule
        One that :func:`capsule_problem` has nothing against.

    Returns
    -------
    str
    """
    cdef const head_t *head = <const head_t *>PyCapsule_GetPointer(kernel, PyCapsule_GetName(kernel))
    return f"{head.abi >> 16}.{head.abi & 0xffff}"


def activation_flags(kernel):
    """Return what an activation's kernel needs (``"z"``, ``"y"``, ``"zy"`` or ``""``), and three bools: whether it is
    elementwise, may work in place, and has a learned parameter."""
    cdef const activation_kernel *k = <const activation_kernel *>PyCapsule_GetPointer(kernel, PYFC_ACTIVATION_CAPSULE)
    needs = ("z" if k.flags & NEEDS_Z else "") + ("y" if k.flags & NEEDS_Y else "")
    return needs, bool(k.flags & ELEMENTWISE), bool(k.flags & IN_PLACE), bool(k.flags & LEARNS)


def loss_takes_labels(kernel):
    """Return whether a loss's kernel understands integer labels."""
    cdef const loss_kernel *k = <const loss_kernel *>PyCapsule_GetPointer(kernel, PYFC_LOSS_CAPSULE)
    return bool(k.flags & TAKES_LABELS)


def optimizer_flags(kernel):
    """Return how many state arrays an optimizer's kernel keeps, and whether it is elementwise."""
    cdef const optimizer_kernel *k = <const optimizer_kernel *>PyCapsule_GetPointer(kernel, PYFC_OPTIMIZER_CAPSULE)
    return k.states, bool(k.flags & ELEMENTWISE)


def activation_forward(kernel, cnp.ndarray z, cnp.ndarray y, cnp.ndarray a, cnp.ndarray hyper):
    """Fill y (rows, out_cols) from z (rows, cols), learned parameters a and hyper-parameters."""
    cdef const activation_kernel *k = <const activation_kernel *>PyCapsule_GetPointer(kernel, PYFC_ACTIVATION_CAPSULE)
    cdef int dtype = float_type(z)
    cdef shape_t shape
    cdef const double *h = <const double *>data(hyper, "hyper", cnp.NPY_DOUBLE, k.hypers, False)
    shape.rows, shape.cols = matrix_shape(z, "z")
    shape.out_cols = matrix_shape(y, "y")[1]
    shape.params = params(k, a, shape.cols)
    # What works in place or one number at a time writes as many as it reads.
    if k.flags & (ELEMENTWISE | IN_PLACE) and shape.out_cols != shape.cols:
        raise ValueError(f"y has {shape.out_cols} columns and z has {shape.cols}: expected the same")
    cdef const void *z_data = data(z, "z", dtype, -1, False)
    cdef void *y_data = data(y, "y", dtype, shape.rows * shape.out_cols, True)
    if k.flags & LEARNS and not shape.params:
        return  # no columns: nothing to do, and no kernel that learns is to see a NULL
    cdef const void *a_data = data(a, "a", dtype, -1, False) if a.size else NULL
    cdef int result
    if dtype == cnp.NPY_FLOAT:
        with nogil:
            result = k.forward_f32(&shape, <const float *>z_data, <float *>y_data, <const float *>a_data, h)
    else:
        with nogil:
            result = k.forward_f64(&shape, <const double *>z_data, <double *>y_data, <const double *>a_data, h)
    check(result, "forward")


def activation_backward(kernel, z, y, cnp.ndarray dy, cnp.ndarray dz, cnp.ndarray a, cnp.ndarray da,
                        cnp.ndarray hyper):
    """Fill dz (rows, cols) and da from dy (rows, out_cols) and what the kernel needs of z and y (else None)."""
    cdef const activation_kernel *k = <const activation_kernel *>PyCapsule_GetPointer(kernel, PYFC_ACTIVATION_CAPSULE)
    cdef int dtype = float_type(dy)
    cdef shape_t shape
    cdef const double *h = <const double *>data(hyper, "hyper", cnp.NPY_DOUBLE, k.hypers, False)
    shape.rows, shape.cols = matrix_shape(dz, "dz")
    shape.out_cols = matrix_shape(dy, "dy")[1]
    shape.params = params(k, a, shape.cols)
    if k.flags & (ELEMENTWISE | IN_PLACE) and shape.out_cols != shape.cols:
        raise ValueError(f"dy has {shape.out_cols} columns and dz has {shape.cols}: expected the same")
    cdef const void *dy_data = data(dy, "dy", dtype, shape.rows * shape.out_cols, False)
    cdef void *dz_data = data(dz, "dz", dtype, -1, True)
    cdef const void *z_data = NULL
    cdef const void *y_data = NULL
    if k.flags & NEEDS_Z:
        z_data = data(z, "z", dtype, shape.rows * shape.cols, False)
    if k.flags & NEEDS_Y:
        y_data = data(y, "y", dtype, shape.rows * shape.out_cols, False)
    if k.flags & LEARNS and not shape.params:
        return
    cdef const void *a_data = data(a, "a", dtype, -1, False) if a.size else NULL
    cdef void *da_data = data(da, "da", dtype, a.size, True) if a.size else NULL
    cdef int result
    if dtype == cnp.NPY_FLOAT:
        with nogil:
            result = k.backward_f32(&shape, <const float *>z_data, <const float *>y_data, <const float *>dy_data,
                                    <float *>dz_data, <const float *>a_data, <float *>da_data, h)
    else:
        with nogil:
            result = k.backward_f64(&shape, <const double *>z_data, <const double *>y_data, <const double *>dy_data,
                                    <double *>dz_data, <const double *>a_data, <double *>da_data, h)
    check(result, "backward")


def loss_forward(kernel, cnp.ndarray y, cnp.ndarray t, cnp.ndarray loss, cnp.ndarray hyper):
    """Fill loss (rows,) from y (rows, cols) and t: int64 labels (rows,) or numbers (rows, cols)."""
    cdef const loss_kernel *k = <const loss_kernel *>PyCapsule_GetPointer(kernel, PYFC_LOSS_CAPSULE)
    cdef int dtype = float_type(y)
    cdef shape_t shape
    cdef const void *t_data
    cdef const int64_t *labels
    cdef const double *h = <const double *>data(hyper, "hyper", cnp.NPY_DOUBLE, k.hypers, False)
    loss_shape(k, y, &shape)
    cdef const void *y_data = data(y, "y", dtype, -1, False)
    targets(k, t, dtype, &shape, &t_data, &labels)
    cdef void *loss_data = data(loss, "loss", dtype, shape.rows, True)
    cdef int result
    if dtype == cnp.NPY_FLOAT:
        with nogil:
            result = k.forward_f32(&shape, <const float *>y_data, <const float *>t_data, labels,
                                   <float *>loss_data, h)
    else:
        with nogil:
            result = k.forward_f64(&shape, <const double *>y_data, <const double *>t_data, labels,
                                   <double *>loss_data, h)
    check(result, "forward")


def loss_backward(kernel, cnp.ndarray y, cnp.ndarray t, cnp.ndarray scale, cnp.ndarray dy, cnp.ndarray hyper):
    """Fill dy (rows, cols), row i multiplied by scale[i], from y and t as in loss_forward."""
    cdef const loss_kernel *k = <const loss_kernel *>PyCapsule_GetPointer(kernel, PYFC_LOSS_CAPSULE)
    cdef int dtype = float_type(y)
    cdef shape_t shape
    cdef const void *t_data
    cdef const int64_t *labels
    cdef const double *h = <const double *>data(hyper, "hyper", cnp.NPY_DOUBLE, k.hypers, False)
    loss_shape(k, y, &shape)
    cdef const void *y_data = data(y, "y", dtype, -1, False)
    targets(k, t, dtype, &shape, &t_data, &labels)
    cdef const void *scale_data = data(scale, "scale", dtype, shape.rows, False)
    cdef void *dy_data = data(dy, "dy", dtype, shape.rows * shape.cols, True)
    cdef int result
    if dtype == cnp.NPY_FLOAT:
        with nogil:
            result = k.backward_f32(&shape, <const float *>y_data, <const float *>t_data, labels,
                                    <const float *>scale_data, <float *>dy_data, h)
    else:
        with nogil:
            result = k.backward_f64(&shape, <const double *>y_data, <const double *>t_data, labels,
                                    <const double *>scale_data, <double *>dy_data, h)
    check(result, "backward")


def optimizer_update(kernel, cnp.ndarray w, cnp.ndarray dw, list state, double lr, int64_t step, cnp.ndarray hyper):
    """Move w in place by one step of an optimizer's kernel; all arrays have w's size."""
    cdef const optimizer_kernel *k = <const optimizer_kernel *>PyCapsule_GetPointer(kernel, PYFC_OPTIMIZER_CAPSULE)
    cdef int dtype = float_type(w)
    cdef int64_t n = w.size
    cdef void *arrays[MAX_STATES]
    cdef const double *h = <const double *>data(hyper, "hyper", cnp.NPY_DOUBLE, k.hypers, False)
    cdef void *w_data = data(w, "w", dtype, n, True)
    cdef const void *dw_data = data(dw, "dw", dtype, n, False)
    if len(state) != <Py_ssize_t>k.states:
        raise ValueError(f"state has {len(state)} arrays: expected {k.states}; use new_state")
    for i in range(<Py_ssize_t>k.states):
        arrays[i] = data(state[i], "state", dtype, n, True)
    cdef int result
    if dtype == cnp.NPY_FLOAT:
        with nogil:
            result = k.update_f32(n, <float *>w_data, <const float *>dw_data, <float *const *>arrays, lr, step, h)
    else:
        with nogil:
            result = k.update_f64(n, <double *>w_data, <const double *>dw_data, <double *const *>arrays, lr, step, h)
    check(result, "update")


cdef int float_type(cnp.ndarray array) except -1:
    cdef int dtype = cnp.PyArray_TYPE(array)
    if dtype != cnp.NPY_FLOAT and dtype != cnp.NPY_DOUBLE:
        raise TypeError(f"array has dtype {array.dtype}: expected float32 or float64")
    return dtype


cdef (int64_t, int64_t) matrix_shape(cnp.ndarray array, str name) except *:
    if cnp.PyArray_NDIM(array) != 2:
        raise ValueError(f"{name} has {cnp.PyArray_NDIM(array)} dimensions: expected 2")
    return cnp.PyArray_DIM(array, 0), cnp.PyArray_DIM(array, 1)


cdef int64_t params(const activation_kernel *k, cnp.ndarray a, int64_t cols) except -1:
    """Return how many learned parameters there are."""
    cdef int64_t count = cnp.PyArray_SIZE(a)
    if bool(k.flags & LEARNS) != bool(count) and (count or cols):
        raise ValueError(f"a has {count} numbers: expected {'1 or ' + str(cols) if k.flags & LEARNS else 'none'}")
    if count != 0 and count != 1 and count != cols:
        raise ValueError(f"a has {count} numbers: expected none, 1, or {cols}, one for each column")
    return count


cdef void *data(array, str name, int dtype, int64_t size, bint written) except? NULL:
    """Return the memory of an array that has this dtype and size (-1: any) in one piece."""
    if not isinstance(array, cnp.ndarray):
        raise TypeError(f"{name} is {type(array).__name__}: expected an ndarray")
    cdef cnp.ndarray a = array
    if cnp.PyArray_TYPE(a) != dtype or not cnp.PyArray_ISNOTSWAPPED(a):
        raise TypeError(f"{name} has dtype {a.dtype}: expected {cnp.PyArray_DescrFromType(dtype)}")
    if not cnp.PyArray_ISALIGNED(a):
        raise ValueError(f"{name} is not aligned in memory: use numpy.require(..., requirements='CA')")
    if not cnp.PyArray_IS_C_CONTIGUOUS(a):
        raise ValueError(f"{name} is not C-contiguous: use numpy.ascontiguousarray")
    if size >= 0 and cnp.PyArray_SIZE(a) != size:
        raise ValueError(f"{name} has {cnp.PyArray_SIZE(a)} numbers: expected {size}")
    if written and not cnp.PyArray_ISWRITEABLE(a):
        raise ValueError(f"{name} is read-only: expected a writeable array")
    return cnp.PyArray_DATA(a)


cdef int loss_shape(const loss_kernel *k, cnp.ndarray y, shape_t *shape) except -1:
    shape.rows, shape.cols = matrix_shape(y, "y")
    shape.out_cols = shape.cols
    shape.params = 0
    return 0


cdef int targets(
    const loss_kernel *k, cnp.ndarray t, int dtype, const shape_t *shape, const void **numbers, const int64_t **labels,
) except -1:
    """Set numbers or labels, the other to NULL."""
    cdef int64_t i
    numbers[0] = NULL
    labels[0] = NULL
    if cnp.PyArray_TYPE(t) == cnp.NPY_INT64:
        if not k.flags & TAKES_LABELS:
            raise TypeError("t is int64 and this loss takes no labels: expected numbers of y's dtype and shape")
        labels[0] = <const int64_t *>data(t, "t", cnp.NPY_INT64, shape.rows, False)
        for i in range(shape.rows):
            if labels[0][i] < 0 or labels[0][i] >= shape.cols:
                raise ValueError(f"t[{i}] is {labels[0][i]}: expected a label from 0 to {shape.cols - 1}")
    else:
        numbers[0] = data(t, "t", dtype, shape.rows * shape.cols, False)
    return 0


cdef int check(int result, str function) except -1:
    if result != 0:
        raise KernelError(f"the kernel's {function} returned status {result}: expected 0")
    return 0
