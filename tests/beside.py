"""Run the same code on edunets and on PyTorch and say where they differ.

Code is text: `m` is the package, the letters of INPUTS are tensors. Statements before the last are carried out (`; ` between
them); the last is an expression whose value is compared: kind, shape, dtype, numbers, and where PyTorch raises, the class of
the error. Ours may be a subclass of it, and may work where PyTorch only says that it has not (yet) done the thing.

`judge` says more of one piece of code: besides the value the gradient and the gradient of the gradient, in float64."""
import dataclasses
import math
import re
import warnings

import numpy as np

import edunets

TOLERANCE = {"bfloat16": 3.2e-2, "float16": 4e-3, "float32": 2e-6, "float64": 1e-12}

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
WRITES = re.compile(r"\w_\(|[-+*/%&|^<>]+= |\] = ")     # code that writes into a tensor
NOT_DONE = ("unexpected keyword argument", "has no attribute", "not implemented for", "not supported for",
            "only floating point")


def letters(code, m):
    """The tensors that the letters in the code stand for."""
    return {key: eval(MADE[key], {"m": m, "math": math}) for key in WORD.findall(code) if key in MADE}


def run(code, m, given=None):
    """The value of the last expression, or the exception; `given` are other tensors for the letters."""
    return attempt(code, {"m": m, "np": np, "math": math, **(letters(code, m) if given is None else given)})


def attempt(code, scope):
    """The value of the last expression of a code, or the exception, without a word of warning."""
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
        return (None if type(ours) is type(theirs) and np.allclose(ours, theirs, 1e-6, 1e-7, equal_nan=True)
                else f"{ours!r} for {theirs!r}")
    if isinstance(theirs, str):
        return None if ours == theirs.replace("torch", "edunets") else f"{ours!r} for {theirs!r}"
    if isinstance(theirs, (bool, int, type(None))):
        return None if type(ours) is type(theirs) and ours == theirs else f"{ours!r} for {theirs!r}"
    return None if repr(ours) == repr(theirs).replace("torch", "edunets") else f"{ours!r} for {theirs!r}"


def different_errors(ours, theirs):
    if not isinstance(theirs, Exception):
        return (f"raises {type(ours).__name__}: {str(ours).splitlines()[0] if str(ours) else ''} | "
                f"PyTorch gives {theirs!r}")
    if (isinstance(theirs, (NotImplementedError, AttributeError))
        or any(text in str(theirs) for text in NOT_DONE)):
        return None
    if not isinstance(ours, Exception):
        return f"gives {ours!r} | PyTorch raises {type(theirs).__name__}: {theirs}"
    # _LinAlgError
    if not isinstance(ours, type(theirs)) and type(theirs).__name__ != f"_{type(ours).__name__}":
        return f"raises {type(ours).__name__}: {ours} | PyTorch {type(theirs).__name__}: {theirs}"
    return None


def array_of(x):
    """The numbers as an array of NumPy's own dtypes: PyTorch gives none of bfloat16."""
    return (x.detach().float() if name(x.dtype) == "bfloat16" else x.detach()).numpy()


def different_tensors(ours, theirs, tolerance):
    if not isinstance(ours, edunets.Tensor):
        return f"{ours!r} for {theirs!r}"
    pairs = {"shape": (tuple(ours.shape), tuple(theirs.shape)),
             "dtype": (name(ours.dtype), name(theirs.dtype)),
             "requires_grad": (ours.requires_grad, theirs.requires_grad)}
    said = [f"{what} {a} for {b}" for what, (a, b) in pairs.items() if a != b]
    if said:
        return ", ".join(said)
    limit = tolerance * TOLERANCE.get(name(theirs.dtype), 0)
    a, b = array_of(ours), array_of(theirs)
    return None if np.allclose(a, b, limit, limit, equal_nan=True) else f"{a.tolist()} for {b.tolist()}"


@dataclasses.dataclass
class Verdict:
    """What the comparison of one piece of code with PyTorch gave: `None` where both agree, else how they
    differ; `...` where it was not asked."""
    value: str | None              # of values, dtypes and shapes, or of the classes of the errors
    raises: bool                   # PyTorch raises
    gradient: object = ...
    second: object = ...

    def said(self):
        "The differences, in words."
        return [" ".join(text.split()) for text in (self.value, self.gradient, self.second)
                if text not in (None, ...)]


