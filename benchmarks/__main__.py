"""The speed tables: `make bench`. Writes them to benchmarks/results/ as JSON, which chapter 2 shows."""
import datetime
import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from tqdm import tqdm

from benchmarks import harness, lenet, linear_step, mlp_adam, rows, transformer_block

RESULTS = pathlib.Path(__file__).parent / "results"


def versions():
    """The versions of what was compared."""
    found = {}
    for package in ("numpy", "torch", "jax", "autograd"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def linear_rows():
    """A line for each size: microseconds of each system, and our ratio to it."""
    lines = []
    for size in linear_step.SIZES:
        systems = linear_step.checked(*size)
        with tqdm(total=harness.ROUNDS * len(systems), desc="x".join(map(str, size)), leave=False) as progress:
            times = harness.measure(systems, linear_step.problem(*size), linear_step.TUNED, progress=progress)
        lines.append({"size": size, "us": {name: harness.microseconds(t) for name, t in times.items()},
                     "ratio": {name: harness.ratio(times, "edunets", name) for name in times if name != "edunets"}})
    return lines


def import_milliseconds(rounds=15):
    """How much longer `import edunets` takes than `import numpy`: fresh processes, bytecode cached, as pip leaves it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def once(modules):
            code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
            return float(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout)
        once("numpy, edunets")
        return statistics.median(once("numpy, edunets") - once("numpy") for _ in range(rounds)) * 1e3


def show(result):
    """Print the table."""
    print(f"{result['machine']}; {result['versions']}; {result['date']}")
    names = list(result["rows"][0]["us"])
    print(f"{'batch x in x out':>18}" + "".join(f"{name:>22}" for name in names) + "   (microseconds; in brackets edunets / it)")
    for row in result["rows"]:
        cells = [f"{row['us'][name]:.0f}" + (f" ({row['ratio'][name][0]:.2f})" if name in row["ratio"] else "") for name in names]
        print(f"{' x '.join(map(str, row['size'])):>18}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"import edunets, beyond import numpy: {result['import_ms']:.0f} ms")


def stamped(result):
    """With when and where it was measured."""
    return {"date": datetime.date.today().isoformat(), "machine": harness.machine(), "versions": versions(), **result}


def write(name, result):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(result, indent=1) + "\n")


def main():
    step = stamped({"rows": linear_rows(), "import_ms": import_milliseconds()})
    show(step)
    write("linear_step.json", step)
    transformer_block.main()
    network = lenet.result()
    lenet.show(network)
    write("lenet.json", network)
    trained = mlp_adam.result()
    mlp_adam.show(trained)
    write("mlp_adam.json", trained)
    table = rows.result()
    rows.show(table)
    write("rows.json", table)


if __name__ == "__main__":
    main()
