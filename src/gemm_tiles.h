/* The matrix product for one number type and one instruction set. gemm.h includes this once for each of them, with
 *
 *   real      float or double
 *   WIDTH     bytes of a vector register
 *   ROWS      rows of a tile, such that ROWS x 3 vectors of sums, 3 vectors of b and a number of a fill the registers
 *   NAME(x)   x with a suffix that tells this inclusion from the others
 */
typedef real NAME(vector) __attribute__((vector_size(WIDTH), aligned(sizeof(real)), may_alias));
#define vector NAME(vector)
#define LANES (WIDTH / (int)sizeof(real))
#define MOST (ROWS == 8 ? 16 : 8) /* vectors of sums that the registers hold beside little else */

/* `rows` x `vectors` * LANES numbers of C, kept in registers while p runs. Both sizes are constants wherever this is
 * used, so the loops over them vanish. a[i, p] is a[i * a_row + p * a_col]. */
static inline __attribute__((always_inline)) void NAME(tile)(
    const int rows, const int vectors, int64_t k, const real *a, int64_t a_row, int64_t a_col,
    const real *b, int64_t b_row, const real *start, int64_t start_row, real *c, int64_t c_row)
{
    vector sum[ROWS][8], b_p[8];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = start ? *(const vector *)(start + i * start_row + v * LANES) : (vector){ 0 };
    for (int64_t p = 0; p < k; p++) {
        for (int v = 0; v < vectors; v++)
            b_p[v] = *(const vector *)(b + p * b_row + v * LANES);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < vectors; v++)
                sum[i][v] += a[i * a_row + p * a_col] * b_p[v];
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            *(vector *)(c + i * c_row + v * LANES) = sum[i][v];
}

#define ARGUMENTS int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row, \
    const real *start, int64_t start_row, real *c, int64_t c_row
#define TILE(rows, vectors) \
    static void NAME(tile_##rows##_##vectors)(ARGUMENTS) \
    { NAME(tile)(rows, vectors, k, a, a_row, a_col, b, b_row, start, start_row, c, c_row); }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3)
#define NAMES(rows) { NAME(tile_##rows##_1), NAME(tile_##rows##_2), NAME(tile_##rows##_3) }
typedef void (*NAME(tile_function))(ARGUMENTS);
TILES(1) TILES(2) TILES(3) TILES(4)
TILE(1, 8) /* a single sample: reading b is all the work, and long runs are read faster */
#if ROWS == 8
TILES(5) TILES(6) TILES(7) TILES(8)
static const NAME(tile_function) NAME(tiles)[ROWS][3] = {
    NAMES(1), NAMES(2), NAMES(3), NAMES(4), NAMES(5), NAMES(6), NAMES(7), NAMES(8) };
#else
static const NAME(tile_function) NAME(tiles)[ROWS][3] = { NAMES(1), NAMES(2), NAMES(3), NAMES(4) };
#endif

#ifdef __clang__ /* which has no shuffle whose pattern a loop can make */
static inline void NAME(turn)(const real *b, int64_t b_col, real *packed, int64_t wide)
{
    for (int j = 0; j < LANES; j++)
        for (int p = 0; p < LANES; p++)
            packed[p * wide + j] = b[p + j * b_col];
}
#else
/* One step of turning rows into columns: pairs of rows, `step` apart, swap a part of their numbers. */
static inline __attribute__((always_inline)) void NAME(swap)(const int step, vector *rows)
{
    typedef __typeof__(rows[0] < rows[0]) lanes; /* whole numbers as wide as the others */
    lanes upper, lower;
    for (int l = 0; l < LANES; l++) {
        upper[l] = l & step ? (int)LANES + l - step : l;
        lower[l] = l & step ? (int)LANES + l : l + step;
    }
    for (int i = 0; i < LANES; i++)
        if (!(i & step)) {
            vector a = rows[i], b = rows[i + step];
            rows[i] = __builtin_shuffle(a, b, upper);
            rows[i + step] = __builtin_shuffle(a, b, lower);
        }
}

