"""Training: the loop over epochs and batches, and what can be hung into it."""

from pyfc.training.callbacks import Callback, EarlyStopping
from pyfc.training.fit import fit
from pyfc.training.history import History
from pyfc.training.run import Run
from pyfc.training.step import step
from pyfc.training.step_history import StepHistory

__all__ = ["Callback", "EarlyStopping", "History", "Run", "StepHistory", "fit", "step"]
