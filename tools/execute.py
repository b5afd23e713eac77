"""Run every chapter of the book from top to bottom, in a copy under _build/book.

    python tools/execute.py              run all
    python tools/execute.py --execute 0  only make the copy, with the stored outputs

A cell that carries a flag (`#| torch`) whose need is missing here is not run and keeps its stored output.
"""
import argparse
import datetime
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import textwrap
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter

SECONDS_A_CELL = 600
STAGED = ["nbs", "assets", "benchmarks", "tests", "_quarto.yml", "index.qmd", "README.md"]
REPORTED = ["numpy", "torch", "jax", "cupy-cuda12x", "cupy-cuda13x"]   # versions kept with a flagged output


def stage(root=book.ROOT, target=book.STAGE):
    """Copy the sources of the book, so that running and rendering never touch the committed ones."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in STAGED:
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        else:
            shutil.copy(root / name, target / name)


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
    "gpu": has_gpu,
    "slow": lambda: os.environ.get("SLOW") == "1",
}


def runnable(cell):
    found = _nbfilter.directives(cell)
    return found.get("eval") != "false" and all(NEEDS[flag]() for flag in _nbfilter.FLAGS if flag in found)


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


def run_cells(client, nb):
    """Run what can run here; the number of the cell that failed goes with the error."""
    for number, cell in enumerate(nb.cells):
        if cell.cell_type != "code" or not runnable(cell):
            continue
        try:
            client.execute_cell(cell, number)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            error.cell_number = number
            raise
        if any(flag in _nbfilter.directives(cell) for flag in _nbfilter.FLAGS):
            cell.metadata["edunets"] = stamp()


def failure(path, nb, error):
    """Notebook, cell and error, in a few short lines."""
    cell = nb.cells[error.cell_number]
    code = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("#|")]
    if isinstance(error, CellExecutionError):
        what = f"{error.ename}: {error.evalue}"
    elif isinstance(error, CellTimeoutError):
        what = f"it ran longer than {SECONDS_A_CELL} s"
    else:
        what = "the kernel died"
    where = f"{path}, cell {error.cell_number} (id {cell.id})"
    return where + "\n" + textwrap.indent(f"{code[0] if code else ''}\n{what}", "    ")


def run(path, root=book.STAGE):
    """Run one notebook in place. Returns None, or the failure as text."""
    nb = nbformat.read(root / path, as_version=4)
    client = NotebookClient(nb, timeout=SECONDS_A_CELL, kernel_name="python3", record_timing=False,
                            coalesce_streams=True, extra_arguments=["--IPKernelApp.log_level=ERROR"],
                            resources={"metadata": {"path": str((root / path).parent)}})
    try:
        with client.setup_kernel():
            run_cells(client, nb)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return failure(path, nb, error)
    book.write(root / path, nb_as_json(nb))
    return None


def nb_as_json(nb):
    return book.json.loads(nbformat.writes(nb))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--execute", choices=["0", "1"], default="1")
    execute = parser.parse_args().execute == "1"
    stage()
    failures = []
    for path in book.notebooks() if execute else []:
        start = time.perf_counter()
        print(f"  {path:<28}", end="", flush=True)
        failed = run(path)
        print(f"{time.perf_counter() - start:7.1f} s{'  FAILED' if failed else ''}", flush=True)
        failures += [failed] if failed else []
    if failures:
        sys.exit("\n" + "\n\n".join(failures))


if __name__ == "__main__":
    main()
