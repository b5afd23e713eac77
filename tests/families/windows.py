"""Samples of the windows family."""
import numpy as np

from arrays import distinct, normal
from edunets.table import OPS


def how(stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1, **more):
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, **more}


STRIDED = how((2, 1), (1, 0), (1, 2), 2)
LINE = {"size": (3,), "stride": (2,), "padding": (1,), "dilation": (1,), "space": (4,)}
APART = {"size": (2,), "stride": (2,), "padding": (0,), "dilation": (2,), "space": (2,)}
POOL = {"size": (2, 3), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 1), "space": (3, 3)}

def unpooled(a, options):
    "A sample of unpool: gradients, the input, the result."
    out = OPS["max_pool"].kernel(np, a, **options)
    return (normal(*out.shape), a, out), options


ROWS = {
    "conv": [((normal(2, 2, 4, 4), normal(3, 2, 2, 3), normal(3)), how()),
             ((normal(2, 4, 5, 6), normal(2, 2, 3, 2), None), STRIDED),
             ((normal(1, 1, 5), normal(2, 1, 3), None), how((2,), (1,), (1,)))],
    "conv_transpose": [((normal(2, 3, 3, 2), normal(3, 2, 2, 3), normal(2)), how(shape=(4, 4))),
                       ((normal(2, 2, 3, 4), normal(2, 2, 3, 2), None), {**STRIDED, "shape": (5, 6)}),
                       ((normal(1, 2, 3), normal(2, 1, 2), None), how((1,), (1,), (3,), shape=(6,)))],
    "conv_weight": [((normal(2, 2, 4, 4), normal(2, 3, 3, 2)), how(size=(2, 3))),
                    ((normal(2, 4, 5, 6), normal(2, 2, 3, 4)), {**STRIDED, "size": (3, 2)}),
                    ((normal(1, 1, 6), normal(1, 2, 3)), how((1,), (1,), (3,), size=(2,)))],
    "max_pool": [((distinct(2, 1, 4, 5),), POOL), ((distinct(2, 7),), LINE), ((distinct(6),), APART)],
    "max_pool_places": [((distinct(2, 1, 4, 5),), POOL), ((distinct(2, 7),), LINE), ((distinct(6),), APART)],
    "unpool": [unpooled(distinct(2, 1, 4, 5), POOL),
               unpooled(distinct(2, 7), LINE),
               unpooled(distinct(6), APART),
               unpooled(np.array([1.0, 2.0, 2.0, 0.0]), {**APART, "dilation": (1,)})],
    "window_sum": [((normal(2, 4, 5),), {"size": (2, 3), "stride": (2, 1), "space": (2, 3)}),
                   ((normal(2, 7),), {"size": (3,), "stride": (2,), "space": (3,)}),
                   ((normal(4),), {"size": (1,), "stride": (2,), "space": (2,)})],
}

