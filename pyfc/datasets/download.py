"""Downloads files into a cache, from several mirrors in turn, and keeps only what has the right content.

A mirror has each file compressed as ``name.gz``; the cache holds it uncompressed as ``name``. The SHA-256 is that of
the uncompressed content, because mirrors compress differently.
"""

import hashlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyfc.datasets.idx import gunzip

TIMEOUT = 30.0  # seconds without a sign of life from a server


def fetch(files: Mapping[str, str], folder: Path, mirrors: Sequence[str]) -> None:
    """Make sure that a folder holds files of known content, downloading those that it lacks.

    A file appears in the folder when it is complete and right, and not before. What is already there and right is
    kept, so a download that was interrupted goes on when it is called again.

    Parameters
    ----------
    files : mapping of str to str
        Name of each file, uncompressed, and the SHA-256 of its content.
    folder : Path
        Made if it is not there.
    mirrors : sequence of str
        Addresses to which ``/name.gz`` is added, tried in turn. One that fails is tried last for the files that follow.

    Raises
    ------
    ImportError
        If pooch is not installed.
    OSError
        If a file can be had from no mirror, or the folder cannot be written.
    """
    pooch = import_pooch()
    order = list(mirrors)
    for name, sha256 in files.items():
        path = folder / name
        if path.is_file() and pooch.file_hash(str(path), alg="sha256") == sha256:
            continue
        content = _from_mirrors(name, sha256, order, pooch.HTTPDownloader(timeout=TIMEOUT), ", ".join(files))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as scratch:
                partial = Path(scratch, name)
                partial.write_bytes(content)
                partial.replace(path)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror}: expected a folder to keep {name} ({len(content)} bytes) in",
                str(folder),
            ) from error


def import_pooch() -> Any:
    """Return the module pooch, or raise an ImportError that says how to install it."""
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'downloading needs pooch, which is not installed: run `pip install "pyfc[data]"`, or get the files by hand '
            "and give their folder"
        ) from error
    return pooch


def _from_mirrors(name: str, sha256: str, order: list[str], download: Any, names: str) -> bytes:
    """Return a file's content, uncompressed, from the first mirror that has it; move those that fail to the end."""
    failures = []
    for mirror in list(order):
        url = f"{mirror.rstrip('/')}/{name}.gz"
        buffer = io.BytesIO()  # in memory, so that an OSError here is the network's and never the disk's
        try:
            download(url, buffer, None)
            content = gunzip(buffer.getvalue())
            found = hashlib.sha256(content).hexdigest()
            if found == sha256:
                return content
            problem = f"wrong content: {len(content)} bytes with SHA-256 {found}, expected {sha256}"
        except (OSError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        failures.append(f"  {url}: {problem}")
        order.remove(mirror)
        order.append(mirror)
    raise OSError(
        f"cannot download {name} from any of {len(failures)} mirrors:\n" + "\n".join(failures) + "\n"
        f"Try again later (what is complete is kept), or get {names} by hand (raw or .gz) and give their folder, "
        "as an argument or in PYFC_DATA"
    )
