"""Samples of what writes into what is there. The functions in place are the methods, which are tried under
the name of their function; here they are called as functions."""
ARGUMENTS = {"addmv": "x, y[0]",
             "as_strided": "(1,), (1,)",
             "clamp": "0.2, 0.4",
             "clip": "min=0.3",
             "clamp_min": "0.3",
             "clamp_max": "0.3",
             "fill": "2",
             "threshold": "0.3, 7",
             "index_put": "(k - 2,), s",
             "xlogy": "s",
             "ldexp": "k",
             "gcd": "k",
             "lcm": "k"}
NAMED = """abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil celu clamp clamp_max clamp_min clip cos cosh deg2rad detach erf
    erfc exp exp2 expm1 fill fix floor frac gcd index_put lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu round rsqrt selu sigmoid sin
    sinc sinh sqrt square tan tanh threshold trunc xlogy zero""".split()


def calls(name):
    "The function on a few kinds of tensors; all of them write into the first."
    if name in ("gcd", "lcm"): return [f"m.{name}_({a}, k)" for a in "ijxu"]
    first = {"addmv": "v[:2]", "index_put": "x[0]"}.get(name)
    rest = f", {ARGUMENTS[name]}" if name in ARGUMENTS else ""
    return ([f"m.{name}_({a}{rest})" for a in ([first] if first else "xidbwz")]
            + [f"m.{name}_({first or 'x'}{rest}); {first or 'x'}"])


SHAPES = ["x.{0}; x",
          "x.{0}.stride()",
          "x.{0} is x",
          "y = x.view(6); x.{0}; y",
          "x.{0}; x.add_(1); x",
          "x.{0}._version",
          "a = (x * 1).{0}; a * a",
          "a = x * 1; r = a[0]; a.{0}; a.mul_(a); r * r",
          "a = x * 1; r = a[0:1]; r.{0}; r.mul_(r); a * a",
          "x.{0}.is_contiguous()",
          "a = m.ones(2, 3, requires_grad=True); a.{0}"]

