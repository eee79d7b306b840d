/* pyfc_math_f64.h: exp, expm1, log, log1p, tanh and the normal tail in double precision. See pyfc_math.h.
 *
 * The polynomials are Chebyshev fits (near minimax) computed with mpmath.chebyfit at 200 bits and rounded to double; at
 * each stands the function that is fitted, the interval, and the error that it leaves in the result.
 */
#ifndef PYFC_MATH_F64_H
#define PYFC_MATH_F64_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits: no vector instruction for the conversion
 * from double to integer is needed, which AVX2 lacks. */
#define PYFC_ROUND_F64 0x1.8p52

static inline double pyfc_from_bits_f64(uint64_t bits) { double x; memcpy(&x, &bits, sizeof x); return x; }
static inline uint64_t pyfc_to_bits_f64(double x) { uint64_t bits; memcpy(&bits, &x, sizeof x); return bits; }

/* x cut to its first 12 bits: products of few such numbers are exact. */
static inline double pyfc_short_f64(double x) { return pyfc_from_bits_f64(pyfc_to_bits_f64(x) & 0xfffffe0000000000u); }

/* A product that is added to another one. A compiler may fuse either of the two with the addition, and would not choose alike
 * in vector code and in the loop over what is left: a number's result would depend on its place. A sum it cannot fuse. */
static inline double pyfc_rounded_f64(double product) { return product + 0.0; }

/* a if the sign bit of x is not set, else b. On integers, because these have a conditional move: a branch on random signs
 * is mispredicted every other time. */
static inline double pyfc_choose_f64(double x, double a, double b)
{
    return pyfc_from_bits_f64((int64_t)pyfc_to_bits_f64(x) < 0 ? pyfc_to_bits_f64(b) : pyfc_to_bits_f64(a));
}

/* 2^n for a whole n from -1022 to 1023. */
static inline double pyfc_power_f64(double n)
{
    return pyfc_from_bits_f64((pyfc_to_bits_f64(n + PYFC_ROUND_F64) + 1023) << 52);
}

/* A number as n ln 2 + r + c, with a whole n, |r| <= ln(2)/2, and c what rounding took from r. */
typedef struct { double n, r, c; } pyfc_reduced_f64;

/* Reduce x + lo; lo is 0, or what x has lost to rounding. ln 2 is in two parts, the first of 41 bits: n times it is
 * exact. */
static inline pyfc_reduced_f64 pyfc_reduce_f64(double x, double lo)
{
    double n = (x * 1.4426950408889634 + PYFC_ROUND_F64) - PYFC_ROUND_F64;
    double a = x - n * 0.693147180559663;
    double b = n * 2.8235290563031577e-13 - lo;
    double r = a - b;
    pyfc_reduced_f64 result = { n, r, (a - r) - b };
    return result;
}

/* exp(r) - 1 - r for |r| <= ln(2)/2: 1/2 and degree 9 for the rest of it over r^3, error 2^-61. The polynomial is in parts
 * (Estrin's scheme), which a processor works out beside each other: a call for two numbers waits for nothing else. */
static inline double pyfc_exp_rest_f64(double r)
{
    double r2 = r * r, r4 = r2 * r2;
    double p = 2.09112987659402e-09 * r2 + (2.5100472505694996e-08 * r + 2.7557282838800484e-07);
    double q = (2.7557268276905696e-06 * r + 2.4801587317228724e-05) * r2
        + (0.00019841269863171557 * r + 0.0013888888888886537);
    double s = (0.008333333333330039 * r + 0.041666666666666664) * r + 0.16666666666666669;
    p = (p * r4 + q) * (r2 * r);
    return ((p + s) * r + 0.5) * r2;
}

/* exp(r + c). */
static inline double pyfc_exp_reduced_f64(pyfc_reduced_f64 t)
{
    double h = 1.0 + t.r;
    return h + (((1.0 - h) + t.r) + (pyfc_exp_rest_f64(t.r) + t.c * h));
}

/* The power of two is applied in two halves, so that results below the smallest normal number come out right. */
static inline double pyfc_exp_f64(double x)
{
    double c = x > 710.0 ? 710.0 : x;
    pyfc_reduced_f64 t = pyfc_reduce_f64(c < -746.0 ? -746.0 : c, 0.0);
    double half = (t.n * 0.5 + PYFC_ROUND_F64) - PYFC_ROUND_F64;
    return pyfc_exp_reduced_f64(t) * pyfc_power_f64(half) * pyfc_power_f64(t.n - half);
}

/* 2^100 exp(x + lo) for x from -770 to 0, where lo is what rounding took from x. It is never subnormal, so that products
 * with it keep their precision. r is rounded, which costs an eighth of an ULP. Adding 1123 while rounding makes the low
 * bits of k the exponent of 2^(n + 100). */
