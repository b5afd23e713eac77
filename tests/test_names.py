"""Every public name, walked through the registry: sample calls, beside PyTorch where it is installed.

A name without a sample call fails `test_every_name_has_a_sample`. The letters in the samples are the tensors of beside.INPUTS."""
import ast
import functools
import importlib
import inspect
import itertools
import operator
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import beside
import edunets as en
import draws
import families
from calls import INTEGERS, along, binary, reduction, unary
from edunets.names import FUNCTIONS

# Families: every member is tried on every kind of input.
UNARY = """exp log log1p expm1 sqrt sin cos tanh erf neg negative abs absolute floor round exp2 log2 log10 rsqrt reciprocal tan asin
    acos atan sinh cosh sigmoid erfinv square relu ceil trunc sign isnan isinf isfinite logical_not bitwise_not""".split()
BINARY = """add sub mul multiply div true_divide floor_divide remainder fmod pow atan2 maximum minimum eq ne not_equal lt less le less_equal
    gt greater ge greater_equal logical_and logical_or logical_xor""".split()
BITWISE = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift".split()
REDUCTIONS = "sum mean amax amin all any std var logsumexp".split()
ONE_DIM = "prod argmax argmin max min".split()
ALONG = "softmax log_softmax cumsum cumprod sort argsort".split()


