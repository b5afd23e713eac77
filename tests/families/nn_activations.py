"""Samples of the activations and of dropout: nbs/nn/activations.ipynb, nbs/nn/dropouts.ipynb."""
from arrays import apart, normal, unary

APART = [((apart(3, 4),), {}), ((apart(),), {})]


def with_params(samples, *options): return [(args, params) for args, _ in samples for params in options]


ROWS = {
    "elu": with_params(APART, {"alpha": 1.0, "scale": 1.0, "inner": 1.0},
                       {"alpha": 0.5, "scale": 1.3, "inner": 2.0},
                       {"alpha": -0.7, "scale": 1.0, "inner": -0.4}),
    "leaky_relu": with_params(APART, {"slope": 0.01}, {"slope": 1.5}, {"slope": 0.0}),
    "hardtanh": with_params(APART, {"low": -1.0, "high": 1.0}, {"low": 0.0, "high": 6.0}),
    "softplus": with_params(unary(normal), {"beta": 1.0, "threshold": 20.0}, {"beta": 2.0, "threshold": 0.5}),
    **{row: unary(normal) for row in ("log_sigmoid", "mish", "gelu_tanh")},
}

# letters of beside.INPUTS: floats of every kind, none at all, NaN, integers, bools, views
VALUES = "vxsenzdhibutw"
WIDE = "m.linspace(-40, 40, 33)"


def calls(name, *options, values=VALUES, extra=()):
    "A function on every kind of input, and with each of some options."
    f = f"m.nn.functional.{name}"
    return ([f"{f}({a})" for a in (*values, WIDE)]
            + [f"{f}({a}, {o})" for o in options for a in ("v", "x", "d", WIDE)]
            + [f"{f}({a})" for a in extra] + [f"{f}(2)"])


def writing(name, options=""):
    "A function that can work in place: the result is its input, which has changed."
    f = f"m.nn.functional.{name}"
    return [f"a = {f}(x{options}, inplace=True); (a, x, a is x)",
            f"{f}(t{options}, inplace=True); t",
            f"a = m.ones(2, requires_grad=True); {f}(a{options}, inplace=True)"]


def in_place(name, *options, method=""):
    f = f"m.nn.functional.{name}"
    return ([f"a = {f}(x); (a, x, a is x)", f"{f}(y[0]); y", f"{f}(h); h", f"{f}(t); t"]
            + [f"{f}(v, {o}); v" for o in options])


def quiet(name):
    return [f"m.nn.functional.{name}({a})"
            for a in ("x, 0.3, False", "c, 0.5, training=False", "x, training=False, inplace=True",
                      "x, 0, True", "x, -0.1", "x, 1.5", "x, p=1.0, training=True", "e, 0.5, True",
                      "i, 0.5, False", "i, 0.5, True", "c, 0.5, True)[:0].sum(")]


