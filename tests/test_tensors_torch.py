"""Tensors beside PyTorch: promotion, indexing and assignment, views and strides, shared memory,
`tensor()`, a tutorial."""
import itertools
import math
import re
import textwrap

import numpy as np
import pytest

import beside
import edunets as en

torch = pytest.importorskip("torch")

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16",
          "bfloat16", "float32", "float64"]
LACKING = "not implemented for 'UInt(16|32|64)'"      # of the wide unsigned integers PyTorch has few kernels
NUMBERS = ["True", "2", "2.5"]


def agree(codes, but=()):
    """All codes give the same on both; a line that contains one of `but` is a stated difference."""
    lines = beside.differences(codes, torch)
    left = [line for line in lines if not any(re.search(pattern, line) for pattern in but)]
    assert not left, "\n".join(left)


# Promotion

def values(dtype, shape=""):
    data = "1, 0, 1" if dtype == "bool" else "1, 2, 3"
    return f"m.tensor([{data}]).to(m.{dtype})" if not shape else f"m.tensor({data[0]}).to(m.{dtype})"


@pytest.mark.parametrize("dtype", DTYPES)
def test_promote_types(dtype):
    agree(f"m.promote_types(m.{dtype}, m.{other})" for other in DTYPES)
    agree(f"m.result_type({a}, {b})" for other in DTYPES for a in (values(dtype), values(dtype, "0-d"))
          for b in (values(other), values(other, "0-d"), *NUMBERS))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form",
                         ["{a} + {b}",
                          "{a} * {b}",
                          "{a} / {b}",
                          "{a} == {b}",
                          "{a} < {b}",
                          "m.pow({a}, {b})",
                          "m.where(m.tensor([True, False, True]), {a}, {b})",
                          "{a} // {b}",
                          "m.fmod({a}, {b})",
                          "m.maximum({a}, m.as_tensor({b}))"])
def test_promotion(dtype, form):
    """Every dtype beside every other: tensor, 0-d tensor and Python number, on either side."""
    tensor, number = values(dtype), values(dtype, "0-d")
    pairs = [(a, b) for other in DTYPES
             for a, b in itertools.product((tensor, number), (values(other), values(other, "0-d")))]
    pairs += [(a, b) for n in NUMBERS for a, b in [(tensor, n), (number, n), (n, tensor), (n, number)]]
    agree((form.format(a=a, b=b) for a, b in pairs),
          but=["ZeroDivision",
               "int8.* bool|fmod.*int8",
               "must be Tensor, not",
               "fmod.. received an invalid",
               LACKING])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("form",
                         ["x * 0.1",
                          "x / 0.3",
                          "0.3 / x",
                          "x + 0.1",
                          "0.1 - x",
                          "x / 100000",
                          "x * 70000 / 70000",
                          "2 / x",
                          "x.reciprocal()"])
def test_beside_a_number_the_bits_are_the_same(dtype, form):
    """Half precision beside a Python number is computed in single, and a number over a tensor rounds
    twice."""
    torch = pytest.importorskip("torch")
    numbers = np.random.default_rng(0).standard_normal(10_000).astype(dtype)
    ours, theirs = (eval(form, {"x": library.from_numpy(numbers)}).numpy() for library in (en, torch))
    np.testing.assert_array_equal(ours, theirs)


def test_promotion_in_cat_and_stack():
    agree(f"m.{name}([{values(a)}, {values(b)}])" for name in ("cat", "stack") for a in DTYPES
          for b in DTYPES)


@pytest.mark.parametrize("op", ["+=", "*=", "/=", "-="])
def test_in_place_keeps_the_dtype_or_raises(op):
    codes = [f"x = {values(a)}; x {op} {b}; x" for a in DTYPES for b in [*map(values, DTYPES), *NUMBERS]]
    agree(codes, but=["Subtraction", LACKING])


