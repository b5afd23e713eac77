"""Random programs here and on PyTorch: the same values, flags, gradients and classes of errors."""
import numpy as np
import pytest

torch = pytest.importorskip("torch")

import edunets as en
from programs import program, run

def compare(lines, left_out=frozenset()):
    """Where a program differs, or None. Lines on which we differ by intent are left out: PyTorch does not
    copy between overlapping memories, and its masked and scalar writes into expanded ones are carried
    out; ours compute first, and refuse all of the latter."""
    ours, theirs = run(en, lines, left_out), run(torch, lines, left_out)
    for number, (a, b) in enumerate(zip(ours[0], theirs[0])):
        if a == b or number == len(lines): continue
        if (a, b) in (("ok", "RuntimeError"), ("ok", "overlap"), ("overlap", "ok"),
                      ("overlap", "RuntimeError"), ("RuntimeError", "overlap")):
            return compare(lines, left_out | {number})
        break
    return same(ours, theirs, lines)


def same(ours, theirs, lines):
    if ours[0] != theirs[0]: return "told", lines, ours[0], theirs[0]
    for n, (a, b) in enumerate(zip(ours[1], theirs[1])):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True):
            return "value", n, lines, a, b
    # PyTorch refuses a backward pass after a write into the result of amax or norm; here it is computed
    # again.
    if theirs[2] == ["RuntimeError"] and any("amax" in code or "norm()" in code for _, code, *_ in lines):
        return None
    # the name of an error
    if len(ours[2]) == 1 or len(theirs[2]) == 1:
        return None if ours[2] == theirs[2] else ("gradients", lines, ours[2], theirs[2])
    for a, b in zip(ours[2], theirs[2]):
        if (a is None) != (b is None) or (a is not None
                                          and not np.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True)):
            return "gradients", lines, a, b
    return None


@pytest.mark.parametrize("batch", range(10))
def test_programs(batch):
    for seed in range(batch * 30, batch * 30 + 30):
        problem = compare(program(seed))
        assert problem is None, (seed, *problem)
