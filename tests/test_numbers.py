"""Numbers: what half precision and bfloat16 are computed in, what a dtype can hold, which dtype a result
has. Walks over all rows and names."""
import re
import warnings

import numpy as np
import pytest

import beside
import draws
import edunets as en
from edunets.table import OPS, call
from samples import cases
from test_names import CODES

ROWS = cases()


def listed(out): return list(out) if isinstance(out, tuple) else [out]


def is_floating(x): return isinstance(x, np.ndarray) and x.dtype.kind == "f"


# Rows that are not what single precision gives, rounded: why.
ROUNDED_OTHERWISE = {
    "rem": "a number is rounded to half precision before its remainder is taken, in PyTorch too",
    "remainder": "a number is rounded to half precision before its remainder is taken, in PyTorch too",
    "topk": "equal numbers, and in half precision there are more of them", "bitcast": "it asks for the bits",
    "standardize": "its second result, the mean square, stays single",
}
NO_HALF = {
    **dict.fromkeys(["solve", "inv", "cholesky", "eigh", "qr", "svd", "det", "slogdet", "cofactor", "pinv",
                     "matrix_exp"], "LAPACK has no half precision; the names refuse it, as PyTorch's do"),
}


def run_in(kind, key, short, size):
    "The results of a sample in which the floating arrays are numbers of a short dtype, held in another."
    row, args, params = ROWS[key]
    args = [en.tensor(x * size).to(short).to(kind) if is_floating(x)
            else en.tensor(x) if isinstance(x, np.ndarray) else x for x in args]
    en.manual_seed(0)
    return listed(call(OPS[row], tuple(args), params))


SHORT = [(key, short) for key, (row, args, params) in ROWS.items() for short in (en.float16, en.bfloat16)
         if row not in ROUNDED_OTHERWISE and "dtype" not in params and any(map(is_floating, args))
         and OPS[row].kernel and not (short is en.float16 and row in NO_HALF)]


@pytest.mark.parametrize("key, short", SHORT, ids=str)
def test_a_short_dtype_is_rounded_once(key, short):
    for size in (1, 0.97, 0.93, 0.89, 0.86):      # one sample's last digits may agree by luck
        results = run_in(short, key, short, size), run_in(en.float32, key, short, size)
        for given, single in zip(*results, strict=True):
            assert given.dtype is (short if single.dtype is en.float32 else single.dtype)
            np.testing.assert_array_equal(given.float().numpy(), single.to(given.dtype).float().numpy())


def units(ours, theirs, limits):
    "How far numbers are apart, in units of a dtype's last place at their size; 0 where theirs overflowed."
    a, b = ours.astype(float), theirs.astype(float)
    size = np.maximum(abs(b), np.max(abs(b), where=np.isfinite(b), initial=0.01) / 16).clip(max=limits.max)
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(abs(a - b) / (limits.eps * 2 ** np.floor(np.log2(size))), nan=np.inf)
    return np.where(np.isfinite(b), apart, 0)


# their squares and sums overflow in half precision
LARGE = np.random.default_rng(0).uniform(100, 400, 4096) * np.resize([1, -1, 1], 4096)
NEAR_ONE = np.random.default_rng(1).uniform(0.5, 2, 4096)
NEAR = 8      # units: what several rounded steps may differ by, in another order
# Names that are farther apart: how far, and why.
FAR = {
    "nn.functional.batch_norm": (100, "PyTorch rounds the mean to half precision first"),
    "nn.functional.instance_norm": (100, "PyTorch rounds the mean to half precision first"),
    "cdist": (1 << 16, "PyTorch's way by products gives 0.05 as the distance of a point from itself"),
    "polygamma": (np.inf, "edunets gives NaN far below zero"),
    "trapezoid": (1 << 10, "areas that cancel, and a rounded sum in both"),
    "trapz": (1 << 10, "areas that cancel, and a rounded sum in both"),
    "nn.functional.binary_cross_entropy_with_logits": (1 << 10, "PyTorch composes it of rounded steps"),
    "nn.functional.kl_div": (1 << 14,
                             "the target is the exponential of the input: what is left is how it was rounded"),
    "histc": (1 << 30, "a number on the border of two bins"),
}


