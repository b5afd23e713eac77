"""PyTorch's names for profiling: programs in the manner of its recipe and of its TensorBoard tutorial run on both libraries, and tell the same."""
import inspect
import itertools
import json
import os
import re
import textwrap
import warnings

import pytest

os.environ.setdefault("KINETO_LOG_LEVEL", "99")      # PyTorch's recorder speaks at each start
torch = pytest.importorskip("torch")

import torch.profiler

import cuda_on_cpu
import edunets as en
import edunets.autograd.profiler
import fake_cupy
from edunets import nn
from edunets.profiler import recorder
from edunets.table import HANDLERS

PROGRAMS = {}


def program(text):
    "Keep a program under the name in its first line."
    name, _, code = textwrap.dedent(text).strip().partition("\n")
    PROGRAMS[name.removeprefix("# ")] = code


def run(lib, code, folder):
    "What a program leaves in `result`; for edunets, `torch` is another word in its import lines."
    if lib is en:
        code = re.sub(r"(?m)^(import|from) torch\b(.*)$", r"\1 edunets\2", code)
        code = code.replace("import edunets\n", "import edunets as torch\n")
        code = re.sub(r"(?m)^import edunets\.(\S+)$", r"import edunets.\1", code)
    scope = {"__name__": "program", "folder": str(folder)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code, scope)
    return scope["result"]


program("""
    # recipe: time, by name and by shapes
    import torch
    from torch import nn
    from torch.profiler import profile, record_function, ProfilerActivity

    model = nn.Sequential(nn.Linear(12, 24), nn.Tanh(), nn.Linear(24, 3), nn.ReLU(), nn.Sigmoid())
    inputs = torch.ones(5, 12)
    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        device = "cuda"
        activities += [ProfilerActivity.CUDA]
    elif torch.xpu.is_available():
        device = "xpu"
        activities += [ProfilerActivity.XPU]
    else: device = "cpu"

    with profile(activities=activities, record_shapes=True) as prof:
        with record_function("inference"):
            for _ in range(3): model(inputs)

    averages = prof.key_averages()
    by_shape = prof.key_averages(group_by_input_shape=True)
    texts = [averages.table(sort_by=key, row_limit=4) for key in
             ("cpu_time_total", "self_cpu_time_total", "cpu_time", "count", "self_cpu_memory_usage",
              f"{device}_time_total", f"self_{device}_time_total")]
    heads = [re.split(r"  +", text.splitlines()[1].strip()) for text in texts]
    rows = {row.key: row for row in averages}
    outer = rows["inference"]
    linear = [row for row in by_shape if row.key.endswith("linear")]
    events = prof.events()
    times = [event.time_range.start for event in events]
    result = (heads, [len(text.splitlines()) for text in texts], outer.count,
              outer.cpu_time_total > outer.self_cpu_time_total > 0,
              outer.cpu_time_str == outer.cpu_time_total_str,
              [(row.count, row.input_shapes[:3]) for row in linear],
              rows["inference"].input_shapes, times == sorted(times),
              sum(row.count for row in averages) == len(events),
              abs(averages.self_cpu_time_total - events.total_average().self_cpu_time_total) < 1,
              events.total_average().key, texts[0].splitlines()[-1].partition(":")[0],
              "Input Shapes" in by_shape.table(), "INFERENCE" in averages.table(header="INFERENCE").upper(),
              [row.split()[0] for row in averages.table(sort_by="cpu_time_total", row_limit=1).splitlines()[3:4]])
""".replace("import torch\n", "import re\n    import torch\n", 1))

