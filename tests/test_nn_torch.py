"""Every class of edunets.nn beside PyTorch's, over its options."""
import functools
import inspect
import itertools
import re
import typing
import warnings

import numpy as np
import pytest

import edunets as en
import families
import modules

torch = pytest.importorskip("torch")

# Cases of the layers that chapter 3 itself makes; the others stand with their families.
CORE = {
    "Linear": ["m.nn.Linear(4, 3) | f(r(5, 4))",
               "m.nn.Linear(4, 3) | f(r(4))",
               "m.nn.Linear(4, 3) | f(r(2, 5, 4))",
               "m.nn.Linear(4, 3, bias=False) | f(r(5, 4))",
               "m.nn.Linear(4, 3, False) | f(r(2, 1, 5, 4))",
               "m.nn.Linear(4, 3, dtype=m.float64) | f(r(5, 4))",
               "m.nn.Linear(4, 3) | f(r(5, 3))",
               "m.nn.Linear(4, 3) | f(r(5, 4).double())",
               "m.nn.Linear(4, 0) | f(r(5, 4))",
               "m.nn.Linear(4, 3) | f(r(0, 4))",
               "m.nn.Linear(4, 3, device='cpu') | f(r(5, 4)).grad_fn.name()",
               "m.nn.Linear(4, 3, bias=False) | f(r(5, 4)).grad_fn.name()",
               "m.nn.Linear(4, 3) | f(r(2, 5, 4)).grad_fn.name()",
               "m.nn.Linear(4, 3) | f(m.ones(2, 4).long())",
               "m.nn.Linear(4, 3) | f([1., 2., 3., 4.])"],
    "Sequential": ["m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Linear(3, 2)) | f(r(5, 4))",
                   "m.nn.Sequential() | f(r(5, 4))",
                   "m.nn.Sequential(dict(a=m.nn.Linear(4, 3))) | f(r(5, 4))",
                   "m.nn.Sequential(__import__('collections').OrderedDict(a=m.nn.Linear(4, 3))) | f(r(5, 4))",
                   "m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Sequential(m.nn.Linear(3, 2))) | [name for name, "
                   "_ in f.named_modules()]",
                   "m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Linear(3, 2)) | len(f)",
                   "m.nn.Sequential(3) | f(r(2))"],
    "DataParallel": ["m.nn.DataParallel(m.nn.Linear(4, 3)) | f(r(5, 4))",
                     "m.nn.DataParallel(m.nn.Linear(4, 3)) | f.module(r(5, 4))",
                     "m.nn.DataParallel(m.nn.Linear(4, 3)) | list(f.state_dict())",
                     "m.nn.DataParallel(m.nn.Linear(4, 3)) | f(r(5, 3))"],
}
CASES = {**CORE, **families.collected("MODULES")}
# (what a line `case: difference` says, the reason)
DIFFERENCES = families.collected("MODULE_DIFFERENCES")


@pytest.fixture(autouse=True)
def two_threads():
    """PyTorch's threads, as many on every machine: what it refuses may depend on them."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def classes():
    "The layers of edunets.nn: every public class that is a Module."
    # an alias of a base is none
    return {name for name, value in vars(en.nn).items() if inspect.isclass(value)
            and issubclass(value, en.nn.Module) and value is not en.nn.Module and value.__name__ == name}


def test_every_layer_has_a_case():
    assert classes() == set(CASES) and all(CASES.values())


@functools.cache
def compared(name):
    "The lines of what differs in the cases of a layer."
    torch.manual_seed(0)
    return [f"{case}: {text}" for case in CASES[name] if (text := modules.compare(case, torch))]


@pytest.mark.parametrize("name", CASES)
def test_as_pytorch(name):
    assert [" ".join(line.split()) for line in compared(name)
            if not any(re.search(pattern, line) for pattern, _ in DIFFERENCES)] == []


def test_differences_still_occur():
    said = [line for name in CASES for line in compared(name)]
    assert [pattern for pattern, reason in DIFFERENCES
            if not reason or not any(re.search(pattern, line) for line in said)] == []


def arguments(layer):
    """The parameters of a class; where it takes `*args, **kwargs`, those of the overload that says more."""
    made = [layer.__init__, *typing.get_overloads(layer.__init__)]
    return max((list(inspect.signature(f).parameters.values())[1:] for f in made), key=len)


def test_signatures_are_pytorchs():
    """The arguments of each class are PyTorch's, in their order; ours may add some that are given by name."""
    for name in classes():
        ours, theirs = (arguments(getattr(m.nn, name)) for m in (en, torch))
        # where PyTorch's class has no __init__ of its own, it says *args, **kwargs
        positional, wanted = ([p.name for p in said if p.kind is p.POSITIONAL_OR_KEYWORD]
                              for said in (ours, theirs))
        assert positional == wanted, name
        for a in ours:
            for b in theirs:
                if a.name == b.name and isinstance(b.default, (int, float, str, type(None))):
                    assert a.default == b.default or (a.default is a.empty
                                                      and b.default is None), (name, a.name)


