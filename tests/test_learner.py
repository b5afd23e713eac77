"""The training loop: what it computes, what leaves no trace, and that it goes on after a death to the last
bit."""
import io
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from copy import deepcopy
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import pytest

import execute
import edunets as en
from conftest import label
from edunets.data import Callback, Checkpoint, DataLoader, EarlyStopping, IterableDataset, Learner, LivePlot
from edunets.data import TensorDataset
from edunets.data.checkpointing import checkpoints, read_checkpoint, steps_done
from killed_run import EPOCHS, FAULTS

pytestmark = pytest.mark.filterwarnings("error")
cross_entropy = en.nn.functional.cross_entropy
schedules = en.optim.lr_scheduler
SCRIPT = Path(__file__).parent / "killed_run.py"
QUIET = {"OPENBLAS_NUM_THREADS": "1",
         "OMP_NUM_THREADS": "1",
         "PYTHONPATH": str(Path(en.__file__).parent.parent)}


def accuracy(output, target): return (output.argmax(1) == target).float().mean()


def data(rows=50):
    generator = en.Generator().manual_seed(5)
    return TensorDataset(en.randn(rows, 6, generator=generator), en.randint(3, (rows,), generator=generator))


def make(*callbacks, optimizer=partial(en.optim.Adam, lr=0.01), schedule=None, loader=None, valid=True,
         **options):
    "A learner made anew: 4 steps an epoch, the last with 2 rows of 50."
    en.manual_seed(1)
    model = en.nn.Sequential(en.nn.Linear(6, 8), en.nn.BatchNorm1d(8), en.nn.ReLU(), en.nn.Dropout(0.5),
                             en.nn.Linear(8, 3))
    optimizer = optimizer(model.parameters())
    options = ({"valid_loader": DataLoader(data(), 16) if valid else None,
                "metrics": {"accuracy": accuracy},
                "progress": False} | options)
    return Learner(model, cross_entropy, optimizer,
                   DataLoader(data(), 16, shuffle=True) if loader is None else loader,
                   schedule=schedule and schedule(optimizer), callbacks=callbacks, **options)


def bits(learner):
    "All of a learner's state, as bytes."
    file = io.BytesIO()
    en.save(learner.state_dict(), file)
    return file.getvalue()


def fitted(learner, epochs):
    learner.fit(epochs)
    return learner


class At(Callback):
    "Do something after one step, once."
    def __init__(self, step, what): self.step, self.what = step, what
    def after_step(self, learner):
        if learner.step == self.step: self.step = self.what(learner)


# What it computes

def test_the_bits_of_the_loop_that_everyone_copies():
    learner = make()
    model, optimizer, loader = learner.model, learner.optimizer, learner.train_loader
    for _ in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            optimizer.step()
    expected = deepcopy(model.state_dict())
    other = fitted(make(), 3)
    assert all(en.equal(x, expected[name]) for name, x in other.model.state_dict().items())
    assert len(other.losses) == other.step == 12 and [row["epoch"] for row in other.history] == [1, 2, 3]


def test_metrics_count_samples_not_batches():
    learner = make()
    whole, by_16, by_49 = (learner.evaluate(DataLoader(data(), size)) for size in (50, 16, 49))
    batches = [learner.evaluate([batch]) for batch in DataLoader(data(), 49)]
    assert whole == pytest.approx(by_16, abs=1e-6) and whole == pytest.approx(by_49, abs=1e-6)
    # so the weights matter here
    assert abs(np.mean([row["accuracy"] for row in batches]) - whole["accuracy"]) > 0.05


