"""Who holds the memory: exact to the byte, each array in its role, and what grows is found."""
import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import edunets as en
import strict
from edunets import nn
from edunets.profiler.memory import CATEGORIES, leaks
from edunets.table import HANDLERS


def traced():
    "The bytes of NumPy's arrays that are alive, by what NumPy tells Python's tracemalloc."
    own = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([own]).traces)


def alive(prof): return sum(prof.memory.held().values())


class Training:
    "A small model and its step; what the tests know of it is counted in bytes."
    def __init__(self, device="cpu", optimizer=en.optim.Adam):
        en.manual_seed(0)
        with en.device(device):
            self.model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
            self.x, self.y = en.ones(16, 8), en.zeros(16, dtype=en.int64)
        self.optimizer = optimizer(self.model.parameters())
        self.nbytes = sum(p.nbytes for p in self.model.parameters())

    def loss(self): return nn.functional.cross_entropy(self.model(self.x), self.y)

    def step(self):
        self.optimizer.zero_grad()
        self.loss().backward()
        self.optimizer.step()


def by_line(prof, text):
    "The allocations that lines with a text in them asked for."
    lines = open(__file__).read().splitlines()
    return [x for x in prof.memory.allocations
            if x.site and x.site[0] == __file__ and text in lines[x.site[1] - 1]]


def test_what_is_alive_is_what_numpy_says():
    en.ones(3).exp()
    gc.collect()
    tracemalloc.start()
    try:
        with en.profiler.profile(memory=True) as prof:
            before, ours = traced(), alive(prof)
            def agrees(): return traced() - before == alive(prof) - ours
            x = en.randn(100, 30)
            y = x.exp()
            assert agrees()
            flat = x.T.reshape(-1)      # a copy
            part = y[3:5]               # a view
            assert agrees()
            del y
            assert agrees()             # the view holds all of it
            del part, flat
            assert agrees()
            w = en.randn(30, 40).requires_grad_()
            loss = (x @ w).softmax(1).log().mean()
            assert agrees()
            loss.backward()
            assert agrees() and w.grad is not None
            x.add_(1)
            x[2:7] = 0
            x.sort(dim=1), en.cat([x, x])
            assert agrees()
            values, places = x.sort(dim=1)
            both = en.cat([x, x])
            assert agrees() and values.nbytes == x.nbytes and both.nbytes == 2 * x.nbytes
            del loss, both, places
            gc.collect()
            assert agrees()
    finally: tracemalloc.stop()


@pytest.mark.parametrize("device", ["cpu", "meta", "strict"])
def test_the_parts_of_a_training_step_are_as_large_as_is_known(device):
    with strict.at_hand():
        at = Training(device)
        with en.profiler.profile(memory=True) as prof:
            at.step()
            held, counts = prof.memory.held(), 4 * 4      # a step count of four bytes for each parameter
            at.step()
        n = at.nbytes
        assert held["parameters"] >= n and held["gradients"] >= n      # of other tests, too, what is alive
        own = [x for x in prof.memory.allocations if x.end is None and x.event is not None]
        sizes = {category: sum(x.nbytes for x in own if x.category == category) for category in CATEGORIES}
        assert sizes["gradients"] == n and sizes["activations"] == sizes["temporaries"] == 0
        # of some devices the step counts are made without an operation
        assert 2 * n <= sizes["optimizer state"] <= 2 * n + counts
        assert {str(x.device) for x in own} == {device}


def test_roles():
    at = Training(optimizer=lambda p: en.optim.SGD(p, lr=0.1, momentum=0.9))
    with en.profiler.profile(memory=True) as prof:
        hidden = at.model[0](at.x)
        out = at.model[2](at.model[1](hidden))  # the output
        loss = out.square().sum()
        loss.backward()
        at.optimizer.step()
    relu = [x for x in by_line(prof, "# the output") if x.op == "relu"]
    assert [(x.category, x.nbytes, x.shape, x.module) for x in relu] == [
        ("activations", 16 * 32 * 4, (16, 32), "ReLU")]
    known = {id(t.payload): category for t, category in [
        *((p, "parameters") for p in at.model.parameters()),
        *((p.grad, "gradients") for p in at.model.parameters()),
        *((s["momentum_buffer"], "optimizer state") for s in at.optimizer.state.values()), (at.x, "data")]}
    with en.profiler.profile(memory=True) as prof:      # all of it is there before
        found = {key: ref.allocation.category for key, ref in prof.memory.known.items() if key in known}
    assert found == known
    assert all(x.start == prof.began for x in prof.memory.allocations)


def test_an_earlier_graph_is_activations():
    at = Training()
    loss = at.loss()
    with en.profiler.profile(memory=True) as prof: loss.backward()
    there = [x for x in prof.memory.allocations if x.category == "activations" and x.shape == (16, 32)]
    assert len(there) == 1 and there[0].start == prof.began < there[0].end <= prof.ended


def test_recomputed_activations_are_activations():
    at = Training()
    def layers(x): return at.model(x).tanh()
    at.x.requires_grad_()
    with en.profiler.profile(memory=True) as prof:
        en.utils.checkpoint.checkpoint(layers, at.x, use_reentrant=False).sum().backward()
    relus = [x for x in by_line(prof, "def layers") if x.op == "relu"]
    assert [x.category for x in relus] == ["temporaries", "activations"]
    assert all(x.end is not None for x in relus)


