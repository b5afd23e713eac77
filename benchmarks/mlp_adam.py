"""A training step of a perceptron, 784-256-128-10, by Adam: edunets and PyTorch, the same lines for both.

    python -m benchmarks.mlp_adam    measure, write benchmarks/results/mlp_adam.json

Besides the time, the most bytes that tensors take while the network is made and trained: parameters, gradients, Adam's means, and what
a step has alive at once.
"""
import functools
import importlib
import multiprocessing

import numpy as np
from tqdm import tqdm

from benchmarks import harness

BATCHES = (64, 512)
GOAL, MEMORY_GOAL = 1.15, 1.2      # times PyTorch's time and bytes
SIZES = (784, 256, 128, 10)


def problem(batch):
    """Images, labels, and the parameters of the network in their order."""
    rng = np.random.default_rng(0)
    parameters = [(rng.uniform(-1, 1, shape) / np.sqrt(inputs)).astype(np.float32)
                  for inputs, outputs in zip(SIZES, SIZES[1:]) for shape in ((outputs, inputs), (outputs,))]
    return [rng.random((batch, 784), np.float32), rng.integers(0, 10, batch), *parameters]


def like_torch(library, images, labels, *parameters):
    """A step that trains: the same lines for PyTorch and for edunets, imported by its name."""
    m = importlib.import_module(library)
    model = m.nn.Sequential(m.nn.Linear(784, 256), m.nn.ReLU(), m.nn.Linear(256, 128), m.nn.ReLU(),
                            m.nn.Linear(128, 10))
    images, labels = m.from_numpy(images), m.from_numpy(labels)
    for p, values in zip(model.parameters(), parameters): p.data = m.from_numpy(values.copy())
    optimizer = m.optim.Adam(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss = m.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss, *model.parameters()
    return step


edunets = functools.partial(like_torch, "edunets")
torch = functools.partial(like_torch, "torch")
SYSTEMS = {"edunets": edunets, "PyTorch": torch}


def check(batch, steps=5):
    """An AssertionError unless loss and parameters agree after some steps."""
    made = [make(*problem(batch)) for make in SYSTEMS.values()]
    for _ in range(steps): found = [step() for step in made]
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-3, atol=1e-4)


# Memory

def trained(make, arrays):
    """Make the network and train it for three steps."""
    step = make(*arrays)
    for _ in range(3): step()


def edunets_bytes(batch): return harness.numpy_peak(functools.partial(trained, edunets, problem(batch)))
def torch_bytes(batch): return harness.torch_peak(functools.partial(trained, torch, problem(batch)))


def most_bytes(batch):
    """Bytes of each system, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return {name: pool.apply(measure, (batch,))
                for name, measure in {"edunets": edunets_bytes, "PyTorch": torch_bytes}.items()}


def line(batch):
    """Microseconds, the ratio and the bytes at a batch size."""
    check(batch)
    with tqdm(total=harness.ROUNDS * len(SYSTEMS), desc=f"mlp, batch of {batch}", leave=False) as progress:
        found = harness.measure(SYSTEMS, problem(batch), progress=progress)
    return {"batch": batch, "us": {name: harness.microseconds(t) for name, t in found.items()},
            "ratio": harness.ratio(found, "edunets", "PyTorch"), "bytes": most_bytes(batch)}


def result():
    return harness.stamped({"rows": [line(batch) for batch in BATCHES]})


def show(found):
    """Print it."""
    for row in found["rows"]:
        times = ", ".join(f"{name} {us:.0f} us" for name, us in row["us"].items())
        size = ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in row["bytes"].items())
        print(f"MLP and Adam, batch of {row['batch']}: {times}, ratio {{:.2f}} ({{:.2f}} to {{:.2f}}); "
              f"{size}, ratio {row['bytes']['edunets'] / row['bytes']['PyTorch']:.2f}".format(*row["ratio"]))


def main():
    found = result()
    show(found)
    harness.write("mlp_adam.json", found)


if __name__ == "__main__":
    main()
