"""Where the result of every name lies: in the order of PyTorch's, so that `.view` works where it does there; and in memory of its own
where PyTorch copies."""
import re

import numpy as np
import pytest

import beside
import edunets as en
from edunets.table import OPS, call, wrap
from samples import cases
from test_names import CODES

# Where a result lies otherwise than PyTorch's: (names, why). A name stands here only if it does.
ROW_BY_ROW = {
    "sort argsort msort index_put index_fill put diagonal_scatter addr ldexp nn.functional.kl_div nn.functional.soft_margin_loss": "edunets' result lies row by row; PyTorch's as the operand.",
    "zeros_like ones_like full_like isreal": "what is filled with a number lies row by row; in PyTorch as its model.",
    "inverse linalg.inv linalg.cholesky cholesky linalg.eigh linalg.qr qr linalg.svd svd linalg.lstsq linalg.solve linalg.solve_triangular triangular_solve linalg.lu_factor lu linalg.lu_solve lu_solve "
    "cholesky_solve cholesky_inverse linalg.matrix_power linalg.tensorinv": "LAPACK works column by column, and PyTorch's results lie so; NumPy's lie row by row.",
    "select_scatter slice_scatter as_strided_scatter": "edunets' result lies without gaps; PyTorch's copy keeps those of the operand.",
    "nn.functional.pad": "a border of no width copies row by row; in PyTorch as the operand lies.",
    "einsum": "the order of an einsum's result follows from the products by which it is made, and these differ.",
}
SILENT = re.compile("rand|empty|dropout|multinomial|out=")


def transposed(x): return x.permute(*range(x.ndim)[::-1]).contiguous().permute(*range(x.ndim)[::-1])
def strided(x): return x.unsqueeze(-1).repeat(*[1] * x.ndim, 2).flatten(-2)[..., ::2] if x.numel() else x
def expanded(x): return x[:1].expand(x.shape) if x.shape[0] else x


def places(result):
    "For each tensor in a result its steps in memory, along dimensions in which there is something to step to."
    return [x.numel() and [s for s, n in zip(x.stride(), x.shape) if n > 1] for x in beside.tensors_of(result)]


@pytest.mark.parametrize("layout", [transposed, strided, expanded])
def test_results_lie_as_in_pytorch(layout):
    torch = pytest.importorskip("torch")
    known = {name for names in ROW_BY_ROW for name in names.split()}
    compared, different = 0, {}
    for name, codes in CODES.items():
        for code in dict.fromkeys(codes):
            if beside.WRITES.search(code) or SILENT.search(code): continue
            both = [{key: layout(x) if x.ndim else x for key, x in beside.letters(code, m).items()} for m in (en, torch)]
            ours, theirs = beside.run(code, en, both[0]), beside.run(code, torch, both[1])
            if isinstance(ours, Exception) or isinstance(theirs, Exception): continue
            compared += 1
            if places(ours) != places(theirs): different[name] = f"{code}: {places(ours)}, PyTorch {places(theirs)}"
    assert {name: said for name, said in different.items() if name not in known} == {}
    assert compared > 5000 and (layout is not transposed or known <= {*different, "select_scatter", "slice_scatter"})


def test_view_after_every_layout():
    "The faults of the first users: `.view` of what was computed from a transposed tensor."
    x, y = en.arange(12.).reshape(3, 4).t(), en.arange(24.).reshape(2, 3, 4).transpose(1, 2)
    F = en.nn.functional
    for result in (x.softmax(-1), x.log_softmax(-1), en.cat([x, x]), x.cumsum(0), F.batch_norm(y, None, None, training=True), F.layer_norm(x, (3,)),
                   F.scaled_dot_product_attention(y, y, y), x.masked_fill(x > 3, 0.0), x.roll(1, 0), x.sum(0, keepdim=True), (x + 1).t(), x.clone().t(), x.contiguous()):
        assert result.view(-1).shape == (result.numel(),)


@pytest.mark.parametrize("case", cases())
def test_rows_give_memory_of_their_own(case):
    "The result of a row that is no view shares no memory with an operand, and lies row by row, or as the operands do."
    row, args, params = cases()[case]
    op = OPS[row]
    if op.view is not None or not args or getattr(op, "writes", None): return
    tensors = [wrap(a.T.copy().T if isinstance(a, np.ndarray) else a) if hasattr(a, "shape") else a for a in args]
    result = call(op, tensors, params)
    for x in result if isinstance(result, tuple) else (result,):
        assert not any(np.may_share_memory(x.payload, t.payload) for t in tensors if isinstance(t, en.Tensor))
        assert op.order is not None or x.is_contiguous()


COPIES = ["x.repeat_interleave(1)", "x.repeat_interleave(2, 0)", "x.cumprod(0)", "x.logcumsumexp(0)", "x.prod(0)", "m.linalg.matrix_power(x, 1)", "m.chain_matmul(x[0, 0])", "x.diff(n=0)", "x.repeat(1, 1, 1, 1)",
          "x.narrow_copy(3, 0, 2)", "x.rot90(0)", "x.index_select(0, m.tensor([0]))", "s.gather(0, m.tensor(0))", "m.nn.functional.pad(x, (0, -1))", "m.nn.functional.adaptive_avg_pool2d(x, 2)",
          *(f"m.nn.functional.{name}(x, 1)" for name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold"))]
VIEWS = ["x.reshape(4)", "x.squeeze()", "x.flatten()", "s.movedim(0, 0)", "s.transpose(0, 0)", "s.swapaxes(0, -1)", "x.expand(1, 1, 2, 2)", "x.unfold(3, 1, 1)", "x.chunk(1)", "x.tensor_split(1)"]


@pytest.mark.parametrize("code", COPIES + VIEWS)
@pytest.mark.parametrize("tracked", [False, True])
def test_copies_and_views_in_trivial_cases(code, tracked):
    "Where nothing is to do, a copy is made all the same where PyTorch makes one, and a view where it gives a view."
    given = {"x": en.ones(1, 1, 2, 2, requires_grad=tracked) * 1, "s": en.tensor(1.0, requires_grad=tracked) * 1}
    for result in beside.tensors_of(beside.run(code, en, given)):
        assert any(np.may_share_memory(result.payload, x.payload) for x in given.values()) == (code in VIEWS)
