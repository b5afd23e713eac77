"""The doctor on machines that are not here, the command as a process, and tuning by a clock of ours."""
import functools
import json
import math
import os
import subprocess
import sys
import tomllib
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import book
import edunets as en
from edunets.backends import machine

VARIABLES = [*machine.THREADS, *machine.GLIBC, "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "LD_PRELOAD",
             "CC"]


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in VARIABLES: monkeypatch.delenv(name, raising=False)


@pytest.fixture
def files(monkeypatch):
    """Files of the system that a test writes: {path: text}; there are no others."""
    texts = {}
    monkeypatch.setattr(machine, "read_text", lambda path: texts.get(path, ""))
    return texts


def lines(question):
    return {line.topic: line for line in question()}


# What it says

def test_it_asks_everything_here():
    found = en.doctor()
    topics = [line.topic for line in found]
    assert topics == list(dict.fromkeys(topics))
    assert {"Python", "Processor", "Memory", "NumPy", "BLAS", "Threads", "Allocator", "Compiler", "PyTorch",
            "JAX"} <= set(topics) and any(topic.startswith("GPU") for topic in topics)
    assert found["NumPy"].here.startswith(np.__version__) and all(line.here for line in found)
    assert found.advice == [line for line in found if line.advice]
    with pytest.raises(KeyError, match="Prozessor"): found["Prozessor"]


def test_it_changes_nothing(monkeypatch):
    before = dict(os.environ), en.get_num_threads(), machine.kernel_of(machine.numpy_blas())
    en.doctor()
    assert before == (dict(os.environ), en.get_num_threads(), machine.kernel_of(machine.numpy_blas()))


def test_a_question_that_fails_is_a_line(monkeypatch):
    def ask_fortune(): raise OSError("the line is busy")
    monkeypatch.setattr(machine, "QUESTIONS", [ask_fortune, machine.ask_numpy])
    found = en.doctor()
    assert found.broken and found["fortune"].here == "could not be asked: OSError: the line is busy"
    assert not found["NumPy"].broken


# Threads, quotas, memory

def test_a_control_group_limits_what_is_usable(files, monkeypatch):
    monkeypatch.setattr(machine, "allowed_cpus", lambda: 16)
    assert machine.usable_cpus() == 16 and machine.cpu_share() == math.inf
    files["/proc/self/cgroup"] = "0::/box/inner"
    files["/sys/fs/cgroup/box/inner/cpu.max"] = "max 100000"
    files["/sys/fs/cgroup/box/cpu.max"] = "250000 100000"
    assert machine.cpu_share() == 2.5 and machine.usable_cpus() == 2
    files["/sys/fs/cgroup/box/inner/cpu.max"] = "50000 100000"
    assert machine.cpu_share() == 0.5 and machine.usable_cpus() == 1


