"""Distributions: equal to JAX's where the algorithm is, moments and distances from the distribution
function."""
import math

import numpy as np
import pytest

import edunets as en
import toys
from edunets.ops.distributions import cauchy, first_accepted, geometric, sample_exponential
from test_random import distance, key_of

N = 20000
FAR = 1.95      # a Kolmogorov-Smirnov distance (times the root of N) that one draw in a thousand exceeds


def normal_share(x): return 0.5 * math.erfc(-x / math.sqrt(2))


CONTINUOUS = {
    "exponential": (lambda x: x.exponential_(), lambda x: 1 - math.exp(-x)),
    "exponential, rate 4": (lambda x: x.exponential_(4), lambda x: 1 - math.exp(-4 * x)),
    "cauchy": (lambda x: x.cauchy_(), lambda x: 0.5 + math.atan(x) / math.pi),
    "cauchy, moved": (lambda x: x.cauchy_(-3, 2), lambda x: 0.5 + math.atan((x + 3) / 2) / math.pi),
    "log-normal": (lambda x: x.log_normal_(), lambda x: normal_share((math.log(x) - 1) / 2)),
    "log-normal, narrow": (lambda x: x.log_normal_(0, 0.25), lambda x: normal_share(math.log(x) / 0.25)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("dtype", [en.float32, en.float64])
def test_continuous(name, dtype):
    draw, share = CONTINUOUS[name]
    en.manual_seed(0)
    x = draw(en.zeros(N, dtype=dtype))
    assert x.dtype is dtype and distance(x, share) < FAR


def close_in_moments(x, mean, var):
    """Mean and variance within five standard errors; that of the variance is taken from the sample."""
    x = np.asarray(x, float)
    assert abs(x.mean() - mean) <= 5 * math.sqrt(var / len(x))
    assert abs(x.var() - var) <= 5 * ((x - x.mean()) ** 2).std() / math.sqrt(len(x))


def distance_of_counts(x, chance):
    """The largest gap between the shares up to each count and those of the law, times the root of their
    number (smaller than for a continuous law)."""
    x = np.asarray(x).astype(int)
    law = np.cumsum([chance(k) for k in range(x.max() + 1)])
    return math.sqrt(len(x)) * np.abs(np.cumsum(np.bincount(x)) / len(x) - law).max()


@pytest.mark.parametrize("p", [0.03, 0.5, 0.97])
@pytest.mark.parametrize("dtype", [en.float32, en.float64, en.int64])
def test_geometric(p, dtype):
    en.manual_seed(1)
    x = en.zeros(N, dtype=dtype).geometric_(p).numpy()
    close_in_moments(x, 1 / p, (1 - p) / p ** 2)
    assert distance_of_counts(x, lambda k: p * (1 - p) ** (k - 1) if k else 0) < FAR


@pytest.mark.parametrize("rate", [0.02, 1, 9.99, 10, 35, 3000])
def test_poisson(rate):
    en.manual_seed(2)
    x = en.poisson(en.full((N,), float(rate))).numpy()
    close_in_moments(x, rate, rate)
    assert distance_of_counts(x, lambda k: math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))) < FAR


@pytest.mark.parametrize("n, p", [(1, 0.5), (20, 0.1), (20, 0.9), (30, 0.5), (1000, 0.3), (1000, 0.999)])
def test_binomial(n, p):
    en.manual_seed(3)
    x = en.binomial(en.full((N,), float(n)), en.full((N,), p)).numpy()
    close_in_moments(x, n * p, n * p * (1 - p))
    assert (distance_of_counts(x, lambda k: math.comb(n, k) * p ** k * (1 - p) ** (n - k) if k <= n else 0)
            < FAR)


def test_edges():
    inf, nan = math.inf, math.nan
    assert str(en.poisson(en.tensor([0.0, -1.0, nan, inf])).tolist()) == "[0.0, nan, nan, inf]"
    assert abs(en.poisson(en.tensor(1e12, dtype=en.float64)) - 1e12) < 1e7
    assert (str(en.binomial(en.tensor([5.0, nan, 0.0, 5.0, 5.5, -2.0]),
                            en.tensor([nan, 0.5, 0.5, 2.0, 1.0, 0.5])).tolist())
            == "[nan, nan, 0.0, 5.0, 5.5, 0.0]")
    assert (en.zeros(200000).exponential_().min() > 0
            and en.zeros(200000, dtype=en.float16).exponential_().isfinite().all())
    assert (en.poisson(en.zeros(0)).shape == (0,)
            and en.binomial(en.zeros(2, 0), en.tensor(0.5)).shape == (2, 0))


