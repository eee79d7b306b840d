/* What the machine can do, measured without Python in between: products of BLAS in a loop, the peak rate of
   multiply-adds, and the time that it takes to stream what an Adam step or an activation reads and writes. */
#include <stddef.h>

#if defined(__AVX512F__)
#define WIDTH 64
#elif defined(__AVX__)
#define WIDTH 32
#else
#define WIDTH 16
#endif

typedef struct {
    char trans_a, trans_b;
    int m, n, k, lda, ldb, ldc;
    void *a, *b, *c;
} product;

typedef void (*sgemm_t)(const char *, const char *, const int *, const int *, const int *, const float *, const float *,
                        const int *, const float *, const int *, const float *, float *, const int *);
typedef void (*dgemm_t)(const char *, const char *, const int *, const int *, const int *, const double *,
                        const double *, const int *, const double *, const int *, const double *, double *,
                        const int *);

#define PRODUCTS(NAME, GEMM, REAL)                                                                                     \
    void NAME(GEMM gemm, const product *list, int count, long times) {                                                 \
        REAL one = 1, zero = 0;                                                                                        \
        for (long t = 0; t < times; t++)                                                                               \
            for (const product *p = list; p < list + count; p++)                                                       \
                gemm(&p->trans_a, &p->trans_b, &p->m, &p->n, &p->k, &one, p->a, &p->lda, p->b, &p->ldb, &zero, p->c,   \
                     &p->ldc);                                                                                         \
    }
PRODUCTS(products_f32, sgemm_t, float)
PRODUCTS(products_f64, dgemm_t, double)

/* Twelve chains that do not wait for each other hide the latency of a multiply-add; returns the operations made. */
#define CHAINS 12
#define PEAK(NAME, REAL)                                                                                               \
    double NAME(long times, REAL x, REAL y, REAL *out) {                                                               \
        typedef REAL vec __attribute__((vector_size(WIDTH)));                                                          \
        vec a[CHAINS], by = (vec){0} + x, plus = (vec){0} + y;                                                         \
        for (int i = 0; i < CHAINS; i++) a[i] = (vec){0} + (REAL)i;                                                    \
        for (long t = 0; t < times; t++) {                                                                             \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * by + plus;                         \
        }                                                                                                              \
        for (int i = 1; i < CHAINS; i++) a[0] += a[i];                                                                 \
        *out = a[0][0];                                                                                                \
        return 2.0 * CHAINS * (WIDTH / sizeof(REAL)) * times;                                                          \
    }
PEAK(peak_f32, float)
PEAK(peak_f64, double)

/* Read one array or two and write another, as the passes of an activation do at least. */
#define PASSES(SUFFIX, REAL)                                                                                           \
    void pass1_##SUFFIX(size_t n, const REAL *restrict x, const REAL *restrict unread, REAL *restrict out) {           \
        (void)unread;                                                                                                  \
        for (size_t i = 0; i < n; i++) out[i] = -x[i];                                                                 \
    }                                                                                                                  \
    void pass2_##SUFFIX(size_t n, const REAL *restrict x, const REAL *restrict y, REAL *restrict out) {                \
        for (size_t i = 0; i < n; i++) out[i] = x[i] + y[i];                                                           \
    }
PASSES(f32, float)
PASSES(f64, double)

/* Reads w, dw, m, v and writes w, m, v, with next to no arithmetic. */
void stream_f32(size_t n, float *restrict w, const float *restrict dw, float *restrict m, float *restrict v) {
    for (size_t i = 0; i < n; i++) {
        float g = dw[i];
        w[i] -= g;
        m[i] += g;
        v[i] += g;
    }
}
