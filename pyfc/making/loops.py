"""The C code around the functions for one number that a formula becomes: the loops over arrays, as text.

GIVEN, TYPED and READ are replaced by the hyper-parameters: as arguments, with their types, and taken from ``hyper``.
"""

# A function that is called in a loop is not vectorised, and a loop's copy for a newer processor would call the old.
# With functions of the C library in it, CALLS, a loop is not vectorised in any case, and is faster as it is; plain
# double is worked out there only where it is needed.
HEAD = """#include "pyfc_kernel.h"
#include "pyfc_pair.h"

#if defined(__GNUC__) && !defined(CALLS)
#define WHOLE __attribute__((flatten))
#else
#define WHOLE
#endif
#ifdef CALLS
#define FINITE(x, plain) (fabs((x).hi + (x).lo) < INFINITY ? (x).hi + (x).lo : (plain))
#else
#define FINITE pyfc_pair_finite
#endif"""

# z and y, or dy and dz, may be the same array: the pragma says that no other overlap is possible.
PLAIN = """
#define LOOPS(real, suffix) \\
WHOLE PYFC_STATUS forward_##suffix( \\
    const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper) \\
{ \\
READ    const int64_t n = shape->rows * shape->cols; \\
    (void)a; (void)hyper; \\
    _Pragma("GCC ivdep") \\
    for (int64_t i = 0; i < n; i++) y[i] = (real)forward_one_##suffix(z[i]GIVEN); \\
    return PYFC_OK; \\
} \\
WHOLE PYFC_STATUS backward_##suffix(const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, \\
    const real *a, real *da, const double *hyper) \\
{ \\
READ    const int64_t n = shape->rows * shape->cols; \\
    (void)y; (void)a; (void)da; (void)hyper; \\
    _Pragma("GCC ivdep") \\
    for (int64_t i = 0; i < n; i++) dz[i] = (real)backward_one_##suffix(z[i]GIVEN, dy[i], 0); \\
    return PYFC_OK; \\
}
LOOPS(float, f32)
LOOPS(double, f64)
"""

# One parameter for all, params == 1, is taken as one long row; each with its own, the columns are.
LEARNED = """
#define LOOPS(real, suffix) \\
static inline void forward_rows_##suffix(int64_t rows, int64_t m, const real *z, real *y, const real *a, int64_t step \\
    TYPED) \\
{ \\
    for (int64_t i = 0; i < rows; i++) { \\
        _Pragma("GCC ivdep") \\
        for (int64_t j = 0; j < m; j++) y[i * m + j] = (real)forward_one_##suffix(z[i * m + j], a[j * step]GIVEN); \\
    } \\
} \\
WHOLE PYFC_STATUS forward_##suffix( \\
    const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper) \\
{ \\
READ    (void)hyper; \\
    if (shape->params == 1) forward_rows_##suffix(1, shape->rows * shape->cols, z, y, a, 0GIVEN); \\
    else forward_rows_##suffix(shape->rows, shape->cols, z, y, a, 1GIVEN); \\
    return PYFC_OK; \\
} \\
static inline double backward_block_##suffix(int64_t rows, int64_t m, int64_t width, const real *z, const real *dy, \\
    real *dz, const real *a, real *da, int64_t step TYPED) \\
{ \\
    double total[64] = { 0 }, sum = 0; \\
    for (int64_t i = 0; i < rows; i++) { \\
        _Pragma("GCC ivdep") \\
        for (int64_t j = 0; j < width; j++) { \\
            double share; \\
            dz[i * m + j] = (real)backward_one_##suffix(z[i * m + j], a[j * step]GIVEN, dy[i * m + j], &share); \\
            total[j] += share; \\
        } \\
    } \\
    for (int64_t j = 0; j < width; j++) { \\
        sum += total[j]; \\
        if (step) da[j] = (real)total[j]; \\
    } \\
    return sum; \\
} \\
WHOLE PYFC_STATUS backward_##suffix(const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, \\
    const real *a, real *da, const double *hyper) \\
{ \\
READ    const int64_t one = shape->params == 1, rows = one ? 1 : shape->rows; \\
    const int64_t m = one ? shape->rows * shape->cols : shape->cols; \\
    double sum = 0; \\
    (void)y; (void)hyper; \\
    for (int64_t j = 0; j < m; j += 64) { \\
        int64_t width = m - j < 64 ? m - j : 64; \\
        if (one) sum += backward_block_##suffix(rows, m, width, z + j, dy + j, dz + j, a, da, 0GIVEN); \\
        else backward_block_##suffix(rows, m, width, z + j, dy + j, dz + j, a + j, da + j, 1GIVEN); \\
    } \\
    if (one) da[0] = (real)sum; \\
    return PYFC_OK; \\
}
LOOPS(float, f32)
LOOPS(double, f64)
"""
