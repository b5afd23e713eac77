"""Samples of the losses: nbs/nn/losses.ipynb, nbs/nn/distances.ipynb."""
import numpy as np

from arrays import distinct, inside, normal, positive

CLASSES = np.array([2, 0, 1, 2])
SOME = np.array([2, -100, 1, 0])
IMAGE = np.array([[[0, 2], [1, 1]], [[2, -7], [0, 1]]])


def ways(*args, **params):
    return [(args, {**params, "reduction": reduction}) for reduction in ("mean", "sum", "none")]
def scalars(*args, **params):
    return [(args, {**params, "reduction": reduction}) for reduction in ("mean", "sum")]


ROWS = {
    "nll_loss": [*ways(normal(4, 3), CLASSES, None, ignore=-100),
                 *ways(normal(4, 3), SOME, positive(3), ignore=-100),
                 *ways(normal(2, 3, 2, 2), IMAGE, positive(3), ignore=-7),
                 *ways(normal(3), np.array(1), None, ignore=-100)],
    "nll_slope": [*scalars(normal(), CLASSES, None, ignore=-100, shape=(4, 3)),
                  *scalars(normal(), SOME, positive(3), ignore=-100, shape=(4, 3)),
                  *scalars(normal(), np.array(1), None, ignore=-100, shape=(3,)),
                  ((normal(2, 2, 2), IMAGE, positive(3)),
                   {"ignore": -7, "shape": (2, 3, 2, 2), "reduction": "none"}),
                  ((normal(4), CLASSES, None), {"ignore": -100, "shape": (4, 3), "reduction": "none"})],
    "mse_loss": ways(normal(2, 3), normal(2, 3)) + ways(normal(), normal()),
    "huber_loss": ways(distinct(3, 4), np.zeros((3, 4)), delta=1.0, scale=1.0)
    + ways(distinct(3), np.zeros(3), delta=0.3, scale=1 / 0.3),
    "bce_loss": ways(positive(2, 3) / 2.1, positive(2, 3) / 2.1, None)
    + ways(positive(2, 3) / 2.1, positive(2, 3) / 2.1, positive(3)),
    "bce_logits_loss": ways(normal(2, 3), positive(2, 3) / 2.1, None, None)
    + ways(normal(2, 3), inside(2, 3), positive(3), None)
    + ways(normal(2, 3), inside(2, 3), positive(2, 1), positive(3)),
}

DISTANCE = "distance_function=lambda a, b: (a - b).abs().sum(-1)"
REDUCTIONS = ("reduction='sum'", "reduction='none'", "reduction='mean'", "reduction='some'",
              "reduction='elementwise_mean'", "size_average=False", "reduce=False", "size_average=True",
              "size_average=True, reduce=False")


def calls(name, args, *more, options=(), reductions=REDUCTIONS):
    "A loss of some arguments: with each reduction and each option; then other arguments."
    f = f"m.nn.functional.{name}"
    return [f"{f}({args})",
            *(f"{f}({args}, {o})" for o in (*reductions, *options)),
            *(f"{f}({args}, reduction='none', {o})" for o in options if "reduction" not in o),
            *(f"{f}({a})" for a in more)]


DISTANCES = ("x, y[0]", "x, y[:, :2]", "x, d[:3]", "h, h * 0", "i, i", "x, i[:3]", "e, e", "z, z", "s, s * 2",
             "v, v", "x, n[:3]", "t, y", "w, x", "x, 3", "c, c * 0.5", "d, d * 0", "n, n")
