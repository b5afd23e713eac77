"""The profiler sees what ran, in which module, forward and backward; it comes and goes without a trace."""
import sys
import threading

import pytest

import edunets as en
from edunets import nn
from edunets.autograd.engine import Backward
from edunets.nn.hooks import EVERY
from edunets.profiler import recorder
from edunets.profiler.recorder import self_times
from edunets.table import HANDLERS, Tape


def network():
    en.manual_seed(0)
    inner = nn.Sequential(nn.Linear(8, 8), nn.Tanh())
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), inner, nn.Linear(8, 3))


def step(model, optimizer):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(en.ones(5, 4)), en.zeros(5, dtype=en.int64))
    loss.backward()
    optimizer.step()


@pytest.fixture
def profiled():
    model = network()
    optimizer = en.optim.Adam(model.parameters())
    step(model, optimizer)
    with en.profiler.profile() as prof: step(model, optimizer)
    return prof


def places():
    return ([HANDLERS.copy(), Tape.record, any(vars(EVERY).values())]
            + [vars(seam.owner)[seam.name] for seam in recorder.SEAMS])


def of(prof, category): return [event for event in prof.spans if event.category == category]


def test_nothing_is_left_behind():
    before = places()
    with en.profiler.profile(), pytest.raises(ZeroDivisionError):
        with en.profiler.profile(stack=True):
            assert places() != before
            1 / 0
    assert places() == before and not recorder.LISTENING and not recorder.UNDO
    assert nn.Module._hooks is None      # a call of a module asks for none


def test_the_same_numbers_with_and_without():
    def losses(**options):
        model = network()
        optimizer = en.optim.Adam(model.parameters())
        found = []
        for _ in range(3):
            step(model, optimizer)
            found.append([p.tolist() for p in model.parameters()])
        return found
    plain = losses()
    with en.profiler.profile(stack=True): assert losses() == plain


def test_modules_nest_as_the_tree_does(profiled):
    modules = {event.name: event for event in of(profiled, "module")}
    assert list(modules) == ["0 (Linear)", "1 (ReLU)", "2.0 (Linear)", "2.1 (Tanh)", "2 (Sequential)",
                             "3 (Linear)", "Sequential"]
    def inside(inner, outer): return outer.start <= inner.start <= inner.end <= outer.end
    for event in modules.values(): assert inside(event, modules["Sequential"])
    for name in ("2.0 (Linear)", "2.1 (Tanh)"): assert inside(modules[name], modules["2 (Sequential)"])
    for event in of(profiled, "op"):
        if event.module and event.node is None: assert inside(event, modules[event.module])


def test_the_way_back_belongs_to_the_module(profiled):
    forward = {event.sequence: event for event in of(profiled, "op") if event.sequence is not None}
    nodes = [event for event in of(profiled, "node") if event.sequence is not None]
    assert sorted(event.sequence for event in nodes) == sorted(forward)
    for node in nodes: assert node.module == forward[node.sequence].module
    back = {event.module for event in of(profiled, "op") if event.node is not None}
    assert {"0 (Linear)", "1 (ReLU)", "2.0 (Linear)", "2.1 (Tanh)", "3 (Linear)"} <= back
    assert sum(event.name == "AccumulateGrad" for event in of(profiled, "node")) == 6


def test_all_spans_nest_and_self_times_add_up(profiled):
    own = self_times(profiled.spans)
    assert all(time >= 0 for time in own.values())
    outermost, end = 0, 0
    for event in sorted(profiled.spans, key=lambda event: (event.start, -event.end)):
        if event.start >= end: outermost, end = outermost + event.duration, event.end
    assert sum(own.values()) == outermost <= profiled.duration
    assert [event.name for event in of(profiled, "optimizer")] == ["Adam.zero_grad", "Adam.step"]


def test_an_operation_knows_its_forms_and_its_line():
    a, b = en.ones(2, 3), en.ones(3, dtype=en.float32)
    with en.profiler.profile() as prof:
        a + b; line = "a line of this test"  # noqa
        values, places = a.max(dim=1)
        en.ones(4) * 2.5
    by_name = {event.name: event for event in prof.spans}
    add = by_name["add"]
    assert [form.shape for form in add.operands] == [(2, 3), (3,)] and add.results[0].shape == (2, 3)
    file, number = add.site
    assert file == __file__ and "a + b" in open(file).read().splitlines()[number - 1]
    assert len(by_name["max"].results if "max" in by_name else by_name["max_dim"].results) >= 1
    assert 2.5 in by_name["mul"].operands
    assert all(form.shape for event in prof.spans for form in event.results)


def test_the_line_that_is_read_later_is_the_one_that_ran(monkeypatch):
    "Also far down in a long text, and of an expression over several lines."
    ran = []

    class Lines(recorder.Observer):
        def __init__(self, profile, value): pass
        def op(self, event, payloads, out):
            frame = sys._getframe()
            while frame.f_code.co_filename != "long.py": frame = frame.f_back
            ran.append(("long.py", frame.f_lineno))

    monkeypatch.setitem(recorder.OPTIONS, "lines", Lines)
    text = "x = 1\n" * 700 + "def f(a):\n    return [a.exp(\n        ) * n\n        for n in (1, 2)]\ny = (f(a)\n     + [a\n  + a])\n"
    code, scope = compile(text, "long.py", "exec"), {"a": en.ones(2)}
    with en.profiler.profile(lines=True) as prof: exec(code, scope)
    assert [event.site for event in prof.spans] == ran and len(ran) == 5 and len(set(ran)) > 1
    assert all(line > 700 for _, line in ran)