SAMPLES = {
    **{name: unary(name) for name in UNARY},
    **{name: binary(name) for name in BINARY},
    **{name: binary(name, INTEGERS) for name in BITWISE},
    **{name: reduction(name) for name in REDUCTIONS},
    **{name: reduction(name, ()) for name in ONE_DIM},
    **{name: along(name) for name in ALONG},
    "where": ["m.where(q, x, y)",
              "m.where(q, x, 0)",
              "m.where(q, 1, y)",
              "m.where(q, 1, 0)",
              "m.where(q, 1., 0)",
              "m.where(q, x, s)",
              "m.where(b, i[:2], 1.5)",
              "m.where(q)",
              "m.where(x > 0.3, x, x.double())",
              "x.where(q, y)",
              "x.where(q, 0)",
              "m.where(q[:, :1], x, y[0])",
              "m.where(q, u, i[0])",
              "m.where(q[0], e, s)",
              "m.where(k > 2, k, s)"],
    "clamp": ["x.clamp(0.2, 0.4)",
              "x.clamp(min=0.3)",
              "x.clamp(max=0.3)",
              "x.clamp(x[0], 0.5)" ,
              "x.clamp(min=y)",
              "x.clamp()",
              "i.clamp(0, 2)",
              "i.clamp(0.5, 2)",
              "i.clamp(min=s)",
              "x.clamp(0, 1)",
              "n.clamp(-1, 1)",
              "x.clamp(0.5, 0.2)",
              "x.clamp_(0.2, 0.4)",
              "i.clamp_(0, 2)",
              "i.clamp_(0.5, 2)",
              "m.clamp(x, 0.2, out=m.zeros(2, 3))",
              "u.clamp(1, 100)",
              "e.clamp(0, 1)",
              "x.clamp(d[:3])",
              "v.clamp(min=n[:6])",
              "v.clamp(max=n[:6])",
              "n.clamp(n, v[:1])",
              "x.clamp(math.nan)",
              "b.clamp(0, 1)"],
    "add": binary("add")
    + ["x.add(y, alpha=2)",
       "x.add_(y, alpha=-1)",
       "m.add(i, i, alpha=2)",
       "m.add(i, i, alpha=0.5)",
       "m.add(b, b, alpha=True)",
       "m.add(2, x)",
       "m.add(x, 2, alpha=3)"],
    "fmod": binary("fmod") + ["m.fmod(y, s * 0)"],
    "remainder": binary("remainder") + ["m.remainder(y, s * 0)"],
    "neg": unary("neg") + ["m.neg(h, out=m.zeros(4))"],
    "rsub": ["m.rsub(x, 1)", "m.rsub(x, y)", "m.rsub(i, 2.5)", "m.rsub(i, x[0, :1])"],
    "pow": binary("pow")
    + ["m.pow(y, s * 0)", "m.pow(x, exponent=2)", "x.pow(exponent=0.5)", "m.pow(2, x)", "m.pow(2., i)"],
    "sub": binary("sub") + ["x.sub(y, alpha=2)", "x.sub_(y, alpha=-1)", "m.sub(i, i, alpha=0.5)"],
    "div": binary("div")
    + [f"m.div({a}, {b}, rounding_mode='{mode}')" for mode in ("floor", "trunc", "up")
       for a, b in ("xy", "v2", "i2", "ij", "nn", "is", "uu", "jk")]
    + ["v.div_(2, rounding_mode='trunc')", "i.div_(2, rounding_mode='floor')"],
    "logsumexp": [f"{a}.logsumexp({dim})" for a in "vxseznditwc"
                  for dim in ("0", "-1", "dim=0, keepdim=True")]
    + ["m.logsumexp(c, (0, 2))", "x.logsumexp(())"],
    "norm": ["(x * math.inf).norm(-1)", "v.norm(0.5)", "v.norm(-2)", "v.norm(1.5)"]
    + [f"{a}.norm({dim})" for a in "vxsenzdhijubktwpc"
       for dim in ("", "dim=0", "dim=-1, keepdim=True", "p=1", "p=-1, dim=0", "2, (0, -1)")]
    + [f"x.norm({p})"
       for p in ("2", "1", "-1", "-0.5, 0", "p=1, dim=0", "float('inf'), 0", "-math.inf", "0, 1", "3",
                 "'fro'", "p=2, dim=(0, 1), keepdim=True", "float('inf')", "p=0.5")],
    "var": reduction("var")
    + ["x.var(correction=0)",
       "x.var(0, correction=2)",
       "x.var(unbiased=False)",
       "x.var(0, unbiased=False)",
       "x.var(dim=1, correction=0, keepdim=True)",
       "x[:1].var(0)",
       "m.var(x, (0, 1))",
       "x.var(0, False)",
       "x.var(False)",
       "x.var(0, True, True)"],
    "std": reduction("std")
    + ["x.std(correction=0)",
       "x.std(unbiased=False)",
       "x.std(0, unbiased=False)",
       "x.std(dim=1, correction=0, keepdim=True)",
       "m.std(x, (0, 1))",
       "x.std(0, False)",
       "x.std(False)"],
    "sum": reduction("sum")
    + ["x.sum(dtype=m.float64)",
       "i.sum(dtype=m.float32)",
       "u.sum(dtype=m.int32)",
       "x.sum(())",
       "x.sum([0, 1])",
       "x.sum((0, 0))",
       "m.sum(x, 0, out=m.zeros(3))",
       "m.sum(x, dim=-1, keepdim=True)",
       "x.sum(axis=0)",
       "x.sum(dim=None)"],
    "mean": reduction("mean")
    + ["i.mean(dtype=m.float32)", "x.mean((0, 1), True)", "m.mean(x, 1, out=m.zeros(2))", "i.mean(dim=0)"],
    "prod": reduction("prod", ())
    + ["x.prod(0)",
       "i.prod()",
       "u.prod()",
       "x.prod(1, True)",
       "i.prod(dtype=m.float32)",
       "m.full((1000,), 1.003).half().prod()"],
    "amax": reduction("amax") + ["m.amax(x, dim=(0, 1))", "m.amax(x, 0, out=m.zeros(3))", "x.amax((0, 0))"],
    "all": reduction("all"), "any": reduction("any"),
    "count_nonzero": ["m.count_nonzero(v)",
                      "v.count_nonzero()",
                      "i.count_nonzero(0)",
                      "c.count_nonzero((0, 2))",
                      "q.count_nonzero(-1)",
                      "e.count_nonzero()",
                      "s.count_nonzero()",
                      "n.count_nonzero()"],
    "max": reduction("max", ())
    + ["m.max(m.zeros(2, 0), out=m.zeros(()))",
       "x.max(y)",
       "m.max(x, y)",
       "m.max(x, 1)[0]",
       "x.max(1).values",
       "x.max(1).indices",
       "m.max(i, s)",
       "q.max()",
       "m.max(x, dim=0, keepdim=True)",
       "m.max(m.tensor([1., 3., 3.]), 0)",
       "n.max(0)",
       "n.max()"],
    "min": reduction("min", ())
    + ["x.min(y)",
       "m.min(x, y)",
       "m.min(x, 1)[1]",
       "x.min(1).indices",
       "m.min(m.tensor([1., 3., 1.]), 0)",
       "n.min(0)",
       "n.min()",
       "i.min(0)",
       "u.min(0)",
       "q.min(0)"],
    "argmax": reduction("argmax", ())
    + ["x.argmax(keepdim=True)", "m.argmax(m.tensor([1, 3, 3]))", "n.argmax()"],
    "argmin": reduction("argmin", ()) + ["n.argmin()", "m.argmin(m.tensor([3, 1, 1]))", "u.argmin()"],
    "softmax": along("softmax")
    + ["m.softmax(x, 1, dtype=m.float64)",
       "i.softmax(0, dtype=m.float32)",
       "n[3:].softmax(0)",
       "(x * 1000).softmax(1)",
       "m.tensor([-math.inf, 0.]).softmax(0)"],
    "log_softmax": along("log_softmax")
    + ["x.log_softmax(1, dtype=m.float64)",
       "(x * 1000).log_softmax(1)",
       "(h * 1000).log_softmax(0)",
       "e.bool().log_softmax(0)"],
    "cumsum": along("cumsum") + ["x.cumsum(0, dtype=m.float64)", "x.cumsum(2)"],
    "cumprod": along("cumprod") + ["y.cumprod(1, dtype=m.float64)"],
    "sort": along("sort")
    + ["y.sort()",
       "y.sort(descending=True)",
       "m.sort(y, 0, True)",
       "m.tensor([1, 3, 1, 3]).sort(stable=True)",
       "m.tensor([1, 3, 1, 3]).sort(descending=True, stable=True)",
       "n.sort()",
       "n.sort(descending=True)",
       "m.sort(y, stable=True, dim=0, descending=True)"],
    "argsort": along("argsort")
    + ["y.argsort()", "y.argsort(0, True)", "m.argsort(y, dim=1, descending=True)"],
    "topk": ["m.zeros(5).topk(2)",
             "y.topk(2)",
             "y.topk(1, 0)",
             "y.topk(2, largest=False)",
             "m.topk(y, 3, dim=-1)",
             "y.topk(4)",
             "i.topk(2).values",
             "c.topk(2, 1).indices",
             "s.topk(1)",
             "y.topk(0)"],
    "matmul": ["x @ y.t()",
               "m.matmul(x, y[0])",
               "x[0] @ y[0]",
               "x[0] @ t.t()",
               "c @ c.transpose(1, 2)",
               "c @ m.ones(4)",
               "m.ones(3) @ c",
               "c @ m.ones(4, 2)",
               "m.ones(5, 1, 2, 3) @ c",
               "x @ y",
               "x @ s",
               "s @ x",
               "x @ d",
               "i @ i",
               "g @ g.t()",
               "g @ x.t()",
               "z @ z.t()",
               "z.t() @ z",
               "e @ e",
               "m.matmul(x, y.t(), out=m.zeros(2, 2))",
               "t @ w.t()",
               "m.ones(2, 3, 4) @ m.ones(3, 4, 5)",
               "u @ u",
               "h @ h"],
    "mm": ["m.mm(x, y.t())",
           "x.mm(y.t())",
           "x.mm(y)",
           "x.mm(y[0])",
           "g.mm(g.t())",
           "m.mm(x, y.t(), out=m.zeros(2, 2))"],
    "bmm": ["m.bmm(c, c.transpose(1, 2))", "c.bmm(x)", "c.bmm(c)", "c.bmm(m.ones(1, 4, 2))"],
    "mv": ["x.mv(y[0])", "m.mv(x, v)", "x.mv(x)", "s.mv(s)"],
    "dot": ["v.dot(v)", "m.dot(i, i)", "v.dot(x)", "v.dot(i)", "e.dot(e)", "v.dot(p)"],
    "addmm": ["m.addmm(y[:, :2], x, y.t())",
              "m.addmm(s, x, y.t())",
              "v[:2].addmm(x, y.t())",
              "m.addmm(v[:2], x, y.t(), beta=0.5, alpha=2)",
              "m.addmm(v[:3], x, y.t())",
              "m.addmm(v[:2], x, y)",
              "m.addmm(v[:2].double(), x, y.t())",
              "m.addmm(s, x, y.t().double())"],
    "outer": ["m.outer(v, p)", "v.outer(i)", "v.outer(x)", "m.outer(e, v)", "x.outer(v)", "s.outer(v)"],
    "cat": ["m.cat([x, y])",
            "m.cat((x, y), 1)",
            "m.cat((x, y), dim=-1)",
            "m.cat([x, g])",
            "m.cat([e, x])",
            "m.cat([e, v])",
            "m.cat([])",
            "m.cat([s, s])",
            "m.cat([x, x[0]])",
            "m.cat([x, c])",
            "m.cat([x, y], 2)",
            "m.cat([x])",
            "m.cat([u, i])",
            "m.cat([x, t], 0)",
            "m.cat([x, y[:, :2]])",
            "m.cat([x, y[:, :2]], 1)",
            "m.cat([e.long(), v])",
            "m.cat([d, h])",
            "m.cat([b, u])",
            "m.cat([x, y], out=m.zeros(4, 3))",
            "m.cat([z, x], 1)",
            "m.cat([e.double(), x])"],
    "stack": ["m.stack([x, y])",
              "m.stack((x, y), 1)",
              "m.stack([x, y], -1)",
              "m.stack([s, k])",
              "m.stack([x, g])",
              "m.stack([x, x[0]])",
              "m.stack([])",
              "m.stack([e, e])",
              "m.stack([x, y], 3)",
              "m.stack([x, y], dim=2)"],
    "flip": ["x.flip(0)",
             "m.flip(x, (0, 1))",
             "m.flip(x, [1])",
             "x.flip(0, 1)",
             "x.flip(-1)",
             "x.flip(2)",
             "x.flip(0, 0)",
             "s.flip(0)",
             "x.flip(())",
             "e.flip(0)"],
    "reshape": ["x.reshape(3, 2)",
                "x.reshape(-1)",
                "x.reshape((6,))",
                "x.reshape([3, -1])",
                "m.reshape(t, (6,))",
                "x.reshape(4, 2)",
                "x.reshape(-1, -1)",
                "s.reshape(1, 1)",
                "x.reshape(6, 1)[2:5].reshape(3)",
                "z.reshape(0, 5)",
                "z.reshape(-1)",
                "z.reshape(-1, 0)",
                "x.reshape(5, -1)",
                "x.reshape(1, 2, 3, 1)",
                "x.reshape(3., 2)",
                "x.reshape((3, 2.))",
                "x.repeat(2.)",
                "x.expand(2., 3)",
                "m.ones(1).reshape(())",
                "w.reshape(6)",
                "x.reshape(-2, 3)"],
    "flatten": ["c.flatten()",
                "c.flatten(1)",
                "m.flatten(c, 0, 1)",
                "c.flatten(-2)",
                "s.flatten()",
                "c.flatten(1, 0)",
                "e.flatten()",
                "t.flatten()",
                "c.flatten(3)"],
    "unflatten": ["v.unflatten(0, (2, 3))",
                  "c.unflatten(-1, (2, -1))",
                  "c.unflatten(1, (2, 2))",
                  "m.unflatten(v, 0, (-1, 2))"],
    "ravel": ["t.ravel()", "m.ravel(x)", "s.ravel()"],
    "squeeze": ["m.ones(1, 2, 1).squeeze()",
                "m.ones(1, 2, 1).squeeze(0)",
                "m.ones(1, 2, 1).squeeze(1)",
                "m.ones(1, 2, 1).squeeze(-1)",
                "m.ones(1, 2, 1).squeeze((0, 2))",
                "m.squeeze(s)",
                "s.squeeze(0)",
                "x.squeeze(2)",
                "m.ones(1, 1).squeeze()"],
    "unsqueeze": ["x.unsqueeze(0)",
                  "x.unsqueeze(-1)",
                  "m.unsqueeze(x, 2)",
                  "x.unsqueeze(3)",
                  "s.unsqueeze(0)",
                  "x.unsqueeze(-3)",
                  "x.unsqueeze(-4)"],
    "permute": ["c.permute(2, 0, 1)",
                "m.permute(c, (0, -1, 1))",
                "c.permute([1, 0, 2])",
                "c.permute(0, 1)",
                "c.permute(0, 0, 1)",
                "c.permute(0, 1, 3)",
                "s.permute()",
                "s.permute(())"],
    "transpose": ["x.transpose(0, 1)",
                  "m.transpose(c, 0, -1)",
                  "c.transpose(1, 1)",
                  "c.transpose(0, 3)",
                  "s.transpose(0, -1)",
                  "s.transpose(0, 1)"], "t": ["x.t()", "m.t(v)", "c.t()", "s.t()"],
    "movedim": ["m.movedim(c, 0, 2)",
                "c.movedim((0, 1), (2, 0))",
                "c.movedim(-1, 0)",
                "c.movedim((0, 1), (2,))",
                "c.movedim((0, 0), (1, 2))",
                "c.movedim(3, 0)"],
    "expand": ["x[:, :1].expand(2, 4)",
               "v.expand(3, 6)",
               "x.expand(-1, 3)",
               "x.expand(4, 2, 3)",
               "x.expand(2, 4)",
               "s.expand(2, 2)",
               "x.expand((2, 3))",
               "x[:1].expand(0, 3)",
               "x.expand(3)",
               "v.expand(-1, 6)",
               "x.expand(2, -1)",
               "m.ones(1, 1).expand(())",
               "m.ones(1, 1).expand(1)"],
    "broadcast_to": ["m.broadcast_to(v, (2, 6))", "s.broadcast_to((3,))", "x.broadcast_to((3,))"],
    "select": ["x.select(0, 1)", "m.select(c, -1, -2)", "x.select(0, 2)", "x.select(2, 0)", "s.select(0, 0)"],
    "narrow": ["x.narrow(1, 1, 2)",
               "m.narrow(c, 2, 0, 3)",
               "x.narrow(1, 2, 2)",
               "x.narrow(1, -2, 1)",
               "x.narrow(0, 0, 0)",
               "x.narrow(1, 1, -1)",
               "x.narrow(2, 0, 1)",
               "x.narrow(1, 3, 0)",
               "x.narrow(1, 4, 0)",
               "s.narrow(0, 0, 1)",
               "z.narrow(1, 1, -1)"],
    "split": ["v.split(4)",
              "m.split(v, 2)",
              "v.split([1, 2, 3])",
              "v.split([1, 2])",
              "c.split(2, 1)",
              "c.split([1, 3], dim=-1)",
              "e.split(2)",
              "s.split(1)",
              "v.split(0)",
              "v.split(-1)",
              "x.split(5)",
              "e.split(0)"],
    "chunk": ["v.chunk(4)",
              "m.chunk(c, 2, dim=2)",
              "v.chunk(7)",
              "v.chunk(0)",
              "e.chunk(2)",
              "c.chunk(2, -1)"],
    "unbind": ["x.unbind()", "m.unbind(c, 1)", "c.unbind(-1)", "s.unbind()", "e.unbind()", "z.unbind()"],
    "clone": ["x.clone()",
              "m.clone(t)",
              "t.clone().is_contiguous()",
              "t.clone().stride()",
              "w.clone().stride()",
              "s.clone()"],
    "gather": ["x.gather(1, g)",
               "m.gather(x, 1, g[:, :2])",
               "x.gather(0, g)",
               "x.gather(-1, g[:1])",
               "x.gather(1, g + 1)",
               "x.gather(1, g - 3)",
               "x.gather(1, g[0])",
               "s.gather(0, m.tensor([0, 0]))",
               "x.gather(2, g)",
               "x.gather(1, g.int())",
               "x.gather(1, x)",
               "c.gather(2, m.zeros(2, 3, 1, dtype=m.int64))",
               "v.gather(0, k)",
               "x.gather(1, m.zeros(2, 0, dtype=m.int64))",
               "x.gather(1, g - 2)",
               "z.gather(1, z)"],
    "take_along_dim": ["m.take_along_dim(x, g, 1)",
                       "x.take_along_dim(g[:1], dim=1)",
                       "x.take_along_dim(x.argsort(1), 1)",
                       "m.take_along_dim(x, g)",
                       "x.take_along_dim(m.tensor([4, 1]))",
                       "m.take_along_dim(x[:1, :1], m.tensor([[1]]), 1)",
                       "w.take_along_dim(m.tensor([4, 1]))",
                       "m.take_along_dim(x, g.int(), 1)"],
    "scatter": ["x.scatter(1, g, y)",
                "x.scatter(1, g[:, :2], y)",
                "x.scatter(1, g, 5.)",
                "m.scatter(x, -1, g[:1], 0)",
                "x.scatter_(1, g, y); x",
                "x.scatter(0, g * 0, y, reduce='add')",
                "x.scatter(1, g + 1, y)",
                "x.scatter(1, g, i)",
                "x.scatter(1, g[:, :1], 1, reduce='add')",
                "x.scatter(1, g, g)",
                "m.zeros(2, 3).scatter_(1, m.tensor([[0], [2]]), 1)",
                "x.scatter(1, g, y, reduce='amax')",
                "g.scatter(1, g, i[:3])"],
    "scatter_add": ["x.scatter_add(1, g * 0, y)",
                    "x.scatter_add_(0, g % 2, y); x",
                    "m.scatter_add(x, 1, g[:1], y)",
                    "x.scatter_add(1, g + 5, y)",
                    "m.zeros(3).scatter_add(0, m.tensor([0, 0, 2]), v[:3])",
                    "x.scatter_add(1, g, g)"],
    "index_select": ["x.index_select(1, m.tensor([2, 0]))",
                     "m.index_select(c, -1, m.tensor([0, 0, 3]))",
                     "x.index_select(0, m.tensor([2]))",
                     "x.index_select(0, k - 3)",
                     "x.index_select(0, m.tensor([-1]))",
                     "x.index_select(0, g)",
                     "x.index_select(0, m.tensor([], dtype=m.int64))",
                     "x.index_select(0, m.tensor([0.]))"],
    "index_add": ["x.index_add(0, m.tensor([1, 1]), y)",
                  "x.index_add_(1, m.tensor([0, 2, 0]), y); x",
                  "m.index_add(x, 0, m.tensor([0, 1]), y, alpha=2)",
                  "x.index_add(0, m.tensor([0]), y)",
                  "x.index_add(0, m.tensor([0, 5]), y)",
                  "x.index_add(0, m.tensor([0, 1]), g)"],
    "index_put": ["x.index_put((m.tensor([0, 1]), m.tensor([2, 0])), m.tensor([5., 6.]))",
                  "x.index_put_((m.tensor([0, 0]),), s, accumulate=True); x",
                  "x.index_put([q], m.tensor(9.))",
                  "x.index_put((k - 2,), m.tensor([1., 2., 3.]))",
                  "x.index_put((q,), m.tensor([1., 2., 3.]), accumulate=True)",
                  "g.index_put((k - 2,), m.tensor([1., 2., 3.]))",
                  "x.index_put([q.byte()], m.tensor(9.))",
                  "x.index_put([q.byte()], m.tensor([7., 8., 9.]))"],
    "masked_fill": ["x.masked_fill(q, 0)",
                    "m.masked_fill(x, q, -math.inf)",
                    "x.masked_fill_(q, 2); x",
                    "i.masked_fill(i > 0, 1.5)",
                    "x.masked_fill(q, s)",
                    "x.masked_fill(q[0], 1)",
                    "x.masked_fill(g, 1)",
                    "x[0].masked_fill(q, 0)",
                    "i.masked_fill(i > 0, 5)",
                    "x.masked_fill(q, v)",
                    "x.masked_fill(q[:, :2], 0)",
                    "x.masked_fill(q, v[:1])",
                    "i.masked_fill(i > 0, math.inf)",
                    "u.masked_fill(u > 0, 300)"],
    "masked_select": ["x.masked_select(q)",
                      "m.masked_select(x, x > 0.3)",
                      "x.masked_select(q[0])",
                      "x[0].masked_select(q)",
                      "s.masked_select(s > 0)",
                      "x.masked_select(g)",
                      "e.masked_select(e > 0)"],
    "nonzero": ["x.nonzero()",
                "m.nonzero(i)",
                "q.nonzero()",
                "m.nonzero(q, as_tuple=True)",
                "s.nonzero()",
                "e.nonzero()",
                "z.nonzero()",
                "(s * 0).nonzero()",
                "s.nonzero(as_tuple=True)",
                "n.nonzero()"],
    "tril": ["x.tril()",
             "m.tril(c, 1)",
             "c.tril(-1)",
             "x.tril_(); x",
             "v.tril()",
             "q.tril()",
             "z.tril()",
             "g.tril(diagonal=1)"],
    "triu": ["x.triu()",
             "m.triu(c, diagonal=1)",
             "x.triu_(-1); x",
             "m.ones(3, 3, dtype=m.bool).triu(1)",
             "v.triu()"],
    "diag": ["v.diag()",
             "m.diag(x)",
             "x.diag(1)",
             "x.diag(-1)",
             "p.diag(2)",
             "p.diag(-1)",
             "c.diag()",
             "x.diag(5)",
             "e.diag()",
             "i.diag()",
             "s.diag()"],
    "full": ["m.full((2, 3), 1.5)",
             "m.full((2,), 1)",
             "m.full((), True)",
             "m.full([2], 3, dtype=m.float64)",
             "m.full((2,), 1.5, dtype=m.int32)",
             "m.full((0, 3), 1)",
             "m.full((-1,), 0)",
             "m.full((2,), s)",
             "m.full((2,), 1., requires_grad=True)",
             "m.full((2,), d[0])",
             "m.full((2,), j[0])",
             "m.full((2,), v)"],
    "zeros": ["m.zeros(2, 3)",
              "m.zeros((2, 3))",
              "m.zeros([2])",
              "m.zeros(2, dtype=m.int64)",
              "m.zeros(())",
              "m.zeros(2, -1)",
              "m.zeros(x.shape)",
              "m.zeros(0)",
              "m.zeros(2, requires_grad=True)",
              "m.zeros(2, dtype=m.bool)",
              "m.zeros(2.0)",
              "m.zeros(size=(2, 3))",
              "m.zeros(2, device='cpu')"],
    "ones": ["m.ones(2, 3)", "m.ones((2,), dtype=m.bool)", "m.ones([])", "m.ones(2, 0)"],
    "empty": ["m.empty(2, 3).shape", "m.empty((2,), dtype=m.int32).dtype", "m.empty(0)"],
    "zeros_like": ["m.zeros_like(x)",
                   "m.zeros_like(i)",
                   "m.zeros_like(t).stride()",
                   "m.zeros_like(w).stride()",
                   "m.zeros_like(x, dtype=m.bool)",
                   "m.zeros_like(s)"],
    "ones_like": ["m.ones_like(x)", "m.ones_like(b)", "m.ones_like(i, dtype=m.float32, requires_grad=True)"],
    "empty_like": ["m.empty_like(x).shape", "m.empty_like(i).dtype"],
    "full_like": ["m.full_like(x, 2)",
                  "m.full_like(i, 2.5)",
                  "m.full_like(x, 1, dtype=m.int64)",
                  "m.full_like(i, 2.5, dtype=m.float64)"],
    "arange": ["m.arange(5)",
               "m.arange(5.)",
               "m.arange(1, 6, 2)",
               "m.arange(0, 1, 0.25)",
               "m.arange(5, 0, -2)",
               "m.arange(3, dtype=m.float64)",
               "m.arange(0.5, 3)",
               "m.arange(0)",
               "m.arange(3, 3)",
               "m.arange(1, 0)",
               "m.arange(0, 3, 0)",
               "m.arange(k)",
               "m.arange(0, 1, 0.1)",
               "m.arange(0, 3, dtype=m.int32)",
               "m.arange(0, 2.5, dtype=m.int64)",
               "m.arange(start=1, end=4)",
               "m.arange(3., requires_grad=True)",
               "m.arange(-3)",
               "m.arange(0, 10, 3, dtype=m.uint8)"],
    "linspace": ["m.linspace(0, 1, 5)",
                 "m.linspace(-1, 1, 4, dtype=m.float64)",
                 "m.linspace(0, 1, 1)",
                 "m.linspace(0, 1, 0)",
                 "m.linspace(3, -3, 7)",
                 "m.linspace(0, 10, 5, dtype=m.int64)",
                 "m.linspace(start=0, end=1, steps=3)",
                 "m.linspace(0, 1, -1)",
                 "m.linspace(0, 1, steps=11)"],
    "logspace": ["m.logspace(0, 2, 3)",
                 "m.logspace(0, 3, 4, base=2)",
                 "m.logspace(0, 1, 3, dtype=m.float64)",
                 "m.logspace(0, 1, 0)"],
    "eye": ["m.eye(3)",
            "m.eye(2, 3)",
            "m.eye(3, dtype=m.int64)",
            "m.eye(0)",
            "m.eye(3, 2, requires_grad=True)",
            "m.eye(-1)"],
    "meshgrid": ["m.meshgrid(v, p, indexing='ij')",
                 "m.meshgrid(v, p, indexing='xy')",
                 "m.meshgrid([v, p], indexing='ij')",
                 "m.meshgrid(v, s, indexing='ij')",
                 "m.meshgrid(v, indexing='ij')",
                 "m.meshgrid(v, p, i, indexing='xy')",
                 "m.meshgrid(v, p, indexing='no')",
                 "m.meshgrid(x, v, indexing='ij')"],
    # Random numbers are threefry's, not PyTorch's: shapes and dtypes are compared here, distributions in
    # test_random.py.
    "rand": ["m.rand(2, 3).shape",
             "m.rand((2,)).dtype",
             "m.rand(2, dtype=m.float64).dtype",
             "m.rand(()).shape",
             "m.rand(2, dtype=m.int64)",
             "m.rand(2, requires_grad=True).requires_grad",
             "m.rand(0)",
             "m.rand(-1)",
             "m.rand(size=(2, 2)).shape"],
    "randn": ["m.randn(2, 3).shape",
              "m.randn((2,), dtype=m.float16).dtype",
              "m.randn(2, generator=m.Generator().manual_seed(0)).shape",
              "m.randn(2, dtype=m.int64)"],
    "rand_like": ["m.rand_like(x).shape",
                  "m.rand_like(d).dtype",
                  "m.rand_like(i)",
                  "m.rand_like(i, dtype=m.float32).dtype"],
    "randn_like": ["m.randn_like(x).shape", "m.randn_like(h).dtype"],
    "randint": ["m.randint(3, (2, 2)).dtype",
                "m.randint(1, 3, (2, 2)).shape",
                "m.randint(0, 2, (5,), dtype=m.float32).dtype",
                "m.randint(3, 3, (2,))",
                "m.randint(low=0, high=3, size=(2,)).shape",
                "m.randint(3, size=(2,)).shape",
                "m.randint(5, 6, (3,))",
                "m.randint(0, 300, (3,), dtype=m.uint8)",
                "m.randint(-1, 2, (3,), dtype=m.uint8)",
                "m.randint(0, 70000, (3,), dtype=m.float16)",
                "m.randint(2, (3,), dtype=m.float32, requires_grad=True).requires_grad",
                "m.randint(2, (3,), requires_grad=True)",
                "m.randint(k, (2,)).shape"],
    "randperm": ["m.randperm(5).sort().values",
                 "m.randperm(3).dtype",
                 "m.randperm(0)",
                 "m.randperm(4, dtype=m.int32).dtype",
                 "m.randperm(-1)"],
    "normal": ["m.normal(0., 1., (2, 3)).shape",
               "m.normal(x, y.abs()).shape",
               "m.normal(x, 1.).shape",
               "m.normal(0., x).shape",
               "m.normal(2., 0., (3,))",
               "m.normal(mean=0., std=1., size=(2,)).dtype",
               "m.normal(0., -1., (2,))",
               "m.normal(x, -1.)",
               "m.normal(0., 1.)",
               "m.normal(x).shape",
               "m.normal(x, std=0.)",
               "m.normal(d, 1.).dtype",
               "m.normal(d, s).dtype",
               "m.normal(s, d.abs()).dtype",
               "m.normal(1., x * 0)",
               "m.normal(i, 1.)",
               "m.normal(0., 1., (3,), dtype=m.float64).dtype",
               "m.normal(0., 1., (3,), requires_grad=True).requires_grad",
               "m.normal(x, v[:2])",
               "a = m.ones(3, requires_grad=True); m.normal(a, 0.)"],
    "bernoulli": ["m.bernoulli(x).shape",
                  "m.bernoulli(m.ones(3))",
                  "x.bernoulli().dtype",
                  "m.bernoulli(m.zeros(3))",
                  "m.bernoulli(y)",
                  "m.bernoulli(i)",
                  "m.bernoulli(x, 1)",
                  "x.bernoulli(0.)",
                  "m.bernoulli(i, 1.)",
                  "m.bernoulli(x, 1.5)",
                  "a = m.ones(3, requires_grad=True); m.bernoulli(a)"],
    "multinomial": ["m.multinomial(m.tensor([0., 1., 0.]), 1)",
                    "m.multinomial(m.tensor([0., 1., 0.]), 3, replacement=True)",
                    "m.multinomial(x, 2).shape",
                    "m.multinomial(x, 4)",
                    "x.multinomial(3).sort().values",
                    "m.multinomial(x, 5, True).shape",
                    "m.multinomial(y, 1)",
                    "m.multinomial(c, 1)",
                    "m.multinomial(s, 1)",
                    "m.multinomial(x, 0)",
                    "m.multinomial(i, 1)",
                    "m.multinomial(-x, 1)",
                    "m.multinomial(x / 0, 1)",
                    "m.multinomial(x * 0, 1)",
                    "m.multinomial(-x, 3, True)",
                    "m.multinomial(m.tensor([1., 0.]), 2)",
                    "m.multinomial(m.zeros(0), 1)"],
    "manual_seed": ["type(m.manual_seed(3)).__name__",
                    "m.manual_seed(3); m.initial_seed()",
                    "m.manual_seed(3); a = m.rand(2); m.manual_seed(3); (a == m.rand(2)).all()"],
    "initial_seed": ["m.manual_seed(7); m.initial_seed()"],
    "get_rng_state": ["a = m.get_rng_state(); r = m.rand(3); m.set_rng_state(a); (r == m.rand(3)).all()"],
    "set_rng_state": ["a = m.get_rng_state(); m.set_rng_state(a)"],
    "set_printoptions": ["m.set_printoptions(profile='default')"],
    **families.collected("NAMES"),
}

