"""Run the chapters of the book from top to bottom, in a copy under _build/book.

    python tools/execute.py    run all, one after the other; for authors (`make outputs`)

A cell that carries a flag (`#| torch`) whose need is missing here is not run and keeps its stored output.
A chapter that fails keeps all its stored outputs, and says so at its head; the others run on.
"""
import ast
import concurrent.futures
import contextlib
import datetime
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
import textwrap
import time
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from threadpoolctl import threadpool_info

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter

SECONDS_A_CELL = 1800      # on a busy machine the longest takes twenty times its own time
STAGED = ["nbs", "assets", "benchmarks", "tests", "_quarto.yml", "index.qmd", "README.md"]
REPORTED = ["numpy", "torch", "jax", "mlx", "cupy-cuda12x", "cupy-cuda13x"]   # versions kept with an output
# how long each chapter took its authors; a run's own lie in _build
SECONDS = book.ROOT / "tools" / "seconds.json"
FAILED = (CellExecutionError, CellTimeoutError, DeadKernelError)


def stage(root=book.ROOT, target=book.STAGE):
    """Copy the sources of the book, so that running and rendering never touch the committed ones."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in STAGED:
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=ignored)
        else:
            shutil.copy(root / name, target / name)


# What can run here

def has_gpu():
    if importlib.util.find_spec("cupy") is None:
        return False
    import cupy
    try:
        return cupy.cuda.runtime.getDeviceCount() > 0
    except cupy.cuda.runtime.CUDARuntimeError:
        return False


NEEDS = {
    "torch": lambda: importlib.util.find_spec("torch") is not None,
    "jax": lambda: importlib.util.find_spec("jax") is not None,
    "mlx": lambda: importlib.util.find_spec("mlx") is not None,
    "gpu": has_gpu,
    "cupy": lambda: importlib.util.find_spec("cupy") is not None,
    "cc": lambda: any(map(shutil.which, ("g++", "clang++"))),
    "slow": lambda: os.environ.get("SLOW") == "1",
}


def runnable(cell):
    found = _nbfilter.directives(cell)
    return found.get("eval") != "false" and all(NEEDS[flag]() for flag in _nbfilter.FLAGS if flag in found)


def other_kernel():
    """The name of a kernel that OpenBLAS does not take here by itself, for OPENBLAS_CORETYPE; None without OpenBLAS.

    Another kernel adds in another order, so all last digits differ, as they do on another processor.
    """
    import numpy  # noqa: F401 (it loads the library that is asked about)
    kernels = [pool.get("architecture") for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    if not kernels or platform.machine() not in ("x86_64", "AMD64"):
        return None
    return "Sandybridge" if kernels[0] in ("Haswell", "Zen") else "Haswell"


# One chapter

class Failure(NamedTuple):
    """Where a chapter ended: the cell, the line in it, what was raised, and what the line's names stood
    for."""
    path: str
    cell: int
    id: str
    line: str
    what: str
    values: str = ""

    def __str__(self):
        parts = [self.line, self.what, self.values]
        return (f"{self.path}, cell {self.cell} (id {self.id})\n"
                + textwrap.indent("\n".join(part for part in parts if part), "    "))


def failed_statement(error, source):
    """The innermost statement of the cell on the line that IPython's traceback names; None if there is
    none."""
    found = re.search(r"Cell In\[\d+\], line (\d+)", re.sub(r"\x1b\[[\d;]*m", "", error.traceback))
    if not found:
        return None
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    line = int(found[1])
    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)
              and node.lineno <= line <= node.end_lineno]
    return max(around, key=lambda node: (node.lineno, -node.end_lineno), default=None)


def compared(test):
    """The parts of an assertion's test that a reader wants to see the values of."""
    if isinstance(test, ast.BoolOp):
        return [part for value in test.values for part in compared(value)]
    if isinstance(test, ast.Compare):
        return [part for part in (test.left, *test.comparators) if not isinstance(part, ast.Constant)]
    return [node for node in ast.walk(test) if isinstance(node, ast.Name)]


