"""One `nn.TransformerEncoderLayer`, forward and backward in training mode: ours and PyTorch's, eager, on their defaults.

    python -m benchmarks.transformer_block    measure, and write benchmarks/results/transformer_block.json

Results and gradients are compared before anything is timed. Memory is the peak, over a step, of the bytes allocated since its
beginning and not yet freed: of ours as tracemalloc sees NumPy's allocations, of PyTorch's as its profiler sees its allocator's.
"""
import functools
import importlib

import numpy as np
from tqdm import tqdm

from benchmarks import harness, linear_step

BATCH, STEPS, FEATURES, HEADS, FORWARD = 16, 64, 128, 4, 512


def problem():
    """The input, the gradient of the output, and the parameters by name, as float32 arrays."""
    import edunets as en
    en.manual_seed(0)
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((BATCH, STEPS, FEATURES)).astype(np.float32) for _ in range(2))
    return (x, g, {name: p.detach().numpy()
                   for name, p in en.nn.TransformerEncoderLayer(FEATURES, HEADS, FORWARD).named_parameters()})


def like_torch(library, x, g, parameters):
    """The same lines for PyTorch and for edunets, imported by its name: other systems run in other
    processes."""
    m = importlib.import_module(library)
    layer = m.nn.TransformerEncoderLayer(FEATURES, HEADS, dim_feedforward=FORWARD, dropout=0.0,
                                         batch_first=True)
    layer.load_state_dict({name: m.from_numpy(p.copy()) for name, p in parameters.items()})
    x, g = m.from_numpy(x.copy()).requires_grad_(), m.from_numpy(g)

    def step():
        layer.zero_grad()
        x.grad = None
        y = layer(x)
        y.backward(g)
        return y, x.grad, *(p.grad for p in layer.parameters())
    return step


edunets = functools.partial(like_torch, "edunets")
torch = functools.partial(like_torch, "torch")


SYSTEMS = {"edunets": edunets, **dict.fromkeys(linear_step.TUNED, edunets), "PyTorch": torch}


def compare(arrays):
    """An AssertionError unless both give the same result and gradients."""
    for ours, theirs in zip(edunets(*arrays)(), torch(*arrays)(), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-3, atol=1e-4)


def result():
    """The times, ratios and peaks as the page shows them."""
    arrays = problem()
    compare(arrays)
    with tqdm(total=harness.ROUNDS * len(SYSTEMS), desc="transformer block", leave=False) as progress:
        times = harness.measure(SYSTEMS, arrays, linear_step.TUNED, progress=progress)
    peaks = {"edunets": harness.numpy_peak(edunets(*arrays)), "PyTorch": harness.torch_peak(torch(*arrays))}
    return harness.stamped({"shape": [BATCH, STEPS, FEATURES], "heads": HEADS, "forward": FORWARD,
                            "us": {name: harness.microseconds(t) for name, t in times.items()},
                    "ratio": {name: harness.ratio(times, name, "PyTorch") for name in times
                              if name != "PyTorch"}, "peak": peaks,
                            "peak_ratio": peaks["edunets"] / peaks["PyTorch"]})


def show(found):
    """Print times and peaks."""
    for name, us in found["us"].items():
        ratio = found["ratio"].get(name)
        print(f"{name:>20} {us:9.0f} us"
              + (f", {ratio[0]:.2f} of PyTorch's ({ratio[1]:.2f} to {ratio[2]:.2f})" if ratio else ""))
    print(f"peak: {found['peak']['edunets'] / 1e6:.1f} MB and {found['peak']['PyTorch'] / 1e6:.1f} MB, "
          f"{found['peak_ratio']:.2f} of PyTorch's")


def main():
    found = result()
    show(found)
    harness.write("transformer_block.json", found)


if __name__ == "__main__":
    main()
