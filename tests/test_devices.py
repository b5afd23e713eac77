"""Devices: where new tensors are made, what is said of one that is not there, and how numbers are carried."""
import threading

import numpy as np
import pytest

import beside
import edunets as en
import strict
from edunets.table import remove_backend
from edunets.tensors import BACKENDS
from test_names import CODES

CPU, THERE = en.device("cpu"), en.device("strict")
FACTORIES = {name: [code for code in codes if not beside.letters(code, en) and "device" not in code]
             for name, codes in CODES.items() if "." not in name}


@pytest.fixture(autouse=True)
def there():
    with strict.at_hand(): yield


def devices(result):
    items = result if isinstance(result, (tuple, list)) else [result]
    return {item.device for item in items if isinstance(item, en.Tensor)}


@pytest.mark.parametrize("name", [name for name, codes in FACTORIES.items() if codes])
def test_what_is_made_from_nothing_is_made_on_the_default_device(name):
    for code in FACTORIES[name]:
        here = beside.run(code, en)
        if isinstance(here, Exception) or not devices(here) or "from_numpy" in code: continue
        with THERE: made = beside.run(code, en)
        assert devices(made) == {THERE}, (code, made)


def test_contexts_nest_and_end():
    with THERE as entered:
        assert entered is THERE and en.zeros(1).device == en.get_default_device() == THERE
        with CPU: assert en.zeros(1).device == CPU
        with THERE, THERE: pass
        assert en.tensor([1.0]).device == THERE and en.zeros(1, device="cpu").device == CPU
    with pytest.raises(ZeroDivisionError):
        with THERE: 1 / 0
    assert en.zeros(1).device == en.get_default_device() == CPU


def test_the_default_device_can_be_set():
    try:
        en.set_default_device("strict")
        assert en.rand(2).device == en.nn.Linear(2, 2).weight.device == THERE
        with CPU: assert en.rand(2).device == CPU
        assert en.rand(2).device == THERE
    finally: en.set_default_device(None)
    assert en.rand(2).device == CPU


def test_another_thread_has_a_default_of_its_own():
    found = []
    with THERE:
        thread = threading.Thread(target=lambda: found.append(en.zeros(1).device))
        thread.start()
        thread.join()
    assert found == [CPU]


def test_what_is_there_already_stays():
    x = en.ones(2)
    with THERE:
        made = x * 2, en.zeros_like(x), x.new_ones(2), en.from_numpy(np.ones(2))
        assert devices(made) == {CPU}
        assert x.to(THERE).device == THERE and en.manual_seed(0).device == CPU


def test_numbers_are_carried():
    x = en.ones(2, device=THERE)
    with pytest.raises(TypeError, match="can't convert strict device type tensor to numpy"): x.numpy()
    assert x.numpy(force=True).tolist() == x.cpu().numpy().tolist() == [1.0, 1.0]
    y = en.zeros(2)
    y.copy_(x)
    x.copy_(y * 3)
    assert y.tolist() == [1.0, 1.0] and x.tolist() == [3.0, 3.0] and x.device == THERE
    assert x.to("strict") is x and y.to("cpu") is y and y.to(x).device == THERE
    assert str(x) == "tensor([3., 3.], device='strict')"


@pytest.mark.parametrize("wrong, said", [("gpu", "Expected one of"),
                                         ("cuda:x", "Invalid device string: 'cuda:x'"),
                                         (("cuda", -1), "Device index must not be negative")])
def test_a_device_that_there_can_not_be(wrong, said):
    given = wrong if isinstance(wrong, tuple) else (wrong,)
    with pytest.raises(RuntimeError, match=said): en.device(*given)


def test_a_device_that_is_not_there():
    with pytest.raises(RuntimeError, match="no backend for device 'mps'"): en.zeros(2, device="mps")
    try: import cupy; cupy.zeros(1)
    except Exception:
        with pytest.raises(RuntimeError, match="GPU"): en.ones(2).to("cuda")
        with pytest.raises(RuntimeError, match="GPU"): en.nn.Linear(2, 2).cuda()


def test_defaults_beside_pytorch():
    torch = pytest.importorskip("torch")
    for code in ("m.zeros(2)", "m.tensor([1.])", "m.arange(3)", "m.from_numpy(np.ones(2))",
                 "m.as_tensor(np.ones(2))", "m.nn.Linear(2, 2).weight",
                 "m.get_default_device()", "m.rand(2)", "m.eye(2)", "m.as_tensor([1, 2])"):
        found = []
        for m in (en, torch):
            with m.device("meta"): result = beside.run(code, m)
            found.append(str(getattr(result, "device", result)))
        assert found[0] == found[1], (code, found)


# en.accelerator: here the strict device is what a reader registers

def test_a_device_of_ones_own_is_the_accelerator():
    a = en.accelerator
    assert a.current_accelerator() == THERE and a.is_available() and a.device_count() == 1
    assert en.ones(1, device=a.current_accelerator()).device == THERE
    assert a.current_device_index() == a.current_device_idx() == 0
    for first in (0, "strict", THERE, None): a.set_device_index(first)
    with a.device_index(0): assert a.current_device_index() == 0
    for ask in (lambda: a.set_device_index(1), lambda: a.device_index(2)):
        with pytest.raises(RuntimeError, match="no accelerator [12](.|\n)*there is one"): ask()


def test_its_backend_answers_what_it_has_a_method_for(monkeypatch):
    a, asked, backend = en.accelerator, [], type(BACKENDS[strict.Array])
    for name in ("synchronize", "memory_allocated", "current_stream"):
        with pytest.raises(RuntimeError, match=f"accelerator strict has no {name}"): getattr(a, name)()
    monkeypatch.setattr(backend, "synchronize", lambda self, device=None: asked.append(device), raising=False)
    monkeypatch.setattr(backend, "memory_allocated", lambda self: 12, raising=False)
    a.synchronize()
    a.synchronize("strict")
    assert asked == [None, "strict"] and a.memory_allocated() == 12


def test_without_a_device_of_ones_own_there_is_none():
    remove_backend(strict.Array)
    if en.cuda.is_available() or en.mps.is_available(): pytest.skip("there is a GPU")
    try:
        a = en.accelerator
        assert a.current_accelerator() is None and not a.is_available() and a.device_count() == 0
        for ask in (a.synchronize, a.current_device_index, a.memory_allocated):
            with pytest.raises(RuntimeError, match="when none is available"): ask()
    finally: strict.install()
