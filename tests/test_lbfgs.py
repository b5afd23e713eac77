"""LBFGS beside PyTorch's: every place that it looks at, its state, its errors."""
import copy

import numpy as np
import pytest

import edunets as en

torch = pytest.importorskip("torch")

FUNCTIONS = {
    "rosenbrock": lambda m, x, y:
        (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (y ** 2).sum(),
    "bowl": lambda m, x, y:
        (m.arange(1.0, 6.0, dtype=x.dtype) ** 3 * x ** 2).sum() + ((y - 1) ** 2).sum() * 10
        + x.sum() * y.sum(),
    "logarithms": lambda m, x, y: (x ** 2 + 1).log().sum() + y.exp().sum() - 2 * y.sum(),
    "waves": lambda m, x, y: (x ** 2 / 10 + (3 * x).cos()).sum() + (y.sin() ** 2).sum(),
    "line": lambda m, x, y: x.sum() + y.sum(),
    "plain": lambda m, x, y: (x ** 2).sum(),      # y has no gradient
}
OPTIONS = [{},
           {"lr": 0.1},
           {"lr": 0.05, "max_iter": 5, "history_size": 2},
           {"lr": 0.01, "max_iter": 1},
           {"lr": 0.1, "max_iter": 30, "max_eval": 7},
           {"lr": 0.1, "tolerance_grad": 0.5, "tolerance_change": 1e-3}]
OPTIONS += [{"line_search_fn": "strong_wolfe", **more}
            for more in ({}, {"max_iter": 3}, {"max_iter": 4, "history_size": 2},
                         {"max_iter": 10, "max_eval": 4}, {"lr": 0.01}, {"lr": 50.0, "max_iter": 2},
                         {"max_eval": 1}, {"tolerance_change": 0.01})]


def optimizer_of(m, dtype, **options):
    x = m.tensor([-1.2, 1.0, 0.5, 2.0, -0.7], dtype=getattr(m, dtype), requires_grad=True)
    y = m.tensor([[0.3, -0.4], [0.5, 0.1]], dtype=getattr(m, dtype), requires_grad=True)
    return (x, y), m.optim.LBFGS([x, y], **options)


def closure_of(m, name, parameters, optimizer, seen):
    def closure():
        optimizer.zero_grad()
        loss = FUNCTIONS[name](m, *parameters)
        loss.backward()
        seen.append([*parameters[0].tolist(), *np.ravel(parameters[1].tolist()), loss.item()])
        return loss
    return closure


def places(m, name, dtype, steps=20, **options):
    """Every place that the closure was called at, and how many after each step."""
    parameters, optimizer = optimizer_of(m, dtype, **options)
    seen, counts = [], []
    closure = closure_of(m, name, parameters, optimizer, seen)
    for _ in range(steps):
        before = len(seen)
        loss = optimizer.step(closure)
        assert np.isclose(loss.item(), seen[before][-1], equal_nan=True)
        counts.append(len(seen))
    return np.array(seen), counts, optimizer


def close(ours, theirs, tolerance):
    """Places are close, measured by the largest number of each."""
    return (len(ours) == len(theirs)
            and (np.abs(ours - theirs).max(1) <= tolerance * (1 + np.abs(theirs).max(1))).all())


def sure(name, options):
    """How many places to compare. With a search the cubics through places on a line or a parabola are 0 /
    0: the last digit decides."""
    return (80 if name not in ("line", "plain") or "line_search_fn" not in options else 2 if name == "line"
            else 6)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64(name, options):
    (ours, counts, mine) = places(en, name, "float64", **options)
    (theirs, their_counts, its) = places(torch, name, "float64", **options)
    first = sure(name, options)
    assert close(ours[:first], theirs[:first], 1e-6)
    assert [n for n in counts if n <= first] == [n for n in their_counts if n <= first]
    state, other = mine.state_dict(), its.state_dict()
    assert state["param_groups"] == other["param_groups"]
    state, other = state["state"][0], other["state"][0]
    assert state.keys() == other.keys() - {"al"}      # PyTorch's buffer
    if len(theirs) <= first:
        assert ([state[key] for key in ("n_iter", "func_evals")]
                == [other[key] for key in ("n_iter", "func_evals")])


@pytest.mark.parametrize("options",
                         [options for options in OPTIONS if "line_search_fn" not in options
                          or "lr" not in options], ids=str)
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "line"])
def test_float32(name, options):
    ours, theirs = (places(m, name, "float32", **options)[0] for m in (en, torch))
    assert close(ours[:20], theirs[:20], 1e-3)
    assert np.isclose(ours[-1, -1], theirs[-1, -1], 1e-3, 1e-6)


@pytest.mark.parametrize("options", [{"lr": 0.05}, {"line_search_fn": "strong_wolfe"}], ids=str)
def test_saved_and_loaded(options):
    """Taken up again after four steps, from a state that the first optimizer has gone on from since."""
    (parameters, first), seen = optimizer_of(en, "float64", max_iter=3, history_size=4, **options), []
    closure = closure_of(en, "rosenbrock", parameters, first, seen)
    for _ in range(4):
        first.step(closure)
    saved, place, before = first.state_dict(), copy.deepcopy(parameters), len(seen)
    for _ in range(4):
        first.step(closure)
    (others, second), again = optimizer_of(en, "float64", max_iter=3, history_size=4, **options), []
    with en.no_grad():
        for p, old in zip(others, place):
            p.copy_(old)
    second.load_state_dict(saved)
    for _ in range(4):
        second.step(closure_of(en, "rosenbrock", others, second, again))
    assert again == seen[before:]


def test_errors():
    for m in (en, torch):
        x, y = m.zeros(2, requires_grad=True), m.ones(2, requires_grad=True)
        with pytest.raises(ValueError, match="doesn't support per-parameter options"):
            m.optim.LBFGS([{"params": [x]}, {"params": [y]}])
        with pytest.raises(ValueError, match="Invalid learning rate: -1"):
            m.optim.LBFGS([x], lr=-1)
        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer = m.optim.LBFGS([x], line_search_fn="weak")
            optimizer.step(closure_of(m, "rosenbrock", (x, y), optimizer, []))
        with pytest.raises(TypeError):
            m.optim.LBFGS([x]).step()


def test_no_number_means_too_far():
    x = en.tensor([0.5, 2.0], dtype=en.float64, requires_grad=True)
    optimizer = en.optim.LBFGS([x], lr=10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (3 * x - x.log()).sum()
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
    assert np.allclose(x.detach(), 1 / 3)


def test_a_schedule_sets_its_rate():
    seen = []
    for m in (en, torch):
        parameters, optimizer = optimizer_of(m, "float64", lr=0.1, max_iter=2)
        schedule, places = m.optim.lr_scheduler.ExponentialLR(optimizer, 0.8), []
        for _ in range(20):
            optimizer.step(closure_of(m, "bowl", parameters, optimizer, places))
            schedule.step()
        seen.append(places)
    assert np.allclose(*seen, 1e-9)
