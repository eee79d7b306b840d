/* maxout: the largest of each group of inputs. In C, against pyfc_kernel.h alone.
 *
 * Its derivation is in maxout.py, and the numbers in brackets at the ends of lines are those of its steps. The functions
 * are the same for float and double: a macro over the type.
 */
#include <Python.h>

#include "pyfc_kernel.h"

#define FUNCTIONS(real, suffix)                                                                                        \
    /* Where the largest is: the first of equal ones, or the first NaN, which makes the output NaN. */                 \
    static inline int64_t largest_##suffix(const real *z, int64_t pieces)                                              \
    {                                                                                                                  \
        int64_t k, top = 0;                                                                                            \
        for (k = 1; k < pieces && z[top] == z[top]; k++)                                                               \
            top = z[k] <= z[top] ? top : k;                                                                  /* (2) */ \
        return top;                                                                                                    \
    }                                                                                                                  \
                                                                                                                       \
    static int forward_##suffix(                                                                                       \
        const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper)                           \
    {                                                                                                                  \
        int64_t j, pieces = (int64_t)hyper[0];                                                                         \
        for (j = 0; j < shape->rows * shape->out_cols; j++)                                                            \
            y[j] = z[j * pieces + largest_##suffix(z + j * pieces, pieces)];                                 /* (1) */ \
        return PYFC_OK;                                                                                                \
    }                                                                                                                  \
                                                                                                                       \
    static int backward_##suffix(                                                                                      \
        const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz,                               \
        const real *a, real *da, const double *hyper)                                                                  \
    {                                                                                                                  \
        int64_t j, k, top, pieces = (int64_t)hyper[0];                                                                 \
        for (j = 0; j < shape->rows * shape->out_cols; j++) {                                                          \
            top = largest_##suffix(z + j * pieces, pieces);                                                            \
            for (k = 0; k < pieces; k++)                                                                               \
                dz[j * pieces + k] = 0;                                                                                \
            /* 0, unless it is NaN or infinite: then dz is NaN. */                                                     \
            dz[j * pieces + top] = dy[j] + (z[j * pieces + top] - z[j * pieces + top]);                      /* (3) */ \
        }                                                                                                              \
        return PYFC_OK;                                                                                                \
    }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)

static pyfc_activation functions = {
    PYFC_ABI_VERSION, sizeof(pyfc_activation), PYFC_NEEDS_Z, 1,
    forward_f32, forward_f64, backward_f32, backward_f64,
};

static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "_maxout", "The kernel of maxout.", -1, NULL };

PyMODINIT_FUNC PyInit__maxout(void)
{
    PyObject *self = PyModule_Create(&module);
    PyObject *kernel = self ? PyCapsule_New(&functions, PYFC_ACTIVATION_CAPSULE, NULL) : NULL;
    if (kernel == NULL || PyModule_AddObjectRef(self, "kernel", kernel) < 0)
        Py_CLEAR(self);
    Py_XDECREF(kernel);
    return self;
}