def test_default_dtype():
    code = ("m.set_default_dtype(m.float64); r = [m.tensor(1.5).dtype, m.zeros(2).dtype, (m.tensor([1, 2]) / "
            "2).dtype, m.tensor([1, 2]).exp().dtype, m.arange(2.).dtype]; m.set_default_dtype(m.float32); r")
    agree([code, "m.set_default_dtype(m.int64)", "m.get_default_dtype()"])


# Indexing

INDICES = """0 | -1 | 1:3 | ::2 | 1: | :-1 | -2: | 5: | 2:1 | 0:0 | ... | None | None, 0 | 0, None | ..., 0 | 0, ... | 1, 2 | -1, -1 | 1, :, 2 | :, 1 | :, :, 1 | :, None, 1
    ..., None | None, ..., None | 1:, 2, ::2 | ..., 1:, 1 | 0, 1, 2 | True | False | None, True | [0, 2] | [2, 0, 1] | [True, False, True] | [0], [1] | [0, 1], [1, 2] | [0, 1], :, [1, 2] | :, [0, 1] | :, [0, 1], [1, 2] | :, :, [0, 2]
    [0, 1], 1 | 1, [0, 1] | 1, :, [0, 1] | [0, 1], :, 1 | [[0], [1]], [1, 2] | [[0, 1], [1, 0]] | [], | [0, 1], None, [1, 2] | :, [0, 1], None, [1, 2] | None, [0, 2] | 1:, [0, 1] | ..., [0, 1] | [0, 1], ... | [0, 2], ..., [0, 3]
    m.tensor(1) | m.tensor(1), m.tensor(2) | m.tensor(-1), 1: | m.tensor([0, 2]) | m.tensor([[0, 2], [1, 1]]) | m.tensor([0, 2]), 1 | m.tensor([0, 2]), m.tensor(1) | m.tensor(1), m.tensor([0, 2]) | :, m.tensor([0, 2]), 1: | m.tensor([2, 0], dtype=m.int32)
    m.tensor([-1, 0]) | m.tensor([True, False, True]) | m.tensor([True, False, True]), 1 | :, m.tensor([True, False, True, False]) | m.tensor([True, False, True]), m.tensor([1, 2]) | M | M, 1 | M, m.tensor([0, 1, 0, 1]) | :, N | ..., m.tensor([True, False] * 2 + [True]) | m.tensor(True) | m.tensor(False)
    A > 20 | A != A | M, : | M, ... | np.array([0, 2]) | np.array([True, False, True]) | np.int64(1) | range(2) | (0, 1) | slice(1, 3) | slice(None), 1 | Ellipsis, 1 | m.tensor([], dtype=m.int64) | m.tensor([0, 2], dtype=m.uint8)
    3 | -4 | 0, 4 | 0, 0, 5 | 0, 0, 0, 0 | ..., 0, 0, 0, 0 | [0, 3] | [0, -4] | m.tensor([5]) | m.tensor([1.5]) | 1.5 | 'a' | ::-1 | ::0 | m.tensor([True, False]) | N | [True, False] | [0, 1], [0, 1, 2] | [[0], [1, 2]] | {0} | m.tensor([0, 1]), [0, 1, 2] | None, None, 0 | 0, None, None, 1:2 | ..., ...
    m.tensor(1), :, m.tensor([1, 2]) | m.tensor([0, 1]), :, m.tensor(1) | 1:2, m.tensor([0]), 0:3 | 0, m.tensor([True, False, True, True]) | m.tensor([[True]]) | m.tensor([1, 1, 1]) | [1, 1], [2, 2] | [[True, False, True]] | [1.5] | [None] | 0, [0, 1], None, 1 | M.nonzero() | M.nonzero(as_tuple=True)"""
INDICES = [text.strip() for line in INDICES.splitlines() for text in line.split("|")]
INDEX_DIFFERENCES = [
    "source and destination dtypes match",          # assignment casts, whatever the index is
    r"A\[\[1\.5\]\]|B\[\[1\.5\]\]",                    # PyTorch cuts 1.5 to 1 in a list, but not in a tensor
    # an IndexError here, as for every other thing that is no place
    r"PyTorch TypeError: .* invalid data type 'str'",
    "some elements of the input tensor",            # overlap does no harm
    # nothing is written, but it has to fit
    r"^A\[(m.tensor\()?False\)?\] =.*raises RuntimeError.*PyTorch gives",
    "can't assign a (list|tuple)",                  # lists are taken as tensors
]


