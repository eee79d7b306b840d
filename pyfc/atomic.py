"""Writes a file as a whole or not at all: whatever happens on the way, the old file stays as it was.

The bytes go to a temporary file in the same folder, which takes the place of the old one when all of them are on the
disk. A process that is killed while it writes leaves that temporary file, ``.pyfc-*.tmp``, which may be deleted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

_ADVICE = {
    errno.ENOSPC: "make room on the disk, or choose another one",
    errno.EDQUOT: "make room in your quota, or choose another disk",
    errno.EFBIG: "raise the limit on the size of files, or choose another disk",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "choose a folder that is one",
    errno.EISDIR: "add the name of a file",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that can be written to",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def explained(error: OSError, action: str, path: str | os.PathLike[str]) -> OSError:
    """Return an error of the same kind that says what was tried, and what to do."""
    number = error.errno or errno.EIO
    advice = _ADVICE.get(number, "try again, or choose another place")
    return OSError(number, f"{action}: {os.strerror(number)}; {advice}", os.fsdecode(path))


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return where a file will be written, or raise if it is plain already that it cannot be.

    Parameters
    ----------
    path : path
        A symbolic link is followed, so that it stays and what it points to is replaced.

    Returns
    -------
    Path

    Raises
    ------
    OSError
        If the folder is missing or must not be written to, or if something is there that is no file, such as a folder
        or a device. The class is the usual one: FileNotFoundError, PermissionError, IsADirectoryError, ...
    """
    target = Path(os.path.realpath(os.fsdecode(path)))
    try:
        try:
            mode = target.stat().st_mode
        except FileNotFoundError:
            mode = None
        target.parent.stat()
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "")
        for place in (target.parent, *([] if mode is None else [target])):
            if not os.access(place, os.W_OK):
                raise PermissionError(errno.EACCES, "")
    except OSError as error:
        raise explained(error, "cannot write there", path) from None
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "cannot write there: it is a device or a pipe; expected a file", os.fsdecode(path))
    return target


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, so that at any time either the old content or the new one is there.

    Parameters
    ----------
    path : path
        See :func:`check_target`. A new file gets the usual permissions; one that is replaced keeps its own.
    data : bytes
        The content.

    Raises
    ------
    OSError
        If it cannot be written; the old file is then as it was, and nothing is left behind.
    """
    target = check_target(path)
    temporary = target.with_name(f".pyfc-{os.urandom(8).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:  # "x" takes the permissions from the umask, which tempfile does not
                file.write(data)
                file.flush()
                with contextlib.suppress(OSError):  # there is no old file, or a disk that has no permissions
                    os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:  # also Ctrl-C
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise explained(error, "cannot write; a file that was there is as it was", path) from error
    with contextlib.suppress(OSError):  # the new name is on the disk too, where the system can promise that
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
