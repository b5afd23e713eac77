"""`en.cuda`: streams, events, memory and PyTorch's habits, on a stand-in for CuPy (`fake_cupy`) and, where there
is one, on a GPU. And what is said where there is none, beside a PyTorch built for CPUs."""
import contextlib
import inspect
import json
import operator
import re
import sys
import threading
import time
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import cuda_on_cpu
import edunets as en
import fake_cupy
import toys
from edunets.backends import streams
from edunets.data import DataLoader, TensorDataset

CUDA = en.device("cuda")


NOTEBOOKS = Path(__file__).parents[1] / "nbs"


@pytest.fixture
def two(gpu):
    if en.cuda.device_count() < 2: pytest.skip("no second GPU")
    yield
    en.cuda.set_device(0)


@pytest.fixture
def beside():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available() or en.cuda.is_available(): pytest.skip("there is a GPU")
    return torch


@contextlib.contextmanager
def held(stream):
    "A context in which a stream does nothing until the function that it gives is called."
    gate = threading.Event()
    with en.cuda.device(stream.device): stream.queue.launch_host_func(lambda _: gate.wait(20), None)
    try: yield gate.set
    finally:
        gate.set()
        stream.synchronize()


SCRIPT = """
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(1)
torch.cuda.manual_seed_all(1)
torch.backends.cudnn.benchmark = True
torch.backends.cuda.matmul.allow_tf32 = True
if torch.cuda.is_available():
    torch.cuda.set_device(0)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    print(torch.cuda.get_device_name(0), torch.cuda.get_device_properties(0).total_memory)
torch.use_deterministic_algorithms(False)
data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randint(0, 3, (64,)))
loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True, pin_memory=torch.cuda.is_available())
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3)).to(device)
criterion = nn.CrossEntropyLoss().to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
start, end = [torch.cuda.Event(enable_timing=True) if device.type == "cuda" else None for _ in range(2)]
if start: start.record()
losses = []
for epoch in range(3):
    for x, y in loader:
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
if end:
    end.record()
    torch.cuda.synchronize()
    assert start.elapsed_time(end) > 0
losses = torch.stack(losses).cpu()
"""


def as_torch():
    "The names of a script, where `torch` is edunets."
    torch = types.SimpleNamespace(**{**vars(en), "utils": types.SimpleNamespace(data=en.data)})
    return {"torch": torch, "nn": en.nn}


def test_a_training_script_with_the_usual_first_lines(gpu, capsys):
    found = as_torch()
    exec(SCRIPT, found)
    state = found["optimizer"].state_dict()["state"]
    assert en.backends.cuda.is_built()
    assert found["device"].type == "cuda" and found["losses"].device.type == "cpu"
    assert found["losses"][-1] < found["losses"][0]
    assert all(p.is_cuda and p.get_device() == 0 for p in found["model"].parameters())
    assert {x.device.type for s in state.values() for x in s.values() if x.ndim} == {"cuda"}
    assert en.cuda.max_memory_allocated() >= en.cuda.memory_allocated() > 0
    assert "GPU" in capsys.readouterr().out or gpu == "cuda"


def test_the_same_program_gives_the_same_numbers_here_and_there(gpu):
    losses = []
    program = SCRIPT.replace("nn.Dropout(0.1)", "nn.Identity()")      # each device draws for itself
    for there in (True, False):
        source = program if there else program.replace("torch.cuda.is_available()", "False")
        found = as_torch()
        exec(source, found)
        losses.append(found["losses"])
    assert en.allclose(*losses, rtol=1e-3)      # its kernels add in another order


