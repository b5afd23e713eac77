"""What later chapters stand on: every row on another array module, a payload without numbers, a trace of a
whole training step."""
import types

import numpy as np
import pytest

import cuda_on_cpu
import edunets as en
import fake_cupy
import strict
import toys
from edunets.table import OPS, call
from programs import program, run, without
from samples import cases

CASES = cases()


# Array modules

def cupy_or_skip():
    cupy = pytest.importorskip("cupy")
    try: cupy.zeros(1)
    except Exception as problem: pytest.skip(f"CuPy finds no GPU: {problem}")
    return cupy


@pytest.fixture(scope="module", params=["strict", "fake", "cuda"])
def there(request):
    "A device whose arrays are not NumPy's."
    if request.param == "cuda": yield types.SimpleNamespace(device=en.device("cuda:0"), xp=cupy_or_skip())
    elif request.param == "fake":      # computes later, in streams
        if cuda_on_cpu.COMPILER is None: pytest.skip("no C++ compiler")
        with fake_cupy.at_hand() as cupy: yield types.SimpleNamespace(device=en.device("cuda:0"), xp=cupy)
    else:
        with strict.at_hand(): yield types.SimpleNamespace(device=en.device("strict"), xp=strict.xp)


def host(x): return x.payload.get() if hasattr(x.payload, "get") else x.payload
def listed(out): return list(out) if isinstance(out, tuple) else [out]


def carried(key, device):
    "Results and gradients of first and second order of a sample, on a device."
    row, args, params = CASES[key]
    op = OPS[row]
    inputs = [en.tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in args]
    leaves = [x.requires_grad_() for x in inputs if isinstance(x, en.Tensor) and x.dtype.is_floating_point]
    if not args: params = {**params, "device": device}
    outs = listed(call(op, tuple(inputs), params))
    tracked = [out for out in outs if out.requires_grad]
    if not tracked: return outs
    rng = np.random.default_rng(1)
    weights = [en.tensor(np.asarray(rng.standard_normal(tuple(out.shape)), out.dtype.numpy), device=device)
               for out in tracked]
    first = en.autograd.grad(tracked, leaves, weights, create_graph=True, materialize_grads=True)
    again = [g for g in first if g.requires_grad]
    second = en.autograd.grad([(g * g).sum() for g in again], leaves, materialize_grads=True) if again else []
    return [*outs, *first, *second]


@pytest.mark.parametrize("key", CASES)
def test_every_row_on_another_array_module(key, there):
    ours, theirs = carried(key, "cpu"), carried(key, there.device)
    for a, b in zip(ours, theirs, strict=True):
        assert type(b.payload) is there.xp.ndarray and b.device == there.device
        assert a.dtype is b.dtype and a.shape == b.shape
        np.testing.assert_allclose(host(b), a.payload, rtol=1e-9, atol=1e-12)


def test_no_device_is_mixed_silently(there):
    a, b = en.ones(2), en.ones(2, device=there.device)
    with pytest.raises(RuntimeError, match="same device"): a + b
    with pytest.raises(RuntimeError, match="same device"): en.where(b > 0, a, b)


def test_a_number_on_the_cpu_may_meet_what_lies_elsewhere(there):
    "A tensor without dimensions, in what goes element by element; the gradient comes back to it."
    x = en.tensor([1.0, 2.0], device=there.device, requires_grad=True)
    two, flags = en.tensor(2.0, requires_grad=True), en.tensor([True, False], device=there.device)
    for y in (x * two, two * x, en.where(flags, two, x), x.maximum(two), two ** x, x.lerp(x, two),
              x.addcmul(two, x)):
        assert y.device == there.device
    (x * two).sum().backward()
    assert two.grad.device == en.device("cpu") and two.grad.item() == 3 and host(x.grad).tolist() == [2, 2]
    y = x.detach().clone()
    assert y.add_(two.detach()).device == there.device and host(y).tolist() == [3, 4]
    for mixed in (lambda: en.stack([x[0], two]), lambda: two.detach().add_(x[0]), lambda: x[0] + en.ones(2),
                  lambda: en.ones(2) + x[0], lambda: en.cat([x, en.ones(1)]), lambda: x @ en.ones(2)):
        with pytest.raises(RuntimeError, match="same device"): mixed()