@pytest.mark.parametrize("index", INDICES)
def test_read(index):
    agree([f"A[{index}]", f"B[{index}]"], INDEX_DIFFERENCES)


@pytest.mark.parametrize("index", INDICES)
def test_view_or_copy(index):
    """What PyTorch gives as a view is one here: same memory, same strides, same offset; what it copies is
    a copy."""
    shared = "(r.storage_offset(), r.stride()) if np.shares_memory(A.numpy(), r.numpy()) else 'copy'"
    agree([f"r = A[{index}]; {shared}"], INDEX_DIFFERENCES)


@pytest.mark.parametrize("index", INDICES)
def test_write(index):
    writes = ["-1",
              "-1.7",
              "True",
              "m.tensor(-2)",
              "A[{i}] * 2",
              "m.tensor(7.9)",
              "(A[{i}] * 2).float()",
              "m.ones(2, 1, 1, dtype=m.int64)",
              "m.tensor([])",
              "np.int64(3)",
              "A[{i}].unsqueeze(0)"]
    agree([f"A[{index}] = {value.format(i=index)}; A" for value in writes]
          + [f"A[{index}] += 1; A", f"B[{index}] = 5; B"], INDEX_DIFFERENCES)


def test_index_of_other_shapes():
    agree(["s[()]",
           "s[...]",
           "s[None]",
           "s[0]",
           "s[True]",
           "s[s > 0]",
           "s[False]",
           "e[0]",
           "e[e > 0]",
           "e[:]",
           "e[m.tensor([], dtype=m.int64)]",
           "z[0]",
           "z[:, 0]",
           "z[1:]",
           "v[v > 0]",
           "v[v > 9]",
           "x[q]",
           "x[q] * 2",
           "x[:, q[0]]",
           "x[k - 3]",
           "s[()] = 3; s",
           "s[...] = 2; s",
           "s[None] = 2; s",
           "s[s > 0] = 9; s",
           "v[v > 0] = m.tensor([7., 8., 9.]); v",
           "v[v > 0] = 0; v",
           "v[v > 0] *= 2; v",
           "x[q] = s; x",
           "x[q] = v; x",
           "x[q] += 1; x",
           "x[:] = y; x",
           "x[...] = 0; x",
           "x[0] = x[1]; x",
           "x[0], x[1] = x[1], x[0]; x",
           "x[:, ::2] = 5; x",
           "v[1:] = v[:-1]; v",
           "v[[0, 0, 1]] = m.tensor([1., 2., 3.])[:1]; v",
           "v[m.tensor([0, 0])] += 1; v",
           "x[x > 0.3] = y[x > 0.3]; x",
           "i[i < 0] = 0; i",
           "b[0] = 7; b",
           "u[0] = 300; u",
           "i[0] = 2.9; i",
           "x[0, 0] = math.nan; x",
           "w[0] = 1; w",
           "x[0][1] = 5; x",
           "x[[0]][0] = 5; x",
           "x.t()[0] = 9; x",
           "del v",
           "v[0] = None",
           "v[0] = 'a'",
           "x[0] = [1., 2., 3.]; x",
           "x[:, 0] = (1., 2.); x"], but=["w.0. = 1", *INDEX_DIFFERENCES])


