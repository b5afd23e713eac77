"""Tensors print as PyTorch's do, character for character."""
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import edunets as en

torch = pytest.importorskip("torch")

FIXED = """m.tensor(3) | m.tensor(2.5) | m.tensor(True) | m.tensor([]) | m.zeros(2, 0) | m.zeros(0, 3, 0) | m.tensor([], dtype=m.int64) | m.zeros(0, dtype=m.bool) | m.zeros(2, 0, dtype=m.int64) | m.tensor([1, 2, 3]) | m.tensor([1., 2., 3.]) | m.tensor([1.5, -2, 3]) | m.tensor([1e-5, 1]) | m.tensor([1e8, 1.]) | m.tensor([1e9, 1.])
    m.tensor([1e5, 0.1]) | m.tensor([1e3, 0.5]) | m.tensor([1001., 0.5]) | m.tensor([1e-4]) | m.tensor([1e-5]) | m.tensor([0.00012345, 0.1]) | m.tensor([math.nan, 1]) | m.tensor([math.inf, -math.inf, 1.5]) | m.tensor([math.nan]) | m.tensor([math.inf, 1.]) | m.tensor([1e10, math.inf]) | m.tensor([-0., 0.]) | m.tensor([1e38, 1e-38]) | m.tensor(1e-10) | m.tensor(123456789.) | m.tensor(16777216.)
    m.tensor([100000000., 1]) | m.tensor([123456.789]) | m.tensor([[1, -20], [300, 4]]) | m.tensor([True, False]) | m.tensor([[True], [False]]) | m.tensor([1, 2], dtype=m.int32) | m.tensor([1, 255], dtype=m.uint8) | m.tensor([1.5], dtype=m.float64) | m.tensor([1.5, 65504], dtype=m.float16) | m.tensor(1.5, dtype=m.float64) | m.tensor(7, dtype=m.int16)
    m.arange(24).reshape(2, 3, 4) | m.arange(16.).reshape(2, 2, 2, 2) | m.arange(1000) | m.arange(1001) | m.arange(1001.) / 7 | m.zeros(100, 100) | m.zeros(3, 400) | m.zeros(20, 10, 10) | m.zeros(7, 7, 7, 7) | m.arange(40) | m.arange(40.) * 1.5 | m.arange(200).reshape(4, 50) | m.eye(3) | m.ones(2, 1, 3) | m.arange(2000).reshape(2, 1000) | m.arange(2000).reshape(1000, 2) | m.arange(5000.).reshape(5, 1000) / 3
    m.ones(2, requires_grad=True) | m.ones(2, requires_grad=True) * 2 | m.ones(2, 3, requires_grad=True).sum() | m.arange(20., requires_grad=True) * 1.5 | m.full((2,), 2., requires_grad=True).sqrt() | -m.ones(2, requires_grad=True) | m.ones(1, dtype=m.float64, requires_grad=True) | m.zeros(0, requires_grad=True) | m.ones(2, requires_grad=True).reshape(2, 1) | m.ones(3, requires_grad=True)[1:] | m.ones(3, requires_grad=True).sqrt().sigmoid() | (m.ones(3, 4, requires_grad=True) @ m.ones(4, 2)).relu()
    m.arange(6).reshape(2, 3).t() | m.arange(3).expand(2, 3) | m.arange(10)[::3] | m.tensor([[1e-3, 1e3], [1, 2]]) | m.tensor([1e-3, 1.001]) | m.tensor([9.99995]) | m.tensor([0.99999]) | m.tensor([999.99999, 1.]) | m.tensor([2 ** 40]) | m.tensor([-2 ** 63]) | m.ones(9, dtype=m.float64) / 3 | m.tensor([1e300, 1e-300], dtype=m.float64) | m.ones(2, 3).max(1) | m.tensor([3, 1]).sort() | m.ones(2, 2).topk(1) | m.tensor([3, 1, 1]).mode() | m.tensor([2., 3, 1]).median(0) | m.tensor([2., 3, 1]).kthvalue(2) | m.tensor([2., 3, 1]).cummin(0) | m.aminmax(m.ones(3)) | m.linalg.slogdet(m.eye(2)) | m.finfo(m.float32) | m.finfo(m.float64) | m.finfo(m.float16) | m.iinfo(m.int8) | m.finfo(m.float32).eps | m.iinfo(m.int64).max"""
