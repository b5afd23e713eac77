"""The strict array module beside CuPy, on a machine without a GPU. Names, signatures and the rules of
dtypes CuPy knows without a device, and what is a matter of shape and strides it does; it fails where it needs
one. So what our kernels ask of the strict module is asked of CuPy again."""
import ast
import contextlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import beside
import edunets as en
import strict
from edunets.table import OPS, call
from samples import cases
from test_foundations import carried
from test_names import CODES

cupy = pytest.importorskip("cupy", reason="CuPy is not installed: make test CUDA=1")
NoDevice = cupy.cuda.runtime.CUDARuntimeError
BINARY = """add subtract multiply true_divide floor_divide remainder power bitwise_and bitwise_or bitwise_xor
    left_shift right_shift matmul"""
OPERATORS = dict(zip(strict.OPERATORS, BINARY.split()), neg="negative", abs="absolute", invert="invert",
                 eq="equal", ne="not_equal", lt="less", le="less_equal", gt="greater", ge="greater_equal")
DUNDERS = [name for operator in OPERATORS for name in (f"__{i}{operator}__" for i in ("", "r", "i"))
           if hasattr(strict.Array, name)]
WATCHED = {      # (where the names are, the names)
    "ndarray": (strict.Array, [*strict.METHODS, *DUNDERS, "item", "tolist", "__getitem__", "__setitem__"]),
    "linalg": (strict.xp.linalg, strict.LINALG),
    "lib.stride_tricks": (strict.xp.lib.stride_tricks, ["as_strided"]),
    "": (strict.xp, [*strict.UFUNCS, *strict.FUNCTIONS, "array", "asarray"])}


# What is asked of the strict module

class Form(tuple):
    "An array in a recorded call: its shape, dtype and strides, and whether it looks into another's memory."
    @classmethod
    def of(cls, a):
        "Of what is never stepped over, modules differ in what they tell."
        empty = 0 in a.shape
        strides = tuple(0 if empty else s * (n > 1) for s, n in zip(a.strides, a.shape))
        return cls((a.shape, a.dtype, strides, a.base is not None and not empty))


def described(x):
    if isinstance(x, (strict.Array, cupy.ndarray)): return Form.of(x)
    if isinstance(x, (tuple, list)): return type(x)(map(described, x))
    return x


def watched(function, name, calls):
    def asked(*args, **keywords):
        given = described(args), {key: described(value) for key, value in keywords.items()}
        result = function(*args, **keywords)
        calls.setdefault(f"{name}{given}", (name, *given, described(result)))
        return result
    if hasattr(function, "at"): asked.at = watched(function.at, f"{name}.at", calls)
    return asked


@contextlib.contextmanager
def recorded():
    "The calls of the strict module in this context: {text: (name, arguments, keywords, result)}."
    calls = {}
    with strict.at_hand(), pytest.MonkeyPatch.context() as patch:
        for place, (owner, names) in WATCHED.items():
            for name in names:
                known = f"{place}.{name}".lstrip(".")
                patch.setattr(owner, name, watched(getattr(owner, name), known, calls))
        yield calls


@pytest.fixture(scope="module")
def calls():
    "What the samples of all rows ask, to second order, and the sample calls of all functions."
    with recorded() as found:
        for key in cases(): carried(key, en.device("strict"))
        with en.device("strict"):
            for codes in CODES.values():
                for code in codes: beside.run(code, en)
    return found


# What CuPy says to it

def named(name):
    found = cupy
    for part in name.split("."): found = getattr(found, part)
    return found


def signature(name):
    """The parameters of a function of CuPy's. Those of its compiled ones stand in the first line of their
    documentation."""
    found = named(name)
    try: return inspect.signature(found)
    except (TypeError, ValueError): pass
    said = re.match(r"[\w.]+\((.*)\)", found.__doc__.strip().splitlines()[0])
    space = {}
    parameters = re.sub(r"\b\w+ (?=\w)", "", said[1].replace("\\*", "*"))      # without C's types
    exec(f"def f({parameters}): pass", space)
    read = inspect.signature(space["f"])
    bound = inspect.isbuiltin(found) and "self" in read.parameters
    return read.replace(parameters=list(read.parameters.values())[1:]) if bound else read


def pretended(form):
    "An array of CuPy's on memory of the host: all may be asked of it but what needs a device."
    shape, dtype, strides, _ = form
    reach = [step * (n - 1) for step, n in zip(strides, shape) if n]
    before = -sum(r for r in reach if r < 0)
    host = np.zeros(before + sum(r for r in reach if r > 0) + dtype.itemsize, np.uint8)
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, device_id=0)
    return cupy.ndarray(shape, dtype, cupy.cuda.MemoryPointer(memory, before), strides)


