"""The schedules beside PyTorch's: rates, momenta, states and errors, step by step."""
import copy
import gc
import pickle
import warnings
import weakref

import numpy as np
import pytest

import edunets as en
from edunets.optim import lr_scheduler

torch = pytest.importorskip("torch")

STEPS = 70
# schedules inside schedules; test_warnings has its own filter
pytestmark = pytest.mark.filterwarnings("ignore:Detected call")

# `L` is the module of schedules, `o` an optimizer with two groups.
CASES = ["LambdaLR(o, lambda t: 0.95 ** t)",
         "LambdaLR(o, [lambda t: 1 / (1 + t), lambda t: t + 1])",
         "MultiplicativeLR(o, lambda t: 0.97)",
         "MultiplicativeLR(o, (lambda t: 0.9, lambda t: 1 + 1 / (t + 1)))",
         "StepLR(o, 7)",
         "StepLR(o, 1, 0.9)",
         "StepLR(o, step_size=10, gamma=1.5)",
         "MultiStepLR(o, [5, 12, 12, 50])",
         "MultiStepLR(o, [30, 3], gamma=0.5)",
         "MultiStepLR(o, [])",
         "MultiStepLR(o, [0, 4], 0.5)",
         "ConstantLR(o)",
         "ConstantLR(o, 0.5, 20)",
         "ConstantLR(o, 1.0, 3)",
         "ConstantLR(o, total_iters=0)",
         "ConstantLR(o, 0.0, 100)",
         "LinearLR(o)",
         "LinearLR(o, 0.1, 0.7, 30)",
         "LinearLR(o, 1.0, 0.0, 40)",
         "LinearLR(o, 1e-8, 1.0, 100)",
         "ExponentialLR(o, 0.9)",
         "ExponentialLR(o, 1.01)",
         "PolynomialLR(o)",
         "PolynomialLR(o, 40, 2.0)",
         "PolynomialLR(o, total_iters=100, power=0.5)",
         "CosineAnnealingLR(o, 10)",
         "CosineAnnealingLR(o, 7, 0.01)",
         "CosineAnnealingLR(o, 100, eta_min=0.2)",
         "CosineAnnealingLR(o, 1)",
         "CosineAnnealingLR(o, 50)",
         "CosineAnnealingWarmRestarts(o, 10)",
         "CosineAnnealingWarmRestarts(o, 4, 2)",
         "CosineAnnealingWarmRestarts(o, 5, 3, 0.05)",
         "CosineAnnealingWarmRestarts(o, 1, 1)",
         "OneCycleLR(o, 1.0, 70)",
         "OneCycleLR(o, [1.0, 0.1], epochs=7, steps_per_epoch=10)",
         "OneCycleLR(o, 0.5, 100, pct_start=0.1, anneal_strategy='linear')",
         "OneCycleLR(o, 1.0, 70, three_phase=True)",
         "OneCycleLR(o, 1.0, 90, three_phase=True, pct_start=0.4, anneal_strategy='linear')",
         "OneCycleLR(o, 1.0, 70, cycle_momentum=False)",
         "OneCycleLR(o, 1.0, 70, base_momentum=[0.7, 0.8], max_momentum=0.99, div_factor=10, "
         "final_div_factor=100)",
         "CyclicLR(o, 0.01, 1.0, 10)",
         "CyclicLR(o, [0.01, 0.1], [1.0, 0.5], 8, 4, mode='triangular2')",
         "CyclicLR(o, 0.01, 1.0, 10, mode='exp_range', gamma=0.99)",
         "CyclicLR(o, 0.01, 1.0, 10, scale_fn=lambda x: 1 / x)",
         "CyclicLR(o, 0.01, 1.0, 10, scale_fn=lambda x: 0.99 ** x, scale_mode='iterations', "
         "cycle_momentum=False)", "CyclicLR(o, 0.01, 1.0, 10, base_momentum=0.5, max_momentum=[0.9, 0.95])",
         "SequentialLR(o, [L.LinearLR(o, 0.1, 1, 10), L.CosineAnnealingLR(o, 40)], [10])",
         "SequentialLR(o, [L.ConstantLR(o, 0.1, 20), L.ExponentialLR(o, 0.9), L.StepLR(o, 5, 0.5)], "
         "milestones=[15, 30])",
         "SequentialLR(o, [L.LinearLR(o), L.CosineAnnealingWarmRestarts(o, 6, 2)], [5])",
         "SequentialLR(o, [L.LambdaLR(o, lambda t: 1 / (t + 1)), L.PolynomialLR(o, 30)], [20])",
         "SequentialLR(o, [L.StepLR(o, 3)], [])",
         "SequentialLR(o, [L.SequentialLR(o, [L.LinearLR(o), L.StepLR(o, 4)], [6]), "
         "L.ExponentialLR(o, 0.9)], [20])",
         "SequentialLR(o, [L.ChainedScheduler([L.LinearLR(o), L.StepLR(o, 4)])], [])",
         "ChainedScheduler([L.ConstantLR(o, 0.1, 20), L.ExponentialLR(o, 0.9)])",
         "ChainedScheduler([L.LinearLR(o, 0.1, 1, 30), L.CosineAnnealingLR(o, 20), L.StepLR(o, "
         "10)], optimizer=o)",
         "ChainedScheduler([L.SequentialLR(o, [L.LinearLR(o), L.StepLR(o, 4)], [6]), L.MultiplicativeLR(o, "
         "lambda t: 0.99)])"]