# Where we differ from PyTorch, and why: (what a line `call: difference` says, the reason). Each must still
# occur.
DIFFERENCES = [
    (r"max\(.*out=.*PyTorch gives tensor\(-inf",
     "edunets raises an error for the largest of no elements with `out=` too; PyTorch gives -inf there."),
    (r"PyTorch (raises )?TypeError: .* must be Tensor, not ",
     "edunets takes a Python number for a tensor in every function of two operands; PyTorch takes "
     "it in some of them."),
    (r"some elements of the input tensor and the written-to tensor refer",
     "edunets computes an in-place op first and writes then, so an operand may overlap the memory that is "
     "written; PyTorch refuses the overlap."),
    (r"^x\.\w+_\(x\[(:,:1|0)\]\); x: ",
     "PyTorch does not notice that the operand overlaps the memory that is written, and reads what it has "
     "already overwritten; edunets computes first and writes then."),
    (r"Subtraction, the `-` operator, with (a|two) bool tensor",
     "edunets counts True as 1 where a number is subtracted from a bool, or a bool from a "
     "number; PyTorch refuses."),
    (r"Integers to negative integer powers are not allowed.* PyTorch gives",
     "PyTorch refuses a negative number as the exponent of integers, but takes a negative tensor and cuts "
     "the fraction off; edunets refuses both."),
    (r"half\(\)\.prod\(\)",
     "PyTorch rounds to half precision after each product, and is 6 % off after a thousand; "
     "edunets rounds once."),
    (r"norm.*cannot compute the -\d norm on",
     "edunets gives infinity for the norm of no elements with a negative exponent, as the formula "
     "does; PyTorch refuses."),
    (r"logsumexp\(\(\)\)",
     "edunets reads an empty tuple of dims as all dims, as in every other reduction; PyTorch's "
     "`logsumexp` fails."),
    (r"does not support bool input|does not support bool|Boolean inputs not supported",
     "edunets compares bools, for False comes before True; PyTorch refuses bools in these functions."),
    (r"Expected reduction dim to be specified.* PyTorch IndexError",
     "edunets raises the RuntimeError of `max` for the place of the largest or smallest of no elements too; "
     "PyTorch raises an IndexError there."),
    (r"clamp\(\) received an invalid combination",
     "edunets lets one bound of `clamp` be a tensor and the other a number; PyTorch wants two of one kind."),
    (r"IndexError: index (\d+ is out of bounds|is out of bounds|out of range in self).* PyTorch RuntimeError",
     "edunets raises an IndexError for an index out of range everywhere; PyTorch's functions that gather and "
     "scatter raise a RuntimeError."),
    (r"index -\d is out of bounds|index_select.*(index out of range in self|out of DATA bounds)",
     "edunets counts a negative index from the end everywhere; PyTorch does so in `x[...]`, but not "
     "in these functions."),
    (r"reduce='amax'",
     "edunets has `reduce='amax'` in `scatter` too; PyTorch has it in `scatter_reduce` only."),
    (r"arange\(0, 2\.5, dtype=m\.int64\)",
     "edunets counts up to the end that was given, here 2.5; PyTorch first cuts it to an integer."),
    (r"meshgrid expects all tensors to have the same dtype",
     "edunets computes nothing from the elements here, so it lets their dtypes differ; "
     "PyTorch wants one dtype."),
    (r"Expected p_in >= 0|probability tensor contains",
     "edunets does not check probabilities, since to look at them costs a pass; PyTorch looks "
     "and raises an error."),
    (r"^e\.stride\(\)", "edunets gives the stride of an empty tensor that NumPy gives, 0; PyTorch gives 1."),
    (r"^w\.fill_\(1\)|^m\.(fill|zero)_\(w",
     "edunets refuses every write to an expanded tensor; PyTorch lets some functions write."),
    (r"The `\+` operator, on a bool", "edunets gives `b` for `+b` with bools too; PyTorch refuses."),
    (r"~ \(operator\.invert\)",
     "edunets raises the RuntimeError of `bitwise_not` for `~x` with floating numbers; PyTorch "
     "raises a TypeError."),
    (r"s\.permute\(\)", "edunets takes no dims for a permutation of no dims; PyTorch wants the argument."),
    (r"PyTorch raises RuntimeError: (Found dtype|Expected out tensor|Expected out type to be)",
     "edunets lets `out` have any dtype of the same kind or wider; PyTorch decides that function by function."),
    (r"(softmax|cumsum|cumprod)\(.*dtype float32 for (bool|u?int)",
     "PyTorch keeps an integer dtype where there are no elements, and refuses it where there is one; edunets "
     "gives floating numbers for both."),
    (r"raises .*PyTorch gives tensor\(\[\]",
     "PyTorch checks its arguments less where the result is empty; edunets raises the same "
     "error as elsewhere."),
    (r"s\.mv\(s\)|mv: expected 2D and 1D tensors, but got 0D",
     "edunets raises the same RuntimeError for every wrong number of dimensions in `mv`; PyTorch raises an "
     "IndexError where there are none."),
    (r"source and destination dtypes match|must have the same scalar type",
     "edunets casts what is written to the dtype of what it is written to, as in `x[...] = y`; PyTorch "
     "refuses two dtypes in these functions."),
    (r"only supports (a )?0-dimension(al)? value tensor",
     "edunets takes a value of any shape that broadcasts; PyTorch takes a 0-d value only."),
    (r"take_along_dim.*IndexError: index \d is out of bounds.*PyTorch gives",
     "PyTorch expands the only element over the index first, so that index 1 finds something; edunets "
     "raises an IndexError."),
    (r"topk\(.*: [\[\]\d, ]* for [\[\]\d, ]*$",
     "edunets leaves equal elements in their order; PyTorch's `topk` is not stable."),
    (r"view\(.*PyTorch raises RuntimeError: self.stride\(-1\) must be 1",
     "PyTorch refuses these strides although there are no elements; edunets gives the empty view."),
    (r"scatter\(1, g, i.*PyTorch IndexError: Dimension out of range",
     "edunets raises the RuntimeError of all other shapes that do not fit the index; PyTorch raises an "
     "IndexError for this one."),
    (r"take_along_dim.*view size is not compatible",
     "edunets copies where it can't flatten a tensor without; PyTorch's `take_along_dim` refuses."),
    (r"masked_fill_ only supports boolean masks, but got mask with dtype unsigned char",
     "edunets takes a mask of bytes in `index_put` as in `x[...]`; PyTorch refuses it there where one number "
     "is set."),
    (r"Got unsupported ScalarType BFloat16",
     "edunets' bfloat16 is one of NumPy's dtypes, which the package ml_dtypes brings, so that memory is shared; "
     "PyTorch has no array for it."),
    (r"logical_\w+_\(.*gradient 1",
     "PyTorch forgets that a logical function in place takes the old value away, and passes its gradient on; "
     "edunets gives the gradient 0."),
    *families.collected("DIFFERENCES"),
]

