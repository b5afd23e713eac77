"""edunets.nn.init: against theory, against PyTorch, and whether the report says the truth."""
import inspect
import itertools
import math
import warnings

import numpy as np
import pytest

import edunets as en
from edunets.nn import init, reports
from edunets.nn.module import INITS, Parameter, fans, initialize
from test_foundations import host, there

try: import torch
except ImportError: torch = None
beside_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")


# Against theory

DRAWS = {
    "uniform_": (lambda w: init.uniform_(w, -1, 3), -1, 3, 1, 16 / 12),
    "normal_": (lambda w: init.normal_(w, 2, 0.5), -9, 9, 2, 0.25),
    "xavier_uniform_": (lambda w: init.xavier_uniform_(w, 2), -2 * math.sqrt(6 / 900), 2 * math.sqrt(6 / 900),
                        0, 4 * 2 / 900), "xavier_normal_": (init.xavier_normal_, -9, 9, 0, 2 / 900),
    "kaiming_uniform_": (lambda w: init.kaiming_uniform_(w, nonlinearity="relu"), -math.sqrt(6 / 400),
                         math.sqrt(6 / 400), 0, 2 / 400),
    "kaiming_normal_": (lambda w: init.kaiming_normal_(w, 0.5, "fan_out"), -9, 9, 0, 2 / 1.25 / 500),
    "lecun_uniform_": (init.lecun_uniform_, -math.sqrt(3 / 400), math.sqrt(3 / 400), 0, 1 / 400),
    "lecun_normal_": (init.lecun_normal_, -9, 9, 0, 1 / 400),
    "orthogonal_": (lambda w: init.orthogonal_(w, 3), -3, 3, 0, 9 / 500),
    "sparse_": (lambda w: init.sparse_(w, 0.3, 0.1), -9, 9, 0, 0.01 * 0.7),
    "trunc_normal_": (lambda w: init.trunc_normal_(w, 1, 2, -1, 2), -1, 2, *init.truncated(1, 2, -1, 2)[1:]),
    "trunc_normal_ of a tail": (lambda w: init.trunc_normal_(w, 0, 1, 1.5, 4), 1.5, 4,
                                *init.truncated(0, 1, 1.5, 4)[1:]),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("dtype", [en.float32, en.float64])
def test_bounds_mean_and_variance(name, dtype):
    draw, low, high, mean, variance = DRAWS[name]
    en.manual_seed(5)
    w = en.empty(500, 400, dtype=dtype)
    assert draw(w) is w
    numbers = w.double().numpy().ravel()
    off = numbers - numbers.mean()
    assert low <= numbers.min() and numbers.max() <= high
    assert abs(numbers.mean() - mean) < 4.5 * math.sqrt(variance / numbers.size)
    assert abs((off ** 2).mean() - variance) < 4.5 * math.sqrt(((off ** 4).mean() - variance ** 2)
                                                               / numbers.size)
    assert (math.isclose(w.filled.variance, variance, rel_tol=1e-9)
            and math.isclose(w.filled.mean, mean, abs_tol=1e-12))
    assert w.filled.scheme == name.split()[0] and w.filled.version == w._version


def test_fans_of_convolutions():
    w = en.empty(8, 4, 3, 5)
    assert (math.isclose(init.kaiming_normal_(w).filled.variance, 2 / (4 * 15))
            and math.isclose(init.kaiming_normal_(w, mode="FAN_OUT").filled.variance, 2 / (8 * 15)))
    assert math.isclose(init.xavier_normal_(w).filled.variance, 2 / (12 * 15))


@pytest.mark.parametrize("mean, std, a, b",
                         [(0, 1, -2, 2),
                          (0, 0.02, -2, 2),
                          (1, 2, -1, 0.5),
                          (0, 1, 2, 5),
                          (0, 1, -9, -4),
                          (3, 1, -1, 1),
                          (0, 1, 0, math.inf),
                          (0.3, 0.7, 0.299, 0.301)])
def test_truncated_moments(mean, std, a, b):
    """Against the closed formula, from the side where it does not cancel."""
    low, high = (a - mean) / std, (b - mean) / std
    share = ((math.erfc(low / math.sqrt(2)) - math.erfc(high / math.sqrt(2))) / 2 if low + high > 0
             else (math.erfc(-high / math.sqrt(2)) - math.erfc(-low / math.sqrt(2))) / 2)
    density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    edge = lambda z: 0.0 if math.isinf(z) else z * density(z)
    shift = (density(low) - density(high)) / share
    found = init.truncated(mean, std, a, b)
    assert (math.isclose(found[0], share, rel_tol=1e-9)
            and math.isclose(found[1], mean + std * shift, rel_tol=1e-9, abs_tol=1e-12))
    assert math.isclose(found[2], std ** 2 * (1 + (edge(low) - edge(high)) / share - shift ** 2),
                        rel_tol=1e-9, abs_tol=1e-12)


def test_truncated_far_out():
    """Where the closed formula has nothing left: an exponential tail."""
    share, mean, variance = init.truncated(0, 1, 50, 60)
    assert (share < 1e-300 and math.isclose(mean, 50 + 1 / 50, rel_tol=1e-4)
            and math.isclose(variance, 1 / 50 ** 2, rel_tol=1e-2))
    assert init.truncated(0, 1, 1, 1)[1:] == pytest.approx((1, 0), abs=1e-12)


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (1, 4), (6, 2, 3), (2, 3, 2, 2)])
@pytest.mark.parametrize("gain", [1, 0.5])
def test_orthogonal(shape, gain):
    w = init.orthogonal_(en.empty(*shape, dtype=en.float64), gain).reshape(shape[0], -1)
    product = w @ w.t() if w.shape[0] <= w.shape[1] else w.t() @ w
    assert en.allclose(product, gain ** 2 * en.eye(len(product), dtype=en.float64))