FIXED = [text.strip() for line in FIXED.splitlines() for text in line.split("|")]


def text(expression, m):
    return repr(eval(expression, {"m": m, "math": math})).replace("torch.", "edunets.")


def same(array, **options):
    ours, theirs = repr(en.from_numpy(array)), repr(torch.from_numpy(array.copy()))
    assert ours == theirs.replace("torch.", "edunets.")


@pytest.mark.parametrize("expression", FIXED)
def test_repr(expression):
    ours, theirs = text(expression, en), text(expression, torch)
    assert ours == theirs


@pytest.mark.parametrize("options",
                         [dict(precision=2),
                          dict(precision=8),
                          dict(threshold=5),
                          dict(edgeitems=1, threshold=4),
                          dict(linewidth=40),
                          dict(sci_mode=True),
                          dict(sci_mode=False),
                          dict(profile="short"),
                          dict(profile="full"),
                          dict(precision=1, linewidth=120, edgeitems=2, threshold=20),
                          dict(profile="short", precision=6)])
def test_options(options):
    try:
        for m in (en, torch):
            m.set_printoptions(**options)
        for expression in FIXED:
            if "arange(5000" not in expression:
                assert text(expression, en) == text(expression, torch)
    finally:
        for m in (en, torch):
            m.set_printoptions(profile="default")


DTYPES = st.sampled_from(["float32", "float64", "float16", "int64", "int32", "uint8", "int8", "bool"])
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, SHAPES)))
def test_any_tensor(array):
    same(array)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(SHAPES, st.integers(-12, 12), st.integers(0, 6), st.sampled_from(["float32", "float64"]),
       st.integers(0, 2 ** 32 - 1), st.booleans())
def test_numbers_of_a_size(shape, exponent, spread, dtype, seed, rounded):
    """Numbers as a computation gives them: of one order of magnitude, or of a few."""
    draw = np.random.default_rng(seed)
    array = draw.normal(size=shape) * 10.0 ** (exponent + draw.integers(0, spread + 1, shape))
    same(np.asarray(np.round(array) if rounded else array, dtype))


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(lambda shape: math.prod(shape) < 50000),
       st.integers(-3, 3), st.sampled_from(["float32", "int64"]))
def test_large_tensors(shape, exponent, dtype):
    array = np.arange(math.prod(shape)).reshape(shape) * 10.0 ** exponent
    same(np.asarray(array, dtype))


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
# exact on every processor, the sign of zero too
@given(arrays.arrays("float32", SHAPES, elements=st.floats(-100, 100, width=32)),
       st.sampled_from(["sqrt", "neg", "abs", "reshape", "clone", "t"]))
def test_on_the_tape(array, name):
    if name == "t" and array.ndim > 2:
        return
    arguments = (-1,) if name == "reshape" and array.size else ()
    if name == "reshape" and not arguments:
        return
    made = [getattr(m.tensor(array, requires_grad=True), name)(*arguments) for m in (en, torch)]
    assert repr(made[0]) == repr(made[1]).replace("torch.", "edunets.")


def test_str_and_format():
    for expression in FIXED:
        a, b = (eval(expression, {"m": m, "math": math}) for m in (en, torch))
        assert str(b).replace("torch.", "edunets.") == str(a)
    assert f"{en.tensor(2.5):.1f} {en.ones(2)}" == f"{torch.tensor(2.5):.1f} {torch.ones(2)}"
