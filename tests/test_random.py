"""Random numbers: the published vectors of threefry, bits equal to JAX's, and distributions that are what
they say."""
import math

import numpy as np
import pytest

import edunets as en
from edunets.random import bits, random_words, sample_normal, sample_uniform
from edunets.primitives import BLOCK, threefry

# Salmon et al. 2011, the known-answer file of Random123: threefry2x32, 20 rounds. (key, counter, result)
VECTORS = [((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6b200159, 0x99ba4efe)),
           ((0xffffffff, 0xffffffff), (0xffffffff, 0xffffffff), (0x1cb996fc, 0xbb002be7)),
           ((0x13198a2e, 0x03707344), (0x243f6a88, 0x85a308d3), (0xc4923a9c, 0x483df7a0))]


@pytest.mark.parametrize("key, counter, result", VECTORS)
def test_published_vectors(key, counter, result):
    x0, x1 = (np.array([word], "uint32") for word in counter)
    threefry(np, np.array(key, "uint32"), x0, x1)
    assert (x0[0], x1[0]) == result


def key_of(seed):
    return en.tensor([seed >> 32, seed & 0xffffffff], dtype=en.int64).to(en.uint32)


SHAPES = [(), (1,), (7,), (3, 5), (0,), (2, 0, 3), (4, 1, 6)]


@pytest.mark.parametrize("seed", [0, 1, 42, 2 ** 31 + 7, 2 ** 40 + 3])
def test_equal_to_jax(seed):
    jax = pytest.importorskip("jax")
    theirs = jax.random.wrap_key_data(np.array([seed >> 32, seed & 0xffffffff], "uint32"))
    ours = key_of(seed)
    for shape in SHAPES:
        assert np.array_equal(bits(ours, shape).numpy(), np.asarray(jax.random.bits(theirs, shape)))
        assert np.array_equal(sample_uniform(ours, shape).numpy(),
                              np.asarray(jax.random.uniform(theirs, shape)))
        np.testing.assert_allclose(sample_normal(ours, shape).numpy(),
                                   np.asarray(jax.random.normal(theirs, shape)), rtol=3e-6, atol=1e-7)
    split = jax.random.key_data(jax.random.split(theirs, 5))
    assert np.array_equal(random_words(ours, (5,)).numpy(), np.asarray(split))
    assert np.array_equal(bits(ours, (BLOCK + 9,)).numpy(), np.asarray(jax.random.bits(theirs, (BLOCK + 9,))))


def test_seed_as_jax_does():
    jax = pytest.importorskip("jax")
    for seed in (0, 5, 2 ** 20):
        assert np.array_equal(en.Generator().manual_seed(seed).get_state().numpy(),
                              np.asarray(jax.random.key_data(jax.random.key(seed))))


def test_a_number_depends_on_its_place_alone():
    """No seam where one block of counters ends, and a longer draw begins with the shorter one."""
    key = key_of(3)
    long = bits(key, (2 * BLOCK + 5,))
    assert ((bits(key, (BLOCK - 1,)) == long[:BLOCK - 1]).all()
            and (bits(key, (BLOCK + 2,)) == long[:BLOCK + 2]).all())
    assert (bits(key, (2, BLOCK)).reshape(-1) == long[:2 * BLOCK]).all()
    assert len(set(long.tolist())) > 2 * BLOCK - 5


def test_seeds():
    en.manual_seed(5)
    first = [en.rand(3), en.randn(2, 2), en.randint(9, (4,)), en.randperm(6)]
    en.manual_seed(5)
    assert all((a == b).all()
               for a, b in zip(first, [en.rand(3), en.randn(2, 2), en.randint(9, (4,)), en.randperm(6)]))
    assert en.initial_seed() == 5
    assert (en.rand(100) != en.rand(100)).any()
    en.manual_seed(6)
    assert (en.rand(3) != first[0]).all()


def test_generators_are_independent():
    a, b = en.Generator().manual_seed(1), en.Generator().manual_seed(1)
    state = en.get_rng_state()
    assert (en.rand(5, generator=a) == en.rand(5, generator=b)).all()
    assert (en.get_rng_state() == state).all()
    kept = a.get_state()
    x = en.randn(4, generator=a)
    a.set_state(kept)
    assert (x == en.randn(4, generator=a)).all()
    assert a.initial_seed() == 1