/* Write a block of LANES columns of b, each of which lies in one piece, as rows. */
static inline __attribute__((always_inline)) void NAME(turn)(const real *b, int64_t b_col, real *packed, int64_t wide)
{
    vector rows[LANES];
    for (int j = 0; j < LANES; j++)
        rows[j] = *(const vector *)(b + j * b_col);
    NAME(swap)(1, rows);
    if (LANES > 2)
        NAME(swap)(2, rows);
    if (LANES > 4)
        NAME(swap)(4, rows);
    if (LANES > 8)
        NAME(swap)(8, rows);
    for (int p = 0; p < LANES; p++)
        *(vector *)(packed + p * wide) = rows[p];
}
#endif

/* Copy n columns of k rows of b side by side, padded with zeros to `wide` columns. */
static void NAME(pack_b)(int64_t k, int64_t n, int64_t wide, const real *b, int64_t b_row, int64_t b_col, real *packed)
{
    if (b_col == 1 && n == 3 * LANES) {
        for (int64_t p = 0; p < k; p++)
            memcpy(packed + p * 3 * LANES, b + p * b_row, 3 * WIDTH);
        return;
    }
    if (n < wide)
        memset(packed, 0, (size_t)(k * wide) * sizeof(real));
    if (b_col == 1) {
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                packed[p * wide + j] = b[p * b_row + j];
        return;
    }
    /* Columns of b lie in one piece. */
    for (int64_t p = 0; p < k; p += LANES)
        for (int64_t j = 0; j < n; j += LANES) {
            if (k - p >= LANES && n - j >= LANES) {
                for (int i = 0; i < LANES; i++)
                    __builtin_prefetch(b + (j + i) * b_col + p + 4 * LANES);
                NAME(turn)(b + j * b_col + p, b_col, packed + p * wide + j, wide);
                continue;
            }
            for (int64_t i = j; i < n && i < j + LANES; i++)
                for (int64_t q = p; q < k && q < p + LANES; q++)
                    packed[q * wide + i] = b[q + i * b_col];
        }
}

/* Copy m rows of k numbers of a, whose columns lie in one piece, as tiles of ROWS rows, each in the order of its use. */
static void NAME(pack_a)(int64_t m, int64_t k, const real *a, int64_t a_col, real *packed)
{
    /* Four tiles at a time: more places to write to would push each other out of the cache. */
    for (int64_t first = 0; first < m; first += 4 * ROWS)
        for (int64_t p = 0; p < k; p++)
            for (int64_t i = first; i < m && i < first + 4 * ROWS; i += ROWS)
                memcpy(packed + i * k + p * ROWS, a + p * a_col + i, ROWS * sizeof(real));
}

/* What is written beyond the columns of a row of C is overwritten by the rows below it, if they follow at once; only the
 * last rows have to be kept from writing there. */
static int NAME(may_spill)(int64_t m, int64_t n, int64_t wide, int64_t last_row, int64_t c_row)
{
    return n == c_row && last_row * c_row + wide <= (m - 1) * c_row + n;
}

/* One column of tiles: n columns of C, out of `vectors` * LANES. Without a_row, a comes from pack_a. The last `tail` rows
 * of b are in `padded`, because reading whole vectors from where they are would go beyond its end. */
static void NAME(column)(
    int64_t m, int64_t n, int vectors, int64_t k, const real *a, int64_t a_row, int64_t a_col,
    const real *b, int64_t b_row, int64_t tail, const real *padded, const real *start, int64_t start_row, real *c,
    int64_t c_row)
{
    real edge[ROWS * 3 * WIDTH / sizeof(real)], first[8 * WIDTH / sizeof(real)];
    int64_t wide = vectors * LANES, tiles = (m + ROWS - 1) / ROWS;
    int64_t step_i = a_row ? a_row : 1, step_p = a_row ? a_col : ROWS;
    int spills = start != c;
    if (start && n < wide && start_row == 0) {
        for (int64_t j = 0; j < n; j++)
            first[j] = start[j];
        for (int64_t j = n; j < wide; j++)
            first[j] = 0;
        start = first;
    }
    for (int64_t t = 0, i = 0; t < tiles; t++) {
        int64_t rows = a_row ? (m - i + tiles - t - 1) / (tiles - t) : ROWS; /* shared out evenly, but for packed ones */
        NAME(tile_function) run = vectors == 8 ? NAME(tile_1_8) : NAME(tiles)[rows - 1][vectors - 1];
        const real *a_i = a_row ? a + i * a_row : a + i * k;
        const real *from = start ? start + i * start_row : 0;
        int64_t from_row = start_row, to_row = c_row;
        real *to = c + i * c_row;
        if (n < wide && !(spills && NAME(may_spill)(m, n, wide, i + rows - 1, c_row))) {
            if (from && start_row) {
                for (int64_t r = 0; r < rows; r++)
                    for (int64_t j = 0; j < wide; j++)
                        edge[r * wide + j] = j < n ? from[r * start_row + j] : 0;
                from = edge;
                from_row = wide;
            }
            to = edge;
            to_row = wide;
        }
        run(k - tail, a_i, step_i, step_p, b, b_row, from, from_row, to, to_row);
        if (tail)
            run(tail, a_i + (k - tail) * step_p, step_i, step_p, padded, wide, to, to_row, to, to_row);
        if (to == edge)
            for (int64_t r = 0; r < rows; r++)
                for (int64_t j = 0; j < n; j++)
                    c[(i + r) * c_row + j] = edge[r * wide + j];
        i += rows;
    }
}

