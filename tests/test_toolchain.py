"""The way from a text of C to a function: compilers that lack flags or lie, folders that are not ours, files
that are torn, processes that are killed."""
import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import edunets as en
from edunets.compiler import toolchain
from edunets.compiler.toolchain import Cache, CompilerError, NoCompiler, load_c

POSIX = os.name == "posix"
HERE = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
needs_compiler = pytest.mark.skipif(HERE is None, reason="no C compiler")
needs_posix = pytest.mark.skipif(not POSIX, reason="scripts and permissions as POSIX has them")
ADD = "int add(int a, int b) { return a + b + %d; }\n"


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """An empty cache, and a process that has asked for nothing yet."""
    monkeypatch.setenv("EDUNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    forget()
    yield tmp_path / "cache" / "compiled"
    forget()


def forget():
    for asked in (toolchain.find_compiler, toolchain.library_cache, toolchain.find_blas): asked.cache_clear()
    toolchain.LOADED.clear()


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Makes a script the compiler: `fake(lines of sh)`. What it is called with is counted in a file."""
    def make(script, name="fakecc", only=True):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/calls\n" + textwrap.dedent(script))
        path.chmod(0o755)
        if only: monkeypatch.setenv("CC", str(path))
        return path
    make.calls = lambda: (tmp_path / "calls").read_text().splitlines()
    return make


def nothing_else(monkeypatch):
    """A machine without cc, gcc, clang and zig."""
    monkeypatch.setattr(toolchain, "candidates", lambda: iter([tuple(os.environ.get("CC", "").split())]))


def names(folder, suffix):
    return sorted(path.name for path in folder.glob("*" + suffix))


# The compiler

@needs_compiler
def test_a_text_becomes_a_function():
    library = load_c(ADD % 1)
    assert library.add(2, 3) == 6
    assert load_c(ADD % 1) is library and load_c(ADD % 2).add(2, 3) == 7


@needs_compiler
def test_flags_of_this_compiler_are_known():
    flags = toolchain.find_compiler().flags
    assert "-O3" in flags and "-fwrapv" in flags and {"-march=native", "-mcpu=native"} & {*flags}
    overflow = "int next_is_less(int x) { return x + 1 < x; }"
    assert load_c(overflow).next_is_less(2 ** 31 - 1) == 1


@needs_compiler
def test_products_and_sums_are_not_joined():
    "As in NumPy: each operation rounds."
    text = "#include <stdint.h>\nvoid f(float *x) { x[3] = x[0] * x[1] + x[2]; }"
    x = np.array([1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11, 7], np.float32)
    load_c(text).f(ctypes.c_void_p(x.ctypes.data))
    assert x[3] == x[0] * x[1] + x[2] == 0


@needs_compiler
@needs_posix
def test_flags_that_a_compiler_does_not_know_are_left_out(fake):
    fake(f"""
        case "$*" in *-fopenmp-simd*|*-march=native*) echo "error: unknown option" >&2; exit 1;; esac
        exec {HERE} $(echo "$@" | sed s/-mcpu=native//)""")
    compiler = toolchain.find_compiler()
    assert "-mcpu=native" in compiler.flags and "-O3" in compiler.flags and "-fwrapv" in compiler.flags
    assert not {"-fopenmp-simd", "-march=native"} & {*compiler.flags}
    assert load_c(ADD % 0).add(1, 1) == 2


@needs_compiler
@needs_posix
def test_a_compiler_is_asked_once_for_all_processes(fake):
    path = fake(f'exec {HERE} "$@"')
    first = toolchain.find_compiler()
    assert toolchain.find_compiler() is first and len(fake.calls()) == 2      # does it work? which version?
    forget()
    assert toolchain.find_compiler() == first and len(fake.calls()) == 2
    load_c(ADD % 0)
    forget()
    assert load_c(ADD % 0).add(1, 1) == 2 and len(fake.calls()) == 3
    path.write_text(path.read_text() + "\n# another version\n")
    forget()
    toolchain.find_compiler()
    assert len(fake.calls()) == 5


@needs_compiler
@needs_posix
def test_cc_may_have_words_of_its_own(fake, monkeypatch):
    path = fake(f'shift; exec {HERE} "$@"')
    monkeypatch.setenv("CC", f"'{path}' wrapped")
    assert toolchain.find_compiler().words == (str(path), "wrapped")
    assert load_c(ADD % 0).add(1, 1) == 2


@needs_compiler
@needs_posix
@pytest.mark.parametrize("script", ["exit 1", "exit 0", "kill -9 $$"])
def test_a_cc_that_does_not_work_is_told_and_passed_over(fake, script):
    path = fake(script)
    with pytest.warns(UserWarning, match="compiles no C here"):
        assert toolchain.find_compiler().words != (str(path),)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        toolchain.find_compiler()


@needs_posix
def test_a_compiler_that_hangs_is_given_up(fake, monkeypatch):
    fake("sleep 600")
    nothing_else(monkeypatch)
    built, seen = toolchain.built, []
    def impatient(source, compiler, name="kernel", seconds=None):
        seen.append(seconds)
        return built(source, compiler, name, 0.3)
    monkeypatch.setattr(toolchain, "built", impatient)
    with pytest.warns(UserWarning): assert toolchain.find_compiler() is None
    assert None not in seen


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert toolchain.find_compiler() is None
    with pytest.raises(NoCompiler, match="no C compiler works here\n  Why: .*\n  Try: .*edunets") as caught:
        load_c(ADD % 0)
    assert isinstance(caught.value, CompilerError)


@needs_compiler
def test_an_error_in_c_says_where(fresh):
    text = "\n".join(["int f(int x) {", "    return x + lacking;", "}"])
    with pytest.raises(CompilerError, match=r"\.c:2:.*lacking") as caught: load_c(text)
    said = str(caught.value)
    assert len(said.splitlines()) == 3 and "test_toolchain.py" in said
    assert not isinstance(caught.value, NoCompiler)
    place = Path(said.splitlines()[-1].rpartition(" in ")[2])
    assert place.parent == fresh.resolve() and place.read_text() == text
    assert not names(fresh, ".so")
    assert load_c(text.replace("lacking", "1")).f(1) == 2


@needs_compiler
@needs_posix
@pytest.mark.parametrize("script, said", [
    ("exit 0", "status 0"), ("exit 3", "status 3"), ("kill -11 $$", "status -11"),
    (r"printf 'h\303( \377: error: bytes\n'; exit 1", "error: bytes")])
def test_compilers_that_end_strangely(fake, script, said):
    compiler = toolchain.find_compiler()._replace(words=(str(fake(script, only=False)),))
    with pytest.raises(CompilerError, match=said): load_c(ADD % 0, compiler)


@needs_compiler
@needs_posix
def test_a_compiler_that_makes_no_library(fake, fresh):
    compiler = toolchain.find_compiler()
    junk = fake('while [ "$1" != -o ]; do shift; done; echo no library > "$2"', only=False)
    with pytest.raises(CompilerError, match="could not be loaded"):
        load_c(ADD % 0, compiler._replace(words=(str(junk),)))
    gone = compiler._replace(words=("/nowhere/cc",))
    with pytest.raises(CompilerError, match="does not start"): load_c(ADD % 0, gone)


def test_zig():
    pytest.importorskip("ziglang")
    words = [words for words in toolchain.candidates() if words and "zig" in words[0]][0]
    compiler = toolchain.remembered(words)
    assert {"-O3", "-fwrapv", "-march=native"} <= {*compiler.flags}
    assert load_c(ADD % 0, compiler).add(1, 1) == 2


# The cache

@needs_compiler
def test_what_the_key_depends_on(fresh, monkeypatch):
    load_c(ADD % 0)
    compiler = toolchain.find_compiler()
    for other in (compiler._replace(flags=compiler.flags[1:]), compiler._replace(version="another")):
        before = len(names(fresh, ".so"))
        load_c(ADD % 0, other)
        assert len(names(fresh, ".so")) == before + 1
    monkeypatch.setattr(toolchain, "processor", lambda: "another")
    load_c(ADD % 0, compiler)
    assert len(names(fresh, ".so")) == 4


@pytest.mark.parametrize("parts", [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("ab", b"c", "")])
def test_digests_know_their_parts(parts):
    others = {("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("ab", b"c", "")} - {parts}
    assert toolchain.digest(*parts) not in {toolchain.digest(*other) for other in others}


@needs_compiler
@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: data[:len(data) // 2], lambda data: data[:-1],
    lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:]])
def test_a_damaged_library_is_made_anew(fresh, damage):
    "Made by another process: what this one had loaded would be damaged under its feet."
    process = script(f"from edunets.compiler import toolchain; toolchain.load_c({ADD % 0!r})")
    assert process.communicate()[1] == ""
    (name,) = names(fresh, ".so")
    (fresh / name).write_bytes(damage((fresh / name).read_bytes()))
    assert load_c(ADD % 0).add(1, 1) == 2
    assert all(toolchain.is_whole(path) for path in fresh.glob("*.so"))


@needs_compiler
def test_a_library_that_another_process_removes_just_now(fresh, monkeypatch):
    load_c(ADD % 0)
    toolchain.LOADED.clear()
    get = Cache.get
    def late(self, key, suffix):
        path = get(self, key, suffix)
        if suffix == ".so" and path: path.unlink()
        return path
    monkeypatch.setattr(Cache, "get", late)
    assert load_c(ADD % 0).add(1, 1) == 2


@needs_compiler
def test_a_folder_that_somebody_removes(fresh):
    load_c(ADD % 0)
    shutil.rmtree(fresh.parent)
    assert load_c(ADD % 1).add(1, 1) == 3 and names(fresh, ".so")


def test_the_folder_is_private(fresh):
    toolchain.library_cache()
    if POSIX: assert stat.S_IMODE(fresh.stat().st_mode) == stat.S_IMODE(fresh.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("given, place", [
    ({"EDUNETS_CACHE": "", "XDG_CACHE_HOME": "{tmp}/x"}, "{tmp}/x/edunets/compiled"),
    ({"EDUNETS_CACHE": "", "XDG_CACHE_HOME": "no/root", "HOME": "{tmp}"}, "{tmp}/.cache/edunets/compiled"),
    ({"EDUNETS_CACHE": "{tmp}/y", "XDG_CACHE_HOME": "{tmp}/x"}, "{tmp}/y/compiled")])
def test_where_the_folder_is(given, place, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name, value in given.items(): monkeypatch.setenv(name, value.format(tmp=tmp_path))
    assert toolchain.wanted_folder() == Path(place.format(tmp=tmp_path))


def left(store, folder):
    """The cache went elsewhere: to a private folder of this process."""
    assert store.folder != folder and stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert len(store.folders) == 1 and not toolchain.unsafe(store.folder)


@needs_posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path, mode):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    (folder / f"{'0' * 32}-{toolchain.digest(b'evil')}.so").write_bytes(b"evil")
    with pytest.warns(RuntimeWarning, match="others may write"): store = Cache(folder)
    left(store, folder)
    assert store.get("0" * 32, ".so") is None


@needs_posix
def test_another_users_folder_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "theirs"
    folder.mkdir(0o755)
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
        with pytest.warns(RuntimeWarning, match="another user"): store = Cache(folder)
    left(store, folder)


@needs_posix
def test_a_folder_that_others_may_replace_is_refused(tmp_path):
    (tmp_path / "square").mkdir()
    (tmp_path / "square").chmod(0o777)
    folder = tmp_path / "square" / "mine"
    with pytest.warns(RuntimeWarning, match="anybody may write to .*square"): store = Cache(folder)
    left(store, folder)
    (tmp_path / "square").chmod(0o1777)      # as the system's folder for temporary files
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Cache(folder).folder == folder.resolve()


@needs_posix
def test_a_link_is_followed_and_what_it_leads_to_is_checked(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.warns(RuntimeWarning, match="others may write"): Cache(tmp_path / "link")


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.warns(RuntimeWarning, match="can't be kept"): store = Cache(folder)
        left(store, folder)


@needs_posix
@pytest.mark.skipif(not POSIX or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    (tmp_path / "closed").mkdir(0o500)
    with pytest.warns(RuntimeWarning, match="Permission denied"): Cache(tmp_path / "closed" / "cache")


@needs_compiler
@pytest.mark.parametrize("number, words", [(30, "Read-only file system"), (28, "No space left on device")])
def test_a_folder_that_takes_no_more_is_told_once_and_still_read(fresh, monkeypatch, number, words):
    load_c(ADD % 0)
    toolchain.LOADED.clear()
    write = toolchain.write_whole
    def refused(name, parts):
        if not name.startswith(str(fresh.resolve())): return write(name, parts)
        raise OSError("refused") from OSError(number, os.strerror(number))
    monkeypatch.setattr(toolchain, "write_whole", refused)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_c(ADD % 0).add(1, 1) == 2
    with pytest.warns(RuntimeWarning, match=words) as told:
        assert load_c(ADD % 1).add(1, 1) == 3 and load_c(ADD % 2).add(1, 1) == 4
    assert len(told) == 1 and Path(told[0].filename) == Path(__file__)
    assert len(names(toolchain.cache_info().folder, ".so")) == 2 and len(names(fresh, ".so")) == 1


@needs_compiler
def test_no_room_anywhere(fresh, monkeypatch):
    toolchain.find_compiler()
    def refused(name, parts): raise OSError("refused") from OSError(28, os.strerror(28))
    monkeypatch.setattr(toolchain, "write_whole", refused)
    with pytest.warns(RuntimeWarning), pytest.raises(CompilerError, match="not be loaded"): load_c(ADD % 0)
    monkeypatch.setattr(toolchain.tempfile, "TemporaryDirectory", refused_folder)
    with pytest.raises(CompilerError, match="No space left"): load_c(ADD % 1)


def refused_folder(**options): raise OSError(28, os.strerror(28))


def test_the_cache_is_bounded(tmp_path):
    store = Cache(tmp_path / "small", most=1000)
    keys = [f"{number:032x}" for number in range(12)]
    for age, key in enumerate(keys[:10]):
        os.utime(store.put(key, ".so", bytes([age]) * 100), (1000 + age, 1000 + age))
    assert store.get(keys[0], ".so")      # used now: no longer the oldest
    for key in keys[10:]: store.put(key, ".so", b"x" * 100)
    assert [bool(store.get(key, ".so")) for key in keys] == [True, False, False] + [True] * 9
    large = store.put("f" * 32, ".so", b"y" * 5000)
    assert [path for *_, path in store.entries()] == [large]


def test_only_our_files_are_removed(fresh):
    store = toolchain.library_cache()
    (store.folder / "thesis.txt").write_text("years of work")
    store.put("0" * 32, ".so", b"x")
    info = toolchain.cache_info()
    assert (info.folder, info.files, info.bytes) == (fresh.resolve(), 1, 1)
    toolchain.clear_cache()
    assert names(fresh, "") == ["thesis.txt"] and toolchain.cache_info().files == 0


@needs_compiler
def test_a_cleared_cache_does_not_touch_what_is_loaded(fresh):
    library = load_c(ADD % 0)
    toolchain.clear_cache()
    assert not names(fresh, ".so") and library.add(1, 1) == 2
    assert load_c(ADD % 0).add(1, 1) == 2 and names(fresh, ".so")


# Threads, processes, interrupts

@needs_compiler
def test_threads_that_compile_the_same(fresh):
    toolchain.find_compiler()
    answers, start = [], threading.Barrier(4)
    def work():
        start.wait()
        answers.append([load_c(ADD % number).add(1, 1) for number in range(2)])
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert answers == [[2, 3]] * 4
    assert all(toolchain.is_whole(path) for path in fresh.iterdir())


def script(text):
    """A process of Python that runs a text with edunets at hand."""
    return subprocess.Popen([sys.executable, "-W", "error", "-c", textwrap.dedent(text)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            cwd=Path(en.__file__).parent.parent)


@needs_compiler
def test_processes_that_compile_the_same(fresh):
    text = f"""
        from edunets.compiler import toolchain
        print([toolchain.load_c({ADD!r} % n).add(1, 1) for n in range(3)])"""
    for process in [script(text) for _ in range(3)]:
        out, err = process.communicate()
        assert out == "[2, 3, 4]\n", err
    assert len({name[:32] for name in names(fresh, ".so")}) == 3
    assert all(toolchain.is_whole(path) for path in fresh.iterdir())


@needs_compiler
@needs_posix
def test_an_interrupt_leaves_nothing(fake, fresh, tmp_path, monkeypatch):
    "A compiler is several programs: they end too, and what they have written goes."
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(toolchain.tempfile, "tempdir", str(work))
    started = tmp_path / "started"
    slow = fake(f"""
        trap "" INT TERM
        echo half > kernel.so; echo half > "$TMPDIR/cc1.s"
        sleep 600 &
        echo $! > {started}.new; mv {started}.new {started}
        wait""", only=False)
    compiler = toolchain.find_compiler()._replace(words=(str(slow),))
    before = names(fresh, "")
    def interrupt():
        while not started.exists(): time.sleep(0.01)
        signal.raise_signal(signal.SIGINT) if not POSIX else os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt): load_c(ADD % 0, compiler)
    thread.join()
    assert names(fresh, "") == before and list(work.iterdir()) == []
    child = int(started.read_text())
    for _ in range(500):
        if not alive(child): break
        time.sleep(0.01)
    assert not alive(child)
    assert load_c(ADD % 0).add(1, 1) == 2


def alive(process):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try: return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError: pass
    try: os.kill(process, 0)
    except ProcessLookupError: return False
    return not Path("/proc/self").exists()


@needs_compiler
@needs_posix
def test_a_killed_process_leaves_no_half_library(fresh, fake, tmp_path, monkeypatch):
    "Killed while its compiler works: the next one finds nothing, and makes it."
    started = tmp_path / "started"
    fake(f"""
        case "$*" in *probe*|*kernel*|*--version*) exec {HERE} "$@";; esac
        touch {started}; sleep 5; exec {HERE} "$@" """)
    monkeypatch.setenv("TMPDIR", str(tmp_path))      # nobody tidies up behind the one that is killed
    process = script(f"from edunets.compiler import toolchain; toolchain.load_c({ADD % 0!r})")
    while not started.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not names(fresh, ".so")
    assert load_c(ADD % 0, toolchain.Compiler((HERE,), "", ())).add(1, 1) == 2


@needs_posix
def test_a_temporary_folder_ends_with_its_process_not_with_a_fork(tmp_path):
    process = script(f"""
        import os, sys
        from edunets.compiler import toolchain
        folder = toolchain.temporary_folder()
        if not (child := os.fork()): sys.exit(0)
        os.waitpid(child, 0)
        print(folder.exists(), folder)""")
    out, err = process.communicate()
    existed, folder = out.split()
    assert existed == "True" and not Path(folder).exists(), err


# Calls, addresses

class Numbers(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_int64)]


TWICE = """#include <stdint.h>
typedef struct { float *at; int64_t size; } numbers;
void twice(numbers *n) { for (int64_t i = 0; i < n->size; i++) n->at[i] *= 2; }
int64_t count(numbers *n) { return n->size; }
"""


@needs_compiler
def test_a_bound_function_keeps_its_struct_alive():
    import gc
    library, x = load_c(TWICE), np.ones(1000, np.float32)
    call = toolchain.bind(library, "twice", Numbers(toolchain.data_address(x), x.size))
    count = toolchain.bind(library, "count", call.struct, ctypes.c_int64)
    gc.collect()
    for _ in range(3): assert call() is None
    assert (x == 8).all() and count() == 1000
    call.struct.size = 2 ** 40      # the struct is read at each call
    assert count() == 2 ** 40
    with pytest.raises(AttributeError, match="lacking"): toolchain.bind(library, "lacking", call.struct)


def arrays():
    base = np.arange(24.0).reshape(4, 6)
    frozen = base.copy()
    frozen.flags.writeable = False
    yield from (base, base[1:], base[:, ::2], base.T, base[::-1], frozen, frozen[2:, 1:], base[:0],
                base[2:2, 3:], np.zeros(()), np.zeros((0, 3)), np.zeros(3, "M8[s]"), np.zeros(3, np.float16),
                np.zeros(3, bool), np.frombuffer(b"12345678", "i4"), np.zeros(3, "c16"),
                np.asfortranarray(base), np.broadcast_to(np.float32(3), (5, 2)), np.array([None, 1]),
                np.zeros(2, [("a", "i4"), ("b", "f8")]))
    ml_dtypes = pytest.importorskip("ml_dtypes")
    yield np.zeros(3, ml_dtypes.bfloat16)


def test_addresses_of_all_kinds_of_arrays():
    for array in arrays(): assert toolchain.data_address(array) == en.tensors.address(array), array.dtype


def test_an_array_whose_address_was_asked_can_still_be_resized():
    array = np.ones(4)
    toolchain.data_address(array)
    array.resize(8, refcheck=False)


# NumPy's products

GEMM = """#include <stdint.h>
typedef %(size)s size;
typedef %(kind)s number;
typedef void (*gemm)(int, int, int, size, size, size, number, const number *, size, const number *, size,
                     number, number *, size);
void product(gemm f, number *a, number *b, number *c) { f(101, 111, 112, 3, 5, 4, 1, a, 4, b, 4, 1, c, 5); }
"""


@needs_compiler
@pytest.mark.parametrize("kind, name", [("float", "sgemm"), ("double", "dgemm")])
def test_c_calls_numpys_products(kind, name):
    found = toolchain.find_blas()
    if found is None: pytest.skip("the BLAS of this NumPy is not known")
    dtype = {"float": np.float32, "double": np.float64}[kind]
    draw = np.random.default_rng(0)
    a, b, c = (draw.integers(-9, 9, shape).astype(dtype) for shape in ((3, 4), (5, 4), (3, 5)))
    expected = a @ b.T + c
    library = load_c(GEMM % {"size": f"int{found.bits}_t", "kind": kind})
    library.product(*map(ctypes.c_void_p, (getattr(found, name), *map(toolchain.data_address, (a, b, c)))))
    assert (c == expected).all()


def test_threads_of_numpys_products():
    found = toolchain.find_blas()
    if found is None or not found.thread_setter: pytest.skip("its threads can't be set")
    before = en.get_num_threads()
    try:
        for number in (1, 2):
            found.set_threads(number)
            assert toolchain.numpy_blas().num_threads == number
    finally: found.set_threads(before)


class Library:
    """A BLAS in which only some names are found."""
    def __init__(self, *symbols, config=b""):
        for number, name in enumerate(symbols): setattr(self, name, ctypes.c_void_p(100 + number))
        if config: self.openblas_get_config = Config(config)


class Config:
    def __init__(self, said): self.said = said
    def __call__(self): return self.said


@pytest.mark.parametrize("library, bits, setter", [
    (Library("scipy_cblas_sgemm64_", "scipy_cblas_dgemm64_", "scipy_openblas_set_num_threads64_"), 64, 102),
    (Library("cblas_sgemm64_", "cblas_dgemm64_", "openblas_set_num_threads64_"), 64, 102),
    (Library("cblas_sgemm$NEWLAPACK$ILP64", "cblas_dgemm$NEWLAPACK$ILP64"), 64, 0),
    (Library("cblas_sgemm", "cblas_dgemm", "MKL_Set_Num_Threads"), 32, 102),
    (Library("cblas_sgemm", "cblas_dgemm", "openblas_set_num_threads", config=b"OpenBLAS 0.3"), 32, 102),
    (Library("cblas_sgemm", "cblas_dgemm", config=b"OpenBLAS 0.3 USE64BITINT Haswell"), 64, 0)])
def test_builds_of_blas(library, bits, setter, monkeypatch):
    monkeypatch.setattr(toolchain, "blas_libraries", lambda: [library])
    found = toolchain.find_blas()
    assert (found.sgemm, found.dgemm, found.bits, found.thread_setter) == (100, 101, bits, setter)
    if not setter: found.set_threads(3)      # nothing to call


def test_an_unknown_blas(monkeypatch):
    for libraries in ([], [Library("cblas_sgemm")], [Library("sgemm_", "dgemm_")]):
        monkeypatch.setattr(toolchain, "blas_libraries", lambda: libraries)
        forget()
        assert toolchain.find_blas() is None
