"""Every class of edunets.nn beside PyTorch's, over its options."""
import inspect
import re
import typing

import pytest

import edunets as en
import families
import modules

torch = pytest.importorskip("torch")

# Cases of the layers that chapter 3 itself makes; the others stand with their families.
CORE = {
    "Linear": ["m.nn.Linear(4, 3) | f(r(5, 4))", "m.nn.Linear(4, 3) | f(r(4))", "m.nn.Linear(4, 3) | f(r(2, 5, 4))", "m.nn.Linear(4, 3, bias=False) | f(r(5, 4))", "m.nn.Linear(4, 3, False) | f(r(2, 1, 5, 4))",
               "m.nn.Linear(4, 3, dtype=m.float64) | f(r(5, 4))", "m.nn.Linear(4, 3) | f(r(5, 3))", "m.nn.Linear(4, 3) | f(r(5, 4).double())", "m.nn.Linear(4, 0) | f(r(5, 4))", "m.nn.Linear(4, 3) | f(r(0, 4))",
               "m.nn.Linear(4, 3, device='cpu') | f(r(5, 4)).grad_fn.name()", "m.nn.Linear(4, 3, bias=False) | f(r(5, 4)).grad_fn.name()", "m.nn.Linear(4, 3) | f(r(2, 5, 4)).grad_fn.name()", "m.nn.Linear(4, 3) | f(m.ones(2, 4).long())", "m.nn.Linear(4, 3) | f([1., 2., 3., 4.])"],
    "Sequential": ["m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Linear(3, 2)) | f(r(5, 4))", "m.nn.Sequential() | f(r(5, 4))", "m.nn.Sequential(dict(a=m.nn.Linear(4, 3))) | f(r(5, 4))", "m.nn.Sequential(__import__('collections').OrderedDict(a=m.nn.Linear(4, 3))) | f(r(5, 4))", "m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Sequential(m.nn.Linear(3, 2))) | [name for name, _ in f.named_modules()]",
                   "m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Linear(3, 2)) | len(f)", "m.nn.Sequential(3) | f(r(2))"],
}
CASES = {**CORE, **families.collected("MODULES")}
DIFFERENCES = families.collected("MODULE_DIFFERENCES")      # (what a line `case: difference` says, the reason)


def classes():
    "The layers of edunets.nn: every public class that is a Module."
    return {name for name, value in vars(en.nn).items() if inspect.isclass(value) and issubclass(value, en.nn.Module) and value is not en.nn.Module}


def test_every_layer_has_a_case():
    assert classes() == set(CASES) and all(CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_as_pytorch(name):
    torch.manual_seed(0)
    said = [f"{case}: {text}" for case in CASES[name] if (text := modules.compare(case, torch))]
    assert [" ".join(line.split()) for line in said if not any(re.search(pattern, line) for pattern, _ in DIFFERENCES)] == []


def test_differences_still_occur():
    torch.manual_seed(0)
    said = [f"{case}: {text}" for cases in CASES.values() for case in cases if (text := modules.compare(case, torch))]
    assert [pattern for pattern, reason in DIFFERENCES if not reason or not any(re.search(pattern, line) for line in said)] == []


def arguments(layer):
    """The parameters of a class; where it takes `*args, **kwargs`, those of the overload that says more."""
    made = [layer.__init__, *typing.get_overloads(layer.__init__)]
    return max((list(inspect.signature(f).parameters.values())[1:] for f in made), key=len)


def test_signatures_are_pytorchs():
    """The arguments of each class are PyTorch's, in their order; ours may add some that are given by name."""
    for name in classes():
        ours, theirs = (arguments(getattr(m.nn, name)) for m in (en, torch))
        positional, wanted = ([p.name for p in said if p.kind is p.POSITIONAL_OR_KEYWORD] for said in (ours, theirs))      # where PyTorch's class has no __init__ of its own, it says *args, **kwargs
        assert positional == wanted, name
        for a in ours:
            for b in theirs:
                if a.name == b.name and isinstance(b.default, (int, float, str, type(None))): assert a.default == b.default or (a.default is a.empty and b.default is None), (name, a.name)
