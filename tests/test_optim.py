"""Optimizers: each option beside PyTorch's (or the paper's, where PyTorch has none), what is saved, what
is refused, and steps that are recorded."""
import importlib
import inspect
import itertools
import tracemalloc

import numpy as np
import pytest

import edunets as en
import toys
from edunets.table import OPS

SWITCHES = {"foreach", "fused", "capturable", "differentiable"}


def grid(**axes): return [dict(zip(axes, values)) for values in itertools.product(*axes.values())]


BOOL, DECAY = (False, True), (0, 0.1)
OPTIONS = {
    "SGD": grid(momentum=(0, 0.9), weight_decay=DECAY, maximize=BOOL)
    + grid(momentum=(0.9,), nesterov=(True,), weight_decay=DECAY, maximize=BOOL)
    + [{"momentum": 0.9, "dampening": 0.3},
       {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}],
    "Adam": grid(amsgrad=BOOL, weight_decay=DECAY, maximize=BOOL)
    + [{"betas": (0.5, 0.7), "eps": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "AdamW": grid(amsgrad=BOOL, weight_decay=DECAY, maximize=BOOL) + [{}, {"betas": (0.0, 0.0), "eps": 0.1}],
    "Adagrad": grid(lr_decay=(0, 0.1), weight_decay=DECAY, maximize=BOOL)
    + [{"initial_accumulator_value": 0.5}, {"eps": 0.1, "lr_decay": 0.5}],
    "RMSprop": grid(momentum=(0, 0.9), centered=BOOL, weight_decay=DECAY, maximize=BOOL)
    + [{"alpha": 0.5, "eps": 0.1}],
    "NAdam": grid(decoupled_weight_decay=BOOL, weight_decay=DECAY, maximize=BOOL)
    + [{"betas": (0.5, 0.7), "eps": 0.1, "momentum_decay": 0.1}],
    "RAdam": grid(decoupled_weight_decay=BOOL, weight_decay=DECAY, maximize=BOOL)
    + [{"betas": (0.9, 0.6)}, {"betas": (0.5, 0.9), "eps": 0.1}],
    "Adadelta": grid(weight_decay=DECAY, maximize=BOOL) + [{"rho": 0.5, "eps": 0.1}],
    "Adamax": grid(weight_decay=DECAY, maximize=BOOL) + [{"betas": (0.5, 0.7), "eps": 0.1}],
    "ASGD": grid(weight_decay=DECAY, maximize=BOOL) + [{"lambd": 0.1, "alpha": 0.5, "t0": 3.0}],
    "Rprop": grid(maximize=BOOL) + [{"etas": (0.3, 1.5), "step_sizes": (0.01, 0.2)}],
    "Adafactor": grid(weight_decay=DECAY, maximize=BOOL)
    + [{"beta2_decay": -0.5, "eps": (0.01, 0.1), "d": 1.5}],
    "Muon": grid(nesterov=BOOL, adjust_lr_fn=(None, "match_rms_adamw"), weight_decay=(0, 0.1))
    + [{"adjust_lr_fn": "original",
        "momentum": 0.5,
        "ns_steps": 2,
        "ns_coefficients": (2.0, -1.5, 0.5),
        "eps": 0.1}],
    "Lion": grid(weight_decay=DECAY, maximize=BOOL) + [{"betas": (0.5, 0.7)}],
    # SGD with its rate in the velocity
    "sutskever": grid(nesterov=BOOL, weight_decay=DECAY, maximize=BOOL) + [{"dampening": 0.3}],
}
CASES = [(name, options) for name, found in OPTIONS.items() for options in found]
TORCHS = [case for case in CASES if case[0] not in ("Lion", "sutskever")]
FEW = ([(name, found[0]) for name, found in OPTIONS.items()]
       + [(name, found[-1]) for name, found in OPTIONS.items()]
       + [("RMSprop", OPTIONS["RMSprop"][15]), ("Adam", OPTIONS["Adam"][4])])
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def tolerance(name, otherwise):
    """Muon's products are rounded to eight bits: one that is added up in another order may turn a
    rounding, a 256th of a step of 0.1 here. Rounded at another place, or not at all, hardly a number is
    the same (see below)."""
    return 2e-3 if name == "Muon" else otherwise


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    # the arrays are small, and a thread that waits for another is slow where others run too
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


def make(lib, name, params, options):
    if name == "sutskever": return lib.optim.SGD(params, **{"momentum": 0.9, "sutskever": True, **options})
    return getattr(lib.optim, name)(params, **options)


# A run that does all that happens to optimizers

SHAPES = [(3, 4), (), (4, 3), (5,), (40000,), (0,)]
MATRICES = [(3, 4), (7, 3), (4, 3), (2, 2), (40, 30)]
STEPS = 20


# PyTorch's divides by the number of elements
def shapes_of(name):
    return {"Muon": MATRICES, "Adafactor": [shape for shape in SHAPES if shape != (0,)]}.get(name, SHAPES)


def parameters(lib, name, dtype):
    "Of several shapes; the third is a transposed one, whose elements do not lie in a row."
    rng = np.random.default_rng(0)
    found = [lib.tensor(rng.standard_normal(shape), dtype=getattr(lib, dtype)) for shape in shapes_of(name)]
    found[2] = found[2].t()
    return [p.requires_grad_() for p in found]


def gradients(name, step):
    "None for a parameter that was not used: the second in every third step, the fourth at the start."
    rng = np.random.default_rng(1 + step)
    found = [rng.standard_normal(shape) for shape in shapes_of(name)]
    found[2] = found[2].T
    return [None if (i == 1 and step % 3 == 2) or (i == 3 and step < 4) else g for i, g in enumerate(found)]


def groups(params, lr=0.1):
    return [{"params": params[:3]}, {"params": params[3:], "lr": lr / 4, "weight_decay": 0.05}]


def walk(lib, name, optimizer, params, steps):
    for step in steps:
        for group in optimizer.param_groups: group["lr"] *= 0.5 if step == 10 else 1
        for p, g in zip(params, gradients(name, step)):
            p.grad = None if g is None else lib.tensor(np.array(g, order="C"), dtype=p.dtype)
        optimizer.step()


def whole_run(lib, name, options, dtype, steps=range(STEPS)):
    params = parameters(lib, name, dtype)
    optimizer = make(lib, name, groups(params), {"lr": 0.1, **options})
    walk(lib, name, optimizer, params, steps)
    return params, optimizer


def arrays(xs): return [x.detach().numpy() for x in xs]


def same(ours, theirs, tolerance):
    for a, b in zip(ours, theirs, strict=True): np.testing.assert_allclose(a, b, tolerance, tolerance)


def states(optimizer, params):
    return [{key: value for key, value in optimizer.state[p].items() if value is not None} for p in params]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name, options", TORCHS, ids=str)
def test_as_pytorch(name, options, dtype, torch):
    (ours, mine), (theirs, other) = (whole_run(lib, name, options, dtype) for lib in (en, torch))
    same(arrays(ours), arrays(theirs), tolerance(name, TOLERANCE[dtype]))
    for a, b in zip(states(mine, ours), states(other, theirs)):
        assert a.keys() - {"step"} == b.keys() - {"step"} and ("step" in a or "step" not in b)
        same(arrays(a[key] for key in b), arrays(b.values()), TOLERANCE[dtype])
        assert ({key: str(a[key].dtype).split(".")[1] for key in b}
                == {key: str(x.dtype).split(".")[1] for key, x in b.items()})


# What PyTorch has not: the papers' algorithms

def lion(p, g, state, lr, betas=(0.9, 0.99), weight_decay=0, maximize=False):
    "Chen et al. 2023, algorithm 2."
    m, g = state.get("m", 0 * p), -g if maximize else g
    state["m"] = betas[1] * m + (1 - betas[1]) * g
    return p - lr * (np.sign(betas[0] * m + (1 - betas[0]) * g) + weight_decay * p)


def sutskever(p, g, state, lr, momentum=0.9, dampening=0, weight_decay=0, nesterov=False, maximize=False):
    """Sutskever et al. 2013: v = momentum * v - lr * d; p = p + v. With PyTorch's first step, which is not
    dampened."""
    d = lr * ((-g if maximize else g) + weight_decay * p)
    state["v"] = momentum * state["v"] - (1 - dampening) * d if state else -d
    return p + (momentum * state["v"] - d if nesterov else state["v"])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name, options", [case for case in CASES if case not in TORCHS], ids=str)
def test_as_the_paper(name, options, dtype):
    ours, _ = whole_run(en, name, options, dtype)
    for number, start in enumerate(arrays(parameters(en, name, dtype))):
        p, state, own = start, {}, groups([0] * len(ours))[number >= 3]
        settings = {**options, **{key: own[key] for key in own if key != "params"}}
        settings.setdefault("lr", 0.1)
        for step in range(STEPS):
            g = gradients(name, step)[number]
            settings["lr"] *= 0.5 if step == 10 else 1
            if g is not None:
                p = {"Lion": lion, "sutskever": sutskever}[name](p, g.astype(dtype), state, **settings)
        same([ours[number].detach().numpy()], [p], TOLERANCE[dtype])


# The classes

def classes(): return {name: getattr(en.optim, name) for name in OPTIONS if name != "sutskever"}


def test_every_option_has_a_case():
    for name, kind in classes().items():
        tried = {key for options in OPTIONS[name] + (name == "SGD") * [{"sutskever": 1}] for key in options}
        assert inspect.signature(kind).parameters.keys() - {"params", "lr", "switches"} == tried, name


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in ("Lion", "sutskever")])
def test_pytorchs_signature(name, torch):
    ours, theirs = (
        {key: p.default for key, p in inspect.signature(getattr(lib.optim, name)).parameters.items()}
        for lib in (en, torch))
    assert ({key: ours[key] for key in ours if key not in ("switches", "sutskever")}
            == {key: theirs[key] for key in theirs if key not in SWITCHES})
    if "switches" in ours:
        given = SWITCHES & theirs.keys()
        assert getattr(en.optim, name)([en.ones(2, 2, requires_grad=True)],
                                       **{key: theirs[key] for key in given}).param_groups[0].keys() >= given


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in ("Lion", "sutskever")])
def test_pytorchs_places(name, torch):
    """What may be given by its place stands in PyTorch's; what PyTorch has between and after (its choices
    among implementations) is given by name."""
    ours, theirs = ([p.name for p in inspect.signature(getattr(lib.optim, name)).parameters.values()
                     if p.kind is p.POSITIONAL_OR_KEYWORD] for lib in (en, torch))
    assert ours == theirs[:len(ours)]


