"""Weights that are computed from others, and layers that wait for their sizes, beside PyTorch's: the same text for both packages.

A case is code: statements, then an expression. `m` is the package, `P` its `nn.utils.parametrize`, `N` its `nn.utils.parametrizations`, `O` its `nn.utils`, `net` a layer."""
import copy
import importlib
import pickle

import numpy as np
import pytest

import beside
import edunets as en

torch = pytest.importorskip("torch")


def run(code, m):
    class Twice(m.nn.Module):
        def forward(self, x): return 2 * x
        def right_inverse(self, x): return x / 2
    class Square(m.nn.Module):
        def forward(self, x): return x * x
    class Sum(m.nn.Module):
        def forward(self, a, b): return a + b
        def right_inverse(self, x): return x / 4, 3 * x / 4
    class Bad(m.nn.Module):
        def __init__(self, f): super().__init__(); self.f = f
        def forward(self, x): return self.f(x)
    net = m.nn.Linear(3, 2)
    with m.no_grad():
        for n, p in enumerate(net.parameters()):
            p.copy_(((m.arange(p.numel(), dtype=p.dtype) + n) % 7 / 4 - 0.5).reshape(p.shape))
    P, N = (importlib.import_module(f"{m.__name__}.nn.utils.{name}")
            for name in ("parametrize", "parametrizations"))
    return beside.attempt(code,
                          {"m": m,
                           "nn": m.nn,
                           "P": P,
                           "N": N,
                           "O": m.nn.utils,
                           "net": net,
                           "x": m.arange(6.).reshape(2, 3) / 4 - 0.5,
                           "copy": copy,
                           "pickle": pickle,
                           "Twice": Twice,
                           "Square": Square,
                           "Sum": Sum,
                           "Bad": Bad})


