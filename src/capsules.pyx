"""Capsules around functions whose addresses are all that is known of them: from numba, ctypes, cffi or a library that
was compiled a moment ago.

What is at an address cannot be looked at, so whoever calls these runs the conformance kit on the result.
"""
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport uint32_t, uintptr_t
from libc.stdlib cimport calloc, free

from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, LEARNS, NEEDS_Y, NEEDS_Z, PYFC_ABI_VERSION, PYFC_ACTIVATION_CAPSULE, PYFC_LOSS_CAPSULE,
    TAKES_LABELS, activation_backward_f32, activation_backward_f64, activation_forward_f32, activation_forward_f64,
    activation_kernel, loss_backward_f32, loss_backward_f64, loss_forward_f32, loss_forward_f64, loss_kernel)


cdef void free_activation(object capsule) noexcept:
    free(PyCapsule_GetPointer(capsule, PYFC_ACTIVATION_CAPSULE))


cdef void free_loss(object capsule) noexcept:
    free(PyCapsule_GetPointer(capsule, PYFC_LOSS_CAPSULE))


def flags_of(str needs="", bint elementwise=False, bint in_place=False, bint learns=False, bint takes_labels=False):
    """Return the flags of a kernel as a number: the other way round of what ``activation_flags`` reads."""
    cdef uint32_t flags = 0
    for letter, flag in (("z", NEEDS_Z), ("y", NEEDS_Y)):
        if letter in needs:
            flags |= flag
    if elementwise:
        flags |= ELEMENTWISE
    if in_place:
        flags |= IN_PLACE
    if learns:
        flags |= LEARNS
    return TAKES_LABELS if takes_labels else flags


def activation_capsule_of(
    uint32_t flags, uint32_t hypers,
    uintptr_t forward_f32, uintptr_t forward_f64, uintptr_t backward_f32, uintptr_t backward_f64,
):
    """Return a capsule with an activation's kernel, made of the addresses of its functions, which must stay valid.

    Parameters
    ----------
    flags, hypers : int
        As in ``pyfc_activation`` of pyfc_kernel.h.
    forward_f32, forward_f64, backward_f32, backward_f64 : int
        Addresses of functions with the signatures of pyfc_kernel.h.

    Returns
    -------
    PyCapsule
    """
    cdef activation_kernel *kernel = <activation_kernel *>calloc(1, sizeof(activation_kernel))
    if kernel == NULL:
        raise MemoryError("no memory for a kernel")
    kernel.abi, kernel.size, kernel.flags, kernel.hypers = PYFC_ABI_VERSION, sizeof(activation_kernel), flags, hypers
    kernel.forward_f32 = <activation_forward_f32>forward_f32
    kernel.forward_f64 = <activation_forward_f64>forward_f64
    kernel.backward_f32 = <activation_backward_f32>backward_f32
    kernel.backward_f64 = <activation_backward_f64>backward_f64
    return PyCapsule_New(kernel, PYFC_ACTIVATION_CAPSULE, free_activation)


def loss_capsule_of(
    uint32_t flags, uint32_t hypers,
    uintptr_t forward_f32, uintptr_t forward_f64, uintptr_t backward_f32, uintptr_t backward_f64,
):
    """Return the same for a loss."""
    cdef loss_kernel *kernel = <loss_kernel *>calloc(1, sizeof(loss_kernel))
    if kernel == NULL:
        raise MemoryError("no memory for a kernel")
    kernel.abi, kernel.size, kernel.flags, kernel.hypers = PYFC_ABI_VERSION, sizeof(loss_kernel), flags, hypers
    kernel.forward_f32 = <loss_forward_f32>forward_f32
    kernel.forward_f64 = <loss_forward_f64>forward_f64
    kernel.backward_f32 = <loss_backward_f32>backward_f32
    kernel.backward_f64 = <loss_backward_f64>backward_f64
    return PyCapsule_New(kernel, PYFC_LOSS_CAPSULE, free_loss)