NEGATIVE = {"SGD": ("lr", "momentum", "weight_decay"),
            **dict.fromkeys(["Adam", "AdamW", "RAdam"], ("lr", "eps", "weight_decay")),
            "NAdam": ("lr", "eps", "weight_decay", "momentum_decay"),
            "Adagrad": ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"),
            "RMSprop": ("lr", "eps", "momentum", "weight_decay", "alpha"),
            "Muon": ("lr", "momentum", "weight_decay"),
            "Lion": ("lr", "weight_decay"),
            "Adadelta": ("lr", "rho", "eps", "weight_decay"),
            "Adamax": ("lr", "eps", "weight_decay"),
            "ASGD": ("lr", "weight_decay"),
            "Rprop": ("lr",),
            "Adafactor": ("lr", "weight_decay", "d")}
INVALID = [(name, {key: -1.0}) for name, keys in NEGATIVE.items() for key in keys]
INVALID += [(name, {"betas": betas}) for name in ("Adam", "AdamW", "NAdam", "RAdam", "Lion")
            for betas in ((1.0, 0.9), (0.9, 1.0), (-0.1, 0.9))]
INVALID += [("SGD", {"nesterov": True}),
            ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
            ("Muon", {"adjust_lr_fn": "other"}),
            ("Muon", {"ns_steps": 100}),
            ("Muon", {"ns_coefficients": (1.0, 2.0)})]