def test_an_index_may_lie_on_the_cpu(there):
    x = en.arange(6.0, device=there.device).reshape(2, 3)
    x[en.tensor([True, False])] = 7.0
    x[en.tensor([1]), en.tensor([2])] = 8.0
    assert host(x).tolist() == [[7, 7, 7], [3, 4, 8]] and x[en.tensor([1])].device == there.device
    with pytest.raises(RuntimeError, match="same device"): en.ones(2)[en.tensor([0], device=there.device)]


def test_moving_is_a_row(there):
    x = en.tensor([1.0, 2.0], requires_grad=True)
    (x.to(there.device) * 3).sum().backward()
    assert x.grad.device == en.device("cpu") and x.grad.tolist() == [3.0, 3.0]


def test_what_is_made_there_lies_there(there):
    x = en.ones(3, 3, device=there.device)
    made = [en.zeros(2, device=there.device),
            en.eye(2, device=there.device),
            en.arange(3, device=there.device),
            en.linspace(0, 1, 3, device=there.device),
            en.zeros_like(x),
            x.new_ones(2),
            x.diag(),
            x.tril(),
            x.bernoulli(),
            en.multinomial(x, 2),
            x.clone().uniform_(),
            x.clone().normal_(),
            x.std(),
            x.repeat(2, 2),
            x.topk(2)[0],
            x[x > 0],
            x.nonzero(),
            x.clone().bernoulli_(0.5)]
    assert {y.device for y in made} == {there.device}
    x[0] = [1.0, 2.0, 3.0]
    assert host(x)[0].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "draw", [en.rand,
             lambda *size, **where: en.randint(0, 100, size, **where),
             lambda *size, **where: en.randperm(9, **where),
             lambda *size, **where: en.rand_like(en.zeros(size, **where)),
             lambda *size, **where: en.zeros(size, **where).geometric_(0.3),
             lambda *size, **where: en.poisson(en.full(size, 3.0, **where)),
             lambda *size, **where: en.poisson(en.full(size, 30.0, **where)),
             lambda *size, **where: en.binomial(en.full(size, 50.0, **where), en.full(size, 0.4, **where)),
             lambda *size, **where: en.zeros(size, **where).exponential_(2)])
def test_same_seed_same_numbers_everywhere(draw, there):
    en.manual_seed(3)
    here = draw(3, 4)
    en.manual_seed(3)
    away = draw(3, 4, device=there.device)
    assert away.device == there.device and host(away).tolist() == here.tolist()


def test_normal_numbers_differ_in_last_digits_only(there):
    "They are made of the same uniform ones, by the `erfinv` that the device has."
    for dtype, near in ((en.float32, 1e-5), (en.float64, 1e-12)):
        en.manual_seed(3)
        here = en.randn(300, dtype=dtype)
        en.manual_seed(3)
        away = en.randn(300, dtype=dtype, device=there.device)
        np.testing.assert_allclose(host(away), here.numpy(), rtol=near, atol=near)


@pytest.mark.filterwarnings("ignore:index_reduce")
@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "uint8", "uint16", "int64", "float16", "float64"])
def test_what_meets_at_one_place_there_in_every_dtype(dtype, there):
    "A GPU's atomic operations know few dtypes."
    place = np.array([0, 2, 0, 0])
    numbers = np.array([[100, 1], [2, 3], [100, 5], [60, 7]], dtype)
    def met(device):
        at, source = en.tensor(place, device=device), en.tensor(numbers, device=device)
        found = [en.ones_like(source[:3]).index_reduce(0, at, source, how)
                 for how in ("prod", "amax", "amin")]
        return [*found, en.ones_like(source[:3]).index_add(0, at, source)]
    for here, away in zip(met("cpu"), met(there.device)):
        assert here.dtype is away.dtype and host(away).tolist() == here.tolist()