def test_orthogonal_has_no_preference():
    """Each entry of a matrix drawn with equal chance from all orthogonal ones is as often negative as
    positive."""
    en.manual_seed(0)
    mean = sum(init.orthogonal_(en.empty(4, 4)).sign() for _ in range(400)) / 400
    assert mean.abs().max() < 0.25


@pytest.mark.parametrize("sparsity", [0, 0.1, 0.5, 0.99, 1])
def test_sparse(sparsity):
    w = init.sparse_(en.empty(30, 20), sparsity)
    assert ((w == 0).sum(0) == math.ceil(sparsity * 30)).all()
    if sparsity in (0.1, 0.5): assert ((w == 0).sum(1) != (w == 0).sum(1)[0]).any()


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_passes_the_input_on(n, groups):
    x = en.randn(2, 4, *(5, 6, 7)[:n])
    w = init.dirac_(en.empty(4, 4 // groups, *[3] * n), groups)
    assert en.equal(getattr(en, f"conv{n}d")(x, w, padding=1, groups=groups), x)
    assert (math.isclose(w.filled.mean, w.mean().item(), rel_tol=1e-6)
            and math.isclose(w.filled.variance, w.var(correction=0).item(), rel_tol=1e-6))


def test_constants():
    w = en.empty(3, 5)
    assert ((init.constant_(w, 0.3) == 0.3).all() and (init.ones_(w) == 1).all()
            and (init.zeros_(w) == 0).all())
    assert en.equal(init.eye_(w), en.eye(3, 5)) and math.isclose(w.filled.mean, 3 / 15)


RANDOM = {"uniform_": (),
          "normal_": (),
          "trunc_normal_": (),
          "xavier_uniform_": (),
          "xavier_normal_": (),
          "kaiming_uniform_": (),
          "kaiming_normal_": (),
          "lecun_uniform_": (),
          "lecun_normal_": (),
          "orthogonal_": (),
          "sparse_": (0.5,)}


@pytest.mark.parametrize("name", RANDOM)
def test_generator(name):
    """A generator alone decides what is drawn; the default one does not move."""
    function, state = getattr(init, name), en.get_rng_state()
    a, b = (function(en.empty(6, 8), *RANDOM[name], generator=en.Generator().manual_seed(3))
            for _ in range(2))
    assert en.equal(a, b) and en.equal(en.get_rng_state(), state)
    assert not en.equal(a, function(en.empty(6, 8), *RANDOM[name], generator=en.Generator().manual_seed(4)))


@pytest.mark.parametrize("name", [*RANDOM, "eye_", "zeros_"])
def test_parameters_stay_leaves(name):
    p = Parameter(en.zeros(4, 6))
    before = p._version
    assert (getattr(init, name)(p, *RANDOM.get(name, ())) is p and p.is_leaf and p.requires_grad
            and p.grad_fn is None and p._version > before)


@pytest.mark.parametrize("name", [*RANDOM, "eye_"])
def test_a_view_is_filled_in_place(name):
    base = en.full((6, 4), math.nan)
    getattr(init, name)(base.t(), *RANDOM.get(name, ()))
    assert not base.isnan().any()


@pytest.mark.parametrize("name", ["uniform_", "normal_", "trunc_normal_", "kaiming_normal_", "lecun_normal_"])
def test_half(name):
    w = getattr(init, name)(en.empty(200, 200, dtype=en.float16))
    assert w.dtype is en.float16 and abs(w.float().var().item() / w.filled.variance - 1) < 0.05


# Against PyTorch

@beside_torch
def test_all_names_and_signatures():
    for name in torch.nn.init.__all__:
        ours, theirs = (inspect.signature(getattr(m, name)).parameters.values()
                        for m in (init, torch.nn.init))
        assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind)
                                                               for p in theirs], name


