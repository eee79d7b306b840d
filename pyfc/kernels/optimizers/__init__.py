"""The compiled optimizers: each module is built from the file of its name in ``src/optimizers/``."""
