"""A strict array module: NumPy that behaves as CuPy does, so that code which would fail on a GPU fails
here. It refuses NumPy's arrays as operands, as CuPy does, and NumPy's numbers, which CuPy takes with their
own dtype; it has only names that CuPy has (test_strict_cupy.py asks it), and every result is an array, 0-d
ones too."""
import contextlib
import types
from collections import Counter

import numpy as np

import cuda_on_cpu
from edunets.random import GENERATORS
from edunets.table import add_backend, array_handler, handle, remove_backend
from edunets.tensors import BACKENDS, DEVICES, Backend, device

DEVICES.add("strict")
UFUNCS = """absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_or bitwise_xor ceil copysign cos cosh divide equal exp exp2 expm1 floor
floor_divide fmod gcd greater greater_equal hypot invert isfinite isinf isnan lcm left_shift less less_equal log logaddexp logaddexp2 log10 log1p log2 logical_and logical_not
logical_or logical_xor maximum minimum multiply negative not_equal power remainder right_shift rint sign sin sinh sqrt square subtract tan tanh trunc""".split()
FUNCTIONS = """arange argmax argpartition argsort asarray broadcast_to clip concatenate copyto count_nonzero cumprod cumsum einsum empty empty_like flip full matmul may_share_memory
moveaxis nonzero ones reshape searchsorted shares_memory stack swapaxes take_along_axis transpose tri tril triu unravel_index where zeros""".split()
LINALG = "cholesky det eigh inv qr slogdet solve svd".split()
METHODS = "all any argmax argsort astype copy cumprod cumsum fill max mean min prod ravel reshape squeeze std sum swapaxes transpose var view".split()
ATTRIBUTES = "dtype flags itemsize nbytes ndim shape size strides".split()
OPERATORS = "add sub mul truediv floordiv mod pow and or xor lshift rshift matmul".split()


class Array:
    "An array of the strict module; `base` is the array whose memory it looks into, as CuPy tells it."
    __array_priority__, __array_ufunc__ = 1000, None      # NumPy is not to compute with it
    device = device("strict")

    def __init__(self, host, base=None): self.host, self.base = host, base
    def __repr__(self): return f"strict({self.host!r})"
    def __getitem__(self, key):
        key = lower(key)
        found = self.host[key]
        if isinstance(found, np.generic):      # NumPy gives a number, CuPy a view
            found = self.host[(*key, ...) if isinstance(key, tuple) else (key, ...)]
        launches["getitem"] += not np.may_share_memory(found, self.host)      # a view is no kernel
        return lift(found, self)
    def __setitem__(self, key, value):
        launches["setitem"] += 1
        self.host[lower(key)] = lower(value)
    def __len__(self): return len(self.host)
    def __bool__(self): return bool(self.host)
    def __int__(self): return int(self.host)
    def __float__(self): return float(self.host)
    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")
    def item(self): return self.host.item()
    def tolist(self): return self.host.tolist()
    def get(self): return self.host.copy()
    @property
    def T(self): return lift(self.host.T, self)
    @property
    def __cuda_array_interface__(self): return self.host.__array_interface__


def lower(x):
    "Down to NumPy, refusing what is NumPy's already."
    if isinstance(x, Array): return x.host
    if isinstance(x, (np.ndarray, np.generic)): raise TypeError(f"Unsupported type {type(x)}")
    if isinstance(x, (tuple, list)): return type(x)(map(lower, x))
    return x


def lift(x, *sources):
    """Up again: arrays and NumPy's numbers become arrays, which know the one of `sources` whose memory
    they share."""
    if isinstance(x, tuple): return tuple(lift(item, *sources) for item in x)
    if isinstance(x, np.generic): return Array(np.asarray(x))
    if not isinstance(x, np.ndarray): return x
    shared = next((s for s in sources if isinstance(s, Array) and np.may_share_memory(s.host, x)), None)
    return Array(x, None if shared is None else shared if shared.base is None else shared.base)