@beside_torch
def test_gains():
    for name, param in [*itertools.product([*init.GAINS, "leaky_relu"], [None]),
                        ("leaky_relu", 0.2),
                        ("leaky_relu", 3),
                        ("leaky_relu", math.sqrt(5)),
                        ("tanh", 0.2)]:
        assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


ERRORS = ["calculate_gain('gelu')",
          "calculate_gain('leaky_relu', True)",
          "calculate_gain('leaky_relu', '1')",
          "kaiming_uniform_(m.empty(3, 3), mode='fan')",
          "kaiming_uniform_(m.empty(3))",
          "kaiming_normal_(m.empty(3, 3), nonlinearity='gelu')",
          "xavier_uniform_(m.empty(3))",
          "xavier_normal_(m.empty(()))",
          "eye_(m.empty(3))",
          "eye_(m.empty(3, 3, 3))",
          "dirac_(m.empty(3, 3))",
          "dirac_(m.empty(1, 1, 1, 1, 1, 1))",
          "dirac_(m.empty(3, 3, 3), 2)",
          "orthogonal_(m.empty(3))",
          "sparse_(m.empty(3), 0.1)",
          "sparse_(m.empty(3, 3, 3), 0.1)",
          "uniform_(m.empty(3), 2, 1)",
          "normal_(m.empty(3), 0, -1)",
          "trunc_normal_(m.empty(3), 0, 0)",
          "xavier_normal_(m.empty(0, 0))"]


@beside_torch
@pytest.mark.parametrize("code", ERRORS)
def test_errors(code):
    with pytest.raises(Exception) as theirs: eval("m.nn.init." + code, {"m": torch})
    with pytest.raises(type(theirs.value)) as ours: eval("m.nn.init." + code, {"m": en})
    if isinstance(theirs.value, ValueError):
        assert str(ours.value).startswith(str(theirs.value)) and "Try: " in str(ours.value)


WARNINGS = ["kaiming_uniform_(m.empty(0, 3))",
            "kaiming_normal_(m.empty(3, 0))",
            "trunc_normal_(m.empty(3), 9)",
            "trunc_normal_(m.empty(3), -9, 2)",
            *(f"{name}(m.empty(4, 4, 3))"
              for name in ("uniform", "normal", "xavier_uniform", "xavier_normal", "kaiming_uniform",
                           "kaiming_normal", "orthogonal", "dirac")),
            "constant(m.empty(2), 1)", "eye(m.empty(2, 3))", "sparse(m.empty(2, 3), 0.5)"]


