"""What shares memory with an argument, or is the argument: the result of every name on shapes where there
is little to do (sizes of 1, no dimensions, nothing in it, already sorted, in rows, of that dtype),
beside PyTorch's. And no result keeps more memory than it shows."""
import re

import numpy as np
import pytest

import beside
import edunets as en
from draws import is_random
from edunets.tensors import owner
from test_names import CODES

# Calls in which there is nothing to do.
IDLE = """x.repeat(1, 1); x.repeat_interleave(1); x.repeat_interleave(1, dim=0); x.tile(1); x.roll(0); x.flip(()); x.rot90(0); m.cat([x]); m.cat([x, e]); m.stack([x]);
    x.clamp(-9, 9); x.to(x.dtype); x.to(x); x.to('cpu'); x.to(m.float32, copy=True); x.type(x.dtype); x.type_as(x); x.float(); d.double(); i.long(); j.int(); u.byte(); b.bool();
    h.half(); x.cpu(); m.nan_to_num(x); i.nan_to_num(); m.nn.functional.dropout(x, 0.); m.nn.functional.dropout(x, 0.5, False); m.nn.functional.dropout(x, 0., inplace=True);
    m.nn.functional.dropout2d(c, 0.5, False); m.nn.functional.pad(x, (0, 0)); m.nn.functional.pad(c, (0, 0), 'reflect'); m.nn.functional.pad(c, (0, 0), 'circular');
    m.nn.functional.pad(x, (-1, 0)); m.nn.functional.pad(x, ()); x.masked_select(x == x); x.sum(()); x.sum(0, keepdim=True); x.amax(0, keepdim=True); s.sum(); s.max(); i.floor();
    i.round(); +x; m.positive(x); m.atleast_1d(x); m.atleast_2d(x); m.atleast_3d(c); m.atleast_1d([x, s]); v.unflatten(0, (6,)); x.triu(-9); x.tril(9);
    x.index_select(0, m.arange(x.size(0))); m.nn.functional.interpolate(c, scale_factor=1); m.nn.functional.interpolate(c, size=c.shape[2:], mode='linear');
    m.nn.functional.max_pool1d(c, 1); m.nn.functional.avg_pool2d(c, 1); m.nn.functional.adaptive_avg_pool2d(c, (None, None)); m.nn.functional.unfold(c.unsqueeze(0), 1);
    x.sort(); x.topk(x.size(-1)); x.topk(1); x.kthvalue(1); x.mode(); x.median(); x.median(0); x.median(0).values; x.nanmedian(); x.unique(); v.unique_consecutive(); x.msort();
    x.broadcast_to(x.shape); m.broadcast_tensors(x); m.broadcast_tensors(x, y); m.broadcast_tensors(x, s); x.expand(x.shape); x.expand_as(x); x.squeeze(); x.squeeze(()); x.movedim(0, 0);
    x.permute(0, 1); x.transpose(0, 0); v.t(); s.t(); s.mT; s.H; x.view(x.shape); x.view(x.dtype); x.view_as(x); x.reshape(x.shape); v.reshape(-1); v.ravel(); s.ravel(); t.ravel();
    v.flatten(); s.flatten(); x.flatten(); c.flatten(1, 1); x.narrow(0, 0, x.size(0)); m.narrow_copy(x, 0, 0, x.size(0)); x.chunk(1); x.split(9); x.tensor_split(1); m.hsplit(x, 1);
    x.unbind(); x.unfold(0, 1, 1); x.diagonal(); x[...]; x[:]; x[None]; x[()]; x[0:1]; x[[0]]; x[x == x]; x[True]; s[()]; s[...]; s[True]; x[k * 0]; m.meshgrid(v, indexing='ij');
    m.block_diag(x); m.cartesian_prod(v); m.combinations(v, 1); x.diff(n=0); x.diff(); v.diff(n=9); m.chain_matmul(x); m.linalg.multi_dot([x, x.t()]); m.matrix_power(x @ x.t(), 1);
    m.einsum('ij', x); m.einsum('i->i', v); m.einsum('ij->ji', x); m.einsum('->', s); m.einsum('ij->', x); m.tensordot(x, y, 0); m.nn.functional.pixel_shuffle(c, 1);
    m.nn.functional.channel_shuffle(c.unsqueeze(0), 1); m.nn.functional.relu(x, inplace=True); u.relu(); u.abs(); x.contiguous(); t.contiguous(); x.clone(); x.detach(); x.data;
    m.as_tensor(x); m.asarray(x); m.asarray(x, copy=True); m.tensor(x); x.new_tensor(x); m.from_numpy(x.numpy()); x ** 1; x * 1; x + 0; i // 1; m.where(x == x, x, y); x.lerp(y, 0);
    x.masked_fill(x != x, 0); x.masked_scatter(x != x, y); x.index_fill(0, m.tensor([], dtype=m.int64), 0); x.index_add(0, m.tensor([], dtype=m.int64), x[:0]);
    x.scatter(0, m.zeros(0, 0, dtype=m.int64), 0); x.take(k * 0); s.take(k * 0); s.gather(0, k * 0); s.index_select(0, k * 0); s.take_along_dim(k * 0); s.put(k * 0, s);
    s.scatter(0, k * 0, s); s.sort(); s.topk(1); s.cumsum(0); s.softmax(0); s.repeat(1); s.expand(()); s.view(()); s.tile(1); v.diag(); x.diag(); m.trapezoid(v); x.cov(); v.cov();
    x.sum_to_size(x.shape); x.sum_to_size(1, 3); x.renorm(2, 0, 99); s.norm(); m.linalg.svd(x); m.linalg.lu_factor(m.zeros(0, 0)); m.linalg.lu_factor(z); m.linalg.qr(x).R;
    m.nn.functional.linear(v, m.eye(6)); m.nn.functional.glu(c); m.nn.functional.group_norm(c, 1); m.nn.functional.conv1d(c[0], m.ones(1, 3, 1)); m.vstack([x]); m.hstack([v]);
    m.dstack([c]); m.column_stack([x]); x.squeeze_(); x.unsqueeze_(0); x.t_(); x.copy_(x); m.float_power(d, 1); m.aminmax(s); m.select_scatter(x, x[0], 0, 0); m.slice_scatter(x, x);
    m.scatter_reduce(x, 0, g[:0], y, 'amax'); m.nn.utils.parameters_to_vector([v]); m.nn.utils.rnn.pad_sequence([v]); m.nn.Identity()(x); m.nn.Dropout(0.5).eval()(x); m.nn.Flatten()(x);
    m.nn.Unflatten(1, (1, 3))(x); m.nn.Sequential()(x); m.nn.ReLU(True)(x); m.nn.Upsample(scale_factor=1)(c); m.nn.ZeroPad1d(0)(c); m.nn.AvgPool1d(1)(c); m.nn.Unfold(1)(c);
    m.utils.data.default_collate([x]); m.utils.data.default_convert(x); m.utils.data.TensorDataset(x)[0]; m.nn.Parameter(x); m.nn.Parameter(x).data; m.autograd.Variable(x);
    m.autograd.Variable(x, requires_grad=True)""".split("; ")
