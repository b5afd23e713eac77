"""The tape of a backward pass that is recorded (`create_graph=True`), beside PyTorch, for every name with a
sample call: which gradients are on the tape, and what the step that computes one is called."""
import re

import pytest

import edunets as en
from test_names import CODES
from test_saved_torch import leaves_and_results, tried

torch = pytest.importorskip("torch")
NAMES = [name for name in sorted(CODES) if not name.startswith("drawn")]

# On the tape in one of the two only: names, and why
RECORDED = {
    "adaptive_avg_pool1d avg_pool1d":
        "A mean does not depend on its input but by the shape; PyTorch saves the input for it.",
    "addmv": "With beta=0 the vector is not read; PyTorch records zeros.",
    "block_diag": "PyTorch forgets an empty vector.",
    "masked_scatter": "Where nothing is written, no source is read; PyTorch records the zeros.",
    "nn.functional.layer_norm":
        "The gradient of a bias depends on no operand; PyTorch computes all three at once.",
    "repeat": "The gradient of no copies is a sum of none; PyTorch makes zeros.",
    "linalg.slogdet slogdet": "The sign has the gradient zero; PyTorch has none for it.",
    "nn.functional.hardsigmoid nn.functional.multilabel_margin_loss":
        "There is no slope to differentiate; PyTorch records a step that refuses to be differentiated.",
}

# PyTorch computes the gradient in one step, edunets in several that add up
IN_PARTS = {
    "as_strided unfold": "A number is taken as a vector of one, and a view of a view as one of its base.",
    "cdist nn.functional.pdist pdist": "The distance is a norm of differences.",
    "log_softmax nn.functional.log_softmax nn.functional.softmax softmax": "A number is taken as a vector.",
    "embedding": "A step of both; edunets names it by what it does, PyTorch twice backward.",
    "masked_scatter": "It is a where.",
    "nn.functional.batch_norm nn.functional.layer_norm": "Standardizing and weighing are two rows.",
    "nn.functional.glu nn.functional.hardswish nn.functional.prelu nn.functional.soft_margin_loss "
    "nn.functional.softshrink prelu": "Its input is used more than once, by rows of their own.",
}


def gradients(code, m, number, recorded):
    """What the gradients of one result are called on the tape (`None`: not on it, `...`: it has no
    elements), where the incoming gradient requires a gradient itself or not."""
    leaves, results = leaves_and_results(code, m)
    g = m.ones_like(results[number]).requires_grad_(recorded)
    try: found = m.autograd.grad(results[number], leaves, g, allow_unused=True, create_graph=True)
    except Exception as problem: return problem
    return list(map(called, found))


def called(x):
    if x is None or not x.requires_grad: return None
    return ... if not x.numel() else x.grad_fn.name() if x.grad_fn else "leaf"


def pairs(name):
    "Of each gradient: what PyTorch calls it, and what edunets does."
    for code, number in tried(name):
        if len(leaves_and_results(code, en)[1]) <= number: continue
        for recorded in (False, True):
            theirs, ours = (gradients(code, m, number, recorded) for m in (torch, en))
            if isinstance(theirs, Exception) or isinstance(ours, Exception): continue
            yield from ((code, a, b) for a, b in zip(theirs, ours, strict=True) if ... not in (a, b))


def expected(name, known): return any(name in names.split() for names in known)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_on_the_tape_where_pytorchs_are(name):
    found = [f"{code}: {b} for {a}" for code, a, b in pairs(name) if (a is None) != (b is None)]
    assert bool(found) == expected(name, RECORDED), found[:3]


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_that_is_one_step_has_pytorchs_name(name):
    found = [f"{code}: {b} for {a}" for code, a, b in pairs(name)
             if a and b and re.search("Backward(Data)?Backward0$", a) and a != b]
    assert bool(found) == expected(name, IN_PARTS), found[:3]