@beside_torch
@pytest.mark.parametrize("code", WARNINGS)
def test_warnings(code):
    said = []
    for m in (torch, en):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            shape = tuple(eval("m.nn.init." + code, {"m": m}).shape)
        said.append((shape, [(w.category, str(w.message)) for w in found]))
    assert all(w.filename == "<string>" for w in found)      # where the user stands
    assert said[0] == said[1] and said[0][1]


@beside_torch
@pytest.mark.parametrize("code",
                         ["eye_(m.empty(2, 3))",
                          "eye_(m.empty(3, 2))",
                          "dirac_(m.empty(6, 2, 3), 3)",
                          "dirac_(m.empty(2, 6, 3))",
                          "dirac_(m.empty(6, 2, 3, 4))",
                          "dirac_(m.empty(4, 3, 2, 3, 5), 2)",
                          "dirac_(m.empty(4, 9, 3, 3), 2)",
                          "dirac_(m.ones(2, 0, 3))",
                          "ones_(m.empty(2))",
                          "constant_(m.empty(2), 5)",
                                  "orthogonal_(m.ones(0, 3))",
                          "sparse_(m.empty(4, 3), 1.0)",
                          "sparse_(m.empty(4, 3), 2.0)"])
def test_the_same_numbers(code):
    ours, theirs = (eval("m.nn.init." + code, {"m": m}) for m in (en, torch))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def distance(a, b):
    """The largest difference of two empirical distribution functions, in units of what is surprising at 1
    in 1000 (Kolmogorov and Smirnov)."""
    a, b = np.sort(np.ravel(a)), np.sort(np.ravel(b))
    places = np.concatenate([a, b])
    gap = abs(np.searchsorted(a, places, side="right") / a.size - np.searchsorted(b, places, side="right")
              / b.size).max()
    return gap / (1.95 * math.sqrt(1 / a.size + 1 / b.size))


DISTRIBUTIONS = ["uniform_(w)",
                 "uniform_(w, -3, 1)",
                 "normal_(w, 1, 2)",
                 "trunc_normal_(w)",
                 "trunc_normal_(w, 1, 2, -1, 2)",
                 "trunc_normal_(w, 0, 1, 1, 3)",
                 "trunc_normal_(w, 0, 0.02)",
                 "xavier_uniform_(w, 2.)",
                 "xavier_normal_(w)",
                 "kaiming_uniform_(w)",
                 "kaiming_uniform_(w, math.sqrt(5))",
                 "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
                 "kaiming_uniform_(w, nonlinearity='tanh')",
                 "kaiming_normal_(w, nonlinearity='selu')",
                 "orthogonal_(w, 2)",
                 "sparse_(w, 0.25, 0.3)"]


@beside_torch
@pytest.mark.parametrize("code", DISTRIBUTIONS)
def test_the_same_distribution(code):
    en.manual_seed(0), torch.manual_seed(0)
    ours, theirs = (eval("m.nn.init." + code, {"m": m, "w": m.empty(200, 300), "math": math}).numpy()
                    for m in (en, torch))
    assert distance(ours, theirs) < 1


@beside_torch
def test_the_default_of_linear():
    en.manual_seed(0), torch.manual_seed(0)
    ours, theirs = (m.nn.Linear(300, 200) for m in (en, torch))
    for name in ("weight", "bias"):
        assert distance(getattr(ours, name).detach().numpy(), getattr(theirs, name).detach().numpy()) < 1
    assert (ours.weight.detach().abs().max() <= 1 / math.sqrt(300)
            and theirs.weight.abs().max() <= 1 / math.sqrt(300))


