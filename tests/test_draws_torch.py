"""Every name on drawn tensors: shapes, dtypes, layouts and values that nobody typed. PyTorch judges, and NumPy where it has the function."""
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import beside
import draws
import edunets as en
from families.linear_algebra import NAMES as MATRICES
from edunets.names import FUNCTIONS
from test_names import CODES, METHODS, SAMPLES, unexplained

# no call that gives random numbers
def fixed(name): return [code for code in CODES[name] if "rand" not in code]


BUDGET = settings(derandomize=True, max_examples=40, deadline=None, database=None,
                  phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
# `exp_` is drawn with `exp`; the functions of layers are compared over their options, by samples; a resized
# place looks into memory, and PyTorch has none that is read backwards
NAMED = [name for name in (*sorted(SAMPLES), *METHODS)
         if fixed(name) and not draws.is_random(name) and not name.startswith(("nn.", "in place: shapes"))
         and not (name in FUNCTIONS and name.endswith("_"))]


def cases(name):
    "Drawn calls of a function or method."
    finite = name in MATRICES      # what LAPACK makes of NaN means nothing
    sources = [draws.samples(fixed(name), finite=finite)]
    if draws.signature(name): sources.append(draws.calls(name, finite=finite))
    return st.one_of(sources)


REGULAR = ("matrix_norm", "pinv", "qr(", "svd(", "cholesky")      # of matrices that are not, rounding decides


def is_regular(x):
    "Whether each matrix in it, along any two dimensions, has full rank: else its singular vectors are not determined."
    a = x.numpy(force=True).astype("float64")      # of half precision no rank is known
    def full(*dims):
        rank = np.linalg.matrix_rank(np.moveaxis(a, dims, (-2, -1)))
        return rank.min(initial=9) >= min(a.shape[d] for d in dims)
    return all(full(*pair) for pair in itertools.combinations(range(a.ndim), 2))


def problem(case, torch):
    "How a case differs from PyTorch, and no difference that is stated explains it."
    if any(word in case.code for word in REGULAR):
        if not all(map(is_regular, case.made(case.code, torch).values())): return None
    verdict = beside.judge(case.code, torch, case.made, tolerance=8)
    lines = unexplained(f"{case.code}: {said}" for said in verdict.said())
    return f"{case}\n{lines[0]}" if lines else None


@pytest.mark.parametrize("name", NAMED)
def test_drawn_beside_torch(name):
    torch = pytest.importorskip("torch")

    @settings(BUDGET, max_examples=10 if name in MATRICES else 40)
    @given(cases(name))
    def holds(case):
        # PyTorch's read such memory as if it were dense
        if name in draws.MEDIANS: assume(all(x.layout != "expanded" for x in case.given.values()))
        said = problem(case, torch)
        assert not said, said
    holds()


@pytest.mark.parametrize("name", [name for name in sorted(FUNCTIONS) if draws.twin(name)])
def test_drawn_beside_numpy(name):
    @BUDGET
    @given(draws.calls(name, methods=False))
    def holds(case):
        ours = beside.run(case.code, en, case.made(case.code, en))
        if isinstance(ours, Exception):
            assert "Try: " in str(ours)
            return
        ours = ours[0] if isinstance(ours, tuple) else ours
        if isinstance(ours, bool): return      # `equal` is a question here, and an array of answers there
        theirs = draws.numpy_says(case, ours)
        if not isinstance(theirs, Exception):      # NumPy does not subtract bools, for one
            assert ours.shape == theirs.shape
            limit = max(beside.TOLERANCE.get(beside.name(ours.dtype), 0), 1e-6)
            np.testing.assert_allclose(ours.numpy(), theirs, limit, limit)
    holds()


def test_what_is_drawn():
    """Every name has draws, but the random ones, and both judges have work."""
    derived = [name for name in FUNCTIONS if draws.signature(name)]
    assert len(derived) > 90 and len([name for name in derived if draws.twin(name)]) > 60
    assert {"rand", "bernoulli_", "multinomial"} <= {*SAMPLES, *METHODS} - set(NAMED)
