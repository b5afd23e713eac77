"""Measure several systems side by side: a process each, short blocks in shuffled order, medians of ratios.

A process each, because thread pools that share one slow each other down. Short interleaved blocks, because what
slows the machine for a while then slows all alike.
"""
import datetime
import gc
import importlib.metadata
import json
import multiprocessing
import os
import pathlib
import platform
import random
import statistics
import time
import tracemalloc

import numpy as np

RESULTS = pathlib.Path(__file__).parent / "results"
BLOCK_SECONDS = 0.1
ROUNDS = 25
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def block(step, length=BLOCK_SECONDS, clock=time.perf_counter):
    """Call for about `length` seconds; the 25th percentile of the seconds a call took."""
    seconds, end = [], time.perf_counter() + length
    while not seconds or time.perf_counter() < end:
        start = clock()
        step()
        seconds.append(clock() - start)
    return sorted(seconds)[len(seconds) // 4]


def settle():
    """Bring C's allocator where any program that has loaded data has it: once a large block was freed,
    glibc keeps what is smaller instead of giving it back, and new arrays no longer cost page faults."""
    np.empty(1 << 24, np.uint8)


def serve(connection, make, arguments):
    """A process's work: make the step, then time a block whenever asked."""
    settle()
    step = make(*arguments)
    block(step)                        # warm up
    connection.send("ready")
    while connection.recv():
        connection.send(block(step))


def spawn(target, arguments, environment):
    """A process that runs `target(connection, *arguments)` with some variables more in its environment,
    and the connection to it."""
    context, before = multiprocessing.get_context("spawn"), dict(os.environ)
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    os.environ.update(environment)
    process.start()
    for name in environment:
        del os.environ[name]
    os.environ.update(before)
    return ours, process


def start(make, arguments, environment):
    """A process that serves a system, when it is ready."""
    connection, process = spawn(serve, (make, arguments), environment)
    connection.recv()
    return connection, process


def measure(systems, arguments, environments=None, rounds=ROUNDS, progress=None):
    """Seconds a call for each system, over the rounds: {name: make a step of the arguments} -> {name:
    [seconds, ...]}."""
    workers = {name: start(make, arguments, (environments or {}).get(name, {}))
               for name, make in systems.items()}
    times, order = {name: [] for name in systems}, random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(systems), len(systems)):
            workers[name][0].send(True)
            times[name].append(workers[name][0].recv())
            if progress is not None:
                progress.update()
    for connection, process in workers.values():
        connection.send(False)
        process.join()
    return times


def microseconds(times):
    """The median over the rounds, in microseconds."""
    return statistics.median(times) * 1e6


def ratio(times, of, to):
    """Time `of` / time `to`, taken round by round: the median, and the two ends of the middle half."""
    ratios = sorted(a / b for a, b in zip(times[of], times[to]))
    quarter = len(ratios) // 4
    return statistics.median(ratios), ratios[quarter], ratios[-1 - quarter]


def numpy_peak(step):
    """The most bytes that a step has alive at once, beyond what was there before: NumPy tells tracemalloc
    what it takes."""
    step()
    gc.collect()
    gc.disable()      # memory is to be given back without it
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    step()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    gc.enable()
    return peak


def torch_peak(step):
    """The same of a step of PyTorch's: its profiler notes what its allocator gives and takes, but not what
    oneDNN takes for itself."""
    # else its library writes to stderr whenever it starts
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    from torch.profiler import ProfilerActivity, profile
    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as noted:
        step()
    events = [e for e in noted.profiler.kineto_results.events() if e.name() == "[memory]"]
    return int(np.cumsum([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]).max())


def cpuinfo(key):
    """A line of Linux's /proc/cpuinfo; empty elsewhere."""
    try:
        with open("/proc/cpuinfo") as info:
            return next((line.split(":")[1].strip() for line in info if line.startswith(key)), "")
    except OSError:
        return ""


def has(feature):
    """Whether the processor says that it has a feature."""
    return feature in cpuinfo("flags").split()


def machine():
    """One line: CPU, cores, Python."""
    cpu = cpuinfo("model name") or platform.processor() or platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}"


def versions():
    """The versions of what was compared."""
    found = {}
    for package in ("numpy", "torch", "jax", "autograd"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def stamped(result):
    """With when and where it was measured."""
    return {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions(), **result}


def write(name, result):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(result, indent=1) + "\n")
