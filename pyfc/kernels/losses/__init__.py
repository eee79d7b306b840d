"""The compiled losses: each module is built from the file of its name in ``src/losses/``."""
