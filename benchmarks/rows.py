"""Every row of the table beside NumPy and PyTorch, at 1e3 and 1e6 elements; and what the tape adds to an op.

    python -m benchmarks.rows              measure all, and print (`make bench` writes benchmarks/results/rows.json)
    python -m benchmarks.rows exp softmax  measure some, and print

A case is text, timed as it stands: `m` is the package, capital and small letters are the inputs of LETTERS, `row` is the row
itself, for which edunets has no public name (yet). A row may have several cases: "scatter add" is one of the row scatter.
"""
import collections
import random
import re
import sys
import time

import numpy as np
from tqdm import tqdm

from benchmarks import harness

# elements, and rows and columns where they stand in a matrix
SIZES = {1000: (25, 40), 1_000_000: (1000, 1000)}
ROUNDS, SECONDS = 7, 0.02
LIMIT = 3            # times PyTorch's time at the larger size: a case above it needs a reason, below
# library, and what its environment has more
PROCESSES = {"edunets": {}, "torch": {}, "edunets 1": harness.ONE_THREAD, "torch 1": harness.ONE_THREAD}
SYSTEMS = {      # the process in which each runs, and its name there
    "edunets": ("edunets", "edunets"), "NumPy": ("edunets", "NumPy"), "PyTorch": ("torch", "PyTorch"),
    "edunets, one thread": ("edunets 1", "edunets"), "PyTorch, one thread": ("torch 1", "PyTorch"),
}
# what is divided by each
BESIDE = {"NumPy": "edunets", "PyTorch": "edunets", "PyTorch, one thread": "edunets, one thread"}

def normal(*shape): return lambda rng: rng.standard_normal(shape, np.float32)
def between(low, high, *shape): return lambda rng: rng.uniform(low, high, shape).astype(np.float32)
def whole(low, high, *shape): return lambda rng: rng.integers(low, high, shape)
def mask(n): return lambda rng: rng.integers(0, 2, n).astype(bool)