NORMS = {"layer_norm": lambda F, x, w, b, mean, var: F.layer_norm(x, (3,), w, b),
         "group_norm": lambda F, x, w, b, mean, var: F.group_norm(x, 3, w, b),
         "rms_norm": lambda F, x, w, b, mean, var: F.rms_norm(x, (3,), w),
         "batch_norm": lambda F, x, w, b, mean, var: F.batch_norm(x, mean, var, w, b, True),
         "batch_norm in use": lambda F, x, w, b, mean, var: F.batch_norm(x, mean, var, w, b, False),
         "instance_norm": lambda F, x, w, b, mean, var: F.instance_norm(x, mean, var, w, b)}


def test_forward_is_called_as_pytorchs():
    """The arguments of each layer's forward, by their names and in their order."""
    different = {}
    for name in classes():
        if getattr(en.nn, name).forward is en.nn.Module.forward: continue      # a container
        ours, theirs = (list(inspect.signature(getattr(m.nn, name).forward).parameters) for m in (en, torch))
        if ours != theirs and "args" not in theirs and "kwargs" not in theirs:
            different[name] = (ours, theirs)
    assert different == {}


def test_functional_is_called_as_pytorchs():
    """The arguments of each function of nn.functional, by their names, order and defaults; PyTorch hides
    those of max pooling behind *args."""
    different = {}
    for name, theirs in vars(torch.nn.functional).items():
        ours = getattr(en.nn.functional, name, None)
        if name.startswith("_") or not callable(theirs) or ours is None: continue
        try: a, b = (list(inspect.signature(f).parameters.values()) for f in (ours, theirs))
        except ValueError: continue
        if "args" in [p.name for p in b]: continue
        if [p.name for p in a] != [p.name for p in b]:
            different[name] = [p.name for p in a], [p.name for p in b]
        for p, q in zip(a, b):
            if isinstance(q.default, (int, float, str, type(None))) and p.default != q.default:
                different[name] = p, q
    assert different == {}


TAKES = {"layer_norm": ("w", "b"), "group_norm": ("w", "b"), "rms_norm": ("w",), "instance_norm": ("w", "b")}


def normalized(m, name, x, weight, bias, running, wide=False):
    """Result, gradients and running statistics for given dtypes, as numbers and the names of their dtypes;
    or the class of the error. `wide`: all in float64, from the same numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numbers = [(m.arange(27.).reshape(3, 3, 3) * 1.7 % 3),
                   m.tensor([1.5, -0.7, 2.1]),
                   m.tensor([0.3, 0.1, -1.9]),
                   m.tensor([0.2, 0.5, 0.8]),
                   m.tensor([1., 2., 3.])]
        tensors = [None if kind is None else t.to(getattr(m, kind))
                   for t, kind in zip(numbers, (x, weight, bias, running, running))]
        if wide: tensors = [None if t is None else t.double() for t in tensors]
        leaves = [t.requires_grad_() for t in tensors[:3] if t is not None]
        try: y = NORMS[name](m.nn.functional, *tensors)
        except Exception as e: return type(e).__name__
        (y * (m.arange(27., dtype=y.dtype).reshape(3, 3, 3) % 2)).sum().backward()
    kept = [y.detach(), *(t.grad for t in leaves), *(t for t in tensors[3:] if t is not None)]
    return [(str(t.dtype).split(".")[-1], t.double().numpy()) for t in kept]


@pytest.mark.parametrize("name", NORMS)
def test_dtypes_that_normalization_takes_are_pytorchs(name):
    """Half precision beside float32 weights above all: computed in float32 and rounded once, so compared
    with the result in float64 (PyTorch's gradient in half precision is less exact than ours where the
    weight is half too)."""
    kinds = (None, "float16", "float32", "float64")
    for given in itertools.product(kinds[1:],
                                   *[kinds if part in TAKES.get(name, ("w", "b", "mean")) else (None,)
                                     for part in ("w", "b", "mean")]):
        # PyTorch 2.13 fails in the backward pass of a bias alone
        if name in ("layer_norm", "group_norm") and given[1] is None is not given[2]: continue
        ours, theirs = normalized(en, name, *given), normalized(torch, name, *given)
        if isinstance(theirs, str) or isinstance(ours, str):
            assert ours == theirs, given
            continue
        assert [kind for kind, _ in ours] == [kind for kind, _ in theirs], given
        exact = theirs if "float16" not in given else normalized(torch, name, *given, wide=True)
        close = (1e-4, 1e-5) if exact is theirs else (2e-3, 2e-3)
        for (kind, a), (_, b) in zip(ours, exact): assert np.allclose(a, b, *close), (given, kind, a - b)


def test_gelu_in_single_precision_is_as_near_as_pytorchs_or_as_a_rounding():
    """PyTorch's distance is another on each processor: with AVX2 it is less than half a step between numbers
    of single precision at 14. Where it is so near, two thirds of a step are enough."""
    x = np.linspace(-14, 14, 20001, dtype="float32")
    exact = torch.nn.functional.gelu(torch.tensor(x).double())
    def furthest(m): return np.abs(m.nn.functional.gelu(m.tensor(x)).double().numpy() - exact.numpy()).max()
    assert furthest(en) <= max(furthest(torch), np.spacing(np.float32(14)) * 2 / 3)
