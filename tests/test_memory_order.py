"""Where the result of every name lies: in the order of PyTorch's, so that `.view` works where it does
there; and in memory of its own where PyTorch copies."""
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
    "sort argsort msort index_put index_fill put diagonal_scatter "
    "nn.functional.soft_margin_loss": "edunets' result lies row by row; PyTorch's as the operand.",
    "inverse linalg.inv linalg.cholesky cholesky linalg.eigh linalg.qr qr linalg.svd svd linalg.lstsq "
    "linalg.solve linalg.solve_triangular triangular_solve linalg.lu_factor lu linalg.lu_solve lu_solve "
    "cholesky_solve cholesky_inverse linalg.matrix_power linalg.tensorinv": "LAPACK works column by column, "
                                                                            "and PyTorch's results lie so; "
                                                                            "NumPy's lie row by row.",
    "select_scatter slice_scatter as_strided_scatter": "edunets' result lies without gaps; PyTorch's copy "
                                                       "keeps those of the operand.",
    "nn.functional.pad": "a border of no width copies row by row; in PyTorch as the operand lies.",
    "masked_scatter nn.functional.rrelu baddbmm": "edunets' result lies as the operand, for its parts work "
                                                  "element by element; PyTorch's row by row.",
    "einsum": "the order of an einsum's result follows from the products by which it is made, "
              "and these differ.",
}
SILENT = re.compile("rand|empty|dropout|multinomial|out=")


def transposed(x): return x.permute(*range(x.ndim)[::-1]).contiguous().permute(*range(x.ndim)[::-1])
def strided(x): return x.unsqueeze(-1).repeat(*[1] * x.ndim, 2).flatten(-2)[..., ::2] if x.numel() else x
def expanded(x): return x[:1].expand(x.shape) if x.shape[0] else x


def places(result):
    """For each tensor in a result its steps in memory, along dimensions in which there is something to
    step to."""
    return [x.numel() and [s for s, n in zip(x.stride(), x.shape) if n > 1]
            for x in beside.tensors_of(result)]


def first_transposed(x): return x if x.shape[0] % 2 else transposed(x)


@pytest.mark.parametrize("layout", [transposed, strided, expanded, first_transposed])
def test_results_lie_as_in_pytorch(layout):
    torch = pytest.importorskip("torch")
    known = {name for names in ROW_BY_ROW for name in names.split()}
    compared, different = 0, {}
    for name, codes in CODES.items():
        for code in dict.fromkeys(codes):
            if beside.WRITES.search(code) or SILENT.search(code): continue
            both = [{key: layout(x) if x.ndim else x for key, x in beside.letters(code, m).items()}
                    for m in (en, torch)]
            ours, theirs = beside.run(code, en, both[0]), beside.run(code, torch, both[1])
            if isinstance(ours, Exception) or isinstance(theirs, Exception): continue
            compared += 1
            if places(ours) != places(theirs):
                different[name] = f"{code}: {places(ours)}, PyTorch {places(theirs)}"
    # drawn calls mix several functions
    of_its_name = {name for name in CODES if not name.startswith("drawn ")}
    assert {name: said for name, said in different.items() if name in of_its_name - known} == {}
    assert (compared > 5000
            and (layout is not transposed or known <= {*different, "select_scatter", "slice_scatter"}))


def test_view_after_every_layout():
    "The faults of the first users: `.view` of what was computed from a transposed tensor."
    x, y = en.arange(12.).reshape(3, 4).t(), en.arange(24.).reshape(2, 3, 4).transpose(1, 2)
    F = en.nn.functional
    for result in (x.softmax(-1), x.log_softmax(-1), en.cat([x, x]), x.cumsum(0),
                   F.batch_norm(y, None, None, training=True), F.layer_norm(x, (3,)),
                   F.scaled_dot_product_attention(y, y, y), x.masked_fill(x > 3, 0.0), x.roll(1, 0),
                   x.sum(0, keepdim=True), (x + 1).t(), x.clone().t(), x.contiguous()):
        assert result.view(-1).shape == (result.numel(),)


@pytest.mark.parametrize("case", cases())
def test_rows_give_memory_of_their_own(case):
    """The result of a row that is no view shares no memory with an operand, and lies row by row, or as the
    operands do."""
    row, args, params = cases()[case]
    op = OPS[row]
    if op.view is not None or not args or getattr(op, "writes", None): return
    tensors = [wrap(a.T.copy().T if isinstance(a, np.ndarray) else a) if hasattr(a, "shape") else a
               for a in args]
    result = call(op, tensors, params)
    for x in result if isinstance(result, tuple) else (result,):
        assert not any(np.may_share_memory(x.payload, t.payload) for t in tensors if isinstance(t, en.Tensor))
        assert op.order is not None or x.is_contiguous()


