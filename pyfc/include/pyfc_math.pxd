"""The Cython side of pyfc_math.h: one name per function for both precisions.

A literal such as 1 or 0.5 in an expression is a C double and would drag a float loop through double: give it a type,
`cdef real one = 1`.
"""
from pyfc_kernel cimport real

cdef extern from "pyfc_math.h" nogil:
    const double DOWN "PYFC_DOWN"  # 2**-100
    float pyfc_exp_f32(float)
    double pyfc_exp_f64(double)
    float pyfc_exp_up_f32(float, float)
    double pyfc_exp_up_f64(double, double)
    float pyfc_expm1_f32(float)
    double pyfc_expm1_f64(double)
    float pyfc_log_f32(float)
    double pyfc_log_f64(double)
    float pyfc_log1p_f32(float)
    double pyfc_log1p_f64(double)
    float pyfc_log1p_unit_f32(float)
    double pyfc_log1p_unit_f64(double)
    double short "pyfc_short_f64"(double)
    float pyfc_tanh_f32(float)
    double pyfc_tanh_f64(double)
    float pyfc_normal_tail_f32(float, float *)
    double pyfc_normal_tail_f64(double, double *)
    float pyfc_normal_tail_x_f32(float)
    double pyfc_normal_tail_x_f64(double)
    float fabsf(float)
    double fabs(double)
    float copysignf(float, float)
    double copysign_f64 "copysign"(double, double)
    float sqrtf(float)
    double sqrt_f64 "sqrt"(double)


cdef inline real absolute(real x) noexcept nogil:
    """|x|."""
    if real is float:
        return fabsf(x)
    else:
        return fabs(x)


cdef inline real copysign(real x, real sign) noexcept nogil:
    """x with the sign of another number, which may be -0.0."""
    if real is float:
        return copysignf(x, sign)
    else:
        return copysign_f64(x, sign)


cdef inline real limit(real x, real far) noexcept nogil:
    """x, but no further than far from 0."""
    cdef real c = far if x > far else x
    return -far if c < -far else c


cdef inline real sqrt(real x) noexcept nogil:
    """The square root of x; in float it is sqrtf, one instruction, and not a detour by double."""
    if real is float:
        return sqrtf(x)
    else:
        return sqrt_f64(x)


cdef inline real exp(real x) noexcept nogil:
    """exp(x)."""
    if real is float:
        return pyfc_exp_f32(x)
    else:
        return pyfc_exp_f64(x)


cdef inline real exp_up(real x, real low) noexcept nogil:
    """2**100 * exp(x + low) for x <= 0, where low is what rounding took from x.

    A product with it keeps its precision where exp(x) itself would be subnormal; multiply by DOWN in the end.
    """
    if real is float:
        return pyfc_exp_up_f32(x, low)
    else:
        return pyfc_exp_up_f64(x, low)


cdef inline real expm1(real x) noexcept nogil:
    """exp(x) - 1."""
    if real is float:
        return pyfc_expm1_f32(x)
    else:
        return pyfc_expm1_f64(x)


cdef inline real log(real x) noexcept nogil:
    """log(x)."""
    if real is float:
        return pyfc_log_f32(x)
    else:
        return pyfc_log_f64(x)


cdef inline real log1p(real x) noexcept nogil:
    """log(1 + x)."""
    if real is float:
        return pyfc_log1p_f32(x)
    else:
        return pyfc_log1p_f64(x)


cdef inline real log1p_unit(real x) noexcept nogil:
    """log(1 + x) for x from 0 to 1; faster than log1p."""
    if real is float:
        return pyfc_log1p_unit_f32(x)
    else:
        return pyfc_log1p_unit_f64(x)


cdef inline real tanh(real x) noexcept nogil:
    """tanh(x)."""
    if real is float:
        return pyfc_tanh_f32(x)
    else:
        return pyfc_tanh_f64(x)


cdef inline real normal_tail(real x, real *density) noexcept nogil:
    """2**100 * the normal density and its integral from x on, for x from 0 to 39 (float: 15)."""
    if real is float:
        return pyfc_normal_tail_f32(x, density)
    else:
        return pyfc_normal_tail_f64(x, density)


cdef inline real normal_tail_x(real x) noexcept nogil:
    """2**100 * x * the integral of the normal density from x on, for x from 0 to 39 (float: 15)."""
    if real is float:
        return pyfc_normal_tail_x_f32(x)
    else:
        return pyfc_normal_tail_x_f64(x)
