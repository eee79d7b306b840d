"""The Cython side of pyfc_math.h: one name per function for both precisions."""
from pyfc_kernel cimport real

cdef extern from "pyfc_math.h" nogil:
    float pyfc_exp_f32(float)
    double pyfc_exp_f64(double)

cdef inline real exp(real x) noexcept nogil:
    if real is float:
        return pyfc_exp_f32(x)
    else:
        return pyfc_exp_f64(x)
