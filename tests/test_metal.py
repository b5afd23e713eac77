"""The device mps, on MLX's CPU build where there is no Mac: every row's results and gradients are the CPU's."""
import copy
import io
import pickle

import numpy as np
import pytest

import edunets as en
from edunets.table import OPS, call
from samples import cases

mlx = pytest.importorskip("mlx.core", reason="MLX is not installed: make test CUDA=1")
from edunets.backends import metal

CASES = cases()
SIGNS = ("eigh", "svd")      # a vector's sign is anybody's choice
MPS = en.device("mps:0")


@pytest.fixture(autouse=True)
def known():
    metal.use_mlx()
    yield
    metal.forget_mlx()


def narrowed(x):
    if isinstance(x, np.ndarray) and x.dtype == np.float64: return x.astype("float32")
    return en.float32 if x is en.float64 else x


def sample(key):
    row, args, params = CASES[key]
    params = {"dtype": en.int32} if row == "bitcast" else {name: narrowed(p) for name, p in params.items()}
    return row, [narrowed(a) for a in args], params


def listed(out): return list(out) if isinstance(out, tuple) else [out]
def host(x): return x.detach().cpu().numpy()


def carried(key, device):
    "Results and gradients of first and second order of a sample, on a device."
    row, args, params = sample(key)
    inputs = [en.tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in args]
    leaves = [x.requires_grad_() for x in inputs if isinstance(x, en.Tensor) and x.dtype.is_floating_point]
    if not args: params = {**params, "device": device}
    outs = listed(call(OPS[row], tuple(inputs), params))
    if row in SIGNS: outs = [out.abs() for out in outs]
    tracked = [out for out in outs if out.requires_grad]
    if not tracked: return outs
    rng = np.random.default_rng(1)
    weights = [en.tensor(rng.standard_normal(tuple(out.shape)), dtype=out.dtype, device=device)
               for out in tracked]
    first = en.autograd.grad(tracked, leaves, weights, create_graph=True, materialize_grads=True)
    again = [g for g in first if g.requires_grad]
    second = en.autograd.grad([g.sum() for g in again], leaves, materialize_grads=True) if again else []
    return [*outs, *first, *second]


@pytest.mark.parametrize("key", CASES)
def test_every_row(key):
    ours, theirs = carried(key, "cpu"), carried(key, MPS)
    for a, b in zip(ours, theirs, strict=True):
        assert b.device == MPS and a.dtype is b.dtype and a.shape == b.shape
        size = max(1.0, float(a.detach().float().abs().nan_to_num().max())) if a.numel() else 1.0
        np.testing.assert_allclose(host(b), host(a), rtol=1e-3, atol=1e-4 * size)


def test_what_numpy_computes_is_what_mlx_lacks():
    "A row that MLX learns is to be taken off the list."
    assert [row for row in metal.HOST if hasattr(mlx, row) or hasattr(mlx.linalg, row)] == []
    assert set(metal.HOST) < set(metal.MLX_KERNELS)
    for row in ("solve", "cholesky", "eigh", "qr", "svd"): assert row in metal.MLX_KERNELS


def test_writes_and_views():
    x = en.ones(2, 3, device="mps").requires_grad_()
    y = x * 2
    y[0] *= 5
    y.t()[1, 1] = 7.0
    y[y > 9] = 0.0
    y.sum().backward()
    assert y.tolist() == [[0, 0, 0], [2, 7, 2]] and x.grad.tolist() == [[0, 0, 0], [2, 0, 2]]
    v = y.detach().view(-1)
    v.zero_()
    assert y.sum() == 0 and y._version == v._version
    a = en.arange(6.0, device="mps")
    b = a[::2]
    b.add_(10)
    a.mul_(2)
    assert b.tolist() == [20, 24, 28] and a.tolist() == [20, 2, 24, 6, 28, 10]
    kept = a.clone()
    a.copy_(en.zeros(6))
    assert kept.sum() == 90 and a.sum() == 0 and b.sum() == 0


READINGS = [lambda x: x.tolist(), lambda x: x.cpu().tolist(), lambda x: x.data.tolist(),
            lambda x: x.numpy(force=True).tolist(), lambda x: eval(repr(x)[7:15]), lambda x: (x + 0).tolist(),
            lambda x: pickle.loads(pickle.dumps(x)).tolist(), lambda x: copy.deepcopy(x).tolist()]


