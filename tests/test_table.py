"""Laws over the whole table: gradients to second order, composites beside their decomposition."""
import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import edunets as en
from edunets.autograd.tape import NoRule
from edunets.names import FUNCTIONS
from edunets.table import COLUMNS, OPS, call, lambda_text
from edunets.tensors import owner
from samples import SAMPLES, cases

CASES = cases()


def tensors(args, device=None):
    return [en.tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in args]


def tracked(args, op, device=None):
    "The sample as tensors; the operands that have a rule require grad."
    inputs = tensors(args, device)
    for position, x in enumerate(inputs):
        if rule_of(op, position) and isinstance(x, en.Tensor) and x.dtype.is_floating_point:
            x.requires_grad_()
    return inputs


def rule_of(op, position):
    if isinstance(op.vjp, list): return op.vjp[min(position, len(op.vjp) - 1)]
    return None if isinstance(op.vjp, NoRule) else op.decompose


def listed(out): return list(out) if isinstance(out, tuple) else [out]


def differentiable(key):
    row, args, params = CASES[key]
    op = OPS[row]
    return (any(rule_of(op, p) and isinstance(x, np.ndarray) and x.dtype.kind == "f"
                for p, x in enumerate(args)) and params.get("dtype", en.float64).is_floating_point)


DIFFERENTIABLE = [key for key in CASES if differentiable(key)]
COMPOSITES = [key for key in CASES if OPS[CASES[key][0]].decompose]


def test_every_row_has_a_sample():
    assert sorted(SAMPLES) == sorted(OPS)


def test_a_row_is_a_function_under_its_name():
    "`OPS.exp(x)` applies the row exp, and so for all rows; a traceback names it."
    for row in OPS: assert getattr(OPS, row).__name__ == getattr(OPS, row).__code__.co_name == row
    for row, args, params in CASES.values():
        by_name = getattr(OPS, row)(*tensors(args), **params)
        by_call = call(OPS[row], tuple(tensors(args)), params)
        for a, b in zip(listed(by_name), listed(by_call), strict=True):
            assert a.dtype is b.dtype
            np.testing.assert_array_equal(a.payload, b.payload, err_msg=row)


def test_every_row_has_what_it_needs():
    for op in OPS.values():
        assert op.kernel or op.decompose, op.name
        assert (isinstance(op.vjp, (list, NoRule))
                or op.decompose), f"{op.name}: no vjp, no reason, no decomposition"
        assert not isinstance(op.vjp, NoRule) or op.vjp.reason
        assert not op.kernel or all(name.isidentifier() for name in op.operands)


def functions(column):
    "(row, function) of a column's entries that are functions; of a rule, what it calls."
    for op in OPS.values():
        entry = getattr(op, column)
        for part in entry if isinstance(entry, list) else [entry]:
            function = inspect.unwrap(getattr(part, "function", part))
            if inspect.isfunction(function): yield op.name, function


def forwards(source):
    "Whether a lambda only hands its parameters, in their order, to one function."
    given = ast.parse(f"({source})", mode="eval").body
    if not (isinstance(given.body, ast.Call) and isinstance(given.body.func, ast.Name)): return False
    operands = [p.arg for p in given.args.args]
    others = [p.arg for p in (given.args.vararg, *given.args.kwonlyargs, given.args.kwarg) if p]
    texts = [ast.unparse(x).lstrip("*") for x in (*given.body.args, *given.body.keywords)]
    handed = [re.sub(r"^(\w+)=\1$", r"\1", text) for text in texts]      # dim=dim
    return handed[:len(operands)] == operands and sorted(handed) == sorted(operands + others)


def test_an_entry_is_the_function_itself():
    "A lambda around it hides from the card, and from who reads it, where the code stands."
    assert all(map(forwards, ("lambda xp, a, *, dim: f(xp, a, dim)", "lambda xp, *a, dim: f(xp, a, dim=dim)",
                              "lambda g, a, **params: f(g, a, **params)")))
    assert not any(map(forwards, ("lambda g, a: f(a, g)", "lambda g, a: f(g, a, n=1)", "lambda a: -a",
                                  "lambda a, *, low: f(a, min=low)", "lambda a, *, dim: f(a)")))
    for column in COLUMNS:
        for row, function in functions(column):
            if function.__name__ == "<lambda>":
                text = lambda_text(function.__code__)
                assert not forwards(text), f"{column}({row}={text}): give the function"


def test_a_rule_that_is_a_function_says_so():
    for row, function in functions("vjp"):
        assert function.__name__ == "<lambda>" or function.__name__.endswith("_vjp"), row


def test_rules_ask_for_what_there_is():
    for op in OPS.values():
        for rule in op.vjp if isinstance(op.vjp, list) else []:
            known = {"g",
                     "out",
                     "like",
                     "likes",
                     "position",
                     "second",
                     "params",
                     op.variadic,
                     *op.operands,
                     *(p.name for p in op.parameters)}
            assert rule is None or set(rule.asks) <= known, op.name