program("""
    # recipe: a schedule
    import torch
    from torch.profiler import profile, schedule, ProfilerActivity

    model, inputs, told = torch.nn.Linear(6, 4), torch.ones(2, 6), []

    def trace_handler(prof):
        steps = [event.trace_name for event in prof.events() if event.name == "ProfilerStep*"]
        row = next(row for row in prof.key_averages() if row.key == "ProfilerStep*")
        told.append((prof.step_num, steps, row.count))

    def train(steps, **arguments):
        told.clear()
        with profile(activities=[ProfilerActivity.CPU], on_trace_ready=trace_handler, **arguments) as prof:
            for _ in range(steps):
                model(inputs).sum().backward()
                prof.step()
        return list(told), prof.step_num, prof.current_action.name

    result = [train(steps, schedule=schedule(**plan)) for steps in (0, 1, 2, 5, 8, 13) for plan in (
        dict(wait=1, warmup=1, active=2), dict(wait=0, warmup=0, active=1),
        dict(wait=2, warmup=1, active=2, repeat=1), dict(skip_first=3, wait=1, warmup=1, active=3, repeat=2),
        dict(skip_first=2, wait=3, warmup=1, active=1, skip_first_wait=1), dict(wait=1, warmup=2, active=1))]
""")

program("""
    # recipe: steps by hand, and cycles that are kept
    import torch
    from torch.profiler import profile, schedule, ProfilerAction, ProfilerActivity

    x = torch.ones(3)
    def calls(prof, name): return sum(row.count for row in prof.key_averages() if row.key.endswith(name))

    by_hand = profile(activities=[ProfilerActivity.CPU])
    by_hand.start()
    for _ in range(4): x + x
    by_hand.stop()

    def odd(step): return ProfilerAction.RECORD_AND_SAVE if step % 2 else ProfilerAction.NONE
    with profile(activities=[ProfilerActivity.CPU], schedule=odd, acc_events=True) as kept:
        for step in range(6):
            x * x
            kept.step()
    with profile(activities=[ProfilerActivity.CPU], schedule=odd) as last:
        for step in range(6):
            x * x
            last.step()

    never = profile(activities=[ProfilerActivity.CPU], schedule=schedule(wait=100, warmup=1, active=1))
    refused = []
    for ask in (lambda: never.key_averages(), lambda: never.events(), lambda: never.stop(),
                lambda: never.export_chrome_trace("nowhere"), lambda: never.export_stacks("nowhere"),
                lambda: by_hand.export_stacks("nowhere"), lambda: by_hand.key_averages().table(sort_by="beauty"),
                lambda: by_hand.events().export_stacks("nowhere", "beauty"), lambda: profile(activities=[]),
                lambda: profile(activities=["cpu"]), lambda: profile(activities=[ProfilerActivity.CPU, "cpu"]),
                lambda: profile(activities=[ProfilerActivity.CPU] * 2), lambda: profile(beauty=1),
                lambda: profile([ProfilerActivity.CPU]), lambda: schedule(wait=1, warmup=1, active=0),
                lambda: schedule(wait=-1, warmup=1, active=1), lambda: schedule(1, 1, 1),
                lambda: schedule(wait=1, warmup=1, active=1)(-1), lambda: schedule(wait=1)):
        try: refused.append(ask() and None)
        except Exception as problem: refused.append(type(problem))
    result = (calls(by_hand, "add"), calls(kept, "mul"), calls(last, "mul"), calls(kept, "ProfilerStep*"), refused,
              [action.name for action in ProfilerAction], [action.value for action in ProfilerAction])
""")