INVALID += [("Adamax", {"betas": (1.0, 0.9)}),
            ("Rprop", {"etas": (0.5, 0.9)}),
            ("Rprop", {"etas": (1.5, 2.0)}),
            ("Adafactor", {"beta2_decay": 0.1}),
            ("Adafactor", {"eps": (-1.0, 1e-3)}),
            ("Adafactor", {"eps": (None, -1.0)}),
            ("Adadelta", {"rho": 1.5})]
INVALID += [(name, {"momentun": 0.9}) for name in classes()]


@pytest.mark.parametrize("name, options", INVALID, ids=str)
def test_what_is_refused(name, options, torch):
    def attempt(lib):
        p = lib.ones(2, 2, requires_grad=True)
        optimizer = getattr(lib.optim, name)([p], **options)
        p.grad = lib.ones(2, 2)
        optimizer.step()
    expected = ValueError
    if name != "Lion":
        with pytest.raises(Exception) as theirs: attempt(torch)
        expected = theirs.type
    elif "momentun" in options: expected = TypeError
    with pytest.raises(expected): attempt(en)


@pytest.mark.parametrize("shape", [(32, 16), (16, 32), (24, 24)])
def test_muon_rounds_where_pytorch_does(shape, torch):
    """Most numbers of a first step are the same to the last bit; rounded at another place, or not at all,
    hardly any is."""
    def step(lib, seed):
        w = lib.zeros(shape).requires_grad_()
        w.grad = lib.tensor(np.random.default_rng(seed).standard_normal(shape), dtype=lib.float32)
        lib.optim.Muon([w], lr=1.0).step()
        return w.detach().numpy()
    pairs = [(step(en, seed), step(torch, seed)) for seed in range(9)]
    assert (np.median([(a == b).mean() for a, b in pairs]) > 0.5
            and max(np.abs(a - b).max() for a, b in pairs) < 0.02)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_muon_takes_matrices_only(shape, torch):
    for lib in (en, torch):
        with pytest.raises(ValueError, match="only supports 2D"):
            lib.optim.Muon([lib.ones(shape, requires_grad=True)])


