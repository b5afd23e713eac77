"""What a step leaves behind (nothing), depth, threads, and what importing does to the process (nothing)."""
import gc
import inspect
import subprocess
import sys
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest

import edunets as en
from edunets.autograd.tape import Node
from edunets.table import call
from edunets.tensors import Version


def alive():
    "How many objects there are that hold others, and how many of them are ours."
    objects = gc.get_objects()
    # type(x): isinstance asks lazy objects of other libraries, which then load
    return len(objects), sum(issubclass(type(x), (en.Tensor, Node, Version)) for x in objects)


class Cube(en.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x ** 3
        ctx.save_for_backward(x, y)
        return y
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * (3 * x ** 2) + y * 0


def plain(w, x):
    ((x @ w).tanh().exp().log_softmax(1) ** 2).mean().backward()


def views(w, x):
    y = x @ w
    y[0].view(-1)[1:3].sum().backward(retain_graph=True)
    y.t().unsqueeze(0).expand(2, 100, 100).sum().backward()


def in_place(w, x):
    y = (x @ w).sin_()
    y[0] *= 2
    y.t()[1].add_(w[0])
    y[y > 1] = 0.5
    v = y[2]
    y.mul_(3)
    v.sum().backward()


def function(w, x): Cube.apply(x @ w).sum().backward()


def hooks(w, x):
    seen = []
    y = x @ w
    y.register_hook(lambda g: seen.append(g) or g * 2)
    y.grad_fn.register_hook(lambda sent, got: seen.append(sent))
    y.retain_grad()
    y.sum().backward()


def create_graph(w, x):
    g, = en.autograd.grad((x @ w).tanh().sum(), w, create_graph=True)
    (g ** 2).sum().backward()


def no_backward(w, x):
    y = (x @ w).exp().sqrt().softmax(0)
    (y[0] * 2).add_(1)


def second_order_function(w, x):
    g, = en.autograd.grad(Cube.apply(x @ w).sum(), w, create_graph=True)
    g.sum().backward()


def failing(w, x):
    y = (x @ w).exp()
    z = y.sum()
    y.add_(1)
    try: z.backward()
    except RuntimeError: pass


def detached(w, x):
    y = (x @ w).tanh()
    y.detach().numpy()
    y.data.mul_(2)
    y.detach_()


def anomaly(w, x):
    with en.autograd.detect_anomaly(): (x @ w).exp().sum().backward()


def sorted_and_indexed(w, x):
    values, index = (x @ w).sort(1)
    (values.gather(1, index)[en.tensor([0, 0, 1])].max(1)[0] + values.amax(1)[:3]).sum().backward()


def an_optimizer(w, x):
    velocity = en.zeros_like(w)
    for _ in range(2):
        (x @ w).square().mean().backward()
        with en.no_grad():
            velocity.mul_(0.9).add_(w.grad)
            w -= 0.01 * velocity
        w.grad = None


def unrelated_hook(w, x):
    with w.register_hook(lambda g: g * 2): (x @ w).sum().backward()
    handle = w.register_post_accumulate_grad_hook(lambda p: None)
    (x @ w).sum().backward()
    handle.remove()


STEPS = [plain,
         views,
         in_place,
         function,
         hooks,
         create_graph,
         no_backward,
         second_order_function,
         failing,
         detached,
         anomaly,
         sorted_and_indexed,
         an_optimizer,
         unrelated_hook]


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("step", STEPS, ids=lambda f: f.__name__)
def test_nothing_stays_behind(step, no_collector):
    w, x = en.randn(100, 100, requires_grad=True), en.rand(100, 100)
    def run():
        step(w, x)
        w.grad = None
    run()
    objects = alive()
    for _ in range(5): run()
    everything, ours = alive()
    assert ours == objects[1] and everything - objects[0] < 5, "less than one object a step: the test's own"
    tracemalloc.start()
    try:
        run()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5): run()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally: tracemalloc.stop()
    # Python's own lists of free tuples grow a little
    assert grown < w.nbytes, f"{grown} bytes more after 5 steps; one array has {w.nbytes}"


def test_the_array_of_an_intermediate_is_freed_at_once(no_collector):
    x = en.randn(1000, requires_grad=True)
    y = x.exp()
    array = weakref.ref(y.payload)
    loss = y.sum()
    del y
    assert array() is not None, "exp keeps its result"
    loss.backward()
    assert array() is None, "a pass frees what was saved"


def test_what_no_rule_asks_for_is_not_kept(no_collector):
    x = en.randn(1000, requires_grad=True)
    for f in (lambda x: x + 1, lambda x: x.sum(), lambda x: x * 2, lambda x: x.reshape(10, 100),
              lambda x: -x):
        y = x * 1
        array = weakref.ref(y.payload)
        z = f(y)
        if not z._is_view():
            del y
            assert array() is None
        else: del y, z


def test_a_graph_goes_with_its_result(no_collector):
    x = en.randn(3, requires_grad=True)
    y = x.exp().sin()
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_a_view_of_a_detached_tensor_keeps_no_graph(no_collector):
    x = en.randn(3, requires_grad=True)
    y = x.exp()
    node, d = weakref.ref(y.grad_fn), y.detach()[:2]
    del y
    assert node() is None and d.shape == (2,)


# Depth and width

def test_a_chain_of_a_hundred_thousand_ops():
    x = en.tensor(1.0, requires_grad=True)
    y = x
    start = time.process_time()
    for _ in range(100_000): y = y + 0.0
    y.backward()
    assert x.grad.item() == 1
    del y
    assert time.process_time() - start < 10


