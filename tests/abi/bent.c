/* The activation y = z / (1 + |z|), as a template: the tests of wrong plugins put other text in the place of a line. */
#include <math.h>
#include "pyfc_kernel.h"

#define FLAGS (PYFC_NEEDS_Z | PYFC_ELEMENTWISE)
#define EACH for (int64_t i = 0; i < n; i++)

#define real float
#define NAME(name) name##_f32
#define DOUBLE 0
#include "bent_functions.h"
#undef real
#undef NAME
#undef DOUBLE
#define real double
#define NAME(name) name##_f64
#define DOUBLE 1
#include "bent_functions.h"

pyfc_activation bent = {
    PYFC_ABI_VERSION, sizeof(pyfc_activation), FLAGS, 0, forward_f32, forward_f64, backward_f32, backward_f64};
