"""Run the same code on edunets and on PyTorch and say where they differ.

Code is text: `m` is the package, the letters of INPUTS are tensors. Statements before the last are carried out (`; ` between
them); the last is an expression whose value is compared: kind, shape, dtype, numbers, and where PyTorch raises, the class of
the error. Ours may be a subclass of it, and may work where PyTorch only says that it has not (yet) done the thing."""
import math
import re
import warnings

import numpy as np

import edunets

TOLERANCE = {"float16": 4e-3, "float32": 2e-6, "float64": 1e-12}

INPUTS = {
    "v": "m.tensor([-1.5, -0.5, 0., 0.5, 1., 2.5])",
    "x": "m.tensor([[0.1, 0.6, 0.3], [0.4, 0.5, 0.2]])",
    "y": "m.tensor([[2., -1., 0.5], [0.25, 3., -2.]])",
    "s": "m.tensor(0.25)",
    "e": "m.zeros(0)",
    "z": "m.zeros(2, 0)",
    "n": "m.tensor([math.nan, math.inf, -math.inf, 0., -0., 1e30, 1e-30])",
    "d": "m.tensor([-2., -0.3, 0.7, 3.5], dtype=m.float64)",
    "h": "m.tensor([-2., -0.3, 0.7, 3.5], dtype=m.float16)",
    "i": "m.tensor([-3, 0, 1, 7])",
    "j": "m.tensor([-3, 2, 1, 7], dtype=m.int32)",
    "u": "m.tensor([0, 1, 200], dtype=m.uint8)",
    "b": "m.tensor([True, False])",
    "k": "m.tensor(3)",
    "t": "m.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]).t()",
    "w": "m.tensor([[0.5], [0.25]]).expand(2, 3)",
    "p": "m.tensor([0.1, 0.2, 0.3, 0.4, 0.5])[::2]",
    "c": "m.arange(24.).reshape(2, 3, 4)",
    "g": "m.tensor([[2, 0, 1], [1, 2, 0]])",
    "q": "m.tensor([[True, False, True], [False, False, True]])",
    "A": "m.arange(60).reshape(3, 4, 5)",
    "B": "m.arange(60).reshape(4, 3, 5).transpose(0, 1)",
    "M": "m.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 1]]).bool()",
    "N": "m.tensor([[1, 0, 1, 0, 0], [0] * 5, [0] * 5, [1] * 5]).bool()",
    "X": "m.arange(24.).reshape(2, 3, 4)",
}
MADE = {key: compile(text, key, "eval") for key, text in INPUTS.items()}
WORD = re.compile(r"\b[A-Za-z]\b")
NOT_DONE = ("unexpected keyword argument", "has no attribute", "not implemented for", "not supported for", "only floating point")


def run(code, m):
    """The value of the last expression, or the exception."""
    scope = {"m": m, "np": np, "math": math}
    scope.update({key: eval(MADE[key], {"m": m, "math": math}) for key in WORD.findall(code) if key in MADE})
    *before, last = code.split("; ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for statement in before:
                exec(statement, scope)
            return eval(last, scope)
        except Exception as problem:
            return problem


def is_tensor(x):
    return hasattr(x, "dtype") and hasattr(x, "storage_offset")


def name(dtype):
    return str(dtype).rsplit(".", 1)[-1]


def difference(ours, theirs, tolerance=1):
    """How two results differ, in words; None where they agree."""
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return different_errors(ours, theirs)
    if is_tensor(theirs):
        return different_tensors(ours, theirs, tolerance)
    if isinstance(theirs, (tuple, list)):
        if not isinstance(ours, (tuple, list)) or len(ours) != len(theirs):
            return f"{ours!r} for {theirs!r}"
        return next((said for pair in zip(ours, theirs) if (said := difference(*pair, tolerance))), None)
    if isinstance(theirs, float):
        return None if type(ours) is float and np.allclose(ours, theirs, 1e-6, 1e-7, equal_nan=True) else f"{ours!r} for {theirs!r}"
    if isinstance(theirs, (bool, int, str, type(None))):
        return None if type(ours) is type(theirs) and ours == theirs else f"{ours!r} for {theirs!r}"
    return None if repr(ours) == repr(theirs).replace("torch", "edunets") else f"{ours!r} for {theirs!r}"


def different_errors(ours, theirs):
    if not isinstance(theirs, Exception):
        return f"raises {type(ours).__name__}: {str(ours).splitlines()[0] if str(ours) else ''} | PyTorch gives {theirs!r}"
    if isinstance(theirs, (NotImplementedError, AttributeError)) or any(text in str(theirs) for text in NOT_DONE):
        return None
    if not isinstance(ours, Exception):
        return f"gives {ours!r} | PyTorch raises {type(theirs).__name__}: {theirs}"
    if not isinstance(ours, type(theirs)):
        return f"raises {type(ours).__name__}: {ours} | PyTorch {type(theirs).__name__}: {theirs}"
    return None


def different_tensors(ours, theirs, tolerance):
    if not isinstance(ours, edunets.Tensor):
        return f"{ours!r} for {theirs!r}"
    pairs = {"shape": (tuple(ours.shape), tuple(theirs.shape)), "dtype": (name(ours.dtype), name(theirs.dtype)),
             "requires_grad": (ours.requires_grad, theirs.requires_grad)}
    said = [f"{what} {a} for {b}" for what, (a, b) in pairs.items() if a != b]
    if said:
        return ", ".join(said)
    limit = tolerance * TOLERANCE.get(name(theirs.dtype), 0)
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    return None if np.allclose(a, b, limit, limit, equal_nan=True) else f"{a.tolist()} for {b.tolist()}"


def differences(codes, torch, tolerance=1):
    """The lines `code: difference` for those of `codes` that differ."""
    found = [(code, difference(run(code, edunets), run(code, torch), tolerance)) for code in codes]
    return [f"{code}: {' '.join(said.split())}" for code, said in found if said]