def test_in_place_and_views_there(there):
    x = en.ones(2, 3, device=there.device).requires_grad_()
    y = x * 2
    y[0] *= 5
    y.t()[1, 1] = 7.0
    y[y > 9] = 0.0
    y.sum().backward()
    assert host(y).tolist() == [[0, 0, 0], [2, 7, 2]] and host(x.grad).tolist() == [[0, 0, 0], [2, 0, 2]]
    v = y.detach().view(-1)
    v.zero_()
    assert host(y).sum() == 0 and y._version == v._version


@pytest.mark.parametrize("batch", range(4))
def test_random_programs_there(batch, there):
    for seed in range(batch * 20, batch * 20 + 20):
        lines = program(seed)
        (told, values, grads) = run(en, lines)
        (told_there, values_there, grads_there) = run(en, lines, device=there.device)
        assert told == told_there, (seed, lines)
        for a, b in zip([*values, *grads], [*values_there, *grads_there], strict=True):
            if a is None or isinstance(a, str): assert a == b
            else: np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)


def test_the_strict_module_is_strict():
    a = strict.xp.ones((2,))
    for bad in (lambda: a + np.ones(2), lambda: np.ones(2) + a, lambda: a * np.float64(2),
                lambda: np.float64(2) * a, lambda: strict.xp.exp(np.ones(2)), lambda: np.exp(a),
                lambda: np.asarray(a), lambda: a[np.array([0])]):
        with pytest.raises(TypeError): bad()
    for name in ("ndindex", "errstate", "vectorize", "frompyfunc", "longdouble"):
        assert not hasattr(strict.xp, name)
    assert isinstance(a.sum(), strict.Array) and isinstance(a[0], strict.Array) and a.sum().shape == ()
    assert a[1:].base is a and a[1:][:1].base is a and a.copy().base is None and (a + 1).base is None


# The digits network: its training step, as chapter 2 has it

def network(device="cpu", dtype=en.float64, seed=0):
    en.manual_seed(seed)
    x, y = en.rand(20, 64, dtype=dtype), en.randint(0, 10, (20,))
    parameters = [en.randn(64, 16, dtype=dtype) * 0.2,
                  en.zeros(16, dtype=dtype),
                  en.randn(16, 10, dtype=dtype) * 0.2,
                  en.zeros(10, dtype=dtype)]
    return x.to(device), y.to(device), [p.to(device).requires_grad_() for p in parameters]


def surprise(parameters, x, y):
    w1, b1, w2, b2 = parameters
    hidden = (x @ w1 + b1).relu()
    log_probability = (hidden @ w2 + b2).log_softmax(1)
    return -log_probability[en.arange(len(y), device=y.device), y].mean()


def train_step(parameters, x, y, rate=0.3):
    loss = surprise(parameters, x, y)
    loss.backward()
    with en.no_grad():
        for p in parameters:
            p -= rate * p.grad
            p.grad = None
    return loss


def test_the_network_learns_there(there):
    x, y, here = network()
    x_there, y_there, away = network(there.device)
    for _ in range(5): a, b = train_step(here, x, y), train_step(away, x_there, y_there)
    assert a.item() == pytest.approx(b.item(), rel=1e-12)
    for p, q in zip(here, away):
        np.testing.assert_allclose(host(q), p.detach().payload, rtol=1e-9, atol=1e-12)


# A payload without numbers

def test_a_payload_of_shapes_runs_the_step():
    x, y, parameters = network()
    x, y, parameters = toys.hollow(x), toys.hollow(y), [toys.hollow(p) for p in parameters]
    shapes = [p.shape for p in parameters]
    loss = surprise(parameters, x, y)
    loss.backward()
    assert loss.shape == () and loss.dtype is en.float64 and isinstance(loss.payload, toys.Shape)
    assert ([p.grad.shape for p in parameters] == shapes
            and all(isinstance(p.grad.payload, toys.Shape) for p in parameters))
    before = [p.payload for p in parameters]
    train_step(parameters, x, y)
    for p, old, shape in zip(parameters, before, shapes):
        assert p.payload is not old and p.shape == shape and p.is_leaf and p.grad is None and p._version == 1


