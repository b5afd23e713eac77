"""What rows cost: every row, against loops that count, and beside PyTorch's and XLA's counters."""
import math
import operator

import numpy as np
import pytest

import edunets as en
from edunets.backends.meta import Form
from edunets.primitives import threefry
from edunets.profiler.cost import Cost, Limits, cost_of, machine_limits, parts_run_by, roofline, span_cost
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


def products(function):
    "The FLOP of products of matrices in what a function runs, rows of their own or parts of others."
    with en.profiler.profile() as prof: function()
    return sum(span_cost(event).flops if event.name == "matmul"
               else parts_run_by(event.op, event.operands, event.params).flops["matmul"]
               for event in prof.spans if event.category == "op")


def perceptron(m):
    return m.nn.Sequential(m.nn.Linear(7, 11), m.nn.GELU(), m.nn.LayerNorm(11), m.nn.Linear(11, 5))


def convolutional(m):
    return m.nn.Sequential(m.nn.Conv2d(3, 4, 3, padding=1), m.nn.ReLU(), m.nn.MaxPool2d(2),
                           m.nn.Conv2d(4, 6, 3, stride=2), m.nn.Flatten(), m.nn.Linear(24, 5))


def transposed(m):
    return m.nn.Sequential(m.nn.Conv1d(3, 4, 3), m.nn.ConvTranspose1d(4, 2, 4, stride=2))


# without groups: for those PyTorch counts the gradient of a convolution's weight as if there were none
MODELS = {"perceptron": (perceptron, (6, 7)), "convolutional": (convolutional, (2, 3, 12, 12)),
          "transposed": (transposed, (2, 3, 20))}


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_products_are_those_of_pytorchs_counter(name, backward):
    "Whole models, forward and backward: PyTorch counts products of matrices and convolutions."
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode
    make, shape = MODELS[name]
    theirs, ours = make(torch), make(en)
    def step(model, x):
        out = model(x)
        if backward: out.sum().backward()
    with FlopCounterMode(display=False) as counter: step(theirs, torch.ones(shape))
    assert products(lambda: step(ours, en.ones(shape))) == counter.get_total_flops()


def test_attention_beside_pytorchs_counter():
    "Its kernel for CPUs is not counted at all, so it takes the steps one by one here."
    torch = pytest.importorskip("torch")
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode
    def step(m, backward):
        q, k, v = (m.ones(2, 3, length, 8, requires_grad=True) for length in (5, 7, 7))
        out = m.nn.functional.scaled_dot_product_attention(q, k, v)
        if backward: out.sum().backward()
    for backward in (False, True):
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH): step(torch, backward)
        assert products(lambda: step(en, backward)) == counter.get_total_flops()


def analysed(function, *operands):
    import jax
    found = jax.jit(function).lower(*operands).compile().cost_analysis()
    return tuple(int(found.get(key, 0)) for key in ("flops", "transcendentals", "bytes accessed"))


def test_beside_xla():
    """Where XLA counts the same thing it is the same number. It keeps transcendentals apart, and counts a
    choice (`where`) as a FLOP."""
    jax = pytest.importorskip("jax")
    jnp, number = jax.numpy, np.dtype("float32")
    a, b = jnp.ones((64, 128)), jnp.ones((128, 32))
    def ours(row, shape, *shapes, **params):
        return cost_of(OPS[row], Form(shape, number), tuple(Form(s, number) for s in shapes), params)
    wide = (64, 128)
    for row, function in {"add": jnp.add, "mul": jnp.multiply, "maximum": jnp.maximum}.items():
        flops, apart, touched = analysed(function, a, a[:1])
        assert (flops, touched) == ours(row, wide, wide, (1, 128)) and not apart
    for row, function in {"exp": jnp.exp, "tanh": jnp.tanh, "sqrt": jnp.sqrt}.items():
        flops, apart, touched = analysed(function, a)
        assert (apart, touched) == ours(row, wide, wide) and not flops
    for row, function in {"sum": jnp.sum, "max": jnp.max}.items():
        cost = ours(row, (64,), wide, dims=(1,), keepdim=False)
        assert analysed(lambda x: function(x, 1), a)[0] == cost.flops
    flops, _, touched = analysed(jnp.matmul, a, b)
    assert (flops, touched) == ours("matmul", (64, 32), wide, (128, 32))
    assert analysed(lambda x: jnp.where(x > 0, x, 1.0), a)[0] == 2 * 64 * 128


def test_roofline_of_a_function():
    x, w = en.rand(300, 200), en.rand(200, 100, requires_grad=True)
    before = dict(HANDLERS)
    found = roofline(lambda a, *, b: (a @ b).exp().sum().backward(), x, b=w)
    assert HANDLERS == before and found.result is None and w.grad.shape == w.shape
    rows = {row.name: row for row in found.rows}
    product = rows["matmul"]
    assert product.flops == 2 * 300 * 200 * 100 and product.bytes == 4 * (60000 + 20000 + 30000)
    assert rows["exp"].intensity == 1 / 8
    assert {row.limit for row in found.rows} <= {"compute", "memory", "call"}
    assert all(row.seconds > 0 and row.share > 0 for row in found.rows)
    assert [row.seconds for row in found.rows] == sorted((row.seconds for row in found.rows), reverse=True)
    assert sum(row.calls for row in found.rows) == len(found.calls)
    text = repr(found)
    assert "matmul" in text and text.splitlines()[-1].startswith("all ") and "<svg" in found._repr_html_()


def test_roofline_takes_itself_away():
    before = dict(HANDLERS)
    with pytest.raises(ZeroDivisionError): roofline(lambda: en.ones(2).exp() / (1 // 0))
    assert HANDLERS == before
    with pytest.raises(RuntimeError, match="no row ran(.|\n)*Try: "): roofline(lambda: 3)


def test_roofline_of_rows_that_compute_nothing():
    found = roofline(lambda: en.zeros(3, 4).T.clone())
    assert {row.name for row in found.rows} == {"full", "permute", "copy"}
    assert all(row.flops == 0 for row in found.rows) and "<svg" in found._repr_html_()


def test_limits():
    "Measured once for each number of threads; a row waits for the longest of three."
    limits = machine_limits()
    assert machine_limits() is limits and limits.flops > 0 and limits.call > 0
    assert min(limits.bandwidths) < 1 << 20 and max(limits.bandwidths) > 1 << 27
    made = Limits(1e12, {1000: 1e11, 10**6: 1e10}, 1e-6)
    assert [made.bandwidth(n) for n in (10, 1000, 1001, 10**9)] == [1e11, 1e11, 1e10, 1e10]
    assert made.seconds(Cost(10**9, 10**6)) == {"compute": 1e-3, "memory": 1e-4, "call": 1e-6}
