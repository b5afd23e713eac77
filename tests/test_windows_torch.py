"""The functions of the windows family that PyTorch has in torch.nn.functional only, beside those."""
import numpy as np
import pytest

import edunets as en
from edunets.ops import windows

torch = pytest.importorskip("torch")
F = torch.nn.functional


def pair(*shape):
    "The same numbers in both packages, requiring grad."
    x = np.random.default_rng(0).standard_normal(shape)
    return en.from_numpy(x).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()


def same(ours, theirs, a, b):
    "Values, and gradients for the same weights."
    np.testing.assert_allclose(ours.detach(), theirs.detach().numpy(), rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(1).standard_normal(tuple(ours.shape))
    ours.backward(en.from_numpy(weights))
    theirs.backward(torch.from_numpy(weights))
    np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode, pads",
                         [("constant", (1, 2)),
                          ("constant", (1, -1, 0, 2)),
                          ("constant", (-1, -1, 2, 0, 1, 1)),
                          ("reflect", (2, 1)),
                          ("reflect", (1, 2, 2, 1)),
                                        ("replicate", (3, 1)),
                          ("replicate", (1, 2, 2, 1)),
                          ("circular", (2, 1)),
                          ("circular", (1, 2, 2, 1))])
def test_pad(mode, pads):
    a, b = pair(2, 3, 4, 5)
    if mode != "constant" and len(pads) == 2:
        same(windows.pad(a[0], pads, mode), F.pad(b[0], pads, mode), a, b)
    else:
        same(windows.pad(a, pads, mode), F.pad(b, pads, mode), a, b)


def test_pad_with_a_value():
    a, b = pair(2, 3)
    same(windows.pad(a, (1, 1), value=7.5), F.pad(b, (1, 1), value=7.5), a, b)


def test_pads_that_do_not_fit():
    a, b = pair(1, 2, 3)
    for pads, mode in [((3, 0), "reflect"),
                       ((4, 0), "circular"),
                       ((1, 1, 1, 1, 1, 1, 1, 1), "constant"),
                       ((1,), "constant")]:
        with pytest.raises(RuntimeError): F.pad(b, pads, mode)
        with pytest.raises(RuntimeError, match="Try: "): windows.pad(a, pads, mode)


@pytest.mark.parametrize("options",
                         [{},
                          {"stride": 1},
                          {"padding": 1},
                          {"padding": 1, "count_include_pad": False},
                          {"stride": (2, 1), "padding": (1, 0)},
                          {"divisor_override": 3}])
def test_avg_pool2d(options):
    a, b = pair(2, 3, 6, 7)
    same(windows.avg_pool(a, 3, n=2, **options), F.avg_pool2d(b, 3, **options), a, b)


def test_avg_pool3d():
    a, b = pair(1, 2, 4, 4, 4)
    same(windows.avg_pool(a, 2, n=3), F.avg_pool3d(b, 2), a, b)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_max_pool_with_indices(n):
    a, b = pair(2, 3, *(5, 6, 4)[:n])
    theirs = getattr(F, f"max_pool{n}d")(b, 2, 1, 1, return_indices=True)
    ours = windows.INDEXED[n](a, 2, 1, 1)
    np.testing.assert_array_equal(ours[1], theirs[1].numpy())
    same(ours[0], theirs[0], a, b)


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}, {"groups": 2}])
def test_second_order(options):
    """The gradient of a gradient norm, with respect to image and filter."""
    a, b = pair(2, 4, 6, 6)
    u, v = pair(4, 4 // options.get("groups", 1), 3, 3)
    found = []
    for lib, x, w in ((en, a, u), (torch, b, v)):
        first = lib.autograd.grad((lib.conv2d(x, w, **options) ** 3).sum(), (x, w), create_graph=True)
        found.append(lib.autograd.grad(sum((g ** 2).sum() for g in first), (x, w)))
    for ours, theirs in zip(*found): np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9)
