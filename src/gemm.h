/* gemm.h: the product of two matrices, C = start + A B, as fast as the processor adds and multiplies.
 *
 * A library for all of linear algebra spends a good part of its time on small products elsewhere: on threads, on choosing,
 * on packing. These are the products of a dense layer and nothing else. A tile of C, ROWS x 3 vectors, stays in registers
 * while the sum runs, so that each number read from A and B is used many times; the columns of B that a tile needs are
 * first laid side by side ("packed"), so that they are read in one piece and come from the nearest caches
 * (K. Goto, R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34 (2008)).
 *
 * Every number of C is the sum start + a[0] b[0] + a[1] b[1] + ... in this order, whatever the size and however the rows
 * of C are shared out among calls: the same rows give the same bits.
 *
 * On x86-64 the vectors are chosen when the program runs: AVX-512, AVX2 with FMA, or what every such processor has.
 */
#ifndef PYFC_GEMM_H
#define PYFC_GEMM_H

#include <stdint.h>
#include <string.h>

enum {
    GEMM_DEPTH = 1024, /* numbers of a sum that are added up before the next rows of B are packed */
    GEMM_HEIGHT = 512, /* rows of A that are packed at a time, where A is packed, */
    GEMM_SHARED = 256  /* which is for products with so many columns */
};

/* What a product with n columns and k numbers in a sum needs of memory for packing, in numbers. */
static inline int64_t gemm_work(int64_t n, int64_t k)
{
    return (48 + (n >= GEMM_SHARED ? GEMM_HEIGHT : 0)) * (k < GEMM_DEPTH ? k : GEMM_DEPTH);
}

#define GEMM_CONCATENATE(x, type, set) x##_##type##_##set

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__x86_64__) && !defined(PYFC_NATIVE)
#define GEMM_CHOOSE 1
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4")
#define WIDTH 64
#define ROWS 8
#define real float
#define NAME(x) GEMM_CONCATENATE(x, f32, v4)
#include "gemm_tiles.h"
#undef real
#undef NAME
#define real double
#define NAME(x) GEMM_CONCATENATE(x, f64, v4)
#include "gemm_tiles.h"
#undef real
#undef NAME
#undef WIDTH
#undef ROWS
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define WIDTH 32
#define ROWS 4
#define real float
#define NAME(x) GEMM_CONCATENATE(x, f32, v3)
#include "gemm_tiles.h"
#undef real
#undef NAME
#define real double
#define NAME(x) GEMM_CONCATENATE(x, f64, v3)
#include "gemm_tiles.h"
#undef real
#undef NAME
#undef WIDTH
#undef ROWS
#pragma GCC pop_options
#endif

#if defined(__AVX512F__) && defined(PYFC_NATIVE)
#define WIDTH 64
#define ROWS 8
#elif defined(__AVX2__) && defined(__FMA__)
#define WIDTH 32
#define ROWS 4
#else
#define WIDTH 16
#define ROWS 4
#endif
#define real float
#define NAME(x) GEMM_CONCATENATE(x, f32, any)
#include "gemm_tiles.h"
#undef real
#undef NAME
#define real double
#define NAME(x) GEMM_CONCATENATE(x, f64, any)
#include "gemm_tiles.h"
#undef real
#undef NAME
#undef WIDTH
#undef ROWS

/* a[i, p] is a[i * a_row + p * a_col], and b likewise; start is NULL for zeros, and has one row for all if start_row is 0.
 * work has room for gemm_work(n, k) numbers. */
#define GEMM_FUNCTIONS(real, type) \
typedef void (*gemm_function_##type)(int64_t m, int64_t n, int64_t k, const real *a, int64_t a_row, int64_t a_col, \
    const real *b, int64_t b_row, int64_t b_col, const real *start, int64_t start_row, real *c, int64_t c_row, \
    real *work); \
typedef void (*gemm_sparse_function_##type)(int64_t n, int64_t count, const int32_t *index, const real *x, \
    const real *b, int64_t b_row, const real *start, real *c); \
static gemm_function_##type gemm_##type = gemm_##type##_any; \
static gemm_sparse_function_##type gemm_sparse_##type = sparse_##type##_any;
GEMM_FUNCTIONS(float, f32)
GEMM_FUNCTIONS(double, f64)

/* To be called once, before the first product. */
static void gemm_choose(void)
{
#ifdef GEMM_CHOOSE
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) {
        gemm_f32 = gemm_f32_v4, gemm_f64 = gemm_f64_v4;
        gemm_sparse_f32 = sparse_f32_v4, gemm_sparse_f64 = sparse_f64_v4;
    } else if (__builtin_cpu_supports("x86-64-v3")) {
        gemm_f32 = gemm_f32_v3, gemm_f64 = gemm_f64_v3;
        gemm_sparse_f32 = sparse_f32_v3, gemm_sparse_f64 = sparse_f64_v3;
    }
#endif
}

#endif
