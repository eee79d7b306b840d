"""The Cython side of pyfc_kernel.h: the names that a component's .pyx file needs, and nothing else.

Compile with pyfc.get_include() on the include path, then `from pyfc_kernel cimport real, shape_t, status, ...`.
"""
from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int64_t, uint32_t

ctypedef fused real:
    float
    double

cdef extern from "pyfc_kernel.h" nogil:
    ctypedef int status "PYFC_STATUS"

    const uint32_t PYFC_ABI_VERSION
    const char *PYFC_ACTIVATION_CAPSULE
    const char *PYFC_LOSS_CAPSULE
    const char *PYFC_OPTIMIZER_CAPSULE
    const uint32_t NEEDS_Z "PYFC_NEEDS_Z"
    const uint32_t NEEDS_Y "PYFC_NEEDS_Y"
    const uint32_t ELEMENTWISE "PYFC_ELEMENTWISE"
    const uint32_t IN_PLACE "PYFC_IN_PLACE"
    const uint32_t LEARNS "PYFC_LEARNS"
    const uint32_t TAKES_LABELS "PYFC_TAKES_LABELS"

    ctypedef struct shape_t "pyfc_shape":
        int64_t rows
        int64_t cols
        int64_t out_cols
        int64_t params

    ctypedef status (*activation_forward_f32 "pyfc_activation_forward_f32")(
        const shape_t *, const float *, float *, const float *, const double *) noexcept
    ctypedef status (*activation_forward_f64 "pyfc_activation_forward_f64")(
        const shape_t *, const double *, double *, const double *, const double *) noexcept
    ctypedef status (*activation_backward_f32 "pyfc_activation_backward_f32")(
        const shape_t *, const float *, const float *, const float *, float *, const float *, float *,
        const double *) noexcept
    ctypedef status (*activation_backward_f64 "pyfc_activation_backward_f64")(
        const shape_t *, const double *, const double *, const double *, double *, const double *, double *,
        const double *) noexcept

    ctypedef struct activation_kernel "pyfc_activation":
        uint32_t abi
        uint32_t size
        uint32_t flags
        uint32_t hypers
        activation_forward_f32 forward_f32
        activation_forward_f64 forward_f64
        activation_backward_f32 backward_f32
        activation_backward_f64 backward_f64

    ctypedef status (*loss_forward_f32 "pyfc_loss_forward_f32")(
        const shape_t *, const float *, const float *, const int64_t *, float *, const double *) noexcept
    ctypedef status (*loss_forward_f64 "pyfc_loss_forward_f64")(
        const shape_t *, const double *, const double *, const int64_t *, double *, const double *) noexcept
    ctypedef status (*loss_backward_f32 "pyfc_loss_backward_f32")(
        const shape_t *, const float *, const float *, const int64_t *, const float *, float *,
        const double *) noexcept
    ctypedef status (*loss_backward_f64 "pyfc_loss_backward_f64")(
        const shape_t *, const double *, const double *, const int64_t *, const double *, double *,
        const double *) noexcept

    ctypedef struct loss_kernel "pyfc_loss":
        uint32_t abi
        uint32_t size
        uint32_t flags
        uint32_t hypers
        loss_forward_f32 forward_f32
        loss_forward_f64 forward_f64
        loss_backward_f32 backward_f32
        loss_backward_f64 backward_f64

    ctypedef status (*optimizer_update_f32 "pyfc_optimizer_update_f32")(
        int64_t, float *, const float *, float *const *, double, int64_t, const double *) noexcept
    ctypedef status (*optimizer_update_f64 "pyfc_optimizer_update_f64")(
        int64_t, double *, const double *, double *const *, double, int64_t, const double *) noexcept

    ctypedef struct optimizer_kernel "pyfc_optimizer":
        uint32_t abi
        uint32_t size
        uint32_t flags
        uint32_t hypers
        uint32_t states
        uint32_t reserved
        optimizer_update_f32 update_f32
        optimizer_update_f64 update_f64


cdef inline object activation_capsule(
    activation_kernel *kernel, uint32_t flags, uint32_t hypers,
    activation_forward_f32 forward_f32, activation_forward_f64 forward_f64,
    activation_backward_f32 backward_f32, activation_backward_f64 backward_f64,
):
    """Fill a module's static struct and wrap it for Python; the module must outlive the capsule, as modules do.

    hypers is how many hyper-parameters the functions read: as many as the class declares.
    """
    kernel.abi = PYFC_ABI_VERSION
    kernel.size = sizeof(activation_kernel)
    kernel.flags = flags
    kernel.hypers = hypers
    kernel.forward_f32 = forward_f32
    kernel.forward_f64 = forward_f64
    kernel.backward_f32 = backward_f32
    kernel.backward_f64 = backward_f64
    return PyCapsule_New(kernel, PYFC_ACTIVATION_CAPSULE, NULL)


cdef inline object loss_capsule(
    loss_kernel *kernel, uint32_t flags, uint32_t hypers,
    loss_forward_f32 forward_f32, loss_forward_f64 forward_f64,
    loss_backward_f32 backward_f32, loss_backward_f64 backward_f64,
):
    """The same for a loss."""
    kernel.abi = PYFC_ABI_VERSION
    kernel.size = sizeof(loss_kernel)
    kernel.flags = flags
    kernel.hypers = hypers
    kernel.forward_f32 = forward_f32
    kernel.forward_f64 = forward_f64
    kernel.backward_f32 = backward_f32
    kernel.backward_f64 = backward_f64
    return PyCapsule_New(kernel, PYFC_LOSS_CAPSULE, NULL)


cdef inline object optimizer_capsule(
    optimizer_kernel *kernel, uint32_t flags, uint32_t hypers, uint32_t states,
    optimizer_update_f32 update_f32, optimizer_update_f64 update_f64,
):
    """The same for an optimizer with so many state arrays."""
    kernel.abi = PYFC_ABI_VERSION
    kernel.size = sizeof(optimizer_kernel)
    kernel.flags = flags
    kernel.hypers = hypers
    kernel.states = states
    kernel.update_f32 = update_f32
    kernel.update_f64 = update_f64
    return PyCapsule_New(kernel, PYFC_OPTIMIZER_CAPSULE, NULL)