L1, P = "m.log_softmax(y, 1)", "(y.sigmoid())"
TARGETS = "m.tensor([2, 0])"
C3, T3 = "c.cos()", "m.tensor([[0, 2, 1, 1], [2, -1, 0, 0]])"
CLASSIFIED = (f"{L1}[0], k - 1", f"{L1}[0], m.tensor([1])", f"{L1}[0], m.tensor([1]), reduction='none'",
              f"{L1}, {TARGETS}.int()", f"{L1}, {TARGETS}.byte()", f"{L1}, x[:, 0]", f"{L1}, g[0]",
              f"{L1}, {TARGETS} + 1", f"{L1}, {TARGETS} - 1", f"{L1}, g", f"{L1}, {TARGETS}, x[:, 0]",
              f"{L1}, {TARGETS}, d[:3].abs()",
              f"{L1}, {TARGETS}, x[:1]", f"s, k", f"{L1}, k", f"y[:0], {TARGETS}[:0]",
              f"y[:0], {TARGETS}[:0], reduction='sum'", f"m.log_softmax(y.double(), 1), {TARGETS}",
              f"g, {TARGETS}", f"{L1}, {TARGETS}, ignore_index=2",
              f"{L1}, {TARGETS}, ignore_index=0, reduction='none'", f"{L1}, {TARGETS}, ignore_index=7",
              f"{C3}, {T3}, ignore_index=-1", f"{C3}, {T3}, ignore_index=-1, reduction='none'",
              f"{C3}, {T3}, x[0], ignore_index=-1", f"{C3}, {T3}[:, :2], ignore_index=-1", f"{C3}, {TARGETS}",
              f"{C3}, {T3}[:1]", f"c.reshape(2, 3, 2, 2).sin(), {T3}.abs().reshape(2, 2, 2)",
              f"c.reshape(2, 3, 2, 2).sin(), {T3}.abs()",
              f"c.reshape(2, 3, 2, 2, 1).sin(), {T3}.abs().reshape(2, 2, 2, 1)",
              f"m.tensor([[0., -math.inf]]), m.tensor([0])", f"m.tensor([[0., -math.inf]]), m.tensor([1])",
              f"{L1}, {TARGETS} * 0 - 100", f"{L1}, {TARGETS}, y[0].abs().requires_grad_()",
              f"y.t(), m.tensor([0, 1, 1])")
SOUND = "m.log_softmax((m.arange(56., dtype=m.float64).reshape(7, 2, 4) * s).sin(), 2)"
TEXT = "m.tensor([[1, 2, 2], [2, 1, 1]])"
SIGNS = "m.tensor([[1., -1., 1.], [-1., -1., 1.]])"