/* C = start + A B for sizes whose packed parts stay in the cache: k <= GEMM_DEPTH. */
static void NAME(block)(
    int64_t m, int64_t n, int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row,
    int64_t b_col, const real *start, int64_t start_row, real *c, int64_t c_row, real *packed)
{
    for (int64_t j = 0; j < n;) {
        int64_t left = (n - j + LANES - 1) / LANES, tail = 0;
        /* Used once or twice, or in one piece anyway: b is read where it is. */
        int direct = b_col == 1 && (m <= 2 * ROWS || b_row <= 3 * LANES);
        int vectors = direct && m == 1 && left >= 8 && n - j >= 8 * LANES ? 8 : left == 4 ? 2 : left < 3 ? (int)left : 3;
        int64_t wide = vectors * LANES, cols = n - j < wide ? n - j : wide, stride = b_row;
        const real *b_j = b + j * b_col;
        if (direct && cols < wide) {
            tail = (wide - cols + b_row - 1) / b_row;
            tail = tail < k ? tail : k;
            NAME(pack_b)(tail, cols, wide, b_j + (k - tail) * b_row, b_row, 1, packed);
        } else if (!direct) {
            NAME(pack_b)(k, cols, wide, b_j, b_row, b_col, packed);
            b_j = packed;
            stride = wide;
        }
        NAME(column)(m, cols, vectors, k, a, a_row, a_col, b_j, stride, tail, packed, start ? start + j : 0, start_row,
            c + j, c_row);
        j += cols;
    }
}

/* sum + a b, rounded once where vectors round once: without being told, the compiler does either. */
static inline real NAME(plus_product)(real sum, real a, real b)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return sizeof(real) == sizeof(float) ? (real)__builtin_fmaf((float)a, (float)b, (float)sum)
        : (real)__builtin_fma((double)a, (double)b, (double)sum);
#else
    return sum + a * b;
#endif
}

/* `rows` x n numbers of C one by one, where a vector would stay almost empty. */
static inline __attribute__((always_inline)) void NAME(narrow_rows)(
    const int rows, const int n, int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row,
    int64_t b_col, const real *start, int64_t start_row, real *c, int64_t c_row)
{
    real sum[4][4];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++)
            sum[i][j] = start ? start[i * start_row + j] : 0;
    for (int64_t p = 0; p < k; p++)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < n; j++)
                sum[i][j] = NAME(plus_product)(sum[i][j], a[i * a_row + p * a_col], b[p * b_row + j * b_col]);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++)
            c[i * c_row + j] = sum[i][j];
}

#define NARROW(n) \
static void NAME(narrow_##n)( \
    int64_t m, int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row, int64_t b_col, \
    const real *start, int64_t start_row, real *c, int64_t c_row) \
{ \
    int64_t i = 0; \
    for (; m - i >= 4; i += 4) \
        NAME(narrow_rows)(4, n, k, a + i * a_row, a_row, a_col, b, b_row, b_col, start ? start + i * start_row : 0, \
            start_row, c + i * c_row, c_row); \
    for (; i < m; i++) \
        NAME(narrow_rows)(1, n, k, a + i * a_row, a_row, a_col, b, b_row, b_col, start ? start + i * start_row : 0, \
            start_row, c + i * c_row, c_row); \
}
NARROW(1) NARROW(2) NARROW(3) NARROW(4)