def test_the_square_root_of_five():
    layer = en.nn.Linear(784, 128)
    default = layer.weight.filled
    assert (math.isclose(init.kaiming_uniform_(layer.weight, a=math.sqrt(5)).filled.variance,
                         default.variance) and math.isclose(default.variance, 1 / (3 * 784)))


# On another array module

@pytest.mark.parametrize("code",
                         ["eye_(w)",
                          "ones_(w)",
                          "dirac_(w.reshape(2, 3, 2))",
                          *(f"{name}(w)" for name in RANDOM if name != "sparse_"),
                          "sparse_(w, 0.5)",
                          "trunc_normal_(w, 0, 1, 1, 2)"])
def test_the_same_there(code, there):
    found = []
    for device in ("cpu", there.device):
        en.manual_seed(4)
        w = en.zeros(4, 3, device=device)
        eval("init." + code, {"init": init, "w": w})
        found.append(np.asarray(host(w)))
    np.testing.assert_allclose(*found, rtol=1e-6, atol=1e-7)


def test_lsuv_and_report_there(there):
    en.manual_seed(0)
    net = en.nn.Sequential(*[en.nn.Linear(8, 8, device=there.device) for _ in range(3)])
    x = en.randn(40, 8, device=there.device)
    init.lsuv_(net, x)
    found = init.report(net, x)
    assert (all(p.as_expected for p in found.parameters)
            and all(abs(row.variance - 1) < 0.1 and row.gradient for row in found.layers))


# By name

@pytest.mark.parametrize("scheme, nonlinearity, variance",
                         [("kaiming_uniform", None, 2 / 30),
                          ("kaiming_normal", "tanh", 25 / 9 / 30),
                          ("kaiming_normal", "leaky_relu", 2 / (1 + 0.01 ** 2) / 30),
                          ("xavier_uniform", None, 2 / 50),
                          ("xavier_normal", "relu", 4 / 50),
                                                            ("orthogonal", "relu", 2 / 30),
                          ("lecun_uniform", None, 1 / 30),
                          ("lecun_normal", "selu", 1 / 30),
                          ("zeros", None, 0)])
def test_named(scheme, nonlinearity, variance):
    layer = en.nn.Linear(30, 20, init=scheme, nonlinearity=nonlinearity)
    assert math.isclose(layer.weight.filled.variance, variance) and layer.weight.filled.scheme == scheme + "_"
    assert not layer.bias.any() and layer.bias.filled.scheme == "zeros_"
    assert en.nn.Linear(30, 20, bias=False, init=scheme).bias is None
    init.normal_(layer.weight)
    layer.reset_parameters()
    assert math.isclose(layer.weight.filled.variance, variance)


def test_named_wrongly():
    with pytest.raises(ValueError, match="Unsupported nonlinearity gelu"):
        en.nn.Linear(3, 3, init="lecun_normal", nonlinearity="gelu")
    with pytest.raises(ValueError, match="no initialization is called 'xavier'"):
        en.nn.Linear(3, 3, init="xavier")


def test_every_named_scheme_is_tested():
    marked = next(mark for mark in test_named.pytestmark if mark.name == "parametrize").args[1]
    assert {scheme for scheme, _, _ in marked} == set(INITS) - {None}


def test_the_default_stays():
    layer = en.nn.Linear(30, 20)
    assert math.isclose(layer.weight.filled.variance, 1 / 90) and layer.bias.any()


# LSUV and the report

class Layer(en.nn.Module):
    def __init__(self, inputs, outputs, bend=en.relu, **options):
        super().__init__()
        self.linear, self.bend = en.nn.Linear(inputs, outputs, **options), bend
    def forward(self, x): return self.bend(self.linear(x))


class Counting(en.nn.Module):
    "A normalization of a kind, with a buffer that each call writes and one that it replaces."
    def __init__(self):
        super().__init__()
        self.normalized_shape, self.weight = (4, 4), Parameter(en.ones(4, 4))
        self.register_buffer("seen", en.zeros(1))
        self.register_buffer("calls", en.zeros(1))
    def forward(self, x):
        self.seen += x.mean()
        self.calls = self.calls + 1
        return x


