"""bfloat16: a dtype that NumPy lacks. Its package comes at first need; every row computes in float32 and
rounds once (test_numbers.py)."""
import copy
import io
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import beside
import edunets as en


def ran(code):
    "What a fresh Python prints."
    done = subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", code], capture_output=True,
                          text=True, timeout=300)
    assert not done.returncode, done.stderr
    return done.stdout


# The package

def test_import_does_not_bring_the_package():
    code = """
import sys, edunets as en
x = en.nn.Linear(2, 2)(en.ones(1, 2)).half().float()
assert not en.bfloat16 == en.float16 and en.promote_types(en.bfloat16, en.float16) is en.float32 and en.bfloat16.is_floating_point
print("ml_dtypes" in sys.modules, en.bfloat16.itemsize, "ml_dtypes" in sys.modules)"""
    assert ran(code) == "False 2 True\n"


def test_an_array_of_the_package_may_come_first():
    assert ran("import numpy as np, ml_dtypes, edunets as en; x = en.from_numpy(np.ones(2, "
               "ml_dtypes.bfloat16)); print(x.dtype, (x + 1).tolist())") == "edunets.bfloat16 [2.0, 2.0]\n"


NEEDED = ["en.ones(2, dtype=en.bfloat16)",
          "en.ones(2).bfloat16()",
          "en.ones(2).to(en.bfloat16)",
          "en.tensor([1.0], dtype=en.bfloat16)",
          "en.BFloat16Tensor([1.0])",
          "en.nn.Linear(2, 2, dtype=en.bfloat16)",
          "en.nn.Linear(2, 2).bfloat16()",
          "en.finfo(en.bfloat16)",
          "en.bfloat16.itemsize",
          "en.ones(2).type('edunets.BFloat16Tensor')"]


def test_without_the_package_it_is_told():
    code = f"""
import sys; sys.modules["ml_dtypes"] = None
import edunets as en
for code in {NEEDED!r}:
    try: eval(code)
    except ImportError as problem: print(len(str(problem).splitlines()), str(problem).splitlines()[-1].strip())
print(en.bfloat16, en.result_type(en.ones(2), en.ones(2).half()))"""
    *told, last = ran(code).splitlines()
    assert told == ["3 Try: pip install 'edunets[bfloat16]'"] * len(NEEDED)
    assert last == "edunets.bfloat16 edunets.float32"


def test_without_the_package_a_file_gives_float32():
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    data = (len(header).to_bytes(8, "little") + header
            + np.array([1.5, -3e38], "<f4").view("<u2")[1::2].tobytes())
    code = f"""
import sys, io, warnings; sys.modules["ml_dtypes"] = None
import edunets as en
with warnings.catch_warnings(record=True) as seen: state = en.load(io.BytesIO({data!r}))
print(state["w"].dtype, state["w"][0].item(), seen[0].message)"""
    said = ran(code)
    assert said.startswith("edunets.float32 1.5 1 of 1 tensors are bfloat16") and "edunets[bfloat16]" in said


# Which letter NumPy has for it, only tensors.py knows: `kind` is "V", and np.finfo refuses it

def test_nobody_asks_numpy_whether_a_dtype_is_floating():
    asked = re.compile(
            r"""\.kind\s*(==|!=|in|not in)\s*["'][a-z]*f|["'][a-z]*f[a-z]*["']\s*(==|!=)\s*[\w.]*\.kind|issubdtype|np\.(finfo|inexact)\b""")
    root = Path(en.__file__).parent
    found = [f"{path.relative_to(root)}: {line.strip()}" for path in root.rglob("*.py")
             for line in path.read_text().splitlines() if asked.search(line)]
    assert sorted(found) == ["backends/metal.py: if xp.issubdtype(a.dtype, xp.inexact): return a @ b",   # MLX is asked
                             "tensors.py: if kind.kind == \"f\": return np.finfo(kind)"]


# In and out