NAMES = {f"nn.functional.{name}": samples for name, samples in {
    "mse_loss": calls("mse_loss", "x, y", *DISTANCES, "x, y, None, None, 'sum'", "x, y, weight=x[0]",
                      "x, y[0], weight=x", "x, y, weight=x.double()",
                      options=("weight=x", "weight=x, reduction='sum'")),
    "l1_loss": calls("l1_loss", "x, y", *DISTANCES, "x, y, weight=x[0]",
                     options=("weight=x", "weight=x, reduction='sum'")),
    "smooth_l1_loss": calls("smooth_l1_loss", "x, y", *DISTANCES,
                            options=("beta=0.3", "beta=0", "beta=2", "beta=-1")),
    "huber_loss": calls("huber_loss", "x, y", *DISTANCES, "x, y, 'mean', 0.4", "x, y, weight=x[0]",
                        options=("delta=0.3", "delta=0", "delta=-1", "delta=2", "weight=x",
                                 "weight=x, reduction='sum'"), reductions=REDUCTIONS[:5]),
    "nll_loss": calls("nll_loss", f"{L1}, {TARGETS}", *CLASSIFIED,
                      options=("weight=x[0]", "ignore_index=2", "ignore_index=0, weight=x[1]")),
    "cross_entropy": calls("cross_entropy", f"y, {TARGETS}", *CLASSIFIED, "y, x", "y, x.double()",
                           "y, x.half()", "y, g", "y[0], x[0]", "y, x[:1]", "y, x, x[:, 0]",
                           "y, x, ignore_index=1", "y[0], m.tensor([0])", "s, s",
                           "m.tensor([1.]), m.tensor([0])", "y[:0], x[:0]", "y[:0], x[:0], reduction='sum'",
                           "y[:0], x[:0], reduction='none'", f"{C3}, c / 24", f"{C3}, c / 24, x[0]",
                           f"y * 1000, {TARGETS}", "y * 1000, x", f"y * 0 - math.inf, {TARGETS}",
                           "y, x, label_smoothing=1.5", "y, x, label_smoothing=-0.5",
                           f"{C3}, {T3}, ignore_index=-1, label_smoothing=0.3, weight=x[0]",
                           f"{C3}, {T3}, ignore_index=-1, label_smoothing=0.3, reduction='none'",
                           f"y[0], k - 1, label_smoothing=0.2",
                           f"y, {TARGETS} * 0 - 100, label_smoothing=0.2",
                           f"y, {TARGETS}, x[:, 0], label_smoothing=0.2",
                           *(f"y, x, {o}"
                             for o in ("x[0]", "reduction='none'", "reduction='sum'",
                                       "x[1], label_smoothing=0.2", "label_smoothing=0.3, reduction='none'",
                                       "x[1], None, -100, None, 'sum', 0.2")),
                           options=("weight=x[0]", "label_smoothing=0.1", "label_smoothing=0.3, weight=x[1]",
                                    "label_smoothing=1.0", "label_smoothing=1.1", "label_smoothing=-0.1",
                                    "ignore_index=2, label_smoothing=0.2",
                                    "ignore_index=2, weight=x[0], label_smoothing=0.2")),
    "binary_cross_entropy": calls("binary_cross_entropy", f"x, {P}", "y, x", "x, x.double()", "x, x[0]",
                                  "x, x[:1]", "x, g", "m.tensor([0., 1.]), m.tensor([1., 0.5])",
                                  "n[:3], n[:3]", "e, e", "d.sigmoid(), d.sigmoid()",
                                  "h.sigmoid(), h.sigmoid()", "x, x, c[0, 0, :3].double()",
                                  "x, x, c[:, :2, :3]", "x, x, y[0].clone().requires_grad_()", "s, s", "g, g",
                                  options=("weight=y[0]", "weight=y[:, :1]", "weight=y")),
    "binary_cross_entropy_with_logits": calls("binary_cross_entropy_with_logits", "y, x", "y, x.double()",
                                              "y, x[0]", "y, g", "y.double(), x",
                                              "m.tensor([math.inf, -math.inf, 1e30]), m.tensor([1., 0., "
                                              "1.]), reduction='none'", "y * 300, x", "e, e",
                                              "h, h.sigmoid()", "y, x, c[:, :2, :3]",
                                              "y, x, pos_weight=v[:2]",
                                              "v, v * 0 + 0.3, pos_weight=m.full((6,), 1.5)",
                                              "y, x, y[0].clone().requires_grad_()",
                                              "y, x, pos_weight=y[0].clone().requires_grad_()", "s, s",
                                              "g, g",
                                              options=("weight=y[0]", "weight=y", "pos_weight=x[0]",
                                                       "pos_weight=s", "weight=x[1], pos_weight=x[0]",
                                                       "pos_weight=x[0].double()")),
    "kl_div": calls("kl_div", f"{L1}, x", "x, i[:3]", "g, x", f"{L1}, x[0]", f"{L1}, d[:3].abs()",
                    "s, s, reduction='batchmean'", f"{L1}, x - 0.3", f"{L1}, x * 0", "e, e", "h, h.exp()",
                    f"{L1}, x[:, :2]",
                    options=("log_target=True", "reduction='batchmean'",
                             "reduction='batchmean', log_target=True")),
    "poisson_nll_loss": calls("poisson_nll_loss", "y, x * 5", "y, i[:3]", "y, i[:3], full=True",
                              "y, x * 0, full=True", "y, x - 1, full=True", "y, x[0]", "d, d.abs()",
                              "h, h.abs()", "y, x[:, :2]",
                              options=("log_input=False", "full=True", "log_input=False, eps=0.1",
                                       "full=True, log_input=False")),
    "gaussian_nll_loss": calls("gaussian_nll_loss", "y, x, x + 1", "y, x, x[:, 0]", "y, x, x[:, :1]",
                               "y, x, x[0]", "y, x, 2.", "y, x, 2", "y, x, -2.", "y, x, y", "y, x[0], x",
                               "y, x, x * 0", "y, x, x * 0, eps=0.5", "c, c * 0, c[:, :1] + 1",
                               "c, c * 0, c[:1, :1] + 1", "d, d * 0, d * d", options=("full=True", "eps=1.2"),
                               reductions=REDUCTIONS[:4]),
    "hinge_embedding_loss": calls("hinge_embedding_loss", f"y, {SIGNS}", "y, x", "y, m.tensor([1, -1, 1])",
                                  "v, v[:2]", "d, d.sign()", "y, y * 0", options=("margin=0.3", "margin=3")),
    "margin_ranking_loss": calls("margin_ranking_loss", f"x, y, {SIGNS}", "v, v * 0, v.sign()", "x, y, v[:2]",
                                 "v, v[:2], v", "s, s, s", "x, y[:1], y.sign()",
                                 options=("margin=0.7", "margin=-1")),
    "soft_margin_loss": calls("soft_margin_loss", f"y, {SIGNS}", "y, x[0]", "y, g", "v, v[:2]", "d, d.sign()",
                              "h, h.sign()", "y * 300, -y.sign()", "v, m.ones(6)"),
    "cosine_embedding_loss": calls("cosine_embedding_loss", "x, y, m.tensor([1, -1])", "x[0], y[0], k - 2",
                                   "x[0], y[0], k - 4", "x, y, k", "x[0], y[0], m.tensor([1])",
                                   "c, c, m.tensor([1, -1])", "x, y[:, :2], m.tensor([1, -1])",
                                   "x * 0, y, m.tensor([1, -1])", "x, y, g", "x, y, m.tensor([0., 1.])",
                                   "x, y[:1], m.tensor([1, -1])", options=("margin=0.5", "margin=-0.5")),
    "multi_margin_loss": calls("multi_margin_loss", f"y, {TARGETS}", f"y, {TARGETS}, 3",
                               f"y, {TARGETS}, weight=x", f"y, {TARGETS}, weight=x[0, :2]",
                               f"y, {TARGETS}.int()", f"y, {TARGETS} + 1", "y[0], k - 1", "y[0], k[None] - 1",
                               "y, k[None]", f"c, {TARGETS}", f"y.double(), {TARGETS}", "s, k - 3",
                               f"y, {TARGETS}, weight=x[0].clone().requires_grad_()",
                               options=("p=2", "margin=0.3", "margin=2., p=2", "weight=x[0]",
                                        "weight=x[0], p=2")),
    "multilabel_margin_loss": calls("multilabel_margin_loss", "y, g", "y, m.tensor([[2, -1, 0], [0, 1, -1]])",
                                    "y[0], g[0]", "y[0], g[0] - 3", "y, g[:1]", "y, g[:, :2]", "y, g + 1",
                                    "y, g - 2", "y, g.int()", "c, c.long()", "g, g",
                                    "y.double(), m.tensor([[2, 2, -1], [-1, -1, -1]])", "s, k - 3"),
    "multilabel_soft_margin_loss": calls("multilabel_soft_margin_loss", "y, x", "y, g", "y, q",
                                         "y, x, x[:, 0]", "y, x[0]", "y[0], x[0]", "y * 300, x", "c, c / 24",
                                         "d, d", options=("weight=x[0]",
                                                          "weight=y.clone().requires_grad_()")),
    "triplet_margin_loss": calls("triplet_margin_loss", "x, y, t", "x, y, t[0]", "x[0], y[0], t[0]",
                                 "x, y, t, 0", "x, y, t[:1]", "c, c * 2, c - 1", "x, x, x",
                                 options=("margin=3.", "p=1", "p=3", "eps=0.1", "swap=True",
                                          "swap=True, p=1, margin=0.4", "margin=-1")),
    "ctc_loss": calls("ctc_loss", f"{SOUND}, {TEXT}, m.tensor([7, 5]), m.tensor([3, 2])",
                      f"{SOUND}, m.tensor([1, 2, 2, 2, 1]), m.tensor([7, 5]), m.tensor([3, 2])",
                      f"{SOUND}, {TEXT}, (7, 7), (2, 3)",
                      f"{SOUND}[:, 0], m.tensor([1, 1, 2]), m.tensor(7), m.tensor(3)",
                      f"{SOUND}[:, 0], m.tensor([1, 1, 2]), m.tensor([7]), m.tensor([3])",
                      f"{SOUND}, {TEXT}, m.tensor([2, 3]), m.tensor([3, 2])",
                      f"{SOUND}, {TEXT}, m.tensor([2, 3]), m.tensor([3, 2]), reduction='none'",
                      f"{SOUND}, {TEXT}, m.tensor([7, 5]), m.tensor([0, 2]), reduction='none'",
                      f"{SOUND}, {TEXT}, m.tensor([7, 0]), m.tensor([3, 0]), reduction='none'",
                      f"{SOUND}, {TEXT}, m.tensor([7, 9]), m.tensor([3, 2])",
                      f"{SOUND}, {TEXT}, m.tensor([7]), m.tensor([3, 2])",
                      f"{SOUND}, {TEXT}, m.tensor([7, 5]), m.tensor([3])",
                      f"{SOUND}, {TEXT}, m.tensor([7, 5]), m.tensor([3, 2]), 4",
                      f"{SOUND}, {TEXT}.int(), m.tensor([7, 5]), m.tensor([3, 2])",
                      f"{SOUND}, {TEXT}, m.tensor([7., 5.]), m.tensor([3, 2])",
                      options=("blank=3", "zero_infinity=True"), reductions=REDUCTIONS[:4]),
    "triplet_margin_with_distance_loss": calls("triplet_margin_with_distance_loss", "x, y, t", "x, y, t[0]",
                                               "x, y, t, margin=0",
                                               options=("margin=3.", "swap=True", DISTANCE,
                                                        "distance_function=m.cosine_similarity, swap=True"),
                                               reductions=REDUCTIONS[:4]),
}.items()}