def test_the_training_row_counts_samples_too():
    class Constant(en.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = en.nn.Parameter(en.zeros(1))
        def forward(self, x): return self.w * 0 + x
    model = Constant()
    batches = [(en.zeros(8), en.ones(8)), (en.zeros(2), en.full((2,), 3.0))]
    learner = Learner(model, en.nn.functional.mse_loss, en.optim.SGD(model.parameters()), batches,
                      progress=False)
    assert (learner.fit(1) == [{"epoch": 1, "step": 2, "loss": (8 * 1 + 2 * 9) / 10}]
            and learner.losses == [1.0, 9.0])


TARGETS = {"pair": lambda y, w: (y, w),
           "dict": lambda y, w: {"y": y, "w": w},
           "nested": lambda y, w: [(y, w)],
           "words": lambda y, w: ["word"] * len(y)}


@pytest.mark.parametrize("kind", TARGETS)
def test_the_rows_of_a_target_that_is_no_tensor(kind):
    learner = make()
    learner.loss, learner.metrics = lambda output, target: output.mean() * 0 + len(output), {}
    batches = [(en.zeros(n, 6), TARGETS[kind](en.zeros(n), en.ones(n))) for n in (8, 2)]
    assert learner.evaluate(batches)["loss"] == pytest.approx((8 * 8 + 2 * 2) / 10)


def test_several_inputs():
    class Sum(en.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = en.nn.Linear(2, 1)
        def forward(self, a, b): return self.layer(a + b)
    model = Sum()
    batch = en.ones(4, 2), en.ones(4, 2), en.zeros(4, 1)
    learner = Learner(model, en.nn.functional.mse_loss, en.optim.SGD(model.parameters(), lr=0.01), [batch],
                      progress=False)
    rows = learner.fit(3)
    assert rows[2]["loss"] < rows[0]["loss"] and en.equal(learner.predict(*batch[:2]), model(*batch[:2]))


def test_fit_counts_the_epochs_from_the_beginning():
    learner = fitted(fitted(make(), 2), 4)
    assert bits(learner) == bits(fitted(make(), 4))
    before = bits(learner)
    with pytest.warns(UserWarning, match="4 epochs are done"): learner.fit(4)
    assert bits(learner) == before


@pytest.mark.parametrize("each, times", [("step", 8), ("epoch", 2)])
def test_when_a_schedule_steps(each, times):
    learner = make(schedule=lambda optimizer: schedules.ExponentialLR(optimizer, 0.5), schedule_each=each)
    learner.fit(2)
    assert learner.optimizer.param_groups[0]["lr"] == 0.01 * 0.5 ** times
    with pytest.raises(ValueError, match="schedule_each"): make(schedule_each="batch")


def test_callbacks_are_told_in_order():
    told = []
    class Told(Callback):
        def __init__(self, name, last=False): self.name, self.last = name, last
        def begin_fit(self, learner): told.append((self.name, "begin_fit"))
        def after_step(self, learner): told.append((self.name, learner.step))
        def after_epoch(self, learner): told.append((self.name, "after_epoch", len(learner.history)))
        def end_fit(self, learner): told.append((self.name, "end_fit"))
    make(Told("b", last=True), Told("a")).fit(1)
    moments = [("begin_fit",), *((n,) for n in (1, 2, 3, 4)), ("after_epoch", 1), ("end_fit",)]
    assert told == [(name, *moment) for moment in moments for name in "ab"]


def test_the_end_is_told_after_an_error_too():
    ended = []
    class End(Callback):
        def end_fit(self, learner): ended.append(learner.step)
    def fail(learner): raise OSError("the disk is full")
    learner = make(End(), At(3, fail))
    with pytest.raises(OSError): learner.fit(1)
    assert ended == [3]


def test_only_what_has_begun_is_ended():
    ended = []
    class Ends(Callback):
        def __init__(self, name, fails=False): self.name, self.fails = name, fails
        def begin_fit(self, learner):
            if self.fails: raise OSError("the disk is full")
            self.file = self.name
        def end_fit(self, learner): ended.append(self.file)
    with pytest.raises(OSError): make(Ends("a"), Ends("b", fails=True), Ends("c"), progress=True).fit(1)
    assert ended == ["a"]


def test_an_empty_loader():
    for loader in ([], iter([])):
        with pytest.raises(ValueError, match="no batch"):
            make(loader=loader or [(en.zeros(4, 6), en.zeros(4).long())]).evaluate(loader)
    used_up = iter([(en.randn(4, 6), en.zeros(4, dtype=en.int64))])
    learner = fitted(make(loader=used_up, valid=False), 1)
    with pytest.raises(ValueError, match="^train_loader gave no batch"): learner.fit(2)
    assert learner.epoch == len(learner.history) == 1
    with pytest.raises(ValueError, match="^valid_loader gave no batch"): make(valid_loader=[]).fit(1)


@pytest.mark.parametrize("options",
                         [{"metrics": [accuracy]},
                          {"metrics": accuracy},
                          {"metrics": {"a": 1}},
                          {"callbacks": EarlyStopping()},
                          {"callbacks": [EarlyStopping]},
                          {"callbacks": EarlyStopping},
                          {"loss": en.nn.CrossEntropyLoss},
                          {"loss": None},
                          {"schedule": schedules.ReduceLROnPlateau}], ids=label)
def test_slips_are_told_of(options):
    model = en.nn.Linear(6, 3)
    optimizer = en.optim.SGD(model.parameters())
    if "schedule" in options: options = {"schedule": options["schedule"](optimizer)}
    with pytest.raises(TypeError, match=f"^Learner got {next(iter(options))}=.*\n  Why: .*\n  Try: "):
        Learner(**{"model": model, "loss": cross_entropy, "optimizer": optimizer, "train_loader": []}
                | options)


def test_a_batch_without_a_target():
    for batch in (en.zeros(4, 6), [en.zeros(4, 6)]):
        with pytest.raises(ValueError, match=r"^a batch should be \(inputs..., target\)"):
            make().evaluate([batch])


def test_an_optimizer_of_another_model():
    learner = make()
    learner.optimizer = make().optimizer
    with pytest.warns(UserWarning, match="nothing will be learned"): learner.fit(1)


def test_another_loader_between_fits():
    for other in (list(DataLoader(data(), 16)), DataLoader(data(40), 16, batch_sampler=None, shuffle=False)):
        learner = fitted(make(At(2, lambda learner: learner.stop("here"))), 1)
        learner.stopped, learner.train_loader = None, other
        with pytest.raises(ValueError,
                           match="^the train_loader can't go.*\n  Why: .*\n  Try: .*learner.place = None"):
            learner.fit(1)
        learner.place = None
        assert fitted(learner, 1).history[0]["step"] == 2 + len(other)


# What leaves no trace

def test_looking_leaves_no_trace():
    learner = fitted(make(), 1)
    learner.model[1].eval()      # frozen on purpose
    modes, before = [m.training for m in learner.model.modules()], bits(learner)
    drawing = DataLoader(data(), 16, shuffle=True)
    one, two = learner.evaluate(drawing), learner.evaluate(drawing)
    assert one == pytest.approx(two) and not learner.predict(en.zeros(2, 6)).requires_grad
    assert [m.training for m in learner.model.modules()] == modes and bits(learner) == before
    def fail(output, target): raise ZeroDivisionError
    learner.metrics = {"bad": fail}
    with pytest.raises(ZeroDivisionError): learner.evaluate(drawing)
    assert ([m.training for m in learner.model.modules()] == modes and bits(learner) == before
            and en.is_grad_enabled())


def test_evaluation_does_not_change_the_training():
    with_, without = fitted(make(), 3), fitted(make(valid=False), 3)
    assert with_.losses == without.losses


def test_what_was_frozen_stays_frozen():
    learner = make()
    learner.model[1].eval()
    mean = learner.model[1].running_mean.clone()
    learner.lr_find(steps=5)
    fitted(learner, 1)
    assert (en.equal(learner.model[1].running_mean, mean) and not learner.model[1].training
            and learner.model[3].training)
    learner.model.eval()
    fitted(learner, 2)
    assert all(m.training for m in learner.model.modules())


# with state of different kinds
OPTIMIZERS = {"SGD": partial(en.optim.SGD, lr=0.05, momentum=0.9),
              "Adam": partial(en.optim.Adam, lr=0.01, amsgrad=True),
              "AdamW": partial(en.optim.AdamW, lr=0.01)}
SCHEDULES = {
    "none": None,
    "cosine": lambda o: schedules.CosineAnnealingLR(o, 20),
    "steps": lambda o: schedules.MultiStepLR(o, [3, 9]),
    "one cycle": lambda o: schedules.OneCycleLR(o, 0.05, total_steps=20),
    "triangles": lambda o: schedules.CyclicLR(o, 0.001, 0.01, 3, mode="triangular2"),
    "restarts": lambda o: schedules.CosineAnnealingWarmRestarts(o, 3, 2),
    "function": lambda o: schedules.LambdaLR(o, lambda t: 1 / (1 + t)),
    "warmup": lambda o: schedules.SequentialLR(o,
                                               [schedules.LinearLR(o, 0.1, total_iters=5),
                                                schedules.ExponentialLR(o, 0.9)], [5]),
}


@pytest.mark.parametrize("optimizer, schedule",
                         [*((o, "cosine") for o in OPTIMIZERS), ("Adam", "none"), ("Adam", "one cycle")])
def test_finding_a_rate_leaves_everything_as_it_was(optimizer, schedule):
    learner = make(At(6, lambda learner: learner.stop("here")), optimizer=OPTIMIZERS[optimizer],
                   schedule=SCHEDULES[schedule])
    fresh = bits(learner)
    assert len(learner.lr_find().rates) > 10 and bits(learner) == fresh
    learner.fit(3)
    for epochs in (3, 4):      # between two batches of an epoch, then after it
        learner.model.eval()
        before = bits(learner)
        learner.lr_find(steps=30)
        assert (bits(learner) == before and not any(m.training for m in learner.model.modules())
                and all(p.grad is None for p in learner.model.parameters()))
        learner.stopped = None
        learner.fit(epochs)
    assert bits(learner) == bits(fitted(make(optimizer=OPTIMIZERS[optimizer], schedule=SCHEDULES[schedule]),
                                        4))


def test_a_rate_is_found_in_training_mode():
    learner = make()
    found = learner.lr_find()
    learner.model.eval()
    assert learner.lr_find() == found


def test_finding_a_rate_that_fails_leaves_everything_as_it_was():
    learner, count = fitted(make(), 1), iter(range(100))
    before, loss = bits(learner), learner.loss
    def fails(output, target):
        if next(count) == 7: raise ZeroDivisionError
        return loss(output, target)
    learner.loss = fails
    with pytest.raises(ZeroDivisionError): learner.lr_find()
    assert bits(learner) == before
    learner.loss = lambda output, target: loss(output, target) * math.nan
    with pytest.raises(ValueError, match="0 of 100 steps"): learner.lr_find()
    learner.loss, learner.train_loader = loss, []
    with pytest.raises(ValueError, match="0 of 100 steps"): learner.lr_find()


def test_the_rate_that_is_found():
    """On a bowl, 0.5 |w|^2, a step multiplies w by 1 - rate: the loss falls up to a rate of 1, and beyond
    2 it grows."""
    class Point(en.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = en.nn.Parameter(en.ones(1))
        def forward(self, x): return self.w
    model = Point()
    learner = Learner(model, lambda output, target: 0.5 * (output * output).sum(),
                      en.optim.SGD(model.parameters()), [(en.zeros(1), en.zeros(1))], progress=False)
    sweep = learner.lr_find(1e-3, 100, 60, smooth=0.0)
    assert np.allclose(np.diff(np.log(sweep.rates)), math.log(1e5) / 59) and sweep.losses[0] == 0.5
    w = 1.0
    for rate, loss in zip(sweep.rates, sweep.losses):
        assert loss == pytest.approx(0.5 * w * w, rel=1e-4, abs=1e-12)
        w *= 1 - rate
    assert 0.05 < sweep.suggestion < 2 and sweep.plot().get_xscale() == "log"


def test_the_rate_that_is_found_is_not_the_start_of_the_sweep():
    for seed in range(12):
        en.manual_seed(seed)
        x = en.randn(150, 5)
        model = en.nn.Sequential(en.nn.Linear(5, 16), en.nn.ReLU(), en.nn.Linear(16, 1))
        loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True) + en.randn(150, 1)), 32, shuffle=True)
        learner = Learner(model, en.nn.functional.mse_loss, en.optim.Adam(model.parameters()), loader,
                          progress=False)
        assert learner.lr_find().suggestion > 1e-5, seed