WHOLE = """x.sum({1}) | x.mean({1}) | x.std({0}) | x.any({1}) | x.amax({1}) | x.logsumexp({1}) | x.squeeze({0}) | x.movedim({0}, {1}) | x.chunk({2}) | x.roll({1}, 0) | x.roll({1}) | x.roll(({1}, {2}), (0, 1)) | x.tensor_split({2}) | x.split({1})
x.split([{1}, {2}], 1) | m.tensordot(x, y.t(), {1}) | x.repeat({2}, 1) | x.expand({2}, 2, 3) | x.tile({2}) | x.topk({1}) | x.narrow(1, {0}, {1}) | x.unfold(1, {2}, {1}) | x.diagonal({1}) | x.kthvalue({1}) | x.reshape({3}, {2}) | x.view({3}, -1)
x.permute({1}, {0}) | x.unsqueeze({1}) | x.transpose({0}, {1}) | x.flip({1}) | x.size({1}) | x.argmax({1}) | m.zeros({2}, {3}) | m.arange({3}) | m.arange({1}, {3}) | m.full(({2},), {3})"""


@pytest.mark.parametrize("kind", ["np.int64({})", "np.int32({})", "m.tensor({})"])
def test_what_counts_may_be_any_integer(kind):
    """NumPy's integers, and tensors that are one, as dim, size or count."""
    # here PyTorch takes an int, or a tensor
    refused = ["x.split.np", "tensordot.*np"] if "np" in kind else []
    agree([code.format(*map(kind.format, range(4))) for code in WHOLE.replace("\n", " | ").split(" | ")],
          but=refused)


MAPPED = ("f = np.memmap(tempfile.mkdtemp() + '/f', 'float32', 'w+', shape=(6,)); t = "
          "m.from_numpy({}); t[0] = 5; ")

@pytest.mark.parametrize("array", ["f", "f[2:]", "f.reshape(2, 3)", "np.asmatrix(f)"])
def test_arrays_of_a_subclass(array):
    agree(["import tempfile; " + MAPPED.format(array) + result
           for result in ("t + 1", "str(t.device)", "t.shape", "t.storage_offset()", "float(f.max())",
                          "t @ t.mT if t.ndim > 1 else t.dot(t)", "m.as_tensor(f)")])


def test_what_tensors_do_in_python():
    agree("""0.6 in x | 2. in x | x[0] in x | m.tensor(3) in m.tensor([[1, 3]]) | 0.25 in s | 'a' in x | None in x | [1] in x | list(reversed(v)) | reversed(v) | reversed(s)
x @ np.ones((3, 2), dtype=np.float32) | x @ 2 | m.Tensor() | m.Tensor(x.size()).shape | m.Tensor(2.5) | m.Tensor(np.int64(3)).shape | m.Tensor(2, 3).shape | m.Tensor([1, 2]) | m.Tensor(3).shape | m.Tensor(m.tensor(0.5)) | m.Tensor(k.float()) | m.Tensor(k).shape | m.Tensor(m.Size([])).shape | m.Tensor(m.Size([3])).shape | m.Tensor(np.array(3)).shape
x.shape + (1,) | (1,) + x.shape | x.shape * 2 | 2 * x.shape | (x.shape[:1] + (3,)).numel() | x.shape + x.shape | m.pi | m.inf | m.e | x[:, m.newaxis].shape
np.sqrt(x) | np.exp(x) | np.maximum(x, 0.3) | np.add(x, 1) | np.sqrt(x).mean(dim=0) | np.argmax(x) | np.sin(x.requires_grad_())""".replace("\n", " | ").split(" | "))


def test_sizes_and_dims_by_name():
    agree("""x.flip(dims=[1]) | m.flip(x, dims=(0, 1)) | x.reshape(shape=(3, 2)) | m.reshape(x, shape=(3, -1)) | x.view(size=(3, 2)) | x.view(dtype=m.int32) | x.permute(dims=(1, 0)) | m.permute(x, dims=(1, 0)) | x.expand(size=(2, 2, 3)) | x.repeat(repeats=(1, 2))
x.tile(dims=(2,)) | m.tile(x, dims=(2, 1)) | x.new_zeros(size=(2,)) | x.new_ones(size=(2, 3)) | x.new_empty(size=(2,)).shape | m.randint(high=1, size=(3,)) | m.randint(0, 1, size=(3,))""".replace("\n", " | ").split(" | "))


