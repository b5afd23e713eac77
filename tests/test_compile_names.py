"""Every public name in a compiled function: it gives what it gives eagerly, or is refused by name."""
import math
import warnings

import numpy as np
import pytest

import beside
import edunets as en
from edunets.compiler import Compiled
from edunets.compiler.capture import NoGraph
from edunets.tensors import NoNumbers
from test_names import CODES


def same(a, b):
    "Whether two results are the same, numbers to the last bit."
    if isinstance(a, en.Tensor):
        return (isinstance(b, en.Tensor) and a.shape == b.shape and a.dtype is b.dtype
                and a.requires_grad == b.requires_grad and bits(a) == bits(b))
    if isinstance(a, (tuple, list)): return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    plain = isinstance(a, (int, float, str))
    return type(a) is type(b) and (a == b or a != a or repr(a) == repr(b) or not plain)


def bits(x): return x.payload.tobytes() if isinstance(x.payload, np.ndarray) else x.payload


def program(code):
    "A piece of code as a function of the tensors that its letters stand for."
    *before, last = code.split("; ")
    def run(letters):
        scope = {"m": en, "np": np, "math": math, **letters}
        for statement in before: exec(statement, scope)
        return eval(last, scope)
    return run


def carried(run, code):
    "The result, the letters afterwards, the generator's state; or the exception."
    en.manual_seed(0)
    letters = beside.letters(code, en)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try: result = run(letters)
        except Exception as problem: return problem
    return [result, letters, en.get_rng_state()]


def judged(code):
    "What is wrong with a piece of code that is compiled; why it was refused; None where it is right."
    expected = carried(program(code), code)
    compiled = Compiled(program(code), True, "numpy")
    found = carried(compiled, code)
    if isinstance(expected, Exception) and isinstance(found, type(expected)): return None
    if isinstance(found, (NoNumbers, NoGraph, NotImplementedError)):
        return ("refused", str(found).splitlines()[0])
    if isinstance(expected, Exception) or isinstance(found, Exception):
        return "wrong", f"{found!r} for {expected!r}"
    return None if same(found, expected) else ("wrong", f"{found} for {expected}")


def chosen(name):
    "Its pieces of code; of many, each eighth."
    return CODES[name][::8] if len(CODES[name]) > 12 else CODES[name]


# Names of which at least one piece of code asks for numbers, for how memory lies, for another device
REFUSED = """
data clone index_put masked_select nonzero full bernoulli pdist randint_like allclose equal is_nonzero
as_strided_ masked_scatter as_strided as_strided_scatter diagonal swapaxes swapdims moveaxis adjoint
tensor_split tril_indices triu_indices broadcast_tensors linalg.lstsq nn.functional.embedding_bag
nn.functional.one_hot nn.functional.pdist nn.utils.clip_grad_norm_ nn.utils.clip_grads_with_norm_
nn.utils.clip_grad_norm nn.utils.skip_init nn.utils.clip_grad_value_ nn.utils.rnn.unpad_sequence bincount
histc cov corrcoef unique unique_consecutive argwhere T is_contiguous stride storage_offset storage data_ptr
numpy tolist item get_device is_cpu is_cuda is_meta is_mps is_xpu pin_memory requires_grad_ __bool__
__float__ __int__ __index__ __iter__ __contains__ __format__ __array__ in~place~+= in~place~-= in~place~*=
in~place~/= in~place~//= in~place~%= in~place~**= drawn~checks drawn~empty t_ transpose_ swapaxes_ swapdims_
squeeze_ unsqueeze_ in~place:~shapes out= unfold
""".split()
# Pieces of code that are not as they are eagerly, by the reason
POOLED = {1: "m.arange(42.).reshape(2, 3, 7).sin()", 2: "m.arange(84.).reshape(1, 2, 6, 7).sin()",
          3: "m.arange(120.).reshape(1, 1, 4, 5, 6).sin()"}


def unpooled(n, behind, size, *more):
    pooled = f"*m.nn.functional.max_pool{n}d({POOLED[n]}{behind}, {size}, return_indices=True)"
    return f"m.nn.functional.max_unpool{n}d({', '.join([pooled, '2', *more])})"


WRONG = {
    "values are not looked at while a function is recorded: another error, or none": [
        "m.linalg.lu_factor((m.zeros(2, 2)))",
        "m.nn.functional.multi_margin_loss(y, m.tensor([2, 0]) + 1)",
        "m.nn.functional.multilabel_margin_loss(y, g - 2)",
        *[unpooled(n, "", 3) for n in (1, 2, 3)], *[unpooled(n, "", 2) for n in (2, 3)],
        *[unpooled(n, "[0]", 2, "None", "0") for n in (2, 3)]],
    "a tensor made like a turned one lies row by row in a graph": ["m.zeros_like(t).stride()"],
    "an argument is no view in a graph, and may be detached": ["m.detach_(w)"],
    "the sum of a turned tensor is in another order": ["m.nn.functional.l1_loss(t, y)"],
    "the text of a tensor without numbers is its form": ["f'{m.ones(1)}'"],
    "a power of bools is of int8 in NumPy": ["b.pow_(b); b", "b **= True; b"],
    "a view that out= makes smaller is one no more":
        ["a = x.detach(); m.add(v[:2], 1, out=a); x, a, a.stride()"],
}
KNOWN = {code for codes in WRONG.values() for code in codes}


def compared(name):
    "Its pieces of code, but those that are known to be wrong, and those whose seed the system gives."
    return [code for code in chosen(name) if code not in KNOWN and "m.seed()" not in code]


@pytest.mark.parametrize("name", [name for name in CODES if compared(name)])
def test_every_name(name):
    said = {code: found for code in compared(name) if (found := judged(code))}
    assert {code: why for code, (kind, why) in said.items() if kind == "wrong"} == {}
    assert any(kind == "refused" for kind, _ in said.values()) == (name.replace(" ", "~") in REFUSED)


def fails(code, why): return pytest.param(code, marks=pytest.mark.xfail(reason=why, strict=True), id=code)


@pytest.mark.parametrize("code", [fails(code, why) for why, codes in WRONG.items() for code in codes])
def test_known(code):
    if not any(code in codes for codes in CODES.values()): return      # it passes, which is told
    found = judged(code)
    assert found is None or found[0] == "refused"
