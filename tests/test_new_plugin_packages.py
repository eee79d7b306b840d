"""Each package that ``pyfc new-plugin`` writes, used as its author would, by the commands of its README.

A wheel of pyfc is installed in a fresh environment, and each package is generated outside this repository, installed
beside it, tested, linted, documented, trained with, saved, loaded and uninstalled.
"""

import re

import pytest
from building import run_in as run

from pyfc.new_plugin.package import KINDS, LANGUAGES

TRAIN = """
import numpy as np, pyfc
from pyfc import datasets
X, digits = datasets.load_digits()
net = pyfc.mlp([64, 32, 10], {kind}="{name}", seed=0)
net.fit(X / 16, digits, epochs=10, optimizer=pyfc.Adam(lr=0.01), progress=False)
y = net.forward(X / 16)
print((y.argmax(axis=1) == digits).mean())
net.save("net.safetensors")
np.save("y.npy", y)
"""
LOAD = """
import numpy as np, pyfc
from pyfc import datasets
net = pyfc.load("net.safetensors")
assert np.array_equal(net.forward(datasets.load_digits()[0] / 16), np.load("y.npy"))
print(pyfc.__file__)
"""


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_package_is_a_full_citizen(kind, language, environment, tmp_path):
    name, package = f"my_{kind}_{language}", tmp_path / f"my_{kind}_{language}"
    distribution = f"pyfc-my-{kind}-{language}"
    run(environment, "pyfc", "new-plugin", name, "--kind", kind, "--lang", language, cwd=tmp_path)
    blocks = re.findall(r"```sh\n(.*?)```", (package / "README.md").read_text(), re.DOTALL)
    said = [run(environment, "bash", "-euo", "pipefail", "-c", block, cwd=package) for block in blocks]
    assert re.search(r"\b[45678] passed", said[1])
    assert "All checks passed" in said[2]
    assert len(said) == 4
    page = (package / "docs" / "_build" / "index.html").read_text()
    assert 'id="pyfc-{}-{}-6"'.format(KINDS[kind], name.replace("_", "-")) in page

    listed = [line.split() for line in run(environment, "pyfc", "plugins", "--check", cwd=tmp_path).splitlines()]
    assert [KINDS[kind], name, distribution, "0.1.0", "ok"] in listed
    (tmp_path / "train.py").write_text(TRAIN.format(kind=kind, name=name))
    assert float(run(environment, "python", "train.py", cwd=tmp_path)) > 0.97
    assert str(environment.parent) in run(environment, "python", "-c", LOAD, cwd=tmp_path)
    run(environment, "pip", "uninstall", "-q", "-y", distribution, cwd=tmp_path)
    told = run(environment, "python", "-c", LOAD, cwd=tmp_path, status=1).splitlines()[-1]
    assert told.startswith("pyfc.errors.PluginError")
    assert f"{distribution} 0.1.0" in told
