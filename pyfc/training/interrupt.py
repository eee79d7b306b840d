"""Turns Ctrl-C into a wish: training ends after the batch that it is in, so no step is left half done."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

from pyfc.training.run import Run


class StopOnInterrupt:
    """While this context is active, the first Ctrl-C stops the run; a second one raises KeyboardInterrupt.

    Parameters
    ----------
    run : Run
        What to stop.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._before: Any = None

    def __enter__(self) -> Self:
        """Take Ctrl-C over, if this is the main thread and nobody else has done so."""
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._run.stop("interrupted")
        self._give_back()

    def _give_back(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def __exit__(self, *exception: object) -> None:
        """Give Ctrl-C back."""
        self._give_back()