def test_numbers_that_are_written():
    agree("""u[0] = -1; u | u[:2] = -1; u | u.fill_(-1) | u.fill_(-255) | u.fill_(-256) | m.full((2,), -1, dtype=m.uint8) | m.full((2,), 300, dtype=m.int8) | m.full_like(u, -1) | u.new_full((2,), -1) | u[0] = 2.7; u | u[0] = True; u | j.fill_(2 ** 31)
m.full((2,), np.mean([1., 2.])) | m.full((2,), np.float32(3)) | m.arange(np.float32(2.5)) | m.arange(math.inf) | m.arange(math.nan) | m.logspace(0, 3, 4, base=2, dtype=m.int64) | m.logspace(0, 3, 4) | m.logspace(0, 1, 3, base=2.5)
x.round(decimals=1) | m.round(y / 7, decimals=2) | m.round(y * 77, decimals=-1) | y.round_(decimals=0) | i.round()
m.searchsorted(v, 1.5, side='up') | m.where(x, 1., 0.) | m.where(x > 0.3, 1., 0.) | m.where(u, 1, 2) | m.where(True, x, y) | m.pow(2, 3)""".replace("\n", " | ").split(" | "))


# Views

def layout(expression):
    return (f"r = {expression}; (r.shape, r.stride(), r.storage_offset(), "
            "np.shares_memory(X.numpy(), r.numpy()))")


VIEWS = """X.view(6, 4) | X.view(2, -1) | X.view(24) | X.view(2, 3, 2, 2) | X.reshape(4, 6) | X.permute(2, 0, 1) | X.transpose(0, 1) | X.mT | X.unsqueeze(0) | X.unsqueeze(-1) | X.unsqueeze(1) | X[:, :1].squeeze(1) | X[:, :1].squeeze() | X.flatten() | X.flatten(1)
    X.unflatten(2, (2, 2)) | X.expand(5, 2, 3, 4) | X[:, :1].expand(2, 7, 4) | X.narrow(2, 1, 2) | X.select(1, 2) | X.movedim(0, -1) | X.detach() | X.view_as(X) | X[0] | X[:, 1:, ::2] | X[..., 1] | X.split(1)[1] | X.chunk(2, 2)[1] | X.unbind(1)[2] | X.permute(0, 1, 2) | X.broadcast_to((2, 2, 3, 4)) | X.ravel() | X.data | X.contiguous()
    X.transpose(0, 1).reshape(3, 8) | X.transpose(1, 2).reshape(24) | X.transpose(0, 2).flatten(0, 1) | X.permute(0, 2, 1).reshape(2, 2, 2, 3) | X[:, ::2].reshape(-1) | X[..., ::2].reshape(2, 6) | X[..., ::2].view(2, 3, 2, 1) | X[:, :2].view(2, 8) | X[:1].reshape(12) | X[:, 0].reshape(8) | X.clone() | X + 0 | X.expand(1, 2, 3, 4).reshape(24) | X[:, :1].expand(2, 3, 4).reshape(2, 12)
    X.to(m.float32) | X.float() | X.transpose(0, 1).contiguous() | X[0].t() | X[0, 0] | X[0, 0, 0] | X.reshape(2, 3, 4) | X.permute(2, 1, 0)[1:, :, 0] | X.view(-1)[5:17].view(3, 4)"""
VIEWS = [text.strip() for line in VIEWS.splitlines() for text in line.split("|")]


@pytest.mark.parametrize("expression", VIEWS)
def test_view(expression):
    agree([layout(expression)])


@pytest.mark.parametrize("expression",
                         ["X.transpose(0, 1).view(6, 4)",
                          "X.transpose(1, 2).view(24)",
                          "X[:, ::2].view(-1)",
                          "X[:, :1].expand(2, 3, 4).view(24)",
                          "X.permute(2, 1, 0).view(4, 6)",
                          "X.view(7)",
                          "X.view(-1, 5)"])
def test_no_view(expression):
    agree([f"{expression}"])


