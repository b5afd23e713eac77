"""The device meta: shapes and dtypes without numbers are those of real results, of every row and name."""
import numpy as np
import pytest

import beside
import edunets as en
from edunets.backends.meta import Meta
from edunets.table import OPS, call
from samples import cases
from test_names import CODES

CASES = {key: case for key, case in cases().items() if case[1]}      # with operands
META = en.device("meta")
# what asks for numbers, or for how they lie in memory
ASKING = ("Cannot copy out of meta tensor", "shape that depends on numbers", "has no strides", "setStorage",
          "can't convert meta device")


def forms(result):
    "Shapes and dtypes, in place of tensors."
    if isinstance(result, en.Tensor): return tuple(result.shape), result.dtype
    if isinstance(result, (tuple, list)): return [forms(item) for item in result]
    if isinstance(result, dict): return {key: forms(value) for key, value in result.items()}
    return type(result)


def tensors(args, device):
    return tuple(en.tensor(a, device=device) if isinstance(a, np.ndarray) else a for a in args)


def test_every_primitive_has_a_rule():
    assert [name for name, row in OPS.items() if row.decompose is None and row.shape is None] == []


@pytest.mark.parametrize("key", CASES)
def test_every_row(key):
    name, args, params = CASES[key]
    if name == "nonzero":
        with pytest.raises(NotImplementedError, match="on numbers"):
            call(OPS[name], tensors(args, META), params)
        return
    there = call(OPS[name], tensors(args, META), params)
    for part in there if isinstance(there, tuple) else (there,): assert part.device == META
    assert forms(there) == forms(call(OPS[name], tensors(args, "cpu"), params))


@pytest.mark.parametrize("name", CODES)
def test_every_name(name):
    "A call with tensors on meta has the form of the same call here, or says that it asks for numbers."
    for code in CODES[name]:
        letters = beside.letters(code, en)
        here = beside.run(code, en)
        if not letters or isinstance(here, Exception): continue
        with META: there = beside.run(code, en, {key: x.to(META) for key, x in letters.items()})
        if isinstance(there, Exception): assert any(word in str(there) for word in ASKING), (code, there)
        else: assert forms(there) == forms(here), code


@pytest.mark.parametrize("key", CASES)
def test_gradients(key):
    "Forward and backward run without numbers, and gradients have the form of their operands."
    name, args, params = CASES[key]
    if name == "nonzero": return
    inputs = tensors(args, META)
    leaves = [x.requires_grad_() for x in inputs if isinstance(x, en.Tensor) and x.dtype.is_floating_point]
    out = call(OPS[name], inputs, params)
    tracked = [part for part in (out if isinstance(out, tuple) else (out,)) if part.requires_grad]
    if not tracked: return
    sums = [part.sum() for part in tracked]
    for leaf, g in zip(leaves, en.autograd.grad(sums, leaves, materialize_grads=True)):
        assert forms(g) == forms(leaf) and g.device == META


@pytest.mark.parametrize("code", ["m.ones(2, 3) @ m.ones(2, 3)", "m.ones(2, 3) + m.ones(2)",
                                  "m.ones(6).reshape(4)", "m.ones(2, 3).expand(2, 4)", "m.ones(2).softmax(3)",
                                  "m.cat([m.ones(2, 3), m.ones(3, 2)])", "m.nn.Linear(3, 4)(m.ones(2, 2))"])
def test_errors_are_those_of_real_tensors(code):
    here = beside.run(code, en)
    with META: there = beside.run(code, en)
    assert type(here) is type(there) and str(here).splitlines()[0] == str(there).splitlines()[0]


def test_a_training_step():
    with META:
        net = en.nn.Sequential(en.nn.Conv2d(1, 4, 3), en.nn.BatchNorm2d(4), en.nn.ReLU(), en.nn.MaxPool2d(2),
                               en.nn.Flatten(), en.nn.Dropout(0.5), en.nn.Linear(36, 10))
        x, y = en.rand(5, 1, 8, 8), en.zeros(5, dtype=en.int64)
        for optimizer in (en.optim.Adam(net.parameters()), en.optim.SGD(net.parameters(), 0.1, momentum=0.9)):
            loss = en.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    assert loss.shape == () and {p.device for p in net.parameters()} == {META}


def test_to_empty_and_back():
    trained = en.nn.Linear(3, 2)
    layer = en.nn.Linear(3, 2, device="meta")
    with pytest.raises(NotImplementedError, match="to_empty"): layer.to("cpu")
    layer.to_empty(device="cpu").load_state_dict(trained.state_dict())
    assert en.equal(layer.weight, trained.weight) and isinstance(layer.weight, en.nn.Parameter)
    assert layer.weight.is_leaf and layer.weight.requires_grad


def test_what_memory_does_not_take():
    x, there = en.zeros(2), en.ones(2, device=META)
    for write in (lambda: x.copy_(there), lambda: en.exp(there, out=x)):
        with pytest.raises(NotImplementedError, match="no data"): write()
    for mixed in (lambda: x.add_(there), lambda: x + there, lambda: there * x):
        with pytest.raises(RuntimeError, match="same device"): mixed()
    assert x.tolist() == [0, 0] and there.copy_(x) is there and isinstance(there.payload, Meta)


# a tensor of the CPU beside one of another device
NUMBERS = [f"str(({code}).device)" for code in (
    "x + n", "n + x", "x.mul_(n)", "m.where(x > 0, n, x)", "m.where(n > 0, x, x)", "x.clamp(n)",
    "x.lerp(x, n)", "x.addcmul(n, x)", "m.maximum(x, n)", "x ** n", "n ** x", "x == n", "x // n", "n + x[0]",
    "x.int() & m.tensor(1)", "x + m.tensor(2)", "x.addcdiv(x, n)", "x[m.tensor(1)]", "x[m.tensor([1])]",
    "x[m.tensor([True, False])]", "m.cat([x, m.ones(1)])", "m.stack([x[0], n])", "m.dot(x, m.ones(2))",
    "x[0] + m.ones(2)", "m.ones(2) + x", "m.outer(x, m.ones(2))", "m.einsum('i,->i', x, n)",
    "x.where(m.tensor([True, False]), x)")]
NUMBERS = [f"(lambda x, n: {code})(m.ones(2, device='meta'), m.tensor(2.0))" for code in NUMBERS]


def test_beside_pytorch():
    torch = pytest.importorskip("torch")
    for code in ("m.ones(2, 3, device='meta')", "m.ones(2, device='meta') * m.tensor(2.).to('meta')",
                 *NUMBERS,
                 "m.nn.Linear(3, 4, device='meta').weight.device.type", "m.ones(2, device='meta').cpu()",
                 "m.ones(2, device='meta').item()", "m.ones(1, device='meta').item()",
                 "m.ones(2, device='meta').tolist()", "m.ones(2, device='meta').nonzero()",
                 "m.ones(2).to('meta').device.type", "repr(m.ones(2, 3, device='meta'))",
                 "bool(m.ones(1, device='meta'))", "m.ones(2, device='meta').numpy()",
                 "m.nn.utils.skip_init(m.nn.Linear, 3, 4).weight.device.type"):
        ours, theirs = beside.run(code, en), beside.run(code, torch)
        if isinstance(theirs, Exception): assert isinstance(ours, type(theirs)), code
        elif isinstance(theirs, str): assert ours == theirs, code
        else: assert tuple(ours.shape) == tuple(theirs.shape) and str(ours.device) == str(theirs.device), code
