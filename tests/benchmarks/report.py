"""What a run prints and keeps: tables in Markdown, the machine, a JSON file, and the block in the README."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from libraries import COLUMNS

FOLDER = Path(__file__).parent
VERDICT = {True: "ok", False: "**MISSED**", None: "not measured"}
BEGIN, END = "<!-- results: written by run.py --write -->", "<!-- end of results -->"


def machine(cores, peak, versions):
    """Return what the run was made on and with."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    commit = subprocess.run(["git", "-C", FOLDER, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": model,
        "cores of the machine": os.cpu_count(),
        "pinned to cores": sorted(cores),
        "peak GFLOP/s of a core": {dtype: round(rate / 1e9, 1) for dtype, rate in peak.items()},
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or None,
        "versions": versions,
    }


def describe(made_on):
    """Return the machine as a Markdown list."""
    peaks = ", ".join(f"{rate} GFLOP/s in {dtype}" for dtype, rate in made_on["peak GFLOP/s of a core"].items())
    versions = ", ".join(f"{name} {version}" for name, version in made_on["versions"].items())
    cores = ", ".join(map(str, made_on["pinned to cores"]))
    return "\n".join([
        f"- {made_on['date']}, commit {made_on['commit']}",
        f"- {made_on['processor']}, {made_on['cores of the machine']} cores, pinned to {cores}; "
        f"measured peak of one core: {peaks or 'not measured'}",
        f"- {made_on['system']}, Python {made_on['python']}, {versions}",
    ])  # fmt: skip


def markdown(head, rows):
    """Return a table."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def microseconds(seconds):
    """Return a time in microseconds with three or more digits, or a dash."""
    if seconds is None:
        return "—"
    value = 1e6 * seconds
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def required(entries):
    """Return what is required and whether it is so: ``<= 0.92 x JAX: 0.90 ok``."""
    told = []
    for entry in entries:
        limit = f"1/{1 / entry['limit']:.0f}" if entry["limit"] < 0.3 else f"{entry['limit']:g}"
        ratio = "—" if entry["ratio"] is None else f"{entry['ratio']:.3f}"
        told.append(f"<= {limit} x {entry['to']}: {ratio} {VERDICT[entry['ok']]}")
    return "; ".join(told)


def cases_table(rows, threads):
    """Return the table of cases."""
    used = [column for column in (*COLUMNS, "pyfc, 1 thread") if any(column in row["median"] for row in rows)]
    head = ["case", *used, "pyfc / GEMM sum", "pyfc / best peer", "x FMA limit", "required of pyfc"]
    lines = []
    for row in rows:
        ratio = row["ratio"]
        cells = ["FAILED" if column in row["wrong"] else microseconds(row["median"].get(column)) for column in used]
        best = f"{ratio['best peer']:.3f} ({row['best peer']})" if "best peer" in ratio else "—"
        gemms = f"{ratio['GEMM sum']:.3f}" if "GEMM sum" in ratio else "—"
        limit = f"{row['FMA limit']:.3g}" if row.get("FMA limit") else "—"
        lines.append([row["name"], *cells, gemms, best, limit, required(row["required"])])
    return f"### {threads} thread{'s' * (threads > 1)}, microseconds per step\n\n{markdown(head, lines)}"


def activations_table(rows):
    """Return the table of activations."""
    head = ["activation", "direction", "dtype", "memory", "PyTorch", "pyfc", "pyfc / PyTorch", "required"]
    lines = []
    for row in rows:
        times = [microseconds(row["median"].get(column)) for column in ("GEMM sum", "PyTorch", "pyfc")]
        ratio = "—" if row["ratio"] is None else f"{row['ratio']:.3f}"
        limit = "" if row["limit"] is None else f"<= {row['limit']:g} {VERDICT[row['ok']]}"
        lines.append([row["name"], row["direction"], row["dtype"], *times, ratio, limit])
    title = "### Activations on a million numbers, 1 thread, microseconds"
    told = "*memory*: the least that has to be read and written, with no arithmetic: z and y, or dy, y or z, and dz."
    return f"{title}\n\n{told}\n\n{markdown(head, lines)}"


def optimizers_table(rows):
    """Return the table of optimizers."""
    head = ["optimizer", "memory traffic", "PyTorch, fused", "pyfc", "pyfc / memory traffic", "required"]
    lines = []
    for row in rows:
        times = [microseconds(row["median"].get(column)) for column in ("GEMM sum", "PyTorch", "pyfc")]
        ratio = "—" if row["ratio"] is None else f"{row['ratio']:.3f}"
        lines.append([row["name"], *times, ratio, f"<= {row['limit']:g} {VERDICT[row['ok']]}"])
    return f"### An optimizer's step on 4 million float32 parameters, 1 thread, microseconds\n\n{markdown(head, lines)}"


def summary(results):
    """Return how many of the required ratios hold, and which do not."""
    entries = [
        (f"{row['name']}, {threads} thread{'s' * (int(threads) > 1)}, to {entry['to']}", entry["ok"])
        for threads, rows in results["cases"].items() for row in rows for entry in row["required"]
    ]  # fmt: skip
    limited = [row for row in results["activations"] if row["limit"] is not None]
    entries += [(f"{row['name']} {row['direction']}", row["ok"]) for row in limited]
    entries += [(row["name"], row["ok"]) for row in results["optimizers"]]
    told = [f"{sum(ok is True for _, ok in entries)} of {len(entries)} required ratios hold."]
    for ok, word in ((False, "Missed"), (None, "Not measured")):
        names = [name for name, found in entries if found is ok]
        told += [f"{word}: {'; '.join(names)}."] if names else []
    return " ".join(told)


def text(results):
    """Return all tables of a run."""
    parts = [describe(results["machine"])]
    parts += [cases_table(rows, int(threads)) for threads, rows in results["cases"].items() if rows]
    if results["activations"]:
        parts.append(activations_table(results["activations"]))
    if results["optimizers"]:
        parts.append(optimizers_table(results["optimizers"]))
    return "\n\n".join([*parts, summary(results)])


def write_json(results, path: Path):
    """Write the results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def title(made_on, threads):
    """Return a line for a picture."""
    return f"{made_on['processor']}, pinned to {min(threads)} core, commit {made_on['commit']}"


def write_readme(runs, readme: Path = FOLDER / "README.md"):
    """Put the tables of the last of some runs, and what became of each, between the two marks of the README."""
    told = [text(runs[-1])]
    if len(runs) > 1:
        told += ["The runs, of which the tables above are the last:"]
        told += ["\n".join(f"{number}. {summary(results)}" for number, results in enumerate(runs, 1))]
    page = readme.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    block = "\n\n".join([BEGIN, *told, END])
    readme.write_text(f"{before}{block}{after}", encoding="utf-8")
