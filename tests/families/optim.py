"""Samples of the optimizers' rows."""
import numpy as np

from arrays import normal, positive

FLAGS = {"nesterov": False, "sutskever": False, "maximize": False}
ADAM = {"amsgrad": False, "decoupled_weight_decay": False, "maximize": False}
RATES = (0.1, 0.9, 0.99, 1e-3, 0.05)


def count(steps): return np.asarray(steps, np.float32)
def pair(): return normal(2, 3), normal(2, 3)


ROWS = {
    "sgd": [((0.1, 0.0, *pair(), normal(), normal()), {"each": 2, "maximize": False}), ((0.1, 0.5, *pair()), {"each": 2, "maximize": True})],
    "sgd_momentum": [((0.1, 0.9, 0.0, 0.0, *pair(), count(0), normal(2, 3), normal(4), normal(4), count(3), normal(4)), {"each": 4, **FLAGS}),
                     ((0.1, 0.9, 0.0, 0.5, *pair(), count(2), normal(2, 3)), {"each": 4, **FLAGS, "nesterov": True}),
                     ((0.1, 0.9, 0.3, 0.5, *pair(), count(2), normal(2, 3)), {"each": 4, **FLAGS, "maximize": True}),
                     ((0.1, 0.9, 0.3, 0.0, *pair(), count(2), normal(2, 3)), {"each": 4, **FLAGS, "sutskever": True, "nesterov": True})],
    "adam": [((*RATES, *pair(), count(0), normal(2, 3), positive(2, 3), normal(), normal(), count(7), normal(), positive()), {"each": 5, **ADAM}),
             ((*RATES, *pair(), count(2), normal(2, 3), positive(2, 3), positive(2, 3)), {"each": 6, **ADAM, "amsgrad": True, "maximize": True}),
             ((*RATES, *pair(), count(2), normal(2, 3), positive(2, 3)), {"each": 5, **ADAM, "decoupled_weight_decay": True})],
}
