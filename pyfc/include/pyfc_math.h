/* pyfc_math.h: elementary functions that a compiler can vectorise.
 *
 * The C library's exp and tanh are calls, so a loop over them runs one number at a time. These are short, inline and
 * without branches, tables or calls: GCC and Clang turn a loop over them into vector code for whatever instruction set
 * the loop is compiled for, with or without fused multiply-add. NaN stays NaN, infinities and signed zeros give their
 * limits, subnormal results are kept. The error is about one unit in the last place (ULP), 2.5 for tanh in single
 * precision, and below 4 for the normal tail there, 2 in double; measured over the activations that use them.
 */
#ifndef PYFC_MATH_H
#define PYFC_MATH_H

#define PYFC_DOWN 0x1p-100 /* undoes the 2^100 of exp_up, normal_tail_x and normal_tail_slope */

#include "pyfc_math_f32.h"
#include "pyfc_math_f64.h"

#endif
