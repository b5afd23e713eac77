"""Arrays for the samples of rows, float64 and away from kinks; and the samples that rows of one kind have
in common."""
import numpy as np

rng = np.random.default_rng(0)


def normal(*shape): return np.asarray(rng.standard_normal(shape))
def positive(*shape): return np.asarray(rng.uniform(0.5, 2.0, shape))
def inside(*shape): return np.asarray(rng.uniform(-0.9, 0.9, shape))
def distinct(*shape):
    return np.asarray(rng.permutation(np.arange(1.0, 1 + np.prod(shape))).reshape(shape) * 0.37 - 1.9)
def whole(*shape): return rng.integers(-5, 6, shape)
def bits(*shape): return rng.integers(0, 2, shape).astype(bool)
# no two equal, none within 0.1 of an integer's half
def apart(*shape): return np.asarray(distinct(*shape) + 0.15)


def unary(make): return [((make(2, 3),), {}), ((make(),), {})]
def binary(make):
    return [((make(2, 3), make(3)), {}),
            ((make(2, 1), make(1, 3)), {}),
            ((make(2, 3), 1.5), {}),
            ((1.5, make(3)), {}),
            ((make(), make()), {})]
def reduced(make, **params):
    return [((make(2, 3, 4),), {"dims": dims, "keepdim": keep, **params}) for dims in (None, (1,), (0, 2))
            for keep in (False, True)]