def lifted(x):
    if isinstance(x, Form): return pretended(x)
    if isinstance(x, (tuple, list)): return type(x)(map(lifted, x))
    return x


def answer(name, args, keywords):
    "What CuPy answers, described; `NoDevice` where it got as far as a device or a library for one."
    keywords = {key: lifted(value) for key, value in keywords.items()}
    try: return described(named(name)(*lifted(args), **keywords))
    except NoDevice: return NoDevice
    except ImportError as problem:
        if "Failure finding" in str(problem): return NoDevice
        raise


def loop(ufunc, operands):
    """The dtype of CuPy's result: that of its first loop to which all operands can be cast. A Python number is
    cast if its kind is that of an array or a lower one."""
    kinds = "biufc"
    highest = max((x[1].kind for x in operands if isinstance(x, Form)), key=kinds.index)
    def fits(x, letter):
        if isinstance(x, Form): return np.can_cast(x[1], letter)
        kind = np.dtype(type(x))
        if kinds.index(kind.kind) > kinds.index(highest): return np.can_cast(kind, letter)
        return kinds.index(kind.kind) <= kinds.index(np.dtype(letter).kind)
    for loop in ufunc.types:
        letters, _, out = loop.partition("->")
        if not set(letters) & set("VE") and all(map(fits, operands, letters)): return np.dtype(out)


def as_ufunc(name, operands):
    "The ufunc behind a function or an operator of arrays, and its operands; None if there is none."
    found = re.fullmatch(r"ndarray\.__(r?)(\w+)__", name)
    if found and found[1] + found[2] in OPERATORS: found, name = None, OPERATORS[found[1] + found[2]]
    elif found: name = OPERATORS.get(found[2], name)
    ufunc = getattr(cupy, name, None)
    if not isinstance(ufunc, cupy.ufunc): return None
    return ufunc, operands[::-1] if found and found[1] else operands[:ufunc.nin]


# The tests

@pytest.fixture
def no_gpu():
    "On a GPU kernels would be launched on memory of the host; there test_foundations.py runs all of this."
    with contextlib.suppress(NoDevice):
        if cupy.cuda.runtime.getDeviceCount(): pytest.skip("here is a GPU, and test_foundations.py asks it")


def complaints(calls, complaint):
    "What is said of calls, each thing once, with the first call of which it is said."
    found = {}
    for text, call in calls.items():
        if said := complaint(*call): found.setdefault(said, text)
    return found


def unfit(name, args, keywords, result):
    "Arguments that do not fit the signature of CuPy's function."
    if "__" in name: return None
    try: signature(name).bind(*args, **keywords)
    except TypeError as problem: return f"cupy.{name}: {problem}"


def otherwise(name, args, keywords, result):
    "CuPy refuses the arguments, or its answer has another shape, dtype or memory."
    try: said = answer(name, args, keywords)
    except Exception as problem: return f"cupy.{name}: {type(problem).__name__}: {problem}"
    if said is NoDevice or not isinstance(result, Form) or not result[0] or said == result: return None
    given = [x[:3] for x in args if isinstance(x, Form)]
    if said[:3] == result[:3] and said[:3] in given: return None      # an array that was given
    return f"cupy.{name} gives {said}, not {result}"


def no_such_loop(name, args, keywords, result):
    "CuPy has no loop for the operands, or one with another result."
    found = as_ufunc(name, args)
    if found is None or not isinstance(result, Form) or "out" in keywords: return None
    dtype = loop(*found)
    if dtype != result[1]: return f"cupy.{name} gives {dtype}, not {result[1]}"


def test_every_name_is_cupys():
    for place, (owner, names) in WATCHED.items():
        for name in names: assert callable(named(f"{place}.{name}".lstrip("."))), name
    assert all(isinstance(getattr(cupy, name), cupy.ufunc) for name in strict.UFUNCS)
    assert all(hasattr(cupy.ndarray, name) for name in [*strict.ATTRIBUTES, "T", "base", "get", "device"])


@pytest.mark.parametrize("complaint", [unfit, otherwise, no_such_loop])
def test_cupy_takes_what_our_kernels_ask(complaint, calls, no_gpu):
    assert len(calls) > 10000 and complaints(calls, complaint) == {}


