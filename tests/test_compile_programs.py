"""Networks, training steps and random programs, compiled and eager: the same numbers, to the last bit."""
import functools
import inspect

import numpy as np
import pytest
from hypothesis import given, seed, settings, strategies

import beside
import edunets as en
import modules
import test_nn_torch
from edunets import nn
from edunets.compiler import compile
from programs import program, without
from test_foundations import carried_out, fresh, momentum_step

whole = functools.partial(compile, backend="numpy", fullgraph=True)


def numbers(x):
    "What can be compared of a result, bit for bit."
    if isinstance(x, en.Tensor):
        return str(x.dtype), tuple(x.shape), x.requires_grad, x.detach().payload.tobytes()
    if isinstance(x, (tuple, list)): return [numbers(part) for part in x]
    return x


# Modules and losses: the cases that stand beside PyTorch's, each called three times, in training and in use

def called(case, wrap):
    "What a case gives when its layer is called: results, gradients, the state, the random numbers after it."
    make, _, use = case.partition(" | ")
    en.manual_seed(0)
    layer = beside.attempt(make, {"m": en})
    if isinstance(layer, Exception): return type(layer), None
    if isinstance(layer, nn.Module): layer = wrap(layer)
    kept, told = [], []
    double = "float64" in make or "double()" in make
    for train in (True, True, False, True):
        if isinstance(layer, nn.Module): layer.train(train)
        scope = {"m": en, "f": layer, "math": __import__("math"), **modules.maker(en, kept, double)}
        result = beside.attempt(use, scope)
        if isinstance(result, Exception): return type(result), layer
        try: modules.backward(result, en)
        except RuntimeError as problem: told.append(str(problem)[:30])
        told.append(numbers(result) if beside.tensors_of(result) else None)
    state = layer.state_dict() if isinstance(layer, nn.Module) else {}
    told += [numbers(x.grad) for x in kept] + [numbers(x) for x in state.values()]
    if isinstance(layer, nn.Module): told += [numbers(p.grad) for p in layer.parameters()]
    return [*told, numbers(en.get_rng_state())], layer


# They are not called
CONTAINERS = "DataParallel ModuleList ModuleDict ParameterList ParameterDict".split()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in test_nn_torch.CASES if name not in CONTAINERS])
def test_every_module(name):
    "Where an eager call refuses numbers, a recorded one can't: such checks stand aside."
    wrong = []
    for case in test_nn_torch.CASES[name][::3]:
        if "grad_fn" in case or "len(f)" in case: continue
        eager, _ = called(case, lambda layer: layer)
        if isinstance(eager, type): continue
        ours, _ = called(case, lambda layer: compile(layer, backend="numpy"))
        if eager != ours: wrong.append(case)
    assert wrong == []


# Training steps

def networks():
    return {"mlp": (nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)), (5, 6)),
            "normed": (nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Linear(8, 3)), (5, 6)),
            "convolution": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2),
                                          nn.Flatten(), nn.Linear(8, 3)), (5, 1, 6, 6)),
            "attention": (nn.Sequential(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True),
                                        nn.Flatten(), nn.Linear(12, 3)), (5, 2, 6))}


# LBFGS asks for numbers, SparseAdam and Muon are not for these parameters
LEFT_OUT = "Optimizer", "LBFGS", "SparseAdam", "Muon"
OPTIMIZERS = {name: kind for name, kind in vars(en.optim).items()
              if inspect.isclass(kind) and issubclass(kind, en.optim.Optimizer) and name not in LEFT_OUT}


def trained(make_optimizer, wrap, net="mlp", steps=4, accumulate=1, to_none=True, clip=False, schedule=False):
    "Losses, parameters, buffers, gradients and the optimizer's state after some steps."
    en.manual_seed(1)
    model, shape = networks()[net]
    optimizer = make_optimizer(model.parameters())
    def step(x, y):
        optimizer.zero_grad(set_to_none=to_none)
        for _ in range(accumulate):
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
        if clip: nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        return loss.detach()
    step = wrap(step)
    scheduler = en.optim.lr_scheduler.StepLR(optimizer, 1, 0.5) if schedule else None
    losses = []
    for n in range(steps):
        losses.append(step(en.rand(shape), en.randint(0, 3, (5,))))
        if scheduler: scheduler.step()
    state = [x for kept in optimizer.state.values() for x in kept.values() if isinstance(x, en.Tensor)]
    grads = [p.grad for p in model.parameters()]
    return numbers([losses, *model.state_dict().values(), grads, state, en.get_rng_state()]), step


def assert_trains_alike(*args, **options):
    expected, _ = trained(args[0], lambda step: step, *args[1:], **options)
    found, step = trained(args[0], whole, *args[1:], **options)
    assert found == expected
    return step


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    step = assert_trains_alike(lambda p: OPTIMIZERS[name](p, lr=0.01), schedule=True)
    assert len(step.entries) <= 2      # new rates are no reason to record again