# Early stopping

class Scripted(Callback):
    "Measured values as they are told."
    def __init__(self, values): self.values = values
    def after_epoch(self, learner): learner.history[-1]["valid_loss"] = self.values[learner.epoch - 1]


class Remember(Callback):
    def __init__(self): self.weights = []
    def after_epoch(self, learner): self.weights.append(learner.model[0].weight.detach().clone())


@pytest.mark.parametrize("values, options, stops, best", [
    ([3, 2, 2.5, 2.4, 9, 9], {"patience": 2}, 4, 2),
    ([3, 2, 2.5, 1, 1.5, 1.5, 9], {"patience": 2}, 6, 4),
    ([3, 2, 2, 2, 9], {"patience": 2}, 4, 2),
    ([3, 2.5, 2.2, 1.4, 1.4, 1.4, 9], {"patience": 2, "min_delta": 1.0}, 3, 1),
    ([1, 2, 1.5, 1.9, 9], {"patience": 2, "mode": "max"}, 4, 2),
    ([math.nan, 2, math.nan, math.nan, 1], {"patience": 2}, 4, 2),
    ([math.nan, math.nan, 1], {"patience": 2}, 2, None),
    ([3, math.inf, 2, 1], {"patience": 1}, 2, 1),
])
def test_early_stopping(values, options, stops, best):
    remember = Remember()
    learner = fitted(make(Scripted(values), remember, EarlyStopping(**options)), 50)
    assert learner.epoch == stops and learner.stopped.startswith(f"stopped after epoch {stops}: valid_loss")
    assert en.equal(learner.model[0].weight, remember.weights[(best or stops) - 1])
    with pytest.warns(UserWarning, match="stopped after epoch"): learner.fit(50)
    assert learner.epoch == stops