def test_bfloat16_is_only_stored_there(no_gpu):
    "CuPy knows the dtype of ml_dtypes; no function is asked to compute in it."
    ml_dtypes = pytest.importorskip("ml_dtypes")
    def has(x):
        if isinstance(x, Form): return x[1] == ml_dtypes.bfloat16
        return isinstance(x, (tuple, list)) and any(map(has, x))
    with recorded() as calls:
        for row, args, params in cases().values():
            operands = [en.tensor(x, device="strict") if isinstance(x, np.ndarray) else x for x in args]
            operands = [x.bfloat16() if isinstance(x, en.Tensor) and x.is_floating_point() else x
                        for x in operands]
            if row != "bitcast" and args: call(OPS[row], tuple(operands), params)
    of_it = {text: found for text, found in calls.items() if has(found[1])}
    assert not [text for text, (name, args, *_) in of_it.items() if as_ufunc(name, args)]
    assert {"ndarray.astype", "ndarray.copy", "ndarray.__setitem__"} <= {name for name, *_ in of_it.values()}
    assert complaints(of_it, unfit) == complaints(of_it, otherwise) == {}


def test_calls_that_cupy_would_not_take_are_found(no_gpu):
    "What NumPy takes, and CuPy does not."
    a = strict.xp.ones((2, 3))
    with recorded() as calls:
        a.max(axis=0, initial=0.0)
        strict.xp.multiply(a, 2.0, out=a, where=a > 0)
        a.reshape((3, 2), order="A")
        strict.xp.stack((a, a), axis=0, dtype="float32", casting="unsafe")
    first = lambda complaint: [said.partition(":")[0] for said in complaints(calls, complaint)]
    assert first(unfit) == ["cupy.ndarray.max", "cupy.multiply"] and first(otherwise) == ["cupy.ndarray.max"]
    row = Form(((3,), np.dtype("f8"), (8,), False))
    part, narrow = Form(((2,), row[1], (8,), True)), Form(((3,), np.dtype("f4"), (4,), False))
    found = "cupy.ndarray.__getitem__ gives"
    assert otherwise("ndarray.__getitem__", (row, slice(2)), {}, row) == f"{found} {part}, not {row}"
    assert no_such_loop("sqrt", (row,), {}, narrow) == "cupy.sqrt gives float64, not float32"


def chains(tree):
    "The calls of a module on what it calls `xp` or `cupy`: (the name behind it, the call)."
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call): continue
        text = ast.unparse(node.func)
        found = re.fullmatch(r"(?:self\.)?(?:xp|cupy)\.([\w.]+)", text)
        if found: yield found[1], node


def test_what_the_package_calls_is_cupys():
    "Every call in its source, also those that no sample comes to. (In one module `xp` is MLX.)"
    seen, wrong = set(), []
    for path in set(Path(en.__file__).parent.rglob("*.py")) - {Path(en.backends.metal.__file__)}:
        for name, call in chains(ast.parse(path.read_text())):
            seen.add(name)
            if any(isinstance(a, ast.Starred) for a in call.args): continue
            words = {word.arg: word for word in call.keywords if word.arg}
            try: signature(name).bind(*call.args, **words)
            except (AttributeError, TypeError) as problem:
                wrong.append(f"{path.name}, line {call.lineno}: {problem}")
    assert wrong == [] and {"exp", "cuda.Device", "cuda.runtime.getDeviceCount", "asnumpy"} <= seen


def test_the_strict_module_refuses_what_cupy_refuses():
    a = pretended(((2,), np.dtype("f8"), (8,), False))
    with pytest.raises(TypeError, match="Implicit conversion"): np.asarray(a)
    with pytest.raises(TypeError, match="Implicit conversion"): np.asarray(strict.xp.ones(2))
    from cupy._core._scalar import CScalar      # through which every operand goes that is no array of CuPy's
    for foreign in (np.ones(2), np.array(1.0), [1.0], "1"):
        with pytest.raises(TypeError, match="Unsupported type"): CScalar(foreign)
    for number in (1.0, 1, True, np.float32(1)): CScalar(number)
    with pytest.raises(TypeError, match="Unsupported type"): strict.xp.ones(2) + np.ones(2)
    with pytest.raises(NotImplementedError): cupy.multiply.at(a, a, 1.0)
    assert not hasattr(strict.xp.multiply, "at")


def test_an_error_of_its_pool_is_one_that_we_tell():
    assert issubclass(cupy.cuda.memory.OutOfMemoryError, MemoryError)
    assert signature("cuda.set_allocator").bind(len) and hasattr(cupy.cuda.Device, "mem_info")


def test_without_a_device_the_error_says_what_cupy_says(no_gpu):
    with pytest.raises(RuntimeError, match="Found no NVIDIA driver") as caught: en.ones(2).to("cuda")
    assert f"CuPy {cupy.__version__} says: cuda" in str(caught.value)
    assert not en.cuda.is_available() and en.cuda.device_count() == 0
