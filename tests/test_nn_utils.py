"""edunets.nn.utils: clipping keeps the direction, vectors are views, padded sequences come back."""
import math
import warnings

import numpy as np
import pytest

import edunets as en

U = en.nn.utils


def model(m=en):
    net = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.Linear(4, 2, bias=False))
    for n, p in enumerate(net.parameters()):
        p.data = m.arange(float(p.numel())).reshape(p.shape).sin() * (n + 1)
    (net(m.arange(15.0).reshape(5, 3).cos()) ** 2).sum().backward()
    return net


def grads(net): return np.concatenate([p.grad.numpy().ravel() for p in net.parameters()])


@pytest.mark.parametrize("norm_type", [1, 2.0, 3, 0.5, math.inf, "inf"])
@pytest.mark.parametrize("max_norm", [0.1, 1, 1e9])
def test_clipping_is_pytorchs_and_keeps_the_direction(norm_type, max_norm):
    torch = pytest.importorskip("torch")
    ours, theirs = model(), model(torch)
    before = grads(ours)
    totals = [m.nn.utils.clip_grad_norm_(net.parameters(), max_norm, norm_type)
              for m, net in ((en, ours), (torch, theirs))]
    assert totals[0].item() == pytest.approx(totals[1].item(), rel=1e-5) and not totals[0].requires_grad
    np.testing.assert_allclose(grads(ours), grads(theirs), rtol=1e-5)
    after = grads(ours)
    assert np.dot(before,
                  after) / np.linalg.norm(before) / np.linalg.norm(after) == pytest.approx(1, abs=1e-6)
    if max_norm == 1e9: assert (before == after).all()


def test_the_norm_is_that_of_one_vector():
    net = model()
    assert U.get_total_norm([p.grad
                             for p in net.parameters()]).item() == pytest.approx(
                                     np.linalg.norm(grads(net)), rel=1e-6)
    assert U.get_total_norm([]).item() == 0 and U.get_total_norm(en.tensor([3.0, 4.0])).item() == 5


def test_gradients_are_written_in_place():
    net = model()
    kept = [p.grad for p in net.parameters()]
    U.clip_grad_norm_(net.parameters(), 1e-3)
    assert all(p.grad is g and g._version == 1 for p, g in zip(net.parameters(), kept))
    U.clip_grad_value_(net.parameters(), 1e-9)
    assert all(p.grad is g for p, g in zip(net.parameters(), kept)) and np.abs(grads(net)).max() <= 1e-9


def test_a_gradient_that_is_not_finite_can_stop_it():
    net = model()
    net[0].bias.grad[1] = math.nan
    before = grads(net)
    with pytest.raises(RuntimeError, match="non-finite") as caught:
        U.clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)
    assert "Try: " in str(caught.value) and "test_nn_utils.py" in str(caught.value)
    assert np.array_equal(before, grads(net), equal_nan=True)
    assert math.isnan(U.clip_grad_norm_(net.parameters(), 1.0).item()) and np.isnan(grads(net)).all()


def test_an_empty_generator_is_told_and_an_empty_list_is_not():
    with pytest.warns(UserWarning, match="empty generator") as told: U.clip_grad_norm_((p for p in []), 1.0)
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert U.clip_grad_norm_([], 1.0).item() == 0
        # a parameter without a gradient
        assert U.clip_grad_norm_([en.nn.Parameter(en.ones(2))], 1.0).item() == 0


def test_a_graph_of_gradients_does_not_mind():
    w = en.ones(3, requires_grad=True)
    w.grad = None
    (w ** 3).sum().backward(create_graph=True)
    U.clip_grad_norm_([w], 0.5)
    assert w.grad.norm().item() == pytest.approx(0.5, rel=1e-5)


def test_parameters_become_views_of_a_vector():
    net = model()
    vec = U.parameters_to_vector(net.parameters())
    assert vec.requires_grad and len(vec) == sum(p.numel() for p in net.parameters())
    objects, point = list(net.parameters()), vec.detach() * 2
    U.vector_to_parameters(point, net.parameters())
    assert (all(p is q for p, q in zip(net.parameters(), objects))
            and all(p.is_leaf and p.requires_grad for p in objects))
    assert en.equal(U.parameters_to_vector(net.parameters()), point)
    point.zero_()
    assert not any(p.any() for p in net.parameters())


