"""Rows, functions and layers of nbs/nn/normalization.ipynb."""
import numpy as np

from arrays import normal


def over(first, last, center=True): return {"first": first, "last": last, "eps": 0.1, "center": center}


IMAGES = normal(3, 2, 2, 3)
ROWS = {
    "standardize": [((normal(2, 3, 4),), over(0, 2)),
                    ((normal(5, 3),), over(1, 2)),
                    ((IMAGES,), over(1, 2)),
                    ((IMAGES,), over(0, 2)),
                    ((normal(2, 3, 4),), over(0, 1, False)),
                    ((normal(5, 4),), over(0, 1, False))],
    "standardize_slope": [((normal(3, 4), normal(3, 4), np.array([[0.5], [1.0], [2.0]])), over(0, 1)),
                          ((IMAGES, normal(3, 2, 2, 3), np.array([0.5, 2.0]).reshape(1, 2, 1, 1)),
                           over(1, 2)),
                          ((normal(3, 4), normal(3, 4), np.array([[0.5], [1.0], [2.0]])), over(0, 1, False))],
    "affine": [((normal(2, 3, 4), normal(4), normal(4)), {"first": 2}),
               ((normal(2, 3, 4), normal(3), None), {"first": 1}),
               ((normal(2, 4), None, normal(4)), {"first": 1}),
               ((normal(2, 4), None, None), {"first": 1}),
               ((normal(2, 3), normal(2, 3), normal(2, 3)), {"first": 0})],
    "products": [((normal(2, 3, 4), normal(2, 3, 4)), {"first": 1, "last": 2}),
                 ((normal(2, 3), normal(2, 3)), {"first": 1, "last": 2}),
                 ((normal(2, 3), normal(2, 3)), {"first": 0, "last": 2})],
}

I = "m.arange(96.).reshape(2, 4, 4, 3).sin()"
W = "m.tensor([0.5, -1., 2., 1.5]), m.tensor([0., 1., -1., 0.5])"
M, V = "m.tensor([0.1, -0.2, 0., 0.3])", "m.tensor([1., 0.5, 2., 1.5])"


def calls(name, *arguments): return [f"m.nn.functional.{name}({a})" for a in arguments]


NAMES = {
    "nn.functional.layer_norm": calls("layer_norm", "c, (4,)", "c, (3, 4)", "c, [4], m.ones(4) * 2",
                                      f"c, (4,), {W}", "c, (4,), None, m.ones(4)", "c, (4,), eps=0.5",
                                      "c, (3,)", "c, (4,), m.ones(3)", "c, ()", "c, c.shape",
                                      "x, (3,), y[0], v[:3]", "c.double(), (4,)",
                                      "c.double(), (4,), m.ones(4)", "g, (3,)", "e, (0,)", "z, (0,)",
                                      "c[:0], (4,)", "s, (1,)", "2, (1,)"),
    "nn.functional.rms_norm": calls("rms_norm", "c, (4,)", "c, (4,), d", "c, (3, 4), m.ones(3, 4) * 3",
                                    "c, [4], m.ones(4) * 2, 0.5", "c, (4,), eps=0.1", "c, (3,)",
                                    "c, (4,), m.ones(3)", "c, ()", "c.double(), (4,)", "g, (3,)",
                                    "c[:0], (4,)"),
    "nn.functional.batch_norm": calls("batch_norm", f"{I}, None, None, training=True", f"{I}, {M}, {V}",
                                      f"{I}, {M}, {V}, {W}", f"{I}, None, None, {W}, True",
                                      f"{I}, {M}, {V}, {W}, True, 0.3, 0.1", f"{I}, {M}, {V}, weight={V}",
                                      f"{I}, {M}, {V}, bias={V}", f"{I}, None, None", f"{I}, {M}[:3], {V}",
                                      "x, None, None, training=True", "x[:1], None, None, training=True",
                                      "c, None, None, None, None, True", "v, None, None, training=True",
                                      "g, None, None, training=True", f"{I}, {M}, {V}, {V}[:3]",
                                      f"{I}.double(), None, None, {V}, None, True")
                              + [f"a, b = {M}, {V}; y = m.nn.functional.batch_norm({I}, a, b, training=True, "
                                 f"momentum={momentum}); a, b, y" for momentum in (0.1, 1.0, 0.0)],
    "nn.functional.instance_norm": calls("instance_norm", I, f"{I}, {M}, {V}", f"{I}, {M}, {V}, {W}, False",
                                         f"{I}, None, None, {W}", f"{I}, weight={V}, eps=0.5", "c", "x",
                                         f"{I}, None, None, use_input_stats=False", "c[:, :, :1]",
                                         f"{I}, None, None, {V}[:3]", "g.reshape(1, 2, 3)")
                                 + [f"a, b = {M}, {V}; y = m.nn.functional.instance_norm({I}, a, b, "
                                    "momentum=0.3); a, b, y"],
    "nn.functional.group_norm": calls("group_norm", f"{I}, 2", f"{I}, 4, {W}", f"{I}, 1, None, m.ones(4)",
                                      f"{I}, 2, weight={V}, eps=0.5", f"{I}, 3", "c, 3", "c, 1", "x, 3",
                                      "x, 1", "x[:1], 3", "v, 1", f"{I}, 2, {V}[:3]", f"{I}.double(), 2, {V}",
                                      "g, 1", f"{I}[:0], 2", "m.ones(2, 4, 1), 4", "c - c.detach() - 2.5, 3"),
    "nn.functional.local_response_norm": calls("local_response_norm", f"{I}, 3", f"{I}, 2, 0.5",
                                               f"{I}, 5, alpha=0.5, beta=0.5, k=2.", "c, 3, 0.01", "x, 2",
                                               "c.long(), 3", f"{I}[:0], 3",
                                               "m.arange(48.).reshape(1, 4, 2, 3, 2).cos(), 4, 1."),
}
DIFFERENCES = [(r"batch_norm\(v, .*: raises RuntimeError",
                "PyTorch asks for the channels before it counts the dimensions; edunets has one class for "
                "all inputs of a wrong shape."),
               (r"group_norm\(.*gradient 2: [-\[\]0., ]+ for ",
                "Of equal numbers the second gradient is 0 in edunets; PyTorch's is what rounding "
                "leaves of large terms."),
               (r"local_response_norm\(.*: raises RuntimeError",
                "PyTorch rounds the means of integers; edunets refuses integers there.")]


