"""The borders where other payloads and traces come in: what is asked of them, and what they are told where
something is missing."""

import numpy as np
import pytest

import edunets as en
import samples
import strict
import toys
from edunets import nn
from edunets.autograd.tape import NoRule
from edunets.table import HANDLERS, OPS, RANKS, Payload, Trace, call, handle
from edunets.tensors import wrap
from test_foundations import fields

ASK = {"item": lambda x: x.item(), "bool": bool, "int": int, "float": float, "index": lambda x: [1, 2][x],
       "tolist": lambda x: x.tolist(), "numpy": lambda x: x.numpy(), "array": np.asarray,
       "dlpack": lambda x: np.from_dlpack(x), "if": lambda x: 1 if x else 2}


@pytest.mark.parametrize("question", ASK)
@pytest.mark.parametrize("written", [False, True])
def test_numbers_are_not_told_in_a_trace(question, written):
    """The memory of a tensor from outside is the past: BatchNorm(momentum=None) took 1/2 for 1/3 from it."""
    x = en.tensor(1)
    with toys.Trace():
        if written: x.add_(1)
        with pytest.raises(RuntimeError, match=r"can't be read here\n  Why: .*\n  Try: "): ASK[question](x)
    assert ASK[question](x) is not None


@pytest.mark.parametrize("question", ASK)
def test_numbers_are_not_told_where_there_are_none(question):
    with pytest.raises(RuntimeError, match="can't be read here"): ASK[question](toys.hollow(en.tensor(1)))


def test_what_is_asked_of_a_payload_is_all_that_it_has():
    x = toys.hollow(en.ones(2, 3, dtype=en.float64))
    assert (set(Payload.__annotations__) == {"shape", "dtype", "device"}
            <= {*vars(x.payload), *vars(toys.Shape)})
    assert (x.element_size(), x.nbytes, x.is_contiguous(), x.contiguous().shape) == (8, 48, True, (2, 3))


def test_what_is_asked_of_a_trace_is_all_that_it_has():
    asked = {name for name, f in vars(Trace).items() if callable(f) and not name.startswith("_")}
    assert asked == {"run", "read", "store", "get_grad", "set_grad"} <= set(vars(toys.Trace))


class Other(toys.Shape):
    "A payload of the rank of another."


@pytest.fixture
def other():
    handle(Other, toys.run_shape, rank=RANKS[toys.Shape])
    yield wrap(Other((2,), "float32"))
    del HANDLERS[Other], RANKS[Other]


def test_two_payloads_of_one_rank(other):
    with pytest.raises(RuntimeError, match=r"payloads of type Shape and Other meet.*\n.*rank 10"):
        toys.hollow(en.ones(2)) + other


def test_a_payload_that_nobody_registered():
    class Unknown(toys.Shape): pass
    for question in (lambda x: x.exp(), lambda x: en.ones(2) + x):
        with pytest.raises(RuntimeError, match=r"payload of type Unknown\n.*\n  Try: handle\(Unknown"):
            question(wrap(Unknown((2,), "float32")))


def test_a_primitive_that_a_payload_has_no_rule_for(monkeypatch):
    monkeypatch.setattr(OPS["eigh"], "shape", None)
    told = (r"'eigh' has no entry in the column 'shape'\n.*a payload of type Shape.*\n  Try: "
            r"fill it: shape\(eigh=")
    with pytest.raises(NotImplementedError, match=told): OPS.eigh(toys.hollow(en.eye(2)))


def test_a_value_without_memory_is_not_written_into_memory():
    x, hollow = en.zeros(2), toys.hollow(en.ones(2))
    for write in (lambda: x.add_(hollow), lambda: x.copy_(hollow), lambda: x.__setitem__(0, hollow[0])):
        with pytest.raises(RuntimeError,
                           match=r"a value of type Shape can't be written into a tensor of shape \["):
            write()
    assert x.tolist() == [0, 0] and x._version == 0


def test_a_device_is_found_by_array():
    "Two arrays of one type may lie on two devices."
    place = {}
    class Several(strict.There):
        def device_of(self, array): return en.device("strict", place.get(id(array), 0))
    with strict.at_hand(Several(strict.xp, en.device("strict"))):
        x, y = en.ones(2, device="strict"), en.ones(2, device="strict")
        place[id(y.payload)] = 1
        assert (str(x.device) == "strict:0" and str(y.device) == "strict:1"
                and en.ones(1).device == en.device("cpu"))


