"""Samples of the elementwise family."""
import numpy as np

from calls import INTEGERS, PAIRS, binary, unary
from arrays import apart, binary as operands, inside, normal, positive, unary as one, whole

FLOATS = [pair for pair in PAIRS if not set(pair) & set("bi")]

ROWS = {
    **{row: one(normal) for row in ("asinh", "erfc")},
    "acosh": [((1 + positive(2, 3),), {}), ((2 + positive(3),), {})],
    "atanh": one(inside),
    **{row: one(positive) + [((-apart(4) - 5.3,), {})] for row in ("lgamma", "digamma")},
    "polygamma": [((positive(2, 3),), {"n": 1}), ((-1.3 - positive(3) / 5,), {"n": 2}), ((positive(),), {"n": 3})],
    **{row: operands(normal) for row in ("hypot", "logaddexp", "logaddexp2", "copysign")},
    "xlogy": operands(positive)[:2],
    "logit": [((inside(2, 3) / 2 + 0.5,), {"low": 0.0, "high": 1.0, "outside": np.nan}), ((inside(3) / 4 + 0.5,), {"low": 0.01, "high": 0.99, "outside": 0.0})],
    **{row: [((whole(6), whole(6)), {}), ((whole(2, 1), whole(3)), {})] for row in ("gcd", "lcm")},
}