W1, W2 = "(m.arange(12.).reshape(2, 3, 2) / 7 - 0.5)", "(m.arange(24.).reshape(2, 3, 2, 2) / 9 - 1)"
W3 = "(m.arange(16.).reshape(2, 1, 2, 2, 2) / 9 - 1)"
I2, I3 = "m.arange(96.).reshape(2, 3, 4, 4).sin()", "m.arange(64.).reshape(1, 1, 4, 4, 4).sin()"
NAMES = {
    "conv1d": [f"m.conv1d({a})"
               for a in (f"c, {W1}", f"c, {W1}, v[:2]", f"c, {W1}, stride=2", f"c, {W1}, None, 1, 1",
                         f"c[0], {W1}", f"c, {W1}, padding='same'", f"c, {W1}, padding='valid'",
                         f"c, {W1}, dilation=3", f"c, {W1}[:, :1].repeat(3, 1, 1), groups=3",
                         f"c, {W1}, stride=0", f"c, {W1}[:, :2]", f"x[0], {W1}", f"c, {W1}, dilation=4",
                         f"c.double(), {W1}", f"c, {W1}, stride=2, padding='same'", f"c, {W1}, stride=(1, 2)",
                         "c, x")],
    "conv2d": [f"m.conv2d({a})"
               for a in (f"{I2}, {W2}", f"{I2}, {W2}, v[:2], 2", f"{I2}, {W2}, None, (1, 2), (1, 0)",
                         f"{I2}, {W2}, padding='same', dilation=2", f"{I2}[0], {W2}",
                         f"{I2}, {W2}[:, :1].repeat(3, 1, 1, 1), groups=3",
                         f"{I2}, {W2}, dilation=(2, 1), padding=1", f"{I2}, {W2}, groups=2",
                         f"{I2}[:, :2], {W2}", f"{I2}, {W2}, padding=(1, 2, 3)", "x, x")],
    "conv3d": [f"m.conv3d({a})"
               for a in (f"{I3}, {W3}", f"{I3}, {W3}, v[:2], stride=2, padding=1", f"{I3}[0], {W3}",
                         f"{I3}, {W3}, padding='same'")],
    "conv_transpose1d": [f"m.conv_transpose1d({a})"
                         for a in (f"c[:, :2], {W1}", f"c[:, :2], {W1}, v[:3]", f"c[:, :2], {W1}, stride=2",
                                   f"c[:, :2], {W1}, None, 2, 1, 1", f"c[0, :2], {W1}",
                                   f"c[:, :2], {W1}, dilation=2", f"c[:, :2], {W1}, groups=2",
                                   f"c[:, :2], {W1}, output_padding=1", f"c, {W1}")],
    "conv_transpose2d": [f"m.conv_transpose2d({a})"
                         for a in (f"{I2}[:, :2], {W2}",
                                   f"{I2}[:, :2], {W2}, v[:3], stride=(2, 1), padding=(1, 0)",
                                   f"{I2}[0, :2], {W2}", f"{I2}[:, :2], {W2}, stride=3, output_padding=2",
                                   f"{I2}[:, :2], {W2}, groups=2, dilation=2", f"{I2}, {W2}")],
    "conv_transpose3d": [f"m.conv_transpose3d({a})"
                         for a in (f"{I3}.repeat(1, 2, 1, 1, 1), {W3}",
                                   f"{I3}.repeat(1, 2, 1, 1, 1), {W3}, stride=2, padding=1")],
    "max_pool1d": [f"m.max_pool1d({a})"
                   for a in ("c, 2", "c, 3, 1", "c, 2, padding=1", "c, 3, ceil_mode=True", "c[0], 2",
                             "c, 2, 1, 0, 2", "c, 5", "c, 2, padding=2", "v.reshape(1, 6), 2", "x[0], 1")],
    "max_pool2d": [f"m.max_pool2d({a})"
                   for a in (f"{I2}, 2", f"{I2}, 3, 2, 1", f"{I2}, (2, 3), ceil_mode=True", f"{I2}[0], 2",
                             f"{I2}, 2, 1, dilation=2", f"{I2} * 0, 2", f"{I2}, 5", "x, 2",
                             f"{I2}, 3, 2, 1, 1, True")],
    "max_pool3d": [f"m.max_pool3d({a})" for a in (f"{I3}, 2", f"{I3}, 3, 2, 1", f"{I3}[0], (1, 2, 2)")],
    "avg_pool1d": [f"m.avg_pool1d({a})"
                   for a in ("c, 2", "c.long(), 2", "c, 3, 1", "c, 2, padding=1",
                             "c, 2, padding=1, count_include_pad=False", "c, 3, ceil_mode=True", "c[0], 2",
                             "c, 5", "x[0], 2")],
    "adaptive_avg_pool1d": [f"m.adaptive_avg_pool1d({a})"
                            for a in ("c, 2", "c, 3", "c[0], 4", "c, 1", "c, 6", "x[0], 1")],
}

DIFFERENCES = [(r"avg_pool1d.*dtype float32 for int64",
                "edunets gives a floating number for the mean of integers; PyTorch's `avg_pool1d` cuts "
                "it to an integer.")]
