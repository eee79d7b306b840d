"""Tests of load_mnist: files in every spelling and in every state of damage, and the download from a local server.

The files are small and made up, except where the environment variable PYFC_DATA names a folder with the real ones.
"""

import gzip
import hashlib
import http.server
import os
import re
import socket
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from pyfc.datasets import download, load_mnist, mnist
from pyfc.datasets.idx import read_idx

NAMES = list(mnist.FILES)
REAL = os.environ.get("PYFC_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="PYFC_DATA does not name a folder with the real MNIST")


def idx(array):
    """Return an array of bytes in IDX format."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def made_up(n=12, n_test=5):
    """Return the four files of a small data set by name."""
    rng = np.random.default_rng(0)
    files = {}
    for (images, labels), count in zip([NAMES[:2], NAMES[2:]], (n, n_test), strict=True):
        files[images] = idx(rng.integers(0, 256, (count, 28, 28)))
        files[labels] = idx(np.arange(count) % 10)
    return files


def place(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz", ".gz uncompressed by the browser"])
def test_all_spellings_are_read(tmp_path, dotted, suffix):
    files = made_up()
    pack = gzip.compress if suffix == ".gz" else bytes
    spelled = {(n.replace("-idx", ".idx") if dotted else n) + suffix[:3]: pack(c) for n, c in files.items()}
    (X, y), (X_test, y_test) = load_mnist(place(tmp_path, spelled))
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((12, 784), np.uint8, (12,), np.int64)
    assert (X_test.shape, X_test.dtype, y_test.shape, y_test.dtype) == ((5, 784), np.uint8, (5,), np.int64)
    assert X.tobytes() == files[NAMES[0]][16:]
    assert y.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert X.flags.writeable


def test_folder_comes_from_the_environment_unless_given(tmp_path, monkeypatch):
    for name, n in (("named", 3), ("given", 4)):
        (tmp_path / name).mkdir()
        place(tmp_path / name, made_up(n))
    monkeypatch.setenv("PYFC_DATA", str(tmp_path / "named"))
    assert len(load_mnist()[0][0]) == 3
    assert len(load_mnist(str(tmp_path / "given"))[0][0]) == 4
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(load_mnist("~/given")[0][0]) == 4


def test_missing_folder_and_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere: expected one with train-images.*mnist_all\.mat"):
        load_mnist(tmp_path / "nowhere")
    files = made_up()
    del files[NAMES[1]], files[NAMES[2]]
    with pytest.raises(
        FileNotFoundError, match=f"lacks {NAMES[1]}, {NAMES[2]}: expected .*without PYFC_DATA to download"
    ):
        load_mnist(place(tmp_path, files))
    with pytest.raises(NotADirectoryError, match=f"{NAMES[0]} is a file: expected the folder"):
        load_mnist(tmp_path / NAMES[0])


IMAGES, LABELS = made_up()[NAMES[0]], made_up()[NAMES[1]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (NAMES[0], b"", r"begins with the bytes \(none\): expected 00 00 08 03, an IDX file; download"),
        (NAMES[0], b"<!DOCTYPE html>", "begins with the bytes 3c 21 44 4f: .*; this looks like a web page; download"),
        (NAMES[0], b"\0\0\x07\x03" + IMAGES[4:], "begins with the bytes 00 00 07 03: expected 00 00 08 03"),
        (NAMES[0], b"\0\0\x0d\x03" + IMAGES[4:], "holds float32: expected uint8"),
        (NAMES[0], LABELS, "has 1 dimensions: expected 3, because it should hold images; see whether"),
        (NAMES[1], IMAGES, "has 3 dimensions: expected 1, because it should hold labels"),
        (NAMES[0], IMAGES[:15], "ends after 15 bytes: expected a header of 16; download"),
        (
            NAMES[0],
            IMAGES[:-1],
            f"is truncated: it holds {len(IMAGES) - 1} bytes, expected {len(IMAGES)} by its header",
        ),
        (NAMES[0], IMAGES + b"!", f"has trailing bytes: it holds {len(IMAGES) + 1} bytes, expected {len(IMAGES)}"),
        (NAMES[0], b"\0\0\x08\x03" + b"\xff" * 12, r"items of shape \(4294967295, 4294967295\): expected \(28, 28\)"),
        (NAMES[0], b"\0\0\x08\x03" + b"\xff" * 4 + IMAGES[8:], "is truncated: it holds .*, expected 3367254359296 by"),
        (NAMES[0], idx(np.zeros((12, 27, 28))), r"holds items of shape \(27, 28\): expected \(28, 28\)"),
        (
            NAMES[0],
            gzip.compress(IMAGES, mtime=0)[:-9],
            r"damaged gzip data of .*end-of-stream.*: expected a complete gzip file",
        ),
        (
            NAMES[0],
            gzip.compress(IMAGES, mtime=0)[:-8] + bytes(8),
            "damaged gzip data .*CRC.*; download the file again",
        ),
        (NAMES[0], gzip.compress(IMAGES, mtime=0)[:12] + b"\xff" * 60, "damaged gzip data"),
        (NAMES[1], idx(np.arange(9)), f"{NAMES[0]} holds 12 images and .*{NAMES[1]} 9 labels: expected as many"),
        (NAMES[1], idx(np.array([0, 1, 10] * 4)), "label 2 is 10: expected 0 to 9"),
    ],
)
def test_damaged_files_are_named_with_the_cause(tmp_path, name, content, message):
    place(tmp_path, made_up() | {name: content})
    with pytest.raises(ValueError, match=message) as caught:
        load_mnist(tmp_path)
    assert str(tmp_path / name) in str(caught.value)


def test_no_samples_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=f"{NAMES[2]} and .*{NAMES[3]} hold no samples: expected at least one"):
        load_mnist(place(tmp_path, made_up(n_test=0)))


@given(place_of_change=st.integers(0, 30), change=st.binary(max_size=6), packed=st.booleans())
def test_any_change_of_bytes_is_read_or_refused(tmp_path_factory, place_of_change, change, packed):
    """Nothing but a ValueError may come out of a damaged file, and nothing but the right shape out of a sound one."""
    good = idx(np.arange(12).reshape(3, 2, 2))
    good = gzip.compress(good) if packed else good
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(good[:place_of_change] + change + good[place_of_change + len(change) :])
    try:
        array = read_idx(path, (2, 2))
    except ValueError as error:
        assert str(error).startswith(str(path))  # noqa: PT017 (either outcome is right)
    else:
        assert (array.dtype, array.shape) == (np.uint8, (3, 2, 2))


def mat(**changes):
    """Return the arrays of a small mnist_all.mat: digit d has d + 1 images to train, one to test, all of value d."""
    arrays = {f"train{d}": np.full((d + 1, 784), d, np.uint8) for d in range(10)}
    arrays |= {f"test{d}": np.full((1, 784), d, np.uint8) for d in range(10)} | changes
    return {name: array for name, array in arrays.items() if array is not None}


def test_matlab_file_is_read_by_digit(tmp_path):
    savemat(tmp_path / "mnist_all.mat", mat())
    (X, y), (X_test, y_test) = load_mnist(tmp_path)
    assert (X.shape, X.dtype, y.dtype, X_test.shape) == ((55, 784), np.uint8, np.int64, (10, 784))
    assert X.flags.c_contiguous
    assert y.tolist() == [d for d in range(10) for _ in range(d + 1)]
    assert y_test.tolist() == list(range(10))
    np.testing.assert_array_equal(X, np.repeat(y[:, None], 784, axis=1))
    assert len(load_mnist(place(tmp_path, made_up()))[0][0]) == 12  # the original files go first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train3": None, "test9": None}, "lacks train3: expected train0 to train9 and test0 to test9"),
        ({"test9": None}, "lacks test9"),
        ({"train4": np.zeros((2, 783), np.uint8)}, r"train4 is uint8 \(2, 783\): expected uint8 \(n, 784\), n >= 1"),
        ({"test4": np.zeros((2, 784))}, r"test4 is float64 \(2, 784\)"),
        ({"test4": np.zeros((0, 784), np.uint8)}, r"test4 is uint8 \(0, "),
    ],
)
def test_unfit_matlab_files_are_refused(tmp_path, changes, message):
    savemat(tmp_path / "mnist_all.mat", mat(**changes))
    with pytest.raises(ValueError, match=message):
        load_mnist(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no matlab file", b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", "half"])
def test_damaged_matlab_files_are_refused(tmp_path, content):
    path = tmp_path / "mnist_all.mat"
    savemat(path, mat())
    path.write_bytes(path.read_bytes()[:9000] if content == "half" else content)
    with pytest.raises(
        ValueError, match=r"mnist_all.mat cannot be read \(.*\): expected a MATLAB file up to version 7"
    ):
        load_mnist(tmp_path)


class Server:
    """An HTTP server of this machine. ``files`` maps paths to contents; ``cut`` holds paths that break off half-way."""

    def __init__(self):
        self.files, self.cut, self.asked = {}, set(), []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                content = server.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if self.path in server.cut else content)

            def log_message(self, *arguments):
                """Be silent."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def offer(self, mirror, files):
        """Put files, compressed, under a path, and return its address."""
        self.files |= {f"/{mirror}/{name}.gz": gzip.compress(content) for name, content in files.items()}
        return f"{self.url}/{mirror}"

    def close(self):
        """Stop serving."""
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def unreachable():
    """Return an address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


FILES = {"one": b"first file" * 100, "two": b"second file" * 100}
HASHES = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def contents(folder):
    """Return every file below a folder with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*")} if folder.exists() else {}


def test_download_keeps_the_uncompressed_files_and_asks_once(tmp_path, server):
    mirror = server.offer("good", FILES)
    download.fetch(HASHES, tmp_path / "new" / "cache", [mirror + "/"])
    assert contents(tmp_path / "new" / "cache") == FILES
    download.fetch(HASHES, tmp_path / "new" / "cache", [mirror])
    assert server.asked == ["/good/one.gz", "/good/two.gz"]


def test_download_replaces_a_damaged_file_of_the_cache(tmp_path, server):
    place(tmp_path, FILES | {"two": b"damaged"})
    download.fetch(HASHES, tmp_path, [server.offer("good", FILES)])
    assert contents(tmp_path) == FILES
    assert server.asked == ["/good/two.gz"]


def test_download_takes_content_that_the_server_has_uncompressed(tmp_path, server):
    server.files = {f"/plain/{name}.gz": content for name, content in FILES.items()}
    download.fetch(HASHES, tmp_path, [server.url + "/plain"])
    assert contents(tmp_path) == FILES


def test_second_mirror_serves_when_the_first_lacks_the_file_and_goes_first_from_then_on(tmp_path, server):
    mirrors = [server.url + "/empty", server.offer("good", FILES)]
    download.fetch(HASHES, tmp_path, mirrors)
    assert contents(tmp_path) == FILES
    assert server.asked == ["/empty/one.gz", "/good/one.gz", "/good/two.gz"]


def test_each_mirrors_failure_is_listed_and_nothing_is_left(tmp_path, server, unreachable):
    wrong = server.offer("wrong", {"one": b"something else"})
    cut = server.offer("cut", FILES)
    server.cut = {"/cut/one.gz"}
    damaged = server.url + "/damaged"
    server.files["/damaged/one.gz"] = gzip.compress(FILES["one"])[:-12]
    mirrors = [wrong, cut, damaged, server.url + "/lacking", unreachable]
    with pytest.raises(OSError, match="cannot download one from any of 5 mirrors") as caught:
        download.fetch(HASHES, tmp_path / "cache", mirrors)
    _, *failures, advice = str(caught.value).splitlines()
    found = hashlib.sha256(b"something else").hexdigest()
    expected = [
        f"wrong content: 14 bytes with SHA-256 {found}, expected {HASHES['one']}",
        "(ChunkedEncodingError|ConnectionError|ValueError): ",
        "ValueError: damaged gzip data",
        "HTTPError: 404",
        "ConnectionError: .*refused",
    ]
    assert len(failures) == 5
    for failure, mirror, problem in zip(failures, mirrors, expected, strict=True):
        assert re.match(rf"  {re.escape(mirror)}/one\.gz: {problem}", failure)
    assert "get one, two by hand (raw or .gz) and give their folder" in advice
    assert contents(tmp_path) == {}


def test_download_goes_on_where_it_stopped(tmp_path, server):
    mirror = server.offer("good", FILES)
    server.cut = {"/good/two.gz"}
    with pytest.raises(OSError, match="cannot download two from any of 1 mirrors"):
        download.fetch(HASHES, tmp_path, [mirror])
    assert contents(tmp_path) == {"one": FILES["one"]}
    server.cut.clear()
    download.fetch(HASHES, tmp_path, [mirror])
    assert contents(tmp_path) == FILES
    assert server.asked == ["/good/one.gz", "/good/two.gz", "/good/two.gz"]


def test_cache_that_cannot_be_written_is_named(tmp_path, server):
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(OSError, match=r"expected a folder to keep one \(1000 bytes\) in: '.*file'"):
        download.fetch(HASHES, tmp_path / "file", [server.offer("good", FILES)])
    assert contents(tmp_path) == {"file": b"in the way"}


@pytest.mark.parametrize(("writes", "left"), [(1, {}), (2, {"one": FILES["one"]})])
def test_interrupt_while_writing_leaves_no_half_file(tmp_path, server, monkeypatch, writes, left):
    """Ctrl-C comes in the middle of the first or the second write of all."""
    write_bytes, written = Path.write_bytes, []

    def interrupted(path, content):
        written.append(path)
        if len(written) == writes:
            write_bytes(path, content[: len(content) // 2])
            raise KeyboardInterrupt
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download.fetch(HASHES, tmp_path, [server.offer("good", FILES)])
    assert contents(tmp_path) == left


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("PYFC_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "pyfc" / "mnist"


def test_load_mnist_downloads_into_the_cache_and_reads_it(empty_cache, server, monkeypatch):
    files = made_up()
    monkeypatch.setattr(mnist, "FILES", {name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    (X, y), _ = load_mnist(mirrors=[server.offer("good", files)])
    assert X.tobytes() == files[NAMES[0]][16:]
    assert len(y) == 12
    assert contents(empty_cache) == files
    assert len(load_mnist(mirrors=[])[0][0]) == 12  # from the cache


def test_load_mnist_refuses_other_content_than_mnist(empty_cache, server):
    with pytest.raises(OSError, match=r"wrong content: 9424 bytes with SHA-256 .*, expected ba891046e6505d7a"):
        load_mnist(mirrors=[server.offer("fake", made_up())])
    assert contents(empty_cache) == {}


def test_missing_pooch_says_how_to_install_it(empty_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'needs pooch, which is not installed: run `pip install "pyfc\[data\]"`'):
        load_mnist()


def test_mirrors_are_several_and_encrypted():
    assert len(set(mnist.MIRRORS)) >= 2
    assert all(mirror.startswith("https://") for mirror in mnist.MIRRORS)


@needs_real
def test_real_mnist():
    (X, y), (X_test, y_test) = load_mnist()
    assert (X.shape, X.dtype, X_test.shape) == ((60000, 784), np.uint8, (10000, 784))
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (y[:5].tolist(), y_test[:5].tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1, 0, 4])
    assert (round(X.mean() / 255, 4), round(X.std() / 255, 4)) == (0.1307, 0.3081)


@needs_real
def test_real_mnist_passes_the_hashes_of_the_download(empty_cache, server, monkeypatch):
    for name in NAMES:
        path = mnist._find(Path(REAL), name)
        server.files[f"/real/{name}.gz"] = path.read_bytes()
    (X, _), (_, y_test) = load_mnist(mirrors=[server.url + "/real"])
    assert (len(X), len(y_test)) == (60000, 10000)