def judge(code, torch, made=letters, tolerance=1):
    """Code on both, once for its value, and once for its gradients if there are any at finite numbers;
    `made(code, m)` makes the tensors."""
    ours, theirs = run(code, edunets, made(code, edunets)), run(code, torch, made(code, torch))
    verdict = Verdict(difference(ours, theirs, tolerance), isinstance(theirs, Exception))
    results = [] if verdict.raises or verdict.value else tensors_of(theirs)
    if (any(is_floating(x) and x.numel() for x in results)
        and all(is_smooth(x) for x in made(code, torch).values())):
        verdict.gradient, verdict.second = different_slopes(slopes(code, edunets, made),
                                                            slopes(code, torch, made), tolerance)
    return verdict


def differences(codes, torch, tolerance=1):
    """The lines `code: difference` for those of `codes` that differ."""
    return [f"{code}: {said}" for code in codes for said in judge(code, torch, tolerance=tolerance).said()]


def tensors_of(result):
    return ([x for part in result for x in tensors_of(part)] if isinstance(result, (tuple, list))
            else [result] if is_tensor(result) else [])


def is_floating(x):
    return is_tensor(x) and x.dtype.is_floating_point


def floats(result):
    """All floating tensors in a result that require grad."""
    return [x for x in tensors_of(result) if is_floating(x) and x.requires_grad]


def is_smooth(x):
    """Whether a gradient beside PyTorch's makes sense: NaN and infinity have none, and some of its rules
    overflow on bytes."""
    return not is_tensor(x) or (bool(x.isfinite().all()) and name(x.dtype) != "uint8")


def slopes(code, m, made):
    """The gradients of a weighted sum of the results in the floating letters, all float64, and the
    gradients of a weighted sum of those; fewer where the results (or the gradients) do not depend on
    the letters, an exception where the package has no rule."""
    leaves = {key: x.to(m.float64).requires_grad_() if is_floating(x) else x
              for key, x in made(code, m).items()}
    # a leaf is not written to
    given = {key: x * 1 if is_floating(x) and WRITES.search(code) else x for key, x in leaves.items()}
    leaves, levels = [x for x in leaves.values() if is_floating(x)], []
    results = run(code, m, given)
    for _ in range(2):
        results = floats(results)
        if not leaves or not results:
            break
        weights = [m.tensor(np.cos(np.arange(1.0, 1 + x.numel())).reshape(tuple(x.shape)), dtype=x.dtype)
                   for x in results]
        try:
            results = m.autograd.grad(results, leaves, weights, allow_unused=True, create_graph=True)
        except Exception as problem:
            return [*levels, problem]
        levels.append([m.zeros_like(x) if g is None else g for g, x in zip(results, leaves)])
    return levels


def different_slopes(ours, theirs, tolerance):
    """How the gradients differ, and the second gradients. What is infinite in PyTorch is not compared, nor
    what is a rounding divided by a rounding."""
    said = [..., ...]
    for level, right in enumerate(theirs):
        if isinstance(right, Exception):     # PyTorch has no rule for it
            break
        right = [x.detach().numpy(force=True) for x in right]
        left = ours[level] if level < len(ours) else [edunets.zeros(x.shape) for x in right]
        if not isinstance(left, Exception):
            left = [x.detach().numpy() for x in left]
        said[level] = (None if same_slopes(left, right, tolerance * 1e-9)
                       else f"gradient {level + 1}: {plain(left)} for {plain(right)}")
    return said


def same_slopes(left, right, limit):
    finite = [np.isfinite(b) & (np.abs(np.where(np.isfinite(b), b, 0)).max(initial=0) < 1e12) for b in right]
    return (isinstance(left, list) and all(a.shape == b.shape and np.allclose(a[f], b[f], limit, limit)
                                           for a, b, f in zip(left, right, finite)))


def plain(arrays):
    return [a.tolist() for a in arrays] if isinstance(arrays, list) else arrays
