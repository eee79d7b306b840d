"""MNIST: 70000 handwritten digits of 28 x 28 pixels, from a folder or downloaded once.

The reading of the files is in :mod:`pyfc.datasets.idx`, the download in :mod:`pyfc.datasets.download`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.datasets import download
from pyfc.datasets.idx import AGAIN, read_idx

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Split = tuple[Images, Labels]

#: The four files with the SHA-256 of what they hold when uncompressed: images and labels to train, then to test.
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://raw.githubusercontent.com/fgnt/mnist/master",
)
MAT = "mnist_all.mat"
SHAPE = (28, 28)


def load_mnist(
    folder: str | os.PathLike[str] | None = None, *, mirrors: Sequence[str] = MIRRORS
) -> tuple[Split, Split]:
    """Return MNIST: 60000 handwritten digits to train with and 10000 to test with.

    The usual call is ``(X, y), (X_test, y_test) = load_mnist()``.

    Parameters
    ----------
    folder : path, optional
        Where the files are: ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, also with ``.idx`` for ``-idx`` and with ``.gz``, raw or compressed with gzip; or
        else ``mnist_all.mat`` with arrays ``train0`` to ``train9`` and ``test0`` to ``test9``. If not given, the
        environment variable ``PYFC_DATA`` names it; without that too, pooch's cache folder is used and filled by
        download (11 MB, kept as 55 MB; needs ``pip install "pyfc[data]"``). Sets in the same format, such as
        Fashion-MNIST, can be read from a folder.
    mirrors : sequence of str
        Where to download from, tried in turn. Only content with the right SHA-256 is taken.

    Returns
    -------
    (X, y), (X_test, y_test)
        X is uint8 (n, 784), row by row, from 0 (paper) to 255 (ink); y is int64 (n,), 0 to 9. The order is that of the
        files; from ``mnist_all.mat`` it is by digit, so shuffle, as training does, before taking a part.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If the folder or a file is not there.
    ValueError
        If a file is damaged, or images and labels do not belong together.
    ImportError
        If a download is needed and pooch is not installed.
    OSError
        If no mirror works, or the cache cannot be written.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86
    (1998) 2278-2324.

    Examples
    --------
    >>> load_mnist("no/such/folder")
    Traceback (most recent call last):
    FileNotFoundError: load_mnist: there is no folder no/such/folder: expected one with train-images-idx3-ubyte, ...
    """
    where = folder if folder is not None else os.environ.get("PYFC_DATA") or None
    if where is None:
        cache = Path(download.import_pooch().os_cache("pyfc"), "mnist")
        download.fetch(FILES, cache, mirrors)
        return _from_folder(cache)
    return _from_folder(Path(where).expanduser())


def _from_folder(folder: Path) -> tuple[Split, Split]:
    """Read the IDX files of a folder, or if they are not all there, its ``mnist_all.mat``."""
    wanted = (
        f"{', '.join(FILES)} (raw or .gz), or {MAT}; place them there, give another folder, or call load_mnist() "
        "without one and without PYFC_DATA to download them"
    )
    if not folder.exists():
        raise FileNotFoundError(f"load_mnist: there is no folder {folder}: expected one with {wanted}")
    if not folder.is_dir():
        raise NotADirectoryError(f"load_mnist: {folder} is a file: expected the folder that holds {wanted}")
    paths = [_find(folder, name) for name in FILES]
    images, labels, test_images, test_labels = paths
    if images and labels and test_images and test_labels:
        return _from_idx(images, labels), _from_idx(test_images, test_labels)
    if (folder / MAT).is_file():
        return _from_mat(folder / MAT)
    missing = [name for name, path in zip(FILES, paths, strict=True) if path is None]
    raise FileNotFoundError(f"load_mnist: {folder} lacks {', '.join(missing)}: expected {wanted}")


def _find(folder: Path, name: str) -> Path | None:
    """Return the file of a name in any of its spellings, None if there is none."""
    spellings = [name, name.replace("-idx", ".idx")]
    candidates = [folder / (spelling + suffix) for suffix in ("", ".gz") for spelling in spellings]
    return next((path for path in candidates if path.is_file()), None)


def _from_idx(images: Path, labels: Path) -> Split:
    """Read images and their labels."""
    X, y = read_idx(images, SHAPE), read_idx(labels, ())
    if len(X) != len(y):
        raise ValueError(
            f"{images} holds {len(X)} images and {labels} {len(y)} labels: expected as many; take both from one set"
        )
    if not len(y):
        raise ValueError(f"{images} and {labels} hold no samples: expected at least one; {AGAIN}")
    if y.max() > 9:
        place = int(np.argmax(y > 9))
        raise ValueError(f"{labels}: label {place} is {y[place]}: expected 0 to 9; {AGAIN}")
    return X.reshape(len(X), -1), y.astype(np.int64)


def _from_mat(path: Path) -> tuple[Split, Split]:
    """Read a MATLAB file with an array of images for each digit."""
    from scipy.io import loadmat  # only here: it takes time, and the other formats do without

    try:
        arrays = loadmat(path)
    except Exception as error:  # a damaged file raises whatever its bytes lead to
        raise ValueError(
            f"{path} cannot be read ({type(error).__name__}: {error}): expected a MATLAB file up to version 7; {AGAIN}"
        ) from error
    return _stack(path, arrays, "train"), _stack(path, arrays, "test")


def _stack(path: Path, arrays: dict[str, Any], part: str) -> Split:
    """Put the arrays of the ten digits under one another."""
    names = [f"{part}{digit}" for digit in range(10)]
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}: expected train0 to train9 and test0 to test9; {AGAIN}")
    pixels = SHAPE[0] * SHAPE[1]
    for name in names:
        array = arrays[name]
        if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != pixels or not len(array):
            raise ValueError(
                f"{path}: {name} is {array.dtype} {array.shape}: expected uint8 (n, {pixels}), n >= 1; {AGAIN}"
            )
    X = np.concatenate([arrays[name] for name in names])
    return np.ascontiguousarray(X), np.repeat(np.arange(10, dtype=np.int64), [len(arrays[name]) for name in names])