def test_why_a_row_has_no_rule():
    "A tangent is zero where the result is no smooth number; else it is cut, or nobody has defined it."
    for name, row in OPS.items():
        if not isinstance(row.vjp, NoRule): continue
        assert row.vjp.tangent in ("zero", "cut", "undefined"), name
        for args, params in samples.SAMPLES.get(name, []):
            out = call(row, tuple(en.tensor(a) if isinstance(a, np.ndarray) else a for a in args), params)
            smooth = any(o.dtype.is_floating_point for o in (out if isinstance(out, tuple) else (out,)))
            smooth = smooth and any(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in args)
            assert not smooth or row.vjp.tangent != "zero", name
    assert OPS["detach"].vjp.tangent == "cut" and OPS["adam"].vjp.tangent == "undefined"


def learned(norm, x):
    return norm(x), norm.running_mean, norm.running_var


def test_batch_norm_that_averages_is_one_graph():
    x = en.randn(6, 3, dtype=en.float64)
    eager, traced = (nn.BatchNorm1d(3, momentum=None, dtype=en.float64) for _ in range(2))
    eager(x), traced(x)
    with toys.Trace() as trace: traced(x * 2)
    for _ in range(3): eager(x * 2), trace.replay()
    np.testing.assert_allclose(traced.running_mean.numpy(), eager.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(traced.running_var.numpy(), eager.running_var.numpy(), rtol=1e-12)
    assert traced.num_batches_tracked.item() == 4


F, X, N = nn.functional, en.tensor([[0.2, 0.9, 0.4], [0.7, 0.1, 0.8]]), en.tensor([1, 2])
FACES = {
    "gaussian_nll_loss": (lambda x: F.gaussian_nll_loss(x, x * 2, x), X),
    "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, x * 0.5), X),
    "multi_margin_loss": (lambda x: F.multi_margin_loss(x, N), X),
    "multilabel_margin_loss": (lambda x: F.multilabel_margin_loss(x, en.tensor([[1, -1, 0], [0, 2, -1]])), X),
    "ctc_loss": (lambda x: F.ctc_loss(en.stack([x, x, x]).log_softmax(-1), en.tensor([[1, 2], [2, 0]]), N + 1,
                                      N), X),
    "embedding_bag": (lambda x: F.embedding_bag(N, x.t(), en.tensor([0, 1])), X),
    "max_unpool1d": (lambda x: F.max_unpool1d(x[:, :2], en.tensor([[0, 3], [1, 2]]), 2), X),
    "quantile": (lambda x: x.quantile(x[0, :2]), X),
    "multinomial": (lambda x: en.multinomial(x, 2, generator=en.Generator().manual_seed(1)), X),
    "encoder layer": (lambda x: nn.TransformerEncoder(LAYER, 1)(x, mask=en.zeros(2, 2)), en.randn(1, 2, 4)),
    "x[i]": (lambda x: x[N[0], N[:1].sum()], X),
}
LAYER = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)


@pytest.mark.parametrize("face", FACES)
def test_checks_of_values_do_not_stand_in_the_way_of_a_trace(face):
    function, x = FACES[face]
    expected = function(x)
    with toys.Trace() as trace: out = function(x)
    np.testing.assert_allclose(trace.replay(out)[0].numpy(), expected.detach().numpy(), rtol=1e-5)


def test_the_state_of_an_optimizer_begins_with_one_full_each(monkeypatch):
    p = en.ones(3, requires_grad=True)
    p.grad = en.ones(3)
    seen, run = [], HANDLERS[None]
    monkeypatch.setitem(HANDLERS, None, lambda op, *rest: seen.append(op.name) or run(op, *rest))
    en.optim.Adam([p]).step()
    assert seen == ["full", "full"]      # the two averages


def test_a_write_looks_for_its_line_only_if_somebody_has_saved_what_it_overwrites(monkeypatch):
    looked = []
    monkeypatch.setattr(en.tensors, "site", lambda: looked.append(1) or ("line", len(looked)))
    x, w = en.ones(2), en.ones(2, requires_grad=True)
    for _ in range(3): x.add_(1)
    # before the first write it may have been saved without a version
    assert len(looked) == 1 and x._version == 3
    for n in range(3):
        (x * w).sum()
        x.add_(1), x.add_(1)
        assert len(looked) == n + 2 and x._version_counter.site == ("line", n + 2)
