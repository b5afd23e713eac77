"""Samples of the linear algebra family. What is compared does not depend on the signs of eigenvectors and
their like; drawn matrices are kept away from singular ones."""
import numpy as np

from arrays import normal

BATCH = normal(2, 3, 3)
POSITIVE = BATCH @ BATCH.mT + np.eye(3)
WELL = 0.3 * normal(2, 3, 3) + np.diag([1.0, -2.0, 3.0])

ROWS = {
    "solve": [((WELL, normal(2, 3, 2)), {}), ((WELL[0], normal(3, 1)), {})],
    "inv": [((WELL,), {}), ((WELL[0],), {})],
    "cholesky": [((POSITIVE,), {}), ((POSITIVE[0],), {})],
    "eigh": [((WELL,), {}), ((WELL[1],), {})],
    "qr": [((normal(4, 3),), {"mode": "reduced"}),
           ((normal(2, 3, 4),), {"mode": "reduced"}),
           ((WELL,), {"mode": "complete"}),
           ((normal(2, 3),), {"mode": "complete"})],
    "svd": [((WELL,), {}), ((normal(4, 3),), {}), ((normal(2, 2, 3),), {})],
    "det": [((WELL,), {}), ((normal(4, 4),), {})],
    "slogdet": [((WELL,), {}), ((normal(4, 4),), {})],
    "cofactor": [((WELL,), {}), ((normal(4, 4),), {})],
    "pinv": [((normal(4, 3),), {"atol": 0.0, "rtol": 1e-15}),
             ((normal(2, 2, 3),), {"atol": 0.0, "rtol": 1e-15}),
             ((WELL,), {"atol": 1e-9, "rtol": 0.0})],
    "matrix_exp": [((normal(2, 3, 3),), {}), ((3 * normal(2, 2),), {}), ((0.1 * normal(3, 3),), {})],
}

# Matrices of the letters, with condition numbers below ten whatever the letters are: square, symmetric,
# positive-definite, a batch; tall and wide.
SQUARE = "m.diag(m.tensor([1., -2.], dtype=x.dtype)) + 0.1 * (x @ y.t()).tanh()"
BATCHED = "0.1 * (c @ c.mT).tanh() + m.diag(m.arange(1, c.size(1) + 1).to(c.dtype))"
SYMMETRIC = "0.1 * (x @ x.t()).tanh() + m.diag(m.arange(1, x.size(0) + 1).to(x.dtype))"
TALL = "(0.1 * x.tanh() + m.eye(*x.shape, dtype=x.dtype) * m.arange(1, x.size(1) + 1)).t()"
WIDE = "0.1 * c.tanh() + m.eye(c.size(1), c.size(2), dtype=c.dtype) * m.arange(1, c.size(2) + 1)"
ALL = [SQUARE, BATCHED, SYMMETRIC]
# not square, no matrix, integers, half, bool, singular
WRONG = ["x", "v", "s", "i.reshape(2, 2)", "h.reshape(2, 2)", "q", "m.zeros(2, 2)", "c"]
EMPTY = ["m.zeros(0, 0)", "m.zeros(2, 0, 0)"]


def asked(call, matrices): return [call.replace("A", f"({a})") for a in matrices]


def of_square(name, extra=(), out="m.zeros(0)"):
    "Sample calls of a function of square matrices."
    return (asked(f"m.{name}(A)", ALL + WRONG + EMPTY) + ([f"m.{name}({BATCHED}, out={out})"] if out else [])
            + list(extra))


def factors(name, code, matrices, more=()):
    "Sample calls of a decomposition: what of it is the same for all choices of signs."
    return asked(f"f = m.{name}(A); {code}", matrices) + asked(f"m.{name}(A)", WRONG[1:3]) + list(more)