# those that take an epoch
SINGLE = [case for case in CASES if not case.startswith(("Sequential", "Chained"))]

PLATEAUS = ["ReduceLROnPlateau(o)",
            "ReduceLROnPlateau(o, 'min', 0.5, 2)",
            "ReduceLROnPlateau(o, 'max', 0.5, 2, 0.05)",
            "ReduceLROnPlateau(o, patience=1, threshold=0.3, threshold_mode='abs')",
            "ReduceLROnPlateau(o, mode='max', patience=0, threshold=0.2, threshold_mode='abs', cooldown=3)",
            "ReduceLROnPlateau(o, patience=0, cooldown=5, min_lr=1e-3)",
            "ReduceLROnPlateau(o, patience=0, min_lr=[0.5, 0.01])",
            "ReduceLROnPlateau(o, patience=0, eps=0.04)"]

ERRORS = ["StepLR(3, 1)",
          "StepLR(o, 5, last_epoch=3)",
          "LambdaLR(o, [abs])",
          "MultiplicativeLR(o, 3)",
          "MultiplicativeLR(o, [abs])",
          "ConstantLR(o, 1.5)",
          "ConstantLR(o, -0.1)",
          "LinearLR(o, 0)",
          "LinearLR(o, 1.1)",
          "LinearLR(o, end_factor=-1)",
          "LinearLR(o, end_factor=2)",
          "CosineAnnealingWarmRestarts(o, 0)",
          "CosineAnnealingWarmRestarts(o, 2.5)",
          "CosineAnnealingWarmRestarts(o, 2, 0)",
          "CosineAnnealingWarmRestarts(o, 2, 1.5)",
          "CosineAnnealingWarmRestarts(o, 2, 1, None)",
          "CosineAnnealingWarmRestarts(o, 2).step(-1)",
          "OneCycleLR(o, 1.0)",
          "OneCycleLR(3, 1.0, 10)",
          "OneCycleLR(o, 1.0, epochs=3)",
          "OneCycleLR(o, 1.0, 0)",
          "OneCycleLR(o, 1.0, 2.5)",
          "OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=5)",
          "OneCycleLR(o, 1.0, epochs=2, steps_per_epoch=-5)",
          "OneCycleLR(o, 1.0, 10, pct_start=2.0)",
          "OneCycleLR(o, 1.0, 10, pct_start=1)",
          "OneCycleLR(o, 1.0, 10, anneal_strategy='up')",
          "OneCycleLR(o, [1.0], 10)",
          "OneCycleLR(o, 1.0, 10, max_momentum=[0.9])",
          "OneCycleLR(plain, 1.0, 10)",
          "CyclicLR(plain, 0.1, 1.0)",
          "CyclicLR(o, 0.1, 1.0, mode='saw')",
          "CyclicLR(o, [0.1], 1.0)",
          "CyclicLR(3, 0.1, 1.0)",
          "SequentialLR(o, [], [])",
          "SequentialLR(o, [3], [])",
          "SequentialLR(o, [L.StepLR(o, 3)], [4])",
          "SequentialLR(o, [L.StepLR(plain, 3)], [])",
          "SequentialLR(o, [L.ReduceLROnPlateau(o)], [])",
          "ChainedScheduler([])",
          "ChainedScheduler([3])",
          "ChainedScheduler([L.StepLR(o, 3), 3])",
          "ChainedScheduler([L.StepLR(o, 3), L.StepLR(plain, 3)])",
          "ChainedScheduler([L.StepLR(o, 3)], plain)",
          "ChainedScheduler([L.ReduceLROnPlateau(o)])",
          "ReduceLROnPlateau(o, factor=1.0)",
          "ReduceLROnPlateau(o, 'low')",
          "ReduceLROnPlateau(o, threshold_mode='far')",
          "ReduceLROnPlateau(o, min_lr=[0.1])",
          "ReduceLROnPlateau(3)",
          "LRScheduler(o)", "LRScheduler(3)"]


