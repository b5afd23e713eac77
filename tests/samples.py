"""Sample inputs for every row of the table: arrays (or Python numbers) and parameters. Floats are float64,
away from kinks."""
import numpy as np

import edunets as en
import families
from arrays import apart, binary, bits, distinct, inside, normal, positive, reduced, unary, whole


def place(start, length, step=1, dim=1): return {"dim": dim, "start": start, "length": length, "step": step}


INDEX = np.array([[0, 2], [1, -2]]), np.array([1, 0])
WINDOWS = dict(size=(2, 2), stride=(1, 2), dilation=(1, 1), dims=(1, 2))
DILATED = dict(size=(3,), stride=(2,), dilation=(2,), dims=(1,))

SAMPLES = {
    **{row: unary(normal)
       for row in ("neg", "exp", "expm1", "sin", "cos", "tanh", "erf", "exp2", "square", "atan", "sinh",
                   "cosh", "sigmoid", "silu", "gelu")},
    **{row: unary(positive) for row in ("log", "log1p", "sqrt", "log2", "log10", "rsqrt", "reciprocal")},
    **{row: unary(inside) for row in ("tan", "asin", "acos", "erfinv")},
    **{row: unary(apart)
       for row in ("abs", "floor", "round", "relu", "ceil", "trunc", "sign", "isnan", "isinf", "isfinite",
                   "logical_not")},
    **{row: binary(normal)
       for row in ("add", "sub", "mul", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor")},
    **{row: binary(positive) for row in ("div", "pow")},
    "gelu_slope": [((normal(2, 3), normal(2, 3)), {})],
    **{row: [((normal(2, 3), normal(2, 3)), {"dim": 1}), ((normal(2, 3, 2), normal(2, 3, 2)), {"dim": -2}),
             ((normal(), normal()), {"dim": 0})] for row in ("softmax_slope", "log_softmax_slope")},
    "power_slope": [((normal(2, 3), positive(2, 3)), {"exponent": n}) for n in (2, 3, 0.5)],
    **{row: [((apart(2, 3), positive(3)), {}),
             ((apart(3), 0.7), {}),
             ((5.3, positive(2, 2)), {}),
             ((whole(6), np.array([1, 2, 3, -1, -2, -3])), {})]
       for row in ("floordiv", "rem", "remainder", "truncdiv")},
    **{row: [((distinct(2, 3), apart(3)), {}),
             ((distinct(3), 0.5), {}),
             ((0.5, distinct(3)), {}),
             ((whole(4), whole(4)), {})] for row in ("maximum", "minimum")},
    **{row: [*binary(normal), ((np.array([1, 2]), np.array([1, 3])), {})] for row in ("eq", "ne")},
    "atan2": binary(normal),
    "bit": [((whole(4), whole(4)), {"kind": kind}) for kind in ("and", "or", "xor")]
    + [((whole(4), 2), {"kind": kind}) for kind in ("shl", "shr")],
    "bitwise_not": [((whole(4),), {}), ((bits(4),), {})],
    "where": [((bits(2, 3), normal(2, 3), normal(3)), {}),
              ((bits(3), 1.5, normal(2, 3)), {}),
              ((bits(3), normal(2, 3), 0.0), {})],
    "clamp": [((apart(3, 4),), {"low": -1.0, "high": 1.0}),
              ((apart(3),), {"low": 0.0, "high": None}),
              ((apart(3),), {"low": None, "high": 0.0}),
              ((whole(4),), {"low": -1, "high": 2})],
    "cast": [((normal(2, 3),), {"dtype": en.float64}),
             ((normal(3),), {"dtype": en.int64}),
             ((whole(3),), {"dtype": en.float64}),
             ((bits(3),), {"dtype": en.float64})],
    "bitcast": [((normal(3),), {"dtype": en.int64})],
    "reshape": [((normal(2, 3),), {"shape": (3, 2)}),
                ((normal(2, 3).T,), {"shape": (6,)}),
                ((normal(),), {"shape": (1, 1)})],
    "permute": [((normal(2, 3, 4),), {"dims": (2, 0, 1)}), ((normal(2, 3),), {"dims": (1, 0)})],
    "expand": [((normal(2, 1),), {"shape": (3, 2, 4)}),
               ((normal(),), {"shape": (2,)}),
               ((normal(2),), {"shape": (2,)})],
    "slice": [((normal(2, 5),), place(1, 3)),
              ((normal(2, 5),), place(0, 3, 2)),
              ((normal(2, 5),), place(4, 5, -1)),
              ((normal(2, 5),), place(2, 0))],
    "put_slice": [((normal(2, 5), normal(2, 3)), place(1, 3)),
                  ((normal(2, 5), normal(2, 2)), place(1, 2, 3)),
                  ((normal(2, 5), normal(2, 5)), place(4, 5, -1))],
    "windows": [((normal(2, 4, 5),), WINDOWS), ((normal(2, 7),), DILATED)],
    "fold": [((normal(2, 3, 2, 2, 2),), {"shape": (2, 4, 5), **WINDOWS}),
             ((normal(2, 2, 3),), {"shape": (2, 7), **DILATED})],
    "copy": [((normal(2, 3),), {"device": None}), ((normal(2, 3).T,), {"device": None})],
    "detach": [((normal(2),), {})],
    "sum": reduced(normal)
    + [((whole(2, 3),), {"dims": (0,), "keepdim": False}), ((normal(),), {"dims": None, "keepdim": False})],
    "max": reduced(distinct) + [((whole(2, 3),), {"dims": None, "keepdim": False})],
    "amin": reduced(distinct)
    + [((whole(2, 3),), {"dims": None, "keepdim": False}), ((bits(4),), {"dims": None, "keepdim": False})],
    "spread_mean": [((normal(),), {"shape": (2, 3), "dims": None, "keepdim": False, "count": 6}),
                    ((normal(2, 4),), {"shape": (2, 3, 4), "dims": (1,), "keepdim": False, "count": 3}),
                    ((normal(2, 1, 4),), {"shape": (2, 3, 4), "dims": (1,), "keepdim": True, "count": 2})],
    "mean": reduced(normal), "norm": reduced(normal), "logsumexp": reduced(normal),
    "power_norm": reduced(normal, p=3) + reduced(normal, p=1.5) + reduced(positive, p=0.5)
    + reduced(positive, p=-1),
    "prod": reduced(normal)
    + [((np.array([[0.0, 2.0, 3.0], [0.0, 4.0, 0.0]]),), {"dims": (1,), "keepdim": False})],
    "var": reduced(normal, correction=1) + reduced(normal, correction=0),
    "std": reduced(normal, correction=1),
    "all": [((bits(2, 3),), {"dims": dims, "keepdim": False}) for dims in (None, (1,))],
    "any": [((bits(2, 3),), {"dims": dims, "keepdim": True}) for dims in (None, (1,))],
    "cumsum": [((normal(2, 3),), {"dim": dim, "reverse": reverse}) for dim in (0, 1)
               for reverse in (False, True)],
    "cumprod": [((normal(2, 5),), {"dim": 1}), ((np.array([2.0, 0.0, 3.0, 0.0, 5.0]),), {"dim": 0})],
    "sort": [((distinct(3, 4),), {"dim": dim, "descending": descending}) for dim in (0, 1)
             for descending in (False, True)] + [((whole(6),), {"dim": 0, "descending": True})],
    "topk": [((distinct(3, 4),), {"k": 2, "dim": dim, "largest": largest}) for dim in (0, 1)
             for largest in (False, True)]
    + [((distinct(2, 1500),), {"k": 3, "dim": 1, "largest": largest}) for largest in (False, True)],
    "argmax": [((distinct(3, 4),), {"dim": dim, "keepdim": keep})
               for dim, keep in ((None, False), (1, False), (0, True))]
        + [((whole(9),), {"dim": 0, "keepdim": False})],
    "max_dim": [((distinct(3, 4),), {"dim": dim, "keepdim": keep}) for dim, keep in ((1, False), (0, True))]
    + [((whole(9),), {"dim": 0, "keepdim": False})],
    "softmax": [((normal(2, 3),), {"dim": dim}) for dim in (0, 1)],
    "log_softmax": [((normal(2, 3),), {"dim": dim}) for dim in (0, 1)],
    "matmul": [((normal(2, 3), normal(3, 4)), {}),
               ((normal(2, 2, 3), normal(3, 2)), {}),
               ((normal(4, 1, 2, 3), normal(2, 3, 2)), {})],
    "matmul_nt": [((normal(2, 3), normal(4, 3)), {}), ((normal(2, 2, 3), normal(4, 3)), {})],
    "matmul_tn": [((normal(3, 2), normal(3, 4)), {}), ((normal(4, 1, 3, 2), normal(2, 3, 2)), {})],
    "mv": [((normal(2, 3), normal(3)), {})],
    "dot": [((normal(3), normal(3)), {})],
    "addmm": [((normal(4), normal(2, 3), normal(3, 4)), {}),
              ((normal(2, 1), normal(2, 3), normal(3, 4)), {})],
    "gather": [((normal(3, 4), *INDEX), {"dims": (0, 1)}),
               ((normal(3, 4, 2), INDEX[0]), {"dims": (1,)}),
               ((normal(3), np.array(2)), {"dims": (0,)})],
    "scatter": [((normal(3, 4), normal(2, 2), *INDEX), {"dims": (0, 1), "mode": mode})
                for mode in ("set", "add")]
    + [((normal(3, 2), normal(4, 2), np.array([0, 2, 0, -1])), {"dims": (0,), "mode": "add"}),
       ((normal(3, 2), normal(2, 3), np.array([1, 0])), {"dims": (1,), "mode": "set"})],
    "scatter_max": [((apart(3, 4), distinct(2, 2), *INDEX), {"dims": (0, 1)}),
                    ((apart(3, 2), distinct(4, 2), np.array([0, 2, 0, -1])), {"dims": (0,)})],
    "scatter_prod": [((apart(3, 4), distinct(2, 2), *INDEX), {"dims": (0, 1)}),
                     ((apart(3, 2), distinct(4, 2), np.array([0, 2, 0, -1])), {"dims": (0,)}),
                     ((apart(3), distinct(5), np.array([0, 0, 2, 0, 0])), {"dims": (0,)})],
    "nonzero": [((whole(3, 4),), {}), ((bits(5),), {})],
    "full": [((), {"shape": (2, 3), "value": 1.5, "dtype": en.float64, "device": None}),
             ((), {"shape": (), "value": True, "dtype": en.bool, "device": None})],
    "iota": [((), {"length": 5, "device": None})],
    "random_bits": [((np.array([1, 2], "uint32"),), {"shape": (3, 2), "words": words}) for words in (1, 2)],
    "cat": [((normal(2, 3), normal(2, 1), normal(2, 2)), {"dim": 1}), ((normal(2),), {"dim": 0})],
    "stack": [((normal(2, 3), normal(2, 3)), {"dim": dim}) for dim in (0, 1, 2)],
    "tril": [((normal(3, 4),), {"diagonal": 0}),
             ((normal(2, 3, 3),), {"diagonal": -1}),
             ((normal(3, 2),), {"diagonal": 5})],
    "triu": [((normal(3, 4),), {"diagonal": 0}),
             ((normal(2, 3, 3),), {"diagonal": 1}),
             ((normal(3, 2),), {"diagonal": -5})],
    "flip": [((normal(2, 3),), {"dims": (0, 1)}), ((normal(2, 3),), {"dims": ()})],
    "select": [((normal(2, 3),), {"dim": 1, "index": 2})],
    "unbind": [((normal(2, 3),), {"dim": 0}),
               ((normal(2, 3, 2),), {"dim": 1}),
               ((normal(1, 2),), {"dim": 0})],
    "split": [((normal(2, 5),), {"dim": 1, "sizes": (2, 0, 3)}),
              ((normal(3, 2),), {"dim": 0, "sizes": (1, 2)}),
              ((normal(3),), {"dim": 0, "sizes": (3,)})],
    "copy_into": [((normal(2, 3), normal(3)), {}), ((normal(2, 3), 2.5), {}), ((normal(2), whole(2)), {})],
}

SAMPLES |= families.collected("ROWS")


def cases():
    "Every sample, by a name that says where it stands."
    return {f"{row}-{number}": (row, args, params) for row, samples in SAMPLES.items()
            for number, (args, params) in enumerate(samples)}