# these have no such switch
@pytest.mark.parametrize("name", [name for name in classes() if name not in ("Muon", "Lion", "Adafactor")])
def test_no_step_is_differentiated(name):
    with pytest.raises(NotImplementedError):
        getattr(en.optim, name)([en.ones(2, requires_grad=True)], differentiable=True)


@pytest.mark.parametrize("name", [name for name in classes() if name not in ("Muon", "Lion")])
def test_a_group_prints_what_pytorchs_has(name, torch):
    ours, theirs = (repr(getattr(lib.optim, name)([lib.ones(2, requires_grad=True)])) for lib in (en, torch))
    assert [line for line in ours.splitlines() if "sutskever" not in line] == theirs.splitlines()


# What a step leaves alone, and what it takes

@pytest.mark.parametrize("name, options", FEW, ids=str)
def test_gradients_are_not_written(name, options):
    params = parameters(en, name, "float64")
    optimizer = make(en, name, groups(params), options)
    for step in (5, 6):
        grads = [en.tensor(g) for g in gradients(name, step) if g is not None]
        used = [p for p, g in zip(params, gradients(name, step)) if g is not None]
        for p, g in zip(used, grads): p.grad = g
        before = [g.tolist() for g in grads]
        optimizer.step()
        assert ([g.tolist() for g in grads] == before
                and all(p.grad is g and g._version == 0 for p, g in zip(used, grads)))