# Bugs that are known: (what a line says, what is wrong). Each must still occur: a line goes when its bug
# does.
OPEN = []


# Methods and attributes that are not functions too.
METHODS = {
    "T": ["x.T", "t.T.stride()"],
    "mT": ["c.mT", "x.mT", "v.mT"],
    "view": ["x.view(3, 2)",
             "x.view(-1)",
             "t.view(6)",
             "x.view(4)",
             "x.view(m.int32)",
             "c.view(2, -1)",
             "s.view(1)",
             "z.view(0, 7)",
             "x.view((6,))",
             "w.view(6)",
             "p.view(3, 1)",
             "x.view(m.float32)",
             "m.zeros(0, 3, dtype=m.int64).t().view(m.int32)"],
    "view_as": ["v.view_as(x)", "v.view_as(s)"],
    "reshape_as": ["v.reshape_as(x)", "t.reshape_as(v)"],
    "expand_as": ["v.expand_as(m.zeros(2, 6))", "x.expand_as(s)"],
    "repeat": ["x.repeat(2, 1)",
               "v.repeat(2)",
               "x.repeat(1, 2, 2)",
               "s.repeat(3)",
               "x.repeat(2)",
               "x.repeat((2, 2))",
               "x.repeat(0, 1)",
               "w.repeat(1, 2)",
               "x.repeat(-1, 1)"],
    "contiguous": ["t.contiguous().stride()",
                   "x.contiguous() is x",
                   "t.contiguous()",
                   "w.contiguous().stride()"],
    "is_contiguous": ["x.is_contiguous()",
                      "t.is_contiguous()",
                      "w.is_contiguous()",
                      "z.is_contiguous()",
                      "p.is_contiguous()",
                      "x[:, :1].is_contiguous()",
                      "x[:1].is_contiguous()"],
    "stride": ["x.stride()",
               "t.stride()",
               "w.stride()",
               "c.stride(-1)",
               "s.stride()",
               "p.stride()",
               "c[:, ::2, 1:].stride()",
               "c.stride(3)",
               "x.unsqueeze(0).stride()",
               "e.stride()"],
    "storage_offset": ["x[1].storage_offset()",
                       "c[1, 1:].storage_offset()",
                       "x.storage_offset()",
                       "c[:, 2, 3].storage_offset()"],
    "storage": ["len(t.storage())", "x[1].storage()[0] == x[0, 0]"],
    "data_ptr": ["x.data_ptr() == x.t().data_ptr()", "x[1].data_ptr() - x.data_ptr()"],
    "element_size": ["x.element_size()", "d.element_size()", "b.element_size()"],
    "nbytes": ["x.nbytes", "d.nbytes", "w.nbytes"],
    "shape": ["x.shape",
              "s.shape",
              "tuple(c.shape)",
              "c.shape[1:]",
              "c.shape[-1]",
              "x.shape.numel()",
              "x.shape == (2, 3)"],
    "size": ["x.size()", "x.size(1)", "x.size(-1)", "x.size(2)", "s.size()", "s.size(0)", "x.size(dim=0)"],
    "ndim": ["c.ndim", "s.ndim"],
    "numel": ["x.numel()", "z.numel()", "s.numel()"],
    "dtype": ["x.dtype", "i.dtype", "b.dtype"],
    "device": ["x.device", "str(x.device)", "x.device.type"],
    "numpy": ["x.numpy().tolist() == x.tolist()",
              "x.numpy()[0, 0] == x[0, 0]",
              "m.ones(2, requires_grad=True).numpy()",
              "type(x.numpy()).__name__",
              "m.ones(2, requires_grad=True).detach().numpy().sum()",
              "t.numpy().strides",
              "x.bfloat16().numpy().shape"],
    "tolist": ["x.tolist()",
               "s.tolist()",
               "i.tolist()",
               "b.tolist()",
               "e.tolist()",
               "z.tolist()",
               "k.tolist()"],
    "item": ["s.item()", "k.item()", "x.item()", "m.ones(1, 1).item()", "e.item()", "b[0].item()"],
    "to": ["x.to(m.float64)",
           "x.to('cpu')",
           "x.to(i)",
           "x.to(m.device('cpu'), m.float16).dtype",
           "x.to(dtype=m.int32)",
           "x.to(m.float32) is x",
           "x.to(x.dtype, copy=True) is x",
           "n[3:5].to(m.bool)",
           "d.to(m.int64)",
           "x.to('cpu', non_blocking=True) is x",
           "m.tensor([-1.7, 1.7]).to(m.int8)",
           "i.to(m.uint8)",
           "x.to(device='cpu', dtype=m.float64).dtype",
           "x.to(float)",
           "x.to(3)",
           "x.to(-1)",
           "x.to(m.float64, False, True)",
           "x.to(x, False, True) is x",
           "x.to('cpu', m.float32, True) is x",
           "x.to('cpu', m.float32, False, True) is x"],
    "type": ["x.type(m.float64)",
             "i.type(m.float32)",
             "[v.type() for v in (x, d, h, i, j, u, b)]",
             "x.type('torch.LongTensor')",
             "x.type(m.LongTensor)",
             "x.type(dtype=m.DoubleTensor)",
             "(x > 0).type(m.FloatTensor).sum()",
             "x.type(m.nn.Linear)",
             "x.type(float)",
             "x.type('torch.cuda.FloatTensor')",
             "m.ones(2, device='meta').type()",
             "m.DoubleTensor.dtype, m.LongTensor.__name__",
             "x.type('nothing')"],
    "type_as": ["x.type_as(i)", "i.type_as(d)"],
    "as_subclass": ["type(x.as_subclass(m.nn.Parameter)).__name__",
                    "x.as_subclass(m.Tensor)",
                    "x.as_subclass(list)"],
    "cpu": ["x.cpu() is x"],
    "cuda": ["x.cuda()", "m.ones(2).cuda(0)"],
    "get_device": ["x.get_device()", "m.ones(2, device='meta').get_device()"],
    **{f"is_{kind}": [f"x.is_{kind}", f"m.ones(2, device='meta').is_{kind}"]
       for kind in ("cpu", "cuda", "meta", "mps", "xpu")},
    "is_pinned": ["x.is_pinned()"],
    "pin_memory": ["x.pin_memory() is x"],
    "record_stream": ["x.record_stream(None)"],
    **{name: [f"x.{name}()", f"i.{name}()", f"b.{name}()", f"d.{name}()", f"x.{name}().dtype"]
       for name in "float double half bfloat16 long int short char byte bool".split()},
    "new_zeros": ["i.new_zeros(2, 3)",
                  "d.new_zeros((2,))",
                  "x.new_zeros(2, dtype=m.int64)",
                  "x.new_zeros(())"],
    "new_ones": ["b.new_ones(2)", "h.new_ones(2, 2)"],
    "new_empty": ["x.new_empty(3).shape", "i.new_empty((2, 0)).dtype"],
    "new_full": ["i.new_full((2, 3), 7)",
                 "i.new_full((2,), 2.5)",
                 "x.new_full((2,), 1)",
                 "d.new_full((), 3)"],
    "new_tensor": ["i.new_tensor([1, 2])",
                   "d.new_tensor([1.5])",
                   "x.new_tensor([1, 2])",
                   "i.new_tensor([1.5])"],
    "copy_": ["x.copy_(y)",
              "x.copy_(g); x",
              "x.copy_(y[0])",
              "x.copy_(s)",
              "x.copy_(c)",
              "i.copy_(m.tensor([1.7, -1.7, 0., 3.])); i",
              "x.copy_(t)",
              "b.copy_(i[:2])",
              "x.t().copy_(y.t()); x",
              "x[:, 1].copy_(y[:, 0]); x",
              "w.copy_(x)"],
    "fill_": ["x.fill_(2)",
              "i.fill_(2.7)",
              "x.fill_(s)",
              "x[0].fill_(1); x",
              "b.fill_(3)",
              "x.fill_(v)",
              "x.fill_(v[:1])",
              "w.fill_(1)"],
    "zero_": ["x.zero_()", "b.zero_()", "x[:, 1].zero_(); x"],
    "uniform_": ["x.uniform_().shape",
                 "x.uniform_(2, 2)",
                 "x.uniform_(-1, 1).dtype",
                 "((x.uniform_(1, 2) >= 1) & (x < 2)).all()",
                 "x.uniform_(2, 1)",
                 "x.uniform_(math.nan, 1)",
                 "x.uniform_(-3e38, 3e38)",
                 "i.uniform_()",
                 "x.uniform_(to=0.)"],
    "normal_": ["x.normal_(2, 0)",
                "x.normal_().shape",
                "x.normal_(mean=1., std=0.)",
                "x.normal_(0, -1)",
                "i.normal_()"],
    "bernoulli_": ["x.bernoulli_(1)",
                   "x.bernoulli_(0.)",
                   "i.bernoulli_(1).dtype",
                   "x.bernoulli_(1.5)",
                   "x.bernoulli_(-1)",
                   "x.bernoulli_(m.tensor([0., 1., 1.]))",
                   "x.bernoulli_(m.ones(2, 2, 3))",
                   "x.bernoulli_(i[:3])",
                   "i.bernoulli_(m.ones(4))",
                   "b.bernoulli_(1)",
                   "x.bernoulli_(True)"],
    "random_": ["i.random_(3, 4)",
                "x.random_(1)",
                "(i.random_(10) < 10).all()",
                "x.random_(3, 2)",
                "x.random_(2, 2)",
                "x.random_(0)",
                "x.random_(-5)",
                "u.random_(0, 300)",
                "u.random_(-1, 3)",
                "b.random_(0, 3)",
                "h.random_(0, 70000)",
                "h.random_(0, 3000).dtype",
                "b.random_().dtype",
                "x.random_(to=1)",
                "(m.zeros(100).random_() <= 2 ** 24).all()",
                "(m.zeros(100, dtype=m.int64).random_() >= 0).all()",
                "(m.zeros(400, dtype=m.uint8).random_() > 127).any()"],
    "requires_grad": ["x.requires_grad", "m.ones(2, requires_grad=True).requires_grad"],
    "requires_grad_": ["x.requires_grad_().requires_grad",
                       "i.requires_grad_()",
                       "x.requires_grad_(False) is x"],
    "is_leaf": ["x.is_leaf", "(m.ones(2, requires_grad=True) * 2).is_leaf"],
    "is_inference": ["x.is_inference()"],
    "data": ["x.data", "m.ones(2, requires_grad=True).data"],
    "detach": ["x.detach()", "m.ones(2, requires_grad=True).detach()"],
    "detach_": ["(m.ones(2, requires_grad=True) * 2).detach_()"],
    "__len__": ["len(x)", "len(s)", "len(e)"],
    "__bool__": ["bool(s)", "bool(x)", "bool(e)", "bool(m.zeros(1, 1))", "bool(b[1])"],
    "__float__": ["float(s)", "float(k)", "float(x)"],
    "__int__": ["int(m.tensor(2.7))", "int(k)", "int(x)"],
    "__index__": ["[0, 1, 2, 3][k]", "range(k)[-1]", "[0, 1][s]", "[0, 1][m.tensor([1])]", "hex(k)"],
    "__iter__": ["[float(a) for a in v]", "[a.shape for a in x]", "list(s)"],
    "__contains__": ["0.5 in v", "7 in v", "s in v"],
    "__format__": ["f'{s:.2f}'", "f'{x}'", "f'{x:.2f}'", "f'{k:d}'", "f'{s}'", "f'{m.ones(1)}'", "f'{k:>4}'"],
    "__hash__": ["hash(x) == hash(x)", "len({x, y, x})"],
    "__array__": ["np.asarray(x).tolist() == x.tolist()",
                  "np.add(x, 1).shape",
                  "np.array(x, dtype='float64').dtype.name",
                  "np.asarray(m.ones(2, requires_grad=True))",
                  "np.sum(x.numpy())"],
    "operators":
        [f"{a} {o} {b}" for o in ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=")
         for a, b in ("xy", "x2", "2x", "ij", "i2", "3i", "su", "bi", "nn", ("x", "1.5"), ("1.5", "i"))]
        + [f"{a} {o} {b}" for o in ("&", "|", "^", "<<", ">>")
           for a, b in ("ij", "i2", "2i", "qq", "xy", "uu")] + [f"{o}{a}" for o in "-+~" for a in "xibu"]
        + ["abs(v)", "x @ y.T", "x == None", "x != 'a'", "x + 'a'", "x < None", "x + None", "[1] + x",
           "divmod(7, 2)", "x == [1]", "pow(x, 2)", "round(v)", "x * np.float32(2)", "np.float64(2) * x",
           "2.0 ** i", "2 ** i.abs()", "1 / i", "7 // j", "7 % j", "True + b", "math.floor(s)", "sum([x, y])",
           "max(v)"],
    **{f"in place {o}": [f"x {o} y; x", f"x {o} 2; x", f"i {o} 2; i", f"i {o} 2.5; i", f"i {o} j; i",
                         f"x {o} d[:3]; x", f"u {o} j[:1]; u", f"a = x; x {o} y; a", f"b {o} True; b",
                         f"x[0] {o} 2; x", f"x[q] {o} 2; x", f"s {o} x; s"]
       for o in ("+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=")},
    **families.collected("METHODS"),
}
# All sample calls of a name; a few functions in place (`fill_`) have some as methods too.
CODES = {name: [*SAMPLES.get(name, []), *METHODS.get(name, [])] for name in {**SAMPLES, **METHODS}}
# Covered by tests/test_autograd_torch.py.
AUTOGRAD = "backward grad grad_fn register_hook register_post_accumulate_grad_hook retain_grad retains_grad".split()