def test_the_pages_cell_for_a_gpu(gpu, capsys):
    cells = json.loads((NOTEBOOKS / "07e_streams.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    [source] = [source for source in sources if source.startswith("#| gpu")]
    exec(source.replace("4096", "64"), {"en": en})
    assert "ms on" in capsys.readouterr().out


def test_a_result_has_its_shape_before_its_numbers(gpu):
    side, x = en.cuda.Stream(), en.ones(3, device="cuda")
    en.cuda.synchronize()
    with held(side) as let_go:
        with en.cuda.stream(side): y = x + 1
        assert y.shape == (3,) and y.dtype is en.float32 and y.device == en.device("cuda", 0)
        assert not side.query() and en.cuda.default_stream().query()
        let_go()
        side.synchronize()
        assert side.query() and y.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("order", ["event", "stream", "record"])
def test_a_stream_waits_for_another_and_the_cpu_for_neither(gpu, order):
    side, x = en.cuda.Stream(), en.ones(3, device="cuda")
    main = en.cuda.current_stream()
    main.synchronize()
    with held(side) as let_go:
        with en.cuda.stream(side): y = x + 1
        if order == "event": main.wait_event(side.record_event())
        elif order == "stream": main.wait_stream(side)
        else:
            event = en.cuda.Event()
            event.record(side)
            event.wait()
        z = y * 10
        assert not main.query() and not side.query()
        let_go()
        assert z.tolist() == [20.0] * 3      # waits for `main` alone


def test_without_an_event_there_is_no_order(gpu):
    if gpu != "fake": pytest.skip("what lies in the memory of a GPU is not known")
    side, x = en.cuda.Stream(), en.ones(3, device="cuda")
    with held(side) as let_go:
        with en.cuda.stream(side):
            y = en.zeros(3, device="cuda")
            y.fill_(7)
        z = y * 10
        assert z.tolist() != [70.0] * 3
        let_go()
    assert y.tolist() == [7.0] * 3 and x.tolist() == [1.0] * 3


def test_one_stream_keeps_its_order(gpu):
    x, seen = en.zeros(2, device="cuda"), []
    with held(en.cuda.current_stream()):
        for _ in range(3):
            seen.append(x * 1)
            x += 1
    assert [y.tolist() for y in seen] == [[n] * 2 for n in (0.0, 1.0, 2.0)]


def test_events_know_when_they_were_reached(gpu):
    stream = en.cuda.Stream()
    start, end, plain = en.cuda.Event(enable_timing=True), en.cuda.Event(enable_timing=True), en.cuda.Event()
    assert start.query() and start.synchronize() is None
    with pytest.raises(ValueError, match="must be recorded"): start.elapsed_time(end)
    with held(stream) as let_go:
        start.record(stream)
        stream.queue.launch_host_func(lambda _: time.sleep(0.05), None)
        end.record(stream)
        plain.record(stream)
        assert not start.query() and not end.query()
        with pytest.raises(RuntimeError, match="must be completed"): start.elapsed_time(end)
        let_go()
        end.synchronize()
    assert end.query() and 50 <= start.elapsed_time(end) < 20000
    with pytest.raises(ValueError, match="enable_timing=True"): start.elapsed_time(plain)


def test_which_stream_is_current(gpu):
    default, side = en.cuda.default_stream(), en.cuda.Stream(priority=-1)
    assert en.cuda.current_stream() == default != side and default.cuda_stream == 0
    assert len({default, en.cuda.default_stream(), side}) == 2 and side.device == en.device("cuda:0")
    with en.cuda.stream(side):
        assert en.cuda.current_stream() == en.cuda.current_stream("cuda:0") == side
        with en.cuda.stream(None): assert en.cuda.current_stream() == side
        with en.cuda.stream(default): assert en.cuda.current_stream() == default
    assert en.cuda.current_stream() == default
    with pytest.raises(ZeroDivisionError), en.cuda.stream(side): 1 / 0
    assert en.cuda.current_stream() == default
    en.cuda.set_stream(side)
    en.cuda.set_stream(None)
    assert en.cuda.current_stream() == side and f"{side.cuda_stream:#x}" in repr(side)
    en.cuda.set_stream(default)
    found = []
    with en.cuda.stream(side):
        thread = threading.Thread(target=lambda: found.append(en.cuda.current_stream()))
        thread.start()
        thread.join()
    assert found == [default]


def test_a_stream_is_a_context(gpu):
    side, default = en.Stream(device="cuda", priority=-1), en.cuda.default_stream()
    x = en.ones(3, device="cuda")
    en.cuda.synchronize()
    with held(side) as let_go:
        with side as entered:
            y = x + 1
            with default, side: assert en.cuda.current_stream() == side
            assert en.cuda.current_stream() == side is entered
        assert en.cuda.current_stream() == default and default.query() and not side.query()
        let_go()
        side.synchronize()
    assert y.tolist() == [2.0] * 3 and isinstance(en.cuda.Stream(), en.Stream)
    with pytest.raises(ZeroDivisionError), side: 1 / 0
    assert en.cuda.current_stream() == default


def test_threads_that_share_a_stream_leave_it_alone(gpu):
    side, found, both = en.Stream("cuda"), [], threading.Barrier(2)

    def work():
        with side:
            both.wait(20)
            found.append(en.cuda.current_stream() == side)
            both.wait(20)
        found.append(en.cuda.current_stream() == en.cuda.default_stream())
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert found == [True] * 4


def test_an_event_of_any_device(gpu):
    start, end = (en.Event("cuda", enable_timing=True) for _ in range(2))
    start.record()
    end.record()
    end.synchronize()
    assert start.elapsed_time(end) >= 0 and isinstance(en.cuda.Event(True), en.Event)
    assert en.cuda.Event(True).options["disable_timing"] is False


def test_an_event_lies_in_the_current_stream_of_its_gpu(two):
    other, event = en.cuda.Stream(device=1), en.Event("cuda:1")
    with held(other) as let_go:
        with other, en.cuda.device(0):
            event.record()
            assert not event.query()
        let_go()


def test_streams_of_two_devices(two):
    other, x = en.cuda.Stream(device=1), en.ones(2, device="cuda:1")
    en.cuda.synchronize("cuda:1")
    with en.cuda.stream(other):
        assert en.cuda.current_device() == 1 and en.cuda.current_stream() == other
        assert en.zeros(2, device="cuda").device == en.device("cuda:1")
    assert en.cuda.current_device() == 0
    with held(other) as let_go:
        with en.cuda.stream(other): y = x + 1
        en.cuda.current_stream().wait_stream(other)      # of the first device
        assert not en.cuda.current_stream().query()
        let_go()
        en.cuda.current_stream().synchronize()
        assert y.tolist() == [2.0, 2.0]


def test_copies_between_two_gpus(two):
    here, there = en.tensor([1.0, 2.0], device="cuda:0"), en.zeros(2, device="cuda:1", requires_grad=True)
    source = (here * 3).requires_grad_()
    taken = there * 1
    taken.copy_(source)
    (taken * 2).sum().backward()
    assert str(taken.device) == "cuda:1" and taken.tolist() == [3, 6] and there.grad.tolist() == [0, 0]
    assert str(source.grad.device) == "cuda:0" and source.grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="cuda:0 and cuda:1"): here + there
    with pytest.raises(RuntimeError, match="cuda:0 and cuda:1"): here[0] + there[0]


def test_the_current_device(two):
    assert en.cuda.current_device() == 0 and en.ones(1, device="cuda").get_device() == 0
    en.cuda.set_device("cuda:1")
    en.cuda.set_device(-1)
    assert en.cuda.current_device() == 1 and en.ones(1).cuda().get_device() == 1
    en.cuda.set_device(en.device("cuda", 0))
    with en.cuda.device(1):
        x = en.rand(2, device="cuda")
        with en.cuda.device(None), en.cuda.device(-1): assert en.cuda.current_device() == 1
    assert en.cuda.current_device() == 0 and x.device == en.device("cuda:1")
    with en.cuda.device_of(x): assert en.cuda.current_device() == 1
    with en.cuda.device_of(en.ones(1)): assert en.cuda.current_device() == 0
    assert (x + 1).device == x.sum().device == x.device
    with pytest.raises(RuntimeError, match="cuda:0 and cuda:1"): x + en.ones(2, device="cuda:0")
    assert x.to("cuda:0").tolist() == x.tolist() and en.cuda.can_device_access_peer(0, 1) in (True, False)


def test_what_is_done_with_a_tensor_of_another_device_than_the_current_one(two):
    x = en.arange(3.0, device="cuda:1", requires_grad=True)
    (x.exp() * 2).sum().backward()
    assert np.allclose(x.grad.tolist(), 2 * np.exp(np.arange(3)))
    y = x.detach().clone()
    y.add_(1).mul_(2)
    y[0] = 5
    y[y > 5] = 0
    assert y.tolist() == [5.0, 4.0, 0.0] and y[1].item() == 4.0 and bool(y[0] > 4) and float(y[0]) == 5.0
    assert str(y) == "tensor([5., 4., 0.], device='cuda:1')"
    y.copy_(en.zeros(3))
    assert y.device == en.device("cuda:1") and y.sum() == 0 and en.cuda.current_device() == 0


def test_a_device_that_is_not_there_says_which_ones_are(gpu):
    for ask in (lambda: en.ones(2, device="cuda:9"), lambda: en.ones(2).to("cuda:9"),
                lambda: en.cuda.set_device(9), lambda: en.cuda.get_device_name("cuda:9"),
                lambda: en.ones(1).cuda(9), lambda: en.cuda.memory_allocated(9), lambda: en.cuda.Stream(9)):
        with pytest.raises(RuntimeError, match="invalid device ordinal(.|\n)*cuda:0"): ask()
    for ask in (en.cuda.memory_allocated, en.cuda.synchronize, en.cuda.get_device_name, en.cuda.device):
        with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"): ask("cpu")


def test_properties(gpu):
    found = en.cuda.get_device_properties(0)
    assert found.name == en.cuda.get_device_name() and isinstance(found.name, str)
    assert (found.major, found.minor) == en.cuda.get_device_capability() >= (3, 0)
    assert found.total_memory > 0 < found.multi_processor_count and found.warp_size == 32
    assert en.cuda.is_bf16_supported() == (found.major >= 8) and found.name in repr(found)


def test_memory_is_counted(gpu):
    x = en.ones(1, device="cuda")
    en.cuda.empty_cache()
    before, held_before = en.cuda.memory_allocated(), en.cuda.memory_reserved()
    en.cuda.reset_peak_memory_stats()
    x = en.zeros(1000, device="cuda", dtype=en.float64)
    y = en.zeros(1000, device="cuda", dtype=en.float64)
    with_both = en.cuda.memory_allocated()
    assert with_both - before == 2 * 8192 - 512      # blocks of 512 bytes; the first `x` is gone
    del y
    assert en.cuda.memory_allocated() == with_both - 8192      # given back at once,
    assert en.cuda.memory_reserved() >= held_before + 2 * 8192 - 512      # to the pool,
    assert en.cuda.max_memory_allocated() >= with_both
    assert en.cuda.max_memory_reserved() >= en.cuda.memory_reserved()
    en.cuda.empty_cache()
    if gpu == "fake": assert en.cuda.memory_reserved() == en.cuda.memory_allocated()      # and from it
    en.cuda.reset_peak_memory_stats()
    assert en.cuda.max_memory_allocated() == en.cuda.memory_allocated()
    free, total = en.cuda.mem_get_info()
    assert 0 < free <= total == en.cuda.get_device_properties().total_memory or gpu == "cuda"
    assert x.numel() == 1000


def test_what_is_told_of_memory(gpu):
    x = en.zeros(1 << 18, device="cuda")
    del x
    y = en.zeros(1000, device="cuda")
    stats, text = en.cuda.memory_stats(), en.cuda.memory_summary()
    assert stats["allocated_bytes.all.current"] == en.cuda.memory_allocated() >= y.nbytes
    assert stats["allocated_bytes.all.peak"] == en.cuda.max_memory_allocated() >= 1 << 20
    assert stats["reserved_bytes.all.current"] == en.cuda.memory_reserved() == en.cuda.memory_cached()
    assert stats["reserved_bytes.all.peak"] == en.cuda.max_memory_reserved() == en.cuda.max_memory_cached()
    rows = [line.split() for line in text.splitlines()]
    assert [row[0] for row in rows] == ["now", "tensors", "pool"] and "MiB" in rows[1]


def test_the_peak_is_seen_from_every_thread(gpu):
    en.ones(1, device="cuda")
    en.cuda.reset_peak_memory_stats()
    before = en.cuda.memory_allocated()
    thread = threading.Thread(target=lambda: en.zeros(4096, device="cuda").sum().item())
    thread.start()
    thread.join()
    assert en.cuda.max_memory_allocated() >= before + 4 * 4096


def test_each_device_has_its_own_memory(two):
    before = en.cuda.memory_allocated(0), en.cuda.memory_allocated(1)
    x = en.zeros(1024, device="cuda:1")
    assert en.cuda.memory_allocated("cuda:1") - before[1] == x.numel() * 4
    assert en.cuda.memory_allocated() == before[0]


def test_out_of_memory(gpu):
    too_much = 2 * en.cuda.get_device_properties().total_memory
    with pytest.raises(en.cuda.OutOfMemoryError): en.empty(too_much, dtype=en.uint8, device="cuda")
    assert en.cuda.OutOfMemoryError is en.OutOfMemoryError and en.ones(3, device="cuda").sum() == 3


def test_out_of_memory_in_three_lines(gpu):
    total, size = en.cuda.get_device_properties().total_memory, en.cuda.memory_allocated()
    held = en.empty(total // 2, dtype=en.uint8, device="cuda")
    with pytest.raises(en.OutOfMemoryError) as caught: held.clone() + held
    what, why, fix = str(caught.value).splitlines()
    assert re.fullmatch(r"(clone|copy|add)\(\): CUDA out of memory. Tried to allocate [\d.]+ [MG]iB", what)
    assert "held.clone() + held" in why and re.search(r"GPU 0 has .* tensors hold [\d.]+ [MG]iB", why)
    assert isinstance(caught.value, MemoryError) and en.cuda.memory_allocated() - size < total
    del held, caught
    en.cuda.empty_cache()
    assert en.cuda.memory_allocated() == size


def lossy(*targets):
    "A loss of classes, of which one is there not; its operands are on the GPU already."
    scores, targets = en.zeros(2, 3, device="cuda", requires_grad=True), en.tensor(targets, device="cuda")
    return lambda: en.nn.functional.cross_entropy(scores, targets)


def placed(code):
    "Something is read or written at rows of which one is there not."
    x, v = (en.ones(2, 2, device="cuda", requires_grad=True) for _ in range(2))
    i = en.tensor([0, 2], device="cuda")
    names = {"x": x, "v": v, "i": i, "j": i[:, None], "F": en.nn.functional, "en": en}
    return lambda: eval(code, names).sum()


PLACED = """x[i] x[:,i] x[i,i] x.index_select(0,i) x.take(i+2) x.gather(1,j) x.gather(0,j)
    en.take_along_dim(x,j,1) F.embedding(i,x) F.embedding_bag(i,x,i[:1]*0) x.index_add(0,i,v)
    x.index_copy(0,i,v) x.index_fill(1,i,3.0) x.scatter(1,j,v) x.scatter(0,j,2.0) x.scatter_add(1,j,v)
    x.index_put((i,),v) x.scatter_reduce(0,j,v,'amax') x.put(i+2,v[0])""".split()
WRONG = {"a class": lambda: lossy(1, 7), "beside an ignored one": lambda: lossy(-100, -1),
         **{code: lambda code=code: placed(code) for code in PLACED}}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_class_is_told_by_who_waits(gpu, what, monkeypatch):
    run = WRONG[what]()
    with held(en.cuda.current_stream()) as let_go:
        out = run()
        out.backward()
        assert not en.cuda.current_stream().query()
        let_go()
        with pytest.raises(RuntimeError, match="device-side assert(.|\n)*CUDA_LAUNCH_BLOCKING=1"): out.item()
    assert out.item() is not None      # it is told once
    run()
    with pytest.raises(RuntimeError, match="device-side assert"): en.cuda.synchronize()
    side = en.cuda.Stream()
    with side: run()
    assert en.ones(1, device="cuda").item() == 1      # not of that stream
    with pytest.raises(RuntimeError, match="device-side assert"): side.synchronize()
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", "1")
    with pytest.raises((IndexError, RuntimeError), match="out of (bounds|range)|valid range"): run()


def test_right_classes_are_not_told_of(gpu):
    for ignore in (-100, 1):
        scores = en.rand(4, 3, device="cuda", requires_grad=True)
        loss = en.nn.functional.cross_entropy(scores, en.tensor([0, 1, 2, ignore], device="cuda"),
                                              en.tensor([1.0, 2.0, 0.5], device="cuda"), ignore_index=ignore)
        loss.backward()
        twin = scores.detach().cpu().requires_grad_()
        other = en.nn.functional.cross_entropy(twin, en.tensor([0, 1, 2, ignore]),
                                               en.tensor([1.0, 2.0, 0.5]), ignore_index=ignore)
        other.backward()
        assert en.allclose(loss.cpu(), other) and en.allclose(scores.grad.cpu(), twin.grad)
    en.cuda.synchronize()


def test_memory_that_is_free_in_pieces():
    if cuda_on_cpu.COMPILER is None: pytest.skip("no C++ compiler")
    with fake_cupy.at_hand():
        en.cuda.init(), en.cuda.empty_cache()
        pieces = [en.empty(10 << 20, dtype=en.uint8, device="cuda") for _ in range(5)]
        del pieces
        with pytest.raises(en.OutOfMemoryError, match="keeps 50.00 MiB besides, 14.00 MiB are free, but not in one"):
            en.empty(30 << 20, dtype=en.uint8, device="cuda")
        en.cuda.empty_cache()
        assert en.empty(30 << 20, dtype=en.uint8, device="cuda").nbytes == 30 << 20


def test_pinned_memory(gpu):
    x = en.rand(3, 4)
    pinned = x.pin_memory()
    assert pinned.is_pinned() and not x.is_pinned() and (pinned == x).all() and pinned.device.type == "cpu"
    assert pinned.pin_memory() is pinned and pinned[1:].T.is_pinned() and not (pinned + 1).is_pinned()
    assert not pinned.cuda().is_pinned() and x.t().pin_memory().stride() == x.t().stride()
    for other in (en.ones(()), en.ones(0, 3), en.ones(2, dtype=en.bfloat16), en.tensor([True, False])):
        twin = other.pin_memory()
        assert twin.is_pinned() and twin.shape == other.shape and twin.dtype is other.dtype
        assert (twin == other).all()
    with pytest.raises(RuntimeError, match="only dense CPU tensors can be pinned"): pinned.cuda().pin_memory()
    with pytest.raises(RuntimeError, match="only dense CPU"): en.ones(2, device="meta").pin_memory()


def test_who_does_not_wait_for_a_copy_must_leave_its_source_alone(gpu):
    side, plain = en.cuda.Stream(), en.ones(3)
    pinned = plain.pin_memory()
    with held(side) as let_go, en.cuda.stream(side):
        one, two = pinned.to("cuda", non_blocking=True), plain.to("cuda", non_blocking=True)
        assert not side.query()
        pinned.fill_(7)
        plain.fill_(7)
        let_go()
        assert one.tolist() == [7.0] * 3 and two.tolist() == [1.0] * 3      # from a buffer of its own
    with en.cuda.stream(side):
        side.queue.launch_host_func(lambda _: time.sleep(0.05), None)
        three = pinned.to("cuda")      # waits
        pinned.fill_(0)
        assert three.tolist() == [7.0] * 3


def test_non_blocking_reaches_every_way_to_carry(gpu):
    side, module = en.cuda.Stream(), en.nn.Linear(3, 2)
    into = en.zeros(3, device="cuda")
    en.cuda.synchronize()
    with held(side) as let_go, en.cuda.stream(side):
        module.to("cuda", non_blocking=True)
        into.copy_(en.ones(3).pin_memory(), non_blocking=True)
        x = en.ones(3).pin_memory().cuda(non_blocking=True)
        assert not side.query()
        let_go()
        assert x.tolist() == into.tolist() == [1.0] * 3 and module.weight.is_cuda


def test_the_way_back_need_not_be_waited_for(gpu):
    side, x = en.cuda.Stream(), en.arange(6.0, device="cuda").reshape(2, 3)
    en.cuda.synchronize()
    with held(side) as let_go:
        with side:
            late = (x.t() * 2).to("cpu", non_blocking=True)
            halves = x.to("cpu", en.float16, non_blocking=True)
        assert late.is_pinned() and late.shape == (3, 2) and not side.query()
        let_go()
        side.synchronize()
    assert late.tolist() == [[0, 6], [2, 8], [4, 10]] and halves.tolist() == [[0, 1, 2], [3, 4, 5]]
    into = en.zeros(2, 3)
    with side:
        side.queue.launch_host_func(lambda _: time.sleep(0.05), None)
        into.copy_(x * 3, non_blocking=True)      # the CPU writes it, so it waits
        assert into.tolist() == [[0, 3, 6], [9, 12, 15]]
        turned = (x[None, ..., None] * 1).to("cpu", non_blocking=True, memory_format=en.channels_last)
        assert turned.flatten().tolist() == [0, 1, 2, 3, 4, 5]
    for other in (x.sum(), x[:0]): assert other.to("cpu", non_blocking=True).shape == other.shape


def test_what_comes_back_late_and_is_thrown_away_overwrites_nothing(gpu):
    side, x = en.cuda.Stream(), en.ones(1000, device="cuda")
    en.cuda.synchronize()
    with held(side) as let_go:
        with side: x.to("cpu", non_blocking=True)
        lent = len(streams.LENT)
        let_go()
        side.synchronize()
        en.ones(1, device="cuda")      # the next one who asks for memory gives it back
    assert lent == 1 and not streams.LENT


MADE = """tensor([1.]) zeros(2) ones(2,3) empty(2) full((2,),1.) arange(3) linspace(0,1,3) logspace(0,1,3) eye(2) rand(2)
    randn(2) randint(3,(2,)) randperm(3) normal(0.,1.,(2,)) zeros_like(x) ones_like(x) empty_like(x) full_like(x,1.)
    rand_like(x) randn_like(x) randint_like(x,3) zeros(2,requires_grad=True) rand(0) tril_indices(3,3)
    triu_indices(2,3,1,dtype=m.int32)""".split()
MADE = [f"m.{code}" for code in MADE] + "x.new_zeros(2) x.new_ones((2,1)) x.new_empty(2,2) x.new_full((2,),3.)".split()


@pytest.mark.parametrize("code", MADE)
def test_made_in_pinned_memory(gpu, code):
    x, pinned = en.ones(2, 2), f"{code[:-1]},pin_memory=True)"
    en.manual_seed(3)
    made = eval(pinned, {"m": en, "x": x})
    en.manual_seed(3)
    plain = eval(code, {"m": en, "x": x})
    assert made.is_pinned() and not plain.is_pinned()
    assert made.is_leaf and made.requires_grad == plain.requires_grad
    assert made.dtype is plain.dtype and made.shape == plain.shape
    assert "empty" in code or (made == plain).all()
    with pytest.raises(RuntimeError, match="only dense CPU tensors can be pinned"):
        eval(pinned.replace("True)", "True, device='cuda')"), {"m": en, "x": x})


@pytest.mark.parametrize("code", MADE)
def test_pinned_memory_is_asked_for_as_in_pytorch(beside, code):
    for m in (en, beside):
        x = m.ones(2, 2)
        assert not eval(f"{code[:-1]},pin_memory=False)", {"m": m, "x": x}).is_pinned()
        with pytest.raises(RuntimeError): eval(f"{code[:-1]},pin_memory=True)", {"m": m, "x": x})


def freed_early(stream, recorded):
    "A tensor that is read in a stream which is late, and gone before; and where the next one lies."
    x = en.full((1000,), 3.0, device="cuda")
    en.cuda.synchronize()
    place = x.data_ptr()
    with held(stream) as let_go:
        with en.cuda.stream(stream): y = x * 1
        if recorded: x.record_stream(stream)
        del x
        z = en.full((1000,), 8.0, device="cuda")
        same = z.data_ptr() == place
        en.cuda.current_stream().synchronize()
        let_go()
        stream.synchronize()
    return same, y.tolist() == [3.0] * 1000


def test_memory_that_another_stream_reads_is_kept(gpu):
    stream = en.cuda.Stream()
    for _ in range(2): assert freed_early(stream, recorded=False) == (True, False)      # overwritten
    for _ in range(2): assert freed_early(stream, recorded=True) == (False, True)
    before = en.cuda.memory_allocated()
    en.ones(1, device="cuda")      # the next one who asks for memory gives it back
    assert en.cuda.memory_allocated() == before - 4096


def test_a_view_of_memory_that_another_stream_reads(gpu):
    stream, x = en.cuda.Stream(), en.full((1000,), 3.0, device="cuda")
    en.cuda.synchronize()
    place = x.data_ptr()
    with held(stream):
        x[:500].record_stream(stream)
        del x
        assert en.ones(1000, device="cuda").data_ptr() != place


def test_a_loader_pins_its_batches(gpu):
    rows = [{"x": en.ones(2) * n, "pair": (n, "name")} for n in range(4)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for batch in DataLoader(rows, batch_size=2, pin_memory=True):
            number, name = batch["pair"]
            assert batch["x"].is_pinned() and number.is_pinned() and name == ["name", "name"]
        data = TensorDataset(en.arange(6.0), en.arange(6))
        for workers in (0, 2):
            found = [tuple(x.to("cuda", non_blocking=True) for x in batch)
                     for batch in DataLoader(data, batch_size=3, pin_memory=True, num_workers=workers)]
            assert [x.tolist() for x, _ in found] == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert not any(batch["x"].is_pinned() for batch in DataLoader(rows, batch_size=2))


class Own:
    def __init__(self, items): self.items, self.seen = items, False
    def pin_memory(self):
        self.seen = True
        return self


def test_a_batch_of_ones_own_pins_itself(gpu):
    batch = next(iter(DataLoader([1, 2], batch_size=2, collate_fn=Own, pin_memory=True)))
    assert batch.seen and batch.items == [1, 2]


def test_files_go_to_a_device(gpu, tmp_path):
    last = en.device("cuda", en.cuda.device_count() - 1)
    model = en.nn.Linear(3, 2).cuda()
    en.save(model.state_dict(), tmp_path / "model.safetensors")
    for where in (last, str(last), "cuda", {"cpu": str(last)}, lambda x, location: x.to(last)):
        loaded = en.load(tmp_path / "model.safetensors", map_location=where)
        assert loaded["weight"].is_cuda and (loaded["weight"].cpu() == model.weight.detach().cpu()).all()
    assert en.load(tmp_path / "model.safetensors")["weight"].is_cpu
    other = en.nn.Linear(3, 2).to(last)
    other.load_state_dict(en.load(tmp_path / "model.safetensors"))
    assert other.weight.device == last and (other.weight.cpu() == model.weight.cpu()).all()


def test_modules_and_optimizers_follow(gpu):
    last = en.cuda.device_count() - 1
    for where in (None, last, f"cuda:{last}", en.device("cuda", last)):
        assert en.nn.Linear(2, 2).cuda(where).weight.get_device() == (last if where is not None else 0)
    model = en.nn.Linear(2, 2)
    optimizer = en.optim.Adam(model.parameters())
    def step():
        model(en.ones(1, 2, device=model.weight.device)).sum().backward()
        optimizer.step()
    def state(): return {x.device.type for s in optimizer.state.values() for x in s.values() if x.ndim}
    step()
    assert state() == {"cpu"}
    saved = optimizer.state_dict()
    model.cuda()
    optimizer = en.optim.Adam(model.parameters())
    optimizer.load_state_dict(saved)
    assert state() == {"cuda"}
    step()
    assert model.cpu().weight.is_cpu and model.weight.grad.is_cpu


def test_the_same_seed_gives_the_same_numbers_on_every_device(gpu):
    places = ["cpu"] + [f"cuda:{n}" for n in range(en.cuda.device_count())]
    for draw in (en.rand, en.randn, lambda *size, device: en.randint(0, 9, size, device=device),
                 lambda *size, device: en.nn.functional.dropout(en.ones(size, device=device))):
        found = []
        for place in places:
            en.manual_seed(5)
            found.append(draw(4, 3, device=place).cpu())
        for other in found[1:]: assert en.allclose(found[0], other)


def test_seeds_and_states(gpu):
    en.cuda.manual_seed_all(3)
    assert en.cuda.initial_seed() == 3
    state = en.cuda.get_rng_state()
    one = en.rand(3, device="cuda")
    en.cuda.set_rng_state(state)
    assert (one == en.rand(3, device="cuda")).all() and state.device.type == "cpu"
    en.cuda.manual_seed(3)
    states = en.cuda.get_rng_state_all()
    assert (one == en.rand(3, device="cuda")).all() and len(states) == en.cuda.device_count()
    en.cuda.set_rng_state_all(states)
    assert (one == en.rand(3, device="cuda")).all()
    en.cuda.seed_all()
    assert {g.initial_seed() for g in en.cuda.default_generators} == {en.cuda.initial_seed()} != {3}
    en.cuda.seed()
    en.manual_seed(8)
    assert {g.initial_seed() for g in en.cuda.default_generators} == {8} == {en.initial_seed()}


def test_each_gpu_draws_for_itself(two):
    en.manual_seed(1)
    here = en.rand(3).tolist()
    zero, one = en.rand(3, device="cuda:0"), en.nn.functional.dropout(en.ones(99, device="cuda:1"))
    assert zero.tolist() == here
    again = en.rand(3).tolist()
    en.manual_seed(1)
    assert one.cpu().tolist() == en.nn.functional.dropout(en.ones(99)).tolist()      # the first draw of each
    en.cuda.manual_seed(5)      # of the current one
    assert en.rand(3).tolist() == again
    assert [g.initial_seed() for g in en.cuda.default_generators] == [5, 1] and en.initial_seed() == 1
    assert [g.device for g in en.cuda.default_generators] == [en.device("cuda:0"), en.device("cuda:1")]
    with en.random.fork_rng(): inside = [en.rand(2, device=f"cuda:{n}").tolist() for n in range(2)]
    assert inside == [en.rand(2, device=f"cuda:{n}").tolist() for n in range(2)]


def test_a_generator_of_a_gpu(gpu):
    g = en.Generator(device="cuda").manual_seed(4)
    assert g.device == en.device("cuda:0") and g.clone_state().device == g.device
    state = g.get_state()
    drawn = en.randn(3, generator=g, device="cuda"), en.zeros(3, device="cuda").uniform_(generator=g)
    g.set_state(state)
    assert (drawn[0] == en.randn(3, generator=g, device="cuda")).all() and drawn[1].is_cuda
    with pytest.raises(RuntimeError, match="invalid device ordinal"): en.Generator("cuda:9")


def test_nobody_waits_for_a_draw(gpu):
    side = en.cuda.Stream()
    en.rand(1, device="cuda")
    with held(side) as let_go, side:
        x = en.rand(3, device="cuda") + en.randn(3, device="cuda")
        y = en.nn.functional.dropout(x)
        assert not side.query()
        let_go()
        assert y.shape == (3,)


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("drawn_before", [True, False])
def test_a_checkpoint_draws_again_on_a_gpu(gpu, reentrant, drawn_before):
    from edunets.utils.checkpoint import checkpoint
    en.random.GENERATORS.pop(en.device("cuda:0"), None)
    if drawn_before: en.rand(3, device="cuda")
    x = en.ones(50, device="cuda", requires_grad=True)
    y = checkpoint(lambda x: en.nn.functional.dropout(x) * 3, x, use_reentrant=reentrant)
    after = en.rand(3, device="cuda")
    state = en.cuda.get_rng_state()
    y.sum().backward()
    assert x.grad.tolist() == y.tolist() and (en.cuda.get_rng_state() == state).all() and after.is_cuda


def test_a_training_goes_on_with_the_draws_of_the_gpu(gpu, tmp_path):
    net = en.nn.Sequential(en.nn.Linear(2, 2), en.nn.Dropout()).cuda()
    rows = TensorDataset(en.ones(4, 2, device="cuda"), en.ones(4, 2, device="cuda"))
    learner = en.data.Learner(net, en.nn.functional.mse_loss, en.optim.SGD(net.parameters(), lr=0.1),
                              DataLoader(rows, batch_size=2), progress=False)
    learner.fit(1)
    en.save(learner.state_dict(), tmp_path / "state.safetensors")
    drawn = en.rand(3, device="cuda").tolist()
    en.manual_seed(0)
    learner.load_state_dict(en.load(tmp_path / "state.safetensors"))
    assert en.rand(3, device="cuda").tolist() == drawn


def test_a_trace_does_not_make_a_generator_anew(gpu):
    en.random.GENERATORS.pop(en.device("cuda:0"), None)
    with toys.Trace() as trace: x = en.rand(2, device="cuda")
    assert len({tuple(trace.replay(x)[0].tolist()) for _ in range(3)}) == 3


def test_the_accelerator_is_the_gpu(gpu):
    a = en.accelerator
    assert a.is_available() and a.device_count() == en.cuda.device_count()
    assert a.current_accelerator() == CUDA and en.ones(1, device=a.current_accelerator()).is_cuda
    assert a.current_device_index() == 0 and a.current_stream() == en.cuda.current_stream()
    side = en.cuda.Stream()
    a.set_stream(side)
    assert en.cuda.current_stream() == side
    a.set_stream(en.cuda.default_stream())
    a.synchronize()
    assert a.memory_allocated() == en.cuda.memory_allocated()
    assert a.get_memory_info() == en.cuda.mem_get_info()


class Branches(en.nn.Module):
    "Takes and gives containers, and has a parameter, a buffer and a weight that is used twice."
    def __init__(self):
        super().__init__()
        self.linear, self.norm = en.nn.Linear(3, 4), en.nn.BatchNorm1d(4)
        self.again = en.nn.Linear(3, 4)
        self.again.weight = self.linear.weight

    def forward(self, batch, factor=1.0, names=()):
        y = self.norm(self.linear(batch["x"])) * factor + self.again(batch["x"])
        return {"y": y, "parts": (y[:, :1], [y.sum(), None])}


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_data_parallel(gpu, rows):
    en.manual_seed(0)
    plain, x = Branches().eval(), en.rand(rows, 3)
    model = en.nn.DataParallel(Branches().eval())
    assert list(model.state_dict()) == ["module." + name for name in plain.state_dict()]
    model.module.load_state_dict(plain.state_dict())
    model.cuda()
    wanted, found = plain({"x": x}, factor=2.0), model({"x": x}, factor=2.0, names=("a", "b"))
    assert found["y"].get_device() == 0 and en.allclose(found["y"].cpu(), wanted["y"], atol=1e-6)
    assert found["parts"][0].shape == (rows, 1) and found["parts"][1][1] is None
    gpus = en.cuda.device_count()
    assert found["parts"][1][0].shape == ((min(rows, gpus),) if gpus > 1 else ())
    assert en.allclose(found["parts"][1][0].sum().cpu(), wanted["parts"][1][0], atol=1e-5)
    wanted["y"].square().sum().backward()
    found["y"].square().sum().backward()
    for p, q in zip(plain.parameters(), model.parameters()):
        assert q.grad.get_device() == 0 and en.allclose(p.grad, q.grad.cpu(), atol=1e-4)


def test_data_parallel_keeps_what_the_first_gpu_counts(two):
    model = en.nn.DataParallel(Branches(), output_device=1).cuda()
    out = model({"x": en.rand(6, 3)})
    assert model.module.norm.num_batches_tracked == 1 and model.module.norm.running_mean.abs().sum() > 0
    assert out["y"].get_device() == 1 and model.device_ids == [0, 1]
    assert en.nn.DataParallel(Branches(), device_ids=[1]).module.linear.weight.get_device() == 1
    with pytest.raises(RuntimeError, match="cuda:0 .device_ids.0.. but found one of them on device: cpu"):
        en.nn.DataParallel(Branches())({"x": en.rand(6, 3)})


def test_memory_without_a_gpu(beside):
    assert all(row.split()[1:] == ["0", "bytes"] * 2 for row in en.cuda.memory_summary().splitlines()[1:])


def test_data_parallel_without_a_gpu(beside):
    for m in (en, beside):
        model = m.nn.DataParallel(m.nn.Linear(2, 3), device_ids=[0, 1])
        assert model(m.ones(4, 2)).shape == (4, 3) and model.device_ids == []
        assert list(model.state_dict()) == ["module.weight", "module.bias"]


def test_nobody_loads_cuda_who_does_not_ask(gpu):
    if gpu != "fake": pytest.skip("a GPU was asked for already")
    assert not en.cuda.is_initialized() and en.cuda.memory_allocated() == en.cuda.max_memory_reserved() == 0
    en.ones(3).sum().item(), en.manual_seed(0), en.cuda.empty_cache(), en.cuda.reset_peak_memory_stats()
    assert not en.cuda.is_initialized()
    assert en.cuda.is_available() and en.cuda.is_initialized()


ANSWERS = """m.cuda.is_available() m.cuda.device_count() m.cuda.is_initialized()
    m.cuda.is_bf16_supported() m.cuda.memory_allocated() m.cuda.max_memory_allocated() m.cuda.memory_reserved() m.cuda.max_memory_reserved()
    m.cuda.empty_cache() m.cuda.manual_seed(1) m.cuda.manual_seed_all(1) m.cuda.seed() m.cuda.seed_all()
    m.cuda.get_rng_state_all() m.cuda.set_rng_state_all([]) m.cuda.set_device(-1) m.cuda.set_stream(None)
    m.cuda.stream(None).__enter__() m.cuda.device_of(m.ones(1)).__enter__() m.ones(1).is_pinned() m.ones(1).is_cuda
    m.ones(1).is_cpu m.ones(1).is_meta m.ones(1,device='meta').is_meta m.ones(1).get_device()
    m.ones(1,device='meta').get_device() m.ones(1).to('cpu',non_blocking=True).tolist()
    m.accelerator.is_available() m.accelerator.device_count() m.accelerator.current_accelerator()
    m.accelerator.current_accelerator(check_available=True) m.backends.cuda.is_built()
    m.backends.mps.is_available() m.backends.cudnn.is_available() m.backends.cudnn.version()
    m.mps.is_available() m.mps.device_count() m.mps.manual_seed(1) m.version.hip m.version.debug m.cuda.default_generators
    m.cuda.set_rng_state(m.get_rng_state()) dict(m.cuda.memory_stats()) m.cuda.memory_cached() m.cuda.max_memory_cached()""".split()
REFUSALS = """m.cuda.synchronize() m.cuda.current_device() m.cuda.get_device_name() m.cuda.get_device_properties(0)
    m.cuda.get_device_capability() m.cuda.Stream() m.cuda.Event() m.cuda.Event(enable_timing=True)
    m.cuda.current_stream() m.cuda.default_stream(0) m.cuda.mem_get_info() m.cuda.initial_seed()
    m.cuda.init() m.Stream('cuda') m.Event('cuda') m.Generator('cuda')
    m.cuda.get_rng_state() m.cuda.can_device_access_peer(0,1) m.ones(1).pin_memory()
    m.ones(1).cuda() m.ones(1).to('cuda') m.zeros(1,device='cuda') m.nn.Linear(1,1).cuda() m.cuda.device('cpu')
    m.ones(1,device='meta').pin_memory() m.accelerator.synchronize() m.accelerator.current_device_index()
    m.accelerator.set_device_index(0) m.accelerator.current_stream() m.accelerator.empty_cache()
    m.accelerator.memory_allocated() m.accelerator.get_memory_info() m.accelerator.reset_peak_memory_stats()
    m.mps.synchronize() m.mps.empty_cache() m.mps.current_allocated_memory() m.mps.driver_allocated_memory() m.mps.seed()
    m.mps.recommended_max_memory() m.mps.get_rng_state() m.mps.set_per_process_memory_fraction(0.5)""".split()


@pytest.mark.parametrize("code", ANSWERS)
def test_answers_without_a_gpu_are_pytorchs(beside, code):
    ours, theirs = (eval(code, {"m": m}) for m in (en, beside))
    assert ours == theirs and type(ours) is type(theirs)


@pytest.mark.parametrize("code", REFUSALS)
def test_refusals_without_a_gpu_are_pytorchs(beside, code):
    with pytest.raises(Exception) as theirs: eval(code, {"m": beside})
    with pytest.raises(theirs.type, match="Try: "): eval(code, {"m": en})


def test_seeding_gpus_where_there_is_none_leaves_the_cpu_alone(beside):
    for m in (en, beside):
        m.manual_seed(4)
        wanted = m.rand(3).tolist()
        m.manual_seed(4)
        m.cuda.manual_seed(9), m.cuda.manual_seed_all(9)
        assert m.rand(3).tolist() == wanted


@pytest.mark.parametrize("count", [lambda: 0, lambda: 1 / 0])
def test_a_broken_installation_is_no_gpu(monkeypatch, count):
    broken = types.ModuleType("cupy")
    runtime = types.SimpleNamespace(getDeviceCount=count, CUDARuntimeError=OSError)
    broken.cuda = types.SimpleNamespace(runtime=runtime)
    broken.ndarray, broken.__version__ = fake_cupy.ndarray, "0"
    monkeypatch.setitem(sys.modules, "cupy", broken)
    assert not en.cuda.is_available() and en.cuda.device_count() == 0 and not en.cuda.is_initialized()
    assert en.accelerator.current_accelerator() is None


def test_versions():
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed: make test CUDA=1")
    assert re.fullmatch(r"1\d\.\d+", en.version.cuda) and en.version.__version__ == en.__version__
    assert int(en.version.cuda.split(".")[0]) == cupy.cuda.runtime.runtimeGetVersion() // 1000


def test_without_cupy_there_is_no_cuda(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setitem(sys.modules, "cupy.cuda", None)
    assert en.version.cuda is None


def documented(function):
    "The parameters of a function of CuPy's, by Python or by the first line of what it says of itself; or None."
    if inspect.isclass(function): function = function.__init__
    try: return [name for name in inspect.signature(function).parameters if name != "self"]
    except (TypeError, ValueError): pass
    name, _, rest = (function.__doc__ or "").partition("(")
    if not name.endswith(function.__name__): return None
    words = [word.partition("=")[0].split() for word in rest.partition(")")[0].split(",")]
    return [word[-1] for word in words if word and word[-1] not in ("self", "*")]


@pytest.mark.parametrize("name", fake_cupy.USED)
def test_what_the_stand_in_offers_is_cupys(name):
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed: make test CUDA=1")
    real = operator.attrgetter(name)(cupy)
    if name.startswith("ndarray.") and not callable(real): return      # of an object, not of the class
    ours = operator.attrgetter(name)(fake_cupy.module)
    theirs = documented(real) if callable(real) and callable(ours) else None
    if theirs is not None and not issubclass(type(ours), type) or name in ("cuda.Stream", "cuda.Event"):
        assert documented(ours) == theirs
