"""Samples of the distributions family: shapes, dtypes, errors and what is certain; how the numbers are
spread is tested in test_distributions.py."""
ROWS = {}

NAMES = {
    "poisson": ["m.poisson(x).shape",
                "m.poisson(d.abs()).dtype",
                "m.poisson(h.abs()).dtype",
                "m.poisson(m.zeros(3))",
                "m.poisson(i)",
                "m.poisson(e)",
                "m.poisson(x, m.Generator()).shape",
                "m.poisson(y)",
                "m.poisson(s).shape"],
    "binomial": ["m.binomial(m.tensor([10., 3.]), m.tensor([0., 1.]))",
                 "m.binomial(m.tensor(3.), m.tensor(1.))",
                 "m.binomial(i, s)",
                 "m.binomial(d.abs(), s)",
                 "m.binomial(y.abs(), x).dtype",
                 "m.binomial(s, x).shape",
                 "m.binomial(m.tensor([-3., 5.]), m.tensor([0.5, 1.5]))",
                 "m.binomial(x, 0.5)",
                 "m.binomial(m.tensor(10.5), m.tensor(1.))"],
    "randint_like": ["m.randint_like(x, 3).dtype",
                     "m.randint_like(i, 3, 4)",
                     "m.randint_like(x, low=2, high=3)",
                     "m.randint_like(x, 5, 5)",
                     "m.randint_like(x, 5, dtype=m.int64).dtype",
                     "m.randint_like(x, k).shape",
                     "m.randint_like(b, 2).dtype",
                     "m.randint_like(b, 5)",
                     "m.randint_like(u, 300)",
                     "m.randint_like(u, -1, 3)"],
    "seed": ["type(m.seed()).__name__", "m.seed() == m.initial_seed()", "m.seed() == m.seed()"],
}

METHODS = {
    "exponential_": ["(x.exponential_() > 0).all()",
                     "x.exponential_(0)",
                     "x.exponential_(-1)",
                     "i.exponential_()",
                     "x.exponential_(lambd=2.).shape",
                     "x.exponential_(math.inf)",
                     "x.exponential_(math.nan)",
                     "d.exponential_(3).dtype"],
    "cauchy_": ["x.cauchy_().shape",
                "x.cauchy_(0, 0)",
                "x.cauchy_(0, -1)",
                "i.cauchy_()",
                "h.cauchy_(median=1, sigma=2).dtype"],
    "log_normal_": ["(x.log_normal_() > 0).all()",
                    "x.log_normal_(0, 0)",
                    "x.log_normal_(0, -1)",
                    "i.log_normal_()",
                    "x.log_normal_(mean=0, std=1).shape"],
    "geometric_": ["(x.geometric_(0.3) >= 1).all()",
                   "x.geometric_(0)",
                   "x.geometric_(1)",
                   "x.geometric_(-1)",
                   "i.geometric_(0.5).dtype",
                   "x.geometric_()",
                   "(x.geometric_(1e-30) > 1e20).all()",
                   "x.geometric_(0.9999999)"],
    "Generator": ["m.Generator().device",
                  "m.Generator().manual_seed(-1).initial_seed()",
                  "m.Generator().manual_seed(2 ** 64)",
                  "m.Generator().manual_seed(2 ** 64 - 1).initial_seed()",
                  "type(m.Generator().seed()).__name__",
                  "m.Generator().set_state(x)",
                  "m.Generator().set_state(3)",
                  "g = m.Generator(); a = g.clone_state(); (m.rand(3, generator=g) == m.rand(3, "
                  "generator=a)).all()",
                  "g = m.Generator(); a = g.get_state(); r = m.rand(3, generator=g); g.set_state(a); "
                  "(m.rand(3, generator=g) == r).all()",
                  "g = m.Generator(); g.seed() == g.initial_seed()"],
    "fork_rng": ["m.manual_seed(3); f = m.random.fork_rng(); f.__enter__(); a = m.rand(2); f.__exit__(None, "
                 "None, None); (m.rand(2) == a).all()",
                 "m.manual_seed(3); f = m.random.fork_rng(enabled=False); f.__enter__(); a = m.rand(2); "
                 "f.__exit__(None, None, None); (m.rand(2) == a).all()"],
}

DIFFERENCES = [(r"poisson\(y\)",
                "edunets gives NaN for a rate below zero, since to look at every rate costs a pass; PyTorch "
                "looks and raises an error.")]
