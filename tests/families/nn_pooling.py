"""Rows, functions and layers of nbs/nn/pooling.ipynb."""
from arrays import normal
from edunets.nn.pooling import Resampling

D = {"kind": "float64"}
GRIDS = [Resampling("linear", 5, 9, 5 / 9, **D),
         Resampling("linear", 5, 3, 2.0, True, **D),
         Resampling("cubic", 4, 7, 4 / 7, **D),
         Resampling("area", 5, 3, 5 / 3, **D),
         Resampling("nearest", 4, 6, 4 / 6, **D),
         Resampling("lanczos", 6, 3, 2.0, False, True, **D)]
ROWS = {
    "resample": [((normal(2, grid.n),), {"dim": 1, "grid": grid}) for grid in GRIDS]
    + [((normal(2, 5, 3),), {"dim": 1, "grid": GRIDS[0]}), ((normal(5, 2),), {"dim": 0, "grid": GRIDS[0]})],
    "resample_back": [((normal(2, grid.m),), {"dim": 1, "grid": grid}) for grid in GRIDS]
    + [((normal(9, 2),), {"dim": 0, "grid": GRIDS[0]})],
}

LINE, IMAGE = "m.arange(42.).reshape(2, 3, 7).sin()", "m.arange(84.).reshape(1, 2, 6, 7).sin()"
VOLUME = "m.arange(120.).reshape(1, 1, 4, 5, 6).sin()"
BY_DIMS = {1: LINE, 2: IMAGE, 3: VOLUME}


def calls(name, *arguments): return [f"m.nn.functional.{name}({a})" for a in arguments]


def pools(n):
    "Sample calls of the functions for n dimensions."
    x = BY_DIMS[n]
    half = (*(2,) * (n - 1), 3)
    odd = [f"{x}, {half}",
           f"{x}, 3, 2",
           f"{x}, 2, padding=1",
           f"{x}[0], 2",
           f"{x}, 2, stride=1",
           f"{x}, 3, 2, ceil_mode=True",
           f"{x}[:0], 2",
           f"{x}, 9",
           f"{x}, 2, padding=2",
           f"{x}, 2, stride=0",
           f"{x}, 0",
           f"{x}, 2, padding=-1",
           f"{x}[:, :0], 2",
           f"{x}[..., :0], 2",
           f"{x}, {half + (2,)}",
           "s, 2"]
    plain = [f"{x}, 2", f"{x}, 3, 1, 1", f"{x}, 2, 1, 0, 2", f"{x}, 3, 2, 1, 1, True", f"{x}, 2, dilation=0",
             f"{x} * 0, 2"]
    mean = ([f"{x}, 3, 2, 1, True, False",
             f"{x}, 3, 2, 1, True",
             f"{x}, 2, 3, ceil_mode=True",
             f"{x}, 3, padding=1, count_include_pad=False"]
            + ([] if n == 1
               else [f"{x}, 2, divisor_override=3",
                     f"{x}, 2, divisor_override=0",
                     f"{x}, 3, 2, 1, False, False, 2"]))
    parts = [f"{x}, 1",
             f"{x}, 2",
             f"{x}, 3",
             f"{x}, {(4, 3, 5)[:n]}",
             f"{x}[0], 2",
             f"{x}, 9",
             f"{x}[:0], 2",
             f"{x}, -1",
             f"{x}, 0",
             f"{x}[..., :0], 2",
             f"{x}, {(2,) * (n + 1)}",
             "s, 2",
             f"{x}.long(), 2"]
    parts += [f"{x}, None"] if n == 1 else [f"{x}, {(None, 3, None)[:n]}", f"{x}, (2,)"]
    power = [f"({x}).abs(), 2, 2",
             f"{x}, 2, 3, 1",
             f"{x}, 3, 2",
             f"{x}, math.inf, 2",
             f"{x}, -math.inf, 2",
             f"{x}, 2., 3, 2, True",
             f"{x}[0], 1, 2"]
    back = [f"*m.nn.functional.max_pool{n}d({x}, 2, return_indices=True), 2",
            f"*m.nn.functional.max_pool{n}d({x}, 2, return_indices=True), 2, output_size={x}.shape",
            f"*m.nn.functional.max_pool{n}d({x}, 2, return_indices=True), 2, output_size={x}.shape[2:]",
            f"*m.nn.functional.max_pool{n}d({x}, 3, 2, 1, return_indices=True), 3, 2, 1, {x}.shape",
            f"*m.nn.functional.max_pool{n}d({x}[0], 2, return_indices=True), 2, None, 0",
            f"*m.nn.functional.max_pool{n}d({x}, 2, return_indices=True), 2, output_size=(9,) * {n}",
            f"*m.nn.functional.max_pool{n}d({x}, 2, return_indices=True), 2, output_size=(9,) * {n + 1}",
            f"*m.nn.functional.max_pool{n}d({x}, 3, return_indices=True), 2",
            f"{x}, {x}.int(), 2",
            f"{x}, {x}[..., :1].long(), 2"]
    return {f"nn.functional.max_pool{n}d": calls(f"max_pool{n}d", *odd, *plain,
                                                 f"{x}, 2, return_indices=True",
                                                 f"{x}, 3, 2, 1, 1, True, True",
                                                 f"{x}[0], 2, return_indices=True"),
            f"nn.functional.max_pool{n}d_with_indices": calls(f"max_pool{n}d_with_indices", *odd, *plain),
            f"nn.functional.max_unpool{n}d": calls(f"max_unpool{n}d", *back),
            f"nn.functional.avg_pool{n}d": calls(f"avg_pool{n}d", *odd, *mean),
            f"nn.functional.adaptive_avg_pool{n}d": calls(f"adaptive_avg_pool{n}d", *parts),
            f"nn.functional.adaptive_max_pool{n}d": calls(f"adaptive_max_pool{n}d", *parts, f"{x}, 2, True",
                                                          f"{x}, 3, return_indices=True"),
            f"nn.functional.adaptive_max_pool{n}d_with_indices": calls(
                    f"adaptive_max_pool{n}d_with_indices", *parts),
            f"nn.functional.lp_pool{n}d": calls(f"lp_pool{n}d", *power)}


