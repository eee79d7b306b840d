"""A call that ends the process is seen from outside it; the kit and the doctor say so, and go on."""

import ctypes
import json
import os
import signal

import pytest

from pyfc.cli import main
from pyfc.crash import crash
from pyfc.testing import check_activation

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")

#: A plugin whose backward reads z and does not say so: it is the built-in silu without its flag.
SOURCE = """
import ctypes
import pyfc
from pyfc import kernels
from pyfc.component import Activation

get = ctypes.pythonapi.PyCapsule_GetPointer
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
silu = pyfc.get("activations", "silu").kernel
functions = [(ctypes.c_void_p * 4).from_address(get(silu, b"pyfc.activation.v1") + 16)[i] for i in range(4)]


class Square(Activation):
    name = "NAME"
    kernel = kernels.activation_capsule_of(kernels.flags_of("", elementwise=True), 0, *functions)
"""


def test_a_crash_is_seen(capfd):
    assert crash(lambda: ctypes.string_at(0)) == "ended the program by signal 11, SIGSEGV"
    assert crash(lambda: os.kill(os.getpid(), signal.SIGABRT)) == "ended the program by signal 6, SIGABRT"
    assert crash(lambda: 1 / 0) == ""
    changed = []
    assert crash(lambda: changed.append(1)) == ""
    assert changed == []
    assert capfd.readouterr() == ("", "")


def test_the_kit_says_so(install, tmp_path):
    install("alpha", "forgetful", source=SOURCE)
    report = check_activation("forgetful")
    (failed,) = report.failures
    assert failed.name == "forgetful.backward does not crash"
    assert "SIGSEGV; does it read z or y backward without saying so (needs, PYFC_NEEDS_Z" in failed.detail
    assert "all the rest" in str(report)


def test_the_doctor_says_so(install, capsys):
    install("alpha", "forgetful", source=SOURCE)
    assert main(["doctor", "--json"]) == 1
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["components"]}
    assert rows["forgetful"]["state"] == "broken"
    assert rows["forgetful"]["error"] == "measuring it ended the program by signal 11, SIGSEGV"
    assert rows["silu"]["state"] == "ok"