@pytest.mark.parametrize("name, options", FEW, ids=str)
def test_a_step_counts_a_version(name, options):
    params, optimizer = whole_run(en, name, options, "float64", range(5, 7))
    assert ([p._version for p in params] == [2, 1, 2, 2, 2, 2][:len(params)]
            and all(p.is_leaf and p.requires_grad for p in params))


@pytest.mark.parametrize("name, options", FEW, ids=str)
def test_a_step_takes_no_memory(name, options):
    """Two buffers of a piece's size; Muon: two matrices, and two Gram matrices, which are small here;
    Adafactor: one."""
    p = en.zeros(50, 20000, requires_grad=True)
    optimizer = make(en, name, [p], options)
    p.grad = en.randn(50, 20000)
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally: tracemalloc.stop()
    assert peak < p.nbytes * {"Muon": 2.1, "Adafactor": 1.1}.get(name, 0.1)


@pytest.mark.parametrize("as_tensors", BOOL)
@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_the_formula_is_the_kernel(name, options, as_tensors):
    "Also with hyperparameters that are tensors, as a recorded step has them."
    params, optimizer = whole_run(en, name, options, "float64", range(4, 8))
    for group in optimizer.param_groups:
        for p in group["params"]: p.grad = en.randn(p.shape, dtype=en.float64)
        row, hyper, flags = optimizer.formula(group)
        numbers = [number for key in hyper for number in group.read(key)]
        if as_tensors: numbers = [en.tensor(number, dtype=en.float64) for number in numbers]
        kinds = {tuple(optimizer.slots_of(p, group)): [] for p in group["params"]}
        for p in group["params"]: kinds[tuple(optimizer.slots_of(p, group))].append(p)
        expected = []
        for slots, alike in kinds.items():
            tensors = [x for p in alike for x in (p, p.grad, *(optimizer.state[p][slot] for slot in slots))]
            how = {"each": 2 + len(slots), **{flag: group[flag] for flag in flags}}
            with en.no_grad():
                expected.append((OPS[row].decompose(*numbers, *tensors, **how),
                                 OPS[row].writes(*tensors, each=how["each"])))
        optimizer.move(group, group["params"])
        for by_formula, written in expected:
            assert [x.dtype for x in by_formula] == [x.dtype for x in written]
            same(arrays(by_formula), arrays(written), tolerance(name, 1e-11))


@pytest.mark.parametrize("set_to_none", BOOL)
def test_zero_grad(set_to_none):
    used, unused = en.ones(2, requires_grad=True), en.ones(2, requires_grad=True)
    optimizer = en.optim.SGD([used, unused])
    (used * used).sum().backward(create_graph=True)
    g = used.grad
    optimizer.zero_grad(set_to_none=set_to_none)
    assert unused.grad is None
    if set_to_none: assert used.grad is None and g.tolist() == [2.0, 2.0]
    else: assert used.grad is g and g.tolist() == [0.0, 0.0] and g.grad_fn is None


@pytest.mark.parametrize("name, options", FEW, ids=str)
def test_a_closure_computes_the_gradients(name, options):
    w = en.ones(3, 2, requires_grad=True)
    optimizer = make(en, name, [w], {"lr": 0.1, **options})
    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss
    with en.no_grad(): losses = [optimizer.step(closure).item() for _ in range(3)]
    assert (losses[0] == 6.0
            and (losses[2] > losses[1] > losses[0] if options.get("maximize")
                 else losses[2] < losses[1] < losses[0]))


# State

@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_a_run_goes_on_from_its_state(name, options, dtype):
    through, one = whole_run(en, name, options, dtype)
    params, first = whole_run(en, name, options, dtype, range(9))
    params = [p.detach().clone().requires_grad_() for p in params]
    second = make(en, name, groups(params, lr=0.7), {})
    second.load_state_dict(first.state_dict())
    # and no longer touches what was loaded
    walk(en, name, first, first.param_groups[0]["params"] + first.param_groups[1]["params"], range(9, 12))
    walk(en, name, second, params, range(9, STEPS))
    assert [p.tolist() for p in params] == [p.tolist() for p in through]
    assert ([{key: (x.tolist(), x.dtype) for key, x in kept.items()} for kept in states(second, params)]
            == [{key: (x.tolist(), x.dtype) for key, x in kept.items()} for kept in states(one, through)])


