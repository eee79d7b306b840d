"""A file is written as a whole or not at all; whatever goes wrong, the old one stays and nothing is left behind."""

import errno
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

import pyfc
from pyfc.atomic import write_atomically

OLD = b"the old file"


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that is there, alone in its folder."""
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def untouched(path):
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_replaced(path):
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_kinds_of_path(path, kind):
    new = path.with_name("größer")
    write_atomically(kind(new), b"new")
    assert new.read_bytes() == b"new"


def test_relative_path(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    write_atomically("file", b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_usual_permissions(path, umask, expected):
    new = path.with_name("new")
    before = os.umask(umask)
    try:
        write_atomically(new, b"")
    finally:
        os.umask(before)
    assert mode(new) == expected


def test_a_file_keeps_its_permissions(path):
    path.chmod(0o600)
    write_atomically(path, b"secret")
    assert mode(path) == 0o600


def test_a_link_stays(path):
    link = path.with_name("link")
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_link_to_nothing_makes_the_file(path):
    link, other = path.with_name("link"), path.with_name("other")
    link.symlink_to(other)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert other.read_bytes() == b"new"


def test_a_link_to_itself(path):
    link = path.with_name("link")
    link.symlink_to(link)
    with pytest.raises(OSError, match="cannot write there: Too many levels of symbolic links"):
        write_atomically(link, b"")
    assert link.is_symlink()


# Places where nothing can be written


def test_missing_folder(path):
    with pytest.raises(FileNotFoundError, match="cannot write there: No such file or directory; make the folder first"):
        write_atomically(path.parent / "none" / "file", b"")
    untouched(path)


def test_a_file_in_place_of_the_folder(path):
    with pytest.raises(NotADirectoryError, match="Not a directory; choose a folder that is one"):
        write_atomically(path / "below", b"")
    untouched(path)


def test_a_folder_in_place_of_the_file(path):
    with pytest.raises(IsADirectoryError, match="Is a directory; add the name of a file") as caught:
        write_atomically(path.parent, b"")
    assert caught.value.filename == str(path.parent)
    untouched(path)


def test_a_device_is_not_replaced(path):
    os.mkfifo(path.with_name("pipe"))
    path.with_name("link").symlink_to("/dev/full")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="it is a device or a pipe; expected a file"):
            write_atomically(path.with_name(name), b"")
    assert stat.S_ISFIFO(path.with_name("pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_long_name(path):
    write_atomically(path.with_name("x" * 255), b"new")
    with pytest.raises(OSError, match="File name too long; choose a shorter name"):
        write_atomically(path.with_name("x" * 256), b"new")


def test_a_system_that_takes_no_files():
    with pytest.raises(OSError, match="cannot write; a file that was there is as it was: No such file"):
        write_atomically("/proc/pyfc", b"")


@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_no_permission(path, read_only, monkeypatch):
    """The superuser may write everywhere, so the system's answer is given here."""
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place).name != read_only)
    with pytest.raises(PermissionError, match="Permission denied; choose a place that you may write to"):
        write_atomically(path, b"")
    untouched(path)


# What goes wrong while writing


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "No space left on device; make room on the disk"),
        (errno.EDQUOT, "Disk quota exceeded; make room in your quota"),
        (errno.EROFS, "Read-only file system; choose a place that can be written to"),
        (errno.EIO, "Input/output error; try again, or choose another place"),
    ],
)
def test_a_disk_that_fails(path, monkeypatch, function, number, advice):
    def fail(*arguments):
        raise OSError(number, "")

    monkeypatch.setattr(os, function, fail)
    monkeypatch.setattr(Path, function, fail, raising=False)
    with pytest.raises(OSError, match=f"cannot write; a file that was there is as it was: {advice}") as caught:
        write_atomically(path, b"new")
    assert (caught.value.errno, caught.value.filename) == (number, str(path))
    untouched(path)


def test_control_c(path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    untouched(path)


def test_a_disk_that_becomes_full(path, run):
    """The limit of a process on the size of files stands for a full disk: the system refuses in the middle."""
    said = run(f"""
import resource, numpy, pyfc
net = pyfc.Network([pyfc.Dense(100, 100)], "squared_error")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    net.save({str(path)!r})
except OSError as error:
    print(error)
net.forward(numpy.zeros((1, 100)))
""")
    assert "cannot write; a file that was there is as it was: File too large; raise the limit" in said
    untouched(path)


def test_saves_at_the_same_time(path):
    """Whoever looks sees one of the files as a whole."""
    nets = [pyfc.Network([pyfc.Dense(30, 30)], "squared_error", seed=seed) for seed in range(3)]
    nets[0].save(path)
    ended, failures = threading.Event(), []

    def write(net):
        try:
            while not ended.is_set():
                net.save(path)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(net,)) for net in nets]
    for thread in threads:
        thread.start()
    seen = [pyfc.load(path).flat for _ in range(100)]
    ended.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(any(np.array_equal(flat, net.flat) for net in nets) for flat in seen)
    assert list(path.parent.iterdir()) == [path]