@pytest.mark.parametrize("read", READINGS)
def test_a_view_is_read_as_it_is_now(read):
    a = en.zeros(4, device="mps")
    b = a[1:3]
    a.add_(1)
    assert read(b) == [1, 1]


def test_data_is_the_same_tensor():
    w = en.nn.Parameter(en.zeros(3, device="mps"))
    w.data.fill_(4)
    w.data[0] = 5
    other = en.ones(3, device="mps")
    w.data.copy_(other * 2)
    other.zero_()
    assert w.tolist() == [2, 2, 2] and w.requires_grad and copy.deepcopy(w).data.add_(1).tolist() == [3, 3, 3]
    assert w.tolist() == [2, 2, 2]


def test_a_saved_tensor_that_was_written():
    x = en.ones(3, device="mps").requires_grad_()
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"): y.sum().backward()


def trained(device, steps=8):
    en.manual_seed(0)
    net = en.nn.Sequential(en.nn.Conv2d(1, 4, 3), en.nn.BatchNorm2d(4), en.nn.ReLU(), en.nn.MaxPool2d(2),
                           en.nn.Flatten(), en.nn.Dropout(0.1), en.nn.Linear(36, 10)).to(device)
    optimizer = en.optim.Adam(net.parameters(), lr=0.01)
    en.manual_seed(1)      # each device draws for itself, and from here on there are its draws alone
    x, y, losses = en.randn(32, 1, 8, 8, device=device), en.randint(0, 10, (32,), device=device), []
    for _ in range(steps):
        loss = en.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, optimizer, losses


def test_a_training_run_is_the_cpus():
    here, there = trained("cpu"), trained("mps")
    np.testing.assert_allclose(there[2], here[2], rtol=1e-3)
    assert here[2][-1] < 0.9 * here[2][0]
    assert {p.device for p in there[0].parameters()} == {MPS}


def test_saved_and_loaded():
    net, optimizer, _ = trained("mps", 2)
    file = io.BytesIO()
    en.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    found = en.load(file)
    other = trained("mps", 1)[0]
    other.load_state_dict(found["net"])
    assert {x.device.type for x in other.state_dict().values()} == {"mps"}
    assert all(en.equal(a, b) for a, b in zip(net.parameters(), other.parameters()))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin[0].weight.device == MPS and en.equal(twin[0].weight, net[0].weight)
    file.seek(0)
    assert en.load(file, map_location="mps")["net"]["0.weight"].device == MPS
    assert net.cpu()[0].weight.device == en.device("cpu")


@pytest.mark.parametrize("draw", [en.rand, en.randn, lambda *size, **where: en.randint(0, 100, size, **where),
                                  lambda *size, **where: en.randperm(9, **where),
                                  lambda *size, **where: en.poisson(en.full(size, 3.0, **where))])
def test_same_seed_same_numbers(draw):
    en.manual_seed(3)
    here = draw(300, 4)
    en.manual_seed(3)
    away = draw(300, 4, device="mps")
    assert away.device == MPS
    if here.dtype is en.int64: assert away.tolist() == here.tolist()
    else: np.testing.assert_allclose(host(away), here, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "float16", "bfloat16",
                                   "float32"])
def test_every_dtype_goes_there_and_back(dtype):
    kind = getattr(en, dtype)
    x = en.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0]]).to(kind)
    away = x.to("mps")
    assert away.dtype is kind and en.equal(away.cpu(), x) and (away.numel(), away.shape) == (6, x.shape)
    for f in (lambda x: x.sum(), lambda x: x.max(), lambda x: x.sort(1).values, lambda x: x[x != 0],
              lambda x: en.where(x == 0, 1, x), lambda x: x * 2, lambda x: x.float() @ x.float().t(),
              lambda x: x.cumsum(0), lambda x: en.cat([x, x])):
        ours, theirs = f(x), f(away)
        assert theirs.dtype is ours.dtype and theirs.device == MPS and en.equal(theirs.cpu(), ours)


def test_integer_matrices():
    x = en.arange(6).reshape(2, 3)
    assert (x.to("mps") @ x.t().to("mps")).tolist() == (x @ x.t()).tolist()


def test_nothing_of_something():
    "MLX may wait forever for the sum of nothing."
    for _ in range(20):
        e = en.zeros(0, 3, device="mps")
        assert e.sum() == 0 and e.sum(0).tolist() == [0, 0, 0] and not e.any() and len(e[e > 0]) == 0
        assert (e + 1).shape == (0, 3) and en.cat([e, e + 1]).numel() == 0
        assert e.t().reshape(-1).tolist() == [] and e.logsumexp(0).tolist() == [-en.inf] * 3