def deep(depth=20, width=64, bend=en.relu, **options):
    return en.nn.Sequential(*[Layer(width, width, bend, **options) for _ in range(depth)])


@pytest.mark.parametrize("bend", [en.relu, en.tanh, lambda x: x.sin() + 1, lambda x: x.abs().sqrt()])
def test_lsuv_layer_by_layer(bend):
    en.manual_seed(0)
    net, x, seen = deep(bend=bend), en.randn(100, 64), []
    assert init.lsuv_(net, x) is net
    for layer in net:
        layer.linear.register_forward_hook(lambda layer, args, out: seen.append(out.var().item()))
    net(x)
    assert len(seen) == 20 and all(abs(v - 1) < 0.1 for v in seen)
    for layer in net:
        assert not layer.linear.bias.any() and layer.linear.weight.filled.scheme == "lsuv_"
        assert math.isclose(layer.linear.weight.filled.variance,
                            (layer.linear.weight.detach() ** 2).mean().item(), rel_tol=1e-4)


def test_lsuv_leaves_the_rest_alone():
    shared, counting = en.nn.Linear(4, 4), Counting()
    net = en.nn.Sequential(shared, counting, shared)
    init.lsuv_(net, en.randn(50, 4))
    assert (counting.weight == 1).all() and not counting.seen.any() and not counting.calls.any()
    assert all(not m._hooks.after for m in net.modules() if m._hooks) and shared.weight.grad is None
    assert abs(shared(en.randn(50, 4)).var().item() - 1) < 0.5


