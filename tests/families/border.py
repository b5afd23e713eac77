"""Samples of calls at the border: arguments by NumPy's names, what is no tensor, arrays laid out
backwards, and two gradients at which the book decides otherwise."""
# the class of an error is compared as text
KIND = "try: kind = {0}.shape\nexcept Exception as problem: kind = type(problem).__name__; kind"
CALLS = ["m.nn.functional.{0}({1}, 0)".format(name, given) for name in ("softmax", "log_softmax")
         for given in ("[1., 2.]", "np.ones(2)", "None")]

METHODS = {
    "what is no tensor": [KIND.format(call)
                          for call in [*CALLS,
                                       *(f"m.nn.LSTM(2, 3)({given})"
                                         for given in ("[1., 2.]", "np.ones((2, 2))", "None"))]],
    "axis=": [KIND.format(f"m.nn.functional.{name}(x, axis=1)")
              for name in ("softmax", "log_softmax", "softmin", "normalize")]
    + ["m.softmax(x, axis=1)", "x.sum(axis=1)"],
    "x1=": ["m.maximum(x1=x, x2=y)",
            "m.exp(x1=x)",
            "m.add(x1=x, x2=y)",
            "m.matmul(x1=x, x2=y.t())",
            "x.add(x2=y)"],
    "from_numpy": ["m.from_numpy(np.arange(6.)[::2])",
                   "m.from_numpy(np.arange(3.)[::-1])",
                   "m.from_numpy(np.ones((2, 2))[:, ::-1])",
                   "m.as_tensor(np.arange(3.)[::-1])"],
    "gradient at a kink": ["a = m.zeros(2, requires_grad=True); m.hypot(a, a).sum().backward(); a.grad",
                           "a = m.zeros(2, requires_grad=True); (a * a + a * "
                           "a).sqrt().sum().backward(); a.grad"],
    "gradient that is kept": ["a = m.ones(4, requires_grad=True) * 1; r = a[2:]; o = r[1]; r.retain_grad(); "
                              f"{write}o.backward(); r.grad" for write in ("", "a[0] += 0; ")],
}

DIFFERENCES = [
    (r"(?s)\((\[1., 2.\]|np.ones\((2|\(2, 2\))\)|None).*: 'TypeError' for 'AttributeError'",
     "edunets raises a TypeError that names function and argument for what is no tensor; where PyTorch's "
     "function is written in Python, an AttributeError comes from inside."),
    (r"nn\.functional\.\w+\(x, axis=1\)",
     "edunets takes `axis` for `dim` in nn.functional too; PyTorch takes it in the functions that are "
     "written in C++ only."),
    (r"m\.(maximum|exp)\(x1=",
     "PyTorch takes NumPy's `x1` and `x2` in most functions; edunets does not in functions that are a row of "
     "the table and nothing more, where a second look at the arguments would cost each call."),
    (r"\[::-1\]|, ::-1\]",
     "edunets shares the memory of an array that NumPy has flipped; PyTorch has no negative "
     "strides, and refuses."),
    (r"m\.hypot\(a, a\).*for \[nan",
     "edunets gives the gradient 0 at the tip of `hypot`, which is a subgradient there; "
     "PyTorch divides 0 by 0."),
    (r"r\.retain_grad\(\).*for None",
     "edunets keeps the gradient of a view whose base is written later; PyTorch makes the view anew, and the "
     "gradient passes by the tensor that was to keep it."),
]