def definite(n):
    "Positive-definite matrices of 10 by 10."
    def make(rng):
        a = rng.standard_normal((n // 100, 10, 10), np.float32)
        return a @ a.mT / 10 + np.eye(10, dtype=np.float32)
    return make


LETTERS = {      # of the number of elements, and of rows and columns
    **dict.fromkeys("xy", lambda n, r, c: normal(n)), **dict.fromkeys("XY", lambda n, r, c: normal(r, c)),
    "Z": lambda n, r, c: normal(c, r), "v": lambda n, r, c: normal(c),
    "p": lambda n, r, c: between(0.5, 2, n), "u": lambda n, r, c: between(-0.9, 0.9, n),
    "s": lambda n, r, c: lambda rng: np.sort(normal(n)(rng)),
    "e": lambda n, r, c: between(0.999, 1.001, n), "E": lambda n, r, c: between(0.99, 1.01, r, c),
    **dict.fromkeys("qo", lambda n, r, c: mask(n)),
    **dict.fromkeys("jk", lambda n, r, c: whole(1, 1000, n)), "i": lambda n, r, c: whole(0, n, n),
    "d": lambda n, r, c: lambda rng: rng.permutation(n),
    "t": lambda n, r, c: whole(0, r, r), "J": lambda n, r, c: whole(0, r, r, c),
    "K": lambda n, r, c: lambda rng: np.zeros(2, np.uint32), "V": lambda n, r, c: normal(n // 4, 4),
    "M": lambda n, r, c: definite(n), "N": lambda n, r, c: normal(n // 100, 10, 10),
    "I": lambda n, r, c: normal(*images(n, 10, 10)), "G": lambda n, r, c: normal(*images(n, 16, 8)),
    "W": lambda n, r, c: normal(16, 10, 3, 3), "U": lambda n, r, c: normal(10, 16, 3, 3),
    "Q": lambda n, r, c: normal(*((1, 2, 16, 32) if n == 1000 else (16, 8, 128, 64))),
    "S": lambda n, r, c: normal(*sequences(n)), "H": lambda n, r, c: normal(1, *sequences(n)[1:]),
    "A": lambda n, r, c: lambda rng: 0.05 * normal(4 * sequences(n)[2], sequences(n)[2])(rng),
}


def sequences(n):
    "Steps, sequences, features."
    return (5, 5, 40) if n == 1000 else (100, 40, 250)


def images(n, channels, side):
    """One image of 10 by 10 with 10 channels, or ten of 100 by 100: the shape, with other channels or
    smaller ones."""
    return (1, channels, side, side) if n == 1000 else (10, channels, side + 90, side + 90)


Case = collections.namedtuple("Case", "edunets torch numpy compared", defaults=(None, True))


def same(code, numpy=None, **more):
    """The same text for edunets and PyTorch; where NumPy has no expression for it, the row's kernel is
    timed on arrays."""
    return Case(code, code, numpy, **more)


NUMPY = {"neg": "negative", "round": "rint", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
         "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
         "sub": "subtract", "mul": "multiply", "div": "divide", "le": "less_equal", "lt": "less",
         "ge": "greater_equal", "gt": "greater", "eq": "equal", "ne": "not_equal",
         "atan2": "arctan2", "pow": "power", "abs": "absolute", "bitwise_not": "invert"}


def unary(letter, names):
    return {name: same(f"m.{name}({letter})", f"np.{NUMPY.get(name, name)}({letter})")
            for name in names.split()}
def binary(a, b, names):
    return {name: same(f"m.{name}({a}, {b})", f"np.{NUMPY.get(name, name)}({a}, {b})")
            for name in names.split()}


STRIDES = "stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1"
# how the rows walk through time, and how PyTorch's functions are told to
WALK, ONCE = "sizes=(S.size(1),) * len(S), reverse=False", "False, 1, 0., False, False, False"
CASES = {
    **unary("x",
            "neg exp expm1 sin cos tanh abs floor round exp2 square tan sinh cosh atan ceil trunc sign isnan "
            "isinf isfinite logical_not asinh"),
    **unary("p", "log log1p sqrt log2 log10 reciprocal"), **unary("u", "asin acos atanh"),
    "acosh": same("m.acosh(p + 1)", "np.arccosh(p + 1)"),
    **{name: same(f"m.{name}(x)") for name in ("erf", "sigmoid", "relu", "erfc")},
    "rsqrt": same("m.rsqrt(p)", "1 / np.sqrt(p)"), "erfinv": same("m.erfinv(u)"),
    "lgamma": same("m.lgamma(p)"), "digamma": same("m.digamma(p)"), "polygamma": same("m.polygamma(1, p)"),
    **{name: same(f"m.nn.functional.{name}(x)")
       for name in "silu gelu mish leaky_relu elu hardtanh softplus".split()},
    "log_sigmoid": same("m.nn.functional.logsigmoid(x)"),
    "gelu_tanh": same("m.nn.functional.gelu(x, approximate='tanh')"),
    "nll_loss": same("m.nn.functional.nll_loss(X, t)"),
    "nll_loss cross_entropy": same("m.nn.functional.cross_entropy(X, t)"),
    "mse_loss": same("m.nn.functional.mse_loss(x, y)"),
    "huber_loss": same("m.nn.functional.huber_loss(x, y)"),
    "nll_slope": Case("row(x[0], t, None, shape=tuple(X.shape), ignore=-100, reduction='mean')",
                      "m.ops.aten.nll_loss_backward(x[0], X, t, None, 1, -100, m.tensor(float(len(t))))"),
    "bce_loss": same("m.nn.functional.binary_cross_entropy(u * u, u * u)"),
    "bce_logits_loss": same("m.nn.functional.binary_cross_entropy_with_logits(x, u * u)"),
    "random_bits dropout": same("m.nn.functional.dropout(x)", compared=False),
    **binary("x", "y",
             "add sub mul div eq ne lt le gt ge maximum minimum atan2 hypot logaddexp logaddexp2 copysign "
             "logical_and logical_or logical_xor"),
    "power_slope": Case("row(x, p, exponent=3)", "x * (p ** 2 * 3)", "x * (p ** 2 * 3)"),
    **binary("p", "y", "pow"), **binary("x", "p", "remainder"), **binary("j", "k", "gcd lcm"),
    "floordiv": same("m.floor_divide(x, p)", "np.floor_divide(x, p)"),
    "rem": same("m.fmod(x, p)", "np.fmod(x, p)"),
    "truncdiv": same("m.div(x, p, rounding_mode='trunc')", "np.trunc(x / p)"),
    "xlogy": same("m.xlogy(x, p)"), "bit": same("m.bitwise_and(j, k)", "j & k"),
    "bitwise_not": same("m.bitwise_not(j)", "~j"),
    "where": same("m.where(q, x, y)", "np.where(q, x, y)"),
    "clamp": same("m.clamp(x, -1, 1)", "np.clip(x, -1, 1)"),

    "cast": same("x.to(m.float64)", "x.astype(np.float64)"),
    "bitcast": Case("row(x, dtype=m.int32)", "x.view(m.int32)", "x.view(np.int32)"),
    "reshape": same("x.reshape(-1, 10)", "x.reshape(-1, 10)"),
    "permute": same("X.permute(1, 0)", "X.transpose(1, 0)"),
    "expand": same("v.expand(25, -1)", "np.broadcast_to(v, (25, v.size))"),
    "slice": same("x[10:500]", "x[10:500]"), "select": same("X[3]", "X[3]"),
    "split": same("Z.split(10)", "tuple(np.split(Z, range(10, len(Z), 10)))"),
    "unbind": same("X[:20].unbind()", "tuple(X[:20])"), "detach": same("x.detach()", "x.view()"),
    "diagonal": same("X.diagonal()", "X.diagonal()"),
    "as_strided": same("x.as_strided((10, 10), (1, 2))",
                       "np.lib.stride_tricks.as_strided(x, (10, 10), (4, 8))"),
    "windows": same("x.unfold(0, 4, 2)", "np.lib.stride_tricks.sliding_window_view(x, 4)[::2]"),
    "fold": Case("row(V, shape=(len(V) * 2 + 2,), size=(4,), stride=(2,), dilation=(1,), dims=(0,))",
                 "m.ops.aten.unfold_backward(V, [len(V) * 2 + 2], 0, 4, 2)"),
    "put_slice": Case("row(x, y[:500], dim=0, start=10, length=500, step=1)",
                      "m.slice_scatter(x, y[:500], 0, 10, 510)"),
    "copy": same("x.clone()", "x.copy()"), "copy_into": same("x.copy_(y)", "np.copyto(x, y)"),
    "tril": same("X.tril()", "np.tril(X)"), "triu": same("X.triu()", "np.triu(X)"),
    "flip": same("X.flip(1)", "np.flip(X, 1).copy()"),
    "flip columns": same("X.flip(0)", "np.flip(X, 0).copy()"),
    "cat": same("m.cat([x, y])", "np.concatenate([x, y])"),
    "stack": same("m.stack([x, y])", "np.stack([x, y])"),
    "stack last": same("m.stack([x, y], -1)", "np.stack([x, y], -1)"),

    "sum": same("x.sum()", "x.sum()"), "sum rows": same("X.sum(1)", "X.sum(1)"),
    "sum columns": same("X.sum(0)", "X.sum(0)"),
    "mean": same("x.mean()", "x.mean()"),
    "spread_mean": Case("row(v, shape=(25, len(v)), dims=(0,), keepdim=False, count=25)",
                        "v.expand(25, -1) / 25", "np.broadcast_to(v / 25, (25, v.size))"),
    "prod": same("e.prod()", "e.prod()"), "max": same("x.amax()", "x.max()"),
    "max rows": same("X.amax(1)", "X.max(1)"), "amin": same("x.amin()", "x.min()"),
    "all": same("o.all()", "o.all()"), "any": same("o.any()", "o.any()"),
    "norm": same("x.norm()", "np.linalg.norm(x)"),
    "var": same("x.var()", "x.var(ddof=1)"), "var rows": same("X.var(1)", "X.var(1, ddof=1)"),
    "std": same("x.std()", "x.std(ddof=1)"),
    "logsumexp": same("X.logsumexp(1)"), "softmax": same("X.softmax(1)"),
    "softmax columns": same("X.softmax(0)"), "log_softmax": same("X.log_softmax(1)"),
    "argmax": same("x.argmax()", "x.argmax()"), "argmax rows": same("X.argmax(1)", "X.argmax(1)"),
    "max_dim": same("X.max(1)"),
    "cumsum": same("X.cumsum(1)", "X.cumsum(1)"), "cumsum columns": same("X.cumsum(0)", "X.cumsum(0)"),
    "cumprod": same("E.cumprod(1)", "E.cumprod(1)"),
    "cummax": same("X.cummax(1)"), "cummin": same("X.cummin(1)"),
    "logcumsumexp": same("X.logcumsumexp(1)", "np.logaddexp.accumulate(X, 1)"),
    "sort": same("x.sort()"), "sort rows": same("X.sort(1)"), "topk": same("x.topk(10)"),
    "topk rows": same("X.topk(10)"),
    "searchsorted": same("m.searchsorted(s, x)", "np.searchsorted(s, x)"),
    "nonzero": same("q.nonzero()", "np.argwhere(q)"),

    "matmul": same("X @ Z", "X @ Z"), "matmul_nt": Case("row(X, Y)", "X @ Y.mT", "X @ Y.T"),
    "matmul_tn": Case("row(X, Y)", "X.mT @ Y", "X.T @ Y"), "mv": same("X @ v", "X @ v"),
    "dot": same("x.dot(y)", "x @ y"), "addmm": same("m.addmm(v[:len(X)], X, Z)", "X @ Z + v[:len(X)]"),
    "linear": same("m.nn.functional.linear(X, Y)", "X @ Y.T"),
    "linear_weight": Case("row(X, Y)", "X.t() @ Y", "X.T @ Y"),
    "gather": same("x[i]", "x[i]"), "gather rows": same("X[t]", "X[t]"),
    "gather along": same("X.gather(0, J)", "np.take_along_axis(X, J, 0)"),
    "scatter": same("x.index_put((d,), y)"), "scatter add": same("x.index_add(0, i, y)"),
    "scatter add rows": same("X.index_add(0, t, Y)"), "scatter add along": same("X.scatter_add(0, J, Y)"),
    "scatter add few": same("m.zeros(10).index_add(0, j % 10, y[:len(j)])"),
    "scatter_max": same("x.scatter_reduce(0, i, y, 'amax')"),
    "scatter_prod": same("x.scatter_reduce(0, i, y, 'prod')"),
    **{name: same(f"m.linalg.{name}(M)", f"np.linalg.{name}(M)")
       for name in ("cholesky", "inv", "det", "slogdet", "eigh", "pinv")},
    "solve": same("m.linalg.solve(M, N)", "np.linalg.solve(M, N)"),
    "qr": same("m.linalg.qr(M)", "np.linalg.qr(M)"),
    "svd": same("m.linalg.svd(M, full_matrices=False)[1]", "np.linalg.svd(M, full_matrices=False)[1]"),
    "matrix_exp": same("m.linalg.matrix_exp(N)"),
    "cofactor": Case("row(M)", "m.det(M)[:, None, None] * m.linalg.inv(M).mT"),
    "embedding": same("m.nn.functional.embedding(t, X)"),
    "embedding_bag": same("m.nn.functional.embedding_bag(t.reshape(-1, 5), X)"),
    "embedding_bag offsets": same("m.nn.functional.embedding_bag(t, X, m.arange(0, len(t), 5), mode='sum')"),
    "embedding_bag_max": same("m.nn.functional.embedding_bag(t.reshape(-1, 5), X, mode='max')"),
    "full": same("m.full((len(x),), 1.5)", "np.full(len(x), 1.5, np.float32)"),
    "iota": same("m.arange(len(x))", "np.arange(len(x))"),
    "random_bits": Case("row(K, shape=(len(x),), words=1)", "m.empty(len(x), dtype=m.int32).random_()", None,
                        False),
    "conv": same("m.conv2d(I, W)"), "conv_transpose": same("m.conv_transpose2d(I, U)"),
    "conv_weight": Case(f"row(I, G, size=(3, 3), {STRIDES})",
                        "m.nn.grad.conv2d_weight(I, [16, 10, 3, 3], G)"),
    "max_pool": same("m.max_pool2d(I, 2)"),
    "max_pool_places": Case("row(I, size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), "
                            "space=(I.shape[2] // 2,) * 2)",
                            "m.nn.functional.max_pool2d(I, 2, return_indices=True)"),
    "unpool": Case("row(I[..., ::2, ::2], I, I[..., ::2, ::2], size=(2, 2), stride=(2, 2), padding=(0, 0), "
                   "dilation=(1, 1), space=(I.shape[2] // 2,) * 2)",
                   "m.nn.functional.max_unpool2d(I[..., ::2, ::2], (m.arange(I[0, "
                   "0].numel()).reshape(I.shape[2:]) + 0 * I.long())[..., ::2, ::2].contiguous(), 2, "
                   "output_size=I.shape[2:])"),
    "resample": same("m.nn.functional.interpolate(I, scale_factor=2, mode='bilinear')"),
    "resample_back": Case("row(I, dim=3, grid=m.nn.pooling.Resampling('linear', 50, I.shape[3], 50 / I.shape[3]))",
                          "m.ops.aten.upsample_linear1d_backward(I.reshape(1, -1, I.shape[3]), [I.shape[3]], "
                          "[1, I.numel() // I.shape[3], 50], False).reshape(*I.shape[:3], 50)"),
    "window_sum": Case("row(I, size=(2, 2), stride=(2, 2), space=(I.shape[2] // 2,) * 2)",
                       "m.nn.functional.avg_pool2d(I, 2, divisor_override=1)"),
    "attention": same("m.nn.functional.scaled_dot_product_attention(Q, Q, Q)"),
    "softmax_slope": Case("row(X, Y, dim=1)", "m.ops.aten._softmax_backward_data(X, Y, 1, X.dtype)"),
    "log_softmax_slope": Case("row(X, Y, dim=1)", "m.ops.aten._log_softmax_backward_data(X, Y, 1, X.dtype)"),
    "rnn": Case("row(m.nn.functional.linear(S, A[:len(A) // 4]).flatten(0, 1), H[0], A[:len(A) // 4], "
                f"relu=False, {WALK})", f"m.rnn_tanh(S, H, [A[:len(A) // 4]] * 2, {ONCE})[0].flatten(0, 1)"),
    "lstm": Case(f"row(m.nn.functional.linear(S, A).flatten(0, 1), H[0], H[0], A, None, {WALK})",
                 f"m.lstm(S, (H, H), [A] * 2, {ONCE})[0].flatten(0, 1)"),
    "gru": Case("row(m.nn.functional.linear(S, A[len(A) // 4:]).flatten(0, 1), H[0], A[len(A) // "
                f"4:], None, {WALK})", f"m.gru(S, H, [A[len(A) // 4:]] * 2, {ONCE})[0].flatten(0, 1)"),
    "standardize": same("m.nn.functional.layer_norm(X, X.shape[1:])"),
    "standardize columns": same("m.nn.functional.batch_norm(X, None, None, training=True)"),
    "standardize images": same("m.nn.functional.batch_norm(I, None, None, training=True)"),
    "standardize_slope": Case("row(X, Y, m.ones(len(Y), 1), first=0, last=1, eps=0.0, center=True)",
                              "m.ops.aten.native_layer_norm_backward(X, Y, X.shape[1:], m.zeros(len(Y), 1), "
                              "m.ones(len(Y), 1), None, None, [True, False, False])[0]"),
    # updates: each call goes on from the last one, so there is nothing to compare
    "sgd": Case("row(0.1, 0.0, x, y, each=2, maximize=False)", "x.add_(y, alpha=-0.1)", None, False),
    "sgd_momentum": Case("row(0.1, 0.9, 0.0, 0.0, x, y, m.ones(()), u, each=4, nesterov=False, "
                         "sutskever=False, maximize=False)", "x.add_(u.mul_(0.9).add_(y), alpha=-0.1)", None,
                         False),
    "adam": Case("row(0.1, 0.9, 0.999, 1e-8, 0.0, x, y, m.ones(()), u, p, each=5, amsgrad=False, "
                 "decoupled_weight_decay=False, maximize=False)",
                 "x.addcdiv_(u.lerp_(y, 0.1), p.mul_(0.999).addcmul_(y, y, "
                 "value=0.001).sqrt().add_(1e-8), value=-0.1)", None, False),
    "adagrad": Case("row(0.1, 0.0, 0.0, 1e-10, x, y, m.ones(()), p, each=4, maximize=False)",
                    "x.addcdiv_(y, p.addcmul_(y, y).sqrt().add_(1e-10), value=-0.1)", None, False),
    "rmsprop": Case("row(0.1, 0.99, 1e-8, 0.0, 0.0, x, y, m.ones(()), p, each=4, "
                    "centered=False, maximize=False)",
                    "x.addcdiv_(y, p.mul_(0.99).addcmul_(y, y, value=0.01).sqrt().add_(1e-8), value=-0.1)",
                    None, False),
    "nadam": Case("row(0.1, 0.9, 0.999, 1e-8, 0.0, 0.004, x, y, m.ones(()), u, p, m.ones(()), each=6, "
                  "decoupled_weight_decay=False, maximize=False)",
                  "(root := p.mul_(0.999).addcmul_(y, y, value=0.001).sqrt().add_(1e-8), x.addcdiv_(y, root, "
                  "value=-0.05).addcdiv_(u.lerp_(y, 0.1), root, value=-0.05))[1]", None, False),
    "radam": Case("row(0.1, 0.9, 0.999, 1e-8, 0.0, x, y, m.full((), 1000.0), u, p, each=5, "
                  "decoupled_weight_decay=False, maximize=False)",
                  "x.addcdiv_(u.lerp_(y, 0.1), p.mul_(0.999).addcmul_(y, y, "
                  "value=0.001).sqrt().add_(1e-8), value=-0.1)", None, False),
    "lion": Case("row(0.1, 0.9, 0.99, 0.0, x, y, u, each=3, maximize=False)",
                 "(x.add_(u.lerp(y, 0.1).sign_(), alpha=-0.1), u.lerp_(y, 0.01))[0]", None, False),
    "muon": Case("row(0.1, 0.0, 0.95, 3.4445, -4.775, 2.0315, 1e-7, X, Y, E, each=3, nesterov=True, "
                 "ns_steps=5, adjust_lr_fn=None)",
                 "(m.optim._muon.muon([X], [Y], [E], lr=0.1, weight_decay=0.0, momentum=0.95, nesterov=True, "
                 "ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None, "
                 "has_complex=False), X)[1]", None, False),
    "rprop": Case("row(0.5, 1.2, 1e-6, 50.0, x, y, m.ones(()), u, p, each=5, maximize=False)",
                  "(s := y.mul(u).sign_(), p.mul_(m.where(s > 0, 1.2, m.where(s < 0, 0.5, "
                  "1.0))).clamp_(1e-6, 50.0), "
                  "u.copy_(m.where(s < 0, 0.0, y)), x.addcmul_(u.sign(), p, value=-1))[3]", None, False),
    "adamax": Case("row(0.1, 0.9, 0.999, 1e-8, 0.0, x, y, m.ones(()), u, p, each=5, maximize=False)",
                   "x.addcdiv_(u.lerp_(y, 0.1), m.maximum(p.mul_(0.999), y.abs().add_(1e-8), "
                   "out=p), value=-0.1)", None, False),
    "adadelta": Case("row(0.1, 0.9, 1e-6, 0.0, x, y, m.ones(()), p, e, each=5, maximize=False)",
                     "(d := e.add(1e-6).sqrt_().div_(p.mul_(0.9).addcmul_(y, y, "
                     "value=0.1).add(1e-6).sqrt_()).mul_(y), "
                     "e.mul_(0.9).addcmul_(d, d, value=0.1), x.add_(d, alpha=-0.1))[2]", None, False),
    "asgd": Case("row(0.1, 1e-4, 0.75, 1e6, 0.0, x, y, m.ones(()), m.full((), 0.1), m.ones(()), u, "
                 "each=6, maximize=False)",
                 "(x.mul_(1 - 1e-5).add_(y, alpha=-0.1), u.copy_(x))[0]", None, False),
    "adafactor": Case("row(0.1, -0.8, 1.0, 0.0, X, Y, m.ones(()), m.ones(len(X), 1), m.ones(1, len(v)), "
                      "each=5, eps=(None, 0.001), maximize=False)",
                      "(m.optim._adafactor.adafactor([X], [Y], [m.ones(len(X), 1)], [m.ones(1, len(v))], "
                      "[None], [m.ones(())], d=1.0, lr=0.1, "
                      "beta2_decay=-0.8, weight_decay=0.0, eps1=None, eps2=0.001, maximize=False), X)[1]",
                      None, False),
    "logit": same("m.logit(p / 4)"), "gelu_slope": Case("row(x, y)", "m.ops.aten.gelu_backward(x, y)"),
    "power_norm": same("m.linalg.vector_norm(x, 3)", "(np.abs(x) ** 3).sum() ** (1 / 3)"),
    "affine": Case("row(X, v, v, first=1)", "m.addcmul(v, X, v)", "X * v + v"),
    "products": Case("row(X, Y, first=1, last=2)", "m.linalg.vecdot(X, Y, dim=0)", "np.vecdot(X, Y, axis=0)"),
}

# Why a case takes, or on some machines may take, more than LIMIT times PyTorch's time.
VIEW = "a view: there is nothing to compute, so the Python around it is all that is measured"
SCALAR = ("NumPy calls C's function for one number after the other (it has vector code for it on some "
          "processors only); PyTorch computes vectors of them")
THREADS = "NumPy's kernel, on one thread; PyTorch's vector loop runs on all"
STEPS = "NumPy has no such function, so it is a polynomial in many steps over a block; PyTorch has one loop"
CHAIN = ("each result waits for the one before, and NumPy takes one row at a time; PyTorch "
         "takes several at once")
PASSES = "several passes of NumPy; PyTorch fuses them in one vector loop"
REASONS = {
    **dict.fromkeys("reshape permute expand slice select split unbind detach diagonal "
                    "as_strided windows bitcast".split(), VIEW),
    **dict.fromkeys("remainder floordiv rem truncdiv atan2 hypot logaddexp logaddexp2 atanh asin acos asinh "
                    "acosh sinh cosh tan atan expm1 log1p log10 exp2 pow xlogy".split(), SCALAR),
    **dict.fromkeys("erf erfc erfinv gelu lgamma digamma polygamma".split(), STEPS),
    **dict.fromkeys(["prod", "cumsum", "cumsum columns", "cumprod", "cummax", "cummin", "logcumsumexp"],
                    CHAIN),
    **dict.fromkeys("exp log log2 clamp full relu copysign sign logical_and logical_or "
                    "logical_xor logical_not bit".split() + ["sum", "sum rows", "mean", "max rows"], THREADS),
    **dict.fromkeys(["standardize", "standardize columns", "standardize images", "standardize_slope",
                     "affine", "rsqrt", "sigmoid", "silu", "softmax", "softmax columns", "log_softmax",
                     "logsumexp", "norm", "var", "std", "topk rows", "sgd", "sgd_momentum", "adam", "adagrad",
                     "rmsprop", "nadam", "radam", "lion"], PASSES),
    **dict.fromkeys("leaky_relu elu mish softplus log_sigmoid gelu_tanh mse_loss huber_loss "
                    "bce_loss bce_logits_loss".split() + ["nll_loss cross_entropy"], PASSES),
    **dict.fromkeys(["hardtanh", "searchsorted"], THREADS),
    **dict.fromkeys(["nll_loss", "nll_slope"],
                    "of each row of a matrix one number is taken, so a dozen calls of NumPy on a thousand "
                    "numbers are all that is measured"),
    "embedding_bag": "the rows of all bags are gathered into one array, then summed; PyTorch adds each row "
                     "while it reads it",
    "embedding_bag offsets": "as scatter add rows: each number finds its bag by ufunc.at; PyTorch adds whole "
                             "rows while it reads them", "softmax_slope": PASSES, "log_softmax_slope": PASSES,
    "scatter add rows": "each number finds its own place, by ufunc.at on flat memory; PyTorch adds whole "
                        "rows. Sorting first and reduceat took longer",
    **dict.fromkeys("cholesky solve inv det slogdet qr cofactor".split(),
                    "small matrices, which NumPy gives to LAPACK one after the other; PyTorch does "
                    "so on all threads"),
    **dict.fromkeys(["conv", "conv_transpose", "conv_weight"],
                    "windows are copied for one large product, or added back place by place; PyTorch's "
                    "oneDNN convolves in registers"),
    **dict.fromkeys(["max_pool_places", "unpool"], PASSES),
    **dict.fromkeys(["resample", "resample_back"],
                    "a matrix product along each dimension, zeros included; PyTorch reads just the few "
                    "neighbours of each pixel"),
    **dict.fromkeys(["adamax", "asgd"], PASSES), "gelu_slope": STEPS,
    "muon": "all its time is in matrix products: in float32 here, in bfloat16 there",
    "copy_into": "the new value is made first and stored then, as in every write in place: "
                 "that is one pass more",
    "gather along": "NumPy's index of every element is made first, then used",
    "scatter_prod": "products where places meet go through ufunc.at, number by number; "
                    "PyTorch's loop is compiled",
    "sum columns": "rows are added one after the other; PyTorch divides them among its threads",
    "topk": "NumPy's partition is vector code on some processors only; NumPy by hand takes as long",
    "scatter add along": "each number finds its own place, by ufunc.at on flat memory",
    "flip": "NumPy copies backwards number by number; PyTorch turns vectors around",
    "random_bits": "Threefry in twenty rounds, each a pass of NumPy over a block, the same bits on every "
                   "device; PyTorch's Mersenne Twister takes one number from the one before",
}


def row_of(label): return label.split()[0]


# What runs in the processes

def scope(code, n, library):
    "What the words of a case's text mean."
    wrap = np.asarray if library is np else library.from_numpy
    used = [letter for letter in LETTERS if re.search(rf"\b{letter}\b", code)]
    return ({letter: wrap(LETTERS[letter](n, *SIZES[n])(np.random.default_rng(ord(letter))))
             for letter in used} | {"m": library, "np": np})


def prepare(name, label, n):
    "The steps of a case in a process, {system: function}, and their results as arrays."
    case = CASES[label]
    if name == "torch":
        import torch
        steps = {"PyTorch": eval(f"lambda: {case.torch}", scope(case.torch, n, torch))}
    else:
        import edunets
        from edunets.table import OPS
        op = OPS[row_of(label)]
        words = scope(case.edunets, n, edunets) | {"row": getattr(OPS, op.name)}
        ours = eval(f"lambda: {case.edunets}", words)
        steps = {"edunets": ours,
                 "NumPy": eval(f"lambda: {case.numpy}", scope(case.numpy, n, np)) if case.numpy
                 else kernel_of(op, ours)}
    found = {}
    for system, step in steps.items():
        out = step()
        out = out[0] if isinstance(out, tuple) else out
        found[system] = (None if out is None or not case.compared
                         else np.array(out.numpy() if hasattr(out, "numpy") else out))
    return steps, found


def kernel_of(op, ours):
    "The row's kernel on arrays, as the case calls it."
    payloads, params = calls_of(op, ours)[-1]
    return lambda: op.kernel(np, *payloads, **params)


def calls_of(op, function):
    "What a row's kernel is given while a function runs: [(payloads, params), ...]."
    from edunets.table import HANDLERS
    seen, handlers = [], dict(HANDLERS)

    def noted(run):
        def handler(asked, payloads, params):
            if asked is op: seen.append((payloads, params))
            return run(asked, payloads, params)
        return handler
    HANDLERS.update({kind: noted(run) for kind, run in handlers.items()})
    try:
        function()
    finally:
        HANDLERS.update(handlers)
    return seen


TAPE_OPS = 100


def tape_steps(name):
    """An op on 16 numbers: the kernel alone, the op unrecorded, recorded, and recorded and run backward.
    Each step does TAPE_OPS of them."""
    a = np.ones(16, np.float32)
    if name == "torch":
        import torch as library
    else:
        import edunets as library
    x, w = library.from_numpy(a), library.from_numpy(a.copy()).requires_grad_()

    def chain(y, z):
        for _ in range(TAPE_OPS): y = y * z
        return y

    def both():
        w.grad = None
        chain(x, w).sum().backward()
    system = "PyTorch" if name == "torch" else "edunets"
    steps = {f"{system} unrecorded": lambda: chain(x, x), f"{system} recorded": lambda: chain(x, w),
             f"{system} with backward": both}
    return steps if name == "torch" else steps | {"edunets kernel": lambda: chain_of_kernels(a)}


def chain_of_kernels(a):
    from edunets.table import OPS
    kernel, y = OPS["mul"].kernel, a
    for _ in range(TAPE_OPS): y = kernel(np, y, a)
    return y


def serve(connection, name, clock):
    "A process's work: make what it is told to time, and time it."
    harness.settle()
    steps = {}
    while (request := connection.recv()) is not None:
        what, *arguments = request
        if what == "prepare":
            steps, found = prepare(name, *arguments)
            connection.send(found)
        elif what == "tape":
            steps = tape_steps(name)
            connection.send(list(steps))
        else:
            connection.send(harness.block(steps[arguments[0]], SECONDS, clock))


# What drives them

class Workers:
    "The processes: each library as it is, and each with one thread."
    def __init__(self):
        self.connections, self.processes = {}, []
        for name, environment in PROCESSES.items():
            # of one thread, what it works: others can't slow it
            clock = time.process_time if environment else time.perf_counter
            self.connections[name], process = harness.spawn(serve, (name.split()[0], clock), environment)
            self.processes.append(process)

    def ask(self, name, *request):
        self.connections[name].send(request)
        return self.connections[name].recv()

    def stop(self):
        for connection in self.connections.values(): connection.send(None)
        for process in self.processes: process.join()

    def times(self, steps):
        "Seconds a call of each step, over the rounds: {name: (process, step)} -> {name: [seconds, ...]}."
        times, order = {step: [] for step in steps}, random.Random(0)
        for number in range(ROUNDS + 1):
            for step in order.sample(list(steps), len(steps)):
                process, function = steps[step]
                seconds = self.ask(process, "time", function)
                if number: times[step].append(seconds)      # the first round warms up
        return times


def compare(label, found):
    "An AssertionError unless the three results agree."
    wanted = found["PyTorch"]
    for system, got in found.items():
        if got is None or wanted is None: continue
        assert got.shape == wanted.shape, (label, system, got.shape, wanted.shape)
        np.testing.assert_allclose(got.astype(np.float64), wanted.astype(np.float64), rtol=2e-3,
                                   atol=2e-4 * max(1, np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
                                   if wanted.dtype.kind == "f" else 0, err_msg=f"{label}, {system}")


def measure(labels):
    "A line for each case: microseconds and our ratio to the others, at each size; and the tape."
    workers, lines = Workers(), []
    with tqdm(total=len(labels) * len(SIZES), desc="rows") as progress:
        for label in labels:
            line = {"case": label, "code": CASES[label].edunets, "us": {}, "ratio": {}}
            for n in SIZES:
                progress.set_postfix_str(label)
                compare(label, {system: a for name in workers.connections
                                for system, a in workers.ask(name, "prepare", label, n).items()})
                times = workers.times(SYSTEMS)
                line["us"][str(n)] = {name: harness.microseconds(t) for name, t in times.items()}
                line["ratio"][str(n)] = {name: harness.ratio(times, ours, name)
                                         for name, ours in BESIDE.items()}
                progress.update()
            lines.append(line)
    tape = workers.times({step: (name, step) for name in ("edunets", "torch")
                          for step in workers.ask(name, "tape")})
    workers.stop()
    return lines, {step: harness.microseconds(t) / TAPE_OPS for step, t in tape.items()}


def slow(lines):
    """The cases that take more than LIMIT times PyTorch's time at the larger size: {case: ratio}, the
    slowest first."""
    ratios = {line["case"]: line["ratio"][str(max(SIZES))]["PyTorch"][0] for line in lines}
    return {case: ratio for case, ratio in sorted(ratios.items(), key=lambda item: -item[1]) if ratio > LIMIT}


def show(result):
    "Print the table, the slowest first."
    print(f"{'case':>20}"
          + "".join(f"{name + ' ' + format(n, '.0e'):>20}" for n in SIZES for name in SYSTEMS)
          + "   (microseconds; in brackets edunets / it)")
    for line in sorted(result["rows"], key=lambda line: -line["ratio"][str(max(SIZES))]["PyTorch"][0]):
        cells = [f"{line['us'][str(n)][name]:.1f}"
                 + (f" ({line['ratio'][str(n)][name][0]:.2f})" if name in line["ratio"][str(n)] else "")
                 for n in SIZES for name in SYSTEMS]
        print(f"{line['case']:>20}" + "".join(f"{cell:>20}" for cell in cells))
    print("the tape, microseconds an op: "
          + ", ".join(f"{step} {us:.2f}" for step, us in result["tape"].items()))


def result(labels=CASES):
    lines, tape = measure(list(labels))
    return harness.stamped({"sizes": list(SIZES), "limit": LIMIT, "rows": lines, "tape": tape})


def main():
    found = result()
    show(found)
    harness.write("rows.json", found)


if __name__ == "__main__":
    wanted = [label for label in CASES if not sys.argv[1:] or label in sys.argv[1:]
              or row_of(label) in sys.argv[1:]]
    show(result(wanted))
