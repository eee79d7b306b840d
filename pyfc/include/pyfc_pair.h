/* pyfc_pair.h: arithmetic with twice the digits of a double, for loops that a compiler can vectorise.
 *
 * A pair is a number as the sum of a double and a much smaller one, what rounding took from it. A formula worked out in
 * pairs and rounded once comes out right to about one unit in the last place, also where its terms cancel: 1 - exp(-x)
 * needs no expm1, log(1 + x) no log1p. What pyfc makes from a formula is worked out so in double precision; in
 * single precision plain double does.
 *
 * Where a number on the way is infinite, 0 under a root, or divided by, the result may be NaN though it is a number: take
 * it only if it is finite, else that of plain double. fma() is one instruction where the processor has it, and a slow but
 * exact function where not. A product that is added to others is rounded first (see pyfc_math_f64.h).
 */
#ifndef PYFC_PAIR_H
#define PYFC_PAIR_H

#include "pyfc_math.h"

typedef struct { double hi, lo; } pyfc_pair;

/* exp(x) for x <= 0, in less time than pyfc_exp_f64 takes. */
static inline double pyfc_exp_negative(double x)
{
    return pyfc_exp_up_f64(x < -770.0 ? -770.0 : x, 0.0) * PYFC_DOWN;
}

/* Either number. On bits: a compiler would make a branch of ?:, move what is used on one side alone into it, and then not
 * vectorise the loop. */
static inline double pyfc_either(int condition, double x, double y)
{
    uint64_t mask = -(uint64_t)(condition != 0);
    return pyfc_from_bits_f64((pyfc_to_bits_f64(x) & mask) | (pyfc_to_bits_f64(y) & ~mask));
}

/* hi + lo, where lo is small beside hi. */
static inline pyfc_pair pyfc_pair_of(double hi, double lo)
{
    double sum = hi + lo;
    pyfc_pair result = { sum, (hi - sum) + lo };
    return result;
}

static inline pyfc_pair pyfc_pair_from(double x) { pyfc_pair result = { x, 0.0 }; return result; }
static inline pyfc_pair pyfc_pair_neg(pyfc_pair x) { pyfc_pair result = { -x.hi, -x.lo }; return result; }

static inline pyfc_pair pyfc_pair_add(pyfc_pair x, pyfc_pair y)
{
    double sum = x.hi + y.hi, back = sum - x.hi;
    return pyfc_pair_of(sum, ((x.hi - (sum - back)) + (y.hi - back)) + (x.lo + y.lo));
}

static inline pyfc_pair pyfc_pair_sub(pyfc_pair x, pyfc_pair y) { return pyfc_pair_add(x, pyfc_pair_neg(y)); }

static inline pyfc_pair pyfc_pair_mul(pyfc_pair x, pyfc_pair y)
{
    double product = pyfc_rounded_f64(x.hi * y.hi);
    return pyfc_pair_of(product, fma(x.hi, y.hi, -product) + (x.hi * y.lo + pyfc_rounded_f64(x.lo * y.hi)));
}

static inline pyfc_pair pyfc_pair_div(pyfc_pair x, pyfc_pair y)
{
    double q = x.hi / y.hi;
    return pyfc_pair_of(q, (fma(-q, y.hi, x.hi) + (x.lo - q * y.lo)) / y.hi);
}

static inline pyfc_pair pyfc_pair_sqrt(pyfc_pair x)
{
    double root = sqrt(x.hi);
    return pyfc_pair_of(root, (fma(-root, root, x.hi) + x.lo) / (root + root));
}

