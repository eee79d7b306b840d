/* wasm32.h: what stands before and after a kernel's C source, so that it becomes WebAssembly for the playground.
 *
 * The source is what Cython made of the component's .pyx file, the very text that pyfc itself is compiled from. Its
 * kernels are plain C between much that talks to Python. As the module's entry is made static here and nobody calls it,
 * the compiler drops it with all that hangs on it, and the kernels remain.
 */
#include <Python.h>
#undef PyMODINIT_FUNC
#define PyMODINIT_FUNC static __attribute__((unused)) PyObject *

#include "pyfc_kernel.h"

/* What a kernel calls of the C library comes from JavaScript's Math: to compile a C library for WebAssembly would take
 * a minute. Any other function is an error when this is linked. */
#define FROM_MATH(name) __attribute__((import_module("Math"), import_name(#name))) double math_##name
FROM_MATH(exp)(double x);
FROM_MATH(expm1)(double x);
FROM_MATH(log)(double x);
FROM_MATH(log1p)(double x);
FROM_MATH(pow)(double x, double y);
#define exp(x) math_exp(x)
#define expm1(x) math_expm1(x)
#define log(x) math_log(x)
#define log1p(x) math_log1p(x)
#define pow(x, y) math_pow(x, y)

/* What JavaScript can call. Its whole numbers are doubles, so it gives those instead of 64-bit ones. */
#define EXPORT(name) __attribute__((export_name(#name))) name
#define EXPORT_ACTIVATION(name, forward, backward) \
    int EXPORT(name##_forward)(const pyfc_shape *shape, const double *z, double *y, const double *a, \
        const double *hyper) \
    { return forward(shape, z, y, a, hyper); } \
    int EXPORT(name##_backward)(const pyfc_shape *shape, const double *z, const double *y, const double *dy, \
        double *dz, const double *a, double *da, const double *hyper) \
    { return backward(shape, z, y, dy, dz, a, da, hyper); }
#define EXPORT_LOSS(name, forward, backward) \
    int EXPORT(name##_forward)(const pyfc_shape *shape, const double *y, const double *t, const int64_t *labels, \
        double *loss, const double *hyper) \
    { return forward(shape, y, t, labels, loss, hyper); } \
    int EXPORT(name##_backward)(const pyfc_shape *shape, const double *y, const double *t, const int64_t *labels, \
        const double *scale, double *dy, const double *hyper) \
    { return backward(shape, y, t, labels, scale, dy, hyper); }
#define EXPORT_OPTIMIZER(name, update) \
    int EXPORT(name##_update)(double n, double *w, const double *dw, double *const *state, double lr, double step, \
        const double *hyper) \
    { return update((int64_t)n, w, dw, state, lr, (int64_t)step, hyper); }