def test_early_stopping_waits_anew():
    learner = fitted(make(Scripted([1, 2, 2, 2, 2, 2, 2]), EarlyStopping(patience=2)), 9)
    assert learner.epoch == 3
    learner.stopped = None
    assert fitted(learner, 9).epoch == 5


def test_early_stopping_that_keeps_the_last_weights():
    remember = Remember()
    learner = fitted(make(Scripted([1, 2, 3]), remember, EarlyStopping(patience=2, restore=False)), 9)
    assert learner.epoch == 3 and en.equal(learner.model[0].weight, remember.weights[2])


def test_early_stopping_refuses_before_the_training():
    learner = make(EarlyStopping(), valid=False)
    with pytest.raises(ValueError, match="'valid_loss' is not measured"): learner.fit(1)
    assert learner.step == 0
    with pytest.raises(ValueError, match="mode"): EarlyStopping(mode="down")


# An interrupt

def press(learner): signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("step", range(1, 9))
def test_an_interrupt_waits_for_the_step_and_the_fit_goes_on(step):
    learner = make(At(step, press))
    with pytest.raises(KeyboardInterrupt): learner.fit(3)
    assert (learner.step == step and len(learner.losses) == step
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    assert bits(fitted(learner, 3)) == bits(fitted(make(), 3))


def test_an_interrupt_within_the_forward_pass_or_an_evaluation():
    for call in (3, 6, 11):      # of the metric: in a step, in the first evaluation, in the second epoch
        learner, calls = make(), iter(range(1, 100))
        def pressing(output, target):
            if next(calls) == call: signal.raise_signal(signal.SIGINT)
            return accuracy(output, target)
        learner.metrics = {"accuracy": pressing}
        with pytest.raises(KeyboardInterrupt): learner.fit(3)
        assert learner.epoch < 3
        assert bits(fitted(learner, 3)) == bits(fitted(make(), 3)), call


def test_the_second_interrupt_does_not_wait():
    pressed = []
    def stubborn(learner):
        for _ in range(2):
            pressed.append(learner.step)
            signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second one was ignored")
    learner = make(At(2, stubborn))
    with pytest.raises(KeyboardInterrupt): learner.fit(3)
    assert pressed == [2, 2] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert fitted(learner, 3).epoch == 3


def test_an_error_leaves_a_usable_learner():
    learner = make(At(6, lambda learner: 1 / 0))
    with pytest.raises(ZeroDivisionError): learner.fit(3)
    assert bits(fitted(learner, 3)) == bits(fitted(make(), 3))
    assert learner.evaluate(DataLoader(data(),
                                       16))["loss"] == pytest.approx(learner.history[-1]["valid_loss"])


def test_in_a_thread():
    learner, found = make(), []
    thread = threading.Thread(target=lambda: found.append(learner.fit(2)))
    thread.start()
    thread.join()
    assert found == [learner.history] and learner.epoch == 2


# A state

def through_a_file(learner, into):
    into.load_state_dict(en.load(io.BytesIO(bits(learner))))
    return into


LOADERS = {
    "default": lambda: DataLoader(data(), 16, shuffle=True),
    "own generator": lambda: DataLoader(data(), 16, shuffle=True, generator=en.Generator().manual_seed(3)),
    "workers": lambda: DataLoader(data(), 16, shuffle=True, num_workers=2),
    "drop_last": lambda: DataLoader(data(), 16, shuffle=True, drop_last=True),
}


@pytest.mark.parametrize("optimizer, schedule, loader",
                         [*((o, "cosine", "default") for o in OPTIMIZERS),
                          *(("Adam", s, "default") for s in SCHEDULES),
                          *(("SGD", "none", kind) for kind in LOADERS)])
def test_a_run_goes_on_from_any_step(optimizer, schedule, loader):
    def new(*callbacks):
        return make(*callbacks, EarlyStopping(patience=50), optimizer=OPTIMIZERS[optimizer],
                    schedule=SCHEDULES[schedule], loader=LOADERS[loader]())
    states = []
    class Keep(Callback):
        last = True
        def after_step(self, learner): states.append(bits(learner))
        after_epoch = after_step
    expected = bits(fitted(new(Keep()), 3))
    for state in states:
        learner = new()
        en.rand(7)
        learner.load_state_dict(en.load(io.BytesIO(state)))
        if learner.epoch < 3: learner.fit(3)
        assert bits(learner) == expected


def test_each_part_of_the_state_is_needed():
    class Budget(Callback):
        def __init__(self, left): self.left = left
        def after_step(self, learner):
            self.left -= 1
            if not self.left: learner.stop("spent")
        def state_dict(self): return {"left": self.left}
        def load_state_dict(self, state_dict): self.left = state_dict["left"]
    def new(*callbacks): return make(Budget(14), *callbacks, schedule=SCHEDULES["cosine"])
    expected = bits(fitted(new(), 9))
    state = fitted(new(At(6, lambda learner: learner.stop("died"))), 9).state_dict()
    state = deepcopy(state) | {"stopped": None}
    assert state["generators"] == {}      # of GPUs: test_cuda_api.py
    for name in [None, *state]:
        if name == "generators": continue
        learner = new()
        fresh = {"generator": en.get_rng_state() + 1,
                 "stopped": "died"}.get(name, learner.state_dict().get(name))
        learner.load_state_dict(deepcopy(state) | ({name: fresh} if name else {}))
        if not learner.stopped: learner.fit(9)
        assert (bits(learner) == expected) == (name is None), name


def test_a_callback_whose_state_is_empty_at_first():
    class Seen(Callback):
        def __init__(self): self.seen = {}
        def after_step(self, learner): self.seen[str(learner.step)] = learner.losses[-1]
        def state_dict(self): return self.seen
        def load_state_dict(self, state_dict): self.seen = dict(state_dict)
    expected = bits(fitted(make(Seen()), 2))
    state, learner = bits(fitted(make(Seen()), 1)), make(Seen())
    learner.load_state_dict(en.load(io.BytesIO(state)))
    assert bits(fitted(learner, 2)) == expected


def test_a_state_of_another_learner_is_refused():
    state = fitted(make(EarlyStopping(), schedule=SCHEDULES["cosine"]), 1).state_dict()
    for other, words in ((make(schedule=SCHEDULES["cosine"]), "of another learner"),
                         (make(EarlyStopping()), "of another learner")):
        before = bits(other)
        with pytest.raises(RuntimeError, match=words): other.load_state_dict(state)
        assert bits(other) == before
    with pytest.raises(RuntimeError, match="not the state of a learner: it has no 'model'"):
        make().load_state_dict(make().model.state_dict())
    wide = make(EarlyStopping(), schedule=SCHEDULES["cosine"])
    wide.model[0] = en.nn.Linear(6, 9)
    with pytest.raises(RuntimeError, match="size mismatch"): wide.load_state_dict(state)


# Checkpoints

def test_the_last_few_are_kept(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".edunets-0123456789abcdef.tmp").write_text("half writ")
    learner = fitted(make(Checkpoint(tmp_path, every=3, keep=2)), 2)
    assert ([steps_done(path) for path in checkpoints(tmp_path)] == [(1, 6), (2, 8)]
            and (tmp_path / "notes.txt").read_text() == "mine")
    assert len(list(tmp_path.iterdir())) == 3
    file = io.BytesIO()
    en.save(read_checkpoint(checkpoints(tmp_path)[-1]), file)
    assert file.getvalue() == bits(learner)
    for bad in ({"keep": 0}, {"every": 0}, {"keep": None}, {"keep": "a"}, {"every": 1.5}):
        with pytest.raises(ValueError, match="1 or more"): Checkpoint(tmp_path, **bad)


@pytest.mark.parametrize("step", [2, 4, 7])
def test_what_was_done_since_the_last_checkpoint_is_kept(step, tmp_path):
    for what, kind in ((press, "press"), (lambda learner: learner.stop("late", for_good=False), "stop")):
        learner = make(At(step, what), Checkpoint(tmp_path / kind))
        try: learner.fit(3)
        except KeyboardInterrupt: assert kind == "press"
        assert steps_done(checkpoints(tmp_path / kind)[-1])[1] == step
        again = make(Checkpoint(tmp_path / kind))
        assert again.resume(tmp_path / kind) and bits(fitted(again, 3)) == bits(fitted(make(), 3))


def test_a_broken_step_or_a_batch_half_drawn_is_not_kept(tmp_path):
    learner = make(At(6, lambda learner: 1 / 0), Checkpoint(tmp_path / "step"))
    with pytest.raises(ZeroDivisionError): learner.fit(3)
    class Noisy:
        "A loader that draws from the default generator itself."
        at, pressed_at = 0, None
        def state_dict(self): return {"at": self.at}
        def load_state_dict(self, state): self.at = state["at"]
        def __iter__(self):
            while self.at < 4:
                noise = en.randn(16, 6)
                if self.pressed_at == learner.step: signal.raise_signal(signal.SIGINT)
                self.at += 1
                yield noise, data()[:16][1]
            self.at = 0
    noisy = Noisy()
    learner = make(Checkpoint(tmp_path / "batch"), loader=noisy)
    noisy.pressed_at = 6
    with pytest.raises(KeyboardInterrupt): learner.fit(3)
    for kind in ("step", "batch"): assert steps_done(checkpoints(tmp_path / kind)[-1]) == (1, 4), kind


def test_a_stop_for_good_is_saved_and_another_is_not():
    for for_good in (True, False):
        learner = fitted(make(At(2, lambda learner: learner.stop("late", for_good))), 1)
        assert learner.stopped == "late" and learner.state_dict()["stopped"] == ("late" if for_good else None)
        learner.lr_find(steps=5)
        with pytest.warns(UserWarning, match="late .learner.stopped = None goes on"): learner.fit(1)
        learner.stop("later", for_good=False)
        assert learner.stopped == "late"


def test_a_callback_that_was_appended_after_a_checkpoint(tmp_path):
    learner = make(Checkpoint(tmp_path))
    learner.callbacks.append(EarlyStopping())
    state = fitted(learner, 2) and read_checkpoint(checkpoints(tmp_path)[-1])
    assert state["callbacks"][0][1]["best"] == min(row["valid_loss"] for row in learner.history)


def test_an_empty_folder_is_a_beginning(tmp_path):
    learner = make(Checkpoint(tmp_path / "new" / "run"))
    assert learner.resume(tmp_path / "new" / "run") is False and fitted(learner, 1).epoch == 1
    again = make(Checkpoint(tmp_path / "new" / "run"))
    assert again.resume(tmp_path / "new" / "run") is True and bits(again) == bits(learner)
    # a script that is started once more
    with pytest.warns(UserWarning, match="nothing to do"): again.fit(1)


def test_who_forgets_to_resume_loses_nothing(tmp_path):
    fitted(make(Checkpoint(tmp_path)), 2)
    before = sorted(path.read_bytes() for path in tmp_path.iterdir())
    with pytest.raises(FileExistsError, match="resume") as told: make(Checkpoint(tmp_path)).fit(5)
    assert "Why: at" in str(told.value) and sorted(path.read_bytes() for path in tmp_path.iterdir()) == before


DAMAGES = {
    "truncated": lambda data: data[:-1],
    "empty": lambda data: b"",
    "a bit turned": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "zeros in place of a page": lambda data: data[:512] + bytes(512) + data[1024:],
    "another file": lambda data: b"<!doctype html>",
    "another good file": lambda data: written({"a": en.ones(3)}),
}


def written(state):
    file = io.BytesIO()
    en.save(state, file)
    return file.getvalue()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_used(damage, tmp_path):
    expected = bits(fitted(make(Checkpoint(tmp_path / "run", every=3)), 3))
    *_, before, newest = checkpoints(tmp_path / "run")
    newest.write_bytes(DAMAGES[damage](newest.read_bytes()))
    with pytest.raises(RuntimeError, match="is not what was written\n  Why: at .*checksum"):
        read_checkpoint(newest)
    learner = make(Checkpoint(tmp_path / "run", every=3))
    with pytest.warns(UserWarning, match=f"{newest.name}' is not what was written"):
        assert learner.resume(tmp_path / "run")
    assert (learner.epoch, learner.step) == steps_done(before) and newest.with_suffix(".damaged").exists()
    assert bits(fitted(learner, 3)) == expected


def test_when_all_are_damaged_nothing_begins_anew_by_itself(tmp_path):
    fitted(make(Checkpoint(tmp_path)), 2)
    for path in checkpoints(tmp_path): path.write_bytes(b"")
    for _ in range(2):
        with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="no checkpoint .* can be read"):
            make().resume(tmp_path)
    assert len(checkpoints(tmp_path)) == 2


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    fitted(make(Checkpoint(tmp_path)), 1)
    other = make()
    other.model[0] = en.nn.Linear(6, 9)
    with pytest.raises(RuntimeError, match="size mismatch"): other.resume(tmp_path)
    assert len(checkpoints(tmp_path)) == 1