SHOW_VALUES = """
for _text in {texts!r}:
    try: _value = eval(_text)
    except Exception: continue
    if callable(_value) or type(_value) is type(__builtins__): continue
    _value = " ".join(repr(_value).split())
    print(f"{{_text}} = {{_value if len(_value) <= 200 else _value[:200] + ' ...'}}")
"""


def values(client, statement):
    """What the two sides of a failed assertion were, asked of the kernel that still has them."""
    if not isinstance(statement, ast.Assert):
        return ""
    texts = list(dict.fromkeys(ast.unparse(part) for part in compared(statement.test)))
    cell = nbformat.v4.new_code_cell(SHOW_VALUES.format(texts=texts))
    client.nb.cells.append(cell)          # of a notebook that will not be written
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    except FAILED:
        return ""
    return "".join(output.get("text", "") for output in cell.outputs).rstrip()


def failure(path, client, number, error):
    """The failure of a cell, told in a few lines."""
    cell = client.nb.cells[number]
    code = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("#|")]
    told = Failure(path, number, cell.id, code[0] if code else "", "the kernel died")
    if isinstance(error, CellTimeoutError):
        return told._replace(what=f"it ran longer than {SECONDS_A_CELL} s")
    if isinstance(error, DeadKernelError):
        return told
    # a cell has no file name for readers
    what = re.sub(r" \(\d+\.py, (line \d+)\)", r" (\1)", error.evalue)
    told = told._replace(what=f"{error.ename}: {what}")
    statement = failed_statement(error, cell.source)
    if statement is None:
        return told
    line = textwrap.dedent(ast.get_source_segment(cell.source, statement)).splitlines()
    return told._replace(line="\n".join(line[:4]), values=values(client, statement))


def run_cells(path, client):
    """Run what can run here; returns the failure of the first cell that fails, or None."""
    for number, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code" or not runnable(cell):
            continue
        try:
            client.execute_cell(cell, number)
        except FAILED as error:
            return failure(path, client, number, error)
        if any(flag in _nbfilter.directives(cell) for flag in _nbfilter.FLAGS):
            cell.metadata["edunets"] = stamp()
    return None


def stamp():
    """Kept with the output of a flagged cell; the page shows it."""
    versions = {"Python": platform.python_version()}
    for name in REPORTED:
        if importlib.util.find_spec(name.split("-")[0]):
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                pass
    return {"made": datetime.date.today().isoformat(), "versions": versions}


def run(path, root=book.STAGE, **environment):
    """Run one notebook in place, with some variables more in its environment. Returns its Failure, or
    None."""
    return run_then(path, [], root, **environment)[0]


def run_then(path, sources, root, **environment):
    """Run one notebook in place, then some sources more in the same kernel. Returns the Failure, or None,
    of both."""
    nb = nbformat.read(root / path, as_version=4)
    client = NotebookClient(nb, timeout=SECONDS_A_CELL, kernel_name="python3", record_timing=False,
                            coalesce_streams=True, extra_arguments=["--IPKernelApp.log_level=ERROR"],
                            resources={"metadata": {"path": str((root / path).parent)}})
    with client.setup_kernel(env=os.environ | environment):
        failed = run_cells(path, client)
        if failed:
            return failed, failed
        book.write(root / path, nb_as_json(nb))
        nb.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        return None, run_cells(path, client)


def nb_as_json(nb):
    return book.json.loads(nbformat.writes(nb))


def mark(failed, root):
    """A note at the head of a staged page whose stored outputs stand in for those that could not be made
    here."""
    note = ("::: {.callout-warning}\n## Made elsewhere\n\n"
            "This chapter did not run to its end when this site was built, so all its outputs are "
            "the stored ones. "
            f"Cell {failed.cell} ended "
            f"with\n\n```text\n{failed.line}\n{failed.what}\n{failed.values}\n```\n:::")
    nb = book.read(root / failed.path)
    title = next(number for number, cell in enumerate(nb["cells"]) if cell["cell_type"] == "markdown")
    nb["cells"].insert(title + 1, {"cell_type": "markdown", "id": "failed", "metadata": {},
                                   "source": note.splitlines(keepends=True)})
    book.write(root / failed.path, nb)


