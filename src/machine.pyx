"""What pyfc was compiled with and what the processor at hand can do: the part of ``pyfc doctor`` that only C knows."""

cdef extern from *:
    """
    #include "pyfc_kernel.h"

    #define MACHINE_TEXT_OF(...) #__VA_ARGS__
    #define MACHINE_TEXT(...) MACHINE_TEXT_OF(__VA_ARGS__)
    #if defined(__clang__)
    #define MACHINE_COMPILER __VERSION__
    #elif defined(__GNUC__)
    #define MACHINE_COMPILER "GCC " __VERSION__
    #elif defined(_MSC_VER)
    #define MACHINE_COMPILER "MSVC " MACHINE_TEXT(_MSC_VER)
    #else
    #define MACHINE_COMPILER "unknown"
    #endif
    #ifndef PYFC_FLAGS /* setup.py sets it */
    #define PYFC_FLAGS "unknown"
    #endif
    #ifdef PYFC_NATIVE
    #define MACHINE_NATIVE 1
    #else
    #define MACHINE_NATIVE 0
    #endif

    /* What __builtin_cpu_supports is asked must stand in the source as text: hence lists by the preprocessor. */
    #if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    #define MACHINE_FEATURES(DO) DO("sse4.2") DO("avx") DO("avx2") DO("fma") DO("avx512f") DO("avx512bw") \\
        DO("avx512cd") DO("avx512dq") DO("avx512vl")
    #define MACHINE_SUPPORTS(name) !!__builtin_cpu_supports(name),
    #define MACHINE_INIT __builtin_cpu_init()
    #elif defined(__aarch64__)
    #define MACHINE_FEATURES(DO) DO("neon") /* every arm64 has it */
    #define MACHINE_SUPPORTS(name) 1,
    #define MACHINE_INIT
    #else
    #define MACHINE_FEATURES(DO)
    #define MACHINE_SUPPORTS(name)
    #define MACHINE_INIT
    #endif
    #define MACHINE_NAME(name) name,

    static const char *machine_feature(int i)
    {
        static const char *const names[] = { MACHINE_FEATURES(MACHINE_NAME) 0 };
        return names[i];
    }

    static int machine_supports(int i)
    {
        MACHINE_INIT;
        const int supported[] = { MACHINE_FEATURES(MACHINE_SUPPORTS) 0 };
        return supported[i];
    }

    /* The copies that PYFC_STATUS asks for, of which the loader takes the first that the processor can run. */
    static const char *machine_copy(void)
    {
    #if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__x86_64__)
        __builtin_cpu_init();
        return __builtin_cpu_supports("x86-64-v4") ? "x86-64-v4" : __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3"
            : "default";
    #else
        return "default";
    #endif
    }
    """
    const char *MACHINE_COMPILER
    const char *PYFC_FLAGS
    bint MACHINE_NATIVE
    const char *RETURN_TYPE "MACHINE_TEXT(PYFC_STATUS)"
    const char *machine_feature(int i) nogil
    bint machine_supports(int i) nogil
    const char *machine_copy() nogil


def build():
    """Return what this module, and with it all of pyfc, was compiled with.

    Returns
    -------
    dict
        ``compiler`` and ``flags``, str; ``native``, bool: for the processor of the machine that compiled it, with
        PYFC_NATIVE; ``copy``, str or None: of the copies of each kernel, one for each of several instruction sets,
        the one that runs here; None if there is but one.
    """
    copies = "target_clones" in RETURN_TYPE.decode()
    return {
        "compiler": MACHINE_COMPILER.decode(),
        "flags": PYFC_FLAGS.decode(),
        "native": bool(MACHINE_NATIVE),
        "copy": machine_copy().decode() if copies else None,
    }


def features():
    """Return which of the instruction sets that matter the processor has: a dict of bool, empty where none is known."""
    cdef int i = 0
    found = {}
    while machine_feature(i) != NULL:
        found[machine_feature(i).decode()] = bool(machine_supports(i))
        i += 1
    return found