def converted(saved, lib):
    "A state dict with another package's tensors."
    tensor = lambda x: lib.tensor(x.detach().numpy().copy()) if hasattr(x, "detach") else x
    return {"state": {number: {key: tensor(x) for key, x in kept.items()}
                      for number, kept in saved["state"].items()},
            "param_groups": [dict(group) for group in saved["param_groups"]]}


@pytest.mark.parametrize("there_and_back", ("from PyTorch", "to PyTorch"))
@pytest.mark.parametrize("name, options", TORCHS, ids=str)
def test_a_state_goes_between_packages(name, options, there_and_back, torch):
    source, target = (torch, en) if there_and_back == "from PyTorch" else (en, torch)
    through, _ = whole_run(en, name, options, "float64")
    params, first = whole_run(source, name, options, "float64", range(9))
    params = [target.tensor(p.detach().numpy().copy()).requires_grad_() for p in params]
    second = make(target, name, groups(params, lr=0.7), {})
    second.load_state_dict(converted(first.state_dict(), target))
    walk(target, name, second, params, range(9, STEPS))
    # PyTorch's mu_product changes its dtype when it is loaded
    same(arrays(params), arrays(through),
         1e-6 if name == "NAdam" and target is torch else tolerance(name, 1e-12))


# Recorded steps

def problem(name):
    rng = np.random.default_rng(3)
    x, y = (en.tensor(rng.standard_normal(shape)) for shape in ((20, 6), (20, 3)))
    params = [en.tensor(0.4 * rng.standard_normal(shape), requires_grad=True)
              for shape in ((6, 5), (5, 3), *([] if name == "Muon" else [(5,), ()]))]
    return x, y, params


def train(x, y, params, optimizer):
    w, v, *biases = params
    hidden = (x @ w + biases[0] if biases else x @ w).tanh()
    loss = ((hidden @ v + biases[1] if biases else hidden @ v) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize("warm", BOOL)
@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_a_recorded_step_follows_the_schedule(name, options, warm):
    "Recorded once, at its first step or later, and replayed with another rate each time."
    def begin():
        x, y, params = problem(name)
        optimizer = make(en, name, [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}],
                         {"lr": 0.01, **options})
        if warm: train(x, y, params, optimizer)
        return x, y, params, optimizer
    def each_step(optimizer, run):
        losses = []
        for step in range(5):
            losses.append(run())
            for group in optimizer.param_groups: group["lr"] *= 0.6
        return losses
    x, y, eager, optimizer = begin()
    expected = each_step(optimizer, lambda: train(x, y, eager, optimizer).item())

    x, y, params, other = begin()
    before = [p.tolist() for p in params]
    with toys.Trace() as trace: loss = train(x, y, params, other)
    assert [p.tolist() for p in params] == before
    losses = each_step(other, lambda: trace.replay(loss)[0].item())
    assert losses == pytest.approx(expected, rel=tolerance(name, 1e-9)) and len(set(losses)) == 5
    same(arrays(params), arrays(eager), tolerance(name, 1e-9))
    for a, b in zip(states(other, params), states(optimizer, eager)):
        assert a.keys() == b.keys()
        same(arrays(a.values()), arrays(b.values()), 1e-6 if name == "NAdam" else tolerance(name, 1e-9))


# Names and hooks