# All chapters

def share_of_cores(jobs):
    """The environment of chapters that run side by side: each keeps its matrix library to its share of the
    cores."""
    share = max(1, cores() // jobs)
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {name: os.environ.get(name, str(share)) for name in names} if jobs > 1 else {}


class Progress:
    """Tells before a chapter starts how far the run is: '12 of 70, about 6 minutes left'."""

    def __init__(self, paths, jobs, own):
        self.paths, self.jobs, self.started, self.begun = paths, jobs, 0, time.perf_counter()
        self.own, known = own, {}
        for file in (SECONDS, own): known |= book.read(file) if file.exists() else {}
        usual = sorted(known.values())[len(known) // 2] if known else 10
        self.expected = {path: known.get(path, usual) for path in paths}
        self.done = {}

    def left(self):
        """Seconds: what is expected of the rest, at the pace of the chapters that have run."""
        pace = sum(self.done.values()) / sum(self.expected[path] for path in self.done) if self.done else 1
        return pace * sum(self.expected[path] for path in self.paths if path not in self.done) / self.jobs

    def start(self, path):
        self.started += 1
        minutes = round(self.left() / 60)
        left = f"about {minutes} minute{'s' * (minutes > 1)} left" if minutes else "less than a minute left"
        print(f"  {self.started} of {len(self.paths)}, {left + ',':<25} {path}", flush=True)

    def end(self, path, seconds, failed):
        self.done[path] = seconds
        if failed:
            print(f"FAILED {failed}", flush=True)

    def summary(self):
        minutes = (time.perf_counter() - self.begun) / 60
        print(f"{len(self.done)} chapters ran in {minutes:.1f} minutes", flush=True)
        book.write(self.own, {path: round(seconds, 1) for path, seconds in self.done.items()})


def timed(path, root, environment):
    start = time.perf_counter()
    return path, run(path, root, **environment), time.perf_counter() - start


def side_by_side(paths, root, jobs, progress):
    """Run chapters, so many at a time; yields the failures as they happen."""
    waiting, running, environment = list(paths), set(), share_of_cores(jobs)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                progress.start(waiting[0])
                running.add(pool.submit(timed, waiting.pop(0), root, environment))
            ended, running = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in ended:
                path, failed, seconds = future.result()
                progress.end(path, seconds, failed)
                if failed:
                    mark(failed, root)
                    yield failed


def cores():
    """How many chapters run side by side: one for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def futures(paths, root, sources={}, **environment):
    """Run notebooks one a core, for tests, some with sources to run after: {path: the future of `run_then`}.
    At the end those that wait are let go."""
    environment = share_of_cores(cores()) | environment
    with concurrent.futures.ThreadPoolExecutor(cores()) as pool:
        yield {path: pool.submit(run_then, path, sources.get(path, []), root, **environment)
               for path in paths}
        pool.shutdown(cancel_futures=True)


def run_all(root=book.STAGE, jobs=1):
    """Run the whole book: first what may run side by side, then, alone, what measures time. Returns the
    failures."""
    paths = book.notebooks(root)
    measuring = [path for path in paths if jobs > 1 and book.measures(book.read(root / path))]
    together = [path for path in paths if path not in measuring]
    progress = Progress(together + measuring, jobs, root.parent / "seconds.json")
    failures = [*side_by_side(together, root, jobs, progress), *side_by_side(measuring, root, 1, progress)]
    progress.summary()
    return failures


def main():
    stage()
    failures = run_all()
    if failures:
        sys.exit("\n".join(f"{failed.path} failed" for failed in failures))


if __name__ == "__main__":
    main()