IDLE = [code.strip() for text in IDLE for code in text.split(";\n")]

# Where a result shares otherwise: (what a line `call: ours for theirs` says, why).
DIFFERENCES = [
    (r"\.view\((m|x|v)\.\w+\)",
     "edunets knows the base of memory that is read as another dtype too, so that a write reaches it; "
     "PyTorch's `view(dtype)` is no view."),
    (r"y = x\.view\(6\); x\.\w+_\(",
     "edunets lets a view from before such a write look into what its base was; in PyTorch the base "
     "stays the same tensor."),
    (r"dropout[13]d\(",
     "edunets' dropouts give the tensor itself where they drop nothing; PyTorch's add the batch that is "
     "lacking first, and give a view."),
]


def trivial(x, kind, m):
    "A tensor like `x` in package `m`, of a shape with which little is to be done."
    a = x.numpy()
    shape = {"one": (1,) * a.ndim,
             "first": (1, *a.shape[1:]),
             "last": (*a.shape[:-1], 1),
             "empty": (0,) * a.ndim,
             "number": ()}.get(kind, a.shape)
    if not a.ndim and kind != "rows": shape = ()
    if kind == "sorted": a = np.sort(a, axis=None)
    return m.from_numpy(np.resize(a, shape).copy())


def memory(x):
    "Which memory a tensor lies in, and how much that is."
    if isinstance(x, en.Tensor): return id(owner(x.payload)), owner(x.payload).nbytes
    return x.untyped_storage().data_ptr(), x.untyped_storage().nbytes()


def shares(x, given):
    "What a result has to do with the tensors that were given, in words."
    words = [f"is {key}" if x is g else f"in {key}" for key, g in given.items()
             if x is g or (x.numel() and g.numel() and memory(x)[0] == memory(g)[0])]
    words += [f"view of {key}" for key, g in given.items() if x is not g and x._base is g]
    return words + ["view"] * (x._is_view() and any(word.startswith("in") for word in words))


def keeps_more(x, given):
    "Whether a result keeps memory that it does not show and nobody gave."
    return (bool(x.numel()) and memory(x)[1] > x.numel() * x.element_size()
            and not any(x is g or memory(x)[0] == memory(g)[0] for g in given.values()))


def compared(code, kind, torch):
    "How the results of a call share memory, ours and PyTorch's; None where one of them fails."
    known, said, wide = beside.letters(code, en), [], []
    for m in (en, torch):
        given = (beside.letters(code, m) if kind == "given"
                 else {key: trivial(x, kind, m) for key, x in known.items()})
        result = beside.run(code, m, given)
        if isinstance(result, Exception): return None
        said.append([shares(x, given) for x in beside.tensors_of(result)])
        wide.append(any(keeps_more(x, given) for x in beside.tensors_of(result)))
    return said[0], said[1], wide[0] and not wide[1]


def lines(codes, kinds, torch):
    "The lines of what differs."
    found = []
    for code in dict.fromkeys(codes):
        for kind in kinds:
            both = compared(code, kind, torch)
            if both and both[0] != both[1]: found.append(f"{code}: {both[0]} for {both[1]} ({kind})")
            if both and both[2]: found.append(f"{code}: keeps more memory than it shows ({kind})")
    return found


def of_all_names():
    "The sample calls, one for each form and number of dimensions."
    forms = {}
    for name, codes in CODES.items():
        if is_random(name): continue
        for code in codes:
            if "rand" in code or "out=" in code or not beside.letters(code, en): continue
            dims = tuple(x.ndim for x in beside.letters(code, en).values())
            forms.setdefault((re.sub(r"\b[A-Za-z]\b(?!=)", "_", code), dims), code)
    return list(forms.values())


def test_memory_is_shared_as_in_pytorch():
    torch = pytest.importorskip("torch")
    found = (lines(IDLE, ("given", "rows", "one", "first", "last", "empty", "number", "sorted"), torch)
             + lines(of_all_names(), ("given", "one", "empty", "number"), torch))
    assert [line for line in found if not any(re.search(pattern, line) for pattern, _ in DIFFERENCES)] == []
    assert [pattern for pattern, _ in DIFFERENCES
            if not any(re.search(pattern, line) for line in found)] == []


def test_every_idle_call_runs():
    assert [code for code in IDLE if isinstance(beside.run(code, en), Exception)] == []