def test_a_list_of_batches(tmp_path):
    batches = list(DataLoader(data(), 16))
    def new(**options): return make(Checkpoint(tmp_path, **options), loader=batches)
    expected = bits(fitted(make(loader=batches), 4))
    fitted(new(), 2)
    learner = new()
    assert learner.resume(tmp_path) and bits(fitted(learner, 4)) == expected
    with pytest.raises(ValueError, match="a list can't tell where it is"): new(every=2).fit(5)
    stopped = make(At(2, press), loader=batches, valid=False)      # in the middle: the epoch begins again
    with pytest.raises(KeyboardInterrupt): stopped.fit(1)
    assert fitted(stopped, 1).step == 6 and len(stopped.history) == 1
    assert stopped.history[0]["loss"] == pytest.approx(np.dot(stopped.losses[2:], [16, 16, 16, 2]) / 50)


def test_names_are_sorted_as_numbers_and_others_are_not_touched(tmp_path):
    learner = make(Checkpoint(tmp_path, keep=2))
    learner.epoch = 99_997
    others = ["epoch-1-step-2.safetensors",
              "epoch-x-step-3-0123abcd.safetensors",
              "epoch-1-step-2-3-4.safetensors",
              ".notes.tmp",
              "epoch-00001-step-000000004-0123abcd.safetensors.bak"]
    for name in others: (tmp_path / name).write_text("mine")
    (tmp_path / ".x.tmp").mkdir()
    (tmp_path / ".edunets-0123456789abcdef.tmp").mkdir()
    fitted(learner, 100_002)
    assert [steps_done(path)[0] for path in checkpoints(tmp_path)] == [100_001, 100_002]
    assert all((tmp_path / name).read_text() == "mine" for name in others) and (tmp_path / ".x.tmp").is_dir()
    again = make()
    assert again.resume(tmp_path) and bits(again) == bits(learner)