def unexplained(lines):
    return [line for line in lines if not any(re.search(pattern, line) for pattern, _ in DIFFERENCES + OPEN)]


@functools.cache
def compared(name):
    """The lines of what differs from PyTorch in the samples of a name."""
    torch = pytest.importorskip("torch")
    return beside.differences(CODES[name], torch)


def test_every_name_has_a_sample():
    assert sorted(set(FUNCTIONS) - set(SAMPLES)) == []
    assert sorted(set(SAMPLES) - set(FUNCTIONS)) == []


def test_every_method_has_a_sample():
    public = {name for name, value in vars(en.Tensor).items() if not name.startswith("_")} - set(AUTOGRAD)
    sampled = " ".join(code for codes in CODES.values() for code in codes)
    assert sorted(name for name in public if not re.search(rf"\.{name}\b", sampled)) == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_name(name):
    """Each name is there under its name, says what it is, and works on its samples or says in three lines
    why not."""
    function = FUNCTIONS[name]
    assert (operator.attrgetter(name)(en) is function and function.__name__ == name.rpartition(".")[2]
            and function.__doc__.endswith("."))
    results = [beside.run(code, en) for code in SAMPLES[name]]
    assert not all(isinstance(r, Exception) for r in results)
    unclear = [f"{code}: {type(r).__name__} {r}" for code, r in zip(SAMPLES[name], results)
               if isinstance(r, Exception) and not isinstance(r, (TypeError, AttributeError))
               and "Try: " not in str(r)]
    assert unclear == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_name_beside_torch(name):
    assert unexplained(compared(name)) == []


