"""Cases of the layers that wait for their sizes: made by a first input, then compared as any other. (As
they wait: tests/test_parametrize.py.)"""
def made(layer, shape): return f"(f := m.nn.{layer}, f(m.ones({shape})))[0]"


SPACE = {1: "6", 2: "6, 5", 3: "4, 4, 4"}
MODULES = {
    "LazyLinear": [f"{made(layer, '2, 4')} | f(r(5, 4))"
                   for layer in ("LazyLinear(3)", "LazyLinear(3, bias=False)",
                                 "LazyLinear(3, True, 'cpu', m.float32)")],
    **{f"Lazy{kind}{n}d": [f"{made(f'Lazy{kind}{n}d({a})', f'2, 4, {SPACE[n]}')} | f(r(2, 4, {SPACE[n]}))"
                           for a in ("6, 3", "6, 2, 2, 1, groups=2, bias=False", "6, 3, padding=1")]
       for kind in ("Conv", "ConvTranspose") for n in SPACE},
    **{f"Lazy{kind}Norm{n}d": [f"{made(f'Lazy{kind}Norm{n}d({a})', f'2, 4, {SPACE[n]}')} | "
                               f"f(r(2, 4, {SPACE[n]}))"
                               for a in ("", "0.1, 0.2", "affine=False", "track_running_stats=False",
                                         "bias=False")] for kind in ("Batch", "Instance") for n in SPACE},
}
MODULE_DIFFERENCES = []
