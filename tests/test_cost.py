"""What rows cost: every row, against loops that count, and beside PyTorch's and XLA's counters."""
import math
import operator

import numpy as np
import pytest

from edunets.backends.meta import Form
from edunets.primitives import threefry
from edunets.profiler.cost import Cost, cost_of, parts_run_by
from edunets.table import HANDLERS, OPS, kernel
from samples import cases

CASES = cases()

# rows that compute no number: views (which touch nothing besides), and what moves or picks
MOVING = set("""where cast copy put_slice full iota nonzero cat stack flip copy_into tril triu gather
    embedding""".split())
# rows that read a part of an operand
PICKING = {"gather", "embedding", "embedding_bag", "embedding_bag_max", "nll_loss", "searchsorted"}


def form(x): return Form(tuple(x.shape), x.dtype) if hasattr(x, "shape") else x


def forms(result): return tuple(map(form, result)) if isinstance(result, tuple) else form(result)


def listed(out): return out if isinstance(out, tuple) else (out,)


def ran(row, *args, **params):
    "The results of a row on arrays, and what it costs."
    kind = np.ndarray if any(isinstance(x, np.ndarray) for x in args) else None
    out = HANDLERS[kind](OPS[row], [x.copy() if isinstance(x, np.ndarray) else x for x in args], params)
    return listed(out), cost_of(OPS[row], forms(out), tuple(map(form, args)), params)


def test_no_row_has_a_hole():
    "A primitive has an entry; what has none has parts, and what has neither would count as nothing."
    assert [name for name, row in OPS.items() if row.cost is None and row.decompose is None] == []


@pytest.mark.parametrize("key", CASES)
def test_every_row(key):
    row, args, params = CASES[key]
    outs, cost = ran(row, *args, **params)
    assert type(cost) is Cost and all(isinstance(number, int) and number >= 0 for number in cost)
    touched = sum(x.nbytes for x in (*outs, *args) if isinstance(x, np.ndarray))
    if OPS[row].view is not None: assert cost == (0, 0)
    elif row in PICKING: assert cost.bytes <= touched + sum(out.nbytes for out in outs)
    else: assert cost.bytes == touched


def test_what_computes_costs_something():
    "And what does not costs nothing, in none of its samples."
    computing = {row for row, args, params in CASES.values() if ran(row, *args, **params)[1].flops}
    views = {name for name, row in OPS.items() if row.view is not None}
    # a scatter that sets is not a scatter that adds; all else is one or the other
    assert computing == set(OPS) - MOVING - views
    for mode, flops in (("set", 0), ("add", 2)):
        args = np.zeros(5), np.ones(2), np.array([1, 1])
        assert ran("scatter", *args, dims=(0,), mode=mode)[1].flops == flops


class Counted:
    "A number that counts what is computed with it."
    total = 0
    def __init__(self, value): self.value = value
    def __repr__(self): return f"Counted({self.value})"


def counting(function):
    def run(*numbers):
        Counted.total += 1
        result = function(*(x.value if isinstance(x, Counted) else x for x in numbers))
        return result if isinstance(result, bool) else Counted(result)
    return run


for name in ("add", "sub", "mul", "truediv", "neg", "lt", "gt", "abs"):
    setattr(Counted, f"__{name}__", counting(getattr(operator, name)))
exp, sqrt = counting(math.exp), counting(math.sqrt)


def counted(array):
    "The numbers of an array in nested lists, each counted."
    return [counted(part) for part in array] if array.ndim else Counted(float(array))


def numbers(nested):
    return [numbers(part) for part in nested] if isinstance(nested, list) else nested.value


def total(terms):
    "The sum of some numbers: n - 1 additions."
    result = terms[0]
    for term in terms[1:]: result = result + term
    return result


def largest(terms):
    result = terms[0]
    for term in terms[1:]: result = term if term > result else result
    return result


def product(a, b):
    zero = [[Counted(0.0) for _ in b[0]] for _ in a]
    for i, row in enumerate(a):
        for j in range(len(b[0])):
            for k, x in enumerate(row): zero[i][j] = zero[i][j] + x * b[k][j]
    return zero


