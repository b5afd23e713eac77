"""A step of a small image network, forward and backward, as in LeNet-5: edunets and PyTorch, the same lines for both.

    python -m benchmarks.lenet    measure, write benchmarks/results/lenet.json

Besides the time, the peak of a step's memory: all arrays that are alive at once, beyond the images and the parameters. NumPy tells
tracemalloc what it takes; PyTorch's profiler notes each tensor's memory, but not what oneDNN takes for itself.
"""
import functools
import importlib
import multiprocessing

import numpy as np
from tqdm import tqdm

from benchmarks import harness

BATCH = 64
GOAL, MEMORY_GOAL = 3, 1.2      # times PyTorch's time and peak


def problem(batch=BATCH):
    """Images, labels, and the parameters of the network in their order."""
    rng = np.random.default_rng(0)
    shapes = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,)]
    parameters = [rng.uniform(-1, 1, shape).astype(np.float32) / np.sqrt(np.prod(shape[1:]) or 25)
                  for shape in shapes]
    return [rng.standard_normal((batch, 1, 28, 28), np.float32), rng.integers(0, 10, batch),
            *map(np.float32, parameters)]


def like_torch(library, images, labels, *parameters):
    """The same lines for PyTorch and for edunets, imported by its name: other systems run in other
    processes."""
    m = importlib.import_module(library)
    nn, F = m.nn, m.nn.functional

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
            self.full1, self.full2, self.full3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def forward(self, x):
            x = F.max_pool2d(m.relu(self.conv1(x)), 2)
            x = F.max_pool2d(m.relu(self.conv2(x)), 2)
            x = m.relu(self.full1(x.flatten(1)))
            return self.full3(m.relu(self.full2(x)))

    model, images, labels = LeNet(), m.from_numpy(images), m.from_numpy(labels).unsqueeze(1)
    for p, values in zip(model.parameters(), parameters): p.data = m.from_numpy(values.copy())

    def step():
        model.zero_grad()
        loss = -model(images).log_softmax(1).gather(1, labels).mean()      # cross entropy
        loss.backward()
        return loss, *(p.grad for p in model.parameters())
    return step


edunets = functools.partial(like_torch, "edunets")
torch = functools.partial(like_torch, "torch")


SYSTEMS = {"edunets": edunets, "PyTorch": torch}


def check(batch=BATCH):
    """An AssertionError unless loss and gradients agree."""
    arrays = problem(batch)
    for ours, theirs in zip(*(make(*arrays)() for make in SYSTEMS.values())):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-3, atol=1e-5)


# Memory

def edunets_peak(): return harness.numpy_peak(edunets(*problem()))
def torch_peak(): return harness.torch_peak(torch(*problem()))


def peaks():
    """Bytes of each system, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return {name: pool.apply(measure)
                for name, measure in {"edunets": edunets_peak, "PyTorch": torch_peak}.items()}




def times(environment, title):
    """Microseconds of each system with some variables more in its environment, and the ratio."""
    with tqdm(total=harness.ROUNDS * len(SYSTEMS), desc=title, leave=False) as progress:
        found = harness.measure(SYSTEMS, problem(), dict.fromkeys(SYSTEMS, environment), progress=progress)
    return {"us": {name: harness.microseconds(t) for name, t in found.items()},
            "ratio": harness.ratio(found, "edunets", "PyTorch")}


def result():
    check()
    return harness.stamped({"batch": BATCH, **times({}, "lenet"),
                            "one thread": times(harness.ONE_THREAD, "lenet, one thread"), "peak": peaks()})


def show(found):
    """Print it."""
    print(f"LeNet, batch of {found['batch']}, forward and backward")
    for title, line in {"as they are": found, "one thread": found["one thread"]}.items():
        print(f"{title:>14}: " + ", ".join(f"{name} {us / 1e3:.1f} ms" for name, us in line["us"].items())
              + ", ratio {:.2f} ({:.2f} to {:.2f})".format(*line["ratio"]))
    print(f"{'peak memory':>14}: "
          + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in found["peak"].items())
          + f", ratio {found['peak']['edunets'] / found['peak']['PyTorch']:.2f}")


def main():
    found = result()
    show(found)
    harness.write("lenet.json", found)


if __name__ == "__main__":
    main()
