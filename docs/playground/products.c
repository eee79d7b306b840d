/* products.c: the dense layer for the playground, by the products of gemm.h that pyfc's own dense layer is made of.
 *
 * The four functions are those of src/dense.pyx, (2) to (5), word for word; that file itself is tied to NumPy.
 */
#include "gemm.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

/* All that gemm_work asks for in products of fewer than GEMM_SHARED columns: a layer here is 8 wide at most. */
static double work[48 * GEMM_DEPTH];

void EXPORT(dense_forward)(int n, int p, int q, const double *X, const double *W, const double *b, double *Z)
{
    gemm_f64(n, q, p, X, p, 1, W, q, 1, b, 0, Z, q, work); /* (2) */
}

void EXPORT(dense_backward_x)(int n, int p, int q, const double *dZ, const double *W, double *dX)
{
    gemm_f64(n, p, q, dZ, q, 1, W, 1, q, NULL, 0, dX, p, work); /* (3) */
}

void EXPORT(dense_backward_w)(int n, int p, int q, const double *dZ, const double *X, double *dW)
{
    gemm_f64(p, q, n, X, 1, p, dZ, q, 1, NULL, 0, dW, q, work); /* (4) */
}

void EXPORT(dense_backward_b)(int n, int q, const double *dZ, double *db)
{
    const double one = 1;
    gemm_f64(1, q, n, &one, 1, 0, dZ, q, 1, NULL, 0, db, q, work); /* (5) */
}

/* Where memory begins that nothing in here uses: JavaScript lays its arrays there. */
extern unsigned char __heap_base;
unsigned char *EXPORT(heap)(void) { return &__heap_base; }