def running(name, shapes, options):
    """Cases of a layer with running statistics: each shape with each option in training, then after two
    batches in eval mode."""
    return ([f"m.nn.{name}({a}) | f(r({shape}))" for shape in shapes for a in options]
            + [f"m.nn.{name}({a}) | f(r({shapes[0]})); f(r({shapes[0]})); f.eval(); f(r({shapes[0]}))"
               for a in options]
            + [f"m.nn.{name}(4) | f(r({shapes[0]}).double())",
               f"m.nn.{name}(3, affine=True) | f(r({shapes[0]}))",
               f"m.nn.{name}(4) | f(r(4))",
               f"m.nn.{name}(4) | f(r(1, 1, 4, 2, 2, 2, 2))",
               f"m.nn.{name}(4, affine=True) | f.reset_parameters(); f.weight, f.bias",
               f"m.nn.{name}(4, track_running_stats=True) | f(r({shapes[0]})); f.reset_running_stats(); "
               "f.running_mean, f.running_var, f.num_batches_tracked",
               f"m.nn.{name}(4).double() | f(r({shapes[0]}))"])


OPTIONS = ["4",
           "4, 0.1, 0.3",
           "4, affine=False",
           "4, momentum=None",
           "4, track_running_stats=False",
           "4, affine=False, track_running_stats=False",
           "4, bias=False",
           "4, dtype=m.float64",
           "4, 1e-3, None, True, True, 'cpu', m.float64"]
INSTANCE = ["4",
            "4, 0.1, 0.3, True, True",
            "4, affine=True",
            "4, track_running_stats=True",
            "4, affine=True, bias=False",
            "4, affine=True, track_running_stats=True, dtype=m.float64",
            "4, momentum=None, track_running_stats=True"]