REG = "P.register_parametrization(net, 'weight', Twice()); "
TWO = REG + "P.register_parametrization(net, 'weight', Square()); "
MANY = "P.register_parametrization(net, 'weight', Sum()); "
TURNED = "net.weight_u.data = m.ones(2) / 2 ** 0.5; net.weight_v.data = m.ones(3) / 3 ** 0.5"
CASES = [
    "P.register_parametrization(net, 'weight', Twice()) is net",
    *[f"{make}{use}" for make in (REG, TWO, MANY) for use in (
        "net.weight", "repr(net)", "list(net.state_dict())", "[name for name, _ in net.named_parameters()]",
        "net(x)", "net(x).sum().backward(); [p.grad for p in net.parameters()]",
        "P.is_parametrized(net), P.is_parametrized(net, 'weight'), P.is_parametrized(net, 'bias')",
        "P.type_before_parametrizations(net).__name__, type(net).__name__",
        "P.remove_parametrizations(net, 'weight'); net.weight, type(net).__name__, list(net.state_dict())",
        "P.remove_parametrizations(net, 'weight', leave_parametrized=False); net.weight",
        "c = copy.deepcopy(net); c.weight, list(c.state_dict()), type(c).__name__",
        "pickle.dumps(net)", "net.weight = m.ones(2, 3); net.weight", "net.weight is net.weight",
        "P.cached().__enter__(); net.weight is net.weight", "net.double().weight",
        "net.eval().parametrizations.training", "net.load_state_dict(net.state_dict()); net.weight",
        "isinstance(net, nn.Linear)", "len(net.parametrizations.weight)",
        "other = nn.Linear(3, 2); P.transfer_parametrizations_and_params(net, other); other.weight, "
        "list(other.state_dict())", "net.requires_grad_(False); net.weight.requires_grad",
        "hasattr(net, 'weight')",
        "net.parametrizations.weight.is_tensor, net.parametrizations.weight.ntensors",
        "net.weight = m.ones(5, 5); net.weight.shape")],
    REG + "p = net.parametrizations.weight.original; o = m.optim.SGD(net.parameters(), lr=0.1); "
          "net(x).sum().backward(); o.step(); net.weight",
    "p = net.weight; P.register_parametrization(net, 'weight', Twice()); p is "
    "net.parametrizations.weight.original",
    "p = net.weight; P.register_parametrization(net, 'weight', Twice()); P.remove_parametrizations(net, "
    "'weight'); p is net.weight",
    "P.register_parametrization(net, 'nix', Twice())",
    "P.remove_parametrizations(net, 'weight')",
    "P.register_parametrization(net, 'weight', Bad(lambda x: 3))",
    "P.register_parametrization(net, 'weight', Bad(lambda x: x.double()))",
    "P.register_parametrization(net, 'weight', Bad(lambda x: x[0]))",
    "P.register_parametrization(net, 'weight', Bad(lambda x: x[0]), unsafe=True); net.weight",
    REG + "P.register_parametrization(net, 'weight', Bad(lambda x: x[0]))",
    REG + "P.register_parametrization(net, 'weight', Bad(lambda x: x.double()))",
    "P.register_parametrization(net, 'weight', Square()); net.weight = m.ones(2, 3)",
    "net.register_buffer('b', m.ones(2)); P.register_parametrization(net, 'b', Twice()); "
    "list(net.state_dict()), net.b",
    "P.ParametrizationList([], net.weight)",
    REG + "P.register_parametrization(net, 'bias', Square()); P.remove_parametrizations(net, 'weight'); "
          "list(net.state_dict()), type(net).__name__, net.bias",
    "N.weight_norm(net); list(net.state_dict()), net.weight",
    "N.weight_norm(net, dim=None); net.parametrizations.weight.original0, net.weight",
    "N.weight_norm(net, dim=1); net.parametrizations.weight.original0",
    "N.weight_norm(net); net(x).sum().backward(); [p.grad for p in net.parameters()]",
    "N.weight_norm(net); str(net.load_state_dict({'weight_g': m.ones(2, 1), 'weight_v': m.ones(2, 3), "
    "'bias': m.zeros(2)})), net.weight",
    "N.weight_norm(nn.Conv2d(2, 3, 3)).parametrizations.weight.original0.shape",
    "N.weight_norm(net, 'nix')",
    "N.spectral_norm(net); list(net.state_dict())",
    "N.spectral_norm(net, n_power_iterations=0)",
    "N.spectral_norm(net, dim=2)",
    "N.spectral_norm(net, 'nix')",
    "N.spectral_norm(net, n_power_iterations=30); net(x); m.linalg.svdvals(net.weight.detach())[0]",
    "N.spectral_norm(net, 'bias'); net.bias",
    "N.spectral_norm(nn.ConvTranspose2d(2, 5, 3)).parametrizations.weight[0]._u.shape",
    "N.orthogonal(net); list(net.state_dict()), (net.weight @ net.weight.mT)",
    "N.orthogonal(net, 'bias')",
    "N.orthogonal(net, orthogonal_map='other')",
    "N.orthogonal(net, 'nix')",
    "N.orthogonal(net, orthogonal_map='cayley', use_trivialization=False); net.weight = net.weight",
    "q = nn.Linear(3, 3); N.orthogonal(q); (q.weight @ q.weight.T)",
    "q = nn.Linear(3, 5, bias=False); N.orthogonal(q, orthogonal_map='householder', "
    "use_trivialization=False); (q.weight.T @ q.weight)",
    "q = nn.Linear(3, 3); N.orthogonal(q); q.weight = m.eye(3); q.weight",
    "q = nn.Linear(4, 4); w = m.linalg.qr(m.arange(16.).reshape(4, 4).sin())[0]; N.orthogonal(q, "
    "orthogonal_map='householder', use_trivialization=False); q.weight = w; (q.weight - w).abs().max() < 1e-5",
    # The same by a hook.
    *[f"O.{make}; net(x).sum().backward(); sorted(net.state_dict()), list(dict(net.named_parameters())), "
      "repr(net), type(net.weight).__name__"
      for make in ("weight_norm(net)", "weight_norm(net, dim=None)", "weight_norm(net, dim=1)",
                   "spectral_norm(net)", "spectral_norm(net, n_power_iterations=3)",
                   "spectral_norm(net, dim=1)")],
    "O.weight_norm(net); net.weight_g, net.weight_v, net.weight",
    "O.weight_norm(net, 'weight', None); net.weight_g, net(x)",
    "O.weight_norm(net); net(x).sum().backward(); [p.grad for p in net.parameters()]",
    "O.weight_norm(net); net.weight_g.data.mul_(2); w = net.weight; net(x); w, net.weight",
    "O.weight_norm(O.weight_norm(net))",
    "O.weight_norm(O.weight_norm(net), 'bias'); list(net.state_dict())",
    "O.weight_norm(net, 'nix')",
    "O.weight_norm(net); net.weight_g.data.mul_(2); O.remove_weight_norm(net) is net, "
    "list(net.state_dict()), net.weight, len(net._forward_pre_hooks)",
    "O.remove_weight_norm(net)",
    "O.remove_weight_norm(O.weight_norm(net), 'bias')",
    "O.remove_spectral_norm(O.weight_norm(net))",
    "O.weight_norm(nn.Conv2d(2, 3, 3)).weight_g.shape",
    "O.weight_norm(nn.LazyLinear(3))",
    "O.spectral_norm(O.spectral_norm(net))",
    "O.spectral_norm(net, n_power_iterations=0)",
    "O.spectral_norm(net, 'nix')",
    "O.spectral_norm(nn.Linear(3, 2, bias=False), 'bias')",
    "O.spectral_norm(nn.LazyLinear(3))",
    "O.remove_spectral_norm(net)",
    "O.spectral_norm(nn.ConvTranspose2d(2, 5, 3)).weight_u.shape, O.spectral_norm(nn.Conv2d(2, 5, "
    "3)).weight_u.shape",
    "O.remove_spectral_norm(O.spectral_norm(net)); list(net.state_dict()), len(net._forward_pre_hooks)",
    f"O.spectral_norm(net); {TURNED}; net(x), net.weight, net.weight_u, net.weight_v",
    f"O.spectral_norm(net, n_power_iterations=2, dim=1); net.weight_u.data = m.ones(3); net.weight_v.data = m.ones(2); net(x).sum().backward(); net.weight, net.weight_orig.grad",
    f"O.spectral_norm(net).eval(); {TURNED}; net(x), net.weight, net.weight_u",
    f"O.spectral_norm(net); {TURNED}; (net(x) - net(2 * x)).sum().backward(); net.weight_orig.grad",
    f"O.spectral_norm(net); {TURNED}; net(x); O.remove_spectral_norm(net); net.weight",
    "O.skip_init(nn.Linear, 3, 2), O.skip_init(nn.Linear, 3, 2, device='cpu').weight.shape",
    "O.skip_init(dict, 3)",
    "O.skip_init(nn.ReLU)",
    # Layers that wait.
    "f, g = nn.LazyLinear(2), nn.LazyLinear(2); f.load_state_dict(g.state_dict()), repr(f.weight), f(x).shape", "f, g = nn.LazyLinear(2), nn.LazyLinear(2); g(x); f.load_state_dict(g.state_dict()), f.weight.shape, f.in_features, type(f).__name__, f(x).shape, f.in_features", "f, g = nn.LazyLinear(2), nn.LazyLinear(2); f(x); f.load_state_dict(g.state_dict())",
    "f, g = nn.LazyBatchNorm1d(), nn.LazyBatchNorm1d(); f.load_state_dict(g.state_dict()), "
    "repr(list(g.state_dict().items())[:2]), f(x).shape",
    "f = pickle.loads(pickle.dumps(nn.LazyConv2d(4, 3))); repr(f.weight), f(m.ones(2, 3, 5, "
    "5)).shape, type(f).__name__",
    "f = pickle.loads(pickle.dumps(nn.UninitializedBuffer())); repr(f), f.dtype, m.nn.parameter.is_lazy(f)",
    *[f"nn.{name}.cls_to_become.__name__, nn.{name}.__name__, nn.{name}.__qualname__" for name in dir(en.nn)
      if name.startswith("Lazy")],
    "repr(nn.LazyLinear(3))",
    "f = nn.LazyLinear(3); f(x).shape, repr(f), type(f).__name__, f.weight.shape",
    "f = nn.LazyLinear(3, bias=False); f(x); repr(f)",
    "nn.LazyLinear(3).weight.shape",
    "nn.LazyLinear(3).weight + 1",
    "repr(nn.LazyLinear(3).weight)",
    "list(nn.LazyLinear(3).state_dict())",
    "nn.LazyLinear(3).has_uninitialized_params()",
    "f = nn.LazyLinear(2); str(f.load_state_dict(net.state_dict())), f.weight, type(f).__name__",
    "f = nn.LazyLinear(2); f.load_state_dict(net.state_dict()); f(x), repr(f)",
    "net.load_state_dict(nn.LazyLinear(2).state_dict())",
    "f = copy.deepcopy(nn.LazyLinear(2)); f(x).shape",
    "nn.LazyLinear(2).double()(x.double()).dtype",
    "f = nn.LazyLinear(2); p = f.weight; f(x); p is f.weight",
    "nn.LazyLinear(2).in_features",
    "f = nn.LazyLinear(2); f(x); hasattr(f, '_initialize_hook')",
    *[f"f = nn.Lazy{kind}{n}d(4, 3); y = f(m.ones({shape})); repr(f), type(f).__name__, y.shape"
      for kind in ("Conv", "ConvTranspose")
      for n, shape in ((1, "2, 3, 5"), (2, "2, 3, 5, 5"), (3, "2, 3, 5, 5, 5"), (2, "3, 5, 5"), (2, "3, 5"))],
    "nn.LazyConv2d(4, 3, groups=2)(m.ones(1, 3, 5, 5))",
    "repr(nn.LazyConv2d(4, 3, 2, 1, groups=2))",
    "repr(nn.LazyConvTranspose1d(4, 3, 2, 1, 1))",
    *[f"f = nn.Lazy{kind}Norm{n}d({a}); y = f(m.arange({size}.).reshape({shape})); repr(f), "
      "type(f).__name__, y, list(f.state_dict())" for kind in ("Batch", "Instance")
      for n, size, shape in ((1, 24, "2, 3, 4"), (2, 48, "2, 3, 4, 2"), (3, 48, "2, 3, 2, 2, 2"))
      for a in ("", "affine=False", "track_running_stats=False", "0.1, 0.3")],
    "p = nn.UninitializedParameter(); p.materialize((2, 3)); type(p).__name__, p.shape, p.requires_grad",
    "b = nn.UninitializedBuffer(dtype=m.float64); b.materialize((2,)); type(b).__name__, b.dtype",
    "m.nn.parameter.is_lazy(nn.UninitializedParameter())",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", CASES)
def test_as_pytorch(code):
    assert beside.difference(run(code, en), run(code, torch), 20) is None


@pytest.mark.parametrize("make",
                         ["N.weight_norm(nn.Linear(4, 3))",
                          "N.weight_norm(nn.Conv1d(2, 3, 3), dim=1)",
                          "N.spectral_norm(nn.Linear(4, 3))",
                          "N.spectral_norm(nn.ConvTranspose2d(2, 3, 2))",
                          *[f"N.orthogonal(nn.Linear({n}, {k}), orthogonal_map={way!r}, "
                            f"use_trivialization={base})" for n, k in ((4, 4), (3, 5), (5, 3))
                            for way in ("matrix_exp", "cayley", "householder") for base in (True, False)]])
def test_the_same_state_makes_the_same_weight(make):
    """And the same gradients of what is behind it, in float64."""
    ours, theirs = (eval(make,
                         {"nn": m.nn,
                          "N": importlib.import_module(m.__name__ + ".nn.utils.parametrizations")}).double()
                    for m in (en, torch))
    rng = np.random.default_rng(0)
    state = {name: torch.tensor(rng.standard_normal(x.shape)) if name.endswith(("original0", "original1"))
             else x for name, x in theirs.state_dict().items()}
    theirs.load_state_dict(state)
    ours.load_state_dict({name: en.tensor(x.numpy()) for name, x in state.items()})
    for lib, layer in ((en, ours), (torch, theirs)):
        (layer.weight
         * lib.arange(layer.weight.numel(),
                      dtype=lib.float64).reshape(layer.weight.shape).cos()).sum().backward()
    np.testing.assert_allclose(ours.weight.detach().numpy(), theirs.weight.detach().numpy(), 1e-9, 1e-9)
    for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other and (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), 1e-7, 1e-7, err_msg=name)


def test_a_copy_has_a_class_of_its_own():
    """In PyTorch the first layer loses its weight."""
    first = en.nn.utils.parametrizations.weight_norm(en.nn.Linear(2, 2))
    second = copy.deepcopy(first)
    en.nn.utils.parametrize.remove_parametrizations(second, "weight")
    assert hasattr(first, "weight") and list(second.state_dict()) == ["bias", "weight"]