typedef struct { double r, scale; } pyfc_up_f64;

static inline pyfc_up_f64 pyfc_reduce_up_f64(double x, double lo)
{
    double k = x * 1.4426950408889634 + (PYFC_ROUND_F64 + 1123.0);
    double n = k - (PYFC_ROUND_F64 + 1123.0);
    double r = (x - n * 0.693147180559663) - (n * 2.8235290563031577e-13 - lo);
    pyfc_up_f64 result = { r, pyfc_from_bits_f64(pyfc_to_bits_f64(k) << 52) };
    return result;
}

static inline double pyfc_exp_up_f64(double x, double lo)
{
    pyfc_up_f64 t = pyfc_reduce_up_f64(x, lo);
    return (1.0 + (t.r + pyfc_exp_rest_f64(t.r))) * t.scale;
}

/* exp(x) for x <= 0; faster than exp. */
static inline double pyfc_exp_below_f64(double x)
{
    return pyfc_exp_up_f64(x < -770.0 ? -770.0 : x, 0.0) * PYFC_DOWN;
}

/* The same, and what rounding takes from it. */
static inline double pyfc_exp_up_low_f64(double x, double lo, double *low)
{
    pyfc_up_f64 t = pyfc_reduce_up_f64(x, lo);
    double h = 1.0 + t.r, l = ((1.0 - h) + t.r) + pyfc_exp_rest_f64(t.r);
    double high = h + l;
    *low = ((h - high) + l) * t.scale;
    return high * t.scale;
}

/* What rounding took from p = a b: all of it with fused multiply-add, else nothing. A p that is only added to others
 * has to be rounded, or it will be fused, and is not what it is taken for. a is doubled and b halved so
 * that the compiler does not take the product for p itself. */
static inline double pyfc_product_low_f64(double a, double b, double p) { return (a + a) * (0.5 * b) - p; }

/* What rounding took from s = a + b. */
static inline double pyfc_sum_low_f64(double a, double b, double s)
{
    double back = s - a;
    return (a - (s - back)) + (b - back);
}

/* (n + nl) / (d + dl), where the second numbers are what rounding took from the first. The quotient is corrected by what
 * is left over; with fused multiply-add that is exact, and the result nearly correctly rounded. */
static inline double pyfc_divide_f64(double n, double nl, double d, double dl)
{
    double r = 1.0 / d;
    double q = n * r;
    return q + ((n - q * d) + (nl - q * dl)) * r;
}

/* (exp(x) - 1) / 2 as the sum of two numbers, x from -40 to 710: it is (2^n - 1) + 2^n (exp(r) - 1), halved so that
 * n = 1024 fits. The two large terms are added without loss. */
typedef struct { double high, low; } pyfc_sum_f64;

static inline pyfc_sum_f64 pyfc_expm1_half_f64(double x)
{
    pyfc_reduced_f64 t = pyfc_reduce_f64(x, 0.0);
    double s = pyfc_power_f64(t.n - 1.0);
    double a = s - 0.5, b = s * t.r;
    double high = a + b;
    pyfc_sum_f64 result = { high, (a - high) + b + s * (pyfc_exp_rest_f64(t.r) + (t.c + t.c * t.r)) };
    return result;
}

static inline double pyfc_expm1_f64(double x)
{
    double c = x > 710.0 ? 710.0 : x;
    pyfc_sum_f64 half = pyfc_expm1_half_f64(c < -40.0 ? -40.0 : c);
    return fabs(x) < 0x1p-54 ? x : 2.0 * (half.high + half.low); /* keeps -0.0 and subnormals */
}

/* log(2^k (1 + f) + c) for 1 + f from sqrt(1/2) to sqrt(2): with s = f / (2 + f) it is k ln 2 + 2 atanh(s), and
 * 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 p(s^2)). Degree 6 for p, s^2 <= 0.0295, error 2^-60. ln 2 in two parts as above. */
static inline double pyfc_log_parts_f64(double k, double f, double c)
{
    double s = f / (2.0 + f);
    double w = s * s;
    double half = pyfc_rounded_f64(0.5 * f * f);
    double p = 0.14617807153417325;
    p = p * w + 0.15331611722055008;
    p = p * w + 0.1818289243253687;
    p = p * w + 0.22222211089379496;
    p = p * w + 0.28571428626253836;
    p = p * w + 0.3999999999989889;
    p = p * w + 0.666666666666667;
    return k * 0.6931471803691238 - ((half - (s * (half + w * p) + (k * 1.9082149292705877e-10 + c))) - f);
}