WIDER = "Of two precisions edunets takes the wider one from the start; PyTorch takes it in the middle."
DIFFERENCES = [
    (r"(cross_entropy\w*|kl_div)\(.*(double\(\)|d\[:3\]).*: [\d.]+ for [\d.]+$", WIDER),
    (r"(huber_loss|smooth_l1_loss)\(c, c \* 0.5\): gradient 2",
     "Just at delta edunets takes the second derivative of the square; PyTorch says 0."),
    (r"(poisson_nll|multilabel_soft_margin)_loss\(.*elementwise_mean",
     "In edunets all losses understand the old name of the mean; in PyTorch these do not."),
    (r"gaussian_nll_loss\(y, x, 2\)", "edunets takes any number for a variance, PyTorch only a float."),
    (r"soft_margin_loss\(y \* 300.*for inf", "edunets does not overflow where PyTorch does."),
]


def layer(makes, uses, *more):
    return [f"m.nn.{make} | {use}" for make in makes for use in uses] + [f"m.nn.{case}" for case in more]


def reductions(name, *options, legacy=True):
    "A loss with each reduction, and with each of its options and reductions."
    given = (["", "reduction='sum'", "reduction='none'", "reduction='bad'"]
             + (["size_average=False", "None, False", "True, True"] if legacy else []))
    return ([f"{name}({g})" for g in given] + [f"{name}({o})" for o in options]
            + [f"{name}({o}, reduction='{r}')" for o in options for r in ("sum", "none")])