@pytest.mark.parametrize("name", METHODS)
def test_method_beside_torch(name):
    assert unexplained(compared(name)) == []


def test_every_difference_still_occurs():
    lines = [line for name in CODES for line in compared(name)]
    assert [pattern for pattern, _ in DIFFERENCES + OPEN
            if not any(re.search(pattern, line) for line in lines)] == []


def test_reasons_are_sentences():
    """They stand on the page of coverage as they are: each says who does what."""
    assert [why for _, why in DIFFERENCES + OPEN if not (
        re.match("edunets|[A-Z]", why) and re.search("edunets|PyTorch", why) and why.endswith("."))] == []


def test_functions_and_methods_are_one():
    """A function that is a method too is the same object, so what holds of one holds of the other."""
    both = [name for name in FUNCTIONS if name in vars(en.Tensor)]
    # their arguments stand in another order; a method needs no check of its first
    assert (len(both) > 120
            and all(vars(en.Tensor)[name] is FUNCTIONS[name] for name in both
                    if name not in ("where", "polygamma", "numel", "detach")))


def test_in_place_methods_say_what_they_are():
    for name, method in vars(en.Tensor).items():
        if name.endswith("_") and not name.startswith("_"):
            assert method.__name__ == name and method.__doc__, name


def place_in(package, name):
    "What a package has under a name, which may be dotted: `linalg.inv`."
    return functools.reduce(lambda place, part: getattr(place, part, None), name.split("."), package)


