"""The errors that pyfc raises beside Python's own ValueError and TypeError, which it uses for unfit arguments."""


class PyfcError(Exception):
    """Base of the errors below: catch it to catch them all."""


class UnknownNameError(PyfcError, LookupError):
    """A component was asked for by a name that nothing has, or that two distributions have."""


class PluginError(PyfcError):
    """A component cannot be loaded, or failed at its work; the message names its distribution and the cause.

    Attributes
    ----------
    part : str
        The part of a network that failed, in words; ``""`` for one that could not be loaded.
    """

    part = ""


class KernelError(PluginError):
    """A compiled kernel returned a status other than 0."""


class TrainingError(PyfcError, ArithmeticError):
    """Training met a loss, a gradient or weights that are not finite; the network keeps its last good weights."""


class ModelFileError(PyfcError, ValueError):
    """A model or checkpoint file is truncated, tampered with, foreign, or from a newer version."""


class ProofError(PyfcError, AssertionError):
    """A derivation step does not follow, or the code does not agree with it."""