NAMED = {
    "names": "O.SGD(net.named_parameters(), lr=.1).state_dict()['param_groups'][0]['param_names']",
    "groups": "[g['param_names'] for g in O.AdamW([{'params': [('w', net.weight)], 'weight_decay': .1}, "
              "{'params': [('b', net.bias)]}]).param_groups]",
    "some": "O.SGD([('w', net.weight), net.bias])",
    "one group": "O.SGD([{'params': [('w', net.weight)]}, {'params': [net.bias]}])",
    "added": "O.SGD([net.weight]).add_param_group({'params': [('b', net.bias)]})",
    "text": "repr(O.SGD(net.named_parameters())).replace('sutskever: False', '').count('param_names')",
    "loaded": "(a := O.SGD(net.parameters()), a.load_state_dict(O.SGD(net.named_parameters()).state_dict()), "
              "a.param_groups[0]['param_names'])[-1]",
    "no tensor": "O.SGD([('w', 3)])",
    "set": "O.SGD([{'params': {net.weight}}])",
    "step": "(o := O.SGD(net.parameters()), o.register_step_pre_hook(saw('a')), "
            "o.register_step_pre_hook(saw('b')), o.register_step_post_hook(saw('c')), "
            "glob.register_optimizer_step_pre_hook(saw('G')), "
            "glob.register_optimizer_step_post_hook(saw('H')), o.step(), told)[-1]",
    "removed": "(o := O.Adam(net.parameters()), h := o.register_step_post_hook(saw('a')), h.remove(), "
               "o.step(), told)[-1]",
    "changed": "(o := O.SGD(net.parameters()), o.register_step_pre_hook(lambda o, a, k: ((o, lambda: "
               "told.append('closure')), k)), o.step(), told)[-1]",
    "no pair": "(o := O.SGD(net.parameters()), o.register_step_pre_hook(lambda o, a, k: 3), o.step())[-1]",
    "saving": "(o := O.SGD(net.parameters()), o.register_state_dict_pre_hook(lambda o: told.append(1)), "
              "o.register_state_dict_post_hook(lambda o, s: s | {'more': 2}), "
              "o.register_state_dict_pre_hook(lambda o: told.append(0), prepend=True), "
              "sorted(o.state_dict()), told)[-2:]",
    "loading": "(o := O.SGD(net.parameters()), o.register_load_state_dict_pre_hook(lambda o, s: {'state': "
               "{}, 'param_groups': [s['param_groups'][0] | {'lr': 7.0}]}), "
               "o.register_load_state_dict_post_hook(lambda o: told.append(o.param_groups[0]['lr'])), "
               "o.load_state_dict(o.state_dict()), told)[-1]",
    "args": "(o := O.SGD(net.parameters()), o.register_step_post_hook(lambda s, a, k: told.append((s is o, "
            "a[0] is o, len(a), sorted(k)))), o.step(closure=lambda: 1), o.step(lambda: 2), told)[-1]",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMED)
def test_names_and_hooks_are_pytorchs(name, torch):
    def outcome(lib):
        net, told = lib.nn.Linear(2, 1), []
        for p in net.parameters(): p.grad = lib.ones(p.shape)
        class Own(lib.optim.SGD):
            def step(self, closure=None): told.append("own"); return super().step(closure)
        handles, module = [], importlib.import_module(lib.__name__ + ".optim.optimizer")
        class Glob:
            register_optimizer_step_pre_hook = staticmethod(
                    lambda hook: handles.append(module.register_optimizer_step_pre_hook(hook)))
            register_optimizer_step_post_hook = staticmethod(
                    lambda hook: handles.append(module.register_optimizer_step_post_hook(hook)))
        scope = {"O": lib.optim,
                 "net": net,
                 "told": told,
                 "Own": Own,
                 "glob": Glob,
                 "saw": lambda what: lambda *args: told.append(what)}
        try: return eval(NAMED[name], scope)
        except Exception as e: return type(e).__name__
        finally: [handle.remove() for handle in handles]
    assert outcome(en) == outcome(torch)


def test_a_step_that_calls_its_bases_step_has_one_round_of_hooks():
    """In PyTorch two, if the base was made before."""
    class Own(en.optim.SGD):
        def step(self, closure=None): return super().step(closure)
    told = []
    optimizer = Own([en.ones(2, requires_grad=True)])
    optimizer.register_step_post_hook(lambda *args: told.append(1))
    optimizer.step()
    assert told == [1]


