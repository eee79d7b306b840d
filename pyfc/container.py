"""The file that models and checkpoints are kept in: safetensors, with plain data as JSON in its metadata.

Everything is checked before it is used: the frame by safetensors, the plain data by a checksum of their own, the shapes
by the reader, who knows what they must be, and only then are the arrays read, by another checksum. The checksums find
damage, not forgery: whoever forges a file can forge them. Reading is safe in any case, since nothing in a file is run.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pyfc.atomic import write_atomically
from pyfc.component.base import Array
from pyfc.errors import ModelFileError

#: Of the files that are written; those of this and all earlier versions are read.
VERSION = 1
#: Where in the metadata the plain data stand: one entry, since safetensors writes several in random order.
KEY = "pyfc"

#: Type in the words of safetensors, and shape.
Kind = tuple[str, tuple[int, ...]]

_TYPES = {"float32": "F32", "float64": "F64"}


def write(path: str | os.PathLike[str], kind: str, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a file, atomically; equal content gives equal bytes.

    Parameters
    ----------
    path : path
        Where to.
    kind : str
        ``"network"`` or ``"checkpoint"``.
    content : mapping
        Plain data: dicts with str as keys, lists, str, numbers, booleans and None.
    arrays : mapping of str to ndarray
        Of floats, integers or booleans.

    Raises
    ------
    TypeError, ValueError
        For what cannot be written down.
    OSError
        If the file cannot be written; the old one is then as it was.
    """
    from pyfc import __version__

    plain = {n: np.require(a, a.dtype.newbyteorder("="), "C") for n, a in sorted(arrays.items())}
    for name, array in plain.items():
        if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
            raise TypeError(f"{name!r} has dtype {array.dtype}: expected floats, integers or booleans")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"the name {name!r} cannot be written in UTF-8: choose another one") from None
    about = {"format": f"pyfc-{kind}", "format_version": VERSION, "pyfc": __version__}
    try:
        whole = {**about, **content, "sha256_arrays": _sum_arrays(plain)}
        text = json.dumps({"sha256": _sum_content(whole), "content": whole})
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"a {kind} file holds str, numbers, booleans, None, and lists and dicts of them: {error}"
        ) from None
    write_atomically(path, save(plain, {KEY: text}))


class Stored:
    """An open file, of which nothing but names, shapes and plain data has been read.

    Attributes
    ----------
    path : str
        For messages.
    kind : str
        ``"network"`` or ``"checkpoint"``.
    content : dict
        The plain data, as they were written.
    shapes : dict
        Name of each array -> its type and shape.
    """

    def __init__(self, path: str, file: Any) -> None:
        self.path, self._file = path, file
        self.kind, self.content = self._checked((file.metadata() or {}).get(KEY))
        parts = {name: file.get_slice(name) for name in sorted(file.keys())}
        self.shapes: dict[str, Kind] = {n: (part.get_dtype(), tuple(part.get_shape())) for n, part in parts.items()}

    def _checked(self, text: str | None) -> tuple[str, dict[str, Any]]:
        if text is None:
            raise self.error("it is a safetensors file that pyfc did not write: expected one from Network.save")
        try:
            whole = json.loads(text)
            content, written = whole["content"], whole["sha256"]
            name, version, by = content["format"], content["format_version"], content["pyfc"]
            expected = _sum_content(content)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self.error(f"its description is damaged ({type(error).__name__}: {error}); {AGAIN}") from error
        if isinstance(version, int) and version > VERSION:
            raise self.error(
                f"it has format version {version}, of pyfc {by}: this pyfc reads versions up to {VERSION}; "
                f"install pyfc {by} or newer"
            )
        if written != expected:
            raise self.error(f"its description is damaged or was changed (SHA-256 {expected}, not {written}); {AGAIN}")
        if name not in ("pyfc-network", "pyfc-checkpoint") or not isinstance(version, int) or version < 1:
            raise self.error(f"it is a {name!r} of version {version!r}: expected a pyfc-network or a pyfc-checkpoint")
        return name.removeprefix("pyfc-"), content

    def expect(self, parameters: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> None:
        """Raise if the parameters in the file are not such as these; names with a leading dot are none in a checkpoint.

        Raises
        ------
        ModelFileError
            If one is missing, unknown, or of another type or shape.
        """
        expected = {name: (_TYPES.get(dtype.name, dtype.name), shape) for name, (dtype, shape) in parameters.items()}
        own = {name: kind for name, kind in self.shapes.items() if self.kind == "network" or not name.startswith(".")}
        for problem, names in (
            ("lacks", expected.keys() - own.keys()),
            ("has an unknown", own.keys() - expected.keys()),
        ):
            if names:
                raise self.error(f"it {problem} {', '.join(sorted(names))}; {AGAIN}")
        for name, (letters, shape) in expected.items():
            if own[name] != (letters, shape):
                raise self.error(f"{name} is {own[name][0]} {own[name][1]}: expected {letters} {shape}")

    def read(self) -> dict[str, Array]:
        """Return the arrays; call this when ``shapes`` are known to be right.

        Raises
        ------
        ModelFileError
            If they are not as they were written.
        """
        try:
            arrays = {name: np.array(self._file.get_tensor(name)) for name in self.shapes}
        except (SafetensorError, TypeError, ValueError, AttributeError) as error:  # such as types that NumPy has not
            raise self.error(f"its arrays cannot be read ({error}); {AGAIN}") from error
        if _sum_arrays(arrays) != self.content.get("sha256_arrays"):
            raise self.error(f"its numbers are damaged or were changed (wrong SHA-256); {AGAIN}")
        return arrays

    def error(self, problem: str) -> ModelFileError:
        """Return an error about this file."""
        return ModelFileError(f"{self.path}: {problem}")


AGAIN = "save it again, or get another copy"


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Stored]:
    """Open a file for reading.

    Parameters
    ----------
    path : path
        Of a file that :func:`write` wrote.

    Yields
    ------
    Stored

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    ModelFileError
        If it is no such file, is damaged, or of a newer version.
    """
    name = os.fsdecode(path)
    try:
        found = Path(name).stat()
        if not stat.S_ISDIR(found.st_mode) and not stat.S_ISREG(found.st_mode):
            raise ModelFileError(f"{name}: it is a device or a pipe: expected a file from Network.save")
        with Path(name).open("rb"):  # says clearly why a file cannot be opened
            pass
    except OSError as error:
        advice = "check the path" if error.errno in (errno.ENOENT, errno.ENOTDIR) else "expected a readable file"
        raise OSError(error.errno, f"cannot read: {error.strerror}; {advice}", name) from None
    try:
        file = safe_open(name, framework="np")
    except SafetensorError as error:
        raise ModelFileError(
            f"{name}: it is no safetensors file, or no whole one: {error}; expected a file from Network.save"
        ) from error
    with file:
        yield Stored(name, file)


def _sum_content(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _sum_arrays(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():  # sorted by name
        digest.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
