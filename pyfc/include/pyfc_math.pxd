"""The Cython side of pyfc_math.h: one name per function for both precisions.

A literal such as 1 or 0.5 in an expression is a C double and would drag a float loop through double: give it a type,
`cdef real one = 1`.
"""
from pyfc_kernel cimport int64_t, real

cdef extern from "pyfc_math.h" nogil:
    const double DOWN "PYFC_DOWN"  # 2**-100
    float pyfc_exp_f32(float)
    double pyfc_exp_f64(double)
    float pyfc_exp_below_f32(float)
    double pyfc_exp_below_f64(double)
    float pyfc_exp_up_f32(float, float)
    double pyfc_exp_up_f64(double, double)
    double pyfc_exp_up_low_f64(double, double, double *)
    double pyfc_product_low_f64(double, double, double)
    double pyfc_sum_low_f64(double, double, double)
    float pyfc_divide_f32(float, float, float, float)
    double pyfc_divide_f64(double, double, double, double)
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
    float pyfc_tanh_rest_f32(float)
    double pyfc_tanh_rest_f64(double)
    float pyfc_tanh_square_rest_f32(float)
    double pyfc_tanh_square_rest_f64(double)
    float pyfc_normal_tail_slope_f32(float)
    double pyfc_normal_tail_slope_f64(double)
    float pyfc_normal_tail_x_f32(float)
    double pyfc_normal_tail_x_f64(double)
    float pyfc_rounded_f32(float)
    double pyfc_rounded_f64(double)
    float pyfc_choose_f32(float, float, float)
    double pyfc_choose_f64(double, double, double)
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


cdef inline real distance(real x, real far) noexcept nogil:
    """|x|, but no more than far."""
    cdef real d = absolute(x)
    return far if d > far else d


cdef inline real rounded(real product) noexcept nogil:
    """A product that is added to another one, so that a compiler always fuses the other with the addition."""
    if real is float:
        return pyfc_rounded_f32(product)
    else:
        return pyfc_rounded_f64(product)


cdef inline real choose(real x, real plus, real minus) noexcept nogil:
    """One of two numbers, by the sign of x, without a branch; 0.0 is plus and -0.0 is minus."""
    if real is float:
        return pyfc_choose_f32(x, plus, minus)
    else:
        return pyfc_choose_f64(x, plus, minus)


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


cdef inline real exp_up(real x, real lo) noexcept nogil:
    """2**100 * exp(x + lo) for x from -770 (float: -150) to 0, where lo is what rounding took from x.

    A product with it keeps its precision where exp(x) itself would be subnormal; multiply by DOWN in the end.
    """
    if real is float:
        return pyfc_exp_up_f32(x, lo)
    else:
        return pyfc_exp_up_f64(x, lo)


cdef inline real exp_up_low(real x, real lo, real *low) noexcept nogil:
    """The same; low is what rounding took from it, for divide, and in single precision 0."""
    if real is float:
        low[0] = 0
        return pyfc_exp_up_f32(x, lo)
    else:
        return pyfc_exp_up_low_f64(x, lo, low)


cdef inline real product_low(real a, real b, real p) noexcept nogil:
    """What rounding took from p = a * b, as far as the processor can tell; in single precision 0."""
    if real is float:
        return 0
    else:
        return pyfc_product_low_f64(a, b, p)


cdef inline real sum_low(real a, real b, real s) noexcept nogil:
    """What rounding took from s = a + b; in single precision 0."""
    if real is float:
        return 0
    else:
        return pyfc_sum_low_f64(a, b, s)


cdef inline real less(real p, real n, real low, real w) noexcept nogil:
    """p - n * w, and low * (1 - w), where p and n are short of low; in single precision, p - n * w."""
    if real is float:
        return p - n * w
    else:
        return p + ((low - low * w) - n * w)


cdef inline real divide(real n, real nl, real d, real dl) noexcept nogil:
    """(n + nl) / (d + dl), where nl and dl are what rounding took from n and d; in single precision, n / d."""
    if real is float:
        return pyfc_divide_f32(n, nl, d, dl)
    else:
        return pyfc_divide_f64(n, nl, d, dl)


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


cdef inline real tanh_rest(real w) noexcept nogil:
    """(1 - tanh(x)/x) / w for w = x**2 from 0 to 1."""
    if real is float:
        return pyfc_tanh_rest_f32(w)
    else:
        return pyfc_tanh_rest_f64(w)


cdef inline real tanh_square_rest(real w) noexcept nogil:
    """(1 - tanh(x)**2 / w) / w for w = x**2 from 0 to 1."""
    if real is float:
        return pyfc_tanh_square_rest_f32(w)
    else:
        return pyfc_tanh_square_rest_f64(w)


cdef inline real normal_tail_x(real x) noexcept nogil:
    """2**100 * x * the integral of the normal density from x on, for x from 0 to 39 (float: 15)."""
    if real is float:
        return pyfc_normal_tail_x_f32(x)
    else:
        return pyfc_normal_tail_x_f64(x)


cdef inline real normal_tail_slope(real x) noexcept nogil:
    """2**100 * (the integral of the normal density from x on, less x * the density), for x from 0 to 39 (float: 15)."""
    if real is float:
        return pyfc_normal_tail_slope_f32(x)
    else:
        return pyfc_normal_tail_slope_f64(x)


cdef inline real exp_below(real x) noexcept nogil:
    """exp(x) for x <= 0; faster than exp."""
    if real is float:
        return pyfc_exp_below_f32(x)
    else:
        return pyfc_exp_below_f64(x)


cdef inline double sum_of(const real *x, int64_t n) noexcept nogil:
    """The sum of n numbers, in four parts, so that an addition need not wait for the one before it."""
    cdef int64_t j = 0
    cdef double a = 0, b = 0, c = 0, d = 0
    while j + 4 <= n:
        a += x[j]
        b += x[j + 1]
        c += x[j + 2]
        d += x[j + 3]
        j += 4
    while j < n:
        a += x[j]
        j += 1
    return (a + b) + (c + d)


cdef inline int64_t largest(const real *x, int64_t n) noexcept nogil:
    """The index of the largest of n > 0 numbers, the first of equal ones; it has no branch to mispredict."""
    cdef int64_t j, top = 0
    cdef real c = x[0]
    for j in range(1, n):
        top += (j - top) * (x[j] > c)
        c = x[j] if x[j] > c else c
    return top


cdef inline real highest(const real *x, int64_t n) noexcept nogil:
    """The largest of n > 0 numbers."""
    cdef int64_t j
    cdef real c = x[0]
    for j in range(1, n):
        c = x[j] if x[j] > c else c
    return c
