"""Writing into what is there: laws over every method in place and every `out=`, found by walking the
names."""
import ast
import inspect
import re
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import beside
import draws
import edunets as en
import places
from edunets.names import FUNCTIONS
from test_names import SAMPLES, unexplained

BUDGET = settings(derandomize=True, max_examples=500, deadline=None, database=None,
                  phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
CALLS = {name: places.function_calls(name) for name in FUNCTIONS if name in SAMPLES
         and not name.endswith("_")}
# they write no number
SHAPES = {"as_strided", "detach", "t", "transpose", "swapaxes", "swapdims", "squeeze", "unsqueeze"}
IN_PLACE = [name for name in CALLS if hasattr(en.Tensor, name + "_") and hasattr(en.Tensor, name)
            and name not in SHAPES and not draws.is_random(name)]
WITH_OUT = [name for name in CALLS if "out" in inspect.signature(FUNCTIONS[name]).parameters
            and not draws.is_random(name)]


def with_first(name, most=4):
    """Sample calls of a function whose first argument is a letter, as that letter and the text of the
    other arguments."""
    for code in CALLS[name]:
        call = ast.parse(code, mode="eval").body
        first, *rest = [ast.unparse(a) for a in call.args] + [ast.unparse(k) for k in call.keywords]
        if name == "polygamma": first, rest = rest[0], [first]
        if first not in beside.INPUTS or first in "wtp" or not most: continue
        most -= 1
        yield first, ", ".join(rest)


def same(a, b):
    return (a.shape == b.shape
            and np.allclose(a.detach().numpy(), b.detach().numpy(), 1e-6, 1e-7, equal_nan=True))


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_method_in_place_is_the_function_and_a_store(name):
    for letter, rest in with_first(name):
        given_ = beside.letters(f"{letter} {rest}", en)
        wanted = beside.run(f"{letter}.{name}({rest})", en, given_)
        base = en.stack([given_[letter]] * 2)
        x = given_[letter] = base[1]
        untouched, version, kept = base[0].clone(), base._version, x.clone()
        got = beside.run(f"{letter}.{name}_({rest})", en, given_)
        # refused, as in PyTorch
        rounds = name == "float_power" and isinstance(wanted, en.Tensor) and wanted.dtype is not x.dtype
        if (isinstance(wanted, Exception) or wanted.shape != x.shape
            or wanted.dtype.category > x.dtype.category or rounds):
            assert (isinstance(got, Exception)
                    and (isinstance(wanted, Exception)
                         or isinstance(got, RuntimeError))), (name, letter, rest)
            assert base._version == version and same(x, kept)
            continue
        assert got is x and x._version == version + 1, (name, letter, rest)
        assert same(base[1], wanted.to(x.dtype)) and same(base[0], untouched), (name, letter, rest)


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_method_in_place_on_the_tape(name):
    for letter, rest in with_first(name, 2):
        given_ = beside.letters(f"{letter} {rest}", en)
        if not given_[letter].dtype.is_floating_point: continue
        leaf = given_[letter].clone().requires_grad_()
        wanted = beside.run(f"{letter}.{name}({rest})", en, {**given_, letter: leaf})
        if isinstance(wanted, Exception) or wanted.shape != leaf.shape: continue
        assert isinstance(beside.run(f"{letter}.{name}_({rest})", en, {**given_, letter: leaf}),
                          RuntimeError), name
        got = beside.run(f"{letter}.{name}_({rest})", en, {**given_, letter: leaf * 1})
        if not wanted.requires_grad or isinstance(got, Exception): continue
        weights = en.cos(en.arange(leaf.numel()).reshape(leaf.shape) + 1.0).to(leaf.dtype)
        left, right = (en.autograd.grad(y, leaf, weights)[0] for y in (got, wanted))
        assert same(left, right), (name, letter, rest)


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_method_in_place_beside_torch(name):
    torch = pytest.importorskip("torch")
    # no operand lies in what is written
    codes = [f"{letter}.{name}_({rest}); ({letter}, {letter}._version)"
             for letter, rest in with_first(name, 3) if not re.search(rf"\b{letter}\b", rest)]
    lines = unexplained(beside.differences(codes, torch, tolerance=4))
    assert lines == []


def test_what_pytorch_has_is_there():
    torch = pytest.importorskip("torch")
    assert not [name for name in CALLS for ours, theirs in [places.variants(name, torch)] if theirs - ours]
    more = {name: ours - theirs for name in CALLS
            for ours, theirs in [places.variants(name, torch)] if ours - theirs}
    assert more == {name: {"out="} for name in ("relu", "isnan", "isinf", "isfinite")}
    assert [name for name in dir(torch) if name.endswith("_") and not name.startswith("_")
            and name not in FUNCTIONS and hasattr(en.Tensor, name)] == []


@pytest.mark.parametrize("name", WITH_OUT)
def test_an_empty_place_gets_the_result(name):
    tried = 0
    for code in CALLS[name]:
        letters = beside.letters(code, en)
        wanted = beside.run(code, en, letters)
        place = places.place_for(wanted, en)
        if place is None: continue
        got = beside.run(f"{code[:-1]}, out=place)", en, {**letters, "place": place})
        pairs = ([(place, got, wanted)] if isinstance(place, en.Tensor)
                 else list(zip(place, got, wanted, strict=True)))
        assert all(there is here and same(here, right) and there.dtype is right.dtype and there._version == 1
                   for there, here, right in pairs), code
        assert type(got) in (type(wanted), tuple)
        tried += 1
        if tried == 4: break
    assert tried


@st.composite
def written(draw):
    "A call, and the place for its result: of another shape, dtype or layout, or an operand."
    case = draw(draws.samples(CALLS[draw(st.sampled_from(WITH_OUT))]))
    kind = draw(st.sampled_from(["float32", "float64", "int64", "bool", "float32"]))
    return case, draw(st.sampled_from(["right", "wrong", "strided", "operand", "expanded"])), kind


@BUDGET
@given(written())
def test_drawn_places(drawn):
    case, how, kind = drawn
    tensors, code, kind = case.made(case.code, en), case.code, getattr(en, kind)
    if name_of(code) in ADDED: code = f"{code[:-1]}, dtype=kind)"
    wanted = beside.run(code, en, {**tensors, "kind": kind})
    if not isinstance(wanted, en.Tensor): return
    shape = tuple(wanted.shape)
    if how == "wrong": shape = (*shape, 3)
    place = en.zeros(shape, dtype=kind)
    if how == "strided" and shape: place = en.zeros((*shape[:-1], 2 * shape[-1] + 1), dtype=kind)[..., 1::2]
    if how == "expanded": place = en.zeros((), dtype=kind).expand(shape)
    if how == "operand":
        place = next((x for x in tensors.values() if isinstance(x, en.Tensor) and x.is_contiguous()), place)
    wanted = wanted.clone()
    got = beside.run(f"{case.code[:-1]}, out=place)", en, {**tensors, "place": place})
    if isinstance(got, Exception):
        lost = wanted.dtype.category > place.dtype.category
        assert isinstance(got,
                          RuntimeError) and (lost
                                             or (how in ("expanded", "operand")
                                                 and place.numel() > 1)), (case, how, got)
        return
    assert got is place
    assert same(place, wanted.to(place.dtype)) or name_of(case.code) in SOURCES, (case, how)


def name_of(code): return code[2:code.index("(")]


# they make the numbers in the dtype of the place
SOURCES = set("full zeros ones empty arange linspace logspace eye".split())
# so do these, from the numbers that they were given
ADDED = set("sum prod cumsum cumprod".split())


def test_warning_of_a_resize():
    with pytest.warns(UserWarning, match="was resized since it had shape"):
        en.softmax(en.ones(2), 0, out=en.zeros(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        en.softmax(en.ones(2), 0, out=en.zeros(0))


def test_places_must_fit():
    with pytest.raises(TypeError, match="tuple of 2"): en.sort(en.ones(2), out=en.zeros(2))
    with pytest.raises(TypeError, match="Tensor"): en.softmax(en.ones(2), 0, out=[1, 2])
    with pytest.raises(RuntimeError, match="can't be cast"):
        en.softmax(en.ones(2), 0, out=en.zeros(2, dtype=en.int64))
    w = en.ones(2, requires_grad=True)
    for attempt in (lambda: en.softmax(w, 0, out=en.zeros(2)), lambda: en.softmax(en.ones(2), 0, out=w),
                    lambda: en.sort(w, out=(en.zeros(0), en.zeros(0, dtype=en.int64)))):
        with pytest.raises(RuntimeError, match="automatic differentiation"): attempt()
    with en.no_grad(): assert en.softmax(en.zeros(2), 0, out=w).is_leaf and w.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("name, more", [("sort", ()), ("max", (0,)), ("min", (0,)), ("topk", (1,)),
                                        ("kthvalue", (1,)), ("median", (0,)), ("nanmedian", (0,)),
                                        ("mode", (0,)), ("cummax", (0,)), ("cummin", (0,)), ("aminmax", ())])
def test_of_several_places_none_is_cast(name, more):
    "One alone takes what can be cast; of a tuple each has the dtype of its result."
    torch = pytest.importorskip("torch")
    for wrong in (0, 1):
        for kind in ("float64", "int32"):
            for m in (en, torch):
                function, x = getattr(m, name), m.tensor([3.0, 1.0, 2.0])
                places = [m.empty(0, dtype=part.dtype) for part in function(x, *more)]
                assert all(a is b for a, b in zip(function(x, *more, out=tuple(places)), places))
                places[wrong] = m.empty(0, dtype=getattr(m, kind))
                with pytest.raises(RuntimeError, match="dtype|type"): function(x, *more, out=tuple(places))


@st.composite
def turns(draw):
    "Steps that turn a tensor or its views, or write into one of them."
    return [(draw(st.sampled_from(["t", "unsqueeze", "squeeze", "write", "view", "mul"])),
             draw(st.integers(0, 2))) for _ in range(draw(st.integers(1, 6)))]


def turned(m, steps):
    "The numbers and gradients after such steps."
    w = m.arange(6.0, dtype=m.float64).reshape(2, 3).requires_grad_()
    x = w * 1
    seen = [x, x[0], x[:, 1:]]
    for what, which in steps:
        y = seen[which % len(seen)]
        if what == "t" and y.ndim == 2: y.t_()
        if what == "unsqueeze": y.unsqueeze_(0)
        if what == "squeeze": y.squeeze_()
        if what == "write": y.fill_(7.0)
        if what == "mul": y.mul_(y.detach() + 1)
        if what == "view": seen.append(y.unsqueeze(-1))
    total = sum((y * y).sum() for y in seen)
    total.backward()
    return [y.tolist() for y in seen], w.grad.tolist()


@settings(BUDGET, max_examples=40)
@given(turns())
def test_shapes_changed_in_place_beside_torch(steps):
    torch = pytest.importorskip("torch")
    assert turned(en, steps) == turned(torch, steps)


def test_a_leaf_is_turned_without_grad():
    w = en.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"): w.t_()
    with en.no_grad(): w.t_()
    assert w.is_leaf and w.requires_grad and w.shape == (3, 2) and w._base is None
    (w * en.arange(6.0).reshape(3, 2)).sum().backward()
    assert w.grad.tolist() == [[0, 1], [2, 3], [4, 5]]