def softmax(row):
    most = largest(row)
    powers = [exp(x - most) for x in row]
    whole = total(powers)
    return [x / whole for x in powers]


def correlated(x, w):
    "One channel, one filter."
    height, width = len(x) - len(w) + 1, len(x[0]) - len(w[0]) + 1
    out = [[Counted(0.0) for _ in range(width)] for _ in range(height)]
    for i in range(height):
        for j in range(width):
            for di, row in enumerate(w):
                for dj, weight in enumerate(row): out[i][j] = out[i][j] + x[i + di][j + dj] * weight
    return out


def running(row):
    out = row[:1]
    for x in row[1:]: out.append(out[-1] + x)
    return out


def variance(row):
    mean = total(row) / Counted(float(len(row)))
    off = [x - mean for x in row]
    return total([x * x for x in off]) / Counted(float(len(row)))


A, B, COLUMN = np.arange(12.0).reshape(3, 4) / 7 - 0.6, np.arange(20.0).reshape(4, 5) / 9 - 1, np.ones((3, 1))
IMAGE, FILTER = np.arange(30.0).reshape(1, 1, 5, 6) % 7, np.arange(6.0).reshape(1, 1, 2, 3) - 2
CONV = dict(stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1)
ROWS = dict(dims=(1,), keepdim=False)
LOOPS = {
    "matmul": (A, B, {}, lambda a, b: product(a, b)),
    "mv": (A, B[:, 0], {}, lambda a, b: [row[0] for row in product(a, [[x] for x in b])]),
    "dot": (A[0], B[:, 0], {}, lambda a, b: total([x * y for x, y in zip(a, b)])),
    "addmm": (B[0], A, B, {}, lambda c, a, b: [[x + y for x, y in zip(row, c)] for row in product(a, b)]),
    "conv": (IMAGE, FILTER, None, CONV, lambda x, w, b: [[correlated(x[0][0], w[0][0])]]),
    "add": (A, COLUMN, {}, lambda a, b: [[x + y[0] for x in row] for row, y in zip(a, b)]),
    "sub": (A, COLUMN, {}, lambda a, b: [[x - y[0] for x in row] for row, y in zip(a, b)]),
    "div": (A, B[:3, :4] + 3, {}, lambda a, b: [[x / y for x, y in zip(*rows)] for rows in zip(a, b)]),
    "neg": (A, {}, lambda a: [[-x for x in row] for row in a]),
    "abs": (A, {}, lambda a: [[abs(x) for x in row] for row in a]),
    "exp": (A, {}, lambda a: [[exp(x) for x in row] for row in a]),
    "maximum": (A, COLUMN, {}, lambda a, b: [[x if x > y[0] else y[0] for x in row] for row, y in zip(a, b)]),
    "relu": (A, {}, lambda a: [[x if x > Counted(0.0) else Counted(0.0) for x in row] for row in a]),
    "sigmoid": (A, {}, lambda a: [[Counted(1.0) / (exp(-x) + Counted(1.0)) for x in row] for row in a]),
    "sum": (A, ROWS, lambda a: [total(row) for row in a]),
    "max": (A, ROWS, lambda a: [largest(row) for row in a]),
    "mean": (A, ROWS, lambda a: [total(row) / Counted(4.0) for row in a]),
    "cumsum": (A, {"dim": 1, "reverse": False}, lambda a: [running(row) for row in a]),
    "var": (A, {**ROWS, "correction": 0}, lambda a: [variance(row) for row in a]),
    "std": (A, {**ROWS, "correction": 0}, lambda a: [sqrt(variance(row)) for row in a]),
    "softmax": (A, {"dim": 1}, lambda a: [softmax(row) for row in a]),
    "clamp": (A, {"low": -0.5, "high": None},
              lambda a: [[x if x > Counted(-0.5) else Counted(-0.5) for x in row] for row in a]),
}