PAIRS = ("f(r(4, 3), r(4, 3))", "f(r(5), r(5))", "f(r(), r())", "f(r(2, 3, 4, 2), r(2, 3, 4, 2))",
         "f(r(4, 3).double(), r(4, 3).double())")
BAD_PAIRS = ("f(r(4, 3), r(3))", "f(r(4, 3), r(4, 2))", "f(r(0, 3), r(0, 3))", "f(r(4, 3), r(4, 3).double())",
             "f(r(4, 3), i(2, 4, 3)).detach()", "f(i(3, 4), i(3, 4))")
INDEXED = ("f(r(4, 3), i(3, 4))", "f(r(3), i(3))", "f(r(2, 3, 5), i(3, 2, 5))",
           "f(r(2, 3, 4, 5), i(3, 2, 4, 5))", "f(r(2, 3, 2, 2, 2), i(3, 2, 2, 2, 2))",
           "f(r(4, 3) * 100, i(3, 4))", "f(r(4, 3).double(), i(3, 4))")
BAD_INDEXED = ("f(r(4, 3), i(3, 3))", "f(r(4, 3), i(3, 4) + 3)", "f(r(4, 3), i(3, 4) - 4)",
               "f(r(4, 3), i(3, 4).int())", "f(r(4, 3), r(4))", "f(r(2, 3, 5), i(3, 2, 4))",
               "f(r(2, 3, 5), i(3, 2))", "f(r(4, 3), i(3, 4, 1))", "f(r(0, 3), i(3, 0))")
W, IGNORED = "weight=m.tensor([0.25, 1.5, 0.75])", "x = i(3, 4); x[1] = -100; f(r(4, 3), x)"
ODD = ("weight=m.ones(2)", "weight=m.ones(1, 3)", "weight=m.ones(3).double()", "weight=[1., 2., 3.]",
       "weight=m.ones(3, requires_grad=True)")
SIGN = "p(4, 3).detach().round() * 2 - 1"

