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

/* A product that is added to another one. A compiler may fuse either of the two with the addition, and would not choose alike
 * in vector code and in the loop over what is left: a number's result would depend on its place. A sum it cannot fuse. */
static inline float pyfc_rounded_f32(float product) { return product + 0.0f; }

/* a if the sign bit of x is not set, else b. On integers, because these have a conditional move: a branch on random signs
 * is mispredicted every other time. */
static inline float pyfc_choose_f32(float x, float a, float b)
{
    return pyfc_from_bits_f32((int32_t)pyfc_to_bits_f32(x) < 0 ? pyfc_to_bits_f32(b) : pyfc_to_bits_f32(a));
}

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

/* 2^100 exp(x + lo) for x from -150 to 0. For single precision the leanest way will do: r is rounded, and what is rounded
 * off the result is not told. Adding 227 while rounding makes the low bits of k the exponent of 2^(n + 100). exp(r) is 1 + r
 * and degree 4 for the rest over r^2, error 2^-27. */
static inline float pyfc_exp_up_f32(float x, float lo)
{
    float k = x * 1.44269504f + (PYFC_ROUND_F32 + 227.0f);
    float n = k - (PYFC_ROUND_F32 + 227.0f);
    float r = (x - n * 0.693115234375f) - (n * 3.1946184e-05f - lo);
    float p = 0.001392613f;
    p = p * r + 0.008363178f;
    p = p * r + 0.041666556f;
    p = p * r + 0.16666576f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * pyfc_from_bits_f32(pyfc_to_bits_f32(k) << 23);
}

/* exp(x) for x <= 0; faster than exp. */
static inline float pyfc_exp_below_f32(float x)
{
    return pyfc_exp_up_f32(x < -150.0f ? -150.0f : x, 0.0f) * (float)PYFC_DOWN;
}

/* n / d: the lower parts, which count in double precision, do not matter here. */
static inline float pyfc_divide_f32(float n, float nl, float d, float dl)
{
    (void)nl;
    (void)dl;
    return n / d;
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
    float half = pyfc_rounded_f32(0.5f * f * f);
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
    float half = pyfc_rounded_f32(0.5f * x * x);
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

/* (1 - tanh(x)/x) / x^2, and (1 - (tanh(x)/x)^2) / x^2, of w = x^2 from 0 to 1: what tanh(x) and its square lack of x and
 * of x^2, without the difference that would lose their digits. Degrees 7 and 8, error 2^-29. */
static inline float pyfc_tanh_rest_f32(float w)
{
    float p = -0.00014279319f;
    p = p * w + 0.00092350086f;
    p = p * w - 0.0032068035f;
    p = p * w + 0.008697848f;
    p = p * w - 0.02182955f;
    p = p * w + 0.053963415f;
    p = p * w - 0.1333331f;
    p = p * w + 0.33333334f;
    return p;
}

static inline float pyfc_tanh_square_rest_f32(float w)
{
    float p = 0.00035719082f;
    p = p * w - 0.0023917574f;
    p = p * w + 0.008239843f;
    p = p * w - 0.020893967f;
    p = p * w + 0.046392754f;
    p = p * w - 0.09743882f;
    p = p * w + 0.19682f;
    p = p * w - 0.37777758f;
    p = p * w + 0.6666667f;
    return p;
}

/* The normal distribution from x on: m and n of degrees 4 and 3 for x from 0 to 14.5, error 2^-24. The density is
 * 2^n exp(-r/2) / sqrt(2 pi) with x^2 = r - 2 n ln 2; exp as in exp_up. */
typedef struct { float f, m, n; } pyfc_normal_f32;

static inline pyfc_normal_f32 pyfc_normal_parts_f32(float x)
{
    float short_x = pyfc_from_bits_f32(pyfc_to_bits_f32(x) & 0xfffff000u);
    float square = short_x * short_x;
    float k = square * -0.72134752f + (PYFC_ROUND_F32 + 100.0f);
    float whole = k - (PYFC_ROUND_F32 + 100.0f);
    float r = (square + whole * 1.38623046875f) + (whole * 6.3892368e-05f + pyfc_rounded_f32((x - short_x) * (x + short_x)));
    float f = 8.680816e-06f;
    f = f * r - 0.000104263294f;
    f = f * r + 0.0010389094f;
    f = f * r - 0.008311252f;
    f = f * r + 0.049867786f;
    f = f * r - 0.19947115f;
    f = f * r + 0.3989423f;
    float m = 0.0097853625f;
    m = m * x + 0.08663931f;
    m = m * x + 0.36116305f;
    m = m * x + 0.8072918f;
    m = m * x + 0.8452584f;
    float n = 0.009777615f;
    n = n * x + 0.086934425f;
    n = n * x + 0.33697736f;
    n = n * x + 0.6744186f;
    pyfc_normal_f32 result = { pyfc_from_bits_f32(pyfc_to_bits_f32(f) + (pyfc_to_bits_f32(k) << 23)), m, n };
    return result;
}

/* 2^100 x Q(x), x from 0 to 15. */
static inline float pyfc_normal_tail_x_f32(float x)
{
    pyfc_normal_f32 t = pyfc_normal_parts_f32(x);
    float product = x * t.m;
    return t.f * (product / (product + t.n));
}

/* 2^100 (Q(x) - x f(x)), x from 0 to 15. */
static inline float pyfc_normal_tail_slope_f32(float x)
{
    pyfc_normal_f32 t = pyfc_normal_parts_f32(x);
    return t.f * (t.m / (x * t.m + t.n)) - pyfc_rounded_f32(x * t.f);
}

#endif