@pytest.mark.parametrize("row", LOOPS)
def test_loops_that_count(row):
    "A loop over single numbers has the result of the row, and computes as many as the row is said to."
    *args, params, loop = LOOPS[row]
    (result,), cost = ran(row, *args, **params)
    inputs = [counted(x) if isinstance(x, np.ndarray) else x for x in args]
    Counted.total = 0
    by_loop = loop(*inputs)
    assert cost.flops == Counted.total > 0
    np.testing.assert_allclose(numbers(by_loop), result, rtol=1e-9, atol=1e-12)


def test_layer_norm_by_a_loop():
    "The row has several results: the numbers, and what the way back needs."
    (y, *_), cost = ran("standardize", A, first=0, last=1, eps=1e-5, center=True)
    def normalized(row):
        mean = total(row) / Counted(4.0)
        off = [x - mean for x in row]
        square = total([x * x for x in off]) / Counted(4.0) + Counted(1e-5)
        scale = Counted(1.0) / sqrt(square)
        return [x * scale for x in off]
    inputs = counted(A)
    Counted.total = 0
    np.testing.assert_allclose(numbers([normalized(row) for row in inputs]), y, rtol=1e-9)
    assert cost.flops == Counted.total


def test_random_bits_count_the_operations_of_threefry():
    class Noted(np.ndarray):
        "Counts the elements that NumPy's functions compute."
        total = 0
        def __array_ufunc__(self, function, method, *inputs, out=None, **others):
            plain = [x.view(np.ndarray) if isinstance(x, Noted) else x for x in (*inputs, *(out or ()))]
            result = getattr(function, method)(*plain[:len(inputs)], **others,
                                               **({"out": tuple(plain[len(inputs):])} if out else {}))
            Noted.total += np.size(result) if np.size(result) > 1 else 0      # not those of the key
            return result.view(Noted) if out is None else out[0]
    high, low = (np.arange(100, dtype="uint32").view(Noted) for _ in range(2))
    threefry(np, np.array([1, 2], "uint32"), high, low)
    key = np.array([1, 2], "uint32")
    assert ran("random_bits", key, shape=(100,), words=2)[1].flops == Noted.total
    assert ran("random_bits", key, shape=(100,), words=1)[1].flops == Noted.total + 100


def test_composites_have_the_flops_of_their_parts_and_bytes_once():
    n, x = 1000, np.zeros((3, 1000), "float32")
    (_,), cost = ran("softmax", x, dim=1)
    parts = +parts_run_by(OPS["softmax"], (form(x),), {"dim": 1}).flops
    assert parts == {"max": 3 * (n - 1), "sub": 3 * n, "exp": 3 * n, "sum": 3 * (n - 1), "div": 3 * n}
    assert cost == (parts.total(), 2 * x.nbytes)


def test_an_index_says_what_is_read():
    "The cost of an embedding does not grow with its table."
    index = np.array([3, 1, 4])
    small, large = (ran("embedding", np.zeros((n, 8)), index, padding_idx=-1, by_freq=False)[1]
                    for n in (10, 1000))
    assert small == large == (0, 2 * 3 * 8 * 8 + index.nbytes)


def test_no_numbers_are_made():
    "What a petabyte costs is known without it."
    wide = Form((1 << 24, 1 << 24), np.dtype("float32"))
    assert cost_of(OPS["matmul"], wide, (wide, wide), {}) == (2 << 72, 3 << 50)
    assert cost_of(OPS["softmax"], wide, (wide,), {"dim": 1}).bytes == 2 << 50


def test_rows_of_ones_own():
    "Without an entry and without parts a row counts as no FLOP, and parameters may be lists."
    kernel(cost_own=lambda xp, a, *, by: a * by[0])
    try:
        assert ran("cost_own", np.ones(4), by=[3])[1] == (0, 64)
        OPS["cost_own"].decompose = lambda a, *, by: a * by[0]
        assert ran("cost_own", np.ones(4), by=[3])[1] == (4, 64)
        OPS["cost_own"].decompose = lambda a, *, by: a * a.sum().item()
        assert ran("cost_own", np.ones(4), by=[4])[1].bytes == 64
    finally: del OPS["cost_own"]