NAMES = {f"nn.functional.{name}": samples for name, samples in {
    "relu": calls("relu") + writing("relu"),
    "leaky_relu": calls("leaky_relu", "0.2", "negative_slope=1.5", "0.") + writing("leaky_relu")
    + writing("leaky_relu", ", 0.3"),
    "elu": calls("elu", "0.5", "alpha=2.", "-1.") + writing("elu"),
    "selu": calls("selu") + writing("selu"),
    "celu": calls("celu", "0.5", "alpha=2.", "-2.", "0.") + writing("celu"),
    # what PyTorch's `gelu` makes of infinity depends on the processor
    "gelu": calls("gelu", "approximate='tanh'", "approximate='none'",
                  values=["n[3:]" if a == "n" else a for a in VALUES],
                  extra=("x, approximate='sigmoid'", "x, 'tanh'")),
    "silu": calls("silu") + writing("silu"), "mish": calls("mish") + writing("mish"),
    "softplus": calls("softplus", "2", "0.5, 1", "beta=3, threshold=2", "-1", "threshold=0"),
    "logsigmoid": calls("logsigmoid"),
    "sigmoid": calls("sigmoid")[:-1],
    "tanh": calls("tanh")[:-1],
    "softsign": calls("softsign")[:-1],
    "tanhshrink": calls("tanhshrink")[:-1],
    "hardtanh": calls("hardtanh", "-0.5, 0.5", "min_val=0.2", "0, 1",
                      extra=("x, 1, -1", "i, -1.5, 1.5", "u, 0, 5", "u", "x, 0.3, 0.3"))
    + writing("hardtanh"), "relu6": calls("relu6") + writing("relu6"),
    "hardsigmoid": calls("hardsigmoid") + writing("hardsigmoid"),
    "hardswish": calls("hardswish") + writing("hardswish"),
    "hardshrink": calls("hardshrink", "0.2", "lambd=1."),
    "softshrink": calls("softshrink", "0.2", "lambd=1.", "0", "-1."),
    "threshold": [f"m.nn.functional.threshold({a}, 0.1, 7.)" for a in VALUES]
    + ["m.nn.functional.threshold(v, 1, 0, inplace=True); v",
       "m.nn.functional.threshold(v, value=2., threshold=0.)"],
    "rrelu": calls("rrelu", "0.1, 0.2", "0.25, 0.25, True", "lower=0.3",
                   extra=("x, 0.5, 0.1", "x, 0.5, 0.1, True", "v, 0.1, 0.3, True).shape or (1",
                          "v.abs(), training=True")) + writing("rrelu"),
    "prelu": ["m.nn.functional.prelu(v, s)",
              "m.nn.functional.prelu(c, v[:3])",
              "m.nn.functional.prelu(s, v[:1])",
              "m.nn.functional.prelu(v, v)",
              "m.nn.functional.prelu(x, v[:2])",
              "m.nn.functional.prelu(x, x)",
              "m.nn.functional.prelu(x, d[:1])",
              "m.nn.functional.prelu(c - 12, y[0])"],
    "leaky_relu_": in_place("leaky_relu_", "0.3"),
    "elu_": in_place("elu_", "0.5"),
    "hardtanh_": in_place("hardtanh_", "-0.2, 0.3"),
    "rrelu_": in_place("rrelu_", "0.2, 0.2, True"),
    "relu_": in_place("relu_"),
    "selu_": in_place("selu_"),
    "celu_": in_place("celu_", "0.5"),
    "threshold_": ["m.nn.functional.threshold_(x, 0.3, 2.); x", "m.nn.functional.threshold_(t, 0.3, 2.); t"],
    **{name: calls(name, "-1", "dim=0", "2", "-1, dtype=m.float64", values="vxsenzdht")[:-1]
       + [f"m.nn.functional.{name}(c)",
          f"m.nn.functional.{name}(c, 1)",
          f"m.nn.functional.{name}(m.ones(1, 2, 3, 4))"] for name in ("softmax", "softmin", "log_softmax")},
    "glu": [f"m.nn.functional.glu({a})"
            for a in ("v", "c", "x, 0", "x", "s", "v, 1", "c, dim=-1", "d", "h", "i", "z",
                      "m.linspace(-40, 40, 32)")],
    "gumbel_softmax": ["m.nn.functional.gumbel_softmax(x).sum(-1)",
                       "m.nn.functional.gumbel_softmax(x, hard=True, dim=0).sum(0)",
                       "m.nn.functional.gumbel_softmax(m.tensor([0., 1000.]), 0.5, True)",
                       "m.nn.functional.gumbel_softmax(d, 2, eps=1e-3).shape",
                       "m.nn.functional.gumbel_softmax(i)",
                       "m.nn.functional.gumbel_softmax(x, dim=2)",
                       "m.nn.functional.gumbel_softmax(h).dtype"],
    "normalize": [f"m.nn.functional.normalize({a})"
                  for a in ("x", "y, 1", "y, p=3, dim=0", "y, math.inf", "c", "c, dim=(0, 2)",
                            "c, dim=-1, eps=10.", "v", "v, dim=0", "x * 0", "x * 1e-20", "d, dim=0",
                            "h, dim=0", "g", "x, out=m.zeros(2, 3)", "z", "s, dim=0")],
    **{name: quiet(name)
       for name in ("dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d",
                    "dropout3d")},
}.items()}
NAMES["nn.functional.feature_alpha_dropout"] += ["m.nn.functional.feature_alpha_dropout(v, 0.5, True)",
                                                 "m.nn.functional.feature_alpha_dropout(v, 0.5, False)"]
NAMES["nn.functional.dropout1d"] += ["m.nn.functional.dropout1d(v)",
                                     "m.nn.functional.dropout1d(m.ones(1, 2, 3, 4))",
                                     "m.nn.functional.dropout1d(x, 1.)"]
NAMES["nn.functional.dropout2d"] += ["m.nn.functional.dropout2d(v)",
                                     "m.nn.functional.dropout2d(v, training=False)",
                                     "m.nn.functional.dropout2d(m.ones(1, 2, 3, 4), 1.)"]
