"""CUDA kernels on a CPU: the text of a kernel is compiled as C++ behind a header, and each of its threads is
run, on NumPy's arrays. The classes are called as those of CuPy; what a GPU would do wrong in silence (a type
that is not the parameter's, an address outside, a race) is refused."""
import contextlib
import ctypes
import functools
import getpass
import hashlib
import math
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
COMPILER = shutil.which("g++") or shutil.which("clang++")
TYPES = {"float16": "float16", "float32": "float", "float64": "double", "bool": "bool", "int8": "signed char",
         "int16": "short", "int32": "int", "int64": "long long", "uint8": "unsigned char",
         "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long"}
ORDERS = ["forward", "reverse", "lockstep"]


class Counts(ctypes.Structure):
    """What warps asked memory for. Of arrays: `requests`, the threads (`lanes`) that took part in them, and the
    `sectors` of 32 bytes that they touched. Of shared memory: requests (`shared`), and the `passes` they take,
    as a bank gives one word at a time. And how many accesses were atomic."""
    _fields_ = [(name, ctypes.c_long) for name in "requests lanes sectors shared passes atomics".split()]


class mode:
    "How threads are run now: in which order, whether races are errors, and what is counted."
    order, check, counts = "forward", True, None


@contextlib.contextmanager
def in_order(order, check=True):
    """Threads run one after the other (`forward`, `reverse`), or one access to memory of each in turn
    (`lockstep`)."""
    before = mode.order, mode.check
    mode.order, mode.check = order, check
    try: yield
    finally: mode.order, mode.check = before


@contextlib.contextmanager
def counted():
    "The memory that kernels ask for, counted as `Counts`."
    before, mode.counts = mode.counts, Counts()
    try: yield mode.counts
    finally: mode.counts = before


# Compiling

