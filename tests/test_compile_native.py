"""en.compile with a C compiler: loops in C give what eager calls give, floats up to rounding."""
import threading

import numpy as np
import pytest

import edunets as en
from edunets import nn
from edunets.compiler import Compiled, compile
from edunets.compiler.fusion import FusedKernel
from edunets.compiler.native import NativeProgram
from edunets.compiler.program import Program
from edunets.compiler.toolchain import find_compiler
from edunets.table import OPS
from test_compile_programs import random_calls
from test_compile_rows import CASES, listed, row_function

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="needs a C compiler")


# Every row, many cases in one function: gcc takes longer for many small files than for a few large ones

COUNT = 16
GROUPS = [list(CASES)[n::COUNT] for n in range(COUNT)]


def operands_of(key, kind):
    "The operands of a case, floats of one dtype; they require grad, but in what is an update."
    name, args, _ = CASES[key]
    found = []
    for a in args:
        if isinstance(a, np.ndarray):
            floats = a.dtype.kind == "f"
            a = en.tensor(a.astype(kind) if floats else a).requires_grad_(floats and OPS[name].writes is None)
        found.append(a)
    return found


def group_function(keys):
    functions = {key: row_function(CASES[key][0], CASES[key][2]) for key in keys}
    def rows(operands): return [listed(functions[key](*operands[key])) for key in keys]
    return rows


def group_results(function, keys, kind):
    "The results and the gradients of each case, by its name."
    operands = {key: operands_of(key, kind) for key in keys}
    outs = dict(zip(keys, function(operands)))
    rng, tracked, weights = np.random.default_rng(1), [], []
    for out in [out for many in outs.values() for out in many if out.requires_grad]:
        tracked.append(out)
        weights.append(en.tensor(np.asarray(rng.standard_normal(tuple(out.shape)), out.dtype.numpy)))
    leaves = [(key, x) for key in keys for x in operands[key] if isinstance(x, en.Tensor) and x.requires_grad]
    grads = en.autograd.grad(tracked, [x for _, x in leaves], weights, allow_unused=True)
    slopes = {key: [g for (other, _), g in zip(leaves, grads) if other == key] for key in keys}
    return {key: [x.detach() for x in outs[key]] for key in keys}, slopes


def differs(found, expected, rtol, atol):
    "What is not the same: a form, or numbers beyond rounding; None if nothing is."
    for a, b in zip(found, expected, strict=True):
        if a is None and b is None: continue
        if (a is None) != (b is None) or a.shape != b.shape or a.dtype is not b.dtype: return str(a), str(b)
        floats = b.dtype.is_floating_point
        try: np.testing.assert_allclose(a.payload, b.payload, rtol * floats, atol * floats)
        except AssertionError as problem: return str(problem)
    return None


@pytest.mark.parametrize("number, kind", [(number, "float32") for number in range(COUNT)]
                                         + [(number, "float64") for number in range(0, COUNT, 4)])
def test_every_row(number, kind):
    # three floats are no int64s
    keys = [key for key in GROUPS[number] if (key, kind) != ("bitcast-0", "float32")]
    function = Compiled(group_function(keys), True)
    expected, slopes = group_results(group_function(keys), keys, kind)
    found, found_slopes = group_results(function, keys, kind)
    scale = 1 if kind == "float32" else 1e-5
    wrong = {}
    for key in keys:
        forward = differs(found[key], expected[key], 2e-5 * scale, 2e-6 * scale)
        backward = differs(found_slopes[key], slopes[key], 2e-4 * scale, 1e-5 * scale)
        if forward or backward: wrong[key] = forward, backward
    assert wrong == {}
    assert kernels(function)


def kernels(function):
    "The loops of the one program of a compiled function."
    (entry,) = function.entries
    assert isinstance(entry.program, NativeProgram)
    return [task for task in entry.program.code.plan.tasks if isinstance(task, FusedKernel)]


def near(found, expected, rtol=2e-5, atol=2e-6):
    "Whether results are the same: exactly, what is no float."
    found, expected = listed(found), listed(expected)
    assert differs([x.detach() for x in found], [x.detach() for x in expected], rtol, atol) is None


# Numbers at the border, and sizes that fill no vector of a processor