MODULES = {
    "BatchNorm1d": running("BatchNorm1d", ["5, 4", "3, 4, 6"], OPTIONS)
    + ["m.nn.BatchNorm1d(4) | f(r(1, 4))",
       "m.nn.BatchNorm1d(4) | f.eval(); f(r(1, 4))",
       "m.nn.BatchNorm1d(4) | f(r(0, 4))",
       "m.nn.BatchNorm1d(4) | f(r(1, 4, 2))",
       "m.nn.BatchNorm1d(4) | f(r(5, 4)).grad_fn.name()",
       "m.nn.BatchNorm1d(4) | f.eval(); f(r(5, 4)).grad_fn.name()",
       "m.nn.BatchNorm1d(4) | f.running_mean = None; f.running_var = None; f(r(5, 4))"],
    "BatchNorm2d": running("BatchNorm2d", ["2, 4, 3, 5", "1, 4, 2, 2"], OPTIONS)
    + ["m.nn.BatchNorm2d(4) | f(r(1, 4, 1, 1))"],
    "BatchNorm3d": running("BatchNorm3d", ["2, 4, 3, 2, 2"], OPTIONS),
    "SyncBatchNorm": [case
                      for case in running("SyncBatchNorm", ["2, 4, 3, 5", "5, 4"],
                                          [o for o in OPTIONS if "'cpu'" not in o])
                      if "r(1, 1, 4" not in case]
    + ["m.nn.SyncBatchNorm(4, 1e-3, None, True, True, None, 'cpu', m.float64) | f(r(5, 4))",
       "m.nn.SyncBatchNorm(4) | f(r(4))",
       "m.nn.SyncBatchNorm(4) | f(r(3, 0))",
       "m.nn.SyncBatchNorm(4) | f(r(1, 4))"]
                     + ["m.nn.SyncBatchNorm.convert_sync_batchnorm(m.nn.Sequential(m.nn.Linear(4, 3), "
                        f"m.nn.Sequential(m.nn.BatchNorm1d(3{a})), m.nn.InstanceNorm1d(3))) | f(r(5, 4))"
                        for a in ("", ", 0.1, 0.3", ", affine=False", ", track_running_stats=False",
                                  ", bias=False")]
                     + ["m.nn.SyncBatchNorm.convert_sync_batchnorm(m.nn.BatchNorm2d(4).eval()) | f(r(2, 4, "
                        "3, 5)), f.training, f.process_group"],
    "InstanceNorm1d": running("InstanceNorm1d", ["3, 4, 6", "4, 6"], INSTANCE)
    + ["m.nn.InstanceNorm1d(4) | f(r(3, 4, 1))",
       "m.nn.InstanceNorm1d(4, track_running_stats=True) | f.eval(); f(r(3, 4, 1))",
       "m.nn.InstanceNorm1d(5) | f(r(3, 4, 6))"],
    "InstanceNorm2d": running("InstanceNorm2d", ["2, 4, 3, 5", "4, 3, 5"], INSTANCE)
    + ["m.nn.InstanceNorm2d(5, affine=True) | f(r(4, 3, 5))"],
    "InstanceNorm3d": running("InstanceNorm3d", ["2, 4, 3, 2, 2", "4, 3, 2, 2"], INSTANCE),
    "LayerNorm": [f"m.nn.LayerNorm({a}) | f(r(2, 3, 4))"
                  for a in ("4", "(3, 4)", "[4], 0.1", "4, elementwise_affine=False", "4, bias=False",
                            "m.Size([2, 3, 4])", "4, dtype=m.float64",
                            "4, 1e-5, True, True, 'cpu', m.float64", "3", "(2, 4)")]
                 + ["m.nn.LayerNorm(4) | f(r(4))",
                    "m.nn.LayerNorm(4) | f(r(0, 4))",
                    "m.nn.LayerNorm(4) | f(r(2, 4).double())",
                    "m.nn.LayerNorm(4) | f(r(2, 4)).grad_fn.name()",
                    "m.nn.LayerNorm(4) | f.eval(); f(r(2, 4))",
                    "m.nn.LayerNorm(4) | f.normalized_shape, f.eps",
                    "m.nn.LayerNorm(1) | f(r(3, 1))"],
    "RMSNorm": [f"m.nn.RMSNorm({a}) | f(r(2, 3, 4))"
                for a in ("4", "(3, 4)", "[4], 0.1", "4, elementwise_affine=False", "4, dtype=m.float64",
                          "3")] + ["m.nn.RMSNorm(4) | f(r(4))",
                                   "m.nn.RMSNorm(4) | f.eval(); f(r(2, 4)).grad_fn.name()"],
    "GroupNorm": [f"m.nn.GroupNorm({a}) | f(r(2, 6, 3, 2))"
                  for a in ("2, 6", "6, 6", "1, 6, 0.1", "3, 6, affine=False", "3, 6, bias=False",
                            "2, 6, dtype=m.float64", "2, 4")]
    + ["m.nn.GroupNorm(4, 6) | 1",
       "m.nn.GroupNorm(2, 6) | f(r(5, 6))",
       "m.nn.GroupNorm(2, 6) | f(r(5, 6, 3))",
       "m.nn.GroupNorm(6, 6) | f(r(1, 6))",
       "m.nn.GroupNorm(2, 6) | f(r(6))",
       "m.nn.GroupNorm(2, 6) | f(r(2, 6, 3, 2)).grad_fn.name()"],
    "LocalResponseNorm": [f"m.nn.LocalResponseNorm({a}) | f(r(2, 5, 3, 2))"
                          for a in ("3", "2, 0.5", "5, alpha=0.5, beta=0.5, k=2.0", "4, 0.1, 0.75, 1.0")]
    + ["m.nn.LocalResponseNorm(2) | f(r(2, 5, 3))",
       "m.nn.LocalResponseNorm(2) | f(r(2, 5))",
       "m.nn.LocalResponseNorm(3) | f(r(1, 4, 2, 2, 3))"],
}
MODULE_DIFFERENCES = []
