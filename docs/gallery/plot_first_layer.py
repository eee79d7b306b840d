"""
What the first layer looks for
==============================

Each unit of the first layer has a weight for every pixel, so its weights are an image: where it is vermilion, ink
speaks for the unit, where it is blue, against it. The penalty ``l2`` keeps weights small that nothing asks for; without
it, the pixels at the border, which are nearly always empty, would keep the noise that they began with.
"""

import pyfc
from pyfc import datasets, plots

X, y = datasets.load_digits()
layers = [pyfc.Scale(1 / 16), pyfc.Dense(64, 32), "relu", pyfc.Dense(32, 10)]
net = pyfc.Network(layers, "softmax_cross_entropy", l2=0.003)
before = plots.plot_weights(net)

# %%
# The same units after forty epochs:

net.fit(X, y, epochs=40, progress=False)
print(f"{net.evaluate(X, y)['accuracy']:.1%} of the images right")
# sphinx_gallery_thumbnail_number = 2
after = plots.plot_weights(net)