def asked_for():
    "What `help` may be asked for: functions and classes of the public namespaces, and the classes' methods."
    found = {}
    for module in [en, *(importlib.import_module(m.name)
                         for m in pkgutil.walk_packages(en.__path__, "edunets.") if m.ispkg)]:
        for name, value in vars(module).items():
            if name.startswith("_") or "edunets" not in str(getattr(value, "__module__", "")): continue
            found[f"{module.__name__}.{name}"] = value
            for kind in value.__mro__ if inspect.isclass(value) else ():
                if kind.__module__.startswith("edunets"):
                    found |= {f"{kind.__module__}.{kind.__qualname__}.{member}": getattr(kind, member, None)
                              for member in vars(kind)}
    return found


def test_help_says_what_it_is():
    """Where a docstring lacks, `help` shows the comment above: the mark of a cell. So every public function
    and method has one of its own or of its class's base; other methods at least no such comment."""
    lacking = []
    for name, value in asked_for().items():
        what, last = value.fget if isinstance(value, property) else value, name.rpartition(".")[2]
        if inspect.getdoc(value) or not (inspect.isroutine(what) or inspect.isclass(what)): continue
        if "Uninitialized" in name: continue      # they answer as a Tensor's
        if not last.startswith("_") or (inspect.isfunction(what) and inspect.getcomments(what)):
            lacking.append(name)
    assert lacking == []


def test_names_are_pytorchs():
    """Nothing has a name of our own."""
    torch = pytest.importorskip("torch")
    # a method only, there
    assert [name for name in FUNCTIONS if place_in(torch, name) is None] == ["expand"]
    assert [name for name in vars(en.Tensor) if not name.startswith("_")
            and not hasattr(torch.Tensor, name)] == []


# Where a parameter is not called as PyTorch calls it: an argument is hardly ever given by these names, or has
# none there.
OTHER_ARGUMENTS = {"cholesky_solve": "input2",
                   "broadcast_to": "size",
                   "expand": "input",
                   "true_divide": "input other",
                   **dict.fromkeys("zeros ones empty rand randn".split(), "sizes"),
                   **dict.fromkeys("amax amin".split(), "dtype"),
                   **dict.fromkeys("std var std_mean var_mean".split(), "unbiased"),
                   "scatter": "reduce",
                   "trapz": "dx",
                   "concatenate": "dim",
                   "searchsorted": "input",
                   "normal": "dtype device requires_grad",
                   "bernoulli": "p"}


