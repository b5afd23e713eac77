"""The first lines of a script, comparing, and names that are not there."""
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import edunets as en
from edunets.errors import pytorch_names

INF, NAN = float("inf"), float("nan")
PAIRS = [([1., 2., 4.], [1., 2., 3.], {}),
         ([1, 2], [1, 3], {}),
         ([1.], [1.00001], {}),
         ([1.], [1.000001], {}),
         ([1.], [1.001], dict(rtol=0, atol=0.01)),
         ([NAN], [NAN], dict(equal_nan=True)),
         ([NAN, 1.], [1., NAN], {}),
         ([[1., 2.], [3., 4.]], [[1., 2.], [3., 5.]], {}),
         ([True], [False], {}),
         ([INF], [INF], {}),
         ([INF], [1.], {}),
         ([0.], [1.], {}),
         ([1.], [0.], {}),
         ([1., 2.], [1.], {}),
         ([1], [1.], {}),
         ([1], [2.], dict(check_dtype=False)),
         ([], [], {}),
         (1., 2., {}),
         ([1.], [2.], dict(msg="no")),
         ([1.], [2.], dict(rtol=1.))]
PLAIN = [(1., 2.),
         (1, 2),
         (1, 1.),
         (1., 1. + 1e-10),
         ([1., 2.], [1., 3.]),
         ({"a": 1}, {"a": 2}),
         ([1], [1, 2]),
         ("a", "a"),
         (None, None),
         ([[1], [2]], [[1], [3]])]


def said(lib, a, b, **how):
    try: lib.testing.assert_close(a, b, **how)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}".partition("\n  Why")[0].replace("edunets", "torch")


@pytest.mark.parametrize("a, b, how", PAIRS)
def test_assert_close_says_what_pytorchs_says(a, b, how):
    torch = pytest.importorskip("torch")
    assert said(en, en.tensor(a), en.tensor(b), **how) == said(torch, torch.tensor(a), torch.tensor(b), **how)


@pytest.mark.parametrize("a, b", PLAIN)
def test_assert_close_of_numbers_and_lists(a, b):
    torch = pytest.importorskip("torch")
    assert said(en, a, b) == said(torch, a, b)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_tolerances_are_pytorchs(kind):
    torch = pytest.importorskip("torch")
    for step in (1e-8, 1e-7, 1e-6, 1.2e-6, 1e-5, 1e-4, 9e-4, 2e-3):
        a, b = ([lib.ones(2, dtype=getattr(lib, kind)), lib.ones(2, dtype=getattr(lib, kind)) + step]
                for lib in (en, torch))
        assert (said(en, *a) is None) == (said(torch, *b) is None), step


def test_threads_are_set_for_blas():
    before = en.get_num_threads()
    try:
        for number in (1, 2):
            en.set_num_threads(number)
            assert en.get_num_threads() == number
    finally: en.set_num_threads(before)
    for wrong, kind in ((0, RuntimeError), ("2", TypeError)):
        with pytest.raises(kind, match="Try: "): en.set_num_threads(wrong)


def test_old_types():
    assert en.FloatTensor(2, 3).shape == (2, 3) and en.LongTensor([2**53 + 1]).tolist() == [2**53 + 1]
    assert isinstance(en.ones(1).long(), en.LongTensor) and not isinstance(en.ones(1), en.LongTensor)
    assert all(getattr(en, x.type().partition(".")[2])([1]).dtype is x.dtype
               for x in (en.ones(1, dtype=kind) for kind in (en.float16, en.float64, en.uint8, en.bool)))


def test_memory_is_shared_or_copied_as_asked():
    x = en.ones(2)
    assert en.asarray(x).data_ptr() == x.data_ptr() != en.asarray(x, copy=True).data_ptr()
    with pytest.raises(ValueError, match="Try: "): en.asarray([1, 2], copy=False)
    data = bytearray(8)
    en.frombuffer(data, dtype=en.int32)[1] = 1
    assert data == b"\0\0\0\0\1\0\0\0"