program("""
    # tensorboard: a loader, a model, and files for each cycle
    import gzip
    import json
    import os
    import re
    import torch
    import torch.nn
    import torch.optim
    import torch.profiler
    import torch.utils.data
    from torch.autograd.profiler import record_function

    images, labels = torch.ones(40, 1, 6, 6), torch.zeros(40, dtype=torch.int64)
    train_set = torch.utils.data.TensorDataset(images, labels)
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=2)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 5))
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

    def train(data):
        with record_function("forward"): loss = criterion(model(data[0]), data[1])
        optimizer.zero_grad()
        with record_function("backward pass"): loss.backward()
        optimizer.step()

    def profiled(name, repeat, **arguments):
        path = os.path.join(folder, "log", name)
        handler = torch.profiler.tensorboard_trace_handler(path, **arguments)
        plan = torch.profiler.schedule(wait=1, warmup=1, active=3, repeat=repeat)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], schedule=plan,
                                    on_trace_ready=handler, record_shapes=True, profile_memory=True,
                                    with_stack=True, with_flops=True, with_modules=True) as prof:
            prof.preset_metadata_json("plan", "[1, 1, 3]")
            for step, batch_data in enumerate(train_loader):
                prof.step()      # as in the tutorial: at the beginning of a step
                if step >= (1 + 1 + 3) * 2: break
                train(batch_data)
        return path, prof.step_num

    def looked_at(path, steps):
        found = []
        for name in sorted(os.listdir(path)):
            with (gzip.open if name.endswith("gz") else open)(os.path.join(path, name), "rt") as file:
                trace = json.load(file)
            names = [event.get("name", "") for event in trace["traceEvents"] if event.get("ph") == "X"]
            counts = {name: names.count(name) for name in ("forward", "backward pass")}
            marks = sorted({name for name in names if name.startswith("ProfilerStep#")})
            found.append((re.sub("[0-9]{10,}", "TIME", name), marks, counts, trace["plan"]))
        return found, steps

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as plain:
        model(images)
        plain.add_metadata("note", "a word of mine")
        plain.add_metadata_json("sizes", '{"batch": [2, null]}')
    plain.export_chrome_trace(os.path.join(folder, "plain.json"))
    with open(os.path.join(folder, "plain.json")) as file: said = json.load(file)

    own = looked_at(*profiled("own", 2))
    this = f"{__import__('socket').gethostname()}_{os.getpid()}"
    result = (looked_at(*profiled("named", 1, worker_name="w0")), looked_at(*profiled("zipped", 2, use_gzip=True)),
              [len(own[0]), own[1], all(name.startswith(this) for name, *_ in own[0])],
              said["note"], said["sizes"])
""")

program("""
    # recipe: memory
    import torch
    from torch.profiler import profile, record_function, ProfilerActivity

    x = torch.ones(1000)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, record_shapes=True) as prof:
        with record_function("allocate"):
            y = x.exp()
            z = y * y
        with record_function("free"): del y
        with record_function("both"): x.sin() + z
    rows = {row.key.rpartition(":")[2]: row for row in prof.key_averages()}
    text = prof.key_averages().table(sort_by="self_cpu_memory_usage", row_limit=1)
    result = ([rows[name].cpu_memory_usage for name in ("exp", "mul", "allocate", "free", "both")],
              [rows[name].self_cpu_memory_usage for name in ("exp", "allocate", "free")],
              "CPU Mem  Self CPU Mem    # of Calls" in text, "Mem" in prof.key_averages().table())
""")

program("""
    # module: the old place of the profiler
    import torch
    from torch import nn
    import torch.autograd.profiler as profiler
    from torch.autograd.profiler import record_function

    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(20, 5)
        def forward(self, x, mask):
            with profiler.record_function("LINEAR"): out = self.linear(x)
            with record_function("MASK"): return out, (mask > out.sum(dim=1).mean()).nonzero(as_tuple=True)

    model, x, mask = Masked(), torch.ones(4, 20), torch.ones(6, 6)
    with profiler.profile(record_shapes=True) as prof: model(x, mask)
    with profiler.profile(enabled=False) as nothing: model(x, mask)
    rows = {row.key: row for row in prof.key_averages()}
    text = prof.key_averages(group_by_stack_n=5).table(sort_by="self_cpu_time_total", row_limit=2)
    result = (rows["LINEAR"].count, rows["MASK"].count, nothing, len(text.splitlines()),
              prof.self_cpu_time_total > 0, prof.total_average().key, len(prof.function_events) == len(list(prof.function_events)),
              str(prof) == prof.table(), prof.table(row_limit=0) == prof.key_averages().table(row_limit=0),
              str(profiler.profile()), [event.name for event in prof.function_events if event.name.isupper()])
""")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_on_both(name, tmp_path):
    found = []
    for lib in (en, torch):
        (tmp_path / lib.__name__).mkdir()
        found.append(run(lib, PROGRAMS[name], tmp_path / lib.__name__))
    assert found[0] == found[1]
    assert not recorder.LISTENING and not recorder.UNDO