def test_a_vector_that_is_too_short_changes_nothing():
    net = model()
    before = U.parameters_to_vector(net.parameters()).detach()
    with pytest.raises(RuntimeError, match="too short"):
        U.vector_to_parameters(before[:-1] * 0, net.parameters())
    assert en.equal(before, U.parameters_to_vector(net.parameters()))
    with pytest.raises(TypeError, match="Try: "): U.vector_to_parameters([1.0], net.parameters())


def test_the_gradient_flows_into_the_vector():
    net = model()
    net.zero_grad()
    (U.parameters_to_vector(net.parameters()) ** 2).sum().backward()
    assert all(en.allclose(p.grad, 2 * p) for p in net.parameters())


def test_devices_are_not_mixed():
    import strict
    with strict.at_hand():
        here, there = en.nn.Parameter(en.ones(2)), en.nn.Parameter(en.ones(2).to("strict"))
        for wrong in (lambda: U.parameters_to_vector([here, there]),
                      lambda: U.vector_to_parameters(en.ones(4), [here, there])):
            with pytest.raises(TypeError, match="different devices"): wrong()
        # norms of several devices go together
        here.grad, there.grad = en.ones(2) * 3, (en.ones(2) * 4).to("strict")
        total = U.clip_grad_norm_([here, there], 1.0)
        assert (total.item() == pytest.approx(math.sqrt(50), rel=1e-6)
                and there.grad.device == en.device("strict"))
        assert there.grad.payload.tolist() == pytest.approx([4 / math.sqrt(50)] * 2, rel=1e-5)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("padding_side", ["left", "right"])
def test_padding_has_gradients(batch_first, padding_side):
    torch = pytest.importorskip("torch")
    found = []
    for m in (en, torch):
        parts = [(m.arange(float(2 * n)).reshape(n, 2) + n).requires_grad_() for n in (3, 1, 4, 0)]
        out = m.nn.utils.rnn.pad_sequence(parts, batch_first, 2.0, padding_side)
        (out.sin() * m.arange(float(out.numel())).reshape(out.shape)).sum().backward()
        found.append([out.detach().numpy(), *(p.grad.numpy() for p in parts)])
    for ours, theirs in zip(*found): np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_sequences_come_back_and_the_batch_stays_as_it_is():
    parts = [en.arange(float(n)) for n in (3, 5, 0)]
    for batch_first in (False, True):
        batch = U.rnn.pad_sequence(parts, batch_first)
        shape = batch.shape
        back = U.rnn.unpad_sequence(batch, en.tensor([3, 5, 0]), batch_first)
        assert all(en.equal(a, b) for a, b in zip(parts, back)) and batch.shape == shape
        back[0].fill_(9)
        assert batch.max() == 4


def test_what_is_in_the_box_follows_the_first():
    assert U.rnn.pad_sequence([en.ones(2, dtype=en.int64), en.ones(1)]).dtype is en.int64


def test_errors_say_what_to_try():
    rnn = U.rnn
    for kind, wrong in ((RuntimeError, lambda: rnn.pad_sequence([])),
                        (RuntimeError, lambda: rnn.pad_sequence(3)),
                        (RuntimeError, lambda: rnn.pad_sequence([en.ones(2)], padding_side="up")),
                        (RuntimeError, lambda: rnn.pad_sequence([en.ones(2, 3), en.ones(2, 4)])),
                        (RuntimeError, lambda: rnn.pad_sequence([en.tensor(1.0)])),
                        (TypeError, lambda: rnn.pad_sequence([1, 2])),
                        (ValueError, lambda: rnn.unpad_sequence(en.ones(2, 3), en.tensor([1, 2])))):
        with pytest.raises(kind, match="Try: "): wrong()


def test_the_namespace_is_pytorchs():
    torch = pytest.importorskip("torch")
    for name, value in vars(U).items():
        if callable(value) and not name.startswith("_"):
            assert hasattr(torch.nn.utils, name) and value.__name__ == name
    assert U.rnn.pad_sequence is en.nn.utilities.pad_sequence
