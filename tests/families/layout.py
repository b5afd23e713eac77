"""Samples of the layout family."""
from arrays import normal
from edunets.ops.layout import Geometry


def strided(size, stride, offset, shape, steps): return {"size": size, "stride": stride, "offset": offset, "inside": Geometry(shape, steps, 0)}


ROWS = {"as_strided": [((normal(3, 4),), strided((2, 5), (2, 1), 3, (3, 4), (4, 1))), ((normal(6),), strided((3,), (2,), 1, (6,), (1,))), ((normal(),), strided((), (), 0, (), ())), ((normal(4),), strided((0, 2), (1, 1), 0, (4,), (1,)))],
        "diagonal": [((normal(3, 4),), {"offset": 0, "dim1": 0, "dim2": 1}), ((normal(3, 4),), {"offset": -1, "dim1": 0, "dim2": 1}), ((normal(2, 3, 4),), {"offset": 2, "dim1": 2, "dim2": 0}), ((normal(3, 3),), {"offset": 5, "dim1": 0, "dim2": 1})]}

NAMES = {
    "numel": ["m.numel(x)", "m.numel(s)", "m.numel(e)", "m.numel(3)"], "detach": ["m.detach(x)", "a = m.ones(2, requires_grad=True); m.detach(a * 2)", "m.detach(x).fill_(7); x", "m.detach(3)"],
    "as_strided": ["x.as_strided((2, 2), (1, 2))", "m.as_strided(x, (4, 3), (1, 1))", "c.as_strided((3, 3), (4, 1), 2)", "c.as_strided(size=(3,), stride=(0,), storage_offset=5)", "t.as_strided((3,), (2,))", "t.as_strided((2, 3), (1, 2)).is_contiguous()", "p.as_strided((5,), (1,))", "c[1].as_strided((2, 2), (1, 1))", "c[1].as_strided((2, 2), (1, 1)).storage_offset()",
                   "w.as_strided((2,), (1,))", "s.as_strided((), ())", "x.as_strided((), ())", "x.as_strided((0, 3), (1, 1), 9)", "x.as_strided((7,), (1,))", "x.as_strided((2,), (1, 1))", "x.as_strided((2,), (-1,))", "x.as_strided((-1,), (1,))", "x.as_strided((2,), (1,), -1)", "x.as_strided((3, 2), (2, 1)).add_(7); x", "x.as_strided((3,), (0,)).add_(7); x",
                   "x.as_strided((2,), (1,)).as_strided((6,), (1,), 0)", "i.as_strided((2,), (2,))", "h.as_strided((2, 2), (2, 1))"],
    "as_strided_scatter": ["x.as_strided_scatter(v[:2], (2,), (3,))", "m.as_strided_scatter(c, y, (2, 3), (12, 4), 0)", "x.as_strided_scatter(v, (2,), (3,))", "x.as_strided_scatter(v[:2], (2,), (0,))", "x.as_strided_scatter(v, (7,), (1,))", "t.as_strided_scatter(v[:3], (3,), (2,))", "w.as_strided_scatter(v[:1], (1,), (1,), 1)"],
    "diagonal": ["x.diagonal()", "c.diagonal(0, 1, 2)", "m.diagonal(c, -1, 2, 0)", "x.diagonal(2)", "x.diagonal(9)", "v.diagonal()", "x.diagonal(0, 1, 1)", "x.diagonal().stride()", "t.diagonal(1)", "x.diagonal().fill_(7); x", "c.diagonal(dim1=-2, dim2=-1)", "i.diagonal(0, 0, 3)"],
    "diagonal_scatter": ["m.diagonal_scatter(x, y[:, 0])", "x.diagonal_scatter(y[:, 0], 1)", "c.diagonal_scatter(m.zeros(4, 2))", "x.diagonal_scatter(y[0])", "x.diagonal_scatter(m.ones(1), -1)"],
    "diag_embed": ["m.diag_embed(x)", "v.diag_embed(1)", "x.diag_embed(-1, 0, 2)", "s.diag_embed()", "x.diag_embed(0, 1, 1)", "i.diag_embed()", "e.diag_embed()"], "diagflat": ["m.diagflat(v)", "x.diagflat(1)", "s.diagflat()", "i.diagflat(-2)"],
    "select_scatter": ["m.select_scatter(x, y[0], 0, 1)", "x.select_scatter(y[:, 0], 1, -1)", "x.select_scatter(y[0], 1, 0)", "c.select_scatter(m.zeros(2, 4), 1, 2)", "x.select_scatter(y[0], 0, 5)"],
    "slice_scatter": ["m.slice_scatter(x, y[:, :2], 1, 1, 3)", "v.slice_scatter(v[:3], start=0, end=6, step=2)", "x.slice_scatter(y)", "x.slice_scatter(y, 1, 0, 1)", "v.slice_scatter(v[:2], 0, -2)"],
    **{name: [f"m.{name}(c, 0, 2)", f"c.{name}(-1, 1)", f"x.{name}(0, 3)", f"c.{name}(0, 1).stride()", f"s.{name}(0, -1)"] for name in ("swapaxes", "swapdims")},
    "moveaxis": ["m.moveaxis(c, 0, -1)", "c.moveaxis((0, 1), (1, 2))", "c.moveaxis(0, 5)", "x.moveaxis(1, 0).stride()"], "adjoint": ["m.adjoint(c)", "x.adjoint()", "c.adjoint().stride()"],
    "roll": ["m.roll(x, 1)", "x.roll(1, 1)", "x.roll(-1, 0)", "c.roll((1, 2), (0, 2))", "v.roll(10)", "x.roll((1, 2), 0)", "z.roll(1)", "x.roll(1, 3)", "t.roll(1)", "m.roll(i, 1, 0)", "x.roll((1, 1))"],
    "fliplr": ["m.fliplr(x)", "v.fliplr()", "c.fliplr()"], "flipud": ["m.flipud(x)", "s.flipud()", "c.flipud()", "v.flipud()"],
    "rot90": ["m.rot90(x)", "x.rot90(2)", "x.rot90(-1)", "c.rot90(1, (1, 2))", "c.rot90(3, (2, 0))", "v.rot90()", "x.rot90(1, (0, 0))", "c.rot90(1, (0, 1, 2))", "x.rot90(4)"],
    "tile": ["m.tile(x, (2,))", "x.tile(2, 2)", "x.tile(2, 1, 1)", "v.tile(2)", "s.tile(3)", "m.tile(c, (2, 1))", "x.tile((0, 1))"],
    "repeat_interleave": ["m.repeat_interleave(x, 2)", "x.repeat_interleave(2, 1)", "x.repeat_interleave(2, dim=-2)", "x.repeat_interleave(g[0], dim=1)", "x.repeat_interleave(g[0, :2], 0)", "x.repeat_interleave(g[0], 0)", "m.repeat_interleave(g[0])", "g[0].repeat_interleave()", "v.repeat_interleave(0)", "v.repeat_interleave(-1)", "s.repeat_interleave(3)", "c.repeat_interleave(k, 2)", "x.repeat_interleave(g[:1, 0], 0)", "x.repeat_interleave(i[:3], 1)"],
    **{name: [f"m.{name}({a})" for a in ("s", "v", "x", "c", "s, v", "(s, x)", "i, x")] for name in ("atleast_1d", "atleast_2d", "atleast_3d")},
    **{name: [f"m.{name}({a})" for a in ("[v, v]", "[x, y]", "(s, s)", "[c, c]", "[x, v]", "[]", "[x, g]", "[v, v, v]", "(x, y), out=m.zeros(0)")] for name in ("hstack", "vstack", "row_stack", "dstack", "column_stack")},
    **{name: [f"m.{name}([x, y])", f"m.{name}([x, y], 1)", f"m.{name}([x, y], dim=-1)", f"m.{name}([])", f"m.{name}([x, i])", f"m.{name}([v, e])"] for name in ("concat", "concatenate")},
    "block_diag": ["m.block_diag(x, y)", "m.block_diag(x, v, s)", "m.block_diag(i, x)", "m.block_diag(x, v[:0], s)", "m.block_diag()", "m.block_diag(x)"],
    "cartesian_prod": ["m.cartesian_prod(v, i)", "m.cartesian_prod(v)", "m.cartesian_prod(v[:2], v[:3], v[:2])"], "combinations": ["m.combinations(v)", "m.combinations(i, 3)", "m.combinations(i, 2, True)", "m.combinations(v, r=1)", "m.combinations(v[:2], 3)"],
    "tensor_split": ["m.tensor_split(v, 4)", "v.tensor_split((1, 4))", "x.tensor_split(2, 1)", "x.tensor_split([1], dim=-1)", "v.tensor_split(m.tensor([2, 5]))", "v.tensor_split(0)", "v.tensor_split((4, 2))", "v.tensor_split((-2,))", "c.tensor_split(3, 1)", "v.tensor_split(9)", "x.tensor_split(2, 1)[1].stride()"],
    "hsplit": ["m.hsplit(v, 3)", "x.hsplit([1])", "x.hsplit(2)", "s.hsplit(1)", "c.hsplit(3)"], "vsplit": ["m.vsplit(x, 2)", "v.vsplit(2)", "x.vsplit([1])"], "dsplit": ["m.dsplit(c, 2)", "x.dsplit(1)", "c.dsplit((1, 3))"],
    "split_with_sizes": ["m.split_with_sizes(v, [2, 4])", "x.split_with_sizes((1, 2), 1)", "v.split_with_sizes([2, 3])"], "narrow_copy": ["m.narrow_copy(x, 1, 0, 2)", "v.narrow_copy(0, 2, 3)", "x.narrow_copy(1, 2, 2)"],
    **{name: [f"m.{name}(3, 3)", f"m.{name}(2, 4, 1)", f"m.{name}(4, 2, -1)", f"m.{name}(3, 3, offset=5)", f"m.{name}(0, 3)", f"m.{name}(2, 2, dtype=m.int32)"] for name in ("tril_indices", "triu_indices")},
    "vander": ["m.vander(v)", "m.vander(v, 3)", "m.vander(i, increasing=True)", "m.vander(i, N=2)", "m.vander(v, 0)"],
    "broadcast_shapes": ["m.broadcast_shapes((2, 1), (3,))", "m.broadcast_shapes((2, 3), (4,))", "m.broadcast_shapes((1, 0), (3, 1))", "m.broadcast_shapes(3, (2, 1))"], "broadcast_tensors": ["m.broadcast_tensors(x, v[:3])", "m.broadcast_tensors(x, s, y)", "m.broadcast_tensors(x, v)", "m.broadcast_tensors(x, s)[1].stride()"],
}

