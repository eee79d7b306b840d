/* pyfc_math.h: elementary functions that a compiler can vectorise.
 *
 * The C library's exp and tanh are calls, so a loop over them runs one number at a time. These are short, inline and
 * without branches: GCC and Clang turn a loop over them into vector code for whatever instruction set the loop is
 * compiled for. NaN stays NaN, infinities and signed zeros give their limits, subnormal results are kept.
 */
#ifndef PYFC_MATH_H
#define PYFC_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float pyfc_float_from_bits(int32_t bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
static inline double pyfc_double_from_bits(int64_t bits) { double x; memcpy(&x, &bits, sizeof x); return x; }

static inline float pyfc_exp_f32(float x)
{
    float c = x > 89.f ? 89.f : x;
    c = c < -104.f ? -104.f : c;
    float n = (c * 1.44269504f + 12582912.f) - 12582912.f;
    float r = (c - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    int32_t k = (int32_t)n, half = k >> 1;
    float y = p * pyfc_float_from_bits((half + 127) << 23) * pyfc_float_from_bits((k - half + 127) << 23);
    return x != x ? x : y;
}
static inline double pyfc_exp_f64(double x) { return exp(x); }

#endif
