"""Tensors by themselves, with NumPy as the judge: no PyTorch is needed here."""
import itertools
import math
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import edunets as en

BUDGET = settings(max_examples=60, derandomize=True, deadline=None, database=None)


# Memory

def test_storage_shape_stride_offset():
    x = en.arange(12).reshape(3, 4)
    assert (x.stride(), x.storage_offset(), x.is_contiguous()) == ((4, 1), 0, True)
    row, column, block = x[1], x[:, 2], x[1:, ::2]
    assert (row.stride(), row.storage_offset()) == ((1,), 4)
    assert (column.stride(), column.storage_offset()) == ((4,), 2)
    assert (block.stride(), block.storage_offset(), block.is_contiguous()) == ((4, 2), 4, False)
    assert x.t().stride() == (1, 4) and x.t().data_ptr() == x.data_ptr()
    assert en.ones(3, 1).expand(3, 5).stride() == (1, 0)
    assert block.storage().tolist() == list(range(12))


@pytest.mark.parametrize("view",
                         [lambda x: x[1],
                          lambda x: x[:, 1:3],
                          lambda x: x.t(),
                          lambda x: x.reshape(-1),
                          lambda x: x.view(2, 6),
                          lambda x: x.unsqueeze(0),
                          lambda x: x.permute(1, 0)[1],
                          lambda x: x.detach(),
                          lambda x: x.data,
                          lambda x: x[1:][:, ::2].t(),
                          lambda x: x[...]])
def test_views_share_memory(view):
    x = en.arange(12.).reshape(3, 4)
    v = view(x)
    before = v.sum().item()
    x.add_(1)
    assert v.sum().item() == before + v.numel()
    v.zero_()
    assert (x == 0).sum().item() == v.numel()


def test_copies_do_not():
    x = en.arange(12.).reshape(3, 4)
    for copy in (x.clone(), x[[0, 1]], x[x > 3], x.t().reshape(-1), x + 0, x.repeat(1, 1), x.flip(0),
                 en.tensor(x), x.t().contiguous()):
        copy.fill_(-1)
    assert x.tolist() == np.arange(12.).reshape(3, 4).tolist()


def test_versions_are_shared_with_views():
    x = en.zeros(4)
    v = x[1:]
    assert (x._version, v._version) == (0, 0)
    v.add_(1)
    x[0] = 5
    assert (x._version, v._version) == (2, 2) and v._base is x and x._base is None
    x.data.add_(1)
    assert x._version == 2
    assert x.clone()._version == 0


def test_numpy_shares_memory_both_ways():
    a = np.arange(6.).reshape(2, 3)
    x = en.from_numpy(a)
    a[0, 0] = 9
    x[1] = -1
    assert x[0, 0].item() == 9 and a[1].tolist() == [-1] * 3
    assert x.numpy() is a or np.shares_memory(x.numpy(), a)
    assert np.asarray(x) is x.numpy()
    assert en.from_numpy(a.T).stride() == (1, 3)


def test_dlpack_with_numpy():
    x = en.arange(6.)
    a = np.from_dlpack(x)
    x[0] = 7
    assert a[0] == 7
    y = en.from_dlpack(np.arange(4, dtype="int32")[::2])
    assert y.dtype is en.int32 and y.tolist() == [0, 2]
    with pytest.raises(BufferError, match="require"):
        np.from_dlpack(en.ones(2, requires_grad=True))


def test_dlpack_with_jax():
    jnp = pytest.importorskip("jax.numpy")
    theirs = jnp.arange(6.0).reshape(2, 3)
    ours = en.from_dlpack(theirs)
    assert ours.tolist() == np.asarray(theirs).tolist() and ours.data_ptr() == theirs.unsafe_buffer_pointer()
    with pytest.raises(RuntimeError, match="read-only"):
        ours.add_(1)
    x = en.zeros(64)
    back = jnp.from_dlpack(x)
    if back.unsafe_buffer_pointer() == x.data_ptr():     # JAX copies where memory is not aligned as it likes
        x.fill_(3)
        assert np.asarray(back).tolist() == [3] * 64
    assert back.shape == (64,)


