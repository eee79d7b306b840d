"""The compiled initializers: each module is built from the file of its name in ``src/initializers/``."""
