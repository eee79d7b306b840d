"""Tries a call in a copy of this process, so that one which ends it can be told from one that does not.

Compiled code of a plugin may read through a null pointer, as one does that reads z in its backward without the flag
PYFC_NEEDS_Z. Where the system cannot copy a process (Windows), nothing is tried.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import warnings
from collections.abc import Callable


def crash(call: Callable[[], object]) -> str:
    """Return how a call ends the process, ``""`` if it does not; what it returns, raises or changes is lost.

    Parameters
    ----------
    call : callable
        Without arguments.

    Returns
    -------
    str
        Such as ``"ended the program by signal 11, SIGSEGV"``.
    """
    if not hasattr(os, "fork"):
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: the copy has none, and waits for none
        child = os.fork()
    if child == 0:
        try:
            faulthandler.disable()  # it would print what is told here
            with contextlib.suppress(BaseException):
                call()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    number = -os.waitstatus_to_exitcode(status)
    return f"ended the program by signal {number}, {signal.Signals(number).name}" if number > 0 else ""