def test_views_and_writes_of_shapes():
    x = toys.hollow(en.ones(4, 3, requires_grad=True))
    y = x * 2
    v, w = y[1:3], y.t()
    old = y.payload
    v.mul_(3)
    assert (y.payload is not old and y._version == v._version == w._version == 1
            and y.grad_fn.name() == "CopySlices")
    assert w.grad_fn.name() == "TBackward0" and w.shape == (3, 4)
    (w.sum() + v.sum()).backward()
    assert x.grad.shape == (4, 3)


def test_shapes_to_second_order():
    x = toys.hollow(en.ones(3, requires_grad=True))
    g, = en.autograd.grad((x.tanh() ** 2).sum(), x, create_graph=True)
    h, = en.autograd.grad(g.sum(), x)
    assert h.shape == (3,) and isinstance(h.payload, toys.Shape)


# A trace

def momentum_step(parameters, velocity, x, y, rate=0.1, decay=0.01):
    "A step with all that a training step may do: weight decay, momentum, random numbers, a running mean."
    keep = en.rand(64, dtype=en.float64) > 0.2
    loss = surprise(parameters, x * keep, y)
    loss.backward()
    with en.no_grad():
        for p, v in zip(parameters, velocity):
            v.mul_(0.9).add_(p.grad + p * decay)
            p -= rate * v
            p.grad = None
    return loss


def fields(x):
    return x.payload, x.detach().payload.tolist(), x._version, x.requires_grad, x.grad_fn, x.grad, x.is_leaf


def fresh():
    x, y, parameters = network()
    velocity = [en.zeros_like(p) for p in parameters]
    en.manual_seed(5)
    return x, y, parameters, velocity


def test_a_trace_records_a_step_and_replays_it():
    x, y, eager, velocity = fresh()
    expected = [momentum_step(eager, velocity, x, y).item() for _ in range(5)]

    x, y, parameters, velocity = fresh()
    before = [fields(t) for t in (*parameters, *velocity, x, y)]
    with toys.Trace() as trace: loss = momentum_step(parameters, velocity, x, y)
    assert [fields(t) for t in (*parameters, *velocity, x, y)] == before, "a trace writes nothing outside"

    losses = [trace.replay(loss)[0].item() for _ in range(5)]
    assert losses == pytest.approx(expected, rel=1e-10)
    assert len(set(losses)) == 5
    for p, q in zip(parameters, eager):
        np.testing.assert_allclose(p.detach().payload, q.detach().payload, rtol=1e-9, atol=1e-12)
        assert p.grad is None and p.is_leaf and p.requires_grad


def test_a_trace_accumulates_gradients():
    x, y, eager, _ = fresh()
    for _ in range(3): surprise(eager, x, y).backward()
    x, y, parameters, _ = fresh()
    surprise(parameters, x, y).backward()
    with toys.Trace() as trace: surprise(parameters, x, y).backward()
    for _ in range(2): trace.replay()
    for p, q in zip(parameters, eager):
        np.testing.assert_allclose(p.grad.payload, q.grad.payload, rtol=1e-9, atol=1e-12)


def test_a_trace_with_views_and_writes():
    def work(table, x):
        row = table[1]
        row.add_(x)
        table[:, 0] *= 2
        table.view(-1)[5] = row[0] * x[1]
        return row * 1
    make = lambda: (en.arange(6.0).reshape(2, 3).clone(), en.tensor([1.0, 2.0, 3.0]))
    table, x = make()
    expected = [work(table, x).tolist() for _ in range(3)]
    again, x = make()
    with toys.Trace() as trace: out = work(again, x)
    assert again.tolist() == make()[0].tolist() and again._version == 0
    assert [trace.replay(out)[0].tolist() for _ in range(3)] == expected and again.tolist() == table.tolist()


def test_a_tracked_buffer_in_a_trace():
    w, buffer = en.tensor([1.0, 2.0], requires_grad=True), en.zeros(2)
    before = fields(buffer)
    with toys.Trace() as trace:
        y = buffer.add_(1) * 2
        y = (w * w).exp_() * w + buffer
        g, = en.autograd.grad(y.sum(), w)
    assert fields(buffer) == before
    value, = trace.replay(g)
    v = en.tensor([1.0, 2.0], requires_grad=True)
    ((v * v).exp() * v).sum().backward()
    assert buffer.tolist() == [1.0, 1.0] and buffer.is_leaf
    np.testing.assert_allclose(value.payload, v.grad.payload, rtol=1e-6)