@pytest.mark.parametrize("expression", VIEWS)
def test_write_to_view(expression):
    """A write through a view is seen by its base exactly where PyTorch's is."""
    agree([f"r = {expression}; r.mul_(2); X", f"r = {expression}; X.add_(1); r"],
          but=["more than one element"])


# Shared memory

def test_from_numpy():
    agree(["a = np.arange(6.); t = m.from_numpy(a); a[0] = 9; t",
           "a = np.arange(6.); t = m.from_numpy(a); t[1] = 7; a.tolist()",
           "a = np.arange(6, dtype='int32'); m.from_numpy(a)",
           "m.from_numpy(np.arange(6).reshape(2, 3).T).stride()",
           "m.from_numpy(np.float32(3))",
           "m.from_numpy([1])",
           "m.from_numpy(np.array(['a']))",
           "m.from_numpy(np.arange(3, dtype='complex64')[:0].real)",
           "m.from_numpy(np.array(2.5))",
           "a = np.zeros(3); t = m.as_tensor(a); t += 1; a.tolist()",
           "a = np.zeros(3); t = m.tensor(a); t += 1; a.tolist()",
           "t = m.zeros(3); a = t.numpy(); a += 1; t",
           "t = m.zeros(2, 3); a = t.t().numpy(); a[0] = 1; t",
           "m.as_tensor([1, 2])",
           "x is m.as_tensor(x)",
           "m.as_tensor(x, dtype=m.float64)",
           "m.from_numpy(np.zeros((2, 0))).shape",
           "m.from_numpy(np.array([True]))"])


@pytest.mark.parametrize("make",
                         [lambda: torch.arange(6.).reshape(2, 3),
                          lambda: np.arange(6.).reshape(2, 3),
                          lambda: torch.arange(6)[::2],
                          lambda: np.ones(3, dtype=np.uint8),
                          lambda: torch.ones(3, dtype=torch.bool),
                          lambda: torch.tensor(2.5)])
def test_dlpack_from_others(make):
    other = make()
    ours = en.from_dlpack(other)
    before = np.asarray(other).copy()
    assert ours.numpy().tolist() == before.tolist() and beside.name(ours.dtype) == beside.name(other.dtype)
    assert np.shares_memory(ours.numpy(), np.asarray(other))
    other[...] = 1
    assert ours.tolist() == np.ones(before.shape).tolist()
    ours.fill_(0)
    assert np.asarray(other).tolist() == np.zeros(before.shape).tolist()


@pytest.mark.parametrize("take",
                         [torch.from_dlpack,
                          torch.utils.dlpack.from_dlpack,
                          np.from_dlpack,
                          torch.as_tensor,
                          np.asarray])
def test_dlpack_to_others(take):
    ours = en.arange(6.).reshape(2, 3)
    other = take(ours) if take is not torch.as_tensor else take(ours.numpy())
    assert np.asarray(other).tolist() == ours.tolist()
    ours[0, 0] = 5
    assert other[0, 0] == 5
    if isinstance(other, torch.Tensor) or other.flags.writeable:
        other[1, 2] = 7
        assert ours[1, 2].item() == 7


def test_dlpack_of_a_tensor_that_requires_grad():
    with pytest.raises(BufferError, match="requires? grad"):
        torch.from_dlpack(en.ones(2, requires_grad=True))


# tensor()

DATA = """3 | 2.5 | True | [1, 2] | [1, 2.5] | [True, 2] | [True, False] | [] | [[]] | [[], []] | (1, 2) | [(1, 2), [3, 4]] | [[1, 2], [3, 4]] | [[[1]]] | range(3) | [m.tensor(1), m.tensor(2)] | [m.tensor(1.5), 2] | [[m.tensor(1), 2], [3, 4]] | np.arange(3) | np.float32(2) | np.float64(2.5) | np.arange(3, dtype='int16')
    [np.float64(1.5), 2] | [np.arange(2), np.arange(2)] | m.tensor([1, 2]) | m.ones(2, dtype=m.float64) | [1, [2]] | [[1], 2] | [[1, 2], [3]] | [[1, 2], [3, 4, 5]] | [[[1], [2]], [[3]]] | 'a' | ['a'] | [None] | None | {1: 2} | [2 ** 40] | 2 ** 70 | [1e400] | [float('nan'), 1] | [1, True] | [-1] | [[1.0, 2], [3, 4]] | [[True], [1.5]] | 1 + 2j | [[1, 2], 'ab'] | [m.ones(2), m.ones(2)] | [[0.1] * 3] * 2"""