ROWS = {}
NAMES = {name + "_": calls(name) for name in NAMED}
METHODS = {
    **{name: [text.format(f"{name}({arguments})") for arguments in options for text in SHAPES]
       for name, options in {"t_": [""],
                             "transpose_": ["0, 1", "-1, -1"],
                             "swapaxes_": ["0, 1"],
                             "swapdims_": ["0, -1"],
                             "squeeze_": [""],
                             "unsqueeze_": ["0", "-1"],
                             "as_strided_": ["(2, 2), (1, 2)", "(3,), (1,), 0"]}.items()},
    "in place: shapes": ["c.t_()",
                       "x.transpose_(0, 2)",
                       "x[:1].squeeze_(0).shape",
                       "c[:1, :, :1].squeeze_().shape",
                       "s.unsqueeze_(0)",
                       "v.t_()",
                       "s.squeeze_()",
                       "c.transpose_(0, 2).stride()",
                       "x.unsqueeze_(4)",
                       "c.as_strided_((3,), (2,)), c",
                       "v.as_strided_(size=(2, 2), stride=(1, 1), storage_offset=0); v",
                       "x.as_strided_((20,), (1,))",
                       "a = x[0]; a.as_strided_((2,), (2,)); a.zero_(); x",
                       "a = x.detach()[0]; m.add(v[:2], 1, out=a); x, a",
                       "a = x.detach()[0]; m.add(y, 1, out=a); x, a",
                       "a = v.detach()[1:1]; m.add(y[0, :2], 1, out=a); v, a",
                       "a = x.detach(); m.add(v[:2], 1, out=a); x, a, a.stride()",
                       "a = x.detach()[1:]; m.add(y, 1, out=a); x",
                       "a = x[0]; x.as_strided_((2,), (2,)); a.zero_(); x",
                       "a = x.t(); a.t_(); (a, x)",
                       "a = x[0]; a.unsqueeze_(0); a.zero_(); x"],
    "fill_diagonal_": ["x.fill_diagonal_(7)",
                       "m.zeros(7, 3).fill_diagonal_(1)",
                       "m.zeros(7, 3).fill_diagonal_(1, True)",
                       "m.zeros(7, 3).fill_diagonal_(1, wrap=True)",
                       "m.zeros(2, 2, 2).fill_diagonal_(3)",
                       "c.fill_diagonal_(1)",
                       "v.fill_diagonal_(1)",
                       "z.fill_diagonal_(1)",
                       "t.fill_diagonal_(2); t",
                       "i.reshape(2, 2).fill_diagonal_(9)",
                       "m.zeros(0, 3).fill_diagonal_(1)",
                       "m.zeros(3, 9).fill_diagonal_(2, True)"],
    "in place of dims": ["x.cumsum_(0)",
                         "x.cumprod_(1); x",
                         "i.cumsum_(0)",
                         "x.cumsum_(2)",
                         "x[:, :2].addmm_(x, y.t())",
                         "v.addmm_(x, y.t())",
                         "(x * 1)[:, :2].addmm_(x, y.t(), beta=2, alpha=0.5)",
                         "u.cumprod_(0)",
                         "s.addbmm_(c, c.mT); s"],
    "out=": ["m.zeros(3, out=m.from_numpy(v.numpy()[:0]))",
             "m.softmax(x, 0, out=m.zeros(2, 3))",
             "m.sort(y, out=(m.zeros(0), m.zeros(0, dtype=m.int64)))",
             "m.sort(y, out=(m.zeros(0), m.zeros(0, dtype=m.int64))).values",
             "m.sort(y, out=m.zeros(0))",
             "m.sort(y, out=(m.zeros(0),))",
             "m.max(y, 0, out=(m.zeros(3), m.zeros(3).long())).values",
             "m.max(y, 0, out=(m.zeros(0), m.zeros(0).long()))",
             "m.max(y, out=m.zeros(()))",
             "m.zeros(3, out=g[0])",
             "m.arange(3., out=g[0])",
             "m.full((2,), 2.5, out=i[:2])",
             "m.linspace(0, 1, 3, out=d[:3])",
             "m.eye(2, out=q[:, :2])",
             "m.rand(3, out=d[:3]).dtype",
             "m.randint(3, 4, (2,), out=v[:2])",
             "m.rand(3, dtype=m.float32, out=d[:3])",
             "m.normal(x, 0., out=m.zeros(2, 3))",
             "m.normal(2., 0., (3,), out=d[:3])",
             "m.cumsum(x, 0, out=x)",
             "m.cumsum(i, 0, out=v[:4]); v",
             "m.var(x, 0, out=m.zeros(3))",
             "m.gather(x, 1, g, out=t)",
             "m.where(q, x, y, out=m.zeros(2, 3))",
             "m.topk(y, 2, out=(m.zeros(0), m.zeros(0).long()))",
             "m.softmax(x, 0, out=m.zeros(0).long())",
             "m.add(x, 1, out=m.zeros(1).expand(2, 3))",
             "m.add(x, 1, out=c[0, :2, :3]).stride()",
             "m.tril(x, out=x); x",
             "m.multinomial(x, 1, out=m.zeros(0).long()).shape",
             "o = m.zeros(2, 3); m.cumsum(x, 1, out=o); o._version",
             "o = m.zeros(0); m.nansum(n, out=o); o",
             "m.add(x, 1, out=m.ones(2, 3, requires_grad=True))",
             "m.add(m.ones(2, requires_grad=True), 1, out=m.zeros(2))",
             "m.eq(m.ones(2, requires_grad=True), 1, out=m.zeros(2))",
             "m.add(x, 1, out=None)",
             "m.aminmax(y, out=(s, k * 1.0))"],
}

DIFFERENCES = [
    (r"resize storage that is not resizable",
     "edunets lets go of another library's memory that is too small for a result; PyTorch "
     "refuses to resize it."),
    (r"^y = x\.view\(6\); x\.as_strided_\(.*gradient",
     "edunets keeps the gradient of a view whose base has fewer elements since; PyTorch loses it."),
    (r"^a = x\.detach\(\)\[1:\]; m\.add\(y",
     "edunets gives a place that is too small new memory; PyTorch lets the memory grow, and all that look "
     "into it see the result."),
    (r"^a = v\.detach\(\)\[1:1\]; m\.add",
     "edunets does not know where an empty view lies, and gives it new memory; PyTorch writes on from "
     "there."),
    (r"threshold_\(w",
     "edunets refuses every write to an expanded tensor; PyTorch lets some functions write."),
    (r"^x\[:, :2\]\.addmm_",
     "PyTorch's `addmm_` reads what it has already overwritten where operand and result overlap; edunets "
     "computes first and writes then."),
    (r"^s\.addbmm_\(c",
     "edunets keeps the shape of a tensor that is written in place; PyTorch resizes it in `addbmm_` alone."),
    (r"does not match dtype of out",
     "edunets lets the dtypes of a source and of its `out` differ, as in every other "
     "function; PyTorch refuses."),
]
