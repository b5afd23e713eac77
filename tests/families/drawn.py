"""What drawn calls (test_draws_torch.py) found with other seeds, each kept as a sample of its own."""
METHODS = {
    "drawn products": ["m.einsum('ij->i', g.byte())", "m.einsum('...i->...', q)", "m.einsum('ii', u.reshape(1, 3)[:, :1])",
                       "m.addbmm(m.zeros(3, 3), m.zeros(0, 3, 4).double(), m.zeros(0, 4, 3).double())", "m.cdist(x[:, :0], y[:, :0].double())",
                       "k.byte().addbmm(c.byte(), c.mT.byte(), beta=2)", "m.linalg.norm(g, dtype=m.float64)", "m.linalg.vector_norm(i, dtype=m.float64)", "m.tensordot(x[:1], y[:1], 1)", "m.cholesky_inverse(x @ x.T + m.eye(2))"],
    "drawn dtypes": ["d.addcdiv(i, m.full((4,), -2.5))", "d.addcdiv_(i, m.full((4,), -2.5)); d", "d.addcmul(i, m.full((4,), 0.3))", "u[:2].addcmul(b, b)",
                     "m.ldexp(h, i)", "m.ldexp(d[0], s)", "m.ldexp(h, d)", "u[:2].add(b, alpha=2)", "u[:2].sub(b.byte(), alpha=2)", "m.repeat_interleave(g[0].int())",
                     "m.nn.functional.dropout(b, 1., True)", "m.nn.functional.dropout(i, 1., True)", "m.nn.functional.hardtanh(u, -0.5, 0.5)",
                     "m.nn.functional.gaussian_nll_loss(i, i, 2.)", "m.zeros(0).short().median()", "m.zeros(0).int().nanmedian()", "m.zeros(0).bool().median()"],
    "drawn checks": ["y.cov(aweights=-x[0])", "y.cov(fweights=x[0])", "y.cov(fweights=-g[0])", "y.cov(aweights=g[0])", "y.cov(fweights=q[0])", "g.cov(aweights=m.tensor([1., 2., 1.]).half())",
                     "g.byte().cov()", "v[:1].index_reduce(0, g[0] * 0, v[:1], 'mean', include_self=False)", "m.trapezoid(y[:1], m.tensor([1., 2.]), dim=0)",
                     "m.trapz(y, v, dim=0)", "m.cumulative_trapezoid(y[:1], m.tensor([1., 2.]), dim=0)"],
    "drawn writes": ["v.unfold(0, 4, 4).fill_(1); v", "v.unfold(0, 2, 3).mul_(2); v", "v[:5].unfold(0, 2, 2).zero_(); v", "a = v[:3].reshape(1, 3).expand(2, 3); a[0].fill_(1); v",
                     "a = v[:3].reshape(1, 3).expand(2, 3); m.zeros(3, out=a[1]); v", "m.where(q, x, y.double(), out=m.zeros(2, 3))", "m.normal(z, 0., out=m.zeros(2, 3))"],
    "drawn places": ["m.zeros(3).scatter_add(0, m.tensor([0, 0, 2]), v[:1])", "v[:1].scatter_reduce(0, g[0] * 0, v[:1], 'mean')", "x.scatter(1, m.zeros(3, 3).long(), m.ones(3, 3))", "x.scatter(1, m.zeros(3, 3).long(), 1.)",
                     "x.gather(1, m.zeros(3, 3).long())", "x[:1].gather(0, g)", "x.scatter(1, g[:1], y)", "z.T.index_put((k - 2,), m.tensor([1., 2., 3.]))", "z.T.index_put((k - 2,), s)", "z.index_put((k - 2,), s)", "z.index_put((k, k), s)",
                     "m.embedding(m.zeros(0, 3), m.tensor([1, 0, 1]))", "m.embedding(z, m.tensor([1, 0, 1]))", "z.T.index_select(0, g[0])", "m.zeros(3, out=g[:1].expand(2, 3)[0])", "e.index_select(0, g[0])"],
    "drawn empty": ["z.index_fill(1, m.tensor([0, 0]), 1)", "z.index_fill(1, m.tensor([0, 0, 0]), 1)", "m.cdist(z, z, p=math.inf)", "m.cdist(z, z, p=0)", "m.nn.functional.pdist(z, p=math.inf)", "m.linalg.cond(z.double(), 1)", "m.linalg.cond(z.T.double(), -2)", "m.linalg.cond(m.zeros(3, 2, 0), 'fro')"],
    "drawn fractions": ["m.addbmm(k, A, A.mT, alpha=0.5)", "m.addbmm(k, A, A.mT, beta=0.5)", "i[:2].addmv(g, g[0], beta=2, alpha=0.5)", "m.zeros(2, 2).long().addmm(g, g.T, alpha=0.5)"],
    "drawn NaN": ["m.bucketize(0.2, m.full((6,), math.nan))", "m.adaptive_avg_pool1d(m.full((1, 1, 4), math.inf), 6)", "m.searchsorted(m.full((3,), math.nan), 0.2)", "m.searchsorted(m.full((6,), math.nan), m.tensor([0., 0.5]), right=True)", "m.polygamma(4, m.full((2,), -math.inf))", "m.polygamma(1, m.full((2,), -math.inf))", "m.var_mean(m.full((2, 2), math.inf), dim=0)"],
}

DIFFERENCES = [
    (r"cholesky_inverse\(.*gradient \d", "edunets gives the triangle that `cholesky_inverse` does not read the gradient 0; PyTorch gives it that of the factor's transpose."),
    (r"contracted dimensions need to match.*PyTorch gives", "edunets wants contracted dimensions of one size; PyTorch's `tensordot` lets a size of 1 broadcast."),
    (r"adaptive_avg_pool.*nan.* for .*inf", "edunets averages with shares, some of which are 0, and infinity times 0 is NaN; PyTorch adds up just what lies in a part."),
    (r"argument (alpha|beta) must not be a floating point number.*PyTorch gives", "edunets refuses a fraction of integers in every sum of products; PyTorch refuses it in some, and cuts it to an integer in others."),
    (r"polygamma\(.*nan.* for .*inf", "edunets gives NaN for `polygamma` at minus infinity, where it has no limit; PyTorch gives that of the poles for orders from 2 on."),
    (r"expected tensors of the same dtype.*PyTorch gives", "edunets wants one dtype though there is nothing to multiply; PyTorch does not look at the dtypes then."),
    (r"normal\(\w, 0\., out=", "edunets gives `out` the shape of the result; PyTorch's `normal` lets the result broadcast to the shape that `out` has."),
    (r"cannot be written: .*PyTorch gives|expand\(2, 3\); .*gradient", "edunets refuses every write into an expanded tensor, that of a part without repeats too; PyTorch writes a part."),
    (r"(searchsorted|bucketize)\(.*\b0\]* for \[*\d", "edunets takes NaN for the largest number, as sorting does; PyTorch's search walks past a NaN."),
]
