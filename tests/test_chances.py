"""`edunets.distributions` beside `torch.distributions`: each class, each of its numbers, values and
gradients."""
import math

import pytest

import edunets as en
from edunets import distributions as ours

torch = pytest.importorskip("torch")
theirs = torch.distributions

CASES = {      # class: (parameters, values that can be drawn)
    "Normal": ({"loc": [0.5, -1.0], "scale": [1.0, 2.0]}, [0.3, -2.0]),
    "Uniform": ({"low": [0.0, -1.0], "high": [1.0, 3.0]}, [0.25, 2.5]),
    "Exponential": ({"rate": [0.5, 2.0]}, [0.0, 1.5]),
    "Laplace": ({"loc": [0.5, -1.0], "scale": [1.0, 2.0]}, [0.7, -3.0]),
    "Cauchy": ({"loc": [0.5, -1.0], "scale": [1.0, 2.0]}, [0.7, -3.0]),
    "LogNormal": ({"loc": [0.5, -1.0], "scale": [1.0, 0.5]}, [0.7, 3.0]),
    "Poisson": ({"rate": [0.5, 20.0]}, [0.0, 17.0]),
    "Bernoulli": ({"probs": [0.3, 0.9]}, [0.0, 1.0]),
    "Bernoulli by logits": ({"logits": [-1.0, 60.0]}, [0.0, 1.0]),
    "Geometric": ({"probs": [0.3, 0.9]}, [0.0, 4.0]),
    "Geometric by logits": ({"logits": [-1.0, 2.0]}, [0.0, 4.0]),
    "Binomial": ({"total_count": [5.0, 9.0], "probs": [0.3, 0.9]}, [0.0, 8.0]),
    "Binomial by logits": ({"total_count": [5.0, 9.0], "logits": [-1.0, 40.0]}, [2.0, 9.0]),
    "Categorical": ({"probs": [[0.2, 0.5, 0.3], [3.0, 1.0, 0.0]]}, [2.0, 0.0]),
    "Categorical by logits": ({"logits": [[0.2, 0.5, 0.3], [3.0, -1.0, 0.0]]}, [2.0, 0.0]),
    "OneHotCategorical": ({"probs": [[0.2, 0.5, 0.3], [3.0, 1.0, 0.5]]}, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    "MultivariateNormal": ({"loc": [1.0, 2.0], "covariance_matrix": [[2.0, 0.5], [0.5, 1.0]]}, [0.3, 1.0]),
    "MultivariateNormal by precision": ({"loc": [[1.0, 2.0]], "precision_matrix": [[2.0, 0.5], [0.5, 1.0]]},
                                        [0.3, 1.0]),
    "MultivariateNormal by triangle": ({"loc": [1.0, 2.0], "scale_tril": [[2.0, 0.0], [0.5, 1.0]]},
                                       [0.3, 1.0]),
}
NUMBERS = ["log_prob",
           "cdf",
           "icdf",
           "entropy",
           "mean",
           "mode",
           "variance",
           "stddev",
           "enumerate_support",
           "expand",
           "batch_shape", "event_shape", "has_rsample"]
LACKING = {("Binomial", "entropy"): "PyTorch sums over all counts where total_count is one number",
           ("Binomial", "enumerate_support"): "the same", ("Poisson", "entropy"): "PyTorch has none either"}


def made(lib, name, grad=False):
    """The distribution of a case in a library, and its parameters."""
    given, value = CASES[name]
    tensors = {key: lib.tensor(list_, requires_grad=grad and key != "total_count")
               for key, list_ in given.items()}
    return getattr(lib.distributions, name.split()[0])(**tensors), tensors, lib.tensor(value)


def number(d, value, what):
    """One of a distribution's numbers as Python data; the class of the error where there is none."""
    try:
        if what == "icdf": found = d.icdf(value * 0 + 0.3)
        elif what == "expand": found = d.expand((4, 2)).log_prob(value)
        elif what in ("log_prob", "cdf"): found = getattr(d, what)(value)
        elif what in ("entropy", "enumerate_support"): found = getattr(d, what)()
        else: found = getattr(d, what)
    except NotImplementedError as problem:
        return type(problem).__name__
    return (found.tolist() if hasattr(found, "tolist") else tuple(found) if not isinstance(found, bool)
            else found)


def close(a, b):
    if isinstance(a, (list, tuple)): return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isnan(a) and math.isnan(b) or math.isclose(a, b, rel_tol=2e-5, abs_tol=2e-6)
    return a == b


@pytest.mark.parametrize("name", CASES)
def test_numbers(name):
    mine, other = made(en, name), made(torch, name)
    for what in NUMBERS:
        a, b = number(mine[0], mine[2], what), number(other[0], other[2], what)
        assert close(a, b) or (name.split()[0], what) in LACKING, (what, a, b)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("what", ["log_prob", "entropy"])
def test_gradients(name, what):
    found = []
    for lib in (en, torch):
        d, tensors, value = made(lib, name, grad=True)
        try: y = getattr(d, what)(*[value] * (what == "log_prob"))
        except NotImplementedError: return
        y.sum().backward()
        found.append([None if t.grad is None else t.grad.tolist() for t in tensors.values()])
    assert close(*found), found


@pytest.mark.parametrize("name", CASES)
def test_draws(name):
    mine, other = made(en, name), made(torch, name)
    en.manual_seed(0)
    draws = mine[0].sample((20_000,))
    assert draws.shape == other[0].sample((20_000,)).shape and not draws.requires_grad
    assert draws.dtype.name == str(other[0].sample().dtype).split(".")[-1]
    assert bool(mine[0].support.check(draws.double()).all())
    if name.split()[0] not in ("Cauchy", "Categorical"):
        spread = 6 * mine[0].stddev / math.sqrt(20_000)
        assert bool(((draws.mean(0) - mine[0].mean).abs() <= spread + 1e-6).all())


@pytest.mark.parametrize("name", [name for name in CASES if made(torch, name)[0].has_rsample])
def test_the_path_of_a_draw(name):
    d, tensors, _ = made(en, name, grad=True)
    d.rsample((3,)).sum().backward()
    assert all(t.grad is not None for t in tensors.values())


def test_what_jumps_has_no_path():
    for lib in (en, torch):
        with pytest.raises(NotImplementedError): lib.distributions.Bernoulli(0.5).rsample()


WRONG = {"Normal": {"loc": 0.0, "scale": -1.0},
         "Uniform": {"low": 1.0, "high": 0.0},
         "Exponential": {"rate": -1.0},
         "Bernoulli": {"probs": 1.5}, "Poisson": {"rate": -1.0}, "Geometric": {"probs": -0.1}}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_distribution(name):
    for lib in (ours, theirs):
        with pytest.raises(ValueError): getattr(lib, name)(**WRONG[name])
        getattr(lib, name)(**WRONG[name], validate_args=False)
    with pytest.raises(ValueError, match="\n.*\n"): getattr(ours, name)(**WRONG[name])


OUTSIDE = {"Uniform": 2.0,
           "Exponential": -1.0,
           "Bernoulli": 0.5,
           "Poisson": 0.5,
           "Geometric": -1.0,
           "LogNormal": -1.0,
           "Binomial": 99.0, "Categorical": 3.0}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_never_drawn(name):
    for lib in (en, torch):
        with pytest.raises(ValueError): made(lib, name)[0].log_prob(lib.tensor(OUTSIDE[name]))


def test_one_of_probs_and_logits():
    for lib in (en, torch):
        for name in ("Bernoulli", "Categorical", "Geometric", "Binomial"):
            with pytest.raises(ValueError): getattr(lib.distributions, name)()
            x = lib.tensor([0.5, 0.5])
            with pytest.raises(ValueError): getattr(lib.distributions, name)(probs=x, logits=x)


PAIRS = [(a, b) for a, b in ours.DIVERGENCES if a is not ours.Independent]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_divergence(pair):
    name = pair[0].__name__
    found = []
    for lib in (en, torch):
        p, tensors, _ = made(lib, name, grad=True)
        other = {key: t.detach() * 0.9 if key in ("probs", "rate", "low") else t.detach()
                 + 1e-1 * (key in ("loc", "scale"))
                 for key, t in tensors.items()}
        if name == "Uniform":
            other = {"low": tensors["low"].detach() - 1, "high": tensors["high"].detach() + 1}
        q = type(p)(**other)
        d = lib.distributions.kl_divergence(p, q)
        d.sum().backward()
        found.append((d.tolist(), [None if t.grad is None else t.grad.tolist() for t in tensors.values()]))
    assert close(*found), found


def test_independent():
    found = []
    for lib in (en, torch):
        d = lib.distributions
        p = d.Independent(d.Normal(lib.zeros(4, 3, 2), lib.ones(2)), 2)
        q = d.Independent(d.Normal(lib.ones(4, 3, 2), lib.ones(2)), 2)
        x = lib.full((3, 2), 0.5)
        found.append((tuple(p.batch_shape), tuple(p.event_shape), p.log_prob(x).tolist(),
                      p.entropy().tolist(), p.mean.tolist(),
                      d.kl_divergence(p, q).tolist(), tuple(p.expand((5, 4)).sample().shape),
                      tuple(p.rsample((6,)).shape)))
        with pytest.raises(ValueError): d.Independent(d.Normal(0.0, 1.0), 1)
    assert close(*found), found


def test_numbers_take_the_default_dtype_and_tensors_keep_theirs():
    for lib in (en, torch):
        assert str(lib.distributions.Normal(0, 1).sample().dtype).endswith("float32")
        assert str(lib.distributions.Normal(lib.zeros((), dtype=lib.float64),
                                            1).sample().dtype).endswith("float64")


def test_a_pair_without_a_formula():
    for lib in (ours, theirs):
        with pytest.raises(NotImplementedError): lib.kl_divergence(lib.Poisson(1.0), lib.Cauchy(0.0, 1.0))


def test_a_class_of_the_user():
    for lib in (en, torch):
        class Die(lib.distributions.Distribution):
            arg_constraints = {}
            def __init__(self): super().__init__(validate_args=False)
            def sample(self, sample_shape=()): return lib.randint(1, 7, tuple(sample_shape))
            def log_prob(self, value): return lib.full(tuple(value.shape), -math.log(6))
        die = Die()
        assert (die.log_prob(die.sample((4,))).tolist() == pytest.approx([-math.log(6)] * 4)
                and tuple(die.batch_shape) == ())
