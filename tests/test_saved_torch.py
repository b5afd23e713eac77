"""What the tape saves, beside PyTorch, for every name with a sample call: a result is written into before the backward pass, or
there is a second pass, though the first has freed the graph.

Ours may compute the gradient where PyTorch refuses; it must then be the right one. It refuses where PyTorch computes only for the
names of KEPT and FREED."""
import warnings

import numpy as np
import pytest

import beside
import edunets as en
from test_names import CODES

torch = pytest.importorskip("torch")
REFUSED = "modified by an inplace"
SKIPPED = ("rand", "manual_seed", "requires_grad", "backward", "dropout", "poisson", "gumbel", "rrelu")
# Refused here, computed by PyTorch: names, and why
KEPT = {}
FREED = {"as_strided_scatter": "The tape keeps the places of the elements in memory; PyTorch keeps sizes and "
                               "strides, which it does not free."}


def leaves_and_results(code, m):
    "The floating letters of a code as leaves in float64, and its floating results."
    letters = {key: x.to(m.float64).requires_grad_() if beside.is_floating(x) else x
               for key, x in beside.letters(code, m).items()}
    results = beside.run(code, m, letters)
    return [x for x in letters.values()
            if beside.is_floating(x)], [] if isinstance(results, Exception) else beside.floats(results)


def slopes(code, m, number, write):
    "The gradients of one result, perhaps after a write into it; an exception where there are none."
    leaves, results = leaves_and_results(code, m)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if write: results[number].add_(1)
            return [x if x is None else x.detach().numpy()
                    for x in m.autograd.grad(results[number], leaves, m.ones_like(results[number]),
                                             allow_unused=True)]
        except Exception as problem:
            return problem


def same(a, b):
    return a is b or (a is not None and b is not None and np.allclose(a, b, 1e-12, 1e-12, equal_nan=True))


def second_slopes(code, m, number):
    """The gradients of one result in a second pass, where the first did not keep the graph; an exception
    where there are none."""
    leaves, results = leaves_and_results(code, m)
    try:
        for _ in range(2):
            found = m.autograd.grad(results[number], leaves, m.ones_like(results[number]), allow_unused=True)
        return [x if x is None else x.detach().numpy() for x in found]
    except Exception as problem:
        return problem


def refuses(outcome):
    return isinstance(outcome, Exception) and (REFUSED in str(outcome) or "a second time" in str(outcome))


def tried(name):
    "The first codes of a name that have floating results."
    codes = [code for code in CODES[name] if not beside.WRITES.search(code)
             and not any(word in code for word in SKIPPED)]
    return [(code, number) for code in codes[:12]
            for number, _ in enumerate(leaves_and_results(code, torch)[1][:2])][:6]


def compare(name, outcome, known):
    "Refused only where PyTorch refuses, or where it is known; no gradient but the right one."
    expected, refused = any(name in names.split() for names in known), 0
    for code, number in tried(name):
        theirs, ours = outcome(code, torch, number), outcome(code, en, number)
        if refuses(ours) and not isinstance(theirs, Exception):
            assert expected, f"{code}: refused here, PyTorch has {theirs}"
            refused += 1
        if not isinstance(ours, Exception):
            assert all(same(a, b) for a, b in zip(ours, slopes(code, en, number, False), strict=True)), code
    assert refused or not expected, f"{name} no longer differs"


@pytest.mark.parametrize("name", sorted(CODES))
def test_a_result_is_written_before_the_backward_pass(name):
    compare(name, lambda code, m, number: slopes(code, m, number, True), KEPT)


@pytest.mark.parametrize("name", sorted(CODES))
def test_a_second_pass_needs_what_was_saved(name): compare(name, second_slopes, FREED)


NORMS = {"layer_norm": ((4,),), "rms_norm": ((4,),), "batch_norm": (None, None, None, None, True)}


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize("name", NORMS)
def test_a_norm_without_weights_is_written_before_the_backward_pass(name, hooked):
    "Without and with hooks that are given what is saved; the input is let go."
    found = []
    for lib in (en, torch):
        x = lib.tensor([[1., 5., 2., -3.], [0., 2., 7., 1.], [4., 4., -1., 0.]], requires_grad=True)
        norm = getattr(lib.nn.functional, name)
        if hooked:
            hooks = lib.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t)
            with hooks: y = norm(x * 1, *NORMS[name])
        else: y = norm(x * 1, *NORMS[name])
        y.mul_(lib.arange(12.).reshape(3, 4)).add_(1)
        slope, = lib.autograd.grad(y.square().sum(), x, create_graph=True)
        found += [slope.detach().numpy(), lib.autograd.grad(slope.square().sum(), x)[0].numpy()]
    np.testing.assert_allclose(found[0], found[2], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found[1], found[3], rtol=1e-3, atol=1e-2)
