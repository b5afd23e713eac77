"""Where several threads read and write one thing, nothing is lost: each case is hammered, with Python
switching threads as often as it can."""
import os
import sys
import threading
import time

import pytest

import edunets as en
from edunets import nn

THREADS = 8


@pytest.fixture(autouse=True)
def switching_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def hammer(work, *args):
    """Run work(number, *args) in threads that begin together; what they returned. An error in one of them
    is raised."""
    gate, found, problems = threading.Barrier(THREADS), [None] * THREADS, []
    def run(number):
        try:
            gate.wait()
            found[number] = work(number, *args)
        except Exception as problem: problems.append(problem)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if problems: raise problems[0]
    return found


def test_gradients_of_one_leaf_are_all_added():
    w = en.ones(1000, requires_grad=True)
    def work(number):
        for _ in range(100): (w * 1.0).sum().backward()
    hammer(work)
    assert w.grad.tolist() == [THREADS * 100] * 1000


def test_first_gradients_are_all_added():
    for _ in range(200):
        w = en.ones(2, requires_grad=True)
        hammer(lambda number: (w * 1.0).sum().backward())
        assert w.grad.tolist() == [THREADS] * 2


def test_gradients_with_a_graph_are_all_added():
    w = en.ones(10, requires_grad=True)
    def work(number):
        for _ in range(50): (w * 1.0).sum().backward(create_graph=True)
    hammer(work)
    assert w.grad.tolist() == [THREADS * 50] * 10
    w.grad = None


def test_retained_gradients_are_all_added():
    x = en.ones(10, requires_grad=True)
    y = x * 2
    y.retain_grad()
    total = y.sum()
    def work(number):
        for _ in range(100): total.backward(retain_graph=True)
    hammer(work)
    assert y.grad.tolist() == [THREADS * 100] * 10 and x.grad.tolist() == [2 * THREADS * 100] * 10


def test_draws_differ_and_are_those_of_one_thread():
    en.manual_seed(0)
    one = {en.rand(4).numpy().tobytes() for _ in range(THREADS * 100)}
    en.manual_seed(0)
    drawn = [numbers for found in hammer(lambda number: [en.rand(4).numpy().tobytes() for _ in range(100)])
             for numbers in found]
    assert len(set(drawn)) == len(drawn) and set(drawn) == one


def test_a_seed_is_not_lost_to_a_draw():
    "After all are done, either the seed came last, or draws after it: never a state from before the seed."
    for seed in range(100):
        g = en.Generator().manual_seed(7)
        hammer(lambda number: g.manual_seed(seed) if number == 0 else g.next_key())
        state, fresh = g.get_state().tolist(), en.Generator().manual_seed(seed)
        after = [fresh.get_state().tolist()]
        for _ in range(THREADS):
            fresh.next_key()
            after.append(fresh.get_state().tolist())
        assert state in after


def test_every_write_is_counted():
    x = en.zeros(4)
    def work(number):
        for _ in range(500): x.add_(0)
    hammer(work)
    assert x._version == THREADS * 500


def test_views_made_at_once_share_one_counter():
    for _ in range(300):
        x = en.zeros(4)
        views = hammer(lambda number: x[number % 4:])
        assert {id(v._version_counter) for v in views} == {id(x._version_counter)}


def test_results_saved_at_once_share_one_counter():
    "What two nodes save of one tensor is watched by one counter: a write is noticed by both."
    for _ in range(100):
        x = en.ones(3, requires_grad=True)
        y = x.exp()
        y._version_counter = None
        products = hammer(lambda number: (y.view(3) * en.ones(3)).sum() if number % 2 else y.detach())
        assert {id(p._version_counter) for p in products[::2]} == {id(y._version_counter)}


def test_a_view_of_a_written_base_is_derived_anew_before_it_is_used():
    w = en.ones(3, requires_grad=True)
    for _ in range(200):
        base = en.zeros(3)
        view = base[:2]
        base.copy_(w * 2)
        results = hammer(lambda number: view * 1)
        assert all(r.requires_grad for r in results)


HOOKED = {
    "a leaf": lambda: en.ones(2, requires_grad=True),
    "a result": lambda: en.ones(2, requires_grad=True) * 1,
    "a node": lambda: (en.ones(2, requires_grad=True) * 1).grad_fn,
    "a module": lambda: nn.Linear(2, 2),
}

@pytest.mark.parametrize("hooked", HOOKED)
def test_hooks_registered_at_once_are_all_kept(hooked):
    for _ in range(300):
        x = HOOKED[hooked]()
        register = x.register_forward_hook if isinstance(x, nn.Module) else x.register_hook
        handles = hammer(lambda number: register(lambda *args: None))
        assert (len(handles[0].hooks) == THREADS
                and all(handle.hooks is handles[0].hooks for handle in handles))


@pytest.mark.parametrize("kind", [en.optim.Adam, en.optim.AdamW, en.optim.RMSprop])
def test_the_state_of_the_first_step_is_made_once(kind):
    for _ in range(30):
        p = en.ones(3, requires_grad=True)
        p.grad = en.ones(3)
        optimizer = kind([p], lr=0.0)
        hammer(lambda number: optimizer.step())
        assert optimizer.state[p]["step"].item() == THREADS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_child_forked_in_the_middle_goes_on():
    "A lock that another thread held when the process was forked is open in the child."
    go = threading.Event()
    def work():
        while not go.is_set():
            en.rand(2)
            en.ones(2).add_(1)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    children = []
    for _ in range(20):
        child = os.fork()
        if not child:
            w = en.ones(2, requires_grad=True)
            (w * en.rand(2)).sum().backward()
            os._exit(0)
        children.append(child)
    go.set()
    for thread in threads: thread.join()
    until = time.time() + 20
    while children and time.time() < until:
        children = [child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)]
        time.sleep(0.01)
    for child in children: os.kill(child, 9)
    assert not children