/* Split u > 0, normal: the exponent comes from its bits after a shift that makes the mantissa start at sqrt(1/2). */
static inline double pyfc_log_normal_f64(double u, double k0, double c)
{
    uint64_t bits = pyfc_to_bits_f64(u) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    double k = pyfc_from_bits_f64((bits >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
    double m = pyfc_from_bits_f64((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    return pyfc_log_parts_f64(k + k0, m - 1.0, c);
}

static inline double pyfc_log_f64(double x)
{
    double y = pyfc_log_normal_f64(x < 0x1p-1022 ? x * 0x1p54 : x, x < 0x1p-1022 ? -54.0 : 0.0, 0.0);
    y = x > 0 ? y : (x == 0 ? -INFINITY : NAN);
    return x < INFINITY ? y : x;
}

static inline double pyfc_log1p_f64(double x)
{
    double u = 1.0 + x;
    double lost = x < 1.0 ? x - (u - 1.0) : 1.0 - (u - x);
    double y = pyfc_log_normal_f64(u, 0.0, lost / u);
    y = x > -1.0 ? y : (x == -1.0 ? -INFINITY : NAN);
    y = x < INFINITY ? y : x;
    return fabs(x) < 0x1p-54 ? x : y;
}

/* log(1 + x) for x from 0 to 1: as above with f = x up to 1, s^2 <= 1/9; degree 10 for p, error 2^-62. */
static inline double pyfc_log1p_unit_f64(double x)
{
    double s = x / (2.0 + x);
    double w = s * s;
    double half = pyfc_rounded_f64(0.5 * x * x);
    double p = 0.15631534707431224;
    p = p * w + 0.07491639460673266;
    p = p * w + 0.10845291032779812;
    p = p * w + 0.11734265179376593;
    p = p * w + 0.13335179661515711;
    p = p * w + 0.15384543917753166;
    p = p * w + 0.1818181989926796;
    p = p * w + 0.22222222198216113;
    p = p * w + 0.28571428571600266;
    p = p * w + 0.3999999999999952;
    p = p * w + 0.6666666666666666;
    return x - (half - s * (half + w * p));
}

/* tanh(|x|) = -t / (2 + t) = -u / (1 + u) with t = 2 u = exp(-2 |x|) - 1. What rounding takes from u and from 1 + u is put
 * back by the first term of its series. */
static inline double pyfc_tanh_f64(double x)
{
    double c = -2.0 * fabs(x);
    pyfc_sum_f64 u = pyfc_expm1_half_f64(c < -40.0 ? -40.0 : c);
    double high = u.high + u.low, low = (u.high - high) + u.low;
    double d = 1.0 + high;
    double lost = ((1.0 - d) + high) + low;
    double q = -high / d;
    return copysign(q - (low + q * lost) / d, x);
}

/* (1 - tanh(x)/x) / x^2, and (1 - (tanh(x)/x)^2) / x^2, of w = x^2 from 0 to 1: what tanh(x) and its square lack of x and
 * of x^2, without the difference that would lose their digits. Degrees 15 and 16, error 2^-57. */
static inline double pyfc_tanh_rest_f64(double w)
{
    double p = -2.5155023659382105e-08;
    p = p * w + 2.6330772232959337e-07;
    p = p * w - 1.3791814499083342e-06;
    p = p * w + 4.987760317520347e-06;
    p = p * w - 1.4606131676715378e-05;
    p = p * w + 3.8389607893147334e-05;
    p = p * w - 9.646277743313181e-05;
    p = p * w + 0.00023895705228738225;
    p = p * w - 0.0005899792946300052;
    p = p * w + 0.0014558246920964941;
    p = p * w - 0.003592126679366341;
    p = p * w + 0.008863235404578283;
    p = p * w - 0.02186948852912909;
    p = p * w + 0.05396825396804637;
    p = p * w - 0.1333333333333309;
    p = p * w + 0.3333333333333333;
    return p;
}

static inline double pyfc_tanh_square_rest_f64(double w)
{
    double p = 1.0962907332021621e-07;
    p = p * w - 1.1852696955515518e-06;
    p = p * w + 6.348160460948667e-06;
    p = p * w - 2.3083769230089374e-05;
    p = p * w + 6.641418444085056e-05;
    p = p * w - 0.00016722137743304454;
    p = p * w + 0.00039401379978208634;
    p = p * w - 0.0009016891328757502;
    p = p * w + 0.002034664217657551;
    p = p * w - 0.004543317808116798;
    p = p * w + 0.010030442735035793;
    p = p * w - 0.021837512890368786;
    p = p * w + 0.04669766423851088;
    p = p * w - 0.09749559081719773;
    p = p * w + 0.19682539682509034;
    p = p * w - 0.3777777777777746;
    p = p * w + 0.6666666666666666;
    return p;
}

/* The normal distribution from x on: its density f = 2^k (high + low), and its tail Q, the integral of f from x
 * on, as Q = f m / (x m + n). So n/m = f/Q - x, which falls from 0.8 to 1/x: the larger x, the less do rounding
 * errors of m and n matter. m and n have degrees 10 and 9, fitted by weighted least squares, reweighted to even
 * out the error, for x from 0 to 39: error 2^-57. All coefficients are positive, so nothing cancels; their common
 * factor is one at which rounding them does the least harm. x^2 is the exact square of x's first 26 bits and a
 * small rest, for exp multiplies the error of its argument. 2^k has the 2^100 of exp_up. */
typedef struct { double scale, high, low, m, n, d, ml, nl, dl; } pyfc_normal_f64;

static inline pyfc_normal_f64 pyfc_normal_parts_f64(double x)
{
    double short_x = pyfc_from_bits_f64(pyfc_to_bits_f64(x) & 0xfffffffff8000000u);
    pyfc_reduced_f64 t = pyfc_reduce_f64(-0.5 * short_x * short_x, pyfc_rounded_f64(-0.5 * (x - short_x) * (x + short_x)));
    double c = 0.3989422804014327; /* 1/sqrt(2 pi), and next what rounding took from it */
    double change = -2.4923272022777486e-17 + c * (t.r + (pyfc_exp_rest_f64(t.r) + t.c));
    double high = c + change;
    double m = 8.371055827736372e-07;
    m = m * x + 2.509602468275157e-05;
    m = m * x + 0.0003715292683044634;
    m = m * x + 0.0035255203980293745;
    m = m * x + 0.023554613786078073;
    m = m * x + 0.11525522786582053;
    m = m * x + 0.41754342258124216;
    m = m * x + 1.1068295877513892;
    m = m * x + 2.0628292169231024;
    m = m * x + 2.4617791690011352;
    double ms = m, m0 = 1.4530731403445858;
    m = ms * x + m0;
    double n = 8.371055827074058e-07;
    n = n * x + 2.5096024695366078e-05;
    n = n * x + 0.00036985505605484164;
    n = n * x + 0.003475328404853319;
    n = n * x + 0.02281992432259167;
    n = n * x + 0.10845519830253414;
    n = n * x + 0.3740865434598472;
    n = n * x + 0.9097325724153607;
    n = n * x + 1.4361975425471456;
    double ns = n, n0 = 1.1593846243982802;
    n = ns * x + n0;
    /* What rounding took from m, n and d = x m + n. */
    double ml = (ms * x - m) + m0, nl = (ns * x - n) + n0;
    double product = x * m, d = product + n;
    double dl = (product + (n - d)) + (x * ml + nl);
    pyfc_normal_f64 result = { pyfc_power_f64(t.n + 100.0), high, (c - high) + change, m, n, d, ml, nl, dl };
    return result;
}

/* Below 5/8, Q(x) = 1/2 - x p(x^2): there the quotient of so many rounded numbers would be less precise. Degree 8 for p, error
 * 2^-62. */
static inline double pyfc_normal_middle_f64(double x)
{
    double w = x * x;
    double p = 2.0837988294282707e-09;
    p = p * w - 4.108982753430339e-08;
    p = p * w + 6.659157063499244e-07;
    p = p * w - 9.444643964242988e-06;
    p = p * w + 0.00011543468595811706;
    p = p * w - 0.0011873282153547354;
    p = p * w + 0.00997355701003104;
    p = p * w - 0.06649038006690537;
    p = p * w + 0.3989422804014327;
    return 0.5 - x * p;
}

/* 2^100 x Q(x), x from 0 to 39. Far out it is f - f n / (x m + n): nearly f, with a small correction. */
static inline double pyfc_normal_tail_x_f64(double x)
{
    pyfc_normal_f64 t = pyfc_normal_parts_f64(x);
    double ratio = pyfc_divide_f64(t.n, t.nl, t.d, t.dl);
    double far = t.scale * (t.high + (t.low - t.high * ratio));
    return x < 0.625 ? 0x1p100 * x * pyfc_normal_middle_f64(x) : far;
}

/* 2^100 (Q(x) - x f(x)), x from 0 to 39: the derivative of the last. */
static inline double pyfc_normal_tail_slope_f64(double x)
{
    pyfc_normal_f64 t = pyfc_normal_parts_f64(x);
    double rest = pyfc_divide_f64(t.m, t.ml, t.d, t.dl) - x;
    double far = t.scale * (t.high * rest + pyfc_rounded_f64(t.low * rest));
    return x < 0.625 ? 0x1p100 * (pyfc_normal_middle_f64(x) - x * (t.scale * 0x1p-100 * t.high)) : far;
}

#endif