@pytest.mark.parametrize("kind", ["a dangling link", "a folder", "may not be read"])
def test_a_last_checkpoint_that_can_not_be_opened(kind, tmp_path, monkeypatch):
    fitted(make(Checkpoint(tmp_path)), 2)
    before, last = checkpoints(tmp_path)
    if kind != "may not be read": last.unlink()
    if kind == "a dangling link": last.symlink_to("nowhere")
    elif kind == "a folder": last.mkdir()
    else:
        read = Path.read_bytes
        def refused(path):
            if path == last: raise PermissionError(13, "Permission denied", str(path))
            return read(path)
        monkeypatch.setattr(Path, "read_bytes", refused)
    learner = make(Checkpoint(tmp_path))
    with pytest.warns(UserWarning, match=last.name): assert learner.resume(tmp_path)
    assert learner.epoch == 1 and steps_done(before) == (1, 4) and fitted(learner, 3).epoch == 3


@pytest.mark.parametrize("problem",
                         [PermissionError(13, "Permission denied"),
                          NotADirectoryError(20, "Not a directory"),
                          OSError(5, "Input/output error")])
def test_a_folder_that_can_not_be_read_is_no_beginning(problem, tmp_path, monkeypatch):
    fitted(make(Checkpoint(tmp_path)), 1)
    def refused(path): raise problem
    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(type(problem), match="can't be read: .*\n  Why: at .*\n  Try: "):
        make().resume(tmp_path)