@pytest.mark.parametrize("name",
                         [name for name in CODES if not draws.is_random(name) and "linalg" not in name
                          and not name.startswith("in place")])
@pytest.mark.parametrize("numbers", [LARGE, NEAR_ONE], ids=["large", "near one"])
@pytest.mark.parametrize("short", ["float16", "bfloat16"])
def test_a_short_dtype_beside_torch(name, numbers, short):
    torch = pytest.importorskip("torch")
    for code in CODES[name]:
        known = beside.letters(code, en)
        if "x[:,:1]" in code.replace(" ", "") or not any(x.dtype.is_floating_point for x in known.values()):
            continue
        rest = iter(numbers)
        arrays = {key: np.array([next(rest) for _ in range(x.numel())]).reshape(x.shape)
                  if x.dtype.is_floating_point else x.numpy()
                  for key, x in known.items()}
        ours, theirs = (beside.run(code, m, {key: m.tensor(x).to(getattr(m, short)) if x.dtype.kind == "f"
                                             else m.tensor(x) for key, x in arrays.items()})
                        for m in (en, torch))
        if isinstance(theirs, Exception) or isinstance(ours, Exception): continue
        for a, b in zip(beside.tensors_of(ours), beside.tensors_of(theirs)):
            if beside.name(b.dtype) != short or a.shape != b.shape or not b.numel(): continue
            assert units(beside.array_of(a), beside.array_of(b),
                         torch.finfo(b.dtype)).max() <= FAR.get(name, (NEAR,))[0], code


# Every way in which a Python number comes into a tensor: N is the number, x a tensor of three elements.
TAKERS = """x.clamp(min=N) | x.clamp(max=N) | m.clip(x, N, None) | x.clamp_min(N) | x.clamp_max(N) | x.clamp_(max=N) | x.clamp(min=N, max=1) |
    m.nn.functional.hardtanh(x, 0, N) | m.nn.functional.threshold(x, N, 0) | m.nn.functional.threshold(x, 0, N) | x.masked_fill(q, N) |
    x.masked_fill_(q, N) | x.index_fill(0, g, N) | x.scatter(0, g, N) | x.scatter_(0, g, N) | m.where(q, x, N) | m.where(q, N, x) | x.where(q, N) |
    x[q] = N; x | x[[0]] = N; x | x[0] = N; x | x[:] = N; x | x[g] = N; x | x.fill_(N) | m.full((2,), N, dtype=x.dtype) | m.full_like(x, N) |
    x.new_full((2,), N) | m.tensor(N, dtype=x.dtype) | m.tensor([N, 1], dtype=x.dtype) | m.as_tensor([N], dtype=x.dtype) | x.new_tensor(N) |
    m.tensor([[N], [0.5]], dtype=x.dtype) | m.tensor(N) | m.tensor([N]) | m.tensor([N, 0.5]) | m.full((2,), N) | x + N | N + x | N - x * 2 | x * N | x // N |
    x % N | x.fmod(N) | m.add(x, x, alpha=N) | x == N | x < N | N >= x | x ** N | x.add_(N) | x.mul_(N) | m.nn.functional.pad(x, (1, 0), value=N) |
    m.linspace(0, N, 3, dtype=x.dtype) | m.linspace(N, 0, 3, dtype=x.dtype) | m.addcmul(x, x, x, value=N) | x & N | x ^ N | m.floor_divide(x, N) |
    m.remainder(x, N) | m.remainder(N, x) | m.div(x, N, rounding_mode='trunc') | m.nn.init.constant_(x, N) | m.asarray([N], dtype=x.dtype) |
    x.new_full((), N) | m.fill_(x, N) | x.index_fill_(0, g, N) | x.clamp_(min=N)""".replace("\n", " ").split(" | ")
