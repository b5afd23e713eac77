"""Eager forward and backward of mean((x @ w + b - y) ** 2): ours, PyTorch, JAX (eager), HIPS autograd, NumPy by hand.

Each system runs in its usual way, on its own defaults; gradients are compared before anything is timed.
"""
import functools
import importlib
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
from tqdm import tqdm

from benchmarks import harness

SIZES = [(32, 64, 64), (64, 784, 128), (1024, 1024, 1024)]     # batch, in, out


def problem(batch, inputs, outputs):
    """x, w, b, y as float32 arrays."""
    rng = np.random.default_rng(0)
    shapes = (batch, inputs), (inputs, outputs), (outputs,), (batch, outputs)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def numpy_by_hand(x, w, b, y):
    def step():
        d = x @ w + b - y
        loss = (d ** 2).mean()
        g = d * (2 / d.size)
        return loss, x.T @ g, g.sum(0)
    return step


def like_torch(library, x, w, b, y):
    """The same lines for PyTorch and for edunets, imported by its name: other systems run in other
    processes."""
    m = importlib.import_module(library)
    x, w, b, y = (m.from_numpy(a.copy()) for a in (x, w, b, y))
    w.requires_grad_(), b.requires_grad_()
    def step():
        w.grad = b.grad = None
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        return loss, w.grad, b.grad
    return step


edunets = functools.partial(like_torch, "edunets")
torch = functools.partial(like_torch, "torch")


def hips_autograd(x, w, b, y):
    import autograd
    import autograd.numpy as anp
    gradient = autograd.value_and_grad(lambda p: anp.mean((anp.dot(x, p[0]) + p[1] - y) ** 2))
    def step():
        loss, (gw, gb) = gradient((w, b))
        return loss, gw, gb
    return step


def jax_eager(x, w, b, y):
    import jax
    import jax.numpy as jnp
    x, w, b, y = map(jnp.asarray, (x, w, b, y))
    gradient = jax.value_and_grad(lambda w, b: jnp.mean((x @ w + b - y) ** 2), argnums=(0, 1))
    def step():
        loss, (gw, gb) = gradient(w, b)
        return loss, gw.block_until_ready(), gb
    return step


# OpenBLAS does not recognize every processor with AVX-512, and takes half as fast a kernel there, unless it
# is told.
TUNED = {"edunets, AVX-512": {"OPENBLAS_CORETYPE": "SkylakeX"}} if harness.has("avx512f") else {}
SYSTEMS = {"edunets": edunets, **dict.fromkeys(TUNED, edunets), "PyTorch": torch, "JAX eager": jax_eager,
           "HIPS autograd": hips_autograd, "NumPy by hand": numpy_by_hand}


def checked(batch, inputs, outputs):
    """The systems that are installed here; their gradients are compared first."""
    arrays, found = problem(batch, inputs, outputs), {}
    wanted = [np.asarray(a) for a in numpy_by_hand(*arrays)()]
    for name, make in SYSTEMS.items():
        try:
            results = make(*arrays)()
        except ImportError:
            print(f"{name} is not installed and left out")
            continue
        for got, want in zip(results, wanted):
            got = got.detach().numpy() if hasattr(got, "detach") else np.asarray(got)
            np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4, err_msg=name)
        found[name] = make
    return found


def linear_rows():
    """A line for each size: microseconds of each system, and our ratio to it."""
    lines = []
    for size in SIZES:
        systems = checked(*size)
        with tqdm(total=harness.ROUNDS * len(systems), desc="x".join(map(str, size)),
                  leave=False) as progress:
            times = harness.measure(systems, problem(*size), TUNED, progress=progress)
        lines.append({"size": size, "us": {name: harness.microseconds(t) for name, t in times.items()},
                     "ratio": {name: harness.ratio(times, "edunets", name) for name in times
                               if name != "edunets"}})
    return lines


def import_milliseconds(rounds=15):
    """How much longer `import edunets` takes than `import numpy`: fresh processes, bytecode cached, as pip
    leaves it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def once(modules):
            code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
            return float(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                                        text=True, check=True).stdout)
        once("numpy, edunets")
        return statistics.median(once("numpy, edunets") - once("numpy") for _ in range(rounds)) * 1e3


def result():
    return harness.stamped({"rows": linear_rows(), "import_ms": import_milliseconds()})


def show(found):
    """Print the table."""
    print(f"{found['machine']}; {found['versions']}; {found['date']}")
    names = list(found["rows"][0]["us"])
    print(f"{'batch x in x out':>18}" + "".join(f"{name:>22}" for name in names)
          + "   (microseconds; in brackets edunets / it)")
    for row in found["rows"]:
        cells = [f"{row['us'][name]:.0f}"
                 + (f" ({row['ratio'][name][0]:.2f})" if name in row["ratio"] else "") for name in names]
        print(f"{' x '.join(map(str, row['size'])):>18}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"import edunets, beyond import numpy: {found['import_ms']:.0f} ms")


def main():
    found = result()
    show(found)
    harness.write("linear_step.json", found)


if __name__ == "__main__":
    main()