def test_memory_is_shared_and_copied():
    x = en.tensor([1.0, 256.0, 257.0, 1 / 3]).bfloat16()
    assert x.tolist() == [1.0, 256.0, 256.0, 0.333984375] and x.element_size() == 2 and x.nbytes == 8
    array = x.numpy()
    array[0] = 3
    assert (x[0].item() == 3 and en.from_numpy(array).dtype is en.bfloat16
            and en.from_numpy(array).data_ptr() == x.data_ptr())
    for same in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.clone(), en.tensor(array)):
        assert (same.dtype is en.bfloat16 and same.tolist() == x.tolist()
                and same.payload.dtype is en.bfloat16.numpy)
    assert pickle.loads(pickle.dumps(en.bfloat16)) is copy.deepcopy(en.bfloat16) is en.bfloat16
    assert x.view(en.int16).view(en.bfloat16).tolist() == x.tolist()
    with pytest.raises(BufferError, match="no bfloat16"): np.from_dlpack(x)


def test_lists_of_it():
    x, half = en.ones(2, dtype=en.bfloat16), en.ones(2, dtype=en.float16)
    assert (en.tensor([x[0], x[1]]).dtype is en.bfloat16 and en.tensor([x[0], half[0]]).dtype is en.float32
            and en.tensor([[x, x]]).shape == (1, 2, 2))


def test_a_model_is_saved_and_comes_back(tmp_path):
    model = en.nn.Sequential(en.nn.Linear(3, 4), en.nn.LayerNorm(4)).bfloat16()
    en.save(model.state_dict(), tmp_path / "m")
    for mmap in (False, True):
        state = en.load(tmp_path / "m", mmap=mmap)
        assert all(x.dtype is en.bfloat16 and en.equal(x, model.state_dict()[name])
                   for name, x in state.items())


# Beside PyTorch

CODES = """m.tensor([1.5, 257, 1e39, -1e-40], dtype=m.bfloat16) | m.tensor([True, False], dtype=m.bfloat16) | m.zeros(2, 3, dtype=m.bfloat16) | m.ones_like(x, dtype=m.bfloat16)
    m.full((2,), 1 / 3, dtype=m.bfloat16) | m.arange(5, dtype=m.bfloat16) | m.arange(0, 2, 0.3, dtype=m.bfloat16) | m.linspace(0, 1, 5, dtype=m.bfloat16) | m.eye(2, dtype=m.bfloat16)
    m.empty(2, dtype=m.bfloat16).shape | m.randn(3, dtype=m.bfloat16).dtype | m.rand(3, dtype=m.bfloat16).dtype | m.randint(0, 9, (3,), dtype=m.bfloat16).dtype
    x.to(m.bfloat16) | x.bfloat16() | i.bfloat16() | b.bfloat16() | d.bfloat16() | h.bfloat16() | n.bfloat16() | x.bfloat16().float() | x.bfloat16().half() | x.bfloat16().double()
    v.bfloat16().long() | v.bfloat16().bool() | v.bfloat16().abs().to(m.uint8) | x.type(m.bfloat16) | x.type_as(m.ones(1).bfloat16()) | x.bfloat16().new_ones(2) | x.bfloat16().tolist()
    m.finfo(m.bfloat16).eps | m.finfo(m.bfloat16).max | m.finfo(m.bfloat16).tiny | m.finfo(m.bfloat16).bits | m.finfo(m.bfloat16).resolution | m.finfo(m.bfloat16).dtype
    m.bfloat16.itemsize | m.bfloat16.is_floating_point | m.bfloat16.is_signed | m.bfloat16.is_complex | x.bfloat16().is_floating_point() | x.bfloat16().element_size()
    str(x.bfloat16()) | str(n.bfloat16()) | str(m.tensor(3.14159).bfloat16()) | str(m.arange(3.).bfloat16()) | f"{x.bfloat16()[0, 0]:.3f}" | x.bfloat16()[0, 0].item()
    x.bfloat16() + 1 | x.bfloat16() * 0.1 | 1 / x.bfloat16() | x.bfloat16() + i[:3] | x.bfloat16() + h[:3] | x.bfloat16() @ y.bfloat16().T | x.bfloat16() == x
    x.bfloat16().sum() | x.bfloat16().mean(0) | x.bfloat16().std() | x.bfloat16().softmax(1) | x.bfloat16().cumsum(1) | x.bfloat16().prod() | x.bfloat16().max(1)
    x.bfloat16()[0, 1:] | x.bfloat16()[q] | y = x.bfloat16(); y[0] = 257; y | y = x.bfloat16(); y += 1.001; y | y = x.bfloat16(); y.add_(x); y | y = x.clone(); y.copy_(x.bfloat16()); y
    y = x.bfloat16().view(m.int16); y | y = x.bfloat16(); y.fill_(1 / 3); y | m.cat([x.bfloat16(), y.bfloat16()]) | m.where(q, x.bfloat16(), y.bfloat16()) | m.stack([x.bfloat16(), x])
    m.set_default_dtype(m.bfloat16); r = [m.tensor([1.5]), m.ones(2), m.tensor([1, 2]) / 2]; m.set_default_dtype(m.float32); r
    m.bfloat16 | m.BFloat16Tensor([1, 2]) | isinstance(x.bfloat16(), m.BFloat16Tensor) | x.bfloat16().isnan() | m.isclose(x.bfloat16(), x.bfloat16()) | m.allclose(x.bfloat16(), x.bfloat16())
    m.tensor(257.).bfloat16() | m.tensor(70000.).half() | m.tensor(70000.).bfloat16() | x.bfloat16().nan_to_num() | m.full((2,), math.inf).bfloat16().nan_to_num()
    m.testing.assert_close(x.bfloat16(), x.bfloat16() * 1.01) | m.testing.assert_close(x.bfloat16(), x.bfloat16() * 1.1) | x.bfloat16().sort() | x.bfloat16().unique()"""


