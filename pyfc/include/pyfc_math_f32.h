/* pyfc_math_f32.h: exp, expm1, log, log1p, tanh and the normal tail in single precision. See pyfc_math.h.
 *
 * The methods are those of pyfc_math_f64.h, where they are explained; the polynomials are shorter.
 */
#ifndef PYFC_MATH_F32_H
#define PYFC_MATH_F32_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define PYFC_ROUND_F32 0x1.8p23f

static inline float pyfc_from_bits_f32(uint32_t bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
static inline uint32_t pyfc_to_bits_f32(float x) { uint32_t bits; memcpy(&bits, &x, sizeof x); return bits; }

/* 2^n for a whole n from -126 to 127. */
static inline float pyfc_power_f32(float n)
{
    return pyfc_from_bits_f32((pyfc_to_bits_f32(n + PYFC_ROUND_F32) + 127) << 23);
}

/* A number as n ln 2 + r + c, with a whole n, |r| <= ln(2)/2, and c what rounding took from r. */
typedef struct { float n, r, c; } pyfc_reduced_f32;

/* Reduce x + lo; the first part of ln 2 has 14 bits. */
static inline pyfc_reduced_f32 pyfc_reduce_f32(float x, float lo)
{
    float n = (x * 1.44269504f + PYFC_ROUND_F32) - PYFC_ROUND_F32;
    float a = x - n * 0.693115234375f;
    float b = n * 3.1946184e-05f - lo;
    float r = a - b;
    pyfc_reduced_f32 result = { n, r, (a - r) - b };
    return result;
}

/* exp(r) - 1 - r for |r| <= ln(2)/2: 1/2 and degree 4 for the rest of it over r^3, error 2^-31. */
static inline float pyfc_exp_rest_f32(float r)
{
    float p = 0.00019882774f;
    p = p * r + 0.001392625f;
    p = p * r + 0.008333321f;
    p = p * r + 0.041666552f;
    p = p * r + 0.16666667f;
    return (p * r + 0.5f) * (r * r);
}

/* exp(r + c). */
static inline float pyfc_exp_reduced_f32(pyfc_reduced_f32 t)
{
    return 1.0f + (t.r + (pyfc_exp_rest_f32(t.r) + t.c));
}

static inline float pyfc_exp_f32(float x)
{
    float c = x > 89.0f ? 89.0f : x;
    pyfc_reduced_f32 t = pyfc_reduce_f32(c < -104.0f ? -104.0f : c, 0.0f);
    float half = (t.n * 0.5f + PYFC_ROUND_F32) - PYFC_ROUND_F32;
    return pyfc_exp_reduced_f32(t) * pyfc_power_f32(half) * pyfc_power_f32(t.n - half);
}

/* 2^100 exp(x + lo) for x <= 0. */
static inline float pyfc_exp_up_f32(float x, float lo)
{
    pyfc_reduced_f32 t = pyfc_reduce_f32(x < -150.0f ? -150.0f : x, lo);
    return pyfc_exp_reduced_f32(t) * pyfc_power_f32(t.n + 100.0f);
}

static inline float pyfc_expm1_f32(float x)
{
    float limited = x > 89.0f ? 89.0f : x;
    limited = limited < -20.0f ? -20.0f : limited;
    pyfc_reduced_f32 t = pyfc_reduce_f32(limited, 0.0f);
    float s = pyfc_power_f32(t.n - 1.0f);
    float a = s - 0.5f, b = s * t.r;
    float h = a + b;
    float l = (a - h) + b + s * (pyfc_exp_rest_f32(t.r) + t.c);
    float y = 2.0f * (h + l);
    return fabsf(x) < 0x1p-25f ? x : y; /* keeps -0.0 and subnormals */
}

/* log(2^k (1 + f) + c): degree 3 for p, s^2 <= 0.0295, error 2^-38. */
static inline float pyfc_log_parts_f32(float k, float f, float c)
{
    float s = f / (2.0f + f);
    float w = s * s;
    float half = 0.5f * f * f;
    float p = 0.23331614f;
    p = p * w + 0.2855078f;
    p = p * w + 0.40000123f;
    p = p * w + 0.6666667f;
    return k * 0.693115234375f - ((half - (s * (half + w * p) + (k * 3.1946184e-05f + c))) - f);
}

/* Split u > 0, normal. */
static inline float pyfc_log_normal_f32(float u, float k0, float c)
{
    uint32_t bits = pyfc_to_bits_f32(u) + (0x3f800000u - 0x3f3504f3u);
    float k = pyfc_from_bits_f32((bits >> 23) | 0x4b000000u) - (0x1p23f + 127.0f);
    float m = pyfc_from_bits_f32((bits & 0x007fffffu) + 0x3f3504f3u);
    return pyfc_log_parts_f32(k + k0, m - 1.0f, c);
}

static inline float pyfc_log_f32(float x)
{
    float y = pyfc_log_normal_f32(x < 0x1p-126f ? x * 0x1p25f : x, x < 0x1p-126f ? -25.0f : 0.0f, 0.0f);
    y = x > 0 ? y : (x == 0 ? -INFINITY : NAN);
    return x < INFINITY ? y : x;
}

static inline float pyfc_log1p_f32(float x)
{
    float u = 1.0f + x;
    float lost = x < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x);
    float y = pyfc_log_normal_f32(u, 0.0f, lost / u);
    y = x > -1.0f ? y : (x == -1.0f ? -INFINITY : NAN);
    y = x < INFINITY ? y : x;
    return fabsf(x) < 0x1p-25f ? x : y;
}

