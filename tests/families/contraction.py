"""Samples of the contraction family."""
ROWS = {}

NAMES = {
    "einsum": [f"m.einsum({a})" for a in ("'ij,ij->', x, y", "'ij,kj->ik', x, y", "'ij,kj', x, y", "'ii->i', x @ y.t()", "'ii', x @ y.t()", "'i,j->ij', v, v", "'ij->ji', x", "'bij,bkj->bik', c, c", "'...ij,...kj->...ik', c, c", "'...i->...', c", "'i...->...i', c", "'ij, jk -> ik', x, y.t()",
        "'ij,jk->ik', x, y", "'ij->ijk', x", "'ij->ii', x", "'ijk->ij', x", "'ij,ij->ij', x, y[:1]", "'b,bi->i', v[:2], x", "'ij->', x", "'abc,cd,d->ab', c, c[0].t(), v[:3]", "'i,i->', v, v", "'ij,j->i', x, s.reshape(1)", "'ij,j', i, i", "'i', v", "'...', x", "'ij,ik,il->jkl', x, y, x", "'iij->ij', x @ y.t()", "'i1->i', x", "'ij,ij->i', i.reshape(2, 2), i.reshape(2, 2)", "'ij,kj->ik', x, d.reshape(1, 4)", "'ij->ij', t", "'ki,kj->ij', t, w", "[x, y]", "'->', s", "'ab,bc->ca', x, y.t()", "'i,i', v, v", "'a...,b...->ab...', c, c", "'...a,a...->...', v, v")] + ["m.einsum('ij,kj->ik', [x, y])", "m.einsum('ij,ij->', z, z.double())"],
    "tensordot": ["m.tensordot(c, c, 3)", "m.tensordot(x, y, ([1], [1]))", "m.tensordot(c, c, ([0, 2], [0, 2]))", "m.tensordot(x, y, 0)", "m.tensordot(x, y)", "m.tensordot(x, y.t(), 1)", "m.tensordot(x, y, 1)", "m.tensordot(x, y, -1)", "m.tensordot(c, x, dims=([1, 0], [1, 0]))", "m.tensordot(i, i, 1)"],
    "inner": ["m.inner(v, v)", "x.inner(y)", "c.inner(c[0])", "x.inner(s)", "x.inner(v)", "i.inner(i)"], "kron": ["m.kron(x, y)", "v.kron(x)", "i.kron(i)", "s.kron(x)", "m.kron(c, x)", "m.kron(x, g)", "m.kron(x, t)"],
    "addmv": ["m.addmv(v[:2], x, y[0])", "v[:2].addmv(x, y[0], beta=2, alpha=0.5)", "s.addmv(x, y[0])", "m.addmv(v, x, y[0])", "v[:2].addmv_(x, y[0])", "n[:2].addmv(x, y[0], beta=0)", "v[:2].addmv(x, v)"],
    "addr": ["m.addr(x, v[:2], v[:3])", "x.addr(v[:2], v[:3], beta=0.5, alpha=2)", "s.addr(v, v)", "x.addr_(v[:2], v[:3]); x", "x.addr(v, v)"],
    "baddbmm": ["m.baddbmm(m.zeros(2, 3, 3), c, c.mT)", "m.baddbmm(x[0], c, c.mT, beta=0.5, alpha=2)", "m.baddbmm(i[0], c.long(), c.long().mT, beta=0.5)", "c.baddbmm(c, m.ones(2, 4, 4))", "c.baddbmm(x, x)", "m.zeros(2, 3, 3).baddbmm_(c, c.mT)"], "addbmm": ["m.addbmm(m.zeros(3, 3), c, c.mT)", "x[0].addbmm(c, c.mT, beta=2)", "m.addbmm(s, c, c.mT, alpha=0.5)", "m.zeros(3, 3).addbmm_(c, c.mT)"],
    "vdot": ["m.vdot(v, v)", "i.vdot(i)", "v.vdot(x)"], "ger": ["m.ger(v, v)", "v.ger(i)", "x.ger(v)"], "trace": ["m.trace(x)", "i.trace()", "g.trace()", "c.trace()", "t.trace()"],
    "matrix_power": ["m.matrix_power(x @ y.t(), 3)", "(x @ y.t()).matrix_power(0)", "c[:, :, :3].matrix_power(2)", "x.matrix_power(2)", "g[:, :2].matrix_power(5)", "(x @ y.t()).matrix_power(1)", "v.matrix_power(2)"],
    "chain_matmul": ["m.chain_matmul(x, y.t(), x)", "m.chain_matmul(x)", "m.chain_matmul(x, y)", "m.chain_matmul(x, y.t(), x, t.t())", "m.chain_matmul(v, v)"],
    "cdist": ["m.cdist(x, y)", "m.cdist(x, y, 1)", "m.cdist(x, y, p=float('inf'))", "m.cdist(c, c)", "m.cdist(x * math.nan, y, p=float('inf'))", "m.cdist(c, x[:, :1].expand(2, 4))", "m.cdist(x, v)", "m.cdist(x, c)", "m.cdist(i.reshape(2, 2), i.reshape(2, 2))", "m.cdist(x, y, 3)", "m.cdist(w, w[:1] * 3, p=float('inf'))", "m.cdist(v.expand(30, 6), v.reshape(1, 6))", "m.cdist(x, y, 2, 'use_mm_for_euclid_dist')"],
    "cosine_similarity": ["m.cosine_similarity(x, y)", "m.cosine_similarity(x, y, 0)", "m.cosine_similarity(v, v, dim=0)", "m.cosine_similarity(x, x[0])", "m.cosine_similarity(x, (y * 0).half())", "m.cosine_similarity(x * 0, y)", "m.cosine_similarity(c, c, -1)", "m.cosine_similarity(i, i, 0)"],
    "pdist": ["m.pdist(x)", "m.pdist(c[0])", "m.pdist(c[0], 1)", "m.pdist(c[0], p=3.)", "m.pdist(c[0], float('inf'))", "m.pdist(c[0], 0)", "m.pdist(x * 0)", "m.pdist(d)", "m.pdist(x, -1)", "m.pdist(v)", "m.pdist(c)", "m.pdist(i)", "m.pdist(x[:1])", "m.pdist(x[:0])", "m.pdist(x[:, :0])"],
    "pairwise_distance": ["m.pairwise_distance(x, y)", "m.pairwise_distance(x, y, 1)", "m.pairwise_distance(x, y, keepdim=True)", "m.pairwise_distance(v, v)", "m.pairwise_distance(x, y[0], eps=0.)"],
    "cross": ["m.cross(x, y, dim=1)", "x.cross(y, 1)", "x.cross(y, 0)", "c.cross(c + 1, 1)", "c.cross(c[0], dim=1)", "g.cross(g, dim=-1)", "m.cross(x, y)", "m.cross(x, y[:, :1], 1)", "m.cross(x[:1], y)", "m.cross(x[:1, :1], y)"],
    "bilinear": ["m.bilinear(x, y, m.ones(4, 3, 3))", "m.bilinear(x, y, m.ones(2, 3, 3), v[:2])", "m.bilinear(c, c, m.ones(2, 4, 4))"],
}

DIFFERENCES = [
    (r"baddbmm\(.*must not be a floating point number", "edunets takes no fractional factor for integers in any of these products; PyTorch's `baddbmm` cuts it to a whole number."),
    (r"baddbmm_?\(x, x\)", "edunets raises the RuntimeError of `bmm` for a wrong number of dimensions; PyTorch's `baddbmm` raises an IndexError."),
    (r"cdist\(.*inf.*nan", "edunets gives NaN for the greatest distance where one is NaN, as in every maximum; PyTorch's `cdist` passes over it."),
    (r"[cp]dist\(.*inf.*gradient", "edunets shares the gradient among ties, as in every maximum; PyTorch's `cdist` and `pdist` give each of them the whole."),
    (r"einsum.*same dtype.*PyTorch gives", "edunets refuses two dtypes in `einsum` for empty tensors too; PyTorch does not look at the dtypes of those."),
    (r"cosine_similarity\(x", "edunets keeps `eps`, the least length, in the common dtype; PyTorch keeps it in half precision here, where it is 0."),
    (r"kron.*view size", "PyTorch's `kron` does not take every layout; edunets does."),
]
