/* Prints what a header of the C interface says: each constant, and each struct's size, alignment and offsets. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include HEADER

#define NUMBER(name) printf(#name " %" PRIu64 "\n", (uint64_t)(name))
#define TEXT(name) printf(#name " %s\n", name)
#define STRUCT(type) printf(#type " size %zu\n", sizeof(type))
#define AT(type, member) printf(#type "." #member " %zu %zu\n", offsetof(type, member), sizeof(((type *)0)->member))

/* The types of the functions: an assignment of another one would not compile (-Werror). */
#define FUNCTIONS(real, suffix)                                                                                        \
    static int f_##suffix(const pyfc_shape *s, const real *z, real *y, const real *a, const double *h) { return 0; }   \
    static int b_##suffix(const pyfc_shape *s, const real *z, const real *y, const real *dy, real *dz, const real *a,  \
                          real *da, const double *h) { return 0; }                                                     \
    static int lf_##suffix(const pyfc_shape *s, const real *y, const real *t, const int64_t *l, real *loss,            \
                           const double *h) { return 0; }                                                              \
    static int lb_##suffix(const pyfc_shape *s, const real *y, const real *t, const int64_t *l, const real *scale,     \
                           real *dy, const double *h) { return 0; }                                                    \
    static int u_##suffix(int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step,             \
                          const double *h) { return 0; }
FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
static const pyfc_activation activation = {0, 0, 0, 0, f_f32, f_f64, b_f32, b_f64};
static const pyfc_loss loss = {0, 0, 0, 0, lf_f32, lf_f64, lb_f32, lb_f64};
static const pyfc_optimizer optimizer = {0, 0, 0, 0, 0, 0, u_f32, u_f64};

int main(void)
{
    NUMBER(PYFC_ABI_MAJOR);
    NUMBER(PYFC_OK);
    NUMBER(PYFC_NEEDS_Z);
    NUMBER(PYFC_NEEDS_Y);
    NUMBER(PYFC_ELEMENTWISE);
    NUMBER(PYFC_IN_PLACE);
    NUMBER(PYFC_LEARNS);
    NUMBER(PYFC_TAKES_LABELS);
    TEXT(PYFC_ACTIVATION_CAPSULE);
    TEXT(PYFC_LOSS_CAPSULE);
    TEXT(PYFC_OPTIMIZER_CAPSULE);
    STRUCT(pyfc_shape);
    AT(pyfc_shape, rows);
    AT(pyfc_shape, cols);
    AT(pyfc_shape, out_cols);
    AT(pyfc_shape, params);
    STRUCT(pyfc_activation);
    AT(pyfc_activation, abi);
    AT(pyfc_activation, size);
    AT(pyfc_activation, flags);
    AT(pyfc_activation, hypers);
    AT(pyfc_activation, forward_f32);
    AT(pyfc_activation, forward_f64);
    AT(pyfc_activation, backward_f32);
    AT(pyfc_activation, backward_f64);
    STRUCT(pyfc_loss);
    AT(pyfc_loss, abi);
    AT(pyfc_loss, size);
    AT(pyfc_loss, flags);
    AT(pyfc_loss, hypers);
    AT(pyfc_loss, forward_f32);
    AT(pyfc_loss, forward_f64);
    AT(pyfc_loss, backward_f32);
    AT(pyfc_loss, backward_f64);
    STRUCT(pyfc_optimizer);
    AT(pyfc_optimizer, abi);
    AT(pyfc_optimizer, size);
    AT(pyfc_optimizer, flags);
    AT(pyfc_optimizer, hypers);
    AT(pyfc_optimizer, states);
    AT(pyfc_optimizer, reserved);
    AT(pyfc_optimizer, update_f32);
    AT(pyfc_optimizer, update_f64);
    return (int)(activation.flags + loss.flags + optimizer.flags);
}