def jax_keys(keys):
    jax = pytest.importorskip("jax")
    return jax, jax.random.wrap_key_data(np.stack([np.asarray(key.numpy()) for key in keys]))


def test_inverses_are_jaxs():
    key = key_of(5)
    jax, (theirs,) = jax_keys([key])
    for ours, right in [(sample_exponential(key, (3000,)), jax.random.exponential(theirs, (3000,))),
                        (cauchy(key, (3000,)), jax.random.cauchy(theirs, (3000,)))]:
        np.testing.assert_allclose(ours.numpy(), np.asarray(right), rtol=3e-5)
    assert (geometric(key, 0.2, (3000,)).numpy()
            == np.asarray(jax.random.geometric(theirs, 0.2, (3000,)))).mean() > 0.999
    state = en.Generator().manual_seed(9)
    _, (theirs,) = jax_keys([state.clone_state().next_key()])
    np.testing.assert_allclose(en.zeros(3000).log_normal_(0, 0.5, generator=state).numpy(),
                               np.asarray(jax.random.lognormal(theirs, 0.5, (3000,))), rtol=1e-5)


@pytest.mark.parametrize("draw, theirs", [
    *((lambda g, rate=rate: en.poisson(en.tensor(rate), g), lambda r, key, rate=rate: r.poisson(key, rate))
      for rate in (3.0, 12.0, 1000.0)),
    *((lambda g, n=n, p=p: en.binomial(en.tensor(n), en.tensor(p), g),
       lambda r, key, n=n, p=p: r.binomial(key, n, p))
      for n, p in ((10.0, 0.3), (100.0, 0.4), (100.0, 0.98)))])
def test_single_counts_are_jaxs(draw, theirs):
    """Of a whole array a place goes on in JAX until all are done; each under a key of its own, it stops as
    ours does. JAX computes in float32."""
    generators = [en.Generator().manual_seed(seed) for seed in range(40)]
    jax, keys = jax_keys([g.clone_state().next_key() for g in generators])
    right = np.asarray(jax.vmap(lambda key: theirs(jax.random, key))(keys))
    assert (np.array([draw(g).item() for g in generators]) == right).mean() >= 0.95


def test_a_count_does_not_depend_on_its_neighbours():
    rates = en.tensor([0.5, 3.0, 20.0, 500.0] * 50)
    state = en.Generator().manual_seed(4)
    alone = en.poisson(en.where(en.arange(200) == 2, rates, 0.0), state.clone_state())
    assert alone[2] == en.poisson(rates, state.clone_state())[2]
    assert en.poisson(rates.reshape(4, 50), state.clone_state()).flatten().equal(en.poisson(rates, state))


def test_the_first_accepted_is_kept():
    rounds = []
    def propose(u, v):
        rounds.append(u)
        return u, v < 0.3
    value = first_accepted(key_of(1), en.zeros(500) > 0, propose)
    assert 5 < len(rounds) < 40 and (value == 0).sum() == 0 and (value == rounds[0]).double().mean() < 0.4



@pytest.mark.parametrize("draw",
                         [lambda: en.poisson(en.tensor([0.5, 3.0, 20.0, 500.0, -1.0])),
                          lambda: en.binomial(en.tensor([4.0, 100.0]), en.tensor([0.3, 0.8])),
                          lambda: en.zeros(3).exponential_(2) + en.normal(0.0, 1.0, (3,))])
def test_a_trace_gives_the_same(draw):
    """In a trace no value is at hand, so all rounds are run; the generator's state is read and written
    like any tensor."""
    en.manual_seed(6)
    expected = [draw().tolist() for _ in range(2)]
    en.manual_seed(6)
    with toys.Trace() as trace: out = draw()
    en.manual_seed(6)
    assert str([trace.replay(out)[0].tolist() for _ in range(2)]) == str(expected)