def test_doubles():
    with pytest.raises(TypeError, match="doesn't support float64"): en.tensor(np.ones(3), device="mps")
    with pytest.raises(TypeError, match="doesn't support float64"): en.ones(3).double().to("mps")
    x = en.full((3,), 1 / 3, device="mps").double()
    assert x.dtype is en.float64 and x.sum().dtype is en.float64 and x.device == MPS
    assert en.linspace(0, 1, 5, device="mps").tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_devices_do_not_mix():
    here, there = en.ones(2), en.ones(2, device="mps")
    for mixed in (lambda: here + there, lambda: there * here, lambda: here.add_(there),
                  lambda: en.where(there > 0, here, there)):
        with pytest.raises(RuntimeError, match="same device.*mps:0|same device.*cpu"): mixed()
    with pytest.raises(RuntimeError, match="no device mps:1"): en.zeros(2, device="mps:1")
    with pytest.raises(TypeError, match="mps:0"): there.numpy()
    with pytest.raises(RuntimeError, match="no address"): there.data_ptr()
    assert there.copy_(here * 3).tolist() == [3, 3] and here.copy_(there).tolist() == [3, 3]


@pytest.mark.parametrize("code", ["x[en.tensor([9], device=x.device)]", "x[7]", "x.reshape(4)", "x + x[:2]",
                                  "x.reshape(2, 3) @ x.reshape(2, 3)", "en.stack([x, x[:1]])",
                                  "en.ones(0, device=x.device).max()",
                                  "en.ones(0, device=x.device).argmax()"])
def test_errors_are_the_cpus(code):
    said = []
    for device in ("cpu", "mps"):
        with pytest.raises((IndexError, RuntimeError)) as caught:
            eval(code, {"en": en, "x": en.arange(6.0, device=device)})
        said.append((type(caught.value), str(caught.value).splitlines()[0]))
    assert said[0] == said[1]


def test_printing():
    x = en.tensor([1.5, 2.0], device="mps", requires_grad=True)
    assert repr(x) == "tensor([1.5000, 2.0000], device='mps:0', requires_grad=True)"
    assert f"{x.sum():.1f}" == "3.5"
    assert x.is_mps and not x.is_cpu


def test_what_is_asked_of_the_gpu(monkeypatch):
    monkeypatch.setattr(metal, "is_available", lambda: True)
    x = en.ones(1000, device="mps") + 1
    en.mps.synchronize(), en.mps.empty_cache()
    assert en.mps.driver_allocated_memory() >= en.mps.current_allocated_memory() >= 0 and x.sum() == 2000
    monkeypatch.setattr(metal.mlx(), "device_info", lambda: {"max_recommended_working_set_size": 1 << 30})
    old = mlx.set_memory_limit(1 << 33)
    en.mps.set_per_process_memory_fraction(0.5)
    assert mlx.set_memory_limit(old) == 1 << 29 and en.mps.recommended_max_memory() == 1 << 30


def test_it_draws_for_itself(monkeypatch):
    monkeypatch.setattr(metal, "is_available", lambda: True)
    en.manual_seed(1)
    here = en.rand(3).tolist()
    en.mps.manual_seed(2)
    state = en.mps.get_rng_state()
    there = en.rand(3, device="mps").tolist()
    en.mps.set_rng_state(state)
    assert en.rand(3, device="mps").tolist() == there != here and en.initial_seed() == 1
    en.mps.seed()
    assert en.rand(3, device="mps").tolist() != there


def test_the_device_is_forgotten():
    metal.forget_mlx()
    try:
        if not metal.is_available():
            with pytest.raises(RuntimeError, match="no backend for device 'mps'"): en.ones(2, device="mps")
        assert all(row.device is None or "mps" not in row.device for row in OPS.values())
        assert OPS["softmax"].device.keys() == {"cuda"}
    finally: metal.use_mlx()


def test_it_is_the_accelerator():
    a, x = en.accelerator, en.rand(1000, device="mps")
    assert a.is_available() and a.current_accelerator() == en.device("mps") and a.device_count() == 1
    assert a.current_device_index() == 0 and a.synchronize() is None and a.empty_cache() is None
    assert a.memory_reserved() >= a.memory_allocated() == en.mps.current_allocated_memory() > 0 < len(x)
    with pytest.raises(RuntimeError, match="accelerator mps has no current_stream"): a.current_stream()
