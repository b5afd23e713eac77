"""Two toys that show the core is ready: a payload that knows only shape and dtype, and a trace that
records a step and runs it again."""

import numpy as np

import edunets as en
from edunets.table import call, below_tape, handle, set_mode
from edunets.tensors import Tensor, wrap


class Shape:
    "Shape and dtype of an array that is not there."
    device = en.device("cpu")
    def __init__(self, shape, dtype): self.shape, self.dtype = tuple(shape), np.dtype(dtype)


def run_shape(op, payloads, params):
    "A row on shapes: by its rule; a composite by its decomposition."
    if op.shape is None: return below_tape(op, payloads, params, "shape")
    found = op.shape(*payloads, **params)
    return tuple(Shape(*form) for form in found) if type(found) is tuple else Shape(*found)


handle(Shape, run_shape, rank=10)


def hollow(x: Tensor) -> Tensor:
    "A Tensor like `x`, without its numbers."
    return wrap(Shape(x.shape, x.payload.dtype)).requires_grad_(x.requires_grad)


class Var(Shape):
    "A variable of a trace."


def outlived(op, payloads, params):
    raise RuntimeError("a traced tensor is used outside its trace, where it has no numbers")


handle(Var, outlived, rank=100)


class Trace:
    """Records every op under it. Tensors from outside become inputs by identity and are not written: their
    new values and gradients stand in maps, until `replay` carries the steps out on what they hold then."""
    def __init__(self):
        # id: (tensor, its variable at first), (tensor, now), (tensor, its gradient)
        self.inputs, self.now, self.grads = {}, {}, {}
        # (tensor, its fields, its version); (row, operands, parameters, results)
        self.before, self.steps = [], []

    def __enter__(self):
        self.mode = set_mode(trace=self)
        self.mode.__enter__()
        return self

    def __exit__(self, *problem):
        self.mode.__exit__(*problem)
        for x, fields, version in self.before:
            x.__dict__.clear()
            x.__dict__.update(fields)
            if x._version_counter: x._version_counter.count = version

    def read(self, x):
        "What stands for a tensor (or number) here."
        if not isinstance(x, Tensor) or isinstance(x.payload, Var):
            return x.payload if isinstance(x, Tensor) else x
        if id(x) in self.now: return self.now[id(x)][1]
        if id(x) not in self.inputs:
            self.before.append((x, dict(x.__dict__), x._version))
            self.inputs[id(x)] = x, Var(x.payload.shape, x.payload.dtype)
        return self.inputs[id(x)][1]

    def run(self, op, args, params):
        operands = [self.read(x) for x in args]
        if op.shape is None: return below_tape(op, operands, params, "shape")
        forms = op.shape(*operands, **params)
        several = type(forms) is tuple
        results = [Var(*form) for form in (forms if several else (forms,))]
        self.steps.append((op, operands, params, results))
        return tuple(results) if several else results[0]

    def store(self, x, value):
        if isinstance(x.payload, Var): x.payload = self.read(value)
        else: self.now[id(x)] = x, self.read(value)

    def get_grad(self, x): return self.grads[id(x)][1] if id(x) in self.grads else x._grad
    def set_grad(self, x, g): self.grads[id(x)] = x, g

    def replay(self, *outputs):
        "Carry the steps out, store what changed, and give the outputs their numbers."
        values = {id(var): x.payload for x, var in self.inputs.values()}
        look = lambda operand: wrap(values[id(operand)]) if isinstance(operand, Var) else operand
        with en.no_grad():
            for op, operands, params, results in self.steps:
                out = call(op, tuple(map(look, operands)), params)
                for var, result in zip(results, out if isinstance(out, tuple) else (out,)):
                    values[id(var)] = result.payload
            changed = [(x, wrap(values[id(var)].copy())) for x, var in self.now.values()]
            grads = [(x, None if g is None else wrap(values[id(self.read(g))].copy()))
                     for x, g in self.grads.values()]
            for x, value in changed: x.copy_(value)
            for x, g in grads: x.grad = g
        return [wrap(values[id(out.payload)]) for out in outputs]