COPIES = ["x.repeat_interleave(1)",
          "x.repeat_interleave(2, 0)",
          "x.cumprod(0)",
          "x.logcumsumexp(0)",
          "x.prod(0)",
          "m.linalg.matrix_power(x, 1)",
          "m.chain_matmul(x[0, 0])",
          "x.diff(n=0)",
          "x.repeat(1, 1, 1, 1)",
          "x.narrow_copy(3, 0, 2)",
          "x.rot90(0)",
          "x.index_select(0, m.tensor([0]))",
          "s.gather(0, m.tensor(0))",
          "m.nn.functional.pad(x, (0, -1))",
          "m.nn.functional.adaptive_avg_pool2d(x, 2)",
          *(f"m.nn.functional.{name}(x, 1)"
            for name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold"))]
VIEWS = ["x.reshape(4)",
         "x.squeeze()",
         "x.flatten()",
         "s.movedim(0, 0)",
         "s.transpose(0, 0)",
         "s.swapaxes(0, -1)",
         "x.expand(1, 1, 2, 2)",
         "x.unfold(3, 1, 1)",
         "x.chunk(1)",
         "x.tensor_split(1)"]


@pytest.mark.parametrize("code", COPIES + VIEWS)
@pytest.mark.parametrize("tracked", [False, True])
def test_copies_and_views_in_trivial_cases(code, tracked):
    """Where nothing is to do, a copy is made all the same where PyTorch makes one, and a view where it
    gives a view."""
    given = {"x": en.ones(1, 1, 2, 2, requires_grad=tracked) * 1,
             "s": en.tensor(1.0, requires_grad=tracked) * 1}
    for result in beside.tensors_of(beside.run(code, en, given)):
        assert any(np.may_share_memory(result.payload, x.payload) for x in given.values()) == (code in VIEWS)


IMAGES = "m.arange(120.).reshape(2, 3, 4, 5)"
LAST = f"{IMAGES}.contiguous(memory_format=m.channels_last)"
VOLUMES = "m.zeros(2, 3, 4, 5, 6)"
FORMATS = [
    LAST,
    f"{IMAGES}.contiguous(memory_format=m.preserve_format)",
    f"{IMAGES}.transpose(1, 2).contiguous(memory_format=m.preserve_format)",
    f"{IMAGES}[0].contiguous(memory_format=m.channels_last)",
    f"{VOLUMES}.contiguous(memory_format=m.channels_last_3d)",
    f"{VOLUMES}.contiguous(memory_format=m.channels_last)",
    f"{LAST}.contiguous()",
    f"{LAST}.contiguous().is_contiguous(memory_format=m.channels_last)",
    f"{LAST}.is_contiguous(memory_format=m.channels_last)",
    f"{LAST}.is_contiguous()",
    f"{IMAGES}.is_contiguous(memory_format=m.preserve_format)",
    f"{IMAGES}[0].is_contiguous(memory_format=m.channels_last)",
    *(f"{x}.{call}"
      for x in (IMAGES, LAST, f"{IMAGES}.transpose(1, 2)", f"{IMAGES}[:, :1]", "m.zeros(2, 3, 1, 1)",
                "m.zeros(1, 1, 3, 1)")
      for call in ("to(memory_format=m.channels_last)", "to(memory_format=m.contiguous_format)",
                   "to(memory_format=m.preserve_format)", "to(m.float64, memory_format=m.channels_last)",
                   "to(m.float64)", "double(memory_format=m.channels_last)",
                   "to(memory_format=m.contiguous_format, copy=True)",
                   "clone()",
                   "clone(memory_format=m.channels_last)",
                   "clone(memory_format=m.contiguous_format)",
                   "contiguous(memory_format=m.channels_last)")),
    *(f"m.{name}({x}{more})" for name in ("zeros_like", "ones_like", "empty_like")
      for x in (IMAGES, LAST, f"{IMAGES}.transpose(0, 2)")
      for more in ("", ", memory_format=m.contiguous_format", ", memory_format=m.channels_last",
                   ", memory_format=m.channels_last_3d", ", dtype=m.int64")),
    f"m.full_like({LAST}, 2)",
    f"m.full_like({LAST}, 2, memory_format=m.contiguous_format)",
    "m.empty(2, 3, 4, 5, memory_format=m.channels_last)",
    "m.empty((2, 3, 4, 5), memory_format=m.contiguous_format)",
    "m.empty(2, 3, memory_format=m.channels_last)",
    "m.empty(2, memory_format=m.preserve_format)",
    "m.empty(2, 3, 4, 5, 6, memory_format=m.channels_last_3d)",
    *(f"m.nn.Sequential(m.nn.Conv2d(3, 4, 3), m.nn.Linear(2, 2)).to({how})[0].weight"
      for how in ("memory_format=m.channels_last", "m.float64, memory_format=m.channels_last",
                  "memory_format=m.channels_last_3d")),
    f"{LAST} + 1",
    f"{LAST}.relu()",
    f"{LAST}.softmax(1)",
    f"{LAST}.sum(0, keepdim=True)",
    f"m.where({LAST} > 3, {LAST}, 0)",
    "repr(m.channels_last_3d).rpartition('.')[2]",
]


@pytest.mark.parametrize("code", FORMATS)
def test_memory_formats(code):
    torch = pytest.importorskip("torch")
    ours, theirs = beside.run(code, en), beside.run(code, torch)
    if isinstance(theirs, Exception):
        assert isinstance(ours, type(theirs)) and str(ours).splitlines()[0] == str(theirs).splitlines()[0]
    elif isinstance(theirs, torch.Tensor):
        assert (ours.stride() == theirs.stride()
                and ("empty" in code or "Conv" in code or ours.tolist() == theirs.tolist()))
    else: assert ours == theirs