SPECIAL = [float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1.5, -2.5, 1e-45, 3e38, -3e38, 0.5, -0.5,
           100.0, -100.0, 1.0]


def elementwise(x, y):
    F = nn.functional
    return [x + y, x * y, x / y, -x, x.abs(), x.exp(), x.log(), x.sqrt(), x.tanh(), x.sigmoid(), x.relu(),
            x.sign(), x.floor(), x.ceil(), x.round(), x.trunc(), x.maximum(y), x.minimum(y), x.clamp(-1, 1),
            x < y, x == y, x != y, x >= y, x.isnan(), x.isinf(), x.isfinite(), en.where(x > y, x, y),
            x.fmod(y), x.remainder(y), x.atan2(y), x.pow(2), x.pow(y), x.square(), x.reciprocal(), x.rsqrt(),
            F.gelu(x), F.silu(x), F.softplus(x), x.log1p(), x.expm1(), x.sin(), x.cos(), x.erf(), x.sinh(),
            x.cosh(), x.logical_not(), x.bool(), x.double()]


@pytest.mark.parametrize("dtype", [en.float32, en.float64])
def test_numbers_at_the_border(dtype):
    x = en.tensor(SPECIAL, dtype=dtype)
    with np.errstate(all="ignore"):
        function = compile(elementwise, fullgraph=True)
        for y in (x.flip(0).contiguous(), en.tensor(SPECIAL[5:] + SPECIAL[:5], dtype=dtype)):
            found, expected = function(x, y), elementwise(x, y)
            assert kernels(function)
            assert [(n, why) for n, (a, b) in enumerate(zip(found, expected, strict=True))
                    if (why := differs([a], [b], 2e-5, 1e-44))] == []


def test_the_sign_of_zero():
    x = en.tensor([0.0, -0.0, -0.3, 0.3])
    def f(x): return [-x, x * 1, x.abs(), x.round(), x.trunc(), x.ceil(), x.sqrt(), x.tanh()]
    for a, b in zip(compile(f, fullgraph=True)(x), f(x), strict=True):
        near(a, b)
        assert np.signbit(a.payload).tolist() == np.signbit(b.payload).tolist()


def reductions(x):
    "Totals, rows, columns, the middle; and what follows from them in the same loops."
    found = [x.sum(), x.amax(), x.mean(), x.max()]
    for d in range(x.ndim):
        found += [x.sum(d), x.amax(d), x.mean(d, keepdim=True), x - x.amax(d, keepdim=True)]
    if x.ndim > 1:
        found += [x.sum((0, -1)), x.amax((0, x.ndim - 1)), x.softmax(-1), x.log_softmax(0),
                  x.var(-1, correction=0)]
    if x.ndim > 2: found += [x.sum((0, 1)), x.sum((1, 2)), x.softmax(1), x.logsumexp((1, 2)), x.amax((1, 2))]
    return found


SIZES = [(1,), (15,), (16,), (17,), (1, 17), (17, 1), (15, 17), (17, 15), (1, 1, 1), (3, 15, 17), (17, 1, 15),
         (2, 17, 1)]


@pytest.mark.parametrize("dtype", [en.float32, en.float64, en.int64, en.int32])
def test_reductions_of_many_sizes(dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(size) * 10 for size in SIZES]
    inputs = [en.tensor(a.astype(dtype.numpy)) for a in arrays]
    def along(x, d): return x.sum(), x.amax(), x.sum(d), x.amax(d), x * 3 - x.amax(d, keepdim=True)
    def f(inputs):
        if dtype.is_floating_point: return [y for x in inputs for y in reductions(x)]
        return [y for x in inputs for d in range(x.ndim) for y in along(x, d)]
    with np.errstate(all="ignore"): near(compile(f, fullgraph=True)(inputs), f(inputs), 2e-5, 2e-5)


def test_nan_in_a_maximum_and_a_sum():
    rng = np.random.default_rng(0)
    inputs = []
    for size in SIZES:
        for place in (0, -1):
            a = rng.standard_normal(size).astype("f")
            a.reshape(-1)[place] = np.nan
            inputs.append(en.tensor(a))
    inputs += [en.full((3, 17), float("-inf")), en.full((17,), float("inf"))]
    def f(inputs):
        found = [y for x in inputs for y in (x.sum(), x.amax(), x.amin(), x.sum(0), x.amax(-1), x.amin(0))]
        return found + [y for x in inputs for y in (x.maximum(en.zeros(1)), x.relu().amax(), x.argmax())]
    near(compile(f, fullgraph=True)(inputs), f(inputs))