def cached(name, *texts):
    "Where something is kept that was made of these texts."
    key = hashlib.sha256(repr((COMPILER, texts)).encode()).hexdigest()[:32]
    folder = Path(tempfile.gettempdir(), f"edunets-{getpass.getuser()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{key}-{name}"


def compiled(text, target, *options):
    "Compile and link a text, unless it was done before."
    if target.exists(): return target
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source, made = Path(folder, "kernel.cpp"), Path(folder, target.name)
        source.write_text(text)
        command = [COMPILER, "-std=c++17", "-O1", "-fPIC", "-ffp-contract=off", "-fno-threadsafe-statics",
                   f"-I{HERE}", *options]
        done = subprocess.run([*command, source, "-o", made], capture_output=True, text=True)
        if done.returncode: raise RuntimeError(f"it does not compile:\n{done.stderr}")
        os.replace(made, target)      # whole, also where others compile the same now
    return target


class Dim3(ctypes.Structure): _fields_ = [(name, ctypes.c_uint) for name in "xyz"]
class Region(ctypes.Structure): _fields_ = [(name, ctypes.c_size_t) for name in ("begin", "end", "memory")]
class Launch(ctypes.Structure):
    _fields_ = [("grid", Dim3), ("block", Dim3),
                *((name, ctypes.c_int) for name in "order fibers tables shared_bytes regions".split()),
                ("region", ctypes.POINTER(Region)), ("counts", ctypes.POINTER(Counts))]


def shared_taken(source):
    """Variables in `__shared__` memory as references to memory that the runtime gives, and knows: the
    compiler puts those of a template among all others, where a race is not seen."""
    def declared(found):
        kind, names = found[1], [re.fullmatch(r"(\w+)\s*((?:\[.*\])*)", part.strip())
                                 for part in found[2].split(",")]
        return " ".join(f"static {kind} (&{name}){size} = *({kind} (*){size})shared_memory(sizeof({kind}{size}));"
                        for name, size in (part.groups() for part in names))
    return re.sub(r"\b__shared__\s+((?:unsigned |long )*\w+)\s+([^;]+);", declared, source)


@functools.cache
def loaded(source, name):
    "A kernel, and the types of its parameters."
    if COMPILER is None: raise RuntimeError("no C++ compiler was found: g++ or clang++")
    source = re.sub(r"extern\s+__shared__\s+(\w+)\s+(\w+)\s*\[\s*\]\s*;",
                    r"\1* \2 = (\1*)dynamic_shared;", source)
    source = shared_taken(source)
    # in a namespace of its own: else templates of two kernels would share their variables in one process
    text = f'#include "cuda.h"\nnamespace {{\n{source}\n}}\nKERNEL({name})\n'
    header, runtime = (HERE / "cuda.h").read_text(), (HERE / "runtime.cpp").read_text()
    threads = compiled(runtime, cached("runtime.o", runtime), "-c")
    kernel = compiled(text, cached("kernel.o", text, header), "-c", "-fsanitize=thread")
    whole = compiled("", cached("kernel.so", text, header, runtime), "-shared", kernel, threads)
    library = ctypes.CDLL(str(whole))
    library.run_kernel.restype = ctypes.c_char_p
    types = ctypes.create_string_buffer(1024)
    library.kernel_types(types)
    return library, types.value.decode().split()


# Launching

def three(size, what, most):
    size = tuple(size) + (1, 1)
    if not all(isinstance(n, (int, np.integer)) and 1 <= n <= limit for n, limit in zip(size, most)):
        raise ValueError(f"{what} {size[:-2]}: 1 to {most} are possible")
    return Dim3(*size[:3])


def region(array):
    "Where an array lies, and where the memory begins that it is a view of."
    owner = array
    while isinstance(owner.base, np.ndarray): owner = owner.base
    return Region(array.ctypes.data, array.ctypes.data + array.nbytes, owner.ctypes.data)


def passed(arg, kind, where):
    "An argument as the kernel takes it, of the type that its parameter has."
    if isinstance(arg, np.ndarray):
        if not arg.flags.c_contiguous:
            raise ValueError(f"{where} has gaps: a kernel sees an address and no strides")
        given, value = "*" + arg.dtype.str[1:], ctypes.c_void_p(arg.ctypes.data)
        if kind == "*": given = kind
    else:
        number = {int: np.int64, float: np.float64}.get(type(arg), type(arg))(arg)
        if not isinstance(number, np.generic): raise TypeError(f"{where} is a {type(arg).__name__}")
        given, value = number.dtype.str[1:], np.ctypeslib.as_ctypes_type(number.dtype)(number.item())
    if given != kind: raise TypeError(f"{where} is {given}, and the kernel takes {kind}")
    return value


class RawKernel:
    "`cupy.RawKernel`: a kernel by its text, called as `kernel(grid, block, args, shared_mem=0)`."
    def __init__(self, source, name, options=()): self.source, self.name, self.options = source, name, options

    def __call__(self, grid, block, args, *, shared_mem=0):
        library, kinds = loaded(self.source, self.name)
        grid = three(grid, "a grid of", (2**31 - 1, 65535, 65535))
        block = three(block, "a block of", (1024, 1024, 64))
        if block.x * block.y * block.z > 1024: raise ValueError("a block has at most 1024 threads")
        if shared_mem > 48 << 10: raise ValueError(f"{shared_mem} bytes of shared memory: a block has 48 KiB")
        if len(args) != len(kinds):
            raise TypeError(f"{self.name} takes {len(kinds)} arguments, not {len(args)}")
        values = [passed(arg, kind, f"argument {number} of {self.name}")
                  for number, (arg, kind) in enumerate(zip(args, kinds), 1)]
        arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
        regions = [region(a) for a in arrays]
        launch = Launch(grid, block, ORDERS.index(mode.order), "sync" in self.source,
                        any(a.dtype == np.uint64 for a in arrays),      # they may be addresses
                        shared_mem, len(regions), (Region * len(regions))(*regions),
                        mode.counts and ctypes.pointer(mode.counts))
        addresses = (ctypes.c_void_p * len(values))(*map(ctypes.addressof, values))
        problem = library.run_kernel(ctypes.byref(launch), addresses).decode()
        if problem and mode.check: raise RuntimeError(f"{self.name}: {problem}")


def parameters(text):
    "'T x, raw int64 y' as [(is it raw, type, name)]."
    found = [part.split() for part in text.split(",") if part.strip()]
    for words in found:
        if not 2 <= len(words) <= 3 or words[0] != "raw" and len(words) == 3:
            raise NotImplementedError(f"the parameter {' '.join(words)!r}")
        if words[-1] in ("n", "i") or words[-1].startswith("_"):
            raise ValueError(f"a parameter {words[-1]!r}: n, i and names with _ in front are reserved")
    return [("raw" in words[:-2], words[-2], words[-1]) for words in found]


def bound(params, args):
    "What the letters among the types of parameters stand for."
    letters = {}
    for (_, kind, name), arg in zip(params, args):
        if kind in TYPES or not isinstance(arg, np.ndarray): continue
        if letters.setdefault(kind, arg.dtype) != arg.dtype:
            raise TypeError(f"{name} is {arg.dtype}, and another {kind} is {letters[kind]}")
    return letters


class Made:
    "What the kernels have in common whose text is made from an expression."
    def types(self, letters):
        "The dtype of each parameter."
        return [np.dtype(letters.get(kind, kind)) for _, kind, _ in self.inputs + self.outputs]

    def parts(self, letters):
        "Of each parameter: is it raw, its type in C, its name."
        for const, params in (("const ", self.inputs), ("", self.outputs)):
            for raw, kind, name in params:
                yield raw, const + TYPES[np.dtype(letters.get(kind, kind)).name], name

    def head(self, letters):
        "What the letters stand for, and how the kernel's function begins."
        lines = [f"typedef {TYPES[dtype.name]} {letter};" for letter, dtype in sorted(letters.items())]
        declared = [f"{kind}* {'_' * (not raw)}{name}" for raw, kind, name in self.parts(letters)]
        function = f'extern "C" __global__ void {self.name}({", ".join(declared)}, long long n) {{'
        return "\n".join([*lines, function])


class ElementwiseKernel(Made):
    "`cupy.ElementwiseKernel`: an operation for each element; the operation itself indexes what is `raw`."
    def __init__(self, in_params, out_params, operation, name="kernel"):
        self.inputs, self.outputs = parameters(in_params), parameters(out_params)
        self.operation, self.name = operation, name

    def source(self, letters):
        "The kernel's text, where each letter among its types stands for a dtype."
        here = "".join(f"    {kind} &{name} = _{name}[i];\n"
                       for raw, kind, name in self.parts(letters) if not raw)
        return f"""{self.head(letters)}
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
{here}    {self.operation};
}}
"""

    def __call__(self, *args, size=None):
        given = args[:len(self.inputs)]
        if len(args) not in (len(self.inputs), len(self.inputs) + len(self.outputs)):
            raise TypeError(f"{self.name} takes {len(self.inputs)} arrays, and may be given its results")
        letters = bound(self.inputs + self.outputs, args)
        dtypes = self.types(letters)
        shapes = [np.shape(arg) for (raw, *_), arg in zip(self.inputs, given) if not raw]
        shape = np.broadcast_shapes(*shapes) if size is None else (size,)
        ready = [np.ascontiguousarray(arg if raw else np.broadcast_to(np.asarray(arg, dtype), shape))
                 for (raw, *_), arg, dtype in zip(self.inputs, given, dtypes)]
        outs = list(args[len(given):]) or [np.empty(shape, dtype) for dtype in dtypes[len(given):]]
        n = math.prod(shape)
        if n:
            RawKernel(self.source(letters), self.name)(((n + 127) // 128,), (128,), (*ready, *outs, n))
        return outs[0] if len(outs) == 1 else tuple(outs)


class ReductionKernel(Made):
    "`cupy.ReductionKernel`: a block for each result maps, combines and maps again."
    def __init__(self, in_params, out_params, map_expr, reduce_expr, post_map_expr, identity,
                 name="reduce_kernel"):
        self.inputs, self.outputs, self.name = parameters(in_params), parameters(out_params), name
        self.map, self.reduce, self.post, self.identity = map_expr, reduce_expr, post_map_expr, identity
        if len(self.outputs) != 1 or any(raw for raw, *_ in self.inputs):
            raise NotImplementedError("raw arrays, or several results")

    def source(self, letters):
        *inputs, (_, out, result) = self.parts(letters)
        reads = " ".join(f"{kind} {name} = _{name}[blockIdx.x * n + j];" for _, kind, name in inputs)
        return f"""#define REDUCE(a, b) ({self.reduce})
{self.head(letters)}
    __shared__ {out} part[128];
    {out} all = {self.identity};
    for (long long j = threadIdx.x; j < n; j += 128) {{
        {reads}
        {out} one = {self.map};
        all = REDUCE(all, one);
    }}
    part[threadIdx.x] = all;
    for (int half = 64; half; half /= 2) {{
        __syncthreads();
        if (threadIdx.x < half) part[threadIdx.x] = REDUCE(part[threadIdx.x], part[threadIdx.x + half]);
    }}
    if (threadIdx.x) return;
    {out} a = part[0];
    {out} &{result} = _{result}[blockIdx.x];
    {self.post};
}}
"""

    def __call__(self, *args, axis=None, keepdims=False):
        if len(args) != len(self.inputs): raise NotImplementedError("out=, or scalars by position")
        letters = bound(self.inputs, args)
        dtypes = self.types(letters)
        arrays = np.broadcast_arrays(*[np.asarray(arg, dtype) for arg, dtype in zip(args, dtypes)])
        dims = range(arrays[0].ndim)
        asked = dims if axis is None else axis if isinstance(axis, tuple) else (axis,)
        gone = {d % len(dims) for d in asked}
        kept = [d for d in dims if d not in gone]
        shape = arrays[0].shape
        ready = [np.ascontiguousarray(a.transpose(*kept, *sorted(gone))) for a in arrays]
        out = np.empty([1 if d in gone else shape[d] for d in dims if keepdims or d not in gone], dtypes[-1])
        if out.size:
            n = math.prod(shape[d] for d in gone)
            RawKernel(self.source(letters), self.name)((out.size,), (128,), (*ready, out, n))
        return out