@pytest.mark.parametrize("options, most", [({}, 4), ({"memory": True}, 11)])
def test_an_operation_in_a_profile_costs_few_calls(options, most):
    "No clock tells it as surely as the number of Python's functions that run more than without."
    x = en.ones(2)

    def calls():
        found = []
        def see(frame, kind, value):
            if kind == "call": found.append(frame.f_code.co_name)
        sys.setprofile(see)
        try: x + x
        finally: sys.setprofile(None)
        return found
    calls()
    plain = calls()
    with en.profiler.profile(**options):
        calls()      # the first one asks for the name of the thread
        recorded = calls()
    assert len(plain) < len(recorded) <= len(plain) + most, recorded


def test_an_error_goes_through_and_closes_what_it_left():
    class Broken(nn.Module):
        def forward(self, x):
            with en.profiler.record_function("mine"): return x @ x
    model = nn.Sequential(nn.Linear(4, 3), Broken())
    with en.profiler.profile() as prof:
        with pytest.raises(RuntimeError, match="mat1 and mat2|shapes"): model(en.ones(5, 4))
        en.ones(2) + 1
    assert [event.name for event in prof.spans if event.category in ("module", "annotation")
            ] == ["0 (Linear)", "mine", "1 (Broken)", "Sequential"]
    assert prof.spans[-1].module is None and not recorder.HERE.spans and not recorder.HERE.modules


def test_an_interrupt_leaves_nothing_open():
    class Interrupted(nn.Module):
        def forward(self, x): raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), en.profiler.profile(): Interrupted()(1)
    with en.profiler.profile() as prof: network()(en.ones(1, 4))
    assert [event.name for event in of(prof, "module")][-1] == "Sequential" and len(of(prof, "module")) == 7


def test_threads_and_profiles_do_not_mix():
    barrier, found = threading.Barrier(3), {}
    def work(name):
        with en.profiler.profile() as prof:
            barrier.wait()
            for _ in range(50): getattr(en.ones(2), name)()
            barrier.wait()
        found[name] = prof
    threads = [threading.Thread(target=work, args=(name,)) for name in ("exp", "sin")]
    for thread in threads: thread.start()
    barrier.wait()
    for _ in range(50): en.ones(2).cos()      # not profiled: nobody listens in this thread
    barrier.wait()
    for thread in threads: thread.join()
    for name, prof in found.items():
        assert {event.name for event in prof.spans} == {"full", name}
        assert len({event.thread for event in prof.spans}) == 1 == len(prof.threads)


def test_workers_of_a_loader_are_threads_of_the_profile():
    data = en.data.TensorDataset(en.arange(32).float())
    loader = en.data.DataLoader(data, batch_size=8, num_workers=2)
    with en.profiler.profile() as prof:
        for (batch,) in loader: batch + 1
    batches = [event for event in of(prof, "data") if event.name == "batch"]
    waits = [event for event in of(prof, "data") if event.name == "DataLoader.next"]
    here = threading.get_ident()
    assert len(batches) == 4 and {event.thread for event in batches} <= set(prof.threads) - {here}
    assert len(waits) == 5 and {event.thread for event in waits} == {here}


def test_the_number_of_events_is_bounded():
    with en.profiler.profile(max_events=10) as prof:
        for _ in range(25): en.ones(1)
    assert len(prof.spans) == 10 and prof.dropped == 15


def test_my_own_functions_with_stack():
    def outer():
        def inner(): return en.ones(2) + 1
        return inner()
    with en.profiler.profile(stack=True) as prof: outer()
    spans = {event.name.rpartition(".")[2]: event for event in of(prof, "python")}
    assert {"outer", "inner"} <= set(spans) and not any("lambda" in name for name in spans)
    add = next(event for event in prof.spans if event.name == "add")
    assert spans["outer"].start <= spans["inner"].start <= add.start <= add.end <= spans["inner"].end


def test_a_decorator_and_a_span_outside_of_a_profile():
    @en.profiler.record_function("mine")
    def work(): return en.ones(2)
    work()
    @en.profiler.profile()
    def profiled(): work()
    profiled()
    with en.profiler.profile() as prof: work()
    assert [event.name for event in prof.spans] == ["full", "mine"]


def test_a_profile_holds_no_memory():
    import gc
    import weakref
    gc.collect()
    with en.profiler.profile() as prof:
        x = en.ones(100, requires_grad=True)
        array = weakref.ref((x * 2).payload)
        loss = (x * 3).sum()
        node = weakref.ref(loss.grad_fn)
        del loss
    assert len(prof.spans) > 3 and array() is None and node() is None


def test_start_and_stop_without_a_context():
    first, second = en.profiler.profile(), en.profiler.profile()
    with pytest.raises(AssertionError, match="was not started"): first.stop()
    before = places()
    first.start(); en.ones(2); second.start(); en.ones(2) + 1      # noqa: ended in the order they began in
    with pytest.raises(RuntimeError, match="this profile is on"): first.start()
    first.stop(); en.ones(2) * 2; second.stop(); second.stop()      # noqa
    assert [event.name for event in first.spans] == ["full", "full", "add"]
    assert [event.name for event in second.spans] == ["full", "add", "full", "mul"]
    assert places() == before and not recorder.LISTENING
    with first: en.ones(3)
    assert [event.name for event in first.spans] == ["full"] and first.began < first.ended


def test_what_listened_to_python_before_does_so_again():
    import sys
    def mine(frame, kind, value): pass
    sys.setprofile(mine)
    try:
        with en.profiler.profile(stack=True):
            with en.profiler.profile(stack=True): pass
        assert sys.getprofile() is mine
        with pytest.raises(Exception, match="gz"):
            en.profiler.profile(stack=True, path="x.json.gz").start()
        assert sys.getprofile() is mine and not recorder.LISTENING
    finally: sys.setprofile(None)