def test_numpy_steps_back():
    x = en.ones(2)
    for result in (np.ones(2) * x, x * np.ones(2), np.float32(2) * x, x + np.arange(2)):
        assert isinstance(result, en.Tensor)
    assert x.dtype is (np.float64(2) * x).dtype and (x * np.ones(2)).dtype is en.float64


# Indexing, against NumPy

ITEMS = st.one_of(st.integers(-4, 4), st.slices(4), st.just(Ellipsis), st.none(),
                  st.lists(st.integers(-3, 2), min_size=1, max_size=3))


def positive(index):
    return (all(not isinstance(i, slice) or i.step is None or i.step > 0 for i in index)
            and sum(i is Ellipsis for i in index) < 2)


@BUDGET
@given(arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
       st.lists(ITEMS, min_size=1, max_size=4).map(tuple).filter(positive))
def test_reading_is_numpys(shape, index):
    array = np.arange(math.prod(shape)).reshape(shape)
    x = en.from_numpy(array)
    try:
        expected = array[index]
    except IndexError:
        with pytest.raises(IndexError):
            x[index]
        return
    if sum(isinstance(i, list) for i in index) and any(isinstance(i, int) for i in index):
        # PyTorch takes integers out first, NumPy counts them as index arrays
        return
    assert np.array_equal(x[index].numpy(), expected)


@BUDGET
@given(arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4),
       st.lists(ITEMS, min_size=1, max_size=3).map(tuple).filter(positive))
def test_writing_is_numpys(shape, index):
    array = np.arange(math.prod(shape)).reshape(shape)
    x, expected = en.tensor(array), array.copy()
    try:
        expected[index] = -1
    except IndexError:
        return
    x[index] = -1
    assert np.array_equal(x.numpy(), expected)


def test_masks():
    x = en.arange(6.).reshape(2, 3)
    x[x > 3] = 0
    assert x.tolist() == [[0, 1, 2], [3, 0, 0]]
    x[en.tensor([True, False])] += 10
    assert x.tolist() == [[10, 11, 12], [3, 0, 0]]
    big = en.tensor([2 ** 40 + 1, 5])
    big[big < 9] = 2.5
    assert big.tolist() == [2 ** 40 + 1, 2]
    assert en.tensor([2 ** 53 + 1, 5]).masked_fill(en.tensor([False, True]), 0).tolist() == [2 ** 53 + 1, 0]


# Ops, against NumPy

@BUDGET
@given(arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3),
       st.integers(0, 2 ** 32 - 1))
def test_broadcasting_is_numpys(shapes, seed):
    draw = np.random.default_rng(seed)
    a, b = (draw.integers(1, 9, shape).astype("float64") for shape in shapes.input_shapes)
    x, y = en.tensor(a), en.tensor(b)
    for ours, theirs in ((x + y, a + b), (x * y, a * b), (x - y, a - b), (x / y, a / b), (x // y, a // b),
                         (x % y, a % b), (x ** y, a ** b), (en.maximum(x, y), np.maximum(a, b)),
                         (x < y, a < b), (x == y, a == b)):
        assert ours.shape == theirs.shape and np.allclose(ours.numpy(), theirs)


@BUDGET
@given(arrays.arrays("float64", arrays.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4),
                     elements=st.floats(-5, 5)), st.data())
def test_reductions_are_numpys(array, data):
    x = en.tensor(array)
    dims = (tuple(data.draw(st.permutations(range(array.ndim)))[:data.draw(st.integers(0, array.ndim))])
            or None)
    for ours, theirs in ((x.sum(dims), array.sum(dims)), (x.mean(dims), array.mean(dims)),
                         (x.amax(dims), array.max(dims)),
                         (x.sum(dims, keepdim=True), array.sum(dims, keepdims=True)),
                         (x.var(dims, correction=0), array.var(dims)), (x.any(dims), array.any(dims))):
        assert ours.shape == theirs.shape and np.allclose(ours.numpy(), theirs)


