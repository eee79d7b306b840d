/* barrier.h: where the threads of a training step wait for each other.
 *
 * A step is over in microseconds, so a thread that has to wait looks again and again instead of going to sleep; only when
 * that takes long, because the processor has other work, does it offer its place to others.
 */
#ifndef PYFC_BARRIER_H
#define PYFC_BARRIER_H

#include <time.h>

#if defined(_WIN32)
#include <windows.h>
#define BARRIER_YIELD() SwitchToThread()
#else
#include <sched.h>
#define BARRIER_YIELD() sched_yield()
#endif

#if defined(__x86_64__) || defined(__i386__)
#define BARRIER_PAUSE() __builtin_ia32_pause()
#else
#define BARRIER_PAUSE() ((void)0)
#endif

enum { BARRIER_PATIENCE = 20000 }; /* looks, about 0.2 ms */

typedef struct {
    int threads;
    int arrived;
    int round;
} barrier;

static inline int read_now(const int *x) { return __atomic_load_n(x, __ATOMIC_ACQUIRE); }
static inline void barrier_yield(void) { BARRIER_YIELD(); }

/* Seconds since some time in the past. */
static inline double barrier_clock(void)
{
    struct timespec now;
#ifdef CLOCK_MONOTONIC
    clock_gettime(CLOCK_MONOTONIC, &now);
#else
    timespec_get(&now, TIME_UTC);
#endif
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Return when all threads have called this; what they wrote before is then seen by all. */
static inline void barrier_wait(barrier *b)
{
    if (b->threads == 1)
        return;
    int round = __atomic_load_n(&b->round, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == b->threads) {
        __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&b->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int looks = 0; __atomic_load_n(&b->round, __ATOMIC_ACQUIRE) == round; looks++)
        if (looks < BARRIER_PATIENCE)
            BARRIER_PAUSE();
        else
            BARRIER_YIELD();
}

#endif