def test_a_deep_chain_that_was_never_used_is_freed():
    y = en.ones(1, requires_grad=True) * 1
    for _ in range(100_000): y = y.view(1)
    del y


def test_a_deep_chain_of_in_place_writes():
    x = en.ones(2, requires_grad=True)
    y = x * 1
    for _ in range(20_000): y.mul_(1.0)
    v = y[:1]
    for _ in range(2_000): v.add_(0.0)
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_a_deep_chain_of_views():
    x = en.ones(2, requires_grad=True)
    y = x * 1
    v = y
    for _ in range(3_000): v = v.view(2)
    v.mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_forty_doublings():
    x = en.tensor(1.0, requires_grad=True, dtype=en.float64)
    y = x
    start = time.process_time()
    for _ in range(40): y = y + y
    g, = en.autograd.grad(y, x, create_graph=True)
    y.backward()
    assert x.grad.item() == g.item() == 2.0 ** 40 and time.process_time() - start < 1


def test_deep_higher_order():
    x = en.tensor(0.5, requires_grad=True, dtype=en.float64)
    y = x
    for _ in range(300): y = y.sin()
    g, = en.autograd.grad(y, x, create_graph=True)
    g.backward()
    assert np.isfinite(x.grad.item())


# Threads

def in_thread(function):
    out = []
    worker = threading.Thread(target=lambda: out.append(function()))
    worker.start(), worker.join()
    return out[0]


def test_modes_are_of_their_thread():
    x = en.ones(2, requires_grad=True)
    with en.no_grad(): assert in_thread(lambda: (x * 2).requires_grad)
    assert (in_thread(lambda: en.set_grad_enabled(False) and en.is_grad_enabled()) is False
            and en.is_grad_enabled())
    with en.inference_mode(): assert not in_thread(lambda: en.ones(2).is_inference())


def test_no_grad_in_a_thread_that_runs_beside():
    inside, done, x = threading.Event(), threading.Event(), en.ones(2, requires_grad=True)
    def hold():
        with en.no_grad():
            inside.set()
            done.wait(10)
    worker = threading.Thread(target=hold)
    worker.start()
    inside.wait(10)
    assert (x * 2).requires_grad
    done.set(), worker.join()


def test_threads_compute_at_once():
    w = en.ones(50, 50, requires_grad=True)
    def work():
        for _ in range(50):
            g, = en.autograd.grad((en.ones(50, 50) @ w).tanh().sum(), w)
        return g.sum().item()
    results, workers = [], [threading.Thread(target=lambda: results.append(work())) for _ in range(4)]
    for t in workers: t.start()
    for t in workers: t.join()
    assert len(results) == 4 and len(set(results)) == 1


def test_generators_keep_the_grad_mode_of_their_caller():
    @en.no_grad()
    def f():
        return en.is_grad_enabled()
    assert f() is False and en.is_grad_enabled()


# The process, and the names

def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_changes_nothing():
    python("""
import os, random, sys, warnings, threading, signal, locale
import numpy as np
from threadpoolctl import threadpool_info
def state(): return dict(errors=np.geterr(), filters=list(warnings.filters), environment=dict(os.environ), here=os.getcwd(), random=random.getstate(), numpy=str(np.random.get_state()),
    pools=[(p["user_api"], p["num_threads"]) for p in threadpool_info()], threads=threading.active_count(), recursion=sys.getrecursionlimit(), printing=str(np.get_printoptions()),
    switch=sys.getswitchinterval(), hook=sys.excepthook, display=sys.displayhook, locale=locale.getlocale(), path=list(sys.path), interrupt=signal.getsignal(signal.SIGINT), error=np.geterrcall())
before = state()
import edunets
after = state()
changed = [key for key in before if before[key] != after[key]]
assert not changed, changed
np.errstate
x = edunets.tensor([0.0], requires_grad=True)
(1 / x).log().sum().backward()
assert np.geterr() == before["errors"]
""")


def test_importing_brings_nothing_heavy():
    heavy = python("import sys, edunets; print(*[m for m in ('torch', 'jax', 'cupy', 'scipy', 'matplotlib', "
                   "'pandas', 'IPython', 'tqdm', 'safetensors', 'threadpoolctl', 'importlib.resources', "
                   "'asyncio', 'difflib', 'gzip', 'tempfile', 'email') if m in sys.modules])")
    assert heavy == []


def test_the_one_function_is_short():
    assert len(inspect.getsource(call).rstrip().splitlines()) <= 25


JOINED = {
    "cat": lambda x, n: en.cat([x * 1 for _ in range(n)]),
    "stack": lambda x, n: en.stack([x * 1 for _ in range(n)]),
    "split": lambda x, n: sum(x.expand(n).split(1)),
    "chunk": lambda x, n: sum(x.expand(n).chunk(n)),
    "unbind": lambda x, n: sum(x.expand(n).unbind()),
}


@pytest.mark.parametrize("name", JOINED)
def test_many_parts_take_as_long_as_they_are_many(name):
    """Four times as many parts are joined, or cut, and their gradients found, in four times as many steps
    of Python."""
    def steps(n):
        seen = []
        x = en.ones(1, requires_grad=True)
        sys.setprofile(lambda *event: seen.append(1))
        try: JOINED[name](x, n).sum().backward()
        finally: sys.setprofile(None)
        return len(seen)
    steps(2)
    assert steps(200) < 4.5 * steps(50)
