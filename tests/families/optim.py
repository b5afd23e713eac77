"""Samples of the optimizers' rows."""
import numpy as np

from arrays import normal, positive

FLAGS = {"nesterov": False, "sutskever": False, "maximize": False}
ADAM = {"amsgrad": False, "decoupled_weight_decay": False, "maximize": False}
RATES = (0.1, 0.9, 0.99, 1e-3, 0.05)
PLAIN, BESIDE = ({"decoupled_weight_decay": decoupled, "maximize": not decoupled}
                 for decoupled in (False, True))
MUON = (0.1, 0.05, 0.95, 3.4445, -4.775, 2.0315, 1e-7)


def count(steps): return np.asarray(steps, np.float32)
def pair(): return normal(2, 3), normal(2, 3)


ROWS = {
    "sgd": [((0.1, 0.0, *pair(), normal(), normal()), {"each": 2, "maximize": False}),
            ((0.1, 0.5, *pair()), {"each": 2, "maximize": True})],
    "sgd_momentum": [((0.1, 0.9, 0.0, 0.0, *pair(), count(0), normal(2, 3), normal(4), normal(4), count(3),
                       normal(4)), {"each": 4, **FLAGS}),
                     ((0.1, 0.9, 0.0, 0.5, *pair(), count(2), normal(2, 3)),
                      {"each": 4, **FLAGS, "nesterov": True}),
                     ((0.1, 0.9, 0.3, 0.5, *pair(), count(2), normal(2, 3)),
                      {"each": 4, **FLAGS, "maximize": True}),
                     ((0.1, 0.9, 0.3, 0.0, *pair(), count(2), normal(2, 3)),
                      {"each": 4, **FLAGS, "sutskever": True, "nesterov": True})],
    "adam": [((*RATES, *pair(), count(0), normal(2, 3), positive(2, 3), normal(), normal(), count(7),
               normal(), positive()), {"each": 5, **ADAM}),
             ((*RATES, *pair(), count(2), normal(2, 3), positive(2, 3), positive(2, 3)),
              {"each": 6, **ADAM, "amsgrad": True, "maximize": True}),
             ((*RATES, *pair(), count(2), normal(2, 3), positive(2, 3)),
              {"each": 5, **ADAM, "decoupled_weight_decay": True})],
    "adagrad": [((0.1, 0.0, 0.0, 1e-3, *pair(), count(0), positive(2, 3), normal(), normal(), count(7),
                  positive()), {"each": 4, "maximize": False}),
                ((0.1, 0.3, 0.05, 1e-3, *pair(), count(2), positive(2, 3)), {"each": 4, "maximize": True})],
    "rmsprop": [((0.1, 0.9, 1e-3, 0.0, 0.0, *pair(), count(0), positive(2, 3), normal(), normal(), count(7),
                  positive()), {"each": 4, "centered": False, "maximize": False}),
                ((0.1, 0.9, 1e-3, 0.05, 0.8, *pair(), count(2), positive(2, 3), normal(2, 3)),
                 {"each": 5, "centered": False, "maximize": True}),
                ((0.1, 0.9, 1e-3, 0.0, 0.0, *pair(), count(2), 5 + positive(2, 3), normal(2, 3)),
                 {"each": 5, "centered": True, "maximize": False}),
                ((0.1, 0.9, 1e-3, 0.05, 0.8, *pair(), count(2), 5 + positive(2, 3), normal(2, 3),
                  normal(2, 3)), {"each": 6, "centered": True, "maximize": False})],
    "nadam": [((*RATES, 0.01, *pair(), count(0), normal(2, 3), positive(2, 3), count(1), normal(), normal(),
                count(7), normal(), positive(), count(0.3)), {"each": 6, **how}) for how in (PLAIN, BESIDE)],
    "radam": [((*RATES, *pair(), count(steps), normal(2, 3), positive(2, 3), normal(), normal(), count(90),
                normal(), positive()), {"each": 5, **how}) for how in (PLAIN, BESIDE) for steps in (0, 20)],
    "lion": [((0.1, 0.9, 0.99, decay, *pair(), normal(2, 3), normal(), normal(), normal()),
              {"each": 3, "maximize": maximize}) for decay, maximize in ((0.0, False), (0.05, True))],
    "muon": [((*MUON, *pair(), normal(2, 3), normal(4, 2), normal(4, 2), normal(4, 2)),
              {"each": 3, "nesterov": nesterov, "ns_steps": 5, "adjust_lr_fn": how})
             for nesterov, how in ((True, None), (False, "match_rms_adamw"))],
    "rprop": [((0.5, 1.2, 1e-6, 50.0, *pair(), count(0), normal(2, 3), positive(2, 3), normal(), normal(),
                count(7), normal(), positive()), {"each": 5, "maximize": maximize})
              for maximize in (False, True)],
    "adamax": [((*RATES, *pair(), count(0), normal(2, 3), positive(2, 3), normal(), normal(), count(7),
                 normal(), positive()), {"each": 5, "maximize": maximize}) for maximize in (False, True)],
    "adadelta": [((1.0, 0.9, 1e-3, 0.05, *pair(), count(0), positive(2, 3), positive(2, 3), normal(),
                   normal(), count(7), positive(), positive()), {"each": 5, "maximize": maximize})
                 for maximize in (False, True)],
    "asgd": [((0.1, 0.01, 0.75, start, 0.05, *pair(), count(steps), count(0.1), count(share), normal(2, 3)),
              {"each": 6, "maximize": maximize})
             for start, steps, share, maximize in ((1e6, 0, 1, False), (2.0, 5, 0.25, True))],
    "adafactor": [((0.1, -0.8, 1.0, 0.05, *pair(), count(3), positive(2, 1), positive(1, 3)),
                   {"each": 5, "eps": (None, 1e-3), "maximize": False}),
                  ((0.1, -0.8, 1.5, 0.0, normal(4), normal(4), count(0), positive(4), normal(), normal(),
                    count(2), positive()), {"each": 4, "eps": (0.01, 0.1), "maximize": True})],
}
