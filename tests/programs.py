"""Random programs of views, ops and in-place writes, as lines of code for any module with PyTorch's names."""
import warnings

import numpy as np

N = 4       # tensors are (N, N), (N,) or ()

VIEWS = ["x.t()",
         "x[{i}]",
         "x[:, {i}]",
         "x[{i}:]",
         "x[::2]",
         "x.view(-1)",
         "x.transpose(0, 1)",
         "x.unsqueeze(0)",
         "x.reshape(-1)",
         "x.flatten()[{i}:]",
         "x.squeeze()",
         "x[None]",
         "x.expand(2, *x.shape)",
         "x.detach()",
         "x.view(x.shape)",
         "x.narrow(0, {i}, 1)",
         "x.T",
         "x.diag() if x.ndim == 2 else x[:1]"]
OPS = ["x * 2",
       "x + y",
       "x * y",
       "x - y",
       "x / (y * y + 1)",
       "x.exp().clamp(max=5.0)",
       "x.tanh()",
       "x.sin()",
       "x.sigmoid()",
       "x.clone()",
       "-x",
       "x ** 2",
       "x.relu()",
       "x.abs()",
       "x.sum(0)",
       "x.mean()",
       "x.cumsum(0)",
       "x.softmax(-1)",
       "m.where(x > 0, x, y)",
       "m.maximum(x, y)",
       "x @ x.t() if x.ndim == 2 else x * 1",
       "m.cat([x, x])",
       "m.stack([x, y])",
       "x.sort(0)[0]",
       "m.where(x == x, x, 0.0).max()",
       "m.where(x == x, x, 0.0).amax(0)",
       "x.flip(0)",
       "x[m.tensor([0, 0])]",
       "x.var(0)",
       "x.double().float()",
       "x.sqrt()",
       "x.log1p()",
       "x.square()",
       "x.clamp(-0.5, 0.5)",
       "x.norm()"]
WRITES = ["x.mul_(2)",
          "x.add_(y * 1)",
          "x.mul_(y * 1)",
          "x.exp_()",
          "x.tanh_()",
          "x.copy_(y + 0)",
          "x.zero_()",
          "x.fill_(0.5)",
          "x.sin_()",
          "x.sub_(1)",
          "x.div_(2.0)",
          "x.relu_()",
          "x.neg_()",
          "x.clamp_(-1, 1)",
          "x.sigmoid_()",
          "x.square_()",
          "x.masked_fill_(x > 0, 0.25)",
          "x.__setitem__({i}, 0.5)",
          "x.__setitem__({i}, y[0] + 0)",
          "x.__setitem__(x > 0, -1.0)",
          "x.__setitem__(m.tensor([0]), y[:1] + 0)",
          "x.__setitem__(slice(1, 3), 2.0)",
          "x.pow_(2)",
          "x.detach().mul_(2)",
          "x.data.mul_(2)",
          "x.add_(x)",
          "x.mul_(x)"]


def program(seed, length=10):
    "Lines of code; each names the tensors it works on by their place."
    rng = np.random.default_rng(seed)
    lines, count = [], 4
    for _ in range(length):
        group = [VIEWS, OPS, WRITES][rng.choice(3, p=[0.35, 0.3, 0.35])]
        x = rng.integers(max(0, count - 6), count)
        y = rng.integers(0, count)
        lines.append((group is not WRITES,
                      group[rng.integers(len(group))].replace("{i}", str(rng.integers(0, 2))), int(x), int(y),
                      group is WRITES and bool(rng.random() < 0.15)))
        count += group is not WRITES
    return lines


def without(lines, word):
    "The same program, the lines with this word made harmless."
    return [(gives, code if word not in code else "x * 1" if gives else "None", x, y, no_grad)
            for gives, code, x, y, no_grad in lines]


def run(m, lines, left_out=frozenset(), device="cpu"):
    "What each line did; the numbers of all tensors; the gradients."
    rng = np.random.default_rng(7)
    made = [m.tensor(rng.standard_normal(shape).astype("float32").tolist(), requires_grad=grad, device=device)
            for shape, grad in (((N, N), True), ((N,), True), ((N, N), False), ((N,), False))]
    leaves, told = made[:2], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, (gives, code, x, y, no_grad) in enumerate(lines):
            if number in left_out: code = "x * 1" if gives else "None"
            try:
                with m.set_grad_enabled(not no_grad):
                    result = eval(code, {"m": m}, {"x": made[x], "y": made[y]})
            except Exception as problem:
                told.append("overlap" if "memory" in str(problem) else type(problem).__name__)
                made += [made[x]] * gives
                continue
            told.append("ok")
            if gives: made.append(result)
        told.append([(x.requires_grad, x.is_leaf, x._version) for x in made])
        total = None
        for x in made:
            if x.requires_grad: total = x.sum() if total is None else total + (x * 0.5).sum()
        try:
            grads = [np.array(g.tolist()) if g is not None else None
                     for g in m.autograd.grad(total, leaves, allow_unused=True)]
        except Exception as problem: grads = [type(problem).__name__]
    return told, [np.array(x.tolist()) for x in made], grads
