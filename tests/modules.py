"""Layers beside PyTorch's: the same text makes both, PyTorch's state is loaded into ours, and both are run.

A case is "make | use": `m` is the package, `f` the layer made, `r(2, 3)` normal numbers that require grad, `i(5, 2, 3)` integers below 5,
`p(2, 3)` numbers between 0 and 1. Statements before the last are carried out (`; ` between them): "m.nn.Dropout(0.5) | f.eval(); f(r(2, 3))".
Compared are: the repr, names, shapes and dtypes of the state, the result, the gradients of parameters and inputs, the state afterwards;
where PyTorch raises, the class of the error."""
import math

import numpy as np

import beside
import edunets


def maker(m, kept, double):
    "r, i and p for a package: the same numbers for both, in the order of the calls."
    rng = np.random.default_rng(7)
    kind = "float64" if double else "float32"
    def tensor(array, requires_grad=False):
        x = m.tensor(array.tolist(),
                     dtype=getattr(m, str(array.dtype))).reshape(array.shape).requires_grad_(requires_grad)
        kept.append(x)
        return x
    return {"r": lambda *shape: tensor(rng.standard_normal(shape).astype(kind), True),
            "p": lambda *shape: tensor(rng.uniform(0.05, 0.95, shape).astype(kind), True),
            "i": lambda high, *shape: tensor(rng.integers(0, high, shape))}


def backward(result, m):
    "A backward pass from all elements, each with a weight of its own."
    total = sum((x * m.arange(x.numel(), dtype=x.dtype).reshape(x.shape).cos()).sum()
                for x in beside.floats(result))
    if beside.is_tensor(total): total.backward()


def load(ours, theirs):
    "PyTorch's state into our layer."
    ours.load_state_dict({name: edunets.tensor(x.detach().numpy())
                          for name, x in theirs.state_dict().items()})


def state(layer):
    return {name: (tuple(x.shape), beside.name(x.dtype)) for name, x in layer.state_dict().items()}


def compare(case, torch, tolerance=20):
    "How a layer differs from PyTorch's, in words; None where it does not."
    make, _, use = case.partition(" | ")
    double = "float64" in make or "double()" in make
    made = [beside.attempt(make, {"m": m, "math": math}) for m in (edunets, torch)]
    if any(isinstance(f, Exception) for f in made): return beside.difference(*made)
    ours, theirs = made
    if repr(ours) != repr(theirs).replace("torch", "edunets"): return f"repr {ours!r} for {theirs!r}"
    if list(state(ours).items()) != list(state(theirs).items()):
        return f"state {state(ours)} for {state(theirs)}"
    load(ours, theirs)
    kept = [], []
    results = [beside.attempt(use, {"m": m, "f": f, "math": math, **maker(m, k, double)})
               for m, f, k in zip((edunets, torch), made, kept)]
    said = beside.difference(*results, tolerance)
    if said or isinstance(results[1], Exception): return said
    try: backward(results[1], torch)
    except RuntimeError: return None      # of two dtypes PyTorch has no gradient here and there
    backward(results[0], edunets)
    named = [[*((name, p.grad) for name, p in f.named_parameters()),
              *((f"input {n}", x.grad) for n, x in enumerate(k))] for f, k in zip(made, kept)]
    for (name, a), (_, b) in zip(*named):
        if said := beside.difference(a, b, 5 * tolerance): return f"gradient of {name}: {said}"
    for name, x in theirs.state_dict().items():
        if said := beside.difference(ours.state_dict()[name], x, tolerance):
            return f"{name} afterwards: {said}"
    return None