/* Products of at most so many multiplications are done one by one: the tiles' preparations would take longer. */
#define FEW 32

static void NAME(gemm)(
    int64_t m, int64_t n, int64_t k, const real *a, int64_t a_row, int64_t a_col, const real *b, int64_t b_row,
    int64_t b_col, const real *start, int64_t start_row, real *c, int64_t c_row, real *work)
{
    if (m * n * k <= FEW) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                real sum = start ? start[i * start_row + j] : 0;
                for (int64_t p = 0; p < k; p++)
                    sum = NAME(plus_product)(sum, a[i * a_row + p * a_col], b[p * b_row + j * b_col]);
                c[i * c_row + j] = sum;
            }
        return;
    }
    if (n <= 2 || (n <= 4 && k <= 16)) {
        (n == 1 ? NAME(narrow_1) : n == 2 ? NAME(narrow_2) : n == 3 ? NAME(narrow_3) : NAME(narrow_4))(
            m, k, a, a_row, a_col, b, b_row, b_col, start, start_row, c, c_row);
        return;
    }
    for (int64_t p = 0; p < k || p == 0; p += GEMM_DEPTH) {
        int64_t depth = k - p < GEMM_DEPTH ? k - p : GEMM_DEPTH;
        const real *a_p = a + p * a_col, *from = p ? c : start;
        int64_t from_row = p ? c_row : start_row, i = 0;
        /* Columns whose distance is a large power of two push each other out of the cache: they are packed. */
        if (a_row == 1 && a_col * sizeof(real) % 2048 == 0 && n >= GEMM_SHARED)
            for (; i + ROWS <= m; i += GEMM_HEIGHT) {
                int64_t height = m - i < GEMM_HEIGHT ? (m - i) / ROWS * ROWS : GEMM_HEIGHT;
                NAME(pack_a)(height, depth, a_p + i, a_col, work + 48 * depth);
                NAME(block)(height, n, depth, work + 48 * depth, 0, 0, b + p * b_row, b_row, b_col,
                    from ? from + i * from_row : 0, from_row, c + i * c_row, c_row, work);
            }
        i = i ? m / ROWS * ROWS : 0;
        if (i < m)
            NAME(block)(m - i, n, depth, a_p + i * a_row, a_row, a_col, b + p * b_row, b_row, b_col,
                from ? from + i * from_row : 0, from_row, c + i * c_row, c_row, work);
    }
}

/* One row of C where the row of A has `count` numbers x other than zero, at the given columns: the same sum without the
 * zeros. */
static inline __attribute__((always_inline)) void NAME(sparse_tile)(
    const int vectors, int64_t count, const int32_t *index, const real *x, const real *b, int64_t b_row,
    const real *start, real *c)
{
    vector sum[16];
    for (int v = 0; v < vectors; v++)
        sum[v] = start ? *(const vector *)(start + v * LANES) : (vector){ 0 };
    for (int64_t p = 0; p < count; p++)
        for (int v = 0; v < vectors; v++)
            sum[v] += x[p] * *(const vector *)(b + index[p] * b_row + v * LANES);
    for (int v = 0; v < vectors; v++)
        *(vector *)(c + v * LANES) = sum[v];
}

static void NAME(sparse)(
    int64_t n, int64_t count, const int32_t *index, const real *x, const real *b, int64_t b_row, const real *start,
    real *c)
{
    int64_t j = 0;
    for (; n - j >= MOST * LANES; j += MOST * LANES)
        NAME(sparse_tile)(MOST, count, index, x, b + j, b_row, start ? start + j : 0, c + j);
    for (; n - j >= 4 * LANES; j += 4 * LANES)
        NAME(sparse_tile)(4, count, index, x, b + j, b_row, start ? start + j : 0, c + j);
    for (; n - j >= LANES; j += LANES)
        NAME(sparse_tile)(1, count, index, x, b + j, b_row, start ? start + j : 0, c + j);
    for (; j < n; j++) {
        real sum = start ? start[j] : 0;
        for (int64_t p = 0; p < count; p++)
            sum = NAME(plus_product)(sum, x[p], b[index[p] * b_row + j]);
        c[j] = sum;
    }
}
#undef vector
#undef LANES
#undef MOST
#undef FEW
#undef NARROW
#undef ARGUMENTS
#undef TILE
#undef TILES
#undef NAMES