@pytest.mark.parametrize("code", [code.strip() for code in CODES.replace("\n", " | ").split(" | ")])
def test_beside_torch(code):
    torch = pytest.importorskip("torch")
    assert not beside.difference(*(beside.run(code, m) for m in (en, torch)))


def grown(m, seed=0):
    "A small transformer block in bfloat16, its numbers PyTorch's or ours, from NumPy."
    nn, rng = m.nn, np.random.default_rng(seed)
    model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.GELU(),
                          nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True),
                          nn.Linear(8, 3))
    with m.no_grad():
        for p in model.parameters(): p.copy_(m.tensor(rng.normal(0, 0.4, tuple(p.shape)).astype("float32")))
    x = m.tensor(rng.normal(size=(2, 5, 8)).astype("float32")).bfloat16()
    return model.bfloat16(), x, m.tensor(rng.integers(0, 3, 10))


def numbers(tensors): return [beside.array_of(x) for x in tensors]


def test_a_network_and_its_gradients():
    torch = pytest.importorskip("torch")
    results = []
    for m in (en, torch):
        model, x, target = grown(m)
        loss = m.nn.functional.cross_entropy(model(x).reshape(10, 3), target)
        loss.backward()
        assert all(p.grad.dtype is m.bfloat16 for p in model.parameters())
        results.append(numbers([loss, *[p.grad for p in model.parameters()]]))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=0.1, atol=0.05 * max(abs(theirs).max(), 0.05))


@pytest.mark.parametrize("made",
                         ["SGD(p, lr=0.1)",
                          "SGD(p, lr=0.1, momentum=0.9)",
                          "Adam(p, lr=0.01)",
                          "AdamW(p, lr=0.01)",
                          "RMSprop(p, lr=0.01)",
                          "Adagrad(p, lr=0.1)"])
def test_steps_of_optimizers(made):
    torch = pytest.importorskip("torch")
    start, slopes = np.random.default_rng(0).normal(size=(2, 40)).astype("float32")
    after = []
    for m in (en, torch):
        w = m.tensor(start).bfloat16().requires_grad_()
        optimizer = eval(f"m.optim.{made}", {"m": m, "p": [w]})
        for _ in range(5):
            w.grad = m.tensor(slopes).bfloat16()
            optimizer.step()
        assert w.dtype is m.bfloat16
        after.append(beside.array_of(w))
    np.testing.assert_allclose(*after, rtol=0.03, atol=0.02)


def test_training_goes_on():
    "A loss falls in bfloat16, and its numbers stay where they were made: float32 never comes in."
    en.manual_seed(0)
    model, x, target = grown(en)
    optimizer, losses = en.optim.Adam(model.parameters(), lr=0.01), []
    for _ in range(40):
        optimizer.zero_grad()
        loss = en.nn.functional.cross_entropy(model(x).reshape(10, 3), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert loss.dtype is en.bfloat16 and losses[-1] < losses[0] / 2
    buffer = io.BytesIO()
    en.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, buffer)
    buffer.seek(0)
    assert en.load(buffer)["optimizer"]["state"][0]["exp_avg"].dtype is en.bfloat16