NAMES["nn.functional.dropout3d"] += ["m.nn.functional.dropout3d(v, 1.)",
                                     "m.nn.functional.dropout3d(m.ones(1, 2, 3, 4, 5), 1.)",
                                     "m.nn.functional.dropout3d(m.ones(1, 2, 3, 4), 1.)"]

DIFFERENCES = [
    (r"hardsigmoid.*gradient 1",
     "PyTorch's slope is 1/6 in single precision, in float64 too; edunets takes 1/6 in float64."),
    (r"softplus\(v, threshold=0\): gradient 2",
     "Just at the threshold edunets takes the second derivative of the left side; PyTorch says 0."),
]

INPUTS = ("r(5, 4)", "r(3)", "r()", "r(2, 3, 4) * 10", "r(0, 4)", "r(5, 4).double()",
          "r(5, 4).half().detach()", "r(4, 5).t()")


def layer(*makes, inputs=INPUTS, more=()):
    "Each way to make a layer, on several inputs; what its result is called on the tape; integers."
    return ([f"m.nn.{make} | f({x})" for make in makes for x in inputs]
            + [f"m.nn.{makes[0]} | f(r(4, 4)).grad_fn.name()",
               f"m.nn.{makes[0]} | f.eval(); f(r(5, 4))",
               *(f"m.nn.{case}" for case in more)])


def written(*makes):
    "Layers in place: of a result, of a leaf, of a view."
    return [case for make in makes
            for case in (f"m.nn.{make} | x = r(5, 4) * 1; y = f(x); (y, x, y is x)",
                         f"m.nn.{make} | f(r(5, 4))", f"m.nn.{make} | x = r(5, 4) * 1; f(x[1]); x")]


def dropout(name, inputs):
    """Outside of training, with nothing and with all dropped; random masks are looked at in
    tests/test_dropouts.py."""
    return ([f"m.nn.{make} | f.eval(); f({x})"
             for make in (f"{name}()", f"{name}(0.2, inplace=True)", f"{name}(p=1)") for x in inputs]
            + [*(f"m.nn.{make} | f({x})" for make in (f"{name}(0)", f"{name}(1.0)") for x in inputs),
               *(f"m.nn.{name}({p}) | f(r(2, 3))" for p in ("-0.1", "1.1", "'a'", "1, True")),
               f"m.nn.{name}(1.0, inplace=True) | x = {inputs[0]} * 1; y = f(x); (y, x)"])