/* log(1 + x) for x from 0 to 1: as above with f = x up to 1, s^2 <= 1/9; degree 4 for p, error 2^-31. */
static inline float pyfc_log1p_unit_f32(float x)
{
    float s = x / (2.0f + x);
    float w = s * s;
    float half = 0.5f * x * x;
    float p = 0.23224922f;
    p = p * w + 0.2170646f;
    p = p * w + 0.28592366f;
    p = p * w + 0.39999706f;
    p = p * w + 0.6666667f;
    return x - (half - s * (half + w * p));
}

static inline float pyfc_tanh_f32(float x)
{
    float t = pyfc_expm1_f32(-2.0f * fabsf(x));
    return copysignf(-t / (2.0f + t), x);
}

/* The normal distribution from x on: m and n of degrees 5 and 4 for x from 0 to 14.5, error 2^-29. */
typedef struct { float scale, f, m, n; } pyfc_normal_f32;

static inline pyfc_normal_f32 pyfc_normal_parts_f32(float x)
{
    float short_x = pyfc_from_bits_f32(pyfc_to_bits_f32(x) & 0xfffff000u);
    pyfc_reduced_f32 t = pyfc_reduce_f32(-0.5f * short_x * short_x, -0.5f * (x - short_x) * (x + short_x));
    float c = 0.3989423f; /* 1/sqrt(2 pi), and next what rounding took from it */
    float change = -1.133517e-08f + c * (t.r + (pyfc_exp_rest_f32(t.r) + t.c));
    float m = 0.002169236f;
    m = m * x + 0.025937147f;
    m = m * x + 0.1483704f;
    m = m * x + 0.4914273f;
    m = m * x + 0.9423096f;
    m = m * x + 0.867647f;
    float n = 0.0021694484f;
    n = n * x + 0.025926476f;
    n = n * x + 0.1442655f;
    n = n * x + 0.4365685f;
    n = n * x + 0.69228214f;
    pyfc_normal_f32 result = { pyfc_power_f32(t.n + 100.0f), c + change, m, n };
    return result;
}

/* 2^100 times the normal density f(x) and its tail Q(x); x from 0 to 15. */
static inline float pyfc_normal_tail_f32(float x, float *density)
{
    pyfc_normal_f32 t = pyfc_normal_parts_f32(x);
    *density = t.scale * t.f;
    return t.scale * (t.f * (t.m / (x * t.m + t.n)));
}

/* 2^100 x Q(x), x from 0 to 15. */
static inline float pyfc_normal_tail_x_f32(float x)
{
    pyfc_normal_f32 t = pyfc_normal_parts_f32(x);
    float product = x * t.m;
    float ratio = (x > 1.0f ? -t.n : product) / (product + t.n);
    return t.scale * ((ratio < 0.0f ? t.f : 0.0f) + t.f * ratio);
}

#endif