def optimizer_of(m, kind="SGD"):
    """An optimizer with two groups."""
    groups = [{"params": [m.zeros(2, requires_grad=True)], "lr": rate} for rate in (1.0, 0.3)]
    return m.optim.SGD(groups, momentum=0.9) if kind == "SGD" else m.optim.Adam(groups)


def make(m, case, o):
    plain = (m.optim.Adagrad([m.zeros(1, requires_grad=True)]) if "plain" in case and m is torch else Plain()
             if "plain" in case else None)
    return eval("L." + case, {"L": m.optim.lr_scheduler, "o": o, "plain": plain})


class Plain(en.optim.Optimizer):
    """An optimizer without a momentum."""
    def __init__(self):
        super().__init__([en.zeros(1, requires_grad=True)], {"lr": 0.1})


def written(o):
    """What a schedule writes into the groups."""
    return [{name: group[name]
             for name in ("lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr", "max_momentum",
                          "base_momentum") if name in group} for group in o.param_groups]


def go(schedule, o, steps, begin=0):
    """The groups after each step; a plateau gets a loss that rises and falls."""
    seen = []
    for t in range(begin, begin + steps):
        o.step()
        schedule.step(*([1 / (1 + t) + t % 9 / 10] if type(schedule).__name__ == "ReduceLROnPlateau" else []))
        seen.append([written(o), schedule.get_last_lr()])
    return seen


def same(ours, theirs, what=""):
    """Equal in structure; numbers to a few of the last places."""
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), what
        for key in theirs:
            same(ours[key], theirs[key], f"{what} {key}")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), what
        for number, pair in enumerate(zip(ours, theirs)):
            same(*pair, f"{what} {number}")
    elif callable(theirs):
        assert callable(ours), what
    elif isinstance(theirs, float):
        assert np.isclose(ours, theirs, 1e-13, 1e-18), f"{what}: {ours!r} for {theirs!r}"
    else:
        assert ours == theirs, f"{what}: {ours!r} for {theirs!r}"


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("case", CASES + PLATEAUS)
def test_as_pytorch(case, kind):
    results = []
    for m in (en, torch):
        o = optimizer_of(m, kind)
        schedule = make(m, case, o)
        first = [written(o), schedule.get_last_lr()]
        results.append([first, go(schedule, o, STEPS), schedule.state_dict()])
    same(*results)


@pytest.mark.parametrize("case", CASES + PLATEAUS)
def test_taken_up_again(case):
    """Saved in the middle and loaded into a new one, the schedule goes on; and so does one from PyTorch's
    state."""
    o = optimizer_of(en)
    schedule = make(en, case, o)
    go(schedule, o, 13)
    saved = copy.deepcopy((o.state_dict(), schedule.state_dict()))
    there = optimizer_of(torch)
    original = make(torch, case, there)
    go(original, there, 13)
    straight = go(schedule, o, 30, 13)
    for state in (saved[1], saved[1], original.state_dict()):      # twice: loading leaves a state as it was
        again = optimizer_of(en)
        restored = make(en, case, again)
        again.load_state_dict(saved[0]), restored.load_state_dict(state)
        same(go(restored, again, 30, 13), straight)


@pytest.mark.parametrize("last_epoch", [0, 4, 9, 10])
@pytest.mark.parametrize("case", SINGLE)
def test_last_epoch(case, last_epoch):
    results = []
    for m in (en, torch):
        o = optimizer_of(m)
        go(make(m, case, o), o, last_epoch)
        schedule = make(m, f"{case[:-1]}, last_epoch={last_epoch})", o)
        results.append([written(o), go(schedule, o, 40), schedule.state_dict()])
    same(*results)