DATA = [text.strip() for line in DATA.splitlines() for text in line.split("|")]


@pytest.mark.parametrize("data", DATA)
def test_tensor_of(data):
    # what is no number is a TypeError,
    no_number = ["raises TypeError.*PyTorch", "only one element tensors can be converted"]
    # what is ragged is a ValueError
    ragged = ["raises ValueError.*PyTorch TypeError"]
    agree([f"m.tensor({data})", f"m.tensor({data}, dtype=m.float64)", f"m.as_tensor({data})"],
          but=no_number + ragged)


def test_tensor_options():
    agree(["m.tensor([1, 2], dtype=m.uint8)",
           "m.tensor([1.7], dtype=m.int32)",
           "m.tensor([0, 2], dtype=m.bool)",
           "m.tensor([1], dtype='float32')",
           "m.tensor([1.], requires_grad=True)",
           "m.tensor([1], requires_grad=True)",
           "m.tensor([1], dtype=int)",
           "m.tensor([1], dtype=float)",
           "m.tensor([1], device='cpu')",
           "m.tensor([1], device='nowhere')",
           "m.tensor(data=[1])",
           "m.tensor(np.array([300]), dtype=m.uint8)",
           "m.Tensor([1, 2])",
           "m.Tensor(2, 3).shape",
           "m.Tensor([[1, 2], [3, 4]]).dtype",
           "m.is_tensor(x)",
           "m.is_tensor(3)",
           "float(m.finfo(m.float32).eps)",
           "float(m.finfo(m.float64).max)",
           "m.iinfo(m.int32).max",
           "m.iinfo(m.uint8).max",
           "float(m.finfo().eps)",
           "m.float",
           "m.long",
           "m.int",
           "m.double",
           "m.half",
           "m.short",
           "m.bool",
           "m.float32.is_floating_point",
           "m.int64.itemsize",
           "m.device('cuda:1')",
           "m.device('cpu')",
           "m.device('cuda', 1).index",
           "m.device('cpu') == x.device",
           "str(m.device('cuda', 0))",
           "m.Size([2, 3])",
           "m.Size((2, 3)) + m.Size([1])",
           "m.Size([2, 3]).numel()",
           "m.Size([2, 3])[0]",
           "m.Size([2, 3])[:1]",
           "m.Size([2]) * 2"])


# A tutorial