METHODS = {**{name: [f"{a}.{name}()" for a in "xsezc"] for name in ("dim", "ndimension", "nelement")}, "mH": ["c.mH", "x.mH"], "H": ["x.H", "c.H", "s.H"], "unfold": ["v.unfold(0, 3, 1)", "x.unfold(1, 2, 1)", "c.unfold(-1, 2, 2)", "v.unfold(0, 9, 1)", "v.unfold(0, 2, 0)", "s.unfold(0, 1, 1)", "c.unfold(1, 2, 1).stride()", "x.unfold(0, 1, 1)", "v.unfold(2, 1, 1)", "v.unfold(0, 2, 2).fill_(1); v"]}

DIFFERENCES = [
    (r"as_strided_scatter\(.*gradient", "In PyTorch the gradient of what `as_strided_scatter` overwrote is not 0 everywhere; in edunets it is."),
    (r"as_strided\(\(2,\), \(1,\)\)\.as_strided\(.*gradient", "edunets records `as_strided` of a view as a view of its base; PyTorch drops the gradient of what the view between does not show."),
    (r"block_diag\(.*gradient", "PyTorch gives an empty vector a row in `block_diag`, but forgets that row in the gradient of what follows; edunets does not."),
    (r"repeat_interleave\(\): ", "edunets takes counts alone in the method too; PyTorch takes them in the function only."),
]