class Breaks(Callback):
    "A callback whose state is refused."
    def state_dict(self): return {"n": 1}
    def load_state_dict(self, state): raise ZeroDivisionError if state["n"] != 1 else None


@pytest.mark.parametrize("part",
                         ["model", "optimizer", "schedule", "generator", "callbacks", "losses", "running"])
def test_a_state_is_taken_whole_or_not_at_all(part):
    def new(): return make(EarlyStopping(), schedule=SCHEDULES["cosine"])
    state, learner = deepcopy(fitted(new(), 1).state_dict()), fitted(new(), 2)
    learner.stop("late", for_good=False)
    before, draws = bits(learner), en.get_rng_state()
    state[part] = {"model": {}, "callbacks": [["EarlyStopping", None]]}.get(part, "nonsense")
    with pytest.raises(Exception): learner.load_state_dict(state)
    assert bits(learner) == before and en.equal(en.get_rng_state(), draws) and learner.stopped == "late"


# Two in one folder

class Twice(Callback):
    "While a training runs, begin another in its folder."
    said = None
    def __init__(self, folder): self.folder = folder
    def after_epoch(self, learner):
        with pytest.raises(RuntimeError) as told: make(Checkpoint(self.folder)).fit(1)
        self.said = str(told.value)


def test_a_second_training_in_one_folder_is_refused(tmp_path):
    second = Twice(tmp_path)
    learner = fitted(make(second, Checkpoint(tmp_path)), 2)
    first, why, _ = second.said.splitlines()
    assert "another training writes into the folder" in first and f"process {os.getpid()} on " in why
    assert [steps_done(path)[0]
            for path in checkpoints(tmp_path)] == [1, 2] and len(list(tmp_path.iterdir())) == 2
    assert fitted(learner, 3).epoch == 3      # the folder is free again


def test_a_folder_is_free_after_any_end(tmp_path):
    class Ends(Callback):
        def end_fit(self, learner): 1 / 0
    class Begins(Callback):
        last = True
        def begin_fit(self, learner): 1 / 0
    failures = [Ends(), Begins(), At(1, lambda learner: 1 / 0)]
    for n, failure in enumerate(failures):
        with pytest.raises(ZeroDivisionError): make(failure, Checkpoint(tmp_path / str(n))).fit(1)
        assert not (tmp_path / str(n) / ".in-use").exists(), failure
    fitted(make(Checkpoint(tmp_path / "run")), 2)
    with pytest.raises(FileExistsError): make(Checkpoint(tmp_path / "run")).fit(1)
    assert not (tmp_path / "run" / ".in-use").exists()


def test_a_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    for place in ("file", "file/run"):
        with pytest.raises(OSError, match="can't be made: .*\n  Why: at .*\n  Try: "):
            make(Checkpoint(tmp_path / place)).fit(1)
    for wrong in (None, 1.5, "2"):
        with pytest.raises(TypeError, match="a number of epochs is needed"): make().fit(wrong)


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(tmp_path):
    resource = pytest.importorskip("resource")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    learner = make(At(6, lambda learner: resource.setrlimit(resource.RLIMIT_FSIZE, (100, unlimited[1]))),
                   Checkpoint(tmp_path))
    try:
        with pytest.raises(OSError, match="can't be written: .*\n  Why: at .*\n  Try: "): learner.fit(3)
    finally: resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert [steps_done(path) for path in checkpoints(tmp_path)] == [(1, 4)] and len(os.listdir(tmp_path)) == 1
    again = make(Checkpoint(tmp_path))
    assert again.resume(tmp_path) and bits(fitted(again, 3)) == bits(fitted(make(), 3))


def test_a_folder_without_locks_is_told_of(tmp_path, monkeypatch):
    def none(file): raise OSError(95, "Operation not supported")
    monkeypatch.setattr("edunets.data.checkpointing.open_locked", none)
    with pytest.warns(UserWarning, match="can't be locked .Operation not supported"):
        make(Checkpoint(tmp_path)).fit(1)
    assert len(checkpoints(tmp_path)) == 1


