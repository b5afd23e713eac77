"""A subclass of Tensor that a reader writes."""
import copy
import pickle

import pytest

import edunets
from edunets import nn


class Ours(edunets.Tensor):
    pass


class Tagged(edunets.Tensor):
    @staticmethod
    def __new__(cls, x, *args): return super().__new__(cls, x)
    def __init__(self, x, tag): self.tag = tag


def classes(lib, kind):
    "The class of what is computed, by method, function, operator, layer."
    x, plain = lib.ones(2, 2).as_subclass(kind), lib.ones(2, 2)
    made = [x + 1,
            1 + x,
            plain + x,
            x @ plain,
            plain @ x,
            -x,
            x[0],
            x.sum(),
            x.exp(),
            lib.exp(x),
            lib.cat([plain, x]),
            lib.stack([x, x]),
            x.max(0).values,
            x.sort()[1],
            x.t(),
            x.clone(),
            x.detach(),
            x > 0,
            x.reshape(4),
            x.split(1)[0],
            lib.nn.functional.softmax(x, 1),
            lib.nn.functional.relu(x),
            lib.nn.Linear(2, 3)(x),
            lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.ReLU())(x),
            x.double(),
            lib.where(plain > 0, x, 0.),
            x.softmax(0)]
    return [type(y) is kind for y in made]


def test_results_keep_the_class():
    torch = pytest.importorskip("torch")
    theirs = type("Theirs", (torch.Tensor,), {})
    assert classes(edunets, Ours) == classes(torch, theirs)


def test_a_subclass_with_arguments():
    x = Tagged(edunets.ones(2, requires_grad=True), "cat")
    assert x.tag == "cat" and x.tolist() == [1, 1] and type(x * 2) is Tagged and not x.requires_grad


def test_gradients_pass_through():
    w = edunets.ones(2, requires_grad=True)
    (w.as_subclass(Ours) ** 2).sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_plain_tensors_stay_plain():
    assert (type(edunets.ones(2) + 1) is edunets.Tensor
            and type(nn.Linear(2, 1)(edunets.ones(2))) is edunets.Tensor)


def test_copies_keep_the_class():
    x = edunets.ones(2).as_subclass(Ours)
    assert type(copy.deepcopy(x)) is Ours and type(copy.copy(x)) is Ours


def test_another_class_is_refused():
    with pytest.raises(TypeError, match="Try: "): edunets.ones(2).as_subclass(list)


def tutorial(lib):
    "The classes of PyTorch's tutorial on extending it in Python, and what comes out."
    answers = {}

    class ScalarTensor:
        def __init__(self, n, value): self.n, self.value = n, value
        def tensor(self): return self.value * lib.eye(self.n)
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func not in answers or not all(issubclass(t, (lib.Tensor, ScalarTensor)) for t in types):
                return NotImplemented
            return answers[func](*args, **(kwargs or {}))

    def full(x): return x.tensor() if isinstance(x, ScalarTensor) else lib.as_tensor(x)
    answers[lib.mean] = lambda input: input.value / input.n
    answers[lib.add] = (lambda a, b: ScalarTensor(a.n, a.value + b.value) if type(a) is type(b)
                        else lib.add(full(a), full(b)))
    answers[lib.nn.functional.linear] = lambda x, w: ("linear", full(x).shape[0])
    answers[lib.cat] = lambda tensors: len(tensors)
    s, seen = ScalarTensor(3, 6), []
    seen += [lib.mean(s),
             lib.add(s, s).value,
             lib.add(s, lib.ones(3, 3)).tolist(),
             lib.add(lib.ones(3, 3), s).tolist(),
             lib.nn.functional.linear(lib.ones(2, 3), s),
             lib.cat([lib.ones(2), s])]
    for refused in (lambda: lib.mul(s, 3), lambda: lib.stack([s])):
        try: refused()
        except TypeError as problem: seen.append(str(problem).startswith("Multiple dispatch failed for"))

    class MetadataTensor:
        def __init__(self, data, note=None): self.data, self.note = lib.as_tensor(data), note
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            notes = [a.note for a in args if hasattr(a, "note")]
            return MetadataTensor(func(*[getattr(a, "data", a) if isinstance(a, cls) else a for a in args],
                                       **(kwargs or {})), notes[0])

    both = lib.add(lib.tensor([[1, 2], [1, 2]]), MetadataTensor([[1, 2], [3, 4]], "walks"))
    seen += [both.note, both.data.tolist(), lib.nn.functional.relu(both).note]
    return seen


def test_the_tutorials_classes():
    torch = pytest.importorskip("torch")
    assert tutorial(edunets) == tutorial(torch)


