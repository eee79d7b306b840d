"""What the modules of the libraries have in common: a job is something that can be run many times and be timed."""

from typing import Any, ClassVar


class NotPossible(Exception):  # noqa: N818 (it is no error: a cell of the table stays empty)
    """The library has no such thing, and why."""


class Job:
    """Something to be timed: steps of training, predictions, or calls of one function."""

    #: ``run`` makes a multiple of so many steps.
    unit = 1

    def reset(self) -> None:
        """Go back to the beginning; called before each timing, and not timed."""

    def run(self, steps: int) -> None:
        """Make so many steps."""
        raise NotImplementedError

    def result(self) -> dict[str, Any]:
        """Return what has to agree with the other libraries: name -> array; it may leave any state."""
        return {}


class Calls(Job):
    """Calls of a function without arguments."""

    def __init__(self, function, result=None):
        self.function, self.results = function, result

    def run(self, steps):
        function = self.function
        for _ in range(steps):
            function()

    def result(self):
        return {} if self.results is None else self.results()


class Rows(Job):
    """Calls of a function on one thing after the other, round and round."""

    def __init__(self, function, things, result):
        self.function, self.things, self.results = function, things, result
        self.unit = len(things)

    def run(self, steps):
        function, things = self.function, self.things
        for _ in range(steps // len(things)):
            for thing in things:
                function(thing)

    def result(self):
        return self.results()


class Steps(Job):
    """Training in a loop of Python, batch after batch: ``step(i)`` trains on batch i and returns the loss."""

    def __init__(self, batches):
        self.batches, self.at = batches, 0

    def run(self, steps):
        step, at, batches = self.step, self.at, self.batches
        for i in range(at, at + steps):
            step(i % batches)
        self.at = (at + steps) % batches


class Base:
    """A library in its own process.

    ``job(kind, case, folder)`` asks for the method of that name: ``train``, ``predict``, ``activation``, ``adam``, ...
    """

    #: Modules whose versions the table tells.
    packages: ClassVar[tuple[str, ...]] = ()

    def __init__(self, threads: int):
        self.threads = threads

    def versions(self) -> dict[str, str]:
        from importlib.metadata import version

        return {name: version(name) for name in self.packages}

    def job(self, kind: str, *arguments: Any) -> Job:
        method = getattr(self, kind, None)
        if method is None:
            raise NotPossible(f"no {kind}")
        return method(*arguments)


def named(weights) -> dict[str, Any]:
    """Return weights [(W, b), ...] by name."""
    return {f"{letter}{i}": value for i, pair in enumerate(weights) for letter, value in zip("Wb", pair, strict=True)}
