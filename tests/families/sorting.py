"""Samples of the sorting family."""
from arrays import normal
import numpy as np

ROWS = {"searchsorted": [((np.sort(normal(5)), normal(2, 3)), {"right": False}), ((np.sort(normal(2, 4)), normal(2, 3)), {"right": True})]}

TIES = "m.tensor([1., 3., 3., 2., 3., 1.])"
NAMES = {
    "kthvalue": ["m.kthvalue(v, 2)", "x.kthvalue(1)", "x.kthvalue(2, 0)", "c.kthvalue(3, dim=1, keepdim=True)", "v.kthvalue(9)", "v.kthvalue(0)", "i.kthvalue(2)", "s.kthvalue(1)", "n.kthvalue(7)", "n.kthvalue(2)", "y.kthvalue(1, -1).values"],
    **{name: [f"m.{name}({a})" for a in "vxysedhijkc"] + [f"y.{name}(0)", f"y.{name}(1, True)", f"n.{name}()", f"n.{name}(0)", f"c.{name}(dim=1)", f"i.{name}(0)", f"e.{name}(0)", f"z.{name}(1)", f"s.{name}(0)", f"{TIES}.{name}()", f"x.{name}(3)", f"m.tensor([[1., math.nan, 3.], [2., 0., 1.]]).{name}(1)"] for name in ("median", "nanmedian")},
    **{name: [f"m.{name}(v, 0.3)", f"v.{name}(m.tensor([0.25, 0.5]))", f"y.{name}(0.4, 1)", f"y.{name}(0.4, dim=0, keepdim=True)", f"y.{name}(m.tensor([0., 1.]), 1, True)", f"v.{name}(0.5, keepdim=True)", f"v.{name}(1.5)", f"n.{name}(0.5)", f"i.{name}(0.5)", f"d.{name}(0.5)", f"e.{name}(0.5)", f"c.{name}(0.3, 1)", f"s.{name}(0.5)", f"v.{name}(d[:1])",
              *(f"v.{name}(0.37, interpolation='{rule}')" for rule in ("linear", "lower", "higher", "nearest", "midpoint", "other")), f"m.tensor([[1., math.nan, 3.], [2., 0., 1.]]).{name}(0.4, 1)"] for name in ("quantile", "nanquantile")},
    "unique": ["m.unique(i)", "g.unique()", "g.unique(return_inverse=True)", "g.unique(return_counts=True)", "g.unique(True, True, True)", "m.tensor([[1, 2], [0, 5], [1, 2]]).unique(dim=0)", "m.tensor([[1, 1, 2], [0, 0, 5]]).unique(dim=1, return_inverse=True, return_counts=True)", f"{TIES}.unique()", "q.unique()", "e.unique()", "s.unique()", "y.unique(return_inverse=True)", "c.long().unique(dim=2)"],
    "unique_consecutive": ["m.unique_consecutive(m.tensor([1, 1, 2, 2, 1]))", "m.tensor([1, 1, 2, 2, 1]).unique_consecutive(True, True)", "g.unique_consecutive(return_inverse=True)", "m.tensor([[1, 2], [1, 2], [0, 5]]).unique_consecutive(dim=0, return_counts=True)", "e.unique_consecutive()", "x.unique_consecutive()", "q.unique_consecutive(return_counts=True)"],
    "mode": ["m.mode(g)", "g.mode(0)", f"{TIES}.mode()", "i.mode()", "x.mode(1, True)", "s.mode()", "q.mode(1)", "c.mode(dim=1)", "e.mode()", "m.tensor([2, 5, 2, 5]).mode().values", "m.tensor([math.nan, 0.]).mode()"],
    "msort": ["m.msort(y)", "v.msort()", "i.msort()", "s.msort()", "m.msort(y, out=m.zeros(2, 3))"],
    "searchsorted": ["m.searchsorted(v.sort().values, x)", "m.searchsorted(v.sort().values, 0.2)", "m.searchsorted(v.sort().values, m.tensor([0., 0.5]), right=True)", "m.searchsorted(x.sort().values, y)", "m.searchsorted(x.sort().values, y[:1])", "m.searchsorted(i.sort().values, k)", "m.searchsorted(v.sort().values, v, side='right')", "m.searchsorted(v.sort().values, v, out_int32=True)", "m.searchsorted(v.sort().values, i)", "m.searchsorted(i.sort().values, 2)", "m.searchsorted(i.sort().values, 0.5)", "m.searchsorted(v.sort().values, e)"],
    "bucketize": ["m.bucketize(m.tensor([-3, 0, 1, -3, 0]), m.tensor([-3, 0, 1, -3, 0]))", "m.bucketize(x, v.sort().values)", "m.bucketize(x, v.sort().values, right=True)", "m.bucketize(0.2, v.sort().values)", "m.bucketize(0.5, i.sort().values)", "m.bucketize(-0.5, m.tensor([-1, 0, 1]))", "m.bucketize(i, i.sort().values)", "m.bucketize(x, x)", "m.bucketize(i, i.sort().values, out_int32=True)"],
    "isin": ["m.isin(i, i[:2])", "m.isin(x, x[0])", "m.isin(g, 2)", "m.isin(g, g[0], invert=True)", "m.isin(2, g)", "m.isin(i, e)", "m.isin(i, x)", "m.isin(e, i)", "m.isin(q, q[0])", "m.isin(0.3, t)"],
    "argwhere": ["m.argwhere(x > 0.3)", "i.argwhere()", "s.argwhere()", "e.argwhere()"],
}

DIFFERENCES = [
    (r"bucketize\(.*\] for \[", "edunets and PyTorch search boundaries that are in no order here, among which there is no right bucket."),
    (r"kthvalue.* for \[?[\d\[]", "edunets gives the index of the first of equal elements; PyTorch's may be any of them."),
    (r"isin.*view size", "PyTorch's `isin` does not take every layout; edunets does."),
    (r"isin.*Bool", "edunets compares bools, for False comes before True; PyTorch refuses bools in these functions."),
    (r"mode\(.*nan", "edunets does not count a NaN as a value that occurs often; PyTorch's answer depends on where the NaN stands."),
]
