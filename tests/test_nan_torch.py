"""The gradient at a NaN, beside PyTorch: of every function that picks elements. A NaN is the largest there
is and equals nothing, so a rule that asks where an operand equals the result loses it."""
import re

import numpy as np
import pytest

import beside
import edunets as en
from test_names import CODES

torch = pytest.importorskip("torch")

PICKS = re.compile(r"max|min|median|mode|kthvalue|topk|sort|relu|clamp|clip|quantile|threshold|renorm|hard")
LINE = re.compile(r"m\.arange\((\d+)\.\)")      # how samples make what no letter stands for
DIFFERENCES = [
    (r"\b(amax|amin|aminmax)\(", "Of a NaN PyTorch divides 0 by 0: its gradient is NaN for all it was "
                        "compared with; in edunets it goes to the NaN."),
    (r"clamp|clip", "Beside a border that is a tensor PyTorch cuts the gradient of a NaN; edunets lets it through, "
              "with `where`."),
    (r"embedding_bag", "PyTorch takes a NaN for the largest only where it comes first."),
    (r"prelu\(.*s", "A weight that is NaN: in edunets 0 times NaN is NaN for positive numbers too."),
    (r"hardsigmoid|hardswish", "In edunets they are made of hardtanh, which passes the gradient of a NaN on; "
                               "PyTorch has kernels of their own, of which one does not."),
    (r"softmax|renorm", "They pick nothing."),
]


def spoiled(x):
    "A copy with two NaNs side by side in the middle."
    x = x.clone()
    flat, middle = x.reshape(-1), x.numel() // 2
    flat[middle:middle + 2] = float("nan")
    return flat.reshape(x.shape)


def variants(code):
    "The code, and what makes its tensors, once with NaNs in each floating tensor."
    for key, x in beside.letters(code, torch).items():
        if beside.is_floating(x) and x.numel() and x.is_contiguous():
            yield code, lambda code, m, key=key: (
                (given := beside.letters(code, m)) | {key: spoiled(given[key])})
    if (line := LINE.search(code)) and int(line[1]):
        yield code.replace(line[0], "L", 1), lambda code, m: (
            beside.letters(code, m) | {"L": spoiled(m.arange(float(line[1])))})


def difference(code, made):
    "How gradients differ where the values are the same, in words."
    ours, theirs = (beside.run(code, m, made(code, m)) for m in (en, torch))
    if isinstance(theirs, Exception) or beside.difference(ours, theirs): return None
    grads = [beside.slopes(code, m, made)[:1] for m in (en, torch)]
    if not all(levels and not isinstance(levels[0], Exception) for levels in grads): return None
    for a, b in zip(*[[g.detach().numpy() for g in level] for (level,) in grads], strict=True):
        if not np.allclose(a, b, 1e-6, 1e-9, equal_nan=True): return f"{code}: {a.tolist()} for {b.tolist()}"


@pytest.mark.parametrize("name", [name for name in CODES if PICKS.search(name)])
def test_gradient_at_a_nan(name):
    said = [line for code in CODES[name] for case in variants(code) if (line := difference(*case))]
    assert [line for line in said if not any(re.search(pattern, line) for pattern, _ in DIFFERENCES)] == []


@pytest.mark.parametrize("code", [f"m.nn.functional.{name}" for name in (
    "max_pool1d(x, 2, 1, return_indices=True)", "max_pool2d(c, 3, 1, 1, return_indices=True)",
    "max_pool2d(c, 2)", "max_pool2d(c, 3, 1, 1)", "max_pool3d(c, 2, 1)", "adaptive_max_pool1d(x, 2, True)",
    "adaptive_max_pool2d(c, (2, 3), True)", "adaptive_max_pool3d(c.unsqueeze(0), (1, 2, 3), True)",
    "fractional_max_pool2d(c, 2, 2, None, True, m.ones(1, 2, 2) / 2)")])
def test_pooling_takes_the_last_nan(code):
    made = next(variants(code))[1]
    ours, theirs = (beside.run(code, m, made(code, m)) for m in (en, torch))
    assert beside.difference(ours, theirs) is None and difference(code, made) is None


def test_a_recurrent_network_with_relu_passes_it_on():
    grads = []
    for m in (en, torch):
        layer, x = m.nn.RNN(2, 2, nonlinearity="relu"), m.tensor([[float("nan"), 1.0], [1.0, 2.0]])
        for p in layer.parameters(): m.nn.init.constant_(p, 0.5)
        layer(x.requires_grad_())[0].sum().backward()
        grads.append([p.grad.numpy() for p in (x, *layer.parameters())])
    for a, b in zip(*grads): np.testing.assert_array_equal(a, b)
