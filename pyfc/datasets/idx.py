"""Reads the IDX format of MNIST, raw or compressed with gzip, and refuses a file that is not exactly what it claims.

IDX: two zero bytes, a byte for the type of the numbers, a byte for how many dimensions there are, the length of each as
a big-endian 32-bit integer, then the numbers, the last index fastest (Y. LeCun, C. Cortes, C. Burges, "The MNIST
database of handwritten digits").
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

TYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
AGAIN = "download the file again"


def gunzip(content: bytes) -> bytes:
    """Return content, uncompressed if it begins as gzip does: browsers and servers may have uncompressed it already.

    Parameters
    ----------
    content : bytes
        What a file holds or a server sent.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If it begins as gzip but is truncated or damaged.
    """
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"damaged gzip data of {len(content)} bytes ({error})") from error


def read_idx(path: Path, item: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return the array in an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        Raw or gzip, told by what it holds and not by its name.
    item : tuple of int
        Shape of one item: ``(28, 28)`` for images, ``()`` for labels.

    Returns
    -------
    ndarray of uint8, shape (n, *item)

    Raises
    ------
    ValueError
        If the content is anything else.
    """
    try:
        content = gunzip(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}: expected a complete gzip file; {AGAIN}") from error
    ndim = 1 + len(item)
    magic = bytes([0, 0, 0x08, ndim])
    if content[:2] != magic[:2] or len(content) < 4 or content[2] not in TYPES:
        raise ValueError(
            f"{path} begins with the bytes {content[:4].hex(' ') or '(none)'}: expected {magic.hex(' ')}, an IDX file"
            f"{'; this looks like a web page' if content.lstrip()[:1] == b'<' else ''}; {AGAIN}"
        )
    if content[2] != 0x08:
        raise ValueError(f"{path} holds {TYPES[content[2]]}: expected uint8; take the original file of the data set")
    if content[3] != ndim:
        raise ValueError(
            f"{path} has {content[3]} dimensions: expected {ndim}, because it should hold "
            f"{'images' if item else 'labels'}; see whether images and labels have changed names"
        )
    header = 4 + 4 * ndim
    if len(content) < header:
        raise ValueError(f"{path} ends after {len(content)} bytes: expected a header of {header}; {AGAIN}")
    shape = tuple(np.frombuffer(content, ">u4", count=ndim, offset=4).tolist())
    if shape[1:] != item:
        raise ValueError(f"{path} holds items of shape {shape[1:]}: expected {item}; take files in the format of MNIST")
    expected = header + math.prod(shape)
    if len(content) != expected:
        what = "is truncated" if len(content) < expected else "has trailing bytes"
        raise ValueError(
            f"{path} {what}: it holds {len(content)} bytes, expected {expected} by its header, for {shape}; {AGAIN}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()