NAMES = {
    **{name: unary(name) for name in "asinh acosh atanh arcsin arccos arctan arcsinh arccosh arctanh fix frac sinc erfc deg2rad rad2deg sgn lgamma digamma".split()},
    **{name: binary(name) for name in "arctan2 subtract divide xlogy float_power".split()},
    **{name: binary(name, FLOATS) for name in "hypot logaddexp logaddexp2 copysign fmax fmin".split()},
    **{name: binary(name, INTEGERS) for name in ("gcd", "lcm")},
    "clip": ["x.clip(0.2, 0.4)", "x.clip(min=0.3)", "x.clip()", "i.clip(0, 2)", "x.clip_(0.2, 0.4); x", "m.clip(x, y, y + 1)"],
    "clamp_min": ["x.clamp_min(0.3)", "m.clamp_min(x, y)", "i.clamp_min(1)", "x.clamp_min_(0.3); x", "n.clamp_min(0)"], "clamp_max": ["x.clamp_max(0.3)", "m.clamp_max(x, y)", "i.clamp_max(1)", "x.clamp_max_(0.3); x"],
    "polygamma": ["m.polygamma(2, m.tensor([math.inf]))", "y.abs().polygamma(2)", "y.abs().polygamma_(2)", "m.polygamma(1, y.abs())", "m.polygamma(0, y)", "m.polygamma(1, d)", "m.polygamma(1, i.abs() + 1)", "m.polygamma(1, m.tensor([0.1, 5., 30., -0.5]))", "m.polygamma(2, y.abs() + 1)", "m.polygamma(4, d)", "m.polygamma(-1, x)"],
    "logit": unary("logit") + ["m.logit(x, 0.2)", "m.logit(m.tensor([0., 1., 0.5]))", "m.logit(m.tensor([0., 1., 0.5]), eps=1e-3)", "x.logit(eps=0.4)"],
    "positive": ["m.positive(x)", "i.positive()", "b.positive()"], "signbit": ["m.signbit(v)", "n.signbit()", "i.signbit()", "u.signbit()", "h.signbit()", "b.signbit()", "m.signbit(x, out=m.zeros(2, 3).bool())"],
    "lerp": ["m.lerp(x, y, 0.3)", "m.lerp(x, y, 0.7)", "x.lerp(y, x)", "x.lerp_(y, 0.5); x", "m.lerp(x, y, y)", "m.lerp(x, y[0], 0.25)", "m.lerp(x, y, 0.5, out=m.zeros(2, 3))"],
    "addcmul": ["m.addcmul(x, y, y)", "x.addcmul(y, y, value=0.5)", "i.addcmul(i, i)", "x.addcmul_(y, y, value=-1); x", "m.addcmul(x, y[0], y)", "i.addcmul(i, i, value=2)"],
    "addcdiv": ["m.addcdiv(x, y, y)", "x.addcdiv(y, y * 2, value=0.5)", "i.addcdiv(i, i)", "x.addcdiv_(y, y, value=-1); x", "x.addcdiv(i[:3], y)"],
    "heaviside": ["m.heaviside(v, s)", "v.heaviside(v)", "i.heaviside(k)", "i.heaviside(s)", "n.heaviside(s)", "v.heaviside_(s); v"],
    "nan_to_num": ["n.nan_to_num()", "n.nan_to_num(1.5)", "n.nan_to_num(nan=2, posinf=3, neginf=-3)", "i.nan_to_num()", "n.double().nan_to_num()", "n.half().nan_to_num()", "n.nan_to_num_(); n", "m.nan_to_num(n, posinf=1.)"],
    "ldexp": ["m.ldexp(x, i[:3])", "x.ldexp(m.tensor(3))", "m.ldexp(i, k)", "m.ldexp(x, y)", "x.ldexp_(k); x"],
    **{name: [f"m.{name}({a})" for a in "nxiubdh"] + [f"n.{name}()"] for name in ("isposinf", "isneginf", "isreal")},
    "isclose": ["m.isclose(x, y)", "m.isclose(x, x + 1e-7)", "m.isclose(n, n)", "m.isclose(n, n, equal_nan=True)", "m.isclose(i, i + 1)", "m.isclose(i, i + 1, atol=1)", "x.isclose(x * 1.1, rtol=0.2)", "m.isclose(x, d)", "m.isclose(x, x[0])", "b.isclose(b)", "e.isclose(e)"],
    "allclose": ["m.allclose(x, y)", "m.allclose(x, x + 1e-9)", "x.allclose(x * 1.1, rtol=0.2)", "m.allclose(n, n, equal_nan=True)", "m.allclose(x, d)", "e.allclose(e)"],
    "equal": ["m.equal(x, y)", "x.equal(x)", "x.equal(v)", "n.equal(n)", "i.equal(i.int())", "e.equal(e)", "x.equal(x.double())"],
    "celu": ["m.celu(v)", "m.celu(v, 0.5)", "m.celu(x, alpha=2.)", "m.celu(d)"], "selu": ["m.selu(v)", "m.selu(d)", "m.selu(n[:5])"], "threshold": ["m.threshold(v, 0.1, 7)", "m.threshold(x, 0.3, 0.)", "m.threshold(i, 1, 0)"],
    "prelu": ["m.prelu(v, s.reshape(1))", "m.prelu(y, m.tensor([0.1, 0.2, 0.3]))", "c.prelu(m.tensor([0.1, 0.2, 0.3]))", "y.prelu(s)"], "hardshrink": ["m.hardshrink(v)", "v.hardshrink(1.)", "n.hardshrink()", "m.hardshrink(x, lambd=0.3)"],
    "is_floating_point": ["m.is_floating_point(x)", "i.is_floating_point()"], "is_complex": ["m.is_complex(x)", "i.is_complex()"], "is_signed": ["m.is_signed(u)", "i.is_signed()", "b.is_signed()"],
    "is_nonzero": ["m.is_nonzero(s)", "m.is_nonzero(x)", "b[1].is_nonzero()", "e.is_nonzero()"], "is_same_size": ["m.is_same_size(x, y)", "x.is_same_size(s)"],
}

DIFFERENCES = [
    (r"polygamma_?\(.*0\.0.* for .*nan", "edunets gives 0 for the derivatives of digamma at infinity, their limit; PyTorch's series gives NaN."),
    (r"gamma.*inf.* for .*e\+3\d", "edunets gives infinity at a pole; PyTorch gives a very large number."),
    (r"polygamma\(1, (d|y\.abs\(\))\)", "PyTorch's second derivative of `lgamma` is right to nine digits only; edunets has more."),
    (r"ldexp.*gradient 1", "PyTorch's gradient of `ldexp` cuts 2 to a negative power to an integer, 0; edunets keeps the fraction."),
    (r"(selu|prelu)\(.*gradient 2", "At the kink 0 edunets takes the second derivative of the left side; PyTorch takes 0."),
]