def test_how_inputs_lie_in_memory():
    x = en.arange(15 * 17).reshape(15, 17).float().sin()
    inputs = [x, x.t(), x.t().contiguous().t(), x[1:], x[:, 1:], x[::2], x.flip(0), x[:1].expand(15, 17),
              x[:, :1].expand(15, 17), en.ones(1).expand(15, 17), en.from_numpy(np.asfortranarray(x.numpy())),
              en.from_numpy(np.zeros(4 * 15 * 17 + 1, np.uint8)[1:].view("f").reshape(15, 17))]
    def f(x):
        return [(x * 2 + 1).exp(), x.sum(), x.sum(0), x.sum(-1), x.t() * 3, x.t() @ x, x.softmax(-1),
                x.reshape(-1) + 1]
    for x in inputs: near(compile(f, fullgraph=True)(x), f(x), 1e-4, 1e-5)


@pytest.mark.parametrize("dtype", [en.int64, en.int32, en.int16, en.int8, en.uint8, en.bool])
def test_numbers_that_are_no_floats(dtype):
    arrays = [np.random.default_rng(n).integers(0, 256, 17).astype(np.int8) for n in (0, 1)]
    x, y = (en.tensor(a.astype(dtype.numpy)) for a in arrays)
    def f(x, y):
        found = [x == y, x < y, x.maximum(y), en.where(x > y, x, y), x & y, x | y, x ^ y, ~x, x.sum(),
                 x.float() * 2, x.double(), x.bool(), x.to(en.int16), x.logical_and(y), x + 1.5, x * y, x + y]
        if dtype is en.bool: return found
        found += [] if dtype is en.uint8 else [x // -3, x % -3]
        return found + [x - y, -x, x // 3, x % 3, x.abs(), x.amax(), x.clamp(1, 5), x << 1, x >> 1, x / 3,
                        x.square()]
    g = compile(f, fullgraph=True)
    near(g(x, y), f(x, y))
    assert [out.dtype for out in g(x, y)] == [out.dtype for out in f(x, y)]


# Memory

def test_an_update_is_written_in_the_memory_of_its_input():
    def f(w, g): w.sub_(0.1 * g).mul_(2)
    compiled = compile(f, fullgraph=True)
    w, g = en.ones(17), en.full((17,), 3.0)
    address, before = w.data_ptr(), w.payload
    compiled(w, g)
    assert kernels(compiled) and compiled.entries[0].program.code.places.written
    assert w.data_ptr() == address and w.payload is before and w._version > 0
    near(w, en.full((17,), 1.4))


def test_an_update_whose_old_value_is_read_elsewhere():
    def f(w):
        old = w.flip(0) + w.sum()
        w.mul_(2)
        return old + w, w[1:] * 3
    compiled = compile(f, fullgraph=True)
    for _ in range(2):
        w, v = (en.arange(17.0) for _ in range(2))
        near(compiled(w), f(v))
        near(w, v)


def test_an_update_that_reads_other_places_of_what_it_writes():
    def f(w): w.copy_(w.t() * 2 + w[0])
    compiled = compile(f, fullgraph=True)
    for _ in range(2):
        w, v = (en.arange(17.0 * 17).reshape(17, 17).clone() for _ in range(2))
        compiled(w), f(v)
        near(w, v)


def test_tensors_that_exchange_what_they_hold():
    def f(a, b):
        old = a.clone()
        a.copy_(b)
        b.copy_(old)
        return a.detach()
    compiled = compile(f, fullgraph=True)
    for _ in range(2):
        a, b = en.ones(17), en.zeros(17)
        result = compiled(a, b)
        assert a.tolist() == result.tolist() == [0] * 17 and b.tolist() == [1] * 17
        b.add_(1)
        assert a.tolist() == [0] * 17


def test_a_result_that_is_the_same_each_time_is_not_shared():
    compiled = compile(lambda x: (x + 1, en.arange(3), en.zeros(2)), fullgraph=True)
    for _ in range(2):
        for x, expected in zip(compiled(en.ones(2)), ([2, 2], [0, 1, 2], [0, 0]), strict=True):
            assert x.tolist() == expected
            x.add_(5)


def test_two_calls_do_not_share_their_results():
    def f(x):
        y = x.exp()
        return y, y.sum(0), x, y.t(), en.ones(3), x.sum()
    compiled = compile(f, fullgraph=True)
    first = compiled(en.zeros(3, 3))
    kept = [x.tolist() for x in first]
    second = compiled(en.ones(3, 3))
    assert [x.tolist() for x in first] == kept
    for x in second:
        if x.is_leaf: x.mul_(0)
    assert [x.tolist() for x in first] == kept and compiled(en.zeros(3, 3))[4].tolist() == [1, 1, 1]
    assert not any(np.may_share_memory(a.payload, b.payload) for a in first for b in second)


def test_two_threads():
    w = en.rand(32, 32).requires_grad_()
    def f(x): return (x @ w).tanh().sum(1)
    compiled, wrong = compile(f, fullgraph=True), []
    def work(seed):
        for n in range(40):
            x = en.full((4 + n % 2, 32), float(seed) / 8)
            try:
                near(compiled(x), f(x), 1e-4, 1e-5)
                near(en.autograd.grad(compiled(x).sum(), w), en.autograd.grad(f(x).sum(), w), 1e-3, 1e-4)
            except BaseException as problem: wrong.append(problem)
    threads = [threading.Thread(target=work, args=(n + 1,)) for n in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert wrong == [] and len(compiled.entries) == 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(12))
def test_random_programs(number):
    for expected, found in random_calls(number): near(found, expected, 1e-6, 1e-6)


# What goes wrong

def training_step(model, optimizer):
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()
    return step


def test_a_wrong_class_is_an_error_and_nothing_is_changed():
    en.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    step = training_step(model, en.optim.Adam(model.parameters(), 0.1))
    compiled, x, right = compile(step, fullgraph=True), en.rand(5, 4), en.tensor([0, 1, 2, 1, 0])
    compiled(x, right), compiled(x, right)
    before = [v.tolist() for v in model.state_dict().values()]
    for wrong in (3, -1, 10 ** 9):
        y = right.clone()
        y[2] = wrong
        with pytest.raises(IndexError) as eager: nn.functional.cross_entropy(en.rand(5, 3), y)
        with pytest.raises(IndexError) as ours: compiled(x, y)
        assert str(ours.value).splitlines()[0] == str(eager.value).splitlines()[0]
        assert [v.tolist() for v in model.state_dict().values()] == before
    compiled(x, right)
    assert [v.tolist() for v in model.state_dict().values()] != before


TAKEN = {"[]": lambda x, n: x[n], "index_select": lambda x, n: x.index_select(0, n),
         "embedding": lambda x, n: nn.functional.embedding(n, x),
         "gather": lambda x, n: x.gather(0, n[:, None]),
         "index_add": lambda x, n: x.index_add(0, n, x[:3])}


@pytest.mark.parametrize("name", TAKEN)
def test_a_wrong_index(name):
    take = TAKEN[name]
    compiled, x = compile(lambda x, n: take(x * 2, n) + 1, fullgraph=True), en.rand(4, 3)
    good = en.tensor([0, 3, 1])
    near(compiled(x, good), take(x * 2, good) + 1)
    for wrong in (4, -5):
        n = en.tensor([0, wrong, 1])
        with pytest.raises((IndexError, RuntimeError)) as eager: take(x * 2, n)
        with pytest.raises(eager.type): compiled(x, n)
    near(compiled(x, good), take(x * 2, good) + 1)


INTEGERS = {"//": lambda x, y: x // y, "%": lambda x, y: x % y, "**": lambda x, y: x ** -y}


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_that_have_no_quotient_or_power(name):
    f, x, right, wrong = INTEGERS[name], en.tensor([2, 3]), en.tensor([-1, -2]), en.tensor([0, 1])
    compiled = compile(lambda x, y: f(x + 0, y) * 2, fullgraph=True)
    near(compiled(x, right), f(x, right) * 2)
    with pytest.raises(RuntimeError) as eager: f(x, wrong)
    with pytest.raises(eager.type): compiled(x, wrong)
    near(compiled(x, right), f(x, right) * 2)


def test_a_constant_divisor_of_zero():
    compiled = compile(lambda x: x // 0 + 1, fullgraph=True)
    with pytest.raises(RuntimeError): compiled(en.ones(3, dtype=en.int64))


def test_a_constant_divisor_stays_in_the_loop():
    compiled, x = compile(lambda x: x // 3 * 2 + x % -5, fullgraph=True), en.arange(-8, 9)
    near(compiled(x), x // 3 * 2 + x % -5)
    assert len(compiled.entries[0].program.code.plan.tasks) == 1


def test_without_a_compiler_it_is_numpy(monkeypatch):
    monkeypatch.setattr("edunets.compiler.compiled.find_compiler", lambda: None)
    def f(x, w): return (x @ w).tanh().sum(1)
    compiled, x, w = compile(f, fullgraph=True), en.rand(3, 4), en.rand(4, 5).requires_grad_()
    np.testing.assert_array_equal(compiled(x, w).detach(), f(x, w).detach())
    assert type(compiled.entries[0].program) is Program


# Training

def steps_of(model, optimizer, batches, wrap):
    "The losses of a few training steps."
    step = wrap(training_step(model, optimizer))
    return en.stack([step(x, y) for x, y in batches])


NETWORKS = {
    "mlp": (lambda: nn.Sequential(nn.Linear(20, 17), nn.GELU(), nn.Dropout(0.2), nn.Linear(17, 5)), (9, 20)),
    "lenet": (lambda: nn.Sequential(nn.Conv2d(1, 4, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                                    nn.Conv2d(4, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
                                    nn.Linear(54, 5)), (4, 1, 20, 20)),
    "transformer": (lambda: nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
                                          nn.Flatten(), nn.Linear(40, 5)), (3, 5, 8)),
    "batchnorm": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.Flatten(),
                                        nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 5)),
                  (6, 2, 6, 6)),
    "groupnorm": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.LayerNorm([4, 4, 4]),
                                        nn.Flatten(), nn.Linear(64, 5)), (3, 2, 6, 6)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_training(name):
    "By Adam only where no gradient is zero but for rounding, which Adam would make a step of."
    make, shape = NETWORKS[name]
    adam = name in ("mlp", "lenet")
    found = []
    for wrap in (lambda f: f, lambda f: compile(f, fullgraph=True)):
        en.manual_seed(3)
        model = make().train()
        batches = [(en.randn(shape), en.randint(0, 5, shape[:1])) for _ in range(8)]
        p = model.parameters()
        optimizer = en.optim.Adam(p, 0.003) if adam else en.optim.SGD(p, 0.05, momentum=0.9)
        losses = steps_of(model, optimizer, batches, wrap)
        found.append([losses, *model.state_dict().values(), en.get_rng_state()])
    assert not np.allclose(found[0][0][:1], found[0][0][-1:], 1e-3)
    near(found[1], found[0], 2e-3, 2e-4)


OPTIMIZERS = {"SGD": lambda p: en.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
              "AdamW": lambda p: en.optim.AdamW(p, 0.01, amsgrad=True),
              "RMSprop": lambda p: en.optim.RMSprop(p, 0.01)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    make, found = OPTIMIZERS[name], []
    for wrap in (lambda f: f, lambda f: compile(f, fullgraph=True)):
        en.manual_seed(3)
        model = nn.Sequential(nn.Linear(6, 17), nn.Tanh(), nn.Linear(17, 5))
        batches = [(en.randn(9, 6), en.randint(0, 5, (9,))) for _ in range(8)]
        found.append([steps_of(model, make(model.parameters()), batches, wrap), *model.state_dict().values()])
    near(found[1], found[0], 2e-3, 1e-4)


def test_an_lstm_that_is_compiled_as_a_module():
    en.manual_seed(0)
    model, x = nn.LSTM(5, 7, num_layers=2, batch_first=True, bidirectional=True), en.randn(3, 6, 5)
    compiled = compile(model, fullgraph=True)
    slopes = []
    for f in (model, compiled):
        out, (h, c) = f(x)
        (out.square().sum() + h.sum() + c.sum()).backward()
        slopes.append([out, h, c, *[p.grad for p in model.parameters()]])
        model.zero_grad()
    near(slopes[1], slopes[0], 2e-4, 1e-5)