def test_names_of_pytorch_are_what_the_file_says():
    pytest.importorskip("torch")
    # a process of its own: an import adds names
    check = "import pytorch_names as tool; assert tool.FILE.read_text() == tool.text()"
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[1] / "tools", check=True)


@pytest.mark.parametrize("place", sorted(set(pytorch_names()) - {"Tensor", "nn.init", "optim.lr_scheduler",
                                                                 "utils.data", "autograd", "backends"}))
def test_a_name_that_is_not_there_says_so(place):
    namespace = importlib.import_module(f"edunets.{place}".rstrip("."))
    for name in pytorch_names()[place]:
        if hasattr(namespace, name): continue
        with pytest.raises(AttributeError, match=r"has no attribute(.|\n)*PyTorch has it(.|\n)*Try: "):
            getattr(namespace, name)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"): namespace.nonsense


@pytest.mark.parametrize("look, how", [(lambda: en.autocast, r"model\.bfloat16"),
                                       (lambda: en.cuda.amp, r"model\.bfloat16"),
                                       (lambda: en.set_default_tensor_type, "set_default_dtype")])
def test_what_is_lacking_and_often_asked_for_says_how_to_do_without(look, how):
    with pytest.raises(AttributeError, match=f"Try: .*{how}"): look()


@pytest.mark.parametrize("name", [name for name in pytorch_names()["Tensor"] if not hasattr(en.Tensor, name)])
def test_what_a_tensor_lacks_says_so(name):
    x, p = en.ones(2), en.nn.Parameter(en.ones(2))
    for owner, start in ((x, "'Tensor' object"), (p, "'Parameter' object"),
                         (en.Tensor, "type object 'Tensor'")):
        with pytest.raises(AttributeError,
                           match=rf"{start} has no attribute '{name}'\n  Why: .*PyTorch has it.*\n  Try: "):
            getattr(owner, name)
    assert not hasattr(x, name) and name not in dir(x)
    setattr(x, name, 3)      # a reader's own attribute
    assert getattr(x, name) == 3 and getattr(en.ones(2), name, None) is None


def test_attributes_cost_what_they_did():
    """Python reads attributes of a class that has a `__getattr__` more slowly, also those that are there."""
    assert not any("__getattr__" in vars(kind) or "__getattribute__" in vars(kind)
                   for kind in en.Tensor.__mro__[:-1])


def test_unknown_devices_are_refused():
    for wrong in ("gpu", "", "cpuu"):
        with pytest.raises(RuntimeError, match="device type at start of device string"): en.device(wrong)
    assert str(en.device("cuda:1")) == "cuda:1" and en.device("cuda", 1).index == 1


LATER = {"edunets.profiler", "edunets.profiler.cost", "edunets.draw", "edunets.backends.machine"}
ASKED = {      # what asks for a module that `import edunets` leaves out: the module
    "en.profiler.profile": "edunets.profiler",
    "from edunets import profiler; profiler.schedule": "edunets.profiler",
    "import edunets.profiler; edunets.profiler.leaks": "edunets.profiler",
    "from edunets.autograd.profiler import EventList, profile; assert profile is not en.profiler.profile": "edunets.profiler",
    "en.autograd.profiler.record_function": "edunets.profiler",
    "assert en.op('exp').cost(en.ones(3), en.ones(3)).flops == 3": "edunets.profiler.cost",
    "assert '  cost  ' in repr(en.op('exp'))": "edunets.profiler.cost",
    "en.doctor, en.tune": "edunets.backends.machine",
    "en.backends.machine.doctor": "edunets.backends.machine",
    "en.draw.table": "edunets.draw",
}


@pytest.mark.parametrize("code", ASKED)
def test_what_is_seldom_needed_is_imported_when_it_is_asked_for(code):
    program = (f"import sys; import edunets as en; assert not {LATER!r} & set(sys.modules); "
               "assert {'profiler', 'doctor'} <= set(dir(en)) and 'profile' in dir(en.autograd.profiler); "
               f"assert not {LATER!r} & set(sys.modules); {code}; assert {ASKED[code]!r} in sys.modules")
    subprocess.run([sys.executable, "-c", program], check=True)
