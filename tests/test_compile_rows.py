"""Every row of the table, compiled: its sample, forward and backward, as eager gives it bit for bit; and by
its parts, to rounding."""
import numpy as np
import pytest

import edunets as en
from edunets.compiler import Compiled
from edunets.compiler.graph import check_graph
from edunets.compiler.program import Program
from edunets.compiler.rewrites import rewritten
from edunets.table import OPS, call
from samples import cases

# The shape of what nonzero gives depends on numbers
CASES = {key: case for key, case in cases().items() if case[0] != "nonzero"}


def listed(out): return list(out) if isinstance(out, (tuple, list)) else [out]


def turned(array):
    "The same numbers, the last dimension farthest apart in memory."
    return array.T.copy("C").T


def tensors(name, args, arrange=np.copy):
    "The operands of a sample as tensors; floats require grad, but of what is an update."
    found = []
    for a in args:
        if not isinstance(a, np.ndarray): found.append(a); continue
        tracked = a.dtype.kind == "f" and OPS[name].writes is None
        found.append(en.from_numpy(arrange(a)).requires_grad_(tracked))
    return found


def row_function(name, params):
    def row(*operands): return call(OPS[name], operands, params)
    return row


def carried(function, inputs):
    "The results, and the gradients of the inputs from random ones of the results."
    outs = listed(function(*inputs))
    leaves = [x for x in inputs if isinstance(x, en.Tensor) and x.requires_grad]
    tracked, rng = [out for out in outs if out.requires_grad], np.random.default_rng(1)
    weights = [en.tensor(rng.standard_normal(tuple(out.shape)).astype(out.dtype.numpy)) for out in tracked]
    grads = en.autograd.grad(tracked, leaves, weights, allow_unused=True) if tracked else [None] * len(leaves)
    return [x if x is None else x.detach() for x in (*outs, *grads)], [x.requires_grad for x in outs]


def of_one_form(ours, theirs):
    "The tensors in pairs: what one side lacks the other lacks, too, and shapes and dtypes are the same."
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is None: continue
        assert a.shape == b.shape and a.dtype is b.dtype
        yield a, b


def assert_same(ours, theirs):
    "The same to the last bit: a NaN's sign and payload, too."
    for a, b in of_one_form(ours, theirs):
        assert a.payload.tobytes() == b.payload.tobytes(), (a, b)


def assert_near(ours, theirs):
    "The same, but for the order in which NumPy adds: that depends on how temporaries lie."
    for a, b in of_one_form(ours, theirs):
        np.testing.assert_allclose(a.payload, b.payload, 1e-11, 1e-13)


def lowered(graph): return check_graph(rewritten(graph, lambda step: step.op.decompose is None).graph)


@pytest.mark.parametrize("key", CASES)
def test_every_row(key):
    "As eager, with operands that lie row by row and with turned ones; the graphs are well-formed."
    name, args, params = CASES[key]
    for arrange in (np.copy, turned):
        compiled = Compiled(row_function(name, params), True, "numpy")
        expected, taped = carried(row_function(name, params), tensors(name, args, arrange))
        for _ in range(2):
            found, on_tape = carried(compiled, tensors(name, args, arrange))
            (assert_same if arrange is np.copy else assert_near)(found, expected)
            assert on_tape == taped
        (entry,) = compiled.entries
        for graph in (entry.found.graph, entry.forward, entry.backward):
            if graph is not None and (graph is not entry.found.graph or entry.backward is None):
                check_graph(graph)
                check_graph(rewritten(graph).graph)


@pytest.mark.parametrize("key", CASES)
def test_every_row_by_its_parts(key):
    "Lowered to primitives: the same up to rounding, and no composite is left."
    name, args, params = CASES[key]
    inputs = tensors(name, args)
    compiled = Compiled(row_function(name, params), True, "numpy")
    expected = [x.payload for x in listed(compiled(*inputs))]
    (entry,) = compiled.entries
    forward, given = lowered(entry.forward), [x.payload for x in inputs if isinstance(x, en.Tensor)]
    whole = {step.op.name for step in forward.steps if step.op.decompose is not None}
    assert whole <= {"resample", "resample_back"}      # whose parts are arrays that they make themselves
    found = Program(forward)([np.copy(a) for a in given])
    for a, b in zip(found, expected): np.testing.assert_allclose(a, b, 1e-9, 1e-12)