def test_a_rule_may_ask_for_all_parameters():
    "The dict that the row was called with; it is the node's anyway, and not saved once more."
    node = en.ones(3, requires_grad=True)[1:].grad_fn
    assert "params" in OPS["slice"].vjp[0].asks and node._saved.keys() == {"likes"}
    assert node.get("params", 0) == {"dim": 0, "start": 1, "length": 2, "step": 1}


def test_rows_without_a_rule_have_no_gradient():
    for row, args, params in CASES.values():
        if not isinstance(OPS[row].vjp, NoRule): continue
        inputs = [x.requires_grad_() if isinstance(x, en.Tensor) and x.dtype.is_floating_point else x
                  for x in tensors(args)]
        assert not any(out.requires_grad for out in listed(call(OPS[row], tuple(inputs), params))), row


@pytest.mark.parametrize("key", CASES)
def test_results_are_arrays(key):
    row, args, params = CASES[key]
    for out in listed(call(OPS[row], tuple(tensors(args)), params)): assert type(out.payload) is np.ndarray


@pytest.mark.parametrize("key", CASES)
def test_a_new_result_keeps_no_more_memory_than_it_shows(key):
    row, args, params = CASES[key]
    if OPS[row].view is not None: return
    for out in listed(call(OPS[row], tuple(tensors(args)), params)):
        assert owner(out.payload).nbytes <= out.payload.nbytes


@pytest.mark.parametrize("key", CASES)
def test_a_kernel_writes_what_the_row_says(key):
    row, args, params = CASES[key]
    op = OPS[row]
    if op.kernel is None: return
    inputs = tensors(args)
    written = ([] if op.writes is None
               else op.writes(*[x for x in inputs if isinstance(x, en.Tensor)], each=params["each"]))
    outs = listed(call(op, tuple(inputs), params))
    if op.writes: assert all(out.payload is x.payload for out, x in zip(outs, written, strict=True))
    for x, before in zip(inputs, args):
        if isinstance(x, en.Tensor) and not any(x is w for w in written):
            np.testing.assert_array_equal(x.payload, before)


