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
    made = [x + 1, 1 + x, plain + x, x @ plain, plain @ x, -x, x[0], x.sum(), x.exp(), lib.exp(x), lib.cat([plain, x]), lib.stack([x, x]), x.max(0).values, x.sort()[1], x.t(), x.clone(), x.detach(), x > 0,
            x.reshape(4), x.split(1)[0], lib.nn.functional.softmax(x, 1), lib.nn.functional.relu(x), lib.nn.Linear(2, 3)(x), lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.ReLU())(x), x.double(), lib.where(plain > 0, x, 0.), x.softmax(0)]
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
    assert type(edunets.ones(2) + 1) is edunets.Tensor and type(nn.Linear(2, 1)(edunets.ones(2))) is edunets.Tensor


def test_copies_keep_the_class():
    x = edunets.ones(2).as_subclass(Ours)
    assert type(copy.deepcopy(x)) is Ours and type(copy.copy(x)) is Ours


def test_another_class_is_refused():
    with pytest.raises(TypeError, match="Try: "): edunets.ones(2).as_subclass(list)
