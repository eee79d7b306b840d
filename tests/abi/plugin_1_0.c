/* A plugin as it was written for version 1.0 of the interface, in plain C: an activation with a hyper-parameter, one with
 * a learned parameter, a loss that takes labels, and an optimizer. It is built against the frozen header alone, and is
 * never changed. plugin.py wraps it for Python. */
#include <math.h>
#include <stddef.h>
#include "pyfc_kernel_1_0.h"

#define ACTIVATIONS(real, suffix, absolute)                                                                            \
    static int bend_forward_##suffix(                                                                                  \
        const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper)                           \
    {                                                                                                                  \
        const real s = (real)hyper[0];                                                                                 \
        for (int64_t i = 0; i < shape->rows * shape->cols; i++)                                                        \
            y[i] = z[i] / (1 + s * absolute(z[i]));                                                                    \
        return PYFC_OK;                                                                                                \
    }                                                                                                                  \
    static int bend_backward_##suffix(                                                                                 \
        const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, const real *a, real *da,      \
        const double *hyper)                                                                                           \
    {                                                                                                                  \
        const real s = (real)hyper[0];                                                                                 \
        for (int64_t i = 0; i < shape->rows * shape->cols; i++) {                                                      \
            const real q = 1 / (1 + s * absolute(z[i]));                                                               \
            dz[i] = dy[i] * q * q;                                                                                     \
        }                                                                                                              \
        return PYFC_OK;                                                                                                \
    }                                                                                                                  \
    static int gain_forward_##suffix(                                                                                  \
        const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper)                           \
    {                                                                                                                  \
        for (int64_t i = 0; i < shape->rows * shape->cols; i++)                                                        \
            y[i] = a[shape->params == 1 ? 0 : i % shape->cols] * z[i];                                                 \
        return PYFC_OK;                                                                                                \
    }                                                                                                                  \
    static int gain_backward_##suffix(                                                                                 \
        const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, const real *a, real *da,      \
        const double *hyper)                                                                                           \
    {                                                                                                                  \
        for (int64_t k = 0; k < shape->params; k++)                                                                    \
            da[k] = 0;                                                                                                 \
        for (int64_t i = 0; i < shape->rows * shape->cols; i++) {                                                      \
            const int64_t k = shape->params == 1 ? 0 : i % shape->cols;                                                \
            da[k] += dy[i] * z[i];                                                                                     \
            dz[i] = dy[i] * a[k];                                                                                      \
        }                                                                                                              \
        return PYFC_OK;                                                                                                \
    }
ACTIVATIONS(float, f32, fabsf)
ACTIVATIONS(double, f64, fabs)

pyfc_activation bend = {
    PYFC_ABI_VERSION, sizeof(pyfc_activation), PYFC_NEEDS_Z | PYFC_ELEMENTWISE | PYFC_IN_PLACE, 1,
    bend_forward_f32, bend_forward_f64, bend_backward_f32, bend_backward_f64};
pyfc_activation gain = {
    PYFC_ABI_VERSION, sizeof(pyfc_activation), PYFC_NEEDS_Z | PYFC_ELEMENTWISE | PYFC_LEARNS, 0,
    gain_forward_f32, gain_forward_f64, gain_backward_f32, gain_backward_f64};

#define LOSS(real, suffix)                                                                                             \
    static int brier_forward_##suffix(                                                                                 \
        const pyfc_shape *shape, const real *y, const real *t, const int64_t *labels, real *loss,                      \
        const double *hyper)                                                                                           \
    {                                                                                                                  \
        for (int64_t i = 0; i < shape->rows; i++) {                                                                    \
            real sum = 0;                                                                                              \
            for (int64_t j = 0; j < shape->cols; j++) {                                                                \
                const int64_t k = i * shape->cols + j;                                                                 \
                const real d = y[k] - (labels ? (real)(labels[i] == j) : t[k]);                                        \
                sum += d * d;                                                                                          \
            }                                                                                                          \
            loss[i] = (real)hyper[0] * sum;                                                                            \
        }                                                                                                              \
        return PYFC_OK;                                                                                                \
    }                                                                                                                  \
    static int brier_backward_##suffix(                                                                                \
        const pyfc_shape *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,     \
        const double *hyper)                                                                                           \
    {                                                                                                                  \
        for (int64_t i = 0; i < shape->rows; i++)                                                                      \
            for (int64_t j = 0; j < shape->cols; j++) {                                                                \
                const int64_t k = i * shape->cols + j;                                                                 \
                const real d = y[k] - (labels ? (real)(labels[i] == j) : t[k]);                                        \
                dy[k] = scale[i] * 2 * (real)hyper[0] * d;                                                             \
            }                                                                                                          \
        return PYFC_OK;                                                                                                \
    }
LOSS(float, f32)
LOSS(double, f64)

pyfc_loss brier = {
    PYFC_ABI_VERSION, sizeof(pyfc_loss), PYFC_TAKES_LABELS, 1,
    brier_forward_f32, brier_forward_f64, brier_backward_f32, brier_backward_f64};

#define OPTIMIZER(real, suffix)                                                                                        \
    static int heavy_update_##suffix(                                                                                  \
        int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper)          \
    {                                                                                                                  \
        const real rate = (real)lr, keep = step > 1 ? (real)hyper[0] : 0;                                              \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            state[0][i] = keep * state[0][i] + dw[i];                                                                  \
            w[i] -= rate * state[0][i];                                                                                \
        }                                                                                                              \
        return PYFC_OK;                                                                                                \
    }
OPTIMIZER(float, f32)
OPTIMIZER(double, f64)

pyfc_optimizer heavy = {
    PYFC_ABI_VERSION, sizeof(pyfc_optimizer), PYFC_ELEMENTWISE, 1, 1, 0, heavy_update_f32, heavy_update_f64};