@pytest.mark.parametrize("key", DIFFERENTIABLE)
def test_first_and_second_order(key):
    row, args, params = CASES[key]
    op = OPS[row]
    en.manual_seed(0)
    inputs = tracked(args, op)
    function = lambda *xs: call(op, tuple(xs), params)
    assert en.autograd.gradcheck(function, inputs, fast_mode=True, atol=1e-6, rtol=1e-6)
    assert en.autograd.gradgradcheck(function, inputs, fast_mode=True, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("key", COMPOSITES)
def test_decomposition_is_the_kernel(key):
    row, args, params = CASES[key]
    op = OPS[row]
    if op.kernel is None: return
    for a, b in zip(listed(call(op, tuple(tensors(args)), params)),
                    listed(op.decompose(*tensors(args), **params)), strict=True):
        assert a.dtype is b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a.payload, b.payload, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("key", [key for key in COMPOSITES if key in DIFFERENTIABLE])
def test_decomposition_has_the_gradients(key):
    row, args, params = CASES[key]
    op = OPS[row]
    grads = []
    for function in (lambda *xs: call(op, xs, params), lambda *xs: op.decompose(*xs, **params)):
        en.manual_seed(0)
        inputs = tracked(args, op)
        outs = [out for out in listed(function(*inputs)) if out.requires_grad]
        if outs: en.autograd.backward(outs, [en.randn_like(out) for out in outs])
        grads.append([x.grad for x in inputs if isinstance(x, en.Tensor) and x.requires_grad])
    for ours, parts in zip(*grads, strict=True):
        parts = en.zeros_like(ours) if parts is None else parts
        np.testing.assert_allclose(ours.payload, parts.payload, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("key", [key for key in COMPOSITES if isinstance(OPS[CASES[key][0]].vjp, list)])
def test_an_operand_without_a_rule_has_no_gradient_in_the_decomposition(key):
    "Else forward mode, which sees the decomposition, gives what the tape does not."
    row, args, params = CASES[key]
    op, inputs = OPS[row], tensors(args)
    cut = [x for position, x in enumerate(inputs)
           if isinstance(x, en.Tensor) and x.dtype.is_floating_point and rule_of(op, position) is None]
    for x in cut: x.requires_grad_()
    for out in listed(op.decompose(*inputs, **params)):
        assert not out.requires_grad, [op.operands[[y is x for y in inputs].index(True)] for x in cut]


SPECIAL = np.array([-np.inf, -2.5, -1.0, 0.0, 0.5, 1.0, 3.0, np.inf, np.nan])
ELEMENTWISE = [row for row, samples in SAMPLES.items() if OPS[row].decompose and OPS[row].kernel
               and len(OPS[row].operands) in (1, 2) and not samples[0][1]
               and row not in ("mv", "dot", "matmul_nt", "matmul_tn", "linear_weight", "bitwise_not",
                               "copy_into", "inv", "det", "slogdet", "cofactor")]


@pytest.mark.parametrize("row", ELEMENTWISE)
def test_decomposition_at_special_values(row):
    op = OPS[row]
    operands = (SPECIAL,) if len(op.operands) == 1 else (SPECIAL[:, None], SPECIAL)
    a, b = call(op, tuple(tensors(operands))), op.decompose(*tensors(operands))
    np.testing.assert_allclose(a.payload, b.payload, rtol=1e-9, atol=1e-12)


EXTREME = np.array([0.0,
                    1e-38,
                    1e-30,
                    1e-20,
                    1e-8,
                    1e-3,
                    0.3,
                    1.5,
                    3,
                    9,
                    20,
                    60,
                    88,
                    89,
                    104,
                    1e4,
                    1e8,
                    1e20,
                    1e30,
                    3.4e38,
                    np.inf,
                    np.nan], np.float32)
EXTREME = np.concatenate([EXTREME, -EXTREME])
CANCELS = {"gelu": "1 + erf(x), as PyTorch has it"}


@pytest.mark.parametrize("row", ELEMENTWISE)
def test_decomposition_keeps_its_digits_and_does_not_overflow(row):
    """Where the kernel does not: a compiler and a trace see the decomposition. hypot squared its operands,
    sinh(89) was infinite, asinh(1e-30) was 0."""
    op = OPS[row]
    operands = (EXTREME,) if len(op.operands) == 1 else (EXTREME[:, None], EXTREME)
    a, b = call(op, tuple(tensors(operands))), op.decompose(*tensors(operands))
    np.testing.assert_allclose(a.payload, b.payload, rtol=2e-5, atol=1e-6 if row in CANCELS else 2e-37)


def test_gradcheck_finds_a_wrong_rule():
    class Wrong(en.autograd.Function):
        @staticmethod
        def forward(ctx, x): return x * 2
        @staticmethod
        def backward(ctx, g): return g * 2.00001
    x = en.randn(3, dtype=en.float64, requires_grad=True)
    assert not en.autograd.gradcheck(Wrong.apply, x, fast_mode=True, atol=1e-6, rtol=1e-6,
                                     raise_exception=False)
    with pytest.raises(en.autograd.GradcheckError):
        en.autograd.gradcheck(Wrong.apply, x, atol=1e-6, rtol=1e-6)


def test_cards():
    for name, op in OPS.items():
        text = repr(op)
        assert (text.startswith(f"{name}(")
                and all(column in text for column in COLUMNS if getattr(op, column) is not None))


def test_what_is_no_row_says_where_it_is_written():
    "Most of what users write are functions, not rows: asked for a card they name file, line and rows."
    for name in sorted(set(FUNCTIONS) - set(OPS)):
        with pytest.raises(KeyError, match="is a function, not a row") as raised: en.op(name)
        file, line = re.search(r"written at edunets/(\S+)\.py:(\d+)", str(raised.value)).groups()
        assert (Path(en.__file__).parent / f"{file}.py").read_text().splitlines()[int(line) - 1].strip()
    with pytest.raises(KeyError, match=r"en\.op\('permute'\)"): en.op("t")


def test_a_row_is_found_by_a_function_of_its_name():
    assert en.op(en.sum) is OPS["sum"] and en.op(en.nn.functional.relu) is OPS["relu"]
    with pytest.raises(KeyError, match="is a function, not a row"): en.op(en.multiply)
    with pytest.raises(TypeError, match="Why: .*\n.*Try: "): en.op(3)


def test_a_card_tells_who_calls_the_row():
    """The public function, with the place where its row is asked for, and who sums what was broadcast."""
    called = {name: re.search(r"called by +(\S+)  edunets/(\S+)\.py:(\d+)", str(op))
              for name, op in OPS.items()}
    found = {name: line[1] for name, line in called.items() if line}
    assert found["sum"] == "sum" and found["max_dim"] == "max" and found["rem"] == "fmod"
    assert found["any"] == "any" and found["silu"] == "nn.functional.silu" and len(found) > 120
    for line in filter(None, called.values()):
        source = (Path(en.__file__).parent / f"{line[2]}.py").read_text().splitlines()
        assert re.match(r" *(def|@)", source[int(line[3]) - 1])
    assert "unbroadcast  edunets/autograd/engine.py:" in str(en.op("add"))
    assert "unbroadcast" not in str(en.op("exp"))
    assert "float16 in float32, bfloat16 in float32" in str(en.op("sum"))


def test_a_card_tells_whose_rule_it_is():
    assert "c: none" in str(en.op("where")) and "a, b: lambda g: g" in str(en.op("add"))
