"""Memory that shows what was written: an output in the middle of a larger buffer, whose other bytes are known.

It begins at no round address, as an array that a user hands in may, and is filled with a NaN that no computation makes,
so that an entry that was not written shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc.component.base import Array

#: Fewest bytes on either side of an output, and most; else as many as it has itself.
_MARGIN, _MOST = 4096, 1 << 20
_BYTE = 0xA5
#: NaN, by its bits.
_UNWRITTEN = {np.dtype(np.float32): 0x7FDEAD55, np.dtype(np.float64): 0x7FFDEAD5DEAD5DEA}


class Guarded:
    """An output with a margin on both sides.

    Parameters
    ----------
    shape : tuple of int
        Of the output.
    dtype : dtype
        float32 or float64.
    zeroed : bool, default False
        Fill it with zeros instead of the NaN.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any, *, zeroed: bool = False) -> None:
        kind = np.dtype(dtype)
        self._bits = np.dtype(f"u{kind.itemsize}")
        size = int(np.prod(shape)) * kind.itemsize
        margin = max(_MARGIN, min(size, _MOST) // 16 * 16)
        buffer = np.full(2 * margin + 2 * kind.itemsize + size, _BYTE, np.uint8)
        offset = margin + (-buffer.ctypes.data) % kind.itemsize
        if (buffer.ctypes.data + offset) % 16 == 0:
            offset += kind.itemsize
        self._before, self._after = buffer[:offset], buffer[offset + size :]
        self.array: Array = buffer[offset : offset + size].view(kind).reshape(shape)
        self._zeroed = zeroed
        if zeroed:
            self.array[...] = 0
        else:
            self.array.view(self._bits)[...] = _UNWRITTEN[kind]

    def outside(self) -> str:
        """Return which bytes beside the output were written, ``""`` if none."""
        after, before = np.flatnonzero(self._after != _BYTE), np.flatnonzero(self._before != _BYTE)
        if len(after):
            return f"{len(after)} bytes up to {after[-1] + 1} behind its end"
        return f"{len(before)} bytes from {len(self._before) - before[0]} before its start" if len(before) else ""

    def unwritten(self) -> list[tuple[int, ...]]:
        """Return the indices that were not written."""
        left = self.array.view(self._bits) == _UNWRITTEN[self.array.dtype]
        return [] if self._zeroed else [tuple(map(int, at)) for at in np.argwhere(left)]