TUTORIAL = '''
    import torch
    import numpy as np
    from torch import tensor, zeros

    data = [[1, 2], [3, 4]]
    x_data = torch.tensor(data)
    x_np = torch.from_numpy(np.array(data))
    x_ones = torch.ones_like(x_data)
    x_rand = torch.rand_like(x_data, dtype=torch.float)
    keep("made", x_data, x_np, x_ones, x_rand.shape, x_rand.dtype)

    shape = (2, 3,)
    ones_tensor, zeros_tensor = torch.ones(shape), torch.zeros(shape)
    keep("text", f"Ones Tensor: \\n {ones_tensor} \\n", f"Zeros Tensor: \\n {zeros_tensor}", str(x_data))

    t = torch.rand(3, 4)
    keep("attributes", t.shape, t.dtype, t.device, f"{t.shape}")

    t = torch.ones(4, 4)
    t[:, 1] = 0
    keep("slices", t[0], t[:, 0], t[..., -1], t, torch.cat([t, t, t], dim=1))

    t = torch.arange(16.).reshape(4, 4)
    y1 = t @ t.T
    y2 = t.matmul(t.T)
    y3 = torch.zeros_like(y1)
    torch.matmul(t, t.T, out=y3)
    z1, z2 = t * t, t.mul(t)
    z3 = torch.zeros_like(t)
    torch.mul(t, t, out=z3)
    keep("arithmetic", y1, y2, y3, z1, z2, z3)

    agg = t.sum()
    agg_item = agg.item()
    keep("item", agg_item, type(agg_item).__name__)

    t.add_(5)
    n = t.numpy()
    t.add_(1)
    keep("bridge", t, n.tolist())
    n = np.ones(5)
    t = torch.from_numpy(n)
    np.add(n, 1, out=n)
    keep("bridge back", t, n.tolist())

    if torch.is_tensor(t) and (t > 0).all():
        keep("condition", bool((t == 2).any()), int(t.sum()), len(t), [float(a) for a in t])

    torch.manual_seed(7)
    r1 = torch.rand(2, 2)
    torch.manual_seed(7)
    r2 = torch.rand(2, 2)
    keep("seed", torch.equal(r1, r2) if hasattr(torch, "equal") else True, (r1 == r2).all().item())

    a = torch.tensor([2., 3.], requires_grad=True)
    b = torch.tensor([6., 4.], requires_grad=True)
    Q = 3 * a**3 - b**2
    Q.backward(gradient=torch.tensor([1., 1.]))
    keep("autograd", a.grad, b.grad, 9 * a**2 == a.grad, -2 * b == b.grad, Q.grad_fn is not None)

    x = torch.linspace(-math.pi, math.pi, 200)
    w = torch.zeros((), requires_grad=True)
    v = torch.zeros((), requires_grad=True)
    for step in range(50):
        loss = (w + v * x - torch.sin(x)).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            w -= 1e-3 * w.grad
            v -= 1e-4 * v.grad
            w.grad = None
            v.grad = None
    keep("fit", w.detach(), v.detach(), loss.item(), f"{loss.item():.3f}")

    points = torch.tensor([[0., 0.], [3., 4.], [6., 8.]])
    distance = ((points[:, None] - points[None]) ** 2).sum(-1).sqrt()
    nearest = (distance + torch.eye(3) * 1e9).argmin(dim=1)
    values, indices = distance.max(dim=1)
    keep("points", distance, nearest, values, indices, distance.mean(0, keepdim=True), points.std(0), points.norm(dim=1))

    one_hot = torch.zeros(3, 5).scatter_(1, torch.tensor([[1], [3], [0]]), 1.0)
    logits = torch.arange(15.).view(3, 5) / 7
    picked = logits.log_softmax(1).gather(1, torch.tensor([1, 3, 0]).unsqueeze(1)).squeeze(1)
    keep("classes", one_hot, -picked.mean(), logits.softmax(-1).topk(2), torch.where(logits > 1, logits, torch.zeros_like(logits)))

    x = torch.arange(12).view(3, 4)
    keep("views", x.t().contiguous().view(-1), x.unsqueeze(0).expand(2, -1, -1), x.permute(1, 0), torch.stack([x, x]).shape, *x.chunk(2), *torch.split(x, [1, 2]))
    keep("types", x.float().mean(), x.to(torch.float64), x.double().dtype, x.bool().any(), (x % 2 == 0).sum(), ~(x > 3), x.float() / 3)
'''


def test_tutorial():
    """The code of a beginner's tutorial runs unchanged on both; only the import lines name the package."""
    code = textwrap.dedent(TUTORIAL)
    ours = code.replace("import torch\n",
                        "import edunets as torch\n").replace("from torch import", "from edunets import")
    kept = {en: [], torch: []}
    for package, text in ((torch, code), (en, ours)):
        exec(text, {"math": math,
                    "keep": lambda label, *results, to=kept[package]: to.extend((label, r) for r in results)})
    assert len(kept[en]) == len(kept[torch]) > 60
    said = [(label, beside.difference(a, b, 10)) for (label, a), (_, b) in zip(kept[en], kept[torch])]
    assert [line for line in said if line[1]] == []
