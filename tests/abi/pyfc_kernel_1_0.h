/* A frozen copy of pyfc/include/pyfc_kernel.h as of version 1.0 of the interface. Plugins in the world are built against
 * it, so it is never changed: tests/test_abi.py builds plugin_1_0.c with it and runs that through the pyfc of today, and
 * holds both headers against one list of sizes, offsets and values. */
/* pyfc_kernel.h: the C interface between pyfc and a compiled component.
 *
 * Plain C: no Python and no NumPy in it. A component is a static struct of function pointers, each working on a whole
 * array, that reaches pyfc in a PyCapsule. Built-ins use this interface and nothing else, so a compiled plugin is
 * exactly as fast as a built-in.
 *
 * Arrays are C-contiguous; samples are rows, of which there may be none. An array begins where a number of its type may
 * begin, and at no rounder address. A function must not keep a pointer, take Python's lock (the GIL), or write outside
 * its outputs, all of which it fills; it may be called from several threads at once on different rows. It is called for
 * each batch, so it had better not allocate memory; what it does allocate it frees before it returns. It returns
 * PYFC_OK, or a positive number of its own choice that says what went wrong and stops the training.
 *
 * Growing: within a major version the structs of function pointers only get new members at their end, and `size` tells
 * which ones a component knows: pyfc goes on taking the sizes of all earlier minor versions, and does not read what is
 * behind the members that it knows itself. pyfc_shape, which carries no size, stays as it is. A flag that it does not
 * know it refuses, for a component means something by it. The major version is part of the capsule's name, so other
 * majors are refused before they are read.
 *
 * The struct and its functions must outlive the capsule: make the struct static.
 */
#ifndef PYFC_KERNEL_H
#define PYFC_KERNEL_H

#include <stdint.h>

#define PYFC_ABI_MAJOR 1
#define PYFC_ABI_MINOR 0
#define PYFC_ABI_VERSION ((uint32_t)(PYFC_ABI_MAJOR << 16 | PYFC_ABI_MINOR))

#define PYFC_ACTIVATION_CAPSULE "pyfc.activation.v1"
#define PYFC_LOSS_CAPSULE "pyfc.loss.v1"
#define PYFC_OPTIMIZER_CAPSULE "pyfc.optimizer.v1"

#define PYFC_OK 0

/* The return type of a kernel: an int. On x86-64 Linux it also asks the compiler for one copy of the function per
 * instruction set (AVX-512, AVX2, any), of which the loader takes the best that the machine has. Cython writes the
 * return type on a local variable too, where the attribute means nothing. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__x86_64__) && defined(__gnu_linux__) \
    && !defined(PYFC_NATIVE) && !defined(__SANITIZE_ADDRESS__)
#define PYFC_STATUS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) int
#else
#define PYFC_STATUS int
#endif

/* Flags of an activation. */
#define PYFC_NEEDS_Z 1u      /* backward reads the input z */
#define PYFC_NEEDS_Y 2u      /* backward reads the output y */
#define PYFC_ELEMENTWISE 4u  /* y[i] depends on z[i] alone (and on its column's parameter): rows may be split */
#define PYFC_IN_PLACE 8u     /* y may be the same array as z, and dz the same as dy */
#define PYFC_LEARNS 16u      /* reads a and writes da: shape->params is 1 or cols, never 0 */

/* Flags of a loss. */
#define PYFC_TAKES_LABELS 1u /* integer class labels are understood; else they come as one-hot rows */

/* The shape of one call. */
typedef struct {
    int64_t rows;     /* samples */
    int64_t cols;     /* numbers in a row of z (activation) or of y (loss) */
    int64_t out_cols; /* numbers in a row of y (activation); cols for an elementwise function */
    int64_t params;   /* learned parameters: 0, 1 (one for the layer) or cols (one for each unit) */
} pyfc_shape;

/* hyper: the hyper-parameters in the order in which the component declares them, as doubles.
 * a, da: learned parameters and their gradients (da is overwritten), or NULL when params is 0.
 * z or y is NULL in backward unless the flags ask for it. */
#define PYFC_ACTIVATION_FUNCTIONS(real, suffix)                                                              \
    typedef int (*pyfc_activation_forward_##suffix)(                                                         \
        const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper);                \
    typedef int (*pyfc_activation_backward_##suffix)(                                                        \
        const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz,                     \
        const real *a, real *da, const double *hyper);
PYFC_ACTIVATION_FUNCTIONS(float, f32)
PYFC_ACTIVATION_FUNCTIONS(double, f64)

typedef struct {
    uint32_t abi;   /* PYFC_ABI_VERSION */
    uint32_t size;  /* sizeof(pyfc_activation) */
    uint32_t flags;
    uint32_t hypers; /* how many numbers of hyper are read */
    pyfc_activation_forward_f32 forward_f32;
    pyfc_activation_forward_f64 forward_f64;
    pyfc_activation_backward_f32 backward_f32;
    pyfc_activation_backward_f64 backward_f64;
} pyfc_activation;

/* y: the network's output, (rows, cols). The targets are either t, (rows, cols), or labels, (rows,), with every label
 * in [0, cols); the other one is NULL. forward writes the loss of each sample, (rows,). backward writes dy, with
 * row i multiplied by scale[i]: the share of that sample in the mean, 1/rows when no sample weights are given. */
#define PYFC_LOSS_FUNCTIONS(real, suffix)                                                                    \
    typedef int (*pyfc_loss_forward_##suffix)(                                                               \
        const pyfc_shape *shape, const real *y, const real *t, const int64_t *labels, real *loss,            \
        const double *hyper);                                                                                \
    typedef int (*pyfc_loss_backward_##suffix)(                                                              \
        const pyfc_shape *shape, const real *y, const real *t, const int64_t *labels, const real *scale,     \
        real *dy, const double *hyper);
PYFC_LOSS_FUNCTIONS(float, f32)
PYFC_LOSS_FUNCTIONS(double, f64)

typedef struct {
    uint32_t abi;
    uint32_t size;
    uint32_t flags;
    uint32_t hypers;
    pyfc_loss_forward_f32 forward_f32;
    pyfc_loss_forward_f64 forward_f64;
    pyfc_loss_backward_f32 backward_f32;
    pyfc_loss_backward_f64 backward_f64;
} pyfc_loss;

/* One step of an optimizer over n parameters w with gradients dw. state: the optimizer's own arrays of n numbers, as
 * many as it declares, zero before the first step. lr: learning rate. step: 1 in the first step, then 2, ... */
#define PYFC_OPTIMIZER_FUNCTIONS(real, suffix)                                                               \
    typedef int (*pyfc_optimizer_update_##suffix)(                                                           \
        int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper);
PYFC_OPTIMIZER_FUNCTIONS(float, f32)
PYFC_OPTIMIZER_FUNCTIONS(double, f64)

typedef struct {
    uint32_t abi;
    uint32_t size;
    uint32_t flags; /* 0, or PYFC_ELEMENTWISE: w[i] depends on dw[i] and state[..][i] alone, so n may be any part */
    uint32_t hypers;
    uint32_t states; /* how many state arrays: at most 8 */
    uint32_t reserved; /* 0, or it is refused */
    pyfc_optimizer_update_f32 update_f32;
    pyfc_optimizer_update_f64 update_f64;
} pyfc_optimizer;

#endif