@pytest.mark.parametrize("a, b",
                         [((3,), (3,)),
                          ((2, 3), (3,)),
                          ((3,), (3, 4)),
                          ((2, 3), (3, 4)),
                          ((5, 2, 3), (3, 4)),
                          ((5, 2, 3), (5, 3, 4)),
                          ((1, 2, 3), (5, 3, 4)),
                          ((2, 1, 2, 3), (5, 3, 4)),
                          ((5, 2, 3), (3,)),
                          ((0, 3), (3, 2)),
                          ((2, 0), (0, 2))])
def test_matmul_is_numpys(a, b):
    a, b = np.random.default_rng(0).normal(size=a), np.random.default_rng(1).normal(size=b)
    assert np.allclose((en.tensor(a) @ en.tensor(b)).numpy(), a @ b)


def test_layouts_do_not_change_numbers():
    base = np.random.default_rng(0).normal(size=(4, 6))
    for layout in (lambda a: a, lambda a: a.T, lambda a: a[::2], lambda a: a[:, ::-1],
                   lambda a: np.asfortranarray(a), lambda a: np.broadcast_to(a[:1], (3, 6)),
                   lambda a: a[1:3, 2:5]):
        view = layout(base)
        x, same = en.from_numpy(view), en.tensor(view.copy())
        for op in ("exp", "sum", "cumsum", "sort", "softmax", "argmax", "t", "contiguous", "relu", "std"):
            arguments = (1,) if op in ("cumsum", "softmax") else ()
            ours, theirs = (getattr(t, op)(*arguments) for t in (x, same))
            if op == "sort":
                ours, theirs = ours.values, theirs.values
            assert np.allclose(ours.numpy(), theirs.numpy())


def test_no_warnings_and_no_exceptions_from_numpy():
    x = en.tensor([0.0, -1.0, math.inf, math.nan, 1e30])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for name in "log sqrt exp reciprocal rsqrt acos erfinv tan square sigmoid log1p".split():
            getattr(x, name)()
        x / 0, x % 0, x // 0, x ** 100, en.zeros(0).sum(), en.ones(1).std(), en.zeros(0).mean()
        repr(x), repr(en.tensor([1e300, 1e-300], dtype=en.float64))


def test_large_integers_stay_exact():
    n = 2 ** 62 + 1
    x = en.tensor([n, 3])
    assert ((x + 0).tolist() == [n, 3] and x.max().item() == n and x.sort().values.tolist() == [3, n]
            and x.clone().tolist() == [n, 3])
    assert (x.sum().item() == n + 3 and en.where(en.tensor([True, False]), x, 0).tolist() == [n, 0]
            and x.clamp(max=n).tolist() == [n, 3])
    assert ((en.tensor(2 ** 53 + 1) == 2 ** 53 + 1).item()
            and en.arange(2 ** 40, 2 ** 40 + 2).tolist() == [2 ** 40, 2 ** 40 + 1])


# What a tensor is

def test_dtypes():
    assert ((en.tensor(1).dtype, en.tensor(1.0).dtype, en.tensor(True).dtype)
            == (en.int64, en.float32, en.bool))
    assert en.float is en.float32 and en.long is en.int64 and repr(en.float32) == "edunets.float32"
    for a, b in itertools.product(en.tensors.DTYPES.values(), repeat=2):
        wide = promoted(a, b)
        if wide is None: continue
        assert (wide is en.promote_types(b, a) and en.promote_types(wide, a) is wide
                and (en.zeros(1, dtype=a) + en.zeros(1, dtype=b)).dtype is wide)


def promoted(a, b):
    "The dtype of two; None where there is none, and so beside it."
    try: return None if None in (a, b) else en.promote_types(a, b)
    except RuntimeError: return None


def test_promotion_is_associative_where_it_is_not_refused():
    for a, b, c in itertools.product(en.tensors.DTYPES.values(), repeat=3):
        left, right = promoted(promoted(a, b), c), promoted(a, promoted(b, c))
        assert left is right or None in (left, right)