SIZES = ["size={a}",
         "scale_factor=2",
         "scale_factor=0.6",
         "scale_factor=1.7, recompute_scale_factor=True",
         "scale_factor={f}",
         "{a}"]


def sampled(mode, n, aligned=True):
    "Sample calls of interpolate in a mode."
    x, sizes = BY_DIMS[n], [text.format(a=(9, 4, 3)[:n], f=(1.5, 0.5, 2.0)[:n]) for text in SIZES]
    return [f"{x}, {size}, mode='{mode}'{more}" for size in sizes
            for more in (("", ", align_corners=True", ", align_corners=False") if aligned else ("",))]


SHARES = {2: "m.arange(4.).reshape(1, 2, 2) / 5 + 0.1", 3: "m.arange(3.).reshape(1, 1, 3) / 4 + 0.2"}


def fractions(n):
    "Sample calls of fractional pooling in n dimensions, with the random numbers given."
    x, share = BY_DIMS[n], f"_random_samples={SHARES[n]}"
    sizes = [f"{x}, 2, {size}, {share}"
             for size in ("3", "(2, 4, 3)[:%d]" % n, "None, (0.5, 0.6, 0.7)[:%d]" % n, "1", "0", "3, 0.5",
                          "-1", "9", "(3, 3, 3, 3)")]
    more = [f"{x}, (2, 3, 2)[:{n}], 2, {share}",
            f"{x}[0], 2, 3, {share}",
            f"{x}[:0], 2, 3, {share}",
            f"{x}.double(), 2, 3, {share}.double()",
            f"{x}.double(), 2, 3, {share}",
            f"{x}, 2, 3, _random_samples=m.ones(1, 1, 5)",
            f"{x}, 2",
            "m.arange(84.).reshape(1, 2, 6, 7), 2, None, (0.5,) * 5",
            f"{x}, (2,) * 5, 3",
            f"{x}[:, :0], 2, 3",
            f"{x}.round(), 3, 2, {share}"]
    name = f"fractional_max_pool{n}d"
    return {f"nn.functional.{name}": calls(name, *sizes, *more, f"{x}, 2, 3, None, True, {SHARES[n]}",
                                           f"{x}, 2, output_size=3, return_indices=True, {share}"),
            f"nn.functional.{name}_with_indices": calls(f"{name}_with_indices", *sizes, *more)}