def test_old_control_groups(files, monkeypatch):
    monkeypatch.setattr(machine, "allowed_cpus", lambda: 16)
    files["/proc/self/cgroup"] = "7:memory:/box\n5:cpu,cpuacct:/box\n1:name=systemd:/\n0::/"
    files["/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us"] = "300000"
    files["/sys/fs/cgroup/cpu/box/cpu.cfs_period_us"] = "100000"
    files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "-1"
    files["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000"
    files["/sys/fs/cgroup/memory/box/memory.limit_in_bytes"] = str(1 << 30)
    assert machine.cpu_share() == 3 and machine.usable_cpus() == 3
    assert machine.memory_limit() == 1 << 30


def test_a_limit_of_memory_is_told(files):
    files["/proc/meminfo"] = "MemTotal:  8388608 kB\nMemAvailable:  6291456 kB"
    files["/proc/self/cgroup"] = "0::/"
    files["/sys/fs/cgroup/memory.max"] = str(1 << 29)
    line = lines(machine.ask_memory)["Memory"]
    assert line.here == "8.0 GiB, 6.0 available, at most 0.5 for its control group"
    assert "killed" in line.advice
    files["/sys/fs/cgroup/memory.max"] = "max"
    files["/proc/meminfo"] = "MemTotal:  1024 kB\nMemAvailable:  512 kB"
    assert lines(machine.ask_memory)["Memory"].advice == ""
    files["/proc/meminfo"] = "MemTotal:  1024 kB\nMemAvailable:  12 kB"
    assert "little is left" in lines(machine.ask_memory)["Memory"].advice


@pytest.mark.parametrize("now, usable, pins, advice", [
    (8, 8, {}, ""),
    (8, 2, {}, "they wait for each other: en.set_num_threads(2)"),
    (1, 8, {"OMP_NUM_THREADS": "1"}, "unset OMP_NUM_THREADS, or en.set_num_threads(8)"),
    (3, 8, {}, "en.set_num_threads(8)"),
    (8, 8, {"OPENBLAS_NUM_THREADS": "8"}, "")])
def test_threads(now, usable, pins, advice, monkeypatch):
    monkeypatch.setattr(machine, "get_num_threads", lambda: now)
    monkeypatch.setattr(machine, "usable_cpus", lambda: usable)
    for name, value in pins.items(): monkeypatch.setenv(name, value)
    line = lines(machine.ask_threads)["Threads"]
    assert line.advice == advice and all(f"{name}={value}" in line.here for name, value in pins.items())


def test_a_busy_machine_is_told(monkeypatch):
    monkeypatch.setattr(machine, "usable_cpus", lambda: 2)
    monkeypatch.setattr(os, "getloadavg", lambda: (7.0, 0, 0), raising=False)
    assert "theirs too" in lines(machine.ask_processor)["Load"].advice
    monkeypatch.setattr(os, "getloadavg", lambda: (1.0, 0, 0), raising=False)
    assert lines(machine.ask_processor)["Load"].advice == ""


# BLAS and NumPy

def no_blas(monkeypatch, name):
    monkeypatch.setattr(machine, "blas", lambda: SimpleNamespace(lib_controllers=[]))
    facts = np.show_config(mode="dicts")
    facts["Build Dependencies"]["blas"]["name"] = name
    monkeypatch.setattr(np, "show_config", lambda mode: facts)


def test_no_blas_is_known(monkeypatch):
    no_blas(monkeypatch, "none")
    assert machine.kernels() == {} and machine.numpy_blas() is None
    line = lines(machine.ask_blas)["BLAS"]
    assert "pip install numpy" in line.advice and not line.broken
    no_blas(monkeypatch, "accelerate")
    assert lines(machine.ask_blas)["BLAS"].advice == ""


def test_wrong_products_are_broken(monkeypatch):
    assert machine.product_right()
    monkeypatch.setattr(machine, "product_right", lambda: False)
    assert lines(machine.ask_blas)["BLAS"].broken
    no_blas(monkeypatch, "none")
    assert lines(machine.ask_blas)["BLAS"].broken


def openblas(kernel, path="numpy.libs"):
    """A library as threadpoolctl tells of it, in which no symbol is found."""
    return SimpleNamespace(internal_api="openblas", filepath=os.sep + os.path.join("lib", path, "blas.so"),
                           version="0.3", architecture=kernel, dynlib=object())


@pytest.mark.parametrize("kernel, levels, pin, advice", [
    ("Haswell", ["X86_V3"], None, ""),
    ("Haswell", ["X86_V3", "X86_V4"], None, "which of Haswell, SkylakeX is fast here"),
    ("SkylakeX", ["AVX2", "AVX512_SKX"], None, "which of SkylakeX, Haswell is fast here"),
    ("Sandybridge", ["X86_V3"], "Sandybridge", "OPENBLAS_CORETYPE=Sandybridge chose it")])
def test_kernels_that_might_be_faster(kernel, levels, pin, advice, monkeypatch):
    monkeypatch.setattr(machine, "blas", lambda: SimpleNamespace(lib_controllers=[openblas(kernel)]))
    monkeypatch.setattr(machine, "simd_levels", lambda: {"baseline": ["X86_V2"], "found": levels})
    if pin: monkeypatch.setenv("OPENBLAS_CORETYPE", pin)
    line = lines(machine.ask_blas)["BLAS"]
    assert line.here == f"openblas 0.3, kernel {kernel}"
    assert line.advice.startswith(advice) and bool(line.advice) == bool(advice)


def test_what_numpys_loops_lack_its_blas_may_use(monkeypatch):
    monkeypatch.setattr(machine, "blas", lambda: SimpleNamespace(lib_controllers=[openblas("Sandybridge")]))
    monkeypatch.setattr(machine, "simd_levels", lambda: {"baseline": ["X86_V2"], "found": []})
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Sandybridge")
    assert list(machine.kernels()) == ["Sandybridge"] and not lines(machine.ask_blas)["BLAS"].advice
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V3,X86_V4")
    assert list(machine.kernels()) == ["Sandybridge", "Haswell", "SkylakeX"]


def test_numpys_own_library_is_found_among_several(monkeypatch):
    libraries = [openblas("Haswell", "scipy.libs"), openblas("Zen", "numpy.libs")]
    monkeypatch.setattr(machine, "blas", lambda: SimpleNamespace(lib_controllers=libraries))
    assert machine.numpy_blas() is libraries[1]
    libraries[1] = openblas("Zen", "other.libs")
    assert machine.numpy_blas() is None


def test_pinned_loops_are_told(monkeypatch):
    assert lines(machine.ask_numpy)["NumPy"].advice == ""
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V4")
    assert "X86_V4" in lines(machine.ask_numpy)["NumPy"].advice


# The compiler, the allocator, packages

def test_no_compiler(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    line = lines(machine.ask_compiler)["Compiler"]
    assert line.here == "none for C" and "install" in line.advice and not line.broken
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert lines(machine.ask_compiler)["Compiler"].here == "CC=no-such-compiler -O2, which does not run"


def test_a_compiler_that_can_not_compile_is_broken(monkeypatch, tmp_path):
    script = "import sys; print('cc 1.0'); sys.exit('--version' not in sys.argv)"
    monkeypatch.setenv("CC", f"{sys.executable} {tmp_path / 'cc.py'}")
    (tmp_path / "cc.py").write_text(script)
    line = lines(machine.ask_compiler)["Compiler"]
    assert line.broken and line.here.endswith(", cc 1.0") and "math.h" in line.advice
    (tmp_path / "cc.py").write_text("print('cc 1.0')")
    assert not lines(machine.ask_compiler)["Compiler"].advice


def test_the_allocator(files, monkeypatch):
    monkeypatch.setattr(machine.platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(machine, "page_faults", lambda size: 12_000.0)
    files["/sys/kernel/mm/transparent_hugepage/enabled"] = "always [madvise] never"
    line = lines(machine.ask_allocator)["Allocator"]
    assert "madvise" in line.here and "12,000 page faults" in line.here and "en.tune()" in line.advice
    files["/sys/kernel/mm/transparent_hugepage/enabled"] = "always madvise [never]"
    monkeypatch.setattr(machine, "page_faults", lambda size: 0.0)
    assert "small pages only" in lines(machine.ask_allocator)["Allocator"].advice
    monkeypatch.setenv("LD_PRELOAD", "libjemalloc.so.2")
    monkeypatch.setattr(machine, "page_faults", lambda size: None)
    assert lines(machine.ask_allocator)["Allocator"].here.startswith("jemalloc; huge pages")


def test_packages_that_are_not_there(monkeypatch):
    import importlib.metadata
    def version(name): raise importlib.metadata.PackageNotFoundError(name)
    monkeypatch.setattr(importlib.metadata, "version", version)
    found = lines(machine.ask_libraries)
    assert "edunets[compare]" in found["PyTorch"].advice and "edunets[bfloat16]" in found["bfloat16"].advice


def test_who_watches_each_line_is_told(monkeypatch):
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    assert "debugger" in lines(machine.ask_python)["Python"].advice


# GPUs

def fake_cupy(count=1, driver=12040, capability=(9, 0), problem=None):
    """CuPy as far as the doctor asks it."""
    class CUDARuntimeError(RuntimeError): pass
    def device_count():
        if not count: raise CUDARuntimeError("cudaErrorNoDevice")
        return count
    def properties(number):
        return {"name": b"Fake H1", "major": capability[0], "minor": capability[1],
                "totalGlobalMem": 80 << 30}
    def arange(n):
        if problem: raise problem
        return np.arange(n)
    class Device:
        def __init__(self, number): pass
        def __enter__(self): return self
        def __exit__(self, *problem): pass
    runtime = SimpleNamespace(getDeviceCount=device_count, getDeviceProperties=properties,
                              driverGetVersion=lambda: driver, CUDARuntimeError=CUDARuntimeError)
    module = ModuleType("cupy")
    module.__version__, module.arange = "14.0", arange
    module.cuda = SimpleNamespace(runtime=runtime, Device=Device)
    return module


@pytest.fixture
def smi(monkeypatch):
    """What nvidia-smi prints; by default it is not there."""
    said = {"text": None}
    def told(*words, given=""): return said["text"] if words[0] == "nvidia-smi" else None
    monkeypatch.setattr(machine, "told", told)
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(machine.os.path, "exists", lambda path: False)
    return said


def test_gpus_by_cupy(smi, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(2))
    found = lines(machine.ask_gpus)
    assert list(found) == ["GPU 0", "GPU 1"]
    assert found["GPU 1"].here == "Fake H1, compute capability 9.0, 80 GiB; driver for CUDA 12; CuPy 14.0"
    assert not found["GPU 1"].advice and not found["GPU 1"].broken


@pytest.mark.parametrize("problem, advice", [
    (RuntimeError("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), "pip install 'edunets[cuda12]'"),
    (RuntimeError("CuPy failed to load libnvrtc.so.12"), "pip install nvidia-cuda-nvrtc-cu12")])
def test_a_gpu_that_does_not_compute_is_broken(problem, advice, smi, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(problem=problem))
    line = lines(machine.ask_gpus)["GPU 0"]
    assert line.broken and line.advice.endswith(advice)


@pytest.mark.parametrize("driver, capability, extra", [
    ("550.54", "9.0", "cuda12"), ("580.65", "9.0", "cuda13"), ("580.65", "7.0", "cuda12")])
def test_a_gpu_without_cupy(driver, capability, extra, smi):
    smi["text"] = f"NVIDIA T1, {capability}, 16384, {driver}.01"
    line = lines(machine.ask_gpus)["GPU 0"]
    assert line.advice == f"to use it: pip install 'edunets[{extra}]'" and not line.broken
    assert line.here.startswith(f"NVIDIA T1, compute capability {capability}, 16 GiB; driver for CUDA 1")


def test_no_gpu(smi, monkeypatch):
    assert lines(machine.ask_gpus)["GPU"] == machine.Line("GPU", "none")
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(0))
    line = lines(machine.ask_gpus)["GPU"]
    assert line.here == "none; CuPy 14.0" and "nvidia-smi" in line.advice and not line.broken
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    assert lines(machine.ask_gpus)["GPU"].here == "Apple's, by Metal"


# How it is shown

FOUND = machine.Findings([machine.Line("One", "all is well " * 12), machine.Line("Second", "slow", "do this"),
                          machine.Line("Third", "wrong <b>", "do that", True)])


def test_text_of_a_terminal():
    text = FOUND.text(60)
    assert max(map(len, text.splitlines())) <= 60 and "\033" not in text
    assert "         -> do this" not in text and "        -> do this" in text and "BROKEN: do that" in text
    assert "\033[33m        -> do this\033[0m" in FOUND.text(60, colours=True)
    assert max(map(len, repr(FOUND).splitlines())) <= 80


def test_table_of_a_notebook():
    html = FOUND._repr_html_()
    assert html.count("<tr>") == 4 and "wrong &lt;b&gt;" in html and "Broken: do that" in html


# The command

def edunets(*words, cwd=None, **variables):
    return subprocess.run([sys.executable, "-m", "edunets", *words], capture_output=True, text=True, cwd=cwd,
                          env=os.environ | {"PYTHONPATH": str(book.ROOT)} | variables)


def test_help_and_version_from_another_folder(tmp_path):
    for words in (["--help"], []):
        done = edunets(*words, cwd=tmp_path)
        assert done.returncode == 0 and done.stdout.startswith("usage: edunets") and not done.stderr
        assert all(name in done.stdout for name in machine.COMMANDS)
    assert edunets("--version", cwd=tmp_path).stdout == f"edunets {en.__version__}\n"


def test_doctor_from_another_folder(tmp_path):
    done = edunets("doctor", cwd=tmp_path, OPENBLAS_NUM_THREADS="1", COLUMNS="200")
    assert done.returncode == int(en.doctor().broken), done.stdout + done.stderr
    assert "OPENBLAS_NUM_THREADS=1" in done.stdout and "\033" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["docter"], ["doctor", "--fast"], ["tune", "--seconds", "x"]])
def test_unknown_words(words, tmp_path):
    done = edunets(*words, cwd=tmp_path)
    assert done.returncode == 2 and "usage: edunets" in done.stderr and "error:" in done.stderr


def test_who_reads_only_the_first_lines_sees_no_traceback():
    process = subprocess.Popen([sys.executable, "-m", "edunets", "doctor"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONPATH": str(book.ROOT)})
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait() == 1


def test_something_broken_is_the_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(machine, "QUESTIONS", [lambda: [FOUND.lines[1]]])
    assert machine.main(["doctor"]) == 0
    monkeypatch.setattr(machine, "QUESTIONS", [lambda: FOUND.lines])
    assert machine.main(["doctor"]) == 1 and "BROKEN: do that" in capsys.readouterr().out


def test_the_entry_point_is_the_command():
    project = tomllib.loads((book.ROOT / "pyproject.toml").read_text())["project"]
    place, name = project["scripts"]["edunets"].split(":")
    assert getattr(sys.modules[place], name) is machine.main


def test_a_script_is_run_with_the_settings_that_won(monkeypatch, tmp_path, capfd):
    script = tmp_path / "script.py"
    script.write_text("import os, sys; print(os.environ['WON'], sys.argv[1:]); sys.exit(3)")
    tuned = machine.Tuned()
    tuned.variables["WON"] = "yes"
    monkeypatch.setattr(machine, "tune", lambda seconds, quiet: tuned)
    assert machine.main(["tune", "--seconds", "1", "--run", str(script), "--seconds", "7"]) == 3
    assert capfd.readouterr().out == "yes ['--seconds', '7']\n" and "WON" not in os.environ


# Tuning

def test_importing_changes_nothing():
    program = """
import os, numpy as np, threadpoolctl
def state(): return dict(os.environ), threadpoolctl.threadpool_info(), np.geterr(), np.get_printoptions()
before = state()
import edunets
print(before == state())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(book.ROOT)})
    assert done.stdout == "True\n", done.stderr


def test_a_gain_is_taken_within_rounds():
    slow = np.array([1.0, 1.0, 2.0, 4.0, 1.0, 8.0, 1.0, 1.0, 1.0])[:, None]      # a neighbour, on both
    found = machine.gain((slow * [1.0, 10.0]).tolist(), (slow * [0.5, 10.0]).tolist())
    assert found.middle == pytest.approx(2 ** 0.5) and found.low == pytest.approx(found.high) and found.sure
    noise = machine.gain([[1.0], [2.0]] * 5, [[2.0], [1.0]] * 5)
    assert not noise.sure and noise.low < 1 < noise.high


class Board:
    """A switchboard of ours: each switch has a setting now; what settings cost decides a race."""
    def __init__(self, monkeypatch, costs, changeable=True):
        self.costs, self.changeable, self.races = costs, changeable, []
        self.now = {name: next(iter(found)) for name, found in costs.items()}
        monkeypatch.setattr(machine, "race", self.race)
        monkeypatch.setattr(machine, "SWITCHBOARD", {
            name: machine.Switch(functools.partial(self.candidates, name), name,
                                 functools.partial(self.put, name)) for name in costs})

    def candidates(self, name):
        first = self.now[name]
        return {key: {name: key} for key in [first, *(key for key in self.costs[name] if key != first)]}

    def put(self, name, variables):
        if not self.changeable: return None
        before, self.now[name] = self.now[name], variables[name]
        return lambda: self.now.update({name: before})

    def race(self, candidates, work, seconds, tell):
        tell(seconds)
        self.races.append(candidates)
        costs = {key: self.costs[work][key] for key in candidates}
        return {key: [[cost * (1 + 0.01 * (n % 3))] for n in range(9)] for key, cost in costs.items() if cost}


COSTS = {"kernel": {"old": 2.0, "new": 1.0, "dies": None}, "threads": {"2": 1.0, "1": 0.99},
         "pool": {"own": 1.0}}


def test_tune_takes_what_is_faster_and_undoes_it(monkeypatch, capfd):
    board = Board(monkeypatch, COSTS)
    before = dict(os.environ)
    tuned = en.tune(seconds=3)
    assert board.now == {"kernel": "new", "threads": "2", "pool": "own"}
    assert tuned.variables == {"kernel": "new"}
    assert [change.words() for change in tuned.changes] == ["2.00 times faster (2.00 to 2.00)",
                                                            "no gain, left as it was", "nothing to choose"]
    assert board.races[1] == {count: {"kernel": "new", "threads": count} for count in ("2", "1")}
    assert "export kernel=new" in repr(tuned) and "export kernel=new" in tuned._repr_html_()
    assert max(map(len, repr(tuned).splitlines())) <= 80 and capfd.readouterr().err
    tuned.undo()
    tuned.undo()
    assert board.now == {"kernel": "old", "threads": "2", "pool": "own"} and dict(os.environ) == before


def test_tune_as_a_context_and_only_some_switches(monkeypatch, capfd):
    board = Board(monkeypatch, {"kernel": {"old": 2.0, "new": 1.0}, "threads": {"2": 2.0, "1": 1.0}})
    with en.tune(only=("threads",), quiet=True) as tuned:
        assert board.now == {"kernel": "old", "threads": "1"} and len(tuned.changes) == 1
    assert board.now == {"kernel": "old", "threads": "2"} and not capfd.readouterr().err
    with pytest.raises(KeyError, match="brakes"): en.tune(only=("kernel", "brakes"), quiet=True)
    with pytest.raises(ValueError), en.tune(quiet=True): raise ValueError
    assert board.now == {"kernel": "old", "threads": "2"}


def test_an_interrupted_tune_leaves_nothing_behind(monkeypatch):
    board = Board(monkeypatch, {"kernel": {"old": 2.0, "new": 1.0}, "threads": {"2": 2.0, "1": 1.0}})
    def interrupted(candidates, work, seconds, tell):
        if work == "threads":
            assert board.now["kernel"] == "new"
            raise KeyboardInterrupt
        return board.race(candidates, work, seconds, tell)
    monkeypatch.setattr(machine, "race", interrupted)
    with pytest.raises(KeyboardInterrupt): en.tune(quiet=True)
    assert board.now == {"kernel": "old", "threads": "2"}


def test_what_can_not_be_changed_here_is_said(monkeypatch):
    board = Board(monkeypatch, {"kernel": {"old": 2.0, "new": 1.0}}, changeable=False)
    tuned = en.tune(quiet=True)
    assert board.now == {"kernel": "old"} and tuned.variables == {"kernel": "new"}
    assert not tuned.changes[0].here
    assert tuned.changes[0].words().endswith("in new processes only")


# What is timed, really

def test_a_candidate_that_dies_at_its_start_is_out():
    dies = {"PYTHONHASHSEED": "no number"}
    assert machine.race({"here": {}, "dead": dies}, "temporaries", 0.1) == {"here": []}


def test_a_candidate_that_dies_on_the_way_is_out(monkeypatch):
    ended = []
    class Racer:
        def __init__(self, work, variables): self.lives = variables["lives"]
        def answer(self): return "kernel"
        def end(self): ended.append(self)
        def times(self):
            self.lives -= 1
            return [1.0] if self.lives else None
    monkeypatch.setattr(machine, "Racer", Racer)
    found = machine.race({"one": {"lives": 99}, "weak": {"lives": 3}, "two": {"lives": 99}}, "temporaries", 0)
    assert found == {"one": [[1.0]] * machine.LEAST_ROUNDS, "two": [[1.0]] * machine.LEAST_ROUNDS}
    assert len(ended) == 3


def test_a_race_of_processes():
    told = []
    times = machine.race({"one": {}, "other": {}}, "temporaries", 0.1, told.append)
    assert list(times) == ["one", "other"]
    assert len(times["one"]) == len(times["other"]) >= machine.LEAST_ROUNDS
    assert all(seconds > 0 for rounds in times.values() for cases in rounds for seconds in cases)
    assert told == sorted(told) and len(told) == len(times["one"]) + 1


def test_one_kernel_under_two_names_races_once():
    assert list(machine.race({"one": {}, "other": {}}, "products", 0.1)) == ["one"]


def test_the_kernel_is_changed_and_changed_back(monkeypatch):
    library = machine.numpy_blas()
    before, names = machine.kernel_of(library), [name for name in machine.kernels()][1:]
    if not names or not hasattr(library.dynlib, "gotoblas_dynamic_init"): pytest.skip("one kernel only")
    for name in names:
        undo = machine.put_kernel({"OPENBLAS_CORETYPE": name})
        if undo is None: continue
        assert machine.kernel_of(library).lower() == name.lower() and machine.product_right()
        undo()
        assert machine.kernel_of(library) == before and "OPENBLAS_CORETYPE" not in os.environ
    for right, name in ((False, names[0]), (True, "Abacus")):
        monkeypatch.setattr(machine, "product_right", lambda: right)
        assert machine.put_kernel({"OPENBLAS_CORETYPE": name}) is None
        assert machine.kernel_of(library) == before


def test_threads_are_changed_and_changed_back(monkeypatch):
    before = en.get_num_threads()
    undo = machine.put_threads({machine.THREADS[0]: "1"})
    assert en.get_num_threads() == 1
    undo()
    assert en.get_num_threads() == before
    monkeypatch.setattr(machine, "usable_cpus", lambda: 6)
    monkeypatch.setattr(machine, "get_num_threads", lambda: 8)
    assert list(machine.thread_counts()) == ["8 threads", "6 threads", "3 threads", "1 thread"]
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert list(machine.thread_counts()) == ["8 threads"]


PROGRAM = """
import json
from edunets.backends.machine import page_faults, put_thresholds, thresholds
size, found = 48 << 20, thresholds()
counts, undo = [page_faults(size)], put_thresholds(list(found.values())[-1])
counts.append(page_faults(size))
counts.append(len(thresholds()))
undo()
print(json.dumps([*counts, page_faults(size), len(thresholds())]))
"""


def test_the_allocator_keeps_memory_and_gives_it_back():
    """In a process of its own: the tests beside it may have any allocator."""
    if machine.platform.libc_ver()[0] != "glibc": pytest.skip("another allocator")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(book.ROOT)})
    before, kept, choices, after, choices_after = json.loads(done.stdout)
    assert before > 8 and kept <= before / 10 and after > 8 and (choices, choices_after) == (1, 2)


def test_where_malloc_can_not_be_told(monkeypatch):
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda name: object())
    assert machine.put_thresholds({}) is None
    monkeypatch.setattr(machine.platform, "libc_ver", lambda: ("", ""))
    assert list(machine.thresholds()) == ["as it is"]
