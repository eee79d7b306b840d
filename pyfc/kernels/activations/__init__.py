"""The compiled activations: each module is built from the file of its name in ``src/activations/``."""