EIGH = "(f[0], (f[1] * f[0].unsqueeze(-2)) @ f[1].mT, f[1] ** 2)"
SVD = "(f[1], (f[0] * f[1].unsqueeze(-2)) @ f[2], f[0] ** 2)"
OLD_SVD = "(f[1], (f[0] * f[1].unsqueeze(-2)) @ f[2].mT, f[2] ** 2)"
QR = "(f[0] @ f[1], f[0] ** 2, f[1].abs())"
LU = "(f[0] @ f[1] @ f[2], f[1], f[2])"
PLANE = "m.tensor([[2., 1.], [1., 3.]]) + 0.1 * x[:, :2].tanh()"
RIGHT = [f"m.{{0}}({a}, {{1}}{b}{{2}})"
         for a, b in ((SQUARE, "y"), (SQUARE, "v[:2]"), (BATCHED, "c"), (BATCHED, "v[:3].unsqueeze(-1)"),
                      (BATCHED, "c[..., 0]"), (SQUARE, "c[:, :2]"))]
FACTORED = [f"f = m.linalg.lu_factor({a}); " for a in (SQUARE, BATCHED)]
NORMS = ["",
         "2",
         "1",
         "-1",
         "-2",
         "0",
         "float('inf')",
         "-float('inf')",
         "0.5",
         "3",
         "'fro'",
         "'nuc'",
         "'other'"]
MATRIX_NORMS = ["", "'fro'", "'nuc'", "1", "-1", "2", "-2", "float('inf')", "-float('inf')", "3"]
DRIVERS = ["", ", driver='gelsd'", ", driver='gelss'", ", driver='gels'", ", driver='other'"]