def test_arguments_are_called_as_pytorchs():
    """PyTorch's functions say in their first lines what their arguments are called."""
    torch = pytest.importorskip("torch")
    compared = 0
    for name, function in FUNCTIONS.items():
        theirs = place_in(torch, name)
        if inspect.isfunction(theirs):
            if set(inspect.signature(theirs).parameters) <= {"args", "kwargs"}: continue
            assert (inspect.signature(theirs).parameters.keys()
                    >= set(inspect.signature(function).parameters) - {"tensor", "tensors", "args"}), name
            continue
        said = " ".join(re.findall(rf"\b{name.rpartition('.')[2]}\([^)]*\)?[^)]*\)",
                                   theirs.__doc__ if theirs and theirs.__doc__ else ""))
        # several signatures, or none
        if not said or name in ("sum", "prod", "log_softmax", "relu", "masked_fill", "index_put"):
            continue
        compared += 1
        # who has these is found out by trying, in test_in_place.py and test_cuda_api.py
        ours = (set(inspect.signature(function).parameters) - set(OTHER_ARGUMENTS.get(name, "").split())
                - {"out", "args", "pin_memory"})
        assert ours - set(re.findall(r"\w+", said)) == set(), name
    assert compared > 120


def by_name(code, torch):
    """The same call with every positional argument given by the name that PyTorch's functions tell to who
    overrides them; None if there is none."""
    from torch.overrides import get_testing_overrides
    *before, last = code.split("; ")
    call = ast.parse(last, mode="eval").body
    if not isinstance(call, ast.Call) or not call.args or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    place, _, name = ast.unparse(call.func).rpartition(".")
    method = not re.fullmatch(r"m(\.\w+)*", place)
    theirs = place_in(torch, name if method else f"{place}.{name}".removeprefix("m."))
    stand_in = get_testing_overrides().get(theirs) if callable(theirs) else None
    called = ([p.name for p in inspect.signature(stand_in).parameters.values()
               if p.kind is p.POSITIONAL_OR_KEYWORD][method:] if stand_in else [])
    if len(called) < len(call.args): return None
    call.keywords, call.args = [ast.keyword(key, a) for key, a in zip(called, call.args)] + call.keywords, []
    return "; ".join([*before, ast.unparse(call)])


def test_arguments_by_name():
    """Whatever can be given by name in PyTorch can be given by that name here."""
    torch = pytest.importorskip("torch")
    forms = {}
    for code in (code for name in CODES if not draws.is_random(name) for code in CODES[name]):
        if not (named_code := by_name(code, torch)) or isinstance(beside.run(code, en), Exception): continue
        form = re.sub(r"\b(\w+)=", r" \1 ",
                      named_code).split(" ")[0], tuple(re.findall(r"\b(\w+)=(?!=)", named_code))
        if form not in forms and not isinstance(beside.run(named_code, torch), Exception):
            forms[form] = named_code
    refused = [f"{code}: {said}" for code in forms.values()
               if isinstance(said := beside.run(code, en), Exception)]
    assert len(forms) > 1000 and refused == []


def test_numpys_names_for_arguments():
    """`axis` for `dim`, `keepdims` for `keepdim`, `x` or `a` for `input`, wherever PyTorch takes them."""
    torch = pytest.importorskip("torch")
    found = [re.sub(r"\bdim=", "axis=", code).replace("keepdim=", "keepdims=") for codes in CODES.values()
             for code in codes if re.search(r"\b(keep)?dim=", code) and not re.search("rand|size\\(", code)]
    found += ["m.softmax(x=x, axis=1)",
              "m.sum(a=x)",
              "m.sum(x, axis=(0, 1), keepdims=True)",
              "m.cat([x, y], axis=1)",
              "x.cumsum_(axis=0); x",
              "m.max(x, axis=1)",
              "m.sum(x, axis=0, out=m.zeros(3))",
              "x.squeeze(axis=0)",
              "m.stack([x, y], axis=2)"]
    taken = [code for code in dict.fromkeys(found) if not isinstance(beside.run(code, torch), Exception)]
    assert len(taken) > 100 and unexplained(beside.differences(taken, torch)) == []


def test_namespaces_hold_what_is_registered():
    """`edunets.linalg` imports each function whose name in the registry begins so, and no other."""
    registered = {name.partition(".")[2] for name in FUNCTIONS if name.startswith("linalg.")}
    public = {name for name, value in vars(en.linalg).items()
              if inspect.isfunction(value) and not name.startswith("_")}
    assert public == registered
    assert [name for name in vars(en) if "." in name] == []


def test_no_module_bears_the_name_of_a_function():
    modules = [name for _, name, _ in pkgutil.walk_packages(en.__path__, "edunets.")]
    # these are PyTorch's files
    leaves = {name.rsplit(".", 1)[-1] for name in modules if not name.startswith("edunets.nn.modules.")}
    found = {name: getattr(en, name) for name in dir(en)}
    public = set(FUNCTIONS) | {name for name, value in found.items()
                               if inspect.isfunction(value) or inspect.isclass(value)}
    assert leaves & public == set()
    for name in modules:
        parent, _, leaf = name.rpartition(".")
        package, module = importlib.import_module(parent), importlib.import_module(name)
        assert getattr(package, leaf) is module, f"{name} is hidden"
        if not name.startswith("edunets.nn.modules."):
            assert inspect.ismodule(getattr(en.autograd, leaf, module)), f"en.autograd.{leaf}, and {name}"


def test_what_a_chapter_defines_is_what_users_call():
    "`en.sort is edunets.composites.sort`: nothing is replaced later. A name may stand for another place's function (`linalg.det`)."
    published = set(map(id, FUNCTIONS.values()))
    for name, function in FUNCTIONS.items():
        if "." in name or name.endswith("_"): continue
        here = vars(sys.modules[inspect.unwrap(function).__globals__["__name__"]]).get(name, function)
        assert id(here) in published, name
        assert getattr(en, name) is function, name
    assert en.sort is en.composites.sort and en.sort is en.Tensor.sort


TWICE = {      # reason: names that two modules may define
    "PyTorch has it in `torch` and in `nn.functional`": "celu embedding log_softmax selu softmax threshold",
    "PyTorch has it in `torch` and in `linalg`": "cross diagonal matmul matrix_power norm vander",
    "PyTorch has it in `torch`, and as an old name in `nn.init`": "eye normal",
    "PyTorch has it in `nn.utils.parametrizations`, and as an old name in `nn.init`": "orthogonal",
    "PyTorch has it in `torch`, and as a constraint of a distribution": "one_hot positive",
    "the column of the table, and PyTorch's function of `autograd.functional`": "vjp",
    "PyTorch has it in `cuda` and in `mps`": "device_count empty_cache is_available synchronize",
    "PyTorch has it in `torch` and in `cuda`": "get_rng_state initial_seed manual_seed seed set_rng_state",
}


def defined(node):
    "The names that a statement of a module gives, methods of a class that `@patch` adds left out."
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        patched = any(isinstance(d, ast.Name) and d.id == "patch" for d in node.decorator_list)
        return [] if patched else [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    if not isinstance(node, (ast.Assign, ast.AnnAssign)): return []
    return [part.id for target in targets for part in ast.walk(target)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


@pytest.fixture(scope="module")
def definitions():
    "{name: modules that define it}, of the whole package."
    found = {}
    for path in sorted(Path(en.__path__[0]).rglob("*.py")):
        if path.name in ("__init__.py", "_modidx.py"): continue
        module = ".".join(("edunets", *path.relative_to(en.__path__[0]).with_suffix("").parts))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for name in defined(node):
                if not name.startswith("__"): found.setdefault(name, set()).add(module)
    return found


def test_no_name_has_two_meanings(definitions):
    "Who greps for a name finds one thing. What two modules define has a reason."
    twice = {name for name, modules in definitions.items() if len(modules) > 1}
    allowed = [name for names in TWICE.values() for name in names.split()]
    assert sorted(twice) == sorted(allowed)


def test_no_helper_bears_the_name_of_a_public_function(definitions):
    public = {}
    for key, function in itertools.chain(*(space.items() for space in (
            FUNCTIONS, vars(en.nn.init), vars(en.nn.utils.parametrizations), vars(en.cuda),
            vars(en.mps)))):
        if inspect.isfunction(function):
            public.setdefault(key.rpartition(".")[2], set()).add(inspect.unwrap(function))
    helpers = {name for name in definitions.keys() & public for module in definitions[name]
               if inspect.isfunction(value := getattr(importlib.import_module(module), name))
               and inspect.unwrap(value) not in public[name]}
    assert helpers == set()


def test_out_is_given_where_a_function_is_published():
    "`out=` is no parameter of functions: who publishes one asks for it. Three have it themselves, each for its reason."
    found = []
    for path in sorted(Path(en.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)):
                defaults = [*reversed(list(zip(reversed(node.args.args), reversed(node.args.defaults)))),
                            *zip(node.args.kwonlyargs, node.args.kw_defaults)]
                if any(p.arg == "out" and isinstance(value, ast.Constant) and value.value is None
                       for p, value in defaults):
                    found.append(f"{path.stem}.{getattr(node, 'name', 'lambda')}")
    assert sorted(found) == [
        "activations.normalize",                # PyTorch takes it by position there
        "names.function", "names.function",     # of unary and binary, which are their own border: a call less
        "names.run",                            # what gives it to all others
    ]
