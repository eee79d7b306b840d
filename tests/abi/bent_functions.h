static int NAME(forward)(const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper)
{
    const int64_t n = shape->rows * shape->cols;
    EACH y[i] = z[i] / (1 + (real)fabs(z[i])); // (1)
    return PYFC_OK;
}

static int NAME(backward)(
    const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, const real *a, real *da,
    const double *hyper)
{
    const int64_t n = shape->rows * shape->cols;
    EACH { const real q = 1 / (1 + (real)fabs(z[i])); dz[i] = dy[i] * q * q; } // (2)
    return PYFC_OK;
}