def test_a_nonleaf_from_outside_is_written_in_a_trace():
    w = en.tensor([0.5, 1.0], requires_grad=True)
    y = w * 2
    before = fields(y)
    with toys.Trace() as trace:
        y.exp_()
        g, = en.autograd.grad((y * y).sum(), w)
    assert fields(y) == before
    value, = trace.replay(g)
    np.testing.assert_allclose(value.payload, [4 * np.exp(2), 4 * np.exp(4)], rtol=1e-5)


def carried_out(lines, made, left_out):
    "The lines on tensors; which of them failed."
    failed = set()
    for number, (gives, code, x, y, _) in enumerate(lines):
        if number in left_out: made += [made[x]] * gives; continue
        try: result = eval(code, {"m": en}, {"x": made[x], "y": made[y]})
        except Exception: failed.add(number); result = made[x]
        if gives: made.append(result)
    return failed


@pytest.mark.parametrize("batch", range(4))
def test_random_programs_in_a_trace(batch):
    make = lambda: [en.tensor(np.random.default_rng(7).standard_normal(shape))
                    for shape in ((4, 4), (4,), (4, 4), (4,))]
    for seed in range(batch * 20, batch * 20 + 20):
        lines = without(program(seed), ".data")      # .data goes past the trace, as it goes past the tape
        failed = carried_out(lines, make(), set())
        eager = make()
        for _ in range(2): carried_out(lines, eager[:4], failed)
        traced = make()
        before = [(x.tolist(), x._version) for x in traced]
        with toys.Trace() as trace: assert not carried_out(lines, list(traced), failed), (seed, lines)
        assert [(x.tolist(), x._version) for x in traced] == before
        for _ in range(2): trace.replay()
        for a, b in zip(traced, eager): np.testing.assert_allclose(a.payload, b.payload, rtol=1e-9, atol=1e-9)


def test_every_op_is_recorded_also_one_without_arguments_from_the_trace():
    p = en.ones(2)
    with toys.Trace() as trace: out = p * 0.5 + en.full((2,), 3.0)
    assert {op.name for op, *_ in trace.steps} == {"mul", "full", "add"}
    p.fill_(10.0)
    assert trace.replay(out)[0].tolist() == [8.0, 8.0]


@pytest.mark.parametrize("when", ["before the backward", "in the update", "after"])
def test_an_exception_in_a_trace_leaves_all_as_it_was(when):
    x, y, parameters, velocity = fresh()
    surprise(parameters, x, y).backward()
    key = en.get_rng_state().tolist()
    waiting = (parameters[1] * parameters[1]).sum()
    before = [fields(t) for t in (*parameters, *velocity, x, y)]
    with pytest.raises(ZeroDivisionError):
        with toys.Trace():
            loss = surprise(parameters, x * en.rand(64, dtype=en.float64), y)
            if when == "before the backward": 1 / 0
            loss.backward()
            with en.no_grad():
                for p, v in zip(parameters, velocity):
                    v.add_(p.grad)
                    p -= v
                    if when == "in the update": 1 / 0
            1 / 0
    assert [fields(t) for t in (*parameters, *velocity, x, y)] == before
    assert en.get_rng_state().tolist() == key
    waiting.backward()


def test_saved_then_written_is_an_error_in_a_trace_too():
    x = en.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"), toys.Trace():
        y = x * 2
        z = y * y
        y.add_(1)
        z.sum().backward()


def test_a_traced_tensor_that_outlives_its_trace():
    with toys.Trace(): y = en.ones(2) * 2
    with pytest.raises(RuntimeError, match="outside its trace"): y + 1


def test_a_trace_is_of_its_thread():
    import threading
    x, seen = en.ones(2), []
    with toys.Trace() as trace:
        worker = threading.Thread(target=lambda: seen.append((x * 2).tolist()))
        worker.start(), worker.join()
    assert seen == [[2.0, 2.0]] and not trace.steps