MODULES = {
    "MSELoss": layer(reductions("MSELoss"), PAIRS)
    + layer(["MSELoss()"], BAD_PAIRS, "MSELoss() | f(r(4), r(4)).grad_fn.name()",
            "MSELoss(reduction='none') | f(r(4), r(4)).grad_fn.name()"),
    "L1Loss": layer(reductions("L1Loss"), PAIRS)
    + layer(["L1Loss()"], BAD_PAIRS, "L1Loss() | f(r(4), r(4)).grad_fn.name()"),
    "SmoothL1Loss": layer(reductions("SmoothL1Loss", "beta=0.3", "beta=0"), PAIRS)
    + layer(["SmoothL1Loss()", "SmoothL1Loss(beta=-1)"], BAD_PAIRS,
            "SmoothL1Loss() | f(r(4), r(4)).grad_fn.name()"),
    "HuberLoss": layer(reductions("HuberLoss", "delta=0.3", legacy=False), PAIRS)
    + layer(["HuberLoss()", "HuberLoss(delta=0)", "HuberLoss(delta='a')", "HuberLoss('sum', 2)"], BAD_PAIRS,
            "HuberLoss() | f(r(4), r(4)).grad_fn.name()"),
    "CrossEntropyLoss": layer(reductions("CrossEntropyLoss", W, "label_smoothing=0.2",
                                         f"{W}, label_smoothing=0.3", "ignore_index=1",
                                         f"{W}, ignore_index=0, label_smoothing=0.1"), INDEXED)
    + layer(reductions("CrossEntropyLoss", W, f"{W}, label_smoothing=0.3", legacy=False),
            ("f(r(4, 3), p(4, 3))", "f(r(3), p(3))", "f(r(2, 3, 4, 5), p(2, 3, 4, 5))"))
    + layer(["CrossEntropyLoss()", "CrossEntropyLoss(label_smoothing=0.1)", f"CrossEntropyLoss({W})"],
            (*BAD_INDEXED, IGNORED, "f(r(4, 3), i(3, 4, 3))", "f(r(4, 3), p(4, 2))", "f(r(0, 3), p(0, 3))"))
    + layer([f"CrossEntropyLoss({w})" for w in (*ODD, "label_smoothing=1.5", "label_smoothing=-0.5")],
            INDEXED[:1])
    + layer([], (), "CrossEntropyLoss() | f(r(4, 3), i(3, 4)).grad_fn.name()",
            "CrossEntropyLoss() | f(r(4, 3).half().detach(), i(3, 4))",
            "CrossEntropyLoss() | f(r(2, 3, 4), i(3, 2, 4)).grad_fn.name()",
            "CrossEntropyLoss(weight=m.ones(3)) | f.double()(r(4, 3).double(), i(3, 4))",
            "CrossEntropyLoss(m.ones(3), None, 1, None, 'sum', 0.1) | f(r(4, 3), i(3, 4))"),
    "NLLLoss": layer(reductions("NLLLoss", W, "ignore_index=1", f"{W}, ignore_index=0"), INDEXED)
    + layer(["NLLLoss()", f"NLLLoss({W})", "NLLLoss(reduction='none')"], (*BAD_INDEXED, IGNORED))
    + layer([f"NLLLoss({w})" for w in ODD], INDEXED[:1], "NLLLoss() | f(r(4, 3), i(3, 4)).grad_fn.name()",
            "NLLLoss() | f(r(2, 3, 4), i(3, 2, 4)).grad_fn.name()", "NLLLoss() | f(r(), i(3))"),
    "NLLLoss2d": layer(["NLLLoss2d()", f"NLLLoss2d({W}, ignore_index=1)", "NLLLoss2d(reduction='sum')"],
                       ("f(r(2, 3, 4, 5), i(3, 2, 4, 5))", "f(r(2, 3, 4), i(3, 2, 5))")),
    "AdaptiveLogSoftmaxWithLoss": layer(["AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7])",
                                         "AdaptiveLogSoftmaxWithLoss(8, 12, (3, 7), 2., True)",
                                         "AdaptiveLogSoftmaxWithLoss(8, 12, [5], "
                                         "div_value=1.5, dtype=m.float64)"],
                                        ("f(r(9, 8), m.arange(9))", "f(r(12, 8), m.arange(12)).loss",
                                         "f(r(3, 8), m.tensor([0, 1, 0])).output",
                                         "f(r(1, 8), m.tensor([11]))", "f(r(8), m.tensor(5))",
                                         "f.log_prob(r(4, 8))", "f.predict(r(20, 8) * 5)",
                                         "f(r(3, 8), m.tensor([0, 12, 1]))",
                                         "f(r(3, 8), m.tensor([0, -1, 1]))",
                                         "f(r(3, 8), m.arange(4))", "f(r(3, 8), m.zeros(3, 1).long())",
                                         "f(r(8), m.arange(8))", "f(r(3, 8), m.tensor(1))",
                                         "f.shortlist_size, f.n_clusters, f.head_size, f.cutoffs, "
                                         "f.div_value, f.head_bias",
                                         "f(r(3, 8), m.tensor([0, 1, 0]))._fields")) +
                                  [f"m.nn.AdaptiveLogSoftmaxWithLoss(8, 12, {cutoffs}) | 1"
                                   for cutoffs in ("[]", "[3, 3]", "[7, 3]", "[0, 3]", "[3, 12]", "[3.5]")],
    "BCELoss": layer(reductions("BCELoss", W),
                     ("f(p(4, 3), p(4, 3))", "f(p(2, 4, 3), p(2, 4, 3).round())",
                      "f(p(4, 3).double(), p(4, 3).double())", "f(p(3), p(3).detach())"))
    + layer(["BCELoss()", "BCELoss(weight=m.ones(5, 4, 3))", "BCELoss(weight=m.ones(3, requires_grad=True))"],
            ("f(r(4, 3), p(4, 3))", "f(p(4, 3), p(3))", "f(p(4, 3), p(4, 3).double())",
             "f(p(4, 3), i(2, 4, 3))"), "BCELoss() | f(p(4), p(4)).grad_fn.name()"),
    "BCEWithLogitsLoss": layer(reductions("BCEWithLogitsLoss", W, "pos_" + W, f"{W}, pos_{W}"),
                               ("f(r(4, 3), p(4, 3))", "f(r(2, 4, 3) * 20, p(2, 4, 3).round())",
                                "f(r(4, 3).double(), p(4, 3).double())", "f(r(3), p(3).detach())"))
    + layer(["BCEWithLogitsLoss()",
             "BCEWithLogitsLoss(weight=m.ones(5, 4, 3))",
             "BCEWithLogitsLoss(pos_weight=m.ones(2))",
             "BCEWithLogitsLoss(pos_weight=m.ones(3, requires_grad=True))"],
            ("f(r(4, 3), p(4, 3))", "f(r(4, 3), p(3))", "f(r(4, 3), p(4, 3).double())",
             "f(r(4, 3), i(2, 4, 3))"), "BCEWithLogitsLoss() | f(r(4), p(4)).grad_fn.name()"),
    "CTCLoss": layer([f"CTCLoss({o})"
                      for o in ("", "reduction='sum'", "reduction='none'", "blank=3", "3, 'sum'",
                                "zero_infinity=True", "zero_infinity=True, reduction='none'",
                                "reduction='bad'", "blank=9")],
                     ("f(r(6, 3, 4).log_softmax(2), m.tensor([[1, 2], [1, 1], [2, 1]]), m.tensor([6, 5, 4]), "
                      "m.tensor([2, 2, 1]))",
                      "f(r(6, 3, 4).log_softmax(2), m.tensor([1, 2, 1, 1, 2]), m.tensor([6, 5, 4]), "
                      "m.tensor([2, 2, 1]))",
                      "f(r(6, 4).log_softmax(1), m.tensor([1, 2, 1]), m.tensor(6), m.tensor(3))",
                      "f(r(6, 3, 4).double().log_softmax(2), m.tensor([[1, 2], [1, 1], [2, 1]]), (6, "
                      "5, 4), (2, 2, 0))"),
                     "CTCLoss(zero_infinity=True) | f(r(3, 2, 4).log_softmax(2), m.tensor([[1, 2, 1], [1, 1, "
                     "1]]), m.tensor([3, 3]), m.tensor([3, 3]))",
                     "CTCLoss() | f(r(3, 2, 4).log_softmax(2), m.tensor([[1, 2, 1], [1, 1, 1]]), "
                     "m.tensor([3, 3]), m.tensor([3, 3])).detach()"),
    "KLDivLoss": layer(reductions("KLDivLoss", "reduction='batchmean'", "log_target=True", legacy=True)[:9]
                       + ["KLDivLoss(reduction='batchmean', log_target=True)"],
                       ("f(r(4, 3), p(4, 3))", "f(r(3), p(3))", "f(r(2, 3, 4).double(), p(2, 3, 4).double())",
                        "f(r(4, 3), p(3))", "f(r(4, 3), i(3, 4, 3))", "f(r(), p())")),
    "PoissonNLLLoss": layer(reductions("PoissonNLLLoss", "log_input=False", "full=True",
                                       "log_input=False, full=True, eps=0.1", legacy=False)
                            + ["PoissonNLLLoss(size_average=False)"],
                            ("f(p(4, 3), p(4, 3) * 6)", "f(p(4), i(5, 4))",
                             "f(p(2, 3).double(), p(2, 3).double())", "f(p(4, 3), p(4, 2))")),
    "GaussianNLLLoss": layer(reductions("GaussianNLLLoss", "full=True", "eps=0.5", legacy=False),
                             ("f(r(4, 3), r(4, 3), p(4, 3))", "f(r(4, 3), r(4, 3), p(4))",
                              "f(r(4, 3), r(4, 3), p(4, 1))", "f(r(4, 3), r(4, 3), 0.7)",
                              "f(r(4, 3), r(4, 3), p(3))", "f(r(4, 3), r(4, 3), -p(4, 3))",
                              "f(r(4), r(4), var=p(4))", "f(r(4, 3), r(3), p(4, 3))"))
    + ["m.nn.GaussianNLLLoss(True) | f(r(3), r(3), p(3))"],
    "HingeEmbeddingLoss": layer(reductions("HingeEmbeddingLoss", "margin=0.3", "2.", legacy=False)
                                + ["HingeEmbeddingLoss(size_average=False)"],
                                (f"f(r(4, 3), {SIGN})", "f(r(4), m.tensor([1, -1, -1, 1]))",
                                 "f(r(4, 3), r(4, 3))", "f(r(4), r(3))")),
    "CosineEmbeddingLoss": layer(reductions("CosineEmbeddingLoss", "margin=0.3", "-0.5", legacy=False)
                                 + ["CosineEmbeddingLoss(reduce=False)"],
                                 ("f(r(4, 3), r(4, 3), m.tensor([1, -1, -1, 1]))",
                                  "f(r(3), r(3), m.tensor(-1))", "f(r(4, 3), r(4, 3), m.tensor(1))",
                                  "f(r(4, 3), r(4, 2), m.tensor([1, -1, -1, 1]))",
                                  "f(r(2, 4, 3), r(2, 4, 3), m.tensor([1, -1]))",
                                  "f(r(4, 3).double(), r(4, 3).double(), m.tensor([1, -1, 0, 1]))")),
    "MarginRankingLoss": layer(reductions("MarginRankingLoss", "margin=0.3", "-0.5", legacy=False)
                               + ["MarginRankingLoss(reduce=False)"],
                               ("f(r(4), r(4), m.tensor([1, -1, -1, 1]))", f"f(r(4, 3), r(4, 3), {SIGN})",
                                "f(r(4, 3), r(4, 3), m.tensor([1, -1, -1, 1]))",
                                "f(r(4), r(3), m.tensor([1, -1, -1, 1]))", "f(r(), r(), m.tensor(1))")),
    "SoftMarginLoss": layer(reductions("SoftMarginLoss"),
                            (f"f(r(4, 3), {SIGN})", "f(r(4) * 8, m.tensor([1, -1, -1, 1]))",
                             "f(r(4), r(3).detach())", "f(r(4, 3).double(), r(4, 3).double().detach())",
                             "f(r(4), r(4))")),
    "MultiMarginLoss": layer(reductions("MultiMarginLoss", "p=2", "margin=0.3", W, f"2, 0.5, {W}",
                                        legacy=False)
                             + ["MultiMarginLoss(p=3)",
                                "MultiMarginLoss(weight=m.ones(2, 2))",
                                "MultiMarginLoss(weight=m.ones(2))",
                                "MultiMarginLoss(reduce=False)"],
                             ("f(r(4, 3), i(3, 4))", "f(r(3), i(3))", "f(r(3), i(3, 1))",
                              "f(r(4, 3).double(), i(3, 4))", "f(r(4, 3), i(3, 3))",
                              "f(r(4, 3), i(3, 4) + 3)", "f(r(2, 4, 3), i(3, 2))",
                              "f(r(4, 3), i(3, 4).int())")),
    "MultiLabelMarginLoss": layer(reductions("MultiLabelMarginLoss"),
                                  ("f(r(2, 4), m.tensor([[3, 0, -1, 1], [1, 2, -1, 0]]))",
                                   "f(r(4), m.tensor([3, 0, -1, 1]))",
                                   "f(r(2, 4).double(), m.tensor([[3, 0, -1, 1], [-1, 2, 3, 0]]))",
                                   "f(r(2, 4), i(4, 2, 3))", "f(r(2, 4), i(4, 2, 4) + 2)")),
    "MultiLabelSoftMarginLoss": layer(reductions("MultiLabelSoftMarginLoss", W),
                                      ("f(r(4, 3), p(4, 3))", "f(r(3), p(3))",
                                       "f(r(2, 4, 3).double() * 20, p(2, 4, 3).double().round())",
                                       "f(r(4, 2), p(4, 2))")),
    "TripletMarginLoss": layer(reductions("TripletMarginLoss", "margin=0.3", "2., 1", "p=3., eps=1e-3",
                                          "swap=True", legacy=False)
                               + ["TripletMarginLoss(margin=0)", "TripletMarginLoss(reduce=False)"],
                               ("f(r(4, 3), r(4, 3), r(4, 3))", "f(r(3), r(3), r(3))",
                                "f(r(4, 3), r(4, 3), r(3))", "f(r(2, 4, 3), r(2, 4, 3), r(2, 1, 3))",
                                "f(r(4, 3).double(), r(4, 3).double(), r(4, 3).double())")),
    "TripletMarginWithDistanceLoss": layer(reductions("TripletMarginWithDistanceLoss", "margin=0.3",
                                                      "swap=True", "distance_function=lambda a, b: (a "
                                                                   "- b).abs().sum(-1)", legacy=False)
                                           + ["TripletMarginWithDistanceLoss(margin=0)"],
                                           ("f(r(4, 3), r(4, 3), r(4, 3))", "f(r(3), r(3), r(3))",
                                            "f(r(4, 3), r(4, 3), r(3))")),
}

MODULE_DIFFERENCES = [(r"^m.nn.BCEWithLogitsLoss\(.*\) \| f\(r\(4, 3\), \w\(4, 3\).double\(\)\): [\d.]+ for ", WIDER)]