def distance(samples, cdf):
    """Kolmogorov and Smirnov's: how far the samples' distribution is from `cdf`, times the root of their
    number."""
    x = np.sort(np.asarray(samples, float).ravel())
    n = len(x)
    level = np.array([cdf(v) for v in x])
    return math.sqrt(n) * max(np.max(level - np.arange(n) / n), np.max(np.arange(1, n + 1) / n - level))


@pytest.mark.parametrize("dtype", [en.float32, en.float64])
def test_distributions(dtype):
    en.manual_seed(0)
    n = 20000
    normal = lambda x: 0.5 * math.erfc(-x / math.sqrt(2))
    assert distance(en.rand(n, dtype=dtype), lambda x: x) < 1.8
    assert distance(en.randn(n, dtype=dtype), normal) < 1.8
    assert distance(en.zeros(n, dtype=dtype).uniform_(-2, 3), lambda x: (x + 2) / 5) < 1.8
    assert distance(en.zeros(n, dtype=dtype).normal_(3, 0.5), lambda x: normal((x - 3) / 0.5)) < 1.8
    assert distance(en.normal(en.ones(n, dtype=dtype), 2.0), lambda x: normal((x - 1) / 2)) < 1.8


def test_uniform_stays_in_its_interval():
    x = en.rand(200000, generator=en.Generator().manual_seed(1))
    assert x.min() >= 0 and x.max() < 1 and en.randn(200000).isfinite().all()
    assert en.rand(50000, dtype=en.float16).max() <= 1


def chi2(counts, expected):
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("low, high",
                         [(0, 7), (-3, 5), (10, 11), (0, 2 ** 31), (-2 ** 40, 2 ** 41), (0, 2 ** 62)])
def test_integers(low, high):
    x = en.randint(low, high, (8000,), generator=en.Generator().manual_seed(2))
    assert x.dtype is en.int64 and x.min() >= low and x.max() < high
    bins = np.histogram(x.numpy().astype(float), bins=min(8, high - low), range=(low, high))[0]
    assert chi2(bins, 8000 / len(bins)) < 30


def test_permutations():
    en.manual_seed(0)
    assert sorted(en.randperm(1000).tolist()) == list(range(1000))
    places = np.array([en.randperm(5).tolist() for _ in range(2000)])
    assert all(chi2(np.bincount(places[:, n], minlength=5), 400) < 25 for n in range(5))


def test_chances():
    en.manual_seed(0)
    p = en.tensor([0.0, 0.1, 0.5, 1.0])
    rate = en.bernoulli(p.expand(20000, 4)).mean(0)
    assert (rate - p).abs().max() < 0.015 and rate[0] == 0 and rate[3] == 1
    assert abs(en.zeros(20000).bernoulli_(0.3).mean().item() - 0.3) < 0.015


def test_draws_by_weight():
    en.manual_seed(0)
    weights = en.tensor([1.0, 0.0, 3.0, 4.0])
    counts = np.bincount(en.multinomial(weights, 20000, replacement=True).numpy(), minlength=4)
    assert counts[1] == 0 and chi2(counts[[0, 2, 3]], np.array([2500, 7500, 10000])) < 20
    both = en.multinomial(weights.expand(5000, 4), 2).numpy()
    assert (both[:, 0] != both[:, 1]).all() and not (both == 1).any()
    assert chi2(np.bincount(both[:, 0], minlength=4)[[0, 2, 3]], np.array([625, 1875, 2500])) < 20


def test_no_gradient_through_the_dice():
    x = en.ones(3, requires_grad=True)
    assert not en.rand_like(x).requires_grad and en.rand(2, requires_grad=True).is_leaf
    for draw in (en.bernoulli, lambda x: en.normal(x, x), lambda x: en.normal(0.0, x), en.poisson,
                 lambda x: en.binomial(x, x)):
        y = draw(x)
        assert y.requires_grad and en.autograd.grad(y.sum(), x)[0].tolist() == [0, 0, 0]      # as in PyTorch