def test_refused_are_wide_unsigned_integers_beside_other_integers():
    wide, whole = {en.uint16, en.uint32, en.uint64}, [d for d in en.tensors.DTYPES.values() if d.category < 2]
    for a, b in itertools.product(en.tensors.DTYPES.values(), repeat=2):
        assert (promoted(a, b) is None) == (a is not b and a in whole and b in whole and bool(wide & {a, b}))
    with pytest.raises(RuntimeError, match="Promotion for uint16, uint32, uint64 types is not supported"):
        en.ones(2, dtype=en.uint16) + en.arange(2)


@pytest.mark.parametrize("name", ["uint16", "uint32", "uint64"])
def test_wide_unsigned_integers(name):
    kind, array = getattr(en, name), np.array([0, 3, np.iinfo(name).max], name)
    x = en.from_numpy(array)
    x[0] = 5
    assert array[0] == 5 and x.dtype is kind and x.tolist() == array.tolist() and x.numpy() is array
    assert (en.iinfo(kind).max == array[2] and not kind.is_signed and x.float().dtype is en.float32
            and x.type() == f"edunets.UInt{name[4:]}Tensor")
    assert en.tensor([array[2].item()],
                     dtype=kind).item() == en.full((1,), array[2].item(), dtype=kind).item() == array[2]
    assert (en.tensor([-1]).to(kind).item() == en.full((), -1, dtype=kind).item() == array[2]
            and (x + 1).dtype is kind and (x + 1).tolist() == [6, 4, 0])
    with pytest.raises((RuntimeError, OverflowError, ValueError)): en.tensor(array[2].item() + 1, dtype=kind)


def test_numbers_are_weak():
    for kind in (en.uint8, en.int16, en.float16, en.float64):
        x = en.ones(2, dtype=kind)
        assert (x + 1).dtype is kind and (1 - x).dtype is kind and (x * True).dtype is kind
    assert ((en.ones(2, dtype=en.int16) + 1.5).dtype is en.float32
            and (en.ones(2, dtype=en.bool) + 1).dtype is en.int64)


def test_size_and_device():
    x = en.ones(2, 3)
    assert x.shape == (2, 3) == x.size() and isinstance(x.shape, en.Size) and x.shape.numel() == 6
    a, b = x.shape
    assert ((a, b) == (2, 3) and x.device == en.device("cpu") and str(x.device) == "cpu"
            and en.device("cuda:1").index == 1)


def test_tensor_copies_and_as_tensor_does_not():
    a = np.ones(3)
    copied, shared = en.tensor(a), en.as_tensor(a)
    a[0] = 5
    assert copied[0].item() == 1 and shared[0].item() == 5


def test_lists_of_tensors():
    assert (en.tensor([en.tensor(1.5), 2]).dtype is en.float32
            and en.tensor([np.float64(1.5), 2]).dtype is en.float64)
    assert en.tensor([[en.tensor(1), 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]


def test_out():
    out = en.empty(2)
    assert en.exp(en.zeros(2), out=out) is out and out.tolist() == [1, 1]
    view = en.zeros(4)
    en.add(en.ones(2), 1, out=view[1:3])
    assert view.tolist() == [0, 2, 2, 0]
    with pytest.warns(UserWarning, match="resized"):
        assert en.add(en.ones(3), 1, out=out).shape == (3,)


def test_in_place_returns_itself():
    x = en.ones(3)
    assert x.add_(1) is x and x.mul_(2).exp_() is x and x.clamp_(max=5) is x and x.zero_() is x
    y = x
    y += 1
    assert y is x and x.tolist() == [1] * 3


def test_an_op_as_a_card():
    card = repr(en.op("exp"))
    assert card.startswith("exp(a)") and "kernel" in card and "vjp" in card
    with pytest.raises(KeyError, match="one of .*exp"):
        en.op("expp")


def test_importing_changes_nothing():
    """NumPy's error state and print options are as they were; each thread has a quiet context of its own."""
    before = np.geterr()
    seen = []
    thread = threading.Thread(target=lambda: seen.append((en.tensor([1.0]) / 0).item()))
    thread.start(), thread.join()
    en.tensor([1.0]) / 0
    assert np.geterr() == before and seen == [math.inf]