def test_a_parameter_twice_in_a_group_is_told(torch):
    for lib in (en, torch):
        p = lib.ones(2, requires_grad=True)
        with pytest.warns(UserWarning, match="duplicate parameters"): lib.optim.SGD([p, p])


# Averages of weights

def averaged(lib, use_buffers, average):
    """An AveragedModel after five looks at a model that changes."""
    tools = importlib.import_module(lib.__name__ + ".optim.swa_utils")
    model = lib.nn.Sequential(lib.nn.Linear(3, 2), lib.nn.BatchNorm1d(2)).double()
    options = {"mean": {},
               "swa": {"avg_fn": tools.get_swa_avg_fn()},
               "swa lists": {"multi_avg_fn": tools.get_swa_multi_avg_fn()},
               "ema": {"avg_fn": tools.get_ema_avg_fn(0.8)},
               "ema lists": {"multi_avg_fn": tools.get_ema_multi_avg_fn(0.8)}}[average]
    copy, rng = tools.AveragedModel(model, use_buffers=use_buffers, **options), np.random.default_rng(0)
    for _ in range(5):
        with lib.no_grad():
            for p in model.parameters(): p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape))))
        model(lib.tensor(rng.standard_normal((6, 3))))
        copy.update_parameters(model)
    measured = tools.AveragedModel(model)
    tools.update_bn([lib.tensor(rng.standard_normal((4, 3))) for _ in range(3)], measured.eval())
    assert not measured.training and measured.module[1].momentum == 0.1
    return {f"{n} {name}": x.double().numpy() for n, m in enumerate((copy, measured))
            for name, x in m.state_dict().items()}


@pytest.mark.parametrize("use_buffers", BOOL)
@pytest.mark.parametrize("average", ["mean", "swa", "swa lists", "ema", "ema lists"])
def test_averages_are_pytorchs(average, use_buffers, torch):
    ours = averaged(en, use_buffers, average)
    if use_buffers and average == "swa lists":      # PyTorch's does not take the count of batches, an integer
        with pytest.raises(RuntimeError): averaged(torch, use_buffers, average)
        return
    theirs = averaged(torch, use_buffers, average)
    assert list(ours) == list(theirs)
    same(ours.values(), theirs.values(), 1e-12)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_swalr_is_pytorchs(strategy, steps, torch):
    def rates(lib):
        tools = importlib.import_module(lib.__name__ + ".optim.swa_utils")
        optimizer = lib.optim.SGD([{"params": [lib.ones(1, requires_grad=True)]},
                                   {"params": [lib.ones(2, requires_grad=True)], "lr": 0.7}], lr=0.1)
        first = lib.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        schedule, found = tools.SWALR(optimizer, [0.05, 0.2], steps, strategy), []
        for n in range(15):
            optimizer.step()
            (schedule if n > 3 else first).step()
            found.append([group["lr"] for group in optimizer.param_groups])
        other = tools.SWALR(optimizer, 0.3)
        other.load_state_dict(schedule.state_dict())
        other.step()
        return found + [[group["lr"] for group in optimizer.param_groups]]
    same(rates(en), rates(torch), 1e-12)


def test_what_averages_refuse(torch):
    for lib in (en, torch):
        tools = importlib.import_module(lib.__name__ + ".optim.swa_utils")
        optimizer = lib.optim.SGD([lib.ones(1, requires_grad=True)])
        with pytest.raises(ValueError): tools.get_ema_avg_fn(1.5)
        with pytest.raises(ValueError): tools.get_ema_multi_avg_fn(-0.1)
        with pytest.raises(ValueError): tools.SWALR(optimizer, 0.1, anneal_strategy="other")
        with pytest.raises(ValueError): tools.SWALR(optimizer, 0.1, anneal_epochs=-1)
        with pytest.raises(AssertionError): tools.AveragedModel(lib.nn.Linear(1, 1), avg_fn=1, multi_avg_fn=2)
