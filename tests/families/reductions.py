"""Samples of the reductions family."""
from arrays import distinct, normal, whole
from calls import along, reduction

ROWS = {
    **{row: [((distinct(3, 5),), {"dim": dim}) for dim in (0, 1)] + [((whole(7),), {"dim": 0})] for row in ("cummax", "cummin")},
    "logcumsumexp": [((normal(3, 5),), {"dim": dim}) for dim in (0, 1)],
}

NAMES = {
    "nansum": reduction("nansum", ("dim=(0, 2)",)) + ["n.nansum()", "m.nansum(n, dtype=m.float64)", "b.nansum()"], "nanmean": reduction("nanmean", ("dim=(0, 2)",)) + ["m.nanmean(n[:1])"],
    "aminmax": ["m.aminmax(x)", "x.aminmax(dim=1)", "i.aminmax(dim=0, keepdim=True)", "e.aminmax()", "n.aminmax()", "x.aminmax(dim=0).max", "s.aminmax()", "c.aminmax(dim=-2)"],
    **{name: [f"m.{name}({a})" for a in ("x", "x, 1", "x, (0, 1)", "x, 0, True, True", "x, False", "c, dim=1, correction=0", "d", "x, dim=0, keepdim=True", "e", "i", "s", "m.tensor([math.inf, math.inf])")] for name in ("var_mean", "std_mean")},
    **{name: along(name) + [f"m.{name}(m.tensor([1., 3., 3., 2., 3.]), 0)", f"m.{name}(m.tensor([1., 3., float('nan'), 5.]), 0)", f"x.{name}(3)", f"e.{name}(dim=1)"] for name in ("cummax", "cummin")},
    "logcumsumexp": [f"m.logcumsumexp({a}, dim={dim})" for a in "vxszdtwpc" for dim in (0, -1)] + ["(x * 1000).logcumsumexp(1)", "n[3:].logcumsumexp(0)", "i.logcumsumexp(0)", "m.tensor([-math.inf, -math.inf, 0.]).logcumsumexp(0)"],
    "diff": ["m.diff(x)", "x.diff(dim=0)", "v.diff(n=2)", "i.diff()", "q.diff()", "v.diff(prepend=v[:1])", "v.diff(append=v[:2], prepend=v[:1])", "x.diff(n=5)", "s.diff()", "z.diff()", "c.diff(dim=1)", "v.diff(n=0)", "m.diff(x, 1, 0)"],
    **{name: [f"m.{name}(y)", f"m.{name}(y, dx=0.5)", f"m.{name}(y, dim=0)", f"m.{name}(y, x)", f"m.{name}(y, y[0])", f"m.{name}(c, dim=1)", f"m.{name}(y, m.tensor([1., 2.]), dim=0)", f"m.{name}(v)", f"m.{name}(i.reshape(2, 2)[:, :0])", f"m.{name}(i.reshape(2, 2)[:, :1])", f"m.{name}(m.tensor([math.inf, math.inf]))"] for name in ("trapezoid", "trapz", "cumulative_trapezoid")},
    "renorm": ["m.renorm(y, 2, 0, 1.)", "y.renorm(1, 1, 0.5)", "y.renorm_(2, 0, 1.); y", "c.renorm(2, 1, 10.)", "y.renorm(2, 0, 100.)"],
    "dist": ["m.dist(x, y)", "x.dist(y, 1)", "x.dist(y, p=3)", "m.dist(x, y, float('inf'))", "m.dist(x, x)", "m.dist(x, y[0])", "m.dist(x, y, 0)"],
    "bincount": ["m.bincount(g[0])", "g[1].bincount(minlength=6)", "g[0].bincount(x[0])", "u.bincount()", "i.bincount()", "x.bincount()", "g.bincount()", "m.bincount(g[0], weights=d[:3])", "e.long().bincount()", "e.long().bincount(minlength=3)", "g[0].bincount(g[0])"],
    "histc": ["m.histc(v)", "v.histc(4)", "v.histc(bins=3, min=-1, max=1)", "n.histc()", "i.histc()", "m.histc(d, 5)", "m.histc(m.ones(3), 4)", "n.histc(4, -1, 1)", "y.histc(7)"],
    "cov": ["m.cov(y)", "y.cov(correction=0)", "y[0].cov()", "y.cov(fweights=g[1])", "y.cov(aweights=x[0])", "y.cov(fweights=g[1], aweights=x[0])", "i.cov()", "c.cov()", "m.tensor([[math.nan], [1.]]).cov(fweights=m.tensor([2]))", "m.cov(d)", "s.cov()"],
    "corrcoef": ["m.corrcoef(y)", "y[0].corrcoef()", "m.corrcoef(d)", "m.corrcoef(x)"],
}

METHODS = {"sum_to_size": ["x.sum_to_size(1, 3)", "c.sum_to_size((3, 1))", "x.sum_to_size(2, 3) is x", "x.sum_to_size(2)", "c.sum_to_size(1)", "c.sum_to_size(2, 1, 1)", "x.sum_to_size(4, 2, 3)"]}

DIFFERENCES = [(r"cov\(.*fweights.*nan", "edunets gives NaN for the covariance with a NaN; PyTorch drops it where weights are given and one observation is left."), (r"(var|std)_mean.*inf.* for .*nan", "edunets gives an infinite mean for infinities; PyTorch updates the mean number by number, and has inf - inf."), (r"trap.*inf.* for .*nan", "edunets gives the mean of two infinities; PyTorch takes the ends from the sum, and has inf - inf."), (r"cum(max|min)\(.*out of range", "edunets raises an error for a dim that is not there, with an empty tensor too; PyTorch does not look at the dim then."), (r"x \* 1000\)\.logcumsumexp.*gradient 2", "edunets gives a second derivative below 1e-37, which is 0 but for rounding; PyTorch's rounding is larger.")]
