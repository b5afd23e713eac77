"""Where PyTorch warns, edunets warns too: once, of the same category, at the user's line."""
import warnings
from pathlib import Path

import numpy as np
import pytest

import edunets as en

SETUP = """x = m.arange(12.).reshape(3, 4); c = m.arange(24.).reshape(2, 3, 4); one = m.tensor([1.]); s = m.tensor(1.); u = m.tensor([1, 0, 1], dtype=m.uint8)
p = m.ones(2, requires_grad=True); F = m.nn.functional; box = m.ones(1, 1, 5)
i = m.tensor([0, 1]); A = m.tensor([[4., 1.], [1., 3.]])"""
WARNED = ["one.var()",
          "one.std()",
          "x[:1].std(0)",
          "m.var_mean(one)",
          "m.std_mean(one)",
          "x.var(correction=12)",
          "x.var(0, correction=5)",
          "m.zeros(0).var()",
          "m.zeros(0).var(correction=0)",
          "s.std()",
          "one.reshape(1, 1).cov()",
          "one.reshape(1, 1).corrcoef()",
          "x[[[0, 1], [2, 2]]]",
          "x[[[0, 1]]]",
          "x[[slice(0, 1), 1]]",
          "x[[m.tensor([0]), m.tensor([1])]]",
          "x[[None, 0]]",
          "x.__setitem__([[0, 1], [2, 2]], 1.)",
          "x[u]",
          "x[u, 0]",
          "m.where(x.byte(), x, x)",
          "c.T",
          "one.T",
          "s.T",
          "s.mT",
          "m.tensor(x)",
          "x.new_tensor(x)",
          "(p * p).sum().backward(create_graph=True)",
          "m.autograd.backward((p * p).sum(), create_graph=True)",
          "m.meshgrid(one, one)",
          "F.conv1d(box, m.ones(1, 1, 2), padding='same')",
          "m.nn.Conv1d(1, 1, 4, padding='same')(box)",
          "m.cross(m.ones(2, 3), m.ones(2, 3))",
          "m.ones(2, 3).cross(m.ones(2, 3))",
          "m.optim.SGD([p, p], lr=0.1)",
          "x.index_reduce(0, i, x[:2], 'prod')",
          "x.index_reduce_(0, i, m.ones(2, 4), 'prod')",
          "m.index_reduce(x, 0, i, x[:2], 'mean')",
          "x.scatter(0, i.reshape(1, 2), x[:1], reduce='add')",
          "m.scatter(x, 0, i.reshape(1, 2), x[:1], reduce='multiply')",
          "x.scatter_(0, i.reshape(1, 2), m.ones(1, 2), reduce='add')",
          "A.qr()",
          "m.qr(A)",
          "A.cholesky()",
          "m.cholesky(A)",
          "A.lu()",
          "m.lu(A)",
          "A.triangular_solve(A)",
          "m.lu_solve(A, *m.linalg.lu_factor(A))",
          "m.chain_matmul(A, A)"]
SILENT = ["x.var()",
          "x.var(0)",
          "one.var(correction=0)",
          "x.cov()",
          "x[[0, 2]]",
          "x[([0, 1], [2, 2])]",
          "x[m.tensor([[0, 1], [2, 2]])]",
          "x[u.bool()]",
          "x[x > 3]",
          "x[m.tensor(1, dtype=m.uint8)]",
          "m.where(x > 3, x, x)",
          "x.T",
          "c.mT",
          "m.tensor([s, s])",
          "m.as_tensor(x)",
          "m.Tensor(x)",
          "x.new_tensor([1])",
          "(p * p).sum().backward()",
          "m.autograd.grad((p * p).sum(), p, create_graph=True)",
          "m.meshgrid(one, one, indexing='ij')",
          "m.cartesian_prod(one, one)",
          "F.conv1d(box, m.ones(1, 1, 3), padding='same')",
          "F.conv1d(box, m.ones(1, 1, 2), padding='same', dilation=2)",
          "m.cross(m.ones(2, 3), m.ones(2, 3), dim=1)",
          "m.linalg.cross(m.ones(2, 3), m.ones(2, 3))",
          "m.optim.SGD([p], lr=0.1)",
          "x.scatter(0, i.reshape(1, 2), 1., reduce='add')",
          "x.scatter(0, i.reshape(1, 2), x[:1])",
          "x.scatter_add(0, i.reshape(1, 2), x[:1])",
          "x.scatter_reduce(0, i.reshape(1, 2), x[:1], 'prod')",
          "x.index_add(0, i, x[:2])",
          "m.linalg.multi_dot([A, A, A])",
          "m.linalg.qr(A), m.linalg.cholesky(A), m.linalg.lu_factor(A), m.svd(A)",
          "F.batch_norm(c, None, None, training=True)",
          "F.layer_norm(x, (4,))"]


def warned(code, m):
    scope = {"m": m}
    exec(SETUP, scope)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        exec(compile(code, "<the user's line>", "exec"), scope)
    return seen


@pytest.mark.parametrize("code", WARNED)
def test_warns(code):
    seen = warned(code, en)
    assert [(w.category, w.filename, w.lineno) for w in seen] == [(UserWarning, "<the user's line>", 1)]


@pytest.mark.parametrize("code", SILENT)
def test_does_not_warn(code):
    assert warned(code, en) == []


def test_pytorch_warns_there_too():
    torch = pytest.importorskip("torch")
    torch.set_warn_always(True)
    try:
        assert [code for code in WARNED
                if not [w for w in warned(code, torch) if w.category is UserWarning]] == []
        assert [code for code in SILENT if warned(code, torch)] == []
    finally: torch.set_warn_always(False)


def test_one_function_warns():
    """A warning names the user's line, however many frames of ours lie between: `errors.warn` counts them."""
    package = Path(en.__file__).parent
    others = [path.name for path in package.rglob("*.py") if "warnings.warn(" in path.read_text()
              and path.name != "errors.py"]
    assert others == []
