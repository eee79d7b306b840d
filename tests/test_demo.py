"""``pyfc demo``: on the digits end to end, its options, its errors, and on MNIST where that is at hand."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pyfc
from pyfc import datasets
from pyfc.cli import main
from pyfc.demo import recipes, show

PICTURES = ["confusion_matrix.png", "learning_curves.png", "two_spirals.png", "weights.png"]
MNIST = os.environ.get("PYFC_DATA")
needs_mnist = pytest.mark.skipif(not MNIST, reason="PYFC_DATA does not name a folder with the real MNIST")


def test_digits(tmp_path, capsys):
    out = tmp_path / "new" / "out"
    assert main(["demo", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == sorted(["digits.safetensors", *PICTURES])
    for name in PICTURES:
        assert (out / name).read_bytes().startswith(b"\x89PNG")

    net = pyfc.load(out / "digits.safetensors")
    X, y = recipes.digits().test
    accuracy = net.evaluate(X, y)["accuracy"]
    assert accuracy >= 0.975
    assert f"{accuracy:.2%} of the 359 test digits are right" in printed
    assert "64-256-128-10" in printed
    assert len(re.findall(r"epoch +\d+ of 100: loss", printed)) == show.LINES
    assert re.search(r"[\d,]+ samples per second", printed)
    for name in ["digits.safetensors", *PICTURES]:
        assert name in printed
    assert max(map(len, printed.replace(str(out), "pyfc-demo").splitlines())) <= 80


def test_parts_of_the_digits_are_fixed_and_share_nothing():
    problem, again = recipes.digits(), recipes.digits()
    assert (problem.test[0] == again.test[0]).all()
    parts = [problem.train, problem.validation, problem.test]
    assert [len(y) for _, y in parts] == [1294, 144, 359]
    digits = sorted(row.tobytes() for row in datasets.load_digits()[0])
    assert sorted(row.tobytes() for X, _ in parts for row in X) == digits


def test_same_seed_same_network_and_files_are_replaced(tmp_path, capsys):
    def demo(seed):
        assert main(["demo", "--epochs", "1", "--seed", seed, "--no-progress", "--out", str(tmp_path)]) == 0
        assert " of 1: loss" not in capsys.readouterr().out
        return (tmp_path / "digits.safetensors").read_bytes()

    (tmp_path / "weights.png").write_text("old")
    (tmp_path / "mine.txt").write_text("kept")
    first = demo("1")
    assert (tmp_path / "weights.png").read_bytes().startswith(b"\x89PNG")
    assert demo("1") == first
    assert demo("2") != first
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["digits.safetensors", "mine.txt", *PICTURES])
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_without_matplotlib(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo", "--epochs", "1", "--no-progress", "--out", str(tmp_path)]) == 0
    assert 'run `pip install "pyfc[plot]"`' in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["digits.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--epochs", "0"], "argument --epochs: '0': expected a whole number >= 1"),
        (["--epochs", "many"], "'many': expected a whole number >= 1"),
        (["--seed", "-1"], "expected a whole number >= 0"),
        (["--recipe", "secret", "--mnist", "."], "invalid choice: 'secret'"),
        (["--recipe", "article"], "--recipe article is a recipe for MNIST: expected --mnist FOLDER"),
        (["--mnist"], "expected one argument"),
    ],
)
def test_wrong_options(arguments, error, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--out", str(tmp_path / "out"), *arguments])
    assert caught.value.code == 2
    assert error in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_places_are_told_before_training(tmp_path, capsys, monkeypatch):
    def fit(*arguments, **settings):
        raise AssertionError("trained")

    monkeypatch.setattr(pyfc.Network, "fit", fit)
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "weights.png").mkdir(parents=True)
    for out, error in [("file", "exists"), ("file/out", "Not a directory"), ("taken", "Is a directory")]:
        assert main(["demo", "--out", str(tmp_path / out)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("pyfc demo: ")
        assert error in captured.err
    assert main(["demo", "--mnist", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_folder_that_must_not_be_written_to(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        os, "access", lambda *arguments: False
    )  # for root, whom tests may run as, all can be written to
    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_interrupt_leaves_no_files(tmp_path):
    command = [sys.executable, "-m", "pyfc", "demo", "--epochs", "100000", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as demo:
        for line in demo.stdout:
            if line.startswith("training"):
                break
        time.sleep(0.5)  # so that training has begun
        demo.send_signal(signal.SIGINT)
        assert "Interrupted. No files were written." in demo.stdout.read()
        assert demo.wait() == 130
    assert list((tmp_path / "out").iterdir()) == []


@needs_mnist
@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "least"), [("default", 0.94), ("article", 0.88)])
def test_mnist(recipe, least, tmp_path, capsys):
    arguments = ["--mnist", MNIST, "--recipe", recipe, "--epochs", "1", "--out", str(tmp_path)]
    assert main(["demo", *arguments]) == 0
    right = re.search(r"([\d.]+)% of the 10,000 test digits", capsys.readouterr().out)
    assert float(right[1]) / 100 >= least
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["mnist.safetensors", *PICTURES])
    net = pyfc.load(tmp_path / "mnist.safetensors")
    assert net.sizes[0] == 784
    assert Path(tmp_path / "weights.png").stat().st_size > 0