class Conv(en.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.init, self.nonlinearity = "kaiming_normal", "relu"
        self.weight, self.bias = Parameter(en.empty(outputs, inputs, 3, 3)), Parameter(en.empty(outputs))
        initialize(self)
    def forward(self, x, *, padding=0): return en.conv2d(x, self.weight, self.bias, padding=padding)


class Convs(en.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Conv(3, 8), Conv(8, 4)
    def forward(self, x): return self.b(self.a(x, padding=1).relu(), padding=1)


def test_convolutions():
    en.manual_seed(0)
    net, x = Convs(), 5 * en.randn(10, 3, 8, 8)
    began = init.report(net, x)
    assert ([p.gain for p in began.parameters][::2] == pytest.approx([math.sqrt(2)] * 2)
            and began.parameters[0].fans == (27, 72) and began.verdict[0].startswith("No parameter"))
    assert all(abs(row.variance - 1) < 0.1 and row.is_map
               for row in init.report(init.lsuv_(net, x), x).layers)


def test_lsuv_options():
    x = 100 * en.randn(50, 8)
    free, bound = (init.lsuv_(en.nn.Linear(8, 8), x, max_iter=n) for n in (10, 0))
    assert abs(free(x).var().item() - 1) < 1e-3 and bound(x).var() > 1000
    loose = init.lsuv_(en.nn.Linear(8, 8), x, tol=1e9)
    assert en.allclose(loose.weight @ loose.weight.t(), en.eye(8), atol=1e-5)
    with pytest.raises(ValueError, match="has variance 0.0\n.*\n  Try: "):
        init.lsuv_(deep(2), en.zeros(5, 64))


def test_report_says_how_parameters_began():
    en.manual_seed(0)
    net = en.nn.Sequential(en.nn.Linear(80, 60),
                           en.nn.Linear(60, 40, init="kaiming_normal", nonlinearity="relu"),
                           en.nn.Linear(40, 2, init="orthogonal"))
    found = init.report(net)
    assert ([p.name for p in found.parameters] == [name for name, _ in net.named_parameters()]
            and not found.layers)
    assert all(p.as_expected and not p.written for p in found.parameters)
    for p, real in zip(found.parameters, net.parameters()):
        assert math.isclose(p.measured, real.detach().double().var(correction=0).item(), rel_tol=1e-9,
                            abs_tol=1e-30)
    assert ([p.gain for p in found.parameters][::2] == pytest.approx([1 / math.sqrt(3), math.sqrt(2), 1])
            and found.parameters[1].gain is None)
    assert (found.parameters[0].fans == (80, 60)
            and "PyTorch's default: uniform, ± 0.1118 (1 / sqrt(fan_in = 80))" in repr(found))
    assert found.verdict == ["No parameter was written since it was filled."]


def test_report_sees_a_step():
    net = en.nn.Sequential(en.nn.Linear(8, 8), en.nn.Linear(8, 8))
    net(en.randn(5, 8)).sum().backward()
    with en.no_grad():
        for p in list(net.parameters())[:3]: p -= 0.1 * p.grad
    assert [p.written for p in init.report(net).parameters] == [True, True, True, False]
    assert (init.report(net).verdict[0] == "Written since they were filled: 3 of 4 parameters."
            and "written since" in repr(init.report(net)))
    net.load_state_dict(net.state_dict())
    assert all(p.written for p in init.report(net).parameters)
    for layer in net: layer.reset_parameters()
    assert not any(p.written for p in init.report(net).parameters)
    assert not any(p.written for p in init.report(net.double()).parameters)


def test_report_sees_what_is_not_as_promised():
    net = en.nn.Sequential(en.nn.Linear(50, 50), en.nn.Linear(50, 50))
    first, second = net
    with en.no_grad(): first.weight.mul_(1.2)
    first.weight.filled = first.weight.filled._replace(version=first.weight._version)
    second.weight = Parameter(en.randn(50, 50))
    found = init.report(net)
    assert ("Not what its scheme promises: 0.weight." in found.verdict
            and "Filled by nobody who noted it: 1.weight." in found.verdict)
    assert found.parameters[2].gain is None and "nobody" in repr(found)


def test_as_expected_is_seldom_wrong():
    en.manual_seed(0)
    schemes = [None, *filter(None, INITS)]
    nets = [en.nn.Linear(n, 30 - n, init=scheme) for scheme in schemes for n in (1, 2, 5, 10, 28)
            for _ in range(10)]
    found = [p.as_expected for net in nets for p in init.report(net).parameters]
    assert sum(found) >= len(found) - 2


def test_report_follows_a_batch():
    en.manual_seed(0)
    net, x = deep(depth=6), en.randn(100, 64)
    found = init.report(net, x)
    outputs = []
    for layer in net:
        layer.linear.register_forward_hook(lambda layer, args, out: outputs.append(out.detach().double()))
    net(x)
    assert ([row.name for row in found.layers] == [f"{n}.linear" for n in range(6)]
            and all(row.is_map for row in found.layers))
    for row, out in zip(found.layers, outputs):
        assert (math.isclose(row.variance, out.var(correction=0).item(), rel_tol=1e-6)
                and math.isclose(row.between, out.var(0, correction=0).mean().item(), rel_tol=1e-6))
    back = [row.gradient[0] for row in found.layers]
    # a sixth each; half of the last unit is 0
    assert all(0.05 < a / b < 0.5 for a, b in zip(back, back[1:])) and 0.3 < back[-1] < 0.7


def test_verdict():
    en.manual_seed(0)
    x = en.randn(100, 64)
    default, he = init.report(deep(), x).verdict, init.report(deep(init="kaiming_normal"), x).verdict
    assert ("shrinks" in default[2] and "What comes out is nearly the same for every input." in default
            and "shrinks" in default[-1])
    assert "keeps its size" in he[-1] and "What comes out is nearly the same for every input." not in he
    assert "lost in rounding" in init.report(deep(depth=40), x).verdict[2]
    assert "grows" in init.report(deep(init="xavier_normal", nonlinearity="tanh"), x).verdict[-1]
    assert "vanishes" in init.report(deep(init="zeros"), x).verdict[-1]


def test_overflow():
    en.manual_seed(0)
    net = deep(60)
    for layer in net: init.normal_(layer.linear.weight)
    found = init.report(net, en.randn(20, 64))
    assert any("overflows" in line for line in found.verdict) and "<svg" in found._repr_html_()


def test_growth():
    assert (reports.growth(1, 1 / 36, 2) == "shrinks 6-fold a layer"
            and reports.growth(1, 4, 2) == "grows 2-fold a layer")
    assert (reports.growth(1, 1.1, 10).startswith("about keeps its size")
            and reports.growth(1, 0.02, 50) == "shrinks 1.08-fold a layer"
            and reports.growth(1, 0, 3) == "vanishes")


def test_report_changes_nothing():
    net = en.nn.Sequential(en.nn.Linear(4, 4), Counting(), en.nn.Linear(4, 2)).eval()
    state, versions = [x.clone() for x in net.state_dict().values()], [p._version for p in net.parameters()]
    random = en.get_rng_state()
    x = en.randn(6, 4, requires_grad=True)
    random = en.get_rng_state()
    with en.no_grad(): found = init.report(net, x)
    assert ([len(row.gradient) for row in found.layers] == [1, 1, 1]
            and [row.is_map for row in found.layers] == [True, False, True])
    assert (all(map(en.equal, state, net.state_dict().values()))
            and versions == [p._version for p in net.parameters()] and en.equal(random, en.get_rng_state()))
    assert (x.grad is None and all(p.grad is None for p in net.parameters())
            and not any(m.training for m in net.modules()))
    assert all(not m._hooks.after for m in net.modules() if m._hooks)


class Twins(en.nn.Module):
    "Two arguments, two results, one layer twice, and one that looks up."
    def __init__(self):
        super().__init__()
        self.one, self.table = en.nn.Linear(4, 4), en.nn.Linear(4, 4)
    def forward(self, x, y): return self.one(self.one(x)).relu_() + self.table(y), y


def test_report_of_other_models():
    net = Twins()
    rows = init.report(net, (en.randn(5, 4), en.randn(5, 4))).layers
    assert [row.name for row in rows] == ["one", "one", "table"] and all(row.gradient for row in rows)
    net.requires_grad_(False)
    assert not any(row.gradient for row in init.report(net, (en.randn(5, 4), en.randn(5, 4))).layers)
    single = init.report(deep(3), en.randn(1, 64))
    assert (single.layers[0].between is None and single.verdict[-1].startswith("Backward")
            and len(single.verdict) == 2)
    assert init.report(en.nn.Sequential()).verdict == ["No parameter was written since it was filled."]
    assert init.report(en.nn.Linear(3, 3), en.randn(2, 3)).layers[0].name == ""


def test_report_is_a_page():
    from html.parser import HTMLParser
    class Balance(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.most = [], 0
        def handle_starttag(self, tag, attributes):
            if tag != "br": self.open.append(tag)
        def handle_startendtag(self, tag, attributes): pass
        def handle_endtag(self, tag): assert self.open.pop() == tag
    for model, batch in ((deep(30), en.randn(9, 64)), (deep(2), None),
                         (deep(3, init="zeros"), en.randn(9, 64)), (en.nn.Linear(2, 2), en.randn(1, 2))):
        found = init.report(model, batch)
        page = Balance()
        page.feed(found._repr_html_())
        assert not page.open and "var(--edu-line" in found._repr_html_() and "nan" not in found._repr_html_()
        assert max(map(len, repr(found).splitlines())) < 160 and len(repr(found).splitlines()) < 40


@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
                                  "ConvTranspose3d"])
def test_convolution_layers_by_name(name):
    en.manual_seed(0)
    layer = getattr(en.nn, name)(64, 64, 3, init="kaiming_uniform", nonlinearity="relu")
    wanted = 2 / fans(layer.weight)[0]
    assert (layer.weight.filled.variance == pytest.approx(wanted)
            and layer.weight.var().item() == pytest.approx(wanted, rel=0.05))
    assert (layer.bias == 0).all()
    assert getattr(en.nn, name)(64, 64, 3).weight.filled.scheme == "PyTorch's default"