NAMES = {**pools(1), **pools(2), **pools(3), **fractions(2), **fractions(3),
    "nn.functional.upsample": calls("upsample", f"{IMAGE}, 3", f"{IMAGE}, scale_factor=2",
                                    f"{IMAGE}, (4, 9), None, 'bilinear', True", f"{LINE}, 5, mode='linear'",
                                    f"{IMAGE}"),
    "nn.functional.upsample_nearest": calls("upsample_nearest", f"{IMAGE}, 3", f"{IMAGE}, scale_factor=2",
                                            f"{IMAGE}, (4, 9)", f"{LINE}, 5", f"{IMAGE}"),
    "nn.functional.upsample_bilinear": calls("upsample_bilinear", f"{IMAGE}, 3", f"{IMAGE}, scale_factor=2",
                                             f"{IMAGE}, (4, 9)", f"{LINE}, 5", f"{IMAGE}"),
    "nn.functional.interpolate": calls("interpolate", f"{IMAGE}, 3", f"{IMAGE}, (12, 3)",
                                       f"{IMAGE}, scale_factor=2",
                                       *(call for n in (1, 2, 3)
                                         for mode in ("nearest", "nearest-exact", "area")
                                         for call in sampled(mode, n, False)), *sampled("linear", 1),
                                       *sampled("bilinear", 2), *sampled("bicubic", 2),
                                       *sampled("trilinear", 3),
        *(f"{IMAGE}, {size}, mode='{mode}', antialias=True{more}"
          for size in ("(3, 4)", "(12, 5)", "scale_factor=0.4", "scale_factor=2.5")
          for mode in ("bilinear", "bicubic") for more in ("", ", align_corners=True")),
                                       *(f"{IMAGE}, {size}, mode='lanczos', antialias=True"
                                         for size in ("(3, 4)", "(12, 5)", "scale_factor=0.4")),
        f"{IMAGE}", f"{IMAGE}, 3, 2", f"{IMAGE}, (3, 4, 5)", f"{IMAGE}, scale_factor=(2, 2, 2)",
                                       f"{IMAGE}, 3.5", f"{IMAGE}, 3, align_corners=True",
                                       f"{IMAGE}, 3, mode='linear'", f"{LINE}, 3, mode='bilinear'",
                                       f"{IMAGE}, 3, mode='other'", f"{IMAGE}, 3, antialias=True",
                                       f"{IMAGE}, 3, mode='lanczos'",
                                       f"{IMAGE}, 3, mode='lanczos', antialias=True, align_corners=True",
        f"{IMAGE}, 3, recompute_scale_factor=True", f"{IMAGE}, 0", f"{IMAGE}, scale_factor=0.1",
                                       f"{IMAGE}[:0], 3", f"{IMAGE}[:, :0], 3", "u.reshape(1, 1, 3), 7",
                                       "u.reshape(1, 1, 1, 3), 5, mode='bilinear'", "x, 3",
                                       f"{IMAGE}, (6, 7), mode='bilinear'", f"{IMAGE}, (6, 7)",
                                       f"{IMAGE}, 1, mode='bilinear', align_corners=True",
                                       f"{IMAGE}[..., :1], 4, mode='bicubic'",
                                       f"{IMAGE}.half(), 4, mode='bilinear'",
                                       f"{IMAGE.replace('84.)', '84.).double()')}, 4, mode='bicubic'"),
}
COUNTED = ("PyTorch asks for a dimension before it counts them; edunets has one class for all inputs "
           "of a wrong shape.")
DIFFERENCES = [(r"avg_pool2d\(s, 2\): raises RuntimeError", COUNTED),
               (r"interpolate\(u.*bilinear'\): raises RuntimeError",
                "edunets asks for floating numbers first; PyTorch takes bytes, and rounds the "
                "weights for them too.")]