MODULES = {
    "Identity": ["m.nn.Identity() | f(r(5, 4))",
                 "m.nn.Identity(3, a=2) | f(r(5, 4))",
                 "m.nn.Identity() | f(m.arange(3))"],
    "ReLU": layer("ReLU()", "ReLU(False)") + written("ReLU(True)", "ReLU(inplace=True)")
    + ["m.nn.ReLU() | f(m.arange(6) - 3)"],
    "ReLU6": layer("ReLU6()") + written("ReLU6(True)") + ["m.nn.ReLU6() | f(m.arange(9) - 1)"],
    "LeakyReLU": layer("LeakyReLU()", "LeakyReLU(0.2)", "LeakyReLU(negative_slope=1.5)", "LeakyReLU(0)")
    + written("LeakyReLU(0.1, True)") + ["m.nn.LeakyReLU() | f(m.arange(6))"],
    "PReLU": layer("PReLU()", "PReLU(init=0.5)", "PReLU(1, 0.1)", "PReLU(4)", "PReLU(3, dtype=m.float64)",
                   "PReLU(3, device='cpu')",
                   more=("PReLU(4) | f(r(2, 4, 3))", "PReLU(4) | f(r(2, 4, 3, 2))",
                         "PReLU() | f.double()(r(5, 4).double())", "PReLU(1) | f.weight")),
    "RReLU": [f"m.nn.{make} | f.eval(); f({x})"
              for make in ("RReLU()", "RReLU(0.1, 0.3)", "RReLU(lower=0.2)") for x in INPUTS]
    + ["m.nn.RReLU(0.25, 0.25) | f(r(5, 4))",
       "m.nn.RReLU() | f(r(5, 4).abs())",
       "m.nn.RReLU() | f(r(5, 4)).grad_fn.name()",
       "m.nn.RReLU(0.3, 0.1) | f(r(5, 4))",
       "m.nn.RReLU(inplace=True) | f.eval(); x = r(5, 4) * 1; y = f(x); (y, x, x is y)"],
    "ELU": layer("ELU()", "ELU(0.5)", "ELU(alpha=2.0)", "ELU(-1.0)") + written("ELU(1.0, True)")
    + ["m.nn.ELU() | f(m.arange(6))"],
    "SELU": layer("SELU()") + written("SELU(True)"),
    "CELU": layer("CELU()", "CELU(0.5)", "CELU(alpha=2.0)", "CELU(0)") + written("CELU(1.0, True)"),
    "GELU": layer("GELU()", "GELU('tanh')", "GELU(approximate='none')", "GELU('x')",
                  more=("GELU('tanh') | f(r(4, 4)).grad_fn.name()",)),
    "SiLU": layer("SiLU()") + written("SiLU(True)"), "Mish": layer("Mish()") + written("Mish(True)"),
    "Sigmoid": layer("Sigmoid()", "Sigmoid(1)"),
    "LogSigmoid": layer("LogSigmoid()"),
    "Tanh": layer("Tanh()"),
    "Tanhshrink": layer("Tanhshrink()"),
    "Softsign": layer("Softsign()"),
    "Hardtanh": layer("Hardtanh()", "Hardtanh(-2, 2)", "Hardtanh(min_val=0.5)", "Hardtanh(1, 1)",
                      "Hardtanh(1, -1)", "Hardtanh(min_value=-2.)", "Hardtanh(max_value=0.5)")
    + written("Hardtanh(-1, 1, True)") + ["m.nn.Hardtanh() | f(m.arange(6) - 3)"],
    "Hardsigmoid": layer("Hardsigmoid()") + written("Hardsigmoid(True)"),
    "Hardswish": layer("Hardswish()") + written("Hardswish(True)"),
    "Hardshrink": layer("Hardshrink()", "Hardshrink(0.2)", "Hardshrink(lambd=1)"),
    "Softshrink": layer("Softshrink()", "Softshrink(0.2)", "Softshrink(lambd=1)", "Softshrink(-1)"),
    "Softplus": layer("Softplus()", "Softplus(2)", "Softplus(0.5, 1)", "Softplus(beta=3, threshold=2)"),
    "Threshold": layer("Threshold(0.1, 20)", "Threshold(0.5, 0.0)", "Threshold(value=1., threshold=-1.)",
                       "Threshold()") + written("Threshold(0.1, 2, True)"),
    "GLU": layer("GLU()", "GLU(0)", "GLU(dim=1)",
                 inputs=("r(4, 6)", "r(2, 4, 6)", "r(6)", "r(3, 3)", "r()", "r(4, 6).double()")),
    **{name: layer(f"{name}()", f"{name}(1)", f"{name}(dim=-1)", f"{name}(0)",
                   more=(f"{name}() | f(r(2, 3, 4, 5))",)) for name in ("Softmax", "Softmin", "LogSoftmax")},
    "Softmax2d": ["m.nn.Softmax2d() | f(r(2, 3, 4, 5))",
                  "m.nn.Softmax2d() | f(r(3, 4, 5))",
                  "m.nn.Softmax2d() | f(r(4, 5))",
                  "m.nn.Softmax2d() | f(r(2, 3, 4, 5).double())"],
    "Dropout": dropout("Dropout", ("r(5, 4)", "r(3)", "r(2, 3, 4)", "r(0, 4)")),
    "AlphaDropout": dropout("AlphaDropout", ("r(5, 4)", "r(3)", "r(2, 3, 4)")),
    "FeatureAlphaDropout": dropout("FeatureAlphaDropout", ("r(2, 3, 4)", "r(5, 4)", "r(3)")),
    "Dropout1d": dropout("Dropout1d", ("r(2, 3, 4)", "r(3, 4)", "r(4)", "r(1, 2, 3, 4)")),
    "Dropout2d": dropout("Dropout2d", ("r(2, 3, 4, 5)", "r(3, 4, 5)", "r(3, 4)", "r(4)")),
    "Dropout3d": dropout("Dropout3d", ("r(2, 3, 4, 5, 2)", "r(3, 4, 5, 2)", "r(3, 4)")),
}

MODULE_DIFFERENCES = [(r"^m.nn.Dropout[13]d\(0.2, inplace=True\) \| f.eval\(\); f\(r\(3",
                       "outside of training nothing is written, so nothing is refused; PyTorch adds the "
                       "missing batch dimension in place first")]