@pytest.mark.parametrize("net", networks())
@pytest.mark.parametrize("to_none", [True, False])
def test_every_network(net, to_none):
    assert_trains_alike(lambda p: en.optim.SGD(p, 0.1, momentum=0.9), net, to_none=to_none)


@pytest.mark.parametrize("options", [{"accumulate": 3}, {"accumulate": 2, "to_none": False}, {"clip": True},
                                     {"clip": True, "accumulate": 2, "schedule": True}])
def test_gradients_that_add_up_or_are_clipped(options):
    assert_trains_alike(lambda p: en.optim.AdamW(p, 0.01), **options)


def test_the_step_of_chapter_2():
    x, y, eager, velocity = fresh()
    expected = [numbers([momentum_step(eager, velocity, x, y).detach() for _ in range(5)]), numbers(velocity)]
    x, y, parameters, velocity = fresh()
    step = whole(lambda: momentum_step(parameters, velocity, x, y).detach())
    assert [numbers([step() for _ in range(5)]), numbers(velocity)] == expected
    assert numbers(parameters) == numbers(eager)


def test_a_compiled_model_with_an_eager_loss_and_the_other_way_round():
    def trained(wrap_model, wrap_loss):
        en.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        f, loss = wrap_model(model), wrap_loss(nn.functional.cross_entropy)
        optimizer, losses = en.optim.SGD(model.parameters(), 0.5), []
        for _ in range(4):
            losses.append(loss(f(en.rand(6, 4)), en.randint(0, 3, (6,))))
            optimizer.zero_grad()
            losses[-1].backward()
            optimizer.step()
        return numbers([x.detach() for x in losses]), numbers(list(model.parameters()))
    expected = trained(lambda f: f, lambda f: f)
    for wrappers in ((whole, lambda f: f), (lambda f: f, whole), (whole, whole)):
        assert trained(*wrappers) == expected


def test_an_optimizer_that_is_loaded_goes_on_from_there():
    w = en.ones(3).requires_grad_()
    optimizer = en.optim.Adam([w], 0.1)
    def step():
        optimizer.zero_grad()
        w.square().sum().backward()
        optimizer.step()
    g = whole(step)
    g(), g()
    saved, kept = {"state": {0: {k: v.clone() for k, v in optimizer.state[w].items()}},
                   "param_groups": optimizer.state_dict()["param_groups"]}, w.detach().clone()
    g(), g()
    expected = numbers(w)
    with en.no_grad(): w.copy_(kept)
    optimizer.load_state_dict(saved)
    g(), g()
    assert numbers(w) == expected
    optimizer.state.clear()
    with en.no_grad(): w.copy_(en.ones(3))
    g()
    np.testing.assert_allclose(w.detach(), [0.9] * 3, 1e-5)


# Random programs

def start():
    rng = np.random.default_rng(7)
    return [en.tensor(rng.standard_normal(shape)) for shape in ((4, 4), (4,), (4, 4), (4,))]


def random_calls(number, **options):
    """Two calls of a random program of views, operations and writes, eager and compiled: what each returns, and
    what both leave behind."""
    lines = without(program(number), ".data")
    failed = carried_out(lines, start(), set())
    def run(*given):
        made = list(given)
        carried_out(lines, made, failed)
        return made
    eager, ours, compiled = start(), start(), compile(run, **options)
    for _ in range(2): yield run(*eager), compiled(*ours)
    yield eager, ours


@settings(max_examples=80, deadline=None, database=None)
@seed(8)
@given(strategies.integers(0, 10 ** 6))
def test_random_programs(number):
    for expected, found in random_calls(number, backend="numpy"):
        for a, b in zip(found, expected, strict=True): np.testing.assert_array_equal(a.payload, b.payload)


@settings(max_examples=60, deadline=None, database=None)
@seed(9)
@given(strategies.integers(0, 10 ** 6))
def test_gradients_of_random_programs(number):
    lines = [line for line in without(program(number), ".data")]
    def run(*given):
        made = [x * 1 for x in given]
        carried_out(lines, made, failed)
        floats = [x for x in made if x.requires_grad]
        return sum((x * 0.5).sum() for x in floats)
    failed = set()
    made = [x.requires_grad_() * 1 for x in start()]
    failed |= carried_out(lines, made, set())
    def slopes(f):
        leaves = [x.requires_grad_() for x in start()]
        try: found = en.autograd.grad(f(*leaves), leaves, allow_unused=True)
        except RuntimeError as problem: return type(problem)
        return [None if g is None else g.payload for g in found]
    expected, found = slopes(run), slopes(compile(run, backend="numpy"))
    if isinstance(expected, type): assert found == expected
    else:
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(0 if a is None else a, 0 if b is None else b, 1e-12, 1e-12)