def layers(n):
    "Cases of the layers for n dimensions."
    shape, unbatched = {1: ("2, 3, 7", "3, 7"),
                        2: ("2, 3, 6, 7", "3, 6, 7"),
                        3: ("1, 2, 4, 5, 6", "2, 4, 5, 6")}[n]
    half = (*(2,) * (n - 1), 3)
    window = ["2", f"{half}", "3, 2", "3, stride=1, padding=1", "3, 2, 1, ceil_mode=True", "9",
              "2, padding=2", f"{half}, {half[::-1]}"]
    cases = {f"MaxPool{n}d": [*window, "2, 1, 0, 2", "2, return_indices=True", "3, 2, 1, 1, True, True"],
             f"AvgPool{n}d": [*window, "3, 2, 1, True, False", "3, 2, 1, count_include_pad=False"]
             + (["2, divisor_override=3", "3, 2, 1, True, False, 5"] if n > 1 else []),
             f"LPPool{n}d": [f"{p}, {w}" for p in ("2", "1", "3.0")
                             for w in ("2", "3, 2", "3, 2, True", "2, ceil_mode=True")],
             f"AdaptiveAvgPool{n}d": ["1", "2", "3", f"{(4, 3, 5)[:n]}", "9"]
             + ([f"{(None, 3, None)[:n]}"] if n > 1 else []),
             f"AdaptiveMaxPool{n}d": ["1",
                                      "2",
                                      "3",
                                      f"{(4, 3, 5)[:n]}",
                                      "9",
                                      "3, True",
                                      "2, return_indices=True"]
             + ([f"{(None, 3, None)[:n]}"] if n > 1 else [])}
    made = {name: [f"m.nn.{name}({a}) | f(r({s}))" for a in options for s in (shape, unbatched)]
            + [f"m.nn.{name}({options[0]}) | f.eval(); f(r({shape}).double())",
               f"m.nn.{name}({options[0]}) | f(r(3))"] for name, options in cases.items()}
    made[f"MaxUnpool{n}d"] = [f"m.nn.MaxUnpool{n}d({a}) | f(*m.nn.MaxPool{n}d({a}, "
                              f"return_indices=True)(r({shape})){size})" for a in ("2", "3, 2, 1", f"{half}")
                              for size in ("", f", m.ones({shape}).shape",
                                           f", output_size=m.ones({shape}).shape[2:]")]
    made[f"MaxUnpool{n}d"] += [f"m.nn.MaxUnpool{n}d(2) | f(*m.nn.MaxPool{n}d(2, "
                               f"return_indices=True)(r({unbatched})))",
                               f"m.nn.MaxUnpool{n}d(2) | f(r({shape}), i(3, 2, 2))"]
    return made


def fractional_layers(n):
    "Cases of the fractional layers in n dimensions."
    shape, share = {2: "1, 2, 6, 7", 3: "1, 1, 4, 5, 6"}[n], f"_random_samples={SHARES[n]}"
    name = f"m.nn.FractionalMaxPool{n}d"
    return {f"FractionalMaxPool{n}d": [f"{name}({a}, {share}) | f(r({shape}))"
                                       for a in ("2, 3", "2, output_ratio=0.6",
                                                 f"(2, 3, 2)[:{n}], (2, 1, 3)[:{n}]",
                                                 "2, 3, return_indices=True",
                                                 "2, output_ratio=(0.5, 0.6, 0.4)[:%d]" % n, "9, 3")]
            + [f"{name}({a}) | f(r({shape}))" for a in ("2", "2, 3, 0.5", "2, output_ratio=1.5", "2, 9")
               + (("0, 3",) if n == 3 else ())]
            + [f"{name}(2, 3) | f(r({shape})).shape",
               f"{name}(2, 3) | f(r({shape[3:]})).shape",
               f"{name}(2, 3, return_indices=True, {share}) | f(r({shape[3:]}))"]}


MODULES = {**layers(1), **layers(2), **layers(3), **fractional_layers(2), **fractional_layers(3),
    "Upsample": [f"m.nn.Upsample({a}) | f(r(1, 2, 4, 5))"
                 for a in ("(7, 3)", "6", "scale_factor=2", "scale_factor=(1.5, 0.5)",
                           "scale_factor=2, mode='bilinear'", "(7, 3), mode='bicubic', align_corners=True",
                           "scale_factor=1.7, mode='bilinear', recompute_scale_factor=True",
                           "scale_factor=1.7, mode='nearest-exact'", "scale_factor=0.5, mode='area'",
                           "3, mode='linear'", "3, mode='bilinear', align_corners=False", "", "3, 2")]
                + [f"m.nn.Upsample({a}) | f(r(2, 3, 5))"
                   for a in ("7", "scale_factor=2, mode='linear'",
                             "scale_factor=2.5, mode='linear', align_corners=True")]
           + [f"m.nn.Upsample({a}) | f(r(1, 2, 2, 3, 4))"
              for a in ("3", "scale_factor=2, mode='trilinear'",
                        "(3, 4, 5), mode='trilinear', align_corners=True", "scale_factor=2")],
    "UpsamplingNearest2d": [f"m.nn.UpsamplingNearest2d({a}) | f(r(1, 2, 4, 5))"
                            for a in ("(7, 3)", "scale_factor=2", "scale_factor=(1.5, 2.0)", "size=3")],
    "UpsamplingBilinear2d": [f"m.nn.UpsamplingBilinear2d({a}) | f(r(1, 2, 4, 5))"
                             for a in ("(7, 3)", "scale_factor=2", "scale_factor=(1.5, 2.0)", "size=3")],
}
MODULE_DIFFERENCES = [(r"nn.(AvgPool2d|LPPool2d|AdaptiveAvgPool[23]d)\(.*f\(r\(3\)\): raises RuntimeError",
                       COUNTED)]