NAMES = {
    "linalg.solve": [code.format("linalg.solve", "", "") for code in RIGHT]
    + [f"m.linalg.solve({SQUARE}, y.t(), left=False)",
       f"m.linalg.solve({BATCHED}, c.mT, left=False)",
       "m.linalg.solve(x, y)",
       "m.linalg.solve(m.zeros(2, 2), y)",
       "m.linalg.solve(m.eye(2), y.t())",
       "m.linalg.solve(m.eye(2), d[:2])",
       "m.linalg.solve(m.eye(2), s)",
       f"m.linalg.solve({SQUARE}, v[:2], left=False)",
       "m.linalg.solve(m.zeros(0, 0), z.t())",
       f"m.linalg.solve({SQUARE}, y, out=m.zeros(0))"],
    "linalg.inv": of_square("linalg.inv"), "inverse": of_square("inverse", [f"({SQUARE}).inverse()"]),
    "linalg.det": of_square("linalg.det"),
    "det": of_square("det",
                     [f"({BATCHED}).det()",
                      "m.det(v[3:5].unsqueeze(1) * v[4:] + y[:, :2] - y[:, :2].detach())"], out=None),
    "linalg.slogdet": of_square("linalg.slogdet", out=None)
    + [f"m.linalg.slogdet({BATCHED}, out=(m.zeros(0), m.zeros(0)))"],
    "slogdet": of_square("slogdet", [f"({SQUARE}).slogdet()"], out=None),
    "logdet": of_square("logdet", [f"({BATCHED}).logdet()"], out=None),
    "linalg.cholesky": asked("m.linalg.cholesky(A)", [*ALL[1:], PLANE, *WRONG, *EMPTY])
    + [f"m.linalg.cholesky({SYMMETRIC}, upper=True)",
       f"m.linalg.cholesky({PLANE}, upper=True)",
       f"m.linalg.cholesky({BATCHED}, out=m.zeros(0))"],
    "cholesky": asked("m.cholesky(A)", [*ALL[1:], *WRONG]) + [f"({SYMMETRIC}).cholesky(True)"],
    "linalg.eigh": factors("linalg.eigh", EIGH, [SYMMETRIC, BATCHED, SQUARE, *EMPTY],
                           [f"f = m.linalg.eigh({PLANE}, UPLO='U'); {EIGH}",
                            f"f = m.linalg.eigh({PLANE}); {EIGH}",
                            "m.linalg.eigh(x)",
                            "m.linalg.eigh(m.eye(2), UPLO='X')",
                            "m.linalg.eigh(m.eye(2)).eigenvalues",
                            f"m.linalg.eigh({SYMMETRIC}, out=(m.zeros(0), m.zeros(0)))[0]"]),
    "linalg.eigvalsh": of_square("linalg.eigvalsh",
                                 [f"m.linalg.eigvalsh({PLANE}, 'U')",
                                  f"m.linalg.eigvalsh({PLANE})",
                                  "m.linalg.eigvalsh(m.eye(3) * v[:3])"]),
    "linalg.qr": factors("linalg.qr", QR, [SQUARE, BATCHED, TALL, WIDE, *EMPTY, "z"],
                         ["m.linalg.qr(m.eye(2))",
                          f"m.linalg.qr({TALL}, 'r')[1].abs()",
                          f"m.linalg.qr({TALL}, mode='complete')[1].detach().abs()",
                          f"f = m.linalg.qr({WIDE}, 'complete'); {QR}",
                          "m.linalg.qr(x, 'all')",
                          f"m.linalg.qr({TALL}, out=(m.zeros(0), m.zeros(0)))[1].abs()"]),
    "qr": factors("qr", QR, [SQUARE, TALL, WIDE],
                  ["m.qr(m.eye(2))", f"f = ({TALL}).qr(); {QR}", f"({TALL}).qr(False)[1].detach().abs()"]),
    "linalg.svd": factors("linalg.svd",
                          SVD.replace("f[0]",
                                      "f[0][..., :f[1].size(-1)]").replace("f[2]",
                                                                           "f[2][..., :f[1].size(-1), :]"),
                          [SYMMETRIC, TALL, *EMPTY],
                          ["m.linalg.svd(m.diag(m.tensor([3.0, 2.0])))",
                           f"f = m.linalg.svd({TALL}, False); {SVD}",
                           f"f = m.linalg.svd({TALL}.t(), full_matrices=False); {SVD}",
                           f"[r.shape for r in m.linalg.svd({WIDE})]",
                           "[r.shape for r in m.linalg.svd(z)]",
                           f"f = m.linalg.svd({TALL}); f.U.detach() @ f.U.detach().t()",
                           f"m.linalg.svd({TALL}, out=(m.zeros(0), m.zeros(0), m.zeros(0)))[1]"]),
    "svd": factors("svd", OLD_SVD, [SYMMETRIC, TALL],
                   [f"f = ({TALL}).svd(); {OLD_SVD}",
                    f"[r.shape for r in m.svd({TALL}, False)]",
                    f"m.svd({TALL}, compute_uv=False)"]),
    "linalg.svdvals": asked("m.linalg.svdvals(A)",
                            [SYMMETRIC, BATCHED, TALL, WIDE, *WRONG[1:6], *EMPTY, "z"])
    + [f"m.linalg.svdvals({TALL}, out=m.zeros(0))"],
    "linalg.matrix_rank": asked("m.linalg.matrix_rank(A)",
                                [SQUARE, WIDE, "c", "m.zeros(3, 3)", "z", *WRONG[1:4]])
    + ["m.linalg.matrix_rank(m.diag(v.abs()), 0.7)",
       "m.linalg.matrix_rank(m.diag(v.abs()), atol=0.7)",
       "m.linalg.matrix_rank(m.diag(v.abs()), rtol=0.3)",
       "m.linalg.matrix_rank(m.diag(v.abs()), atol=0.1, rtol=0.3)",
       "m.linalg.matrix_rank(m.diag(v), hermitian=True)",
       "m.linalg.matrix_rank(c, out=m.zeros(0).long())"],
    "linalg.pinv": asked("m.linalg.pinv(A)",
                         [SQUARE, BATCHED, TALL, WIDE, "m.zeros(2, 3)", *EMPTY, "z", *WRONG[1:4]])
    + ["m.linalg.pinv(m.diag(v.abs()), 0.3)",
       "m.linalg.pinv(m.diag(v.abs()), atol=0.7)",
       "m.linalg.pinv(m.diag(v.abs()), rtol=0.3)",
       f"m.linalg.pinv({SYMMETRIC}, hermitian=True)",
       f"m.linalg.pinv({TALL}, out=m.zeros(0))"],
    "pinverse": asked("m.pinverse(A)", [SQUARE, TALL, WIDE]) + [f"({TALL}).pinverse(0.1)", "v.pinverse()"],
    "linalg.lstsq": [f"m.linalg.lstsq({a}{driver})"
                     for a in (f"{TALL}, v[:3].unsqueeze(-1)", f"{TALL}, x.t()", f"{WIDE}, c",
                               f"{SQUARE}, y") for driver in DRIVERS
                     if not ("gels'" in driver and a.startswith("0.1 * c"))]
    + [f"m.linalg.lstsq({TALL}, v[:3]).solution",
       f"m.linalg.lstsq({TALL}, y)",
       f"m.linalg.lstsq({TALL}, d[:3].unsqueeze(-1))",
       "m.linalg.lstsq(v, v)"],
    "linalg.solve_triangular": [f"m.linalg.solve_triangular({a}, {b}, upper={u}{more})"
                                for a, b in ((SQUARE, "y"), (BATCHED, "c")) for u in (True, False)
                                for more in ("", ", unitriangular=True")]
        + [f"m.linalg.solve_triangular({SQUARE}, y.t(), upper=True, left=False)",
           "m.linalg.solve_triangular(x, y, upper=True)",
           "m.linalg.solve_triangular(m.eye(2), y.t(), upper=True)",
           "m.linalg.solve_triangular(m.eye(2), v[:2], upper=True)",
           f"m.linalg.solve_triangular({SQUARE}, y, upper=False, out=m.zeros(0))"],
    "triangular_solve": [f"m.triangular_solve(y, {SQUARE})",
                         f"m.triangular_solve(y, {SQUARE}, False)",
                         f"y.triangular_solve({SQUARE}, True, True)",
                         f"y.triangular_solve({SQUARE}, False, True, True)"],
    "linalg.lu_factor": asked("m.linalg.lu_factor(A)",
                              [*ALL, TALL, WIDE, "m.zeros(2, 2)", *EMPTY, "z", *WRONG[1:3]]),
    "linalg.lu": factors("linalg.lu", LU, [*ALL, TALL, WIDE, *EMPTY, "m.zeros(2, 2)"],
                         ["m.linalg.lu(m.tensor([[0., 1.], [2., 3.]]))"]),
    "lu": [f"m.lu({SQUARE})", f"({BATCHED}).lu()", f"m.lu({SQUARE}, get_infos=True)"],
    "lu_unpack": [f"{f}m.lu_unpack(*f)" for f in FACTORED]
    + [f"{f}m.lu_unpack(*f, unpack_pivots=False)[1:]" for f in FACTORED],
    "linalg.lu_solve": [f"m.linalg.lu_solve(*m.lu({SQUARE}), m.ones(2, 1))"]
        + [f"{f}m.linalg.lu_solve(*f, {b}{more})" for f, b in zip(FACTORED, ("y", "c"))
           for more in ("", ", adjoint=True")]
        + [f"{f}m.linalg.lu_solve(*f, {b}, left=False{more})" for f, b in zip(FACTORED, ("y.t()", "c.mT"))
           for more in ("", ", adjoint=True")],
    "lu_solve": [f"m.lu_solve(m.ones(2, 1), *m.lu({SQUARE}))",
                 f"{FACTORED[0]}m.lu_solve(y, *f)",
                 f"{FACTORED[1]}c.lu_solve(*f)"],
    "cholesky_solve": [f"m.cholesky_solve(y, m.linalg.cholesky({SYMMETRIC}))",
                       f"y.cholesky_solve(m.linalg.cholesky({SYMMETRIC}, upper=True), True)",
                       f"m.cholesky_solve(c, m.linalg.cholesky({BATCHED}))"],
    "cholesky_inverse": [f"m.cholesky_inverse(m.linalg.cholesky({SYMMETRIC}))",
                         f"m.linalg.cholesky({BATCHED}).cholesky_inverse()",
                         f"m.cholesky_inverse(m.linalg.cholesky({SYMMETRIC}, upper=True), upper=True)",
                         "m.cholesky_inverse(x)"],
    "linalg.vector_norm": [f"m.linalg.vector_norm({a}{', ' * bool(p)}{p})" for a in ("v", "x", "c", "s")
                           for p in NORMS[:10]]
    + ["m.linalg.vector_norm(c, 2, (0, 2), True)",
       "m.linalg.vector_norm(x, dim=1)",
       "m.linalg.vector_norm(i)",
       "m.linalg.vector_norm(x, keepdim=True)",
       "m.linalg.vector_norm(x, dtype=m.float64)",
       "m.linalg.vector_norm(e)",
       "m.linalg.vector_norm(e, float('inf'))",
       "m.linalg.vector_norm(x, 3, 0, out=m.zeros(3))"],
    "linalg.matrix_norm": [f"m.linalg.matrix_norm({a}{', ' * bool(p)}{p})"
                           for a in (SYMMETRIC, BATCHED, TALL) for p in MATRIX_NORMS]
    + [f"m.linalg.matrix_norm(c, {p}, dim=(0, 2), keepdim=True)" for p in MATRIX_NORMS[1:5]]
    + [f"m.linalg.matrix_norm({WIDE}, 'nuc', (-1, -2), True)",
       f"m.linalg.matrix_norm({BATCHED}, 2, (2, 0))",
       "m.linalg.matrix_norm(v)",
       "m.linalg.matrix_norm(x, dim=(1, 1))",
       "m.linalg.matrix_norm(i.reshape(2, 2))",
       "m.linalg.matrix_norm(x, dtype=m.float64)",
       "m.linalg.matrix_norm(x, 1, out=m.zeros(()))"],
    "linalg.norm": [f"m.linalg.norm({a}{', ' * bool(p)}{p})" for a in ("v", SYMMETRIC) for p in NORMS]
    + ["m.linalg.norm(c)",
       "m.linalg.norm(c, 2)",
       "m.linalg.norm(c, dim=(0, 1))",
       "m.linalg.norm(c, 1, (0, 1))",
       "m.linalg.norm(c, 2, 1, True)",
       "m.linalg.norm(c, 'fro', (1, 2))",
       "m.linalg.norm(x, 'fro', 0)",
       "m.linalg.norm(i)",
       "m.linalg.norm(s)",
       "m.linalg.norm(x, dtype=m.float64)",
       "m.linalg.norm(x, out=m.zeros(()))"],
    "nuclear_norm": [f"m.nuclear_norm({SYMMETRIC})",
                     f"m.nuclear_norm({WIDE}, (1, 2), True)",
                     "m.nuclear_norm(v)"],
    "frobenius_norm": ["m.frobenius_norm(x, ())",
                       "m.frobenius_norm(c, (1, 2), True)",
                       "m.frobenius_norm(c, [0])"],
    "linalg.cond": [f"m.linalg.cond({a}{p})" for a in (SYMMETRIC, BATCHED)
                    for p in ("", ", 2", ", -2", ", 1", ", -1", ", 'fro'", ", 'nuc'", ", float('inf')")]
    + [f"m.linalg.cond({TALL})",
       f"m.linalg.cond({TALL}, 1)",
       "m.linalg.cond(m.zeros(2, 2), 1)",
       "m.linalg.cond(m.zeros(2, 2))",
       "m.linalg.cond(v)",
       "m.linalg.cond(i.reshape(2, 2))",
       f"m.linalg.cond(({SQUARE}).detach(), out=m.zeros(()))"],
    "linalg.matrix_exp": of_square("linalg.matrix_exp", ["m.linalg.matrix_exp(3 * y[:, :2].tanh())"],
                                   out=None),
    "matrix_exp": asked("m.matrix_exp(A)", ALL + WRONG)
    + [f"({SQUARE}).matrix_exp()"],
    "linalg.matmul": ["m.linalg.matmul(x, y.t())", "m.linalg.matmul(c, c.mT)", "m.linalg.matmul(x, y)"],
    "linalg.matrix_power": [f"m.linalg.matrix_power({a}, {n})" for a in (SQUARE, BATCHED)
                            for n in (0, 1, 3, -1, -2)]
    + ["m.linalg.matrix_power(x, 2)",
       "m.linalg.matrix_power(m.zeros(2, 2), -1)",
       "m.linalg.matrix_power(g[:, :2], 2)"],
    "linalg.multi_dot": ["m.linalg.multi_dot([x, y.t(), x])",
                         "m.linalg.multi_dot((v[:2], x, y.t()))",
                         "m.linalg.multi_dot([v[:2], x, v[:3]])",
                         "m.linalg.multi_dot([x, v[:3]])",
                         "m.linalg.multi_dot([x])",
                         "m.linalg.multi_dot([x, y])",
                         "m.linalg.multi_dot([v, v])"],
    "linalg.vecdot": ["m.linalg.vecdot(x, y)",
                      "m.linalg.vecdot(x, y, dim=0)",
                      "m.linalg.vecdot(c, x[:, :1].unsqueeze(-1))",
                      "m.linalg.vecdot(i, i)",
                      "m.linalg.vecdot(x, v)",
                      "m.linalg.vecdot(x, d[:3])"],
    "linalg.cross": ["m.linalg.cross(x, y)",
                     "m.linalg.cross(c, c + 1, dim=1)",
                     "m.linalg.cross(x, y, dim=0)",
                     "m.linalg.cross(g, g)",
                     "m.linalg.cross(x, y[:, :1])",
                     "m.linalg.cross(x, y[:1])"],
    "linalg.diagonal": ["m.linalg.diagonal(c)",
                        "m.linalg.diagonal(c, offset=1)",
                        "m.linalg.diagonal(c, offset=-1, dim1=0, dim2=1)",
                        "m.linalg.diagonal(v)",
                        "m.linalg.diagonal(x).fill_(7); x"],
    "linalg.vander": ["m.linalg.vander(v)",
                      "m.linalg.vander(x)",
                      "m.linalg.vander(i)",
                      "m.linalg.vander(v, N=3)",
                      "m.linalg.vander(v, N=0)",
                      "m.linalg.vander(v, N=1)",
                      "m.linalg.vander(s)"],
    "linalg.tensorinv": [f"m.linalg.tensorinv(({BATCHED})[0].reshape(x.size(1), 1, x.size(1)))",
                         f"m.linalg.tensorinv({SQUARE}, 1)",
                         "m.linalg.tensorinv(c)",
                         "m.linalg.tensorinv(x, 0)",
                         "m.linalg.tensorinv(m.zeros(2, 2), 1)"],
    "linalg.tensorsolve": [f"m.linalg.tensorsolve(({SQUARE}).reshape(2, 1, 2), v[:2].unsqueeze(-1))",
                           f"m.linalg.tensorsolve(({SQUARE}).unsqueeze(0), v[:2], dims=(0,))",
                           "m.linalg.tensorsolve(c, x)",
                           "m.linalg.tensorsolve(m.zeros(2, 2), v[:2])"],
}

DIFFERENCES = [(r"(Low precision dtypes|(lu_factor|solve_triangular): Expected a floating).*PyTorch gives",
                "edunets refuses half precision and integers in every function of matrices, empty ones "
                "included; PyTorch lets some of them through.")]
