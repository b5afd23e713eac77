"""Which dtype a result has, beside PyTorch: every name is tried on tensors of each dtype, those of two tensors on each pair, and with
the Python numbers that stand in its samples. Values are not compared; of errors, the class is."""
import functools
import gc
import itertools
import re

import numpy as np
import pytest

import beside
import edunets as en
from edunets.table import OPS, call
from samples import cases
from test_names import CODES, unexplained

torch = pytest.importorskip("torch")
KINDS = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()
TRIED = {False: 3, True: 2}      # forms of a call with one letter, and with more
CASES = cases()
LINALG = "edunets/ops/linear_algebra.py"      # its functions take single and double precision only


@pytest.fixture(autouse=True, scope="module")
def few_objects():
    "`t_` and its like look among all objects for who holds a tensor."
    gc.freeze()
    yield
    gc.unfreeze()


@functools.cache
def tensor(m, letter, kind):
    "The tensor of a letter in a dtype."
    array = np.nan_to_num(beside.letters(letter, en)[letter].double().numpy()).clip(-99, 99)
    if kind in ("bool", "uint8"): array = np.abs(array)      # a negative number has no place there
    return m.from_numpy(np.array(array, "float32" if kind == "bfloat16" else kind)).to(getattr(m, kind))


def run(code, m, letters, kinds):
    return beside.run(code, m, {letter: tensor(m, letter, kind).clone()
                                for letter, kind in zip(letters, kinds)})


def difference(ours, theirs):
    "How dtypes differ, or errors, in words; None where they agree."
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return beside.different_errors(ours, theirs)
    pairs = [(beside.name(a.dtype), beside.name(b.dtype))
             for a, b in zip(beside.tensors_of(ours), beside.tensors_of(theirs))]
    return next((f"dtype {a} for {b}" for a, b in pairs if a != b), None)


def form(code, known):
    "What calls have in common that differ in nothing but their tensors: the words, and who is a number."
    words = re.findall(r"\w+|-", code)
    return len(known) > 1, *sorted({*words} - {"m", *known}), *(x.ndim > 0 for x in known.values())


def tried(name):
    "The first forms in which the samples of a name give tensors."
    found = {}
    for code in CODES[name]:
        known = beside.letters(code, en)
        if not known or (key := form(code, known)) in found: continue
        if sum(many == key[0] for many, *_ in found) == TRIED[key[0]]: continue
        if beside.tensors_of(beside.run(code, en)): found[key] = code, known
    return found.values()


def assigned(known):
    "Every dtype for the first two letters; the others keep theirs."
    kept = [beside.name(x.dtype) for x in list(known.values())[2:]]
    return [(*kinds, *kept) for kinds in itertools.product(KINDS, repeat=min(len(known), 2))]


@pytest.mark.parametrize("name", CODES)
def test_dtypes_beside_torch(name):
    said = [f"{code}: {found} ({' '.join(kinds)})" for code, known in tried(name) for kinds in assigned(known)
            if (found := difference(run(code, en, known, kinds), run(code, torch, known, kinds)))]
    assert unexplained(said) == []


@pytest.mark.parametrize("key", [key for key, (_, args, _) in CASES.items()
                                 if any(getattr(a, "dtype", None) == "float64" for a in args)
                                 and not OPS[key.rpartition("-")[0]].places["kernel"].startswith(LINALG)
                                 and key != "bitcast-0"])        # of numbers of 8 bytes
def test_no_product_in_half_precision_takes_the_slow_loop(key, monkeypatch):
    "NumPy multiplies matrices of float16 element by element; no row lets it, forward or backward."
    row, args, params = CASES[key]
    args = [a.astype("float16") if getattr(a, "dtype", None) == "float64" else a for a in args]
    inputs = [en.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    leaves = [x.requires_grad_() for x in inputs if isinstance(x, en.Tensor) and x.is_floating_point()]
    slow, fast = [], np.matmul

    def watched(a, b, *others, **options):
        if a.dtype == "float16": slow.append((a.shape, b.shape))
        return fast(a, b, *others, **options)

    monkeypatch.setattr(np, "matmul", watched)
    outs = call(OPS[row], tuple(inputs), params)
    tracked = [out for out in (outs if isinstance(outs, tuple) else (outs,)) if out.requires_grad]
    if tracked: en.autograd.grad([out.float().sum() for out in tracked], leaves, allow_unused=True)
    assert not slow