def logged(lib, calls):
    "The names of the functions that a subclass is told of."
    class Logging(lib.Tensor):
        seen = []
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func is not lib.Tensor.__repr__:
                cls.seen.append((func.__name__,
                                 repr(args).replace("edunets", "torch").replace(lib.__name__, "torch"),
                                 [t is cls for t in types]))
            return super().__torch_function__(func, types, args, kwargs)
    x, plain = Logging([1., 2.]), lib.ones(2)
    kinds = [type(eval(call, {"x": x, "p": plain, "m": lib})) in (Logging, float, list) for call in calls]
    return Logging.seen, kinds


def test_a_subclass_is_told_of_calls():
    torch = pytest.importorskip("torch")
    calls = ["x + 1",
             "x * p",
             "p + x",
             "m.exp(x)",
             "x.exp()",
             "m.cat([p, x])",
             "x.reshape(2, 1)",
             "x.sum(0)",
             "x.add_(1)",
             "x.tolist()",
             "x.detach()",
             "x.max()",
             "-x",
             "x.clone()"]
    (ours, kinds), (theirs, _) = logged(edunets, calls), logged(torch, calls)
    assert ([(name, types) for name, _, types in ours] == [(name, types) for name, _, types in theirs]
            and all(kinds))


def test_a_backward_pass_computes_plainly():
    class Silent(edunets.Tensor):
        seen = []
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            cls.seen.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs)
    w = edunets.ones(3, requires_grad=True)
    loss = (w.as_subclass(Silent) * 2).sum().as_subclass(edunets.Tensor)
    Silent.seen.clear()
    loss.backward()
    assert Silent.seen == [] and w.grad.tolist() == [2, 2, 2]


def test_overrides():
    torch = pytest.importorskip("torch")
    import importlib
    def said(lib):
        overrides = importlib.import_module(lib.__name__ + ".overrides")
        class Other:
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return "handed", func.__name__, args, kwargs
        class Below(Other):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None): return "below", len(types)
        def mine(a, b=1):
            return (overrides.handle_torch_function(mine, (a,), a, b=b) if overrides.has_torch_function((a,))
                    else a)
        other = Other()
        result = mine(other, b=3)
        return [result[:2],
                result[3],
                mine(5),
                overrides.is_tensor_like(other),
                overrides.is_tensor_like(lib.ones(1)),
                overrides.is_tensor_like(5),
                overrides.has_torch_function((lib.ones(1),)),
                lib.add(other, Below()),
                lib.add(Below(), other)]
    assert said(edunets) == said(torch)


def test_make_subclass():
    leaf = edunets.Tensor._make_subclass(Ours, edunets.ones(2), True)
    assert type(leaf) is Ours and leaf.is_leaf and leaf.requires_grad


# PyTorch's tensors follow the protocol too; what they answer holds for PyTorch's functions
MIXED = ["edunets.nn.Linear(2, 1)(theirs)",
         "edunets.relu(theirs)",
         "edunets.relu(torch.nn.Parameter(theirs))",
         "edunets.cat([ours, theirs])",
         "ours + theirs",
         "theirs + ours",
         "ours.add_(theirs)",
         "edunets.nn.functional.mse_loss(ours, theirs)",
         "torch.add(ours, ours)",
         "torch.nn.functional.linear(ours, theirs)",
         "torch.nn.ReLU()(ours)"]


@pytest.mark.parametrize("call", MIXED)
def test_a_tensor_of_pytorchs_is_refused_in_one_step(call):
    torch = pytest.importorskip("torch")
    names = {"edunets": edunets, "torch": torch, "ours": edunets.ones(2), "theirs": torch.ones(2)}
    with pytest.raises(TypeError): eval(call, names)


def test_the_refusal_tells_whose_tensor_it_is():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="must be Tensor, not torch.Tensor"): edunets.relu(torch.ones(2))
    with pytest.raises(TypeError, match="operand: torch.Tensor"): edunets.ones(2) * torch.ones(2)


def test_pytorchs_own_subclasses_still_answer_for_pytorch():
    torch = pytest.importorskip("torch")
    class Metres(torch.Tensor): pass
    assert type(torch.ones(2).as_subclass(Metres) + 1) is Metres
    with pytest.raises(TypeError): edunets.relu(torch.ones(2).as_subclass(Metres))


def test_samples_that_are_pytorchs_tensors_become_batches_of_ours():
    torch = pytest.importorskip("torch")
    # as torchvision's ToTensor makes them
    samples = [(torch.full((2, 3), float(n)), n) for n in range(5)]
    (x, y), (last, _) = edunets.utils.data.DataLoader(samples, batch_size=3)
    assert type(x) is type(last) is edunets.Tensor and x.shape == (3, 2, 3) and y.tolist() == [0, 1, 2]
    assert [n.item() for n in x[:, 1, 2]] == [0, 1, 2] and last.shape == (2, 2, 3)
    whole = list(edunets.utils.data.DataLoader([x for x, _ in samples], batch_size=None))
    assert len(whole) == 5 and all(type(x) is edunets.Tensor and x.shape == (2, 3) for x in whole)
