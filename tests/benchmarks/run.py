"""Measure pyfc and its peers side by side: ``python tests/benchmarks/run.py``; ``--help`` tells the settings."""

import argparse
import os
import sys
from pathlib import Path

import growth
import parts
import report
import table
from cases import CASES
from libraries import COLUMNS
from workers import Pool, say

PARTS = ("cases", "activations", "optimizers", "growth")


def settings(arguments=None):
    """Return the settings of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    names, cores = [case.name for case in CASES], sorted(os.sched_getaffinity(0))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="measure with so many; default 1 2")
    parser.add_argument(
        "--cores", type=lambda text: [int(core) for core in text.split(",")], default=cores,
        help="pin to these, such as 0,1: a run with n threads takes the first n of them",
    )  # fmt: skip
    parser.add_argument("--repeats", type=int, default=5, help="rounds, of which the median counts; default 5")
    parser.add_argument("--runs", type=int, default=1, help="of all of it, one after the other; default 1")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each timing, about; default 0.3")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--cases", nargs="+", choices=names, default=names, metavar="CASE", help=", ".join(names))
    parser.add_argument("--libraries", nargs="+", choices=COLUMNS, default=list(COLUMNS), metavar="LIBRARY")
    parser.add_argument(
        "--out", type=Path, default=report.FOLDER / "results", help="folder of the JSON and the picture"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into the README beside this file")
    return parser.parse_args(arguments)


def main():
    """Measure, print, and write; return 1 if a library's results did not agree or it failed."""
    given = settings()
    if max(given.threads) > len(given.cores):
        raise SystemExit(f"--threads {max(given.threads)} with --cores {given.cores}: expected as many cores, like 0,1")
    made = []
    for number in range(1, given.runs + 1):
        results = measure(given)
        print(report.text(results), flush=True)
        report.write_json(results, given.out / f"run{number}.json")
        if results["growth"]:
            growth.draw(results["growth"], given.out / "growth.png", report.title(results["machine"], given.threads))
        made.append(results)
    if given.write:
        report.write_readme(made)
    return 1 if any(failures(results) for results in made) else 0


def measure(given):
    """Return the results of one run."""
    cores, timing = given.cores, {"repeats": given.repeats, "seconds": given.seconds}
    results = {"cases": {}, "activations": [], "optimizers": [], "growth": {}}
    peak, versions = {}, {}
    for threads in given.threads:
        pool = Pool(given.libraries, threads, cores[:threads])
        try:
            versions |= pool.versions
            if "GEMM sum" in pool.workers and not peak:
                peak = parts.peak(pool, repeats=given.repeats)
            if "cases" in given.parts:
                results["cases"][threads] = measure_cases(pool, given.cases, peak, timing)
            if threads == 1 and "activations" in given.parts:
                results["activations"] = parts.activations(pool, repeats=given.repeats, seconds=given.seconds / 5)
            if threads == 1 and "optimizers" in given.parts:
                results["optimizers"] = parts.optimizers(pool, **timing)
            if threads == min(given.threads) and "growth" in given.parts:
                results["growth"] = growth.measure(pool, repeats=3, seconds=given.seconds / 3)
        finally:
            pool.close()
    results["machine"] = report.machine(cores, peak, versions)
    return results


def measure_cases(pool, names, peak, timing):
    """Return the rows of the table."""
    rows = []
    for case in CASES:
        if case.name in names:
            row = table.measure(pool, case, peak, **timing)
            if row is not None:
                rows.append(row)
                told = ", ".join(f"{column} {report.microseconds(t)}" for column, t in row["median"].items())
                say(f"{case.name}, {pool.threads} thread(s), us per step: {told}")
    return rows


def failures(results):
    """Return what went wrong: results that did not agree, and libraries that broke."""
    rows = [row for rows in results["cases"].values() for row in rows]
    rows += results["activations"] + results["optimizers"] + [p for line in results["growth"].values() for p in line]
    return [row["wrong"] for row in rows if row["wrong"]]


if __name__ == "__main__":
    sys.exit(main())