/* Error 2^-57 of the result, and where x is small 2^-53 x^2: 1 - exp(x) keeps its digits. */
static inline pyfc_pair pyfc_pair_exp(pyfc_pair x)
{
    double c = x.hi > 710.0 ? 710.0 : x.hi;
    c = c < -746.0 ? -746.0 : c;
    pyfc_reduced_f64 t = pyfc_reduce_f64(c, pyfc_either(c == x.hi, x.lo, 0.0));
    double h = 1.0 + t.r;
    pyfc_pair y = pyfc_pair_of(h, ((1.0 - h) + t.r) + (pyfc_exp_rest_f64(t.r) + t.c * h));
    double half = (t.n * 0.5 + PYFC_ROUND_F64) - PYFC_ROUND_F64;
    double one = pyfc_power_f64(half), two = pyfc_power_f64(t.n - half);
    pyfc_pair result = { y.hi * one * two, y.lo * one * two };
    return result;
}

/* y + x exp(-y) - 1, for y near log(x). */
static inline pyfc_pair pyfc_pair_log(pyfc_pair x)
{
    double y = pyfc_log_f64(x.hi);
    pyfc_pair product = pyfc_pair_mul(x, pyfc_pair_exp(pyfc_pair_from(-y)));
    return pyfc_pair_of(y, (product.hi - 1.0) + product.lo);
}

/* f(hi + lo) = f(hi) + lo f'(hi), as good as the C library's f. */
static inline pyfc_pair pyfc_pair_atan(pyfc_pair x) { return pyfc_pair_of(atan(x.hi), x.lo / (1.0 + x.hi * x.hi)); }
static inline double pyfc_bell(double x) { return 1.1283791670955126 * pyfc_exp_f64(-x * x); }
static inline pyfc_pair pyfc_pair_erf(pyfc_pair x) { return pyfc_pair_of(erf(x.hi), x.lo * pyfc_bell(x.hi)); }
static inline pyfc_pair pyfc_pair_erfc(pyfc_pair x) { return pyfc_pair_of(erfc(x.hi), -x.lo * pyfc_bell(x.hi)); }
static inline pyfc_pair pyfc_pair_pow(pyfc_pair x, pyfc_pair y) { return pyfc_pair_from(pow(x.hi + x.lo, y.hi)); }

/* Of a large x, lo may be more than a full turn. */
static inline pyfc_pair pyfc_pair_sin(pyfc_pair x)
{
    return pyfc_pair_of(sin(x.hi) * cos(x.lo), cos(x.hi) * sin(x.lo));
}

static inline pyfc_pair pyfc_pair_cos(pyfc_pair x)
{
    return pyfc_pair_of(cos(x.hi) * cos(x.lo), -sin(x.hi) * sin(x.lo));
}

/* Infinity has no use for a rest. */
static inline int pyfc_pair_less(pyfc_pair x, pyfc_pair y) { return (x.hi < y.hi) | ((x.hi == y.hi) & (x.lo < y.lo)); }
static inline int pyfc_pair_equal(pyfc_pair x, pyfc_pair y) { return (x.hi == y.hi) & (x.lo == y.lo); }

static inline pyfc_pair pyfc_pair_choose(int condition, pyfc_pair x, pyfc_pair y)
{
    pyfc_pair result = { pyfc_either(condition, x.hi, y.hi), pyfc_either(condition, x.lo, y.lo) };
    return result;
}

static inline pyfc_pair pyfc_pair_abs(pyfc_pair x)
{
    pyfc_pair result = { fabs(x.hi), copysign(1.0, x.hi) * x.lo };
    return result;
}

static inline pyfc_pair pyfc_pair_tanh(pyfc_pair x)
{
    pyfc_pair one = pyfc_pair_from(1.0), twice = { -2.0 * x.hi, -2.0 * x.lo };
    pyfc_pair e = pyfc_pair_exp(pyfc_pair_choose(x.hi < 0.0, pyfc_pair_neg(twice), twice));
    pyfc_pair y = pyfc_pair_div(pyfc_pair_sub(one, e), pyfc_pair_add(one, e));
    return pyfc_pair_choose(x.hi < 0.0, pyfc_pair_neg(y), y);
}

/* x rounded, or where that is not finite, what plain double has. */
static inline double pyfc_pair_finite(pyfc_pair x, double plain)
{
    double y = x.hi + x.lo;
    return pyfc_either(fabs(y) < INFINITY, y, plain);
}

#endif
