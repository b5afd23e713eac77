"""What chapter 3 itself makes."""
import numpy as np

ROWS = {"linear": [((np.random.default_rng(3).normal(size=(2, 5, 4)),
                     np.random.default_rng(4).normal(size=(3, 4)), np.random.default_rng(5).normal(size=3)),
                    {}),
                   ((np.random.default_rng(3).normal(size=(5, 4)),
                     np.random.default_rng(4).normal(size=(3, 4)), None), {})],
        "linear_weight": [((np.random.default_rng(3).normal(size=(2, 5, 4)),
                            np.random.default_rng(4).normal(size=(2, 5, 3))), {}),
                          ((np.random.default_rng(3).normal(size=4), np.random.default_rng(4).normal(size=2)),
                           {})]}
NAMES = {"nn.functional.linear": ["m.nn.functional.linear(x, y)",
                                  "m.nn.functional.linear(x, y, v[:2])",
                                  "m.nn.functional.linear(x[0], y, v[:2])",
                                  "m.nn.functional.linear(c, m.ones(3, 4))",
                                  "m.nn.functional.linear(x, y[:, :2])",
                                  "m.nn.functional.linear(x, y.double())",
                                  "m.nn.functional.linear(g, g)",
                                  "m.nn.functional.linear(x, y, v[:3])",
                                  "m.nn.functional.linear(z, m.ones(4, 0))",
                                  "m.nn.functional.linear(2, y)",
                                  "m.nn.functional.linear(x, v[:3])"]}