launches = Counter()      # what would have been a kernel on a GPU, by name: views and empty memory are none


def strict(function):
    "A function of NumPy, as one of arrays of this module."
    def run(*args, **kwargs):
        given = [lower(arg) for arg in args]
        result = function(*given, **{key: lower(value) for key, value in kwargs.items()})
        known = getattr(result, "base", None) is not None or any(result is x for x in given)
        launches[function.__name__] += "out" in kwargs or not known and "empty" not in function.__name__
        return kwargs["out"] if "out" in kwargs else lift(result, *args)
    return run


def inplace(name):
    def run(self, other):
        launches[name] += 1
        getattr(self.host, name)(lower(other))
        return self
    return run


for name in METHODS: setattr(Array, name, strict(getattr(np.ndarray, name)))
for name in ATTRIBUTES: setattr(Array, name, property(lambda self, name=name: getattr(self.host, name)))
for name in ["neg", "abs", "invert", "eq", "ne", "lt", "le", "gt",
             "ge"] + OPERATORS + ["r" + name for name in OPERATORS]:
    setattr(Array, f"__{name}__", strict(getattr(np.ndarray, f"__{name}__")))
for name in OPERATORS[:-1]: setattr(Array, f"__i{name}__", inplace(f"__i{name}__"))
Array.__hash__ = None

def kernel(made):
    "A class of kernels that takes and gives arrays of this module, and is counted."
    class Kernel(made):
        def __call__(self, *args, **kwargs):
            launches[self.name] += 1
            return lift(super().__call__(*map(lower, args), **kwargs))
    return Kernel


class Module(types.SimpleNamespace):
    __hash__ = object.__hash__      # as a module has


xp = Module(__name__="strict", **{name: strict(getattr(np, name)) for name in UFUNCS + FUNCTIONS})
for name in ("RawKernel", "ElementwiseKernel", "ReductionKernel"):
    setattr(xp, name, kernel(getattr(cuda_on_cpu, name)))
xp.array = lambda a, *args, **kwargs: Array(np.array(a.host if isinstance(a, Array) else a, *args, **kwargs))
def asarray(a, *args, **kwargs):
    if not isinstance(a, Array): return xp.array(a, *args, **kwargs)
    made = np.asarray(a.host, *args, **kwargs)
    return a if made is a.host else lift(made, a)


xp.asarray = asarray
xp.linalg = types.SimpleNamespace(**{name: strict(getattr(np.linalg, name)) for name in LINALG})
xp.ndarray = Array

def as_strided(a, shape, strides):
    "In CuPy such an array does not know whose memory it looks into."
    return Array(np.lib.stride_tricks.as_strided(a.host, shape, strides))


def at(ufunc):
    "`ufunc.at`: CuPy has it for the atomic operations of a GPU, and the dtypes that these take."
    def run(a, indices, b):
        if a.dtype.char in "?bBhH" or (a.dtype.char == "e" and ufunc is not np.add) or a.dtype.kind == "V":
            raise TypeError(f"cupy.{ufunc.__name__}.at does not support {a.dtype}")
        ufunc.at(a.host, lower(indices), lower(b))
    return run


xp.lib = types.SimpleNamespace(stride_tricks=types.SimpleNamespace(as_strided=as_strided))
# all the ufuncs whose `at` CuPy has and we use
for name in ("add", "maximum", "minimum"): getattr(xp, name).at = at(getattr(np, name))


class There(Backend):
    "The device of this module's arrays."
    def fetch(self, array): return array.get()


def install(backend=There(xp, device("strict"))):
    "Let the device be known; its kernels are those for CUDA, where a compiler is found."
    add_backend(Array, backend)
    if cuda_on_cpu.COMPILER: handle(Array, array_handler(Array, xp, "cuda"), rank=0)


@contextlib.contextmanager
def at_hand(*backend):
    "A context in which the device is known."
    if Array in BACKENDS:
        yield
        return
    install(*backend)
    try: yield
    finally:
        remove_backend(Array)
        GENERATORS.pop(device("strict"), None)
