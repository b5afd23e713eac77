"""Samples of the indexing family."""
ROWS = {}
NAMES = {
    "index_copy": ["m.index_copy(x, 1, g[0], y)", "x.index_copy(0, g[0, :1], y[:1])", "x.index_copy_(1, g[1], y); x", "x.index_copy(1, g[0, :2], y[:, :2])", "x.index_copy(0, g, y)", "x.index_copy(1, g[0], d[:3])", "v.index_copy(0, g[0], v[:3])", "x.index_copy(1, g[0, :2], y)", "x.index_copy(1, i[:3], y)", "c.index_copy(-1, g[0], c[:, :, :3])"],
    "index_fill": ["m.index_fill(x, 1, g[0], 7)", "x.index_fill(0, g[0, :1] * 0, s)", "x.index_fill_(1, g[1, :2], 0.5); x", "x.index_fill(0, g, 1)", "i.index_fill(0, k, 9)", "x.index_fill(1, g[0], v)", "x.index_fill(2, g[0], 1)", "x.index_fill(1, i[:3], 1)"],
    "take": ["m.take(x, g)", "x.take(g[0])", "c.take(m.tensor([-1, 23]))", "x.take(i)", "v.take(m.tensor([1, 2], dtype=m.int32))", "s.take(k * 0)", "t.take(g)"],
    "put": ["m.put(x, g[0], y[0])", "x.put(g, y, accumulate=True)", "x.put_(g[0], y[1]); x", "x.put(g, y[0])", "x.put(g[0], d[:3])", "t.put(g[0], v[:3])", "x.put(i, v[:4])"],
    "masked_scatter": ["m.masked_scatter(x, q, v)", "x.masked_scatter(q, y)", "x.masked_scatter_(q, v); x", "x.masked_scatter(q, v[:1])", "x.masked_scatter(q[0], v)", "x.masked_scatter(q, d)", "x.masked_scatter(g, v)", "x.masked_scatter(q & ~q, v)"],
    "scatter_reduce": [f"m.scatter_reduce(x, {dim}, {index}, y, '{rule}'{more})" for rule in ("sum", "mean", "amax", "amin") for dim, index in ((1, "g"), (0, "g * 0 + 1")) for more in ("", ", include_self=False")] + ["m.scatter_reduce(w, 1, g * 0, w, 'amax', include_self=False)", "x.scatter_reduce(1, g[:, :2], y, 'amax')", "x.scatter_reduce_(1, g, y, 'sum'); x", "x.scatter_reduce(1, g, y, 'other')", "x.scatter_reduce(1, g, d, 'sum')", "i.scatter_reduce(0, g[0], i[:3], 'amin', include_self=False)", "i.scatter_reduce(0, g[0], i[:3], 'mean')", "v.scatter_reduce(0, g[0] * 0, v[:3], 'mean')", "v.scatter_reduce(0, g[0] * 0, v[:3], 'amax', include_self=False)"],
    "index_reduce": ["m.index_reduce(x, 1, g[0], y, 'mean')", "x.index_reduce(1, g[0], y, 'amax', include_self=False)", "x.index_reduce_(0, g[0, :1] * 0, y[:1], 'amin'); x", "x.index_reduce(1, g[0], d[:3], 'mean')", "v.index_reduce(0, g[0] * 0, v[:3], 'mean', include_self=False)"],
    "embedding": ["m.embedding(x, g[:, :2] * 0 + 1)", "m.embedding(y, m.tensor([1, 0, 1]))", "m.embedding(y, m.tensor([[1, 0], [0, 0]]), padding_idx=0)", "m.embedding(y, m.tensor(1))", "m.embedding(v, g)", "m.embedding(y, m.tensor([5]))"],
}

DIFFERENCES = [(r"reduce\(.*a(max|min).*include_self=False.*gradient", "PyTorch counts the old element among the winners, though `include_self=False` gave it no say; edunets does not."), (r"Expected (a long tensor|dtype int64) for index", "edunets takes an index of any integer dtype; PyTorch's `take` takes int64 only.")]