def test_the_schedule_is_the_same_function():
    for wait, warmup, active, repeat, first, first_wait in itertools.product(
            (0, 1, 4), (0, 1, 3), (1, 2, 5), (0, 1, 3), (0, 7), (0, 1)):
        plan = dict(wait=wait, warmup=warmup, active=active, repeat=repeat, skip_first=first,
                    skip_first_wait=first_wait)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            ours, theirs = en.profiler.schedule(**plan), torch.profiler.schedule(**plan)
        assert [str(w.message) for w in told[::2]] == [str(w.message) for w in told[1::2]]
        assert len(told) == 2 * (warmup == 0)
        for step in (*range(60), 997, 10 ** 6, 10 ** 9 + 1): assert ours(step).name == theirs(step).name


# names of PyTorch's that are not here: methods of profiles and of what they give
LACKING = {
    "profile": "toggle_collection_dynamic get_trace_id set_custom_trace_id_callback export_memory_timeline",
    "autograd.profiler.profile": "config create_trace_id default_trace_id toggle_collection_dynamic",
}


def parameters(called):
    return {name: p.default for name, p in inspect.signature(called).parameters.items()
            if p.kind is not p.VAR_KEYWORD and name != "self"}


def test_names_and_arguments_are_pytorchs():
    for name in torch.profiler.__all__:
        theirs = getattr(torch.profiler, name)
        if name == "ExecutionTraceObserver":
            with pytest.raises(AttributeError, match="recorder in C"): en.profiler.ExecutionTraceObserver
            continue
        ours = getattr(en.profiler, name)
        if name in ("ProfilerActivity", "ProfilerAction"):
            said = {key: int(getattr(value, "value", value)) for key, value in theirs.__members__.items()}
            assert {x.name: x.value for x in ours} == said
        elif name not in ("DeviceType", "kineto_available"):
            mine, them = parameters(ours), parameters(theirs)
            more = {"memory", "stack", "max_events"} if name == "profile" else set()
            assert set(mine) - set(them) == more
            assert [key for key in mine if key in them] == list(them) and mine | them == mine, name
    for x in en.profiler.DeviceType: assert int(getattr(torch.profiler.DeviceType, x.name)) == x.value
    assert parameters(en.autograd.profiler.profile) == parameters(torch.autograd.profiler.profile)


def public(kind): return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize("place", ["profile", "autograd.profiler.profile"])
def test_methods_and_their_arguments_are_pytorchs(place):
    def kind(lib): return getattr(lib.profiler if place == "profile" else lib.autograd.profiler, "profile")
    ours, theirs = kind(en), kind(torch)
    assert public(theirs) - public(ours) == set(LACKING[place].split())
    for name in public(theirs) & public(ours):
        if (place, name) == ("autograd.profiler.profile", "export_chrome_trace"): continue      # `metadata`
        if callable(getattr(theirs, name)):
            assert list(parameters(getattr(theirs, name))) == list(parameters(getattr(ours, name))), name