@pytest.mark.parametrize("case", SINGLE)
def test_step_to_an_epoch(case):
    results = []
    for m in (en, torch):
        o, seen = optimizer_of(m), []
        schedule = make(m, case, o)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in (0, 3, 11, 12, 40, 2):
                schedule.step(epoch)
                seen.append([written(o), schedule.last_epoch])
        results.append(seen)
    same(*results)


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    with pytest.raises(Exception) as theirs:
        make(torch, case, optimizer_of(torch))
    with pytest.raises(Exception) as ours:
        make(en, case, optimizer_of(en))
    # what comes from inside is told of the call
    assert ours.type is theirs.type or (ours.type, theirs.type) == (TypeError, AttributeError)


@pytest.mark.parametrize("m", [en, torch])
def test_later_errors(m):
    o = optimizer_of(m)
    cycle = m.optim.lr_scheduler.OneCycleLR(o, 1.0, 3)
    go(cycle, o, 3)
    with pytest.raises(ValueError):
        cycle.step()
    o = optimizer_of(m)
    zero = m.optim.lr_scheduler.ConstantLR(o, 0.0, 3)
    go(zero, o, 2)
    assert zero.get_last_lr() == [0, 0]
    with pytest.raises(ZeroDivisionError):
        zero.step()
    plateaus = [m.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, min_lr=low) for low in (0, [0, 0])]
    o.add_param_group({"params": [m.zeros(1, requires_grad=True)], "lr": 1.0})
    plateaus[0].step(1), plateaus[0].step(1)
    assert o.param_groups[2]["lr"] == 0.1
    plateaus[1].step(1)
    with pytest.raises(RuntimeError):
        plateaus[1].step(1)


def said(action):
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        action()
    return [(message.category, str(message.message)[:40]) for message in messages]


def wrong_order(m):
    o = optimizer_of(m)
    schedule = m.optim.lr_scheduler.StepLR(o, 3)
    schedule.step(), o.step(), schedule.step()


def overridden(m):
    o = optimizer_of(m)
    schedule = m.optim.lr_scheduler.StepLR(o, 3)
    o.step = lambda: None
    o.step(), schedule.step()


def right_order(m):
    o = optimizer_of(m)
    go(m.optim.lr_scheduler.StepLR(o, 3), o, 5)


def with_epoch(m):
    o = optimizer_of(m)
    schedule = m.optim.lr_scheduler.StepLR(o, 3)
    o.step(), schedule.step(7)


def rule_asked(m):
    m.optim.lr_scheduler.ExponentialLR(optimizer_of(m), 0.9).get_lr()


@pytest.mark.parametrize("action, count",
                         [(wrong_order, 1),
                          (overridden, 1),
                          (right_order, 0),
                          (with_epoch, 1),
                          (rule_asked, 1)])
def test_warnings(action, count):
    ours, theirs = said(lambda: action(en)), said(lambda: action(torch))
    assert ours == theirs and len(ours) == count


def test_callable_objects_are_saved():
    class Power:
        def __init__(self, base):
            self.base = base

        def __call__(self, t):
            return self.base ** t

    for make_one in (lambda base: lr_scheduler.LambdaLR(optimizer_of(en), Power(base)),
                     lambda base: lr_scheduler.CyclicLR(optimizer_of(en), 0.1, 1.0, 5, scale_fn=Power(base))):
        first, second = make_one(0.5), make_one(0.9)
        second.load_state_dict(first.state_dict())
        first.step(), second.step()
        assert second.get_last_lr() == first.get_last_lr()


def test_an_optimizer_with_a_schedule_is_freed_and_copied():
    o = optimizer_of(en)
    schedule = lr_scheduler.StepLR(o, 3)
    for twin in (copy.deepcopy(o), pickle.loads(pickle.dumps(o))):
        p = twin.param_groups[0]["params"][0]
        p.grad = en.ones(2)
        twin.step()
        assert p.tolist() == [-1, -1] and o.param_groups[0]["params"][0].tolist() == [0, 0]
    gone = weakref.ref(o)
    gc.disable()
    try:
        del o, schedule
        assert gone() is None
    finally:
        gc.enable()


def test_every_schedule_has_a_case():
    names = {name for name in vars(torch.optim.lr_scheduler)
             if isinstance(getattr(torch.optim.lr_scheduler, name), type)
             and issubclass(getattr(torch.optim.lr_scheduler, name), torch.optim.lr_scheduler.LRScheduler)}
    public = {name for name in names if not name.startswith("_")} - {"LRScheduler"}
    assert ({case.split("(")[0] for case in CASES + PLATEAUS} == public
            and all(hasattr(lr_scheduler, name) for name in public))