NUMBERS = """True -1 -10 -200 255 256 70000 2**31 2**40 (2**63-1) 2**63 (2**64-1) 2**64 -2**63 (-2**63-1) 2**70 -2**70 1e40 -1e9 2.5 -2.5
    math.nan math.inf""".split()
TENSORS = {"uint8": [0, 1, 200],
           "int8": [3, -3, 1],
           **dict.fromkeys("int16 int32 uint16 uint32 uint64".split(), [1, 2, 3]),
           "int64": [1, -2, 3],
           "bool": [1, 0, 1],
           "float16": [1, -2, 3],
           "bfloat16": [1, -2, 3],
           "float32": [1, 2, 3],
           "float64": [1, 2, 3]}
# Where edunets takes a number that PyTorch refuses, or refuses it with another class: (call, number, dtype),
# why.
TAKES = [
    (r"m\.add|.*\*\*", r".*\*\*.*|-1e9|1e40|70000", "float16|bfloat16",
     "edunets computes in single precision, which holds the number, or makes it infinite"),
    (r".*where\(", "1e40", "float32",
     "edunets does not look at the number where nothing is promoted: it becomes infinite"),
    (r"N - x \* 2", ".*", "bool", "edunets counts True as 1 in a difference"),
    (r"N - x \* 2", "True", ".*", "edunets counts True as 1 in a difference"),
    (r"m\.nn\.functional\.threshold\(x, N, 0", "1e40", "float16|bfloat16|float32",
     "edunets compares with any number"),
    (r".*(//|%|fmod|remainder|floor_divide|trunc)", ".*", "bool", "PyTorch has not these for bools"),
    (r"x \*\* N", r".*", r"bool|u?int\d+",
     "powers of integers that overflow are left to the processor"),
    (r"m\.linspace", r"math.*|-?2\.5|2\*\*40|1e40|-1e9|70000", ".*", "how the steps of integers are rounded"),
    (r"x [-+*<&^=]+ N|N [+>]=? x|x\.clamp\(min=N, max=1", r"2\*\*63|\(2\*\*64-1\)", "bool|uint64",
     "edunets counts every integer as int64 where dtypes meet; PyTorch counts one beyond it as uint64, which "
     "meets no other"),
    (r"m\.nn\.functional\.pad", r".*2\*\*6.*", "int64|uint64",
     "PyTorch makes a float of the number, and lets in the one just beyond the largest integer; edunets "
     "refuses it"),
    (r"x\.new_full\(\(\)", ".*", "float16|bfloat16",
     "PyTorch lets a number without dimensions become infinite; edunets asks whether it fits"),
    (r"m\.nn\.functional\.hardtanh", r"2\*\*(64|70)", "bool", "edunets looks at the tensor first"),
]


def made(m, kind):
    return {"x": m.tensor(TENSORS[kind], dtype=getattr(m, kind)),
            "q": m.tensor([True, False, True]),
            "g": m.tensor([0, 2])}


@pytest.mark.parametrize("kind", TENSORS)
@pytest.mark.parametrize("taker", [t.strip() for t in TAKERS])
def test_a_number_that_the_dtype_can_or_cannot_hold(taker, kind):
    torch = pytest.importorskip("torch")
    for number in NUMBERS:
        code = re.sub(r"\bN\b", number, taker)
        theirs = beside.run(code, torch, made(torch, kind))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ours = beside.run(code, en, made(en, kind))
        assert (not isinstance(ours, Warning)
                and (not isinstance(ours, Exception) or "Try: " in str(ours))), f"{code}: {ours!r}"
        if any(re.match(t, taker) and re.fullmatch(n, number) and re.fullmatch(k, kind)
               for t, n, k, _ in TAKES):
            continue
        assert (beside.difference(ours, theirs)
                is None), f"{code} with x of {kind}: {beside.difference(ours, theirs)}"