# Killed

def start(*arguments):
    return subprocess.Popen([sys.executable, SCRIPT, *map(str, arguments)], env={**os.environ, **QUIET},
                            stdout=subprocess.PIPE)


def finished(folder):
    "The state at the end of a training that is now left in peace, as bytes."
    with start(folder / "run", folder / "result") as running: running.stdout.read()
    assert running.returncode == 0
    return (folder / "result").read_bytes()


def whole_files(folder): return [read_checkpoint(path)["step"] for path in checkpoints(folder)]


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    "The state at the end of a training that nobody stopped."
    return finished(tmp_path_factory.mktemp("calm"))


needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")


@needs_kill
def test_killed_twenty_times_at_random_moments(calm, tmp_path):
    rng, begun, reached = random.Random(), time.monotonic(), []
    for _ in range(20):
        with start(tmp_path / "run", tmp_path / "result") as running:
            running.stdout.read(rng.randrange(19))      # so many steps, and a part of the next
            time.sleep(rng.uniform(0, 0.005))
            running.kill()
        assert running.returncode == -signal.SIGKILL
        reached += whole_files(tmp_path / "run")[-1:]
    assert reached == sorted(reached) and len(set(reached)) > 5
    assert finished(tmp_path) == calm
    assert time.monotonic() - begun < 300      # a bound on hanging, not on speed


@needs_kill
def test_killed_between_any_two_steps_of_writing(calm, tmp_path):
    for fault in FAULTS:
        with start(tmp_path / "run", tmp_path / "result", fault) as running: running.stdout.read()
        assert running.returncode == -signal.SIGKILL, fault
        assert whole_files(tmp_path / "run"), fault
    assert (tmp_path / "run" / ".in-use").exists()      # of the one that was killed last: its lock is gone
    assert finished(tmp_path) == calm
    assert len(list((tmp_path / "run").iterdir())) == 2      # nothing half written is left


# What is seen

def test_the_bar(capsys):
    make(progress=True).fit(2)
    out, err = capsys.readouterr()
    assert out == "" and "epoch 2/2: 100%" in err and "8/8" in err and "valid_accuracy=" in err
    make().fit(1)
    assert capsys.readouterr() == ("", "")


def test_the_bar_without_a_length(capsys):
    class Stream(IterableDataset):
        def __iter__(self): return iter(data())
    fitted(make(loader=DataLoader(Stream(), 16), progress=True), 2)
    assert "8it" in capsys.readouterr().err


def test_the_bar_of_a_run_that_goes_on(capsys):
    learner = make(At(6, press), progress=True)
    with pytest.raises(KeyboardInterrupt): learner.fit(2)
    capsys.readouterr()
    learner.fit(2)
    assert "6/8" in capsys.readouterr().err
    with pytest.warns(UserWarning, match="nothing to do"): learner.fit(2)
    assert "epoch 2/2" in capsys.readouterr().err


def test_the_history_is_a_table():
    lines = repr(fitted(make(), 2).history).splitlines()
    assert (lines[0].split() == ["epoch", "step", "loss", "accuracy", "valid_loss", "valid_accuracy"]
            and len(lines) == 3)
    assert len({len(line) for line in lines}) == 1 and repr(make().history) == "no epoch yet"


def test_what_is_measured_may_change_between_fits():
    learner = fitted(make(valid=False), 1)
    learner.valid_loader = DataLoader(data(), 16)
    fitted(learner, 2)
    learner.valid_loader = None
    fitted(learner, 3)
    assert [len(line.split()) for line in repr(learner.history).splitlines()] == [6, 4, 6, 4]
    assert [len(line.get_xdata()) for line in learner.plot().lines] == [12, 3, 1]


def test_the_plot():
    ax = fitted(make(), 3).plot()
    steps, means, valid = (line.get_xydata() for line in ax.lines)
    assert (len(steps) == 12 and valid[:, 0].tolist() == [4, 8, 12]
            and means[:, 0].tolist() == [2.5, 6.5, 10.5])


LIVE = """
import sys
import edunets as en
from edunets.data import Learner, LivePlot
assert not {"matplotlib", "tqdm", "IPython", "multiprocessing"} & {*sys.modules} or "IPython" in sys.modules
model = en.nn.Linear(2, 1)
batches = [(en.ones(4, 2), en.zeros(4, 1))] * 3
learner = Learner(model, en.nn.functional.mse_loss, en.optim.SGD(model.parameters(), lr=0.01), batches, callbacks=[LivePlot(seconds=0)], progress=False)
_ = learner.fit(5)
"""


@pytest.mark.parametrize("shell", [[], ["-m", "IPython", "--colors=NoColor"]], ids=["python", "ipython"])
def test_no_live_plot_in_a_terminal(shell, tmp_path):
    code = LIVE + "assert 'matplotlib' not in sys.modules"
    done = subprocess.run([sys.executable, *shell, "-c", code],
                          env={**os.environ, **QUIET, "IPYTHONDIR": str(tmp_path)}, capture_output=True,
                          text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_one_live_plot_in_a_notebook(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LIVE)]), tmp_path / "live.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", QUIET["PYTHONPATH"])
        assert execute.run("live.ipynb", tmp_path) is None
    output, = nbformat.read(tmp_path / "live.ipynb", 4).cells[0].outputs
    assert output.output_type == "display_data" and len(output.data["image/png"]) > 1000
