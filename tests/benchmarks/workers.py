"""Every library in a process of its own that lives as long as the run, and is asked for one timing after the other.

Processes are pinned to the cores of the run, and told the number of threads before they import anything. While one
works, the others wait.
"""

import contextlib
import importlib
import math
import multiprocessing
import os
import statistics
import sys
import time
import traceback

from libraries import COLUMNS
from libraries.base import NotPossible

#: The threads of a BLAS keep a core busy for some time after a product, in wait for the next: seconds that this lasts.
SETTLE = 0.05
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def serve(pipe, module, threads):
    """Answer requests (method, arguments) until the pipe closes: ("ok", value), ("none", why) or ("failed", trace)."""
    warm = {}
    try:
        library = importlib.import_module(f"libraries.{module}").Library(threads)
    except ImportError as error:
        pipe.send(("none", f"not installed: {error}"))
        return
    pipe.send(("ok", library.versions()))
    jobs = {}
    while True:
        try:
            method, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            if method == "prepare":
                key, *rest = arguments
                jobs[key] = library.job(*rest)
                value = jobs[key].result()
            elif method == "calibrate":
                warm[arguments[0]], value = calibrated(jobs[arguments[0]], arguments[1])
            elif method == "sample":
                value = sample(jobs[arguments[0]], warm[arguments[0]])
            else:
                value = jobs.clear() or warm.clear()
            pipe.send(("ok", value))
        except NotPossible as why:
            pipe.send(("none", str(why)))
        except Exception:
            pipe.send(("failed", traceback.format_exc()))


def calibrated(job, seconds):
    """Return how many steps take about so long, and the time of one, after the first calls, which may compile."""
    steps, took = job.unit, 0.0
    for warm in range(100):
        took = sample(job, steps) * steps
        if warm and took > seconds / 4:
            break
        if warm:
            steps *= min(16, math.ceil(seconds / 4 / took) + 1)
    return max(1, round(steps * seconds / took / job.unit)) * job.unit, took / steps


def sample(job, steps):
    """Return the seconds of a step."""
    job.reset()
    time.sleep(SETTLE)
    start = time.perf_counter()
    job.run(steps)
    return (time.perf_counter() - start) / steps


class Worker:
    """A process with one library."""

    def __init__(self, column, threads):
        self.column, self.problem = column, None
        context = multiprocessing.get_context("spawn")
        with environment(threads):
            self.pipe, there = context.Pipe()
            self.process = context.Process(target=serve, args=(there, COLUMNS[column], threads), daemon=True)
            self.process.start()
        there.close()

    def hello(self):
        """Return the versions, or None where the library is missing."""
        state, value = self._receive()
        self.problem = None if state == "ok" else value
        return value if state == "ok" else None

    def ask(self, *request):
        """Return ("ok", value), ("none", why) or ("failed", trace)."""
        self.pipe.send(request)
        return self._receive()

    def _receive(self):
        try:
            return self.pipe.recv()
        except EOFError:
            self.problem = "its process ended"
            return "failed", self.problem

    def close(self):
        self.pipe.close()
        self.process.join(20)


@contextlib.contextmanager
def environment(threads):
    """Set what tells libraries how many threads to start, for the processes begun in here."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)), TORCHINDUCTOR_COMPILE_THREADS="1")
    os.environ.update(JAX_PLATFORMS="cpu", TF_CPP_MIN_LOG_LEVEL="3")
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Pool:
    """The workers of a run, column -> worker, and the rounds in which they are asked."""

    def __init__(self, columns, threads, cores):
        os.sched_setaffinity(0, cores)  # the workers inherit it
        # The same library with one thread, on the same cores: with two it must not be slower.
        wanted = {column: (column, threads) for column in columns}
        if threads > 1 and "pyfc" in wanted:
            wanted["pyfc, 1 thread"] = ("pyfc", 1)
        started = {label: Worker(*arguments) for label, arguments in wanted.items()}
        self.threads, self.versions, self.workers = threads, {}, {}
        for label, worker in started.items():
            versions = worker.hello()
            if versions is None:
                say(f"{label} is left out, its column stays empty: {worker.problem}")
            else:
                self.versions |= versions
                self.workers[label] = worker

    def measure(self, key, requests, *, repeats, seconds, agree=None):
        """Prepare jobs, see that their results agree, and time them in turns.

        Parameters
        ----------
        key : str
            Their name.
        requests : mapping of str to tuple
            Column -> arguments of ``Library.job``.
        repeats : int
            Rounds.
        seconds : float
            Of each timing, about.
        agree : callable, optional
            Takes results by column, and returns what is wrong, by column.

        Returns
        -------
        dict
            ``samples``: column -> seconds of a step, in each round; ``empty``: column -> why there are none;
            ``wrong``: column -> what is wrong.
        """
        results, empty, wrong = {}, {}, {}
        for column, request in requests.items():
            if column not in self.workers:
                continue
            state, value = self.workers[column].ask("prepare", key, *request)
            {"ok": results, "none": empty, "failed": wrong}[state][column] = value
        if agree is not None:
            wrong |= agree(results)
        samples = {}
        for column in [column for column in results if column not in wrong]:
            state, value = self.workers[column].ask("calibrate", key, seconds)
            if state == "ok":
                samples[column] = []
            else:
                wrong[column] = value
        for _ in range(repeats):
            for column in list(samples):
                state, value = self.workers[column].ask("sample", key)
                if state == "ok":
                    samples[column].append(value)
                else:
                    wrong[column] = value
                    del samples[column]
        for column in requests:
            if column in self.workers:
                self.workers[column].ask("clear")
        for column, text in wrong.items():
            say(f"{key}: {column} FAILED: {text}")
        medians = {column: statistics.median(values) for column, values in samples.items()}
        return {"median": medians, "samples": samples, "empty": empty, "wrong": wrong, "results": results}

    def close(self):
        for worker in self.workers.values():
            worker.close()


def say(text):
    """Tell how the run goes, beside the tables."""
    print(text, file=sys.stderr, flush=True)