def test_an_event_and_an_average_have_pytorchs_names():
    def given(lib):
        with lib.profiler.profile(activities=[lib.profiler.ProfilerActivity.CPU]) as prof: lib.ones(2) + 1
        return prof.events()[-1], prof.key_averages()[-1], prof.events()
    ours, theirs = given(en), given(torch)
    lacking = [public(them) - public(mine) for mine, them in zip(ours, theirs)]
    assert lacking[0] == set("""activity_type append_cpu_child append_kernel concrete_inputs cuda_time
        cuda_time_total device_index device_resource_id event_metadata external_id flow_id flow_start flow_type
        fwd_thread input_dtypes is_python_function kwinputs linked_correlation_id metadata_json python_id python_module_id python_parent_id
        self_cpu_percent self_cuda_memory_usage self_cuda_time_total set_cpu_parent structured_input_shapes
        structured_input_strides total_cpu_percent total_device_percent""".split())      # of C++, of GPUs, deprecated
    assert lacking[1] == {"cuda_time"}
    assert lacking[2] == {"export_chrome_trace", "supported_export_stacks_metrics"}
    for name in ("key_averages", "table", "export_stacks", "total_average"):
        mine, them = (parameters(getattr(found[2], name)) for found in (ours, theirs))
        assert list(mine) == list(them) and all(them[key] == mine[key] for key in them if name == "table")


def test_the_text_of_a_table_is_pytorchs():
    "The same numbers in both classes of average print the same text."
    from torch.autograd import profiler_util
    from edunets.profiler import recipes

    def rows(place):
        found = []
        for n, (key, us) in enumerate([("a", 1.5), ("a_name_that_is_longer", 2500.0), ("", 3e6), ("z", 0)]):
            row = place.FunctionEventAvg()
            row.key, row.count, row.cpu_time_total, row.self_cpu_time_total = key, n + 1, us * 2, us
            row.node_id, row.overload_name, row.input_shapes, row.is_user_annotation = -1, "", [[n]], False
            row.stack, row.flops = ["x" * 50 + ".py(1): f", "b"][n % 2:], n * 7 * 1000 ** n
            found.append(row)
        return found
    for with_flops, stack, shapes in itertools.product((False, True), repeat=3):
        ours, theirs = rows(recipes), rows(profiler_util)
        for row in ours + theirs:
            if not stack: row.stack = []
            if not shapes: row.input_shapes = ""
        ours = recipes.EventList(ours, with_flops=with_flops)
        theirs = profiler_util.EventList(theirs, with_flops=with_flops)
        for arguments in ({}, dict(sort_by="cpu_time_total", row_limit=2), dict(header="head", row_limit=-1),
                          dict(top_level_events_only=True, time_unit="ms"), dict(row_limit=0, time_unit="s"),
                          dict(max_name_column_width=12, max_src_column_width=20, sort_by="count"),
                          dict(max_name_column_width=None, max_src_column_width=None,
                               max_shapes_column_width=None, sort_by="cuda_time")):
            said = theirs.table(**arguments)
            if stack and with_flops: continue      # there the last column gets further lines of a stack
            found = ours.table(**arguments)
            assert [line.rstrip() for line in found.splitlines()] == [
                line.rstrip() for line in said.splitlines()], arguments


def test_what_is_waited_for_costs_nothing_and_is_seen_by_its_loader():
    "While it waits nothing is kept; a loader's epoch that has begun then is seen in the active steps."
    data = en.data.TensorDataset(en.arange(48).float())
    plan = en.profiler.schedule(wait=2, warmup=1, active=2, repeat=1)
    counts, before = [], dict(HANDLERS)
    with en.profiler.profile(schedule=plan) as prof:
        for (batch,) in en.data.DataLoader(data, batch_size=4):
            batch + 1
            counts.append(len(prof.spans))
            prof.step()
    assert counts[:3] == [0, 0, 0] and counts[3] > 0 and counts[-1] == counts[6] and HANDLERS == before
    names = [event.name for event in prof.spans]
    assert names.count("add") == 2 == names.count("DataLoader.next") and not recorder.LISTENING