def test_batches_of_a_loader_are_data():
    loader = en.data.DataLoader(en.data.TensorDataset(en.arange(64.0)), batch_size=8, num_workers=2)
    for batches in (loader, en.data.DataLoader(loader.dataset, batch_size=8)):
        with en.profiler.profile(memory=True) as prof:
            for (batch,) in batches: batch.exp()
        # not what other tests have left in this process
        made = [x for x in prof.memory.allocations if x.shape == (8,) and x.start > prof.began]
        assert {x.category for x in made if x.op != "exp"} == {"data"}
        assert {x.category for x in made if x.op == "exp"} == {"temporaries"}


def test_nothing_is_held_and_nothing_is_left():
    before = dict(HANDLERS)
    with en.profiler.profile(memory=True) as prof:
        x = en.ones(100, 10)
        y = weakref.ref((x * 2).payload)
        kept = x + 1
    assert y() is None and HANDLERS == before and not prof.memory.known
    two, one = (next(x for x in prof.memory.allocations if x.op == op) for op in ("mul", "add"))
    assert two.start < two.end <= prof.ended and one.end is None
    here = weakref.ref(kept.payload)
    del kept
    assert here() is None and one.end is None      # after the end nobody looks


def test_the_timeline_and_the_peak():
    gc.collect()
    with en.profiler.profile(memory=True) as prof:
        base = alive(prof)
        x = en.ones(1000)
        y = x + x      # at the peak
        del x
        z = y.exp()
        del y, z
    times, live = prof.memory.timeline()
    total = sum(live.values())
    assert times[0] == prof.began and (np.diff(times) > 0).all() and set(live) <= set(CATEGORIES)
    assert total[0] == base and total[-1] == alive(prof) == base
    steps = np.diff(total)
    assert [n // 4000 for n in steps if abs(n) == 4000] == [1, 1, -1, 1, -1, -1]
    peak = prof.memory.peak()
    assert peak.nbytes == total.max() == base + 8000 == sum(x.nbytes for x in peak.alive)
    assert sum(prof.memory.held(peak.time).values()) == peak.nbytes
    assert sum(x.op == "add" for x in peak.alive) == 1


def test_the_timeline_is_whole_while_the_profile_is_on():
    there = en.ones(1000)
    with en.profiler.profile(memory=True) as prof:
        base = alive(prof)
        more = there + 1
        times, live = prof.memory.timeline()
        peak = prof.memory.peak()
        assert times[0] == prof.began and set(live) <= set(CATEGORIES) and alive(prof) == base + more.nbytes
        assert sum(live.values())[-1] == peak.nbytes == alive(prof)
        assert sum(prof.memory.held(prof.began).values()) == base


def test_the_table_and_the_picture():
    at = Training()
    with en.profiler.profile(memory=True) as prof: at.step()
    table = prof.memory_table()
    assert "activations" in repr(table) and "self.loss().backward()" in repr(table)
    assert len(prof.memory_table(limit=2).lines) == 3
    import matplotlib
    matplotlib.use("Agg")
    ax = prof.memory.plot()
    labels = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert "parameters" in labels and any("self.loss()" in label for label in labels)
    matplotlib.pyplot.close(ax.figure)
    with en.profiler.profile() as prof: pass
    assert prof.memory is None
    with pytest.raises(RuntimeError, match="memory=True"): prof.memory_table()


def test_what_is_noted_is_bounded():
    with en.profiler.profile(memory=True, max_events=10) as prof:
        for _ in range(25): en.ones(1)
    assert len(prof.memory.allocations) <= 10 and prof.memory.dropped >= 15


def test_a_clean_step_leaves_nothing():
    for optimizer in (en.optim.Adam, lambda p: en.optim.SGD(p, lr=0.1, momentum=0.9)):
        at = Training(optimizer=optimizer)
        assert not leaks(at.step)
        assert not leaks(Training(optimizer=optimizer).step, warmup=0)      # state is made once
    def keeps_the_last(): at.last = at.loss()
    found = leaks(keeps_the_last)
    assert not found and "none of the 4 runs" in repr(found) and found.nbytes == 0


def test_losses_that_are_kept():
    at, losses = Training(), []
    def validate(): losses.append(at.loss())
    found = leaks(validate)
    assert {leak.category for leak in found.leaks} >= {"activations"}
    assert found.nbytes >= 16 * 32 * 4 and sum(found.graphs.values()) >= 4
    assert "losses.append(at.loss())" not in repr(found) and "def loss(self)" in repr(found)
    assert ".item()" in repr(found) and ".detach()" in repr(found) and ".item()" in found._repr_html_()

    def train():      # its activations are freed, its nodes are not
        at.optimizer.zero_grad()
        loss = at.loss()
        loss.backward()
        losses.append(loss)
        at.optimizer.step()
    found = leaks(train)
    assert found.nbytes == 4 and sum(found.graphs.values()) >= 4

    def good():
        at.step()
        losses.append(at.loss().item())
    assert not leaks(good)


def test_outputs_and_a_hook_that_keep():
    at, outputs = Training(), []
    @en.no_grad()
    def predict(): outputs.append(at.model(at.x)[:1])      # a row, and all of the memory
    found = leaks(predict, times=3)
    assert [(leak.nbytes, leak.arrays, leak.module) for leak in found.leaks] == [(192, 1, "2 (Linear)")]
    assert not found.graphs and ".clone()" in repr(found)

    seen = []
    handle = at.model[1].register_forward_hook(lambda module, args, out: seen.append(out))
    found = leaks(at.step)
    assert found and any(leak.module == "1 (ReLU)" and leak.op == "relu" for leak in found.leaks)
    assert found.graphs
    handle.remove()
    assert not leaks(at.step)
    with pytest.raises(ValueError, match="run to run"): leaks(at.step, times=1)