def test_a_handler_that_fails_leaves_nothing_behind():
    def fails(prof): raise ZeroDivisionError
    before = dict(HANDLERS)
    plan = en.profiler.schedule(wait=0, warmup=1, active=1)
    for steps in (1, 2):      # at the end, and in step()
        with pytest.raises(ZeroDivisionError):
            with en.profiler.profile(schedule=plan, on_trace_ready=fails) as prof:
                for _ in range(steps): prof.step()
        assert HANDLERS == before and not recorder.LISTENING and not recorder.PROFILES.get()


def test_one_object_answers_to_both():
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    with en.profiler.profile(with_modules=True, with_flops=True) as prof: model(en.ones(2, 8))
    rows = {row.key: row for row in prof.key_averages()}
    assert {"Sequential", "0 (Linear)", "1 (ReLU)", "linear", "relu"} == set(rows) - {"full"}
    assert rows["linear"].flops >= 2 * 2 * 8 * 8 and rows["Sequential"].flops == 0
    assert [event.name for event in prof.spans if event.category == "op"] == ["full", "linear", "relu"]
    assert "linear" in str(prof.table()) and "0 (Linear)" in str(prof.module_table())
    with pytest.raises(RuntimeError, match="this profile is on"), prof:
        with prof: pass
    with pytest.raises(NotImplementedError, match="custom_trace_id_callback"):
        en.profiler.profile(custom_trace_id_callback=str)


def test_stacks_name_the_lines(tmp_path):
    def inner(x): return x.exp()
    def outer(x): return inner(x)
    x = en.ones(50_000)
    with en.profiler.profile(with_stack=True) as prof: outer(x)
    exp = next(event for event in prof.events() if event.name == "exp")
    assert [line.rpartition(".")[2] for line in exp.stack] == ["inner", "outer"]
    assert all(re.match(rf"{re.escape(__file__)}\(\d+\): ", line) for line in exp.stack)
    assert exp.cpu_parent.name.endswith("inner") and exp.cpu_parent.cpu_children == [exp]
    assert __file__[-20:] in prof.key_averages(group_by_stack_n=2).table()
    prof.export_stacks(tmp_path / "stacks.txt")
    lines = (tmp_path / "stacks.txt").read_text().splitlines()
    assert any(re.fullmatch(r".*outer;.*inner \d+", line) for line in lines)


def test_metadata_may_have_any_letters(tmp_path):
    "PyTorch's file is no JSON where a text has a quotation mark in it."
    with en.profiler.profile() as prof: en.ones(2)
    prof.add_metadata("note", 'a "word"\n\u00e9')
    prof.export_chrome_trace(tmp_path / "trace.json")
    found = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert found["note"] == 'a "word"\n\u00e9' and found["traceEvents"]


def test_what_ran_on_a_gpu_is_counted_where_it_was_launched():
    if cuda_on_cpu.COMPILER is None: pytest.skip("no C++ compiler")
    with fake_cupy.at_hand():
        x = en.ones(200, 200, device="cuda")
        assert en.profiler.ProfilerActivity.CUDA in en.profiler.supported_activities()
        with en.profiler.profile() as prof:
            with en.profiler.record_function("outer"): (x @ x).exp()
        rows = {row.key: row for row in prof.key_averages()}
        kernels = [s for s in prof.spans if s.category == "kernel"]
        assert len(kernels) == 2 and set(rows) == {"outer", "matmul", "exp"}
        matmul = rows["matmul"]
        assert matmul.self_device_time_total == matmul.device_time == kernels[0].duration / 1000
        total = sum(s.duration for s in kernels) / 1000
        outer = rows["outer"]
        assert outer.device_time_total == pytest.approx(total) and outer.self_device_time_total == 0
        text = prof.key_averages().table(sort_by="cuda_time_total", row_limit=1)
        assert "Self CUDA   Self CUDA %    CUDA total  CUDA time avg" in text
        assert text.splitlines()[3].split()[0] == "outer" and "Self CUDA time total: " in text
