"""What random layers draw: shares, means, masks, gradients. Their other cases are compared with PyTorch in
test_nn_torch.py."""
import math

import numpy as np
import pytest

import edunets as en

F = en.nn.functional
N = 200_000


@pytest.fixture(autouse=True)
def seeded(): en.manual_seed(0)


def share(x): return x.double().mean().item()
def near(value, wanted, deviation): return abs(value - wanted) < 5 * deviation / math.sqrt(N)


@pytest.mark.parametrize("p", [1e-12, 0.001, 0.1, 0.5, 0.75, 0.999])
def test_share_and_scale(p):
    y = F.dropout(en.ones(N), p)
    assert near(share(y == 0), p, math.sqrt(p * (1 - p)) + 1e-9)
    assert np.allclose(y[y != 0], 1 / (1 - p), rtol=1e-6)


@pytest.mark.parametrize("make",
                         [en.nn.Dropout,
                          en.nn.Dropout1d,
                          en.nn.Dropout2d,
                          en.nn.Dropout3d,
                          en.nn.AlphaDropout,
                          en.nn.FeatureAlphaDropout])
def test_train_and_eval(make):
    layer = make(0.5)
    x = (en.ones(3, 40, 5, 5, 5) if make is en.nn.Dropout3d else en.ones(30, 40, 5)
         if make is en.nn.Dropout1d else en.ones(3, 40, 5, 5))
    first, second = layer(x), layer(x)
    assert not en.equal(first, second) and not en.equal(first, x)
    assert layer.eval()(x) is x
    en.manual_seed(7)
    first = layer.train()(x)
    en.manual_seed(7)
    assert en.equal(first, layer(x))


@pytest.mark.parametrize("function, shape, lead",
                         [(F.dropout1d, (50, 40, 7), 2),
                          (F.dropout1d, (500, 7), 1),
                          (F.dropout2d, (50, 40, 3, 3), 2),
                          (F.dropout2d, (50, 40, 3), 2),
                          (F.dropout3d, (50, 40, 2, 2, 2), 2),
                                                  (F.dropout3d, (500, 2, 2, 2), 1),
                          (lambda x, p: F.feature_alpha_dropout(x, p, True), (50, 40, 3, 3), 2)])
@pytest.mark.filterwarnings("ignore:dropout")
def test_channels_are_dropped_whole(function, shape, lead):
    y = function(en.ones(*shape), 0.3).flatten(lead).flatten(0, lead - 1)
    assert (y == y[:, :1]).all()
    dropped = share(y[:, 0] < 1)
    assert abs(dropped - 0.3) < 5 * 0.46 / math.sqrt(len(y))


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p):
    y = F.alpha_dropout(en.randn(N), p, training=True)
    assert near(y.mean().item(), 0, 1) and near(y.var().item(), 1, 4)
    lowest = y.min()
    z = F.alpha_dropout(en.zeros(N), p, training=True)
    assert (near(share(z == z.min()), p, 0.5)
            and np.allclose(z.min(), F.alpha_dropout(en.zeros(N), p, training=True).min())
            and lowest < z.min())


@pytest.mark.parametrize("function",
                         [F.dropout, lambda x, p, inplace=False: F.alpha_dropout(x, p, True, inplace)])
def test_gradient_and_in_place(function):
    x = en.randn(1000, requires_grad=True)
    y = x * 1
    z = function(y, 0.4, inplace=True)
    assert z is y
    z.sum().backward()
    assert 0.3 < share(x.grad == 0) < 0.5 and len(x.grad.unique()) == 2


def test_masks_are_independent():
    y = (F.dropout(en.ones(1000, 200)) > 0).double()
    apart = np.corrcoef(y.numpy()[:, :20].T) - np.eye(20)
    assert np.abs(apart).max() < 0.2
    # neighbours, which come from one block of random bits
    assert abs(share(y[:, ::2] * y[:, 1::2]) - 0.25) < 0.01


def test_rrelu():
    x = en.full((N,), -2.0, requires_grad=True)
    y = F.rrelu(x, 0.1, 0.3, training=True)
    y.sum().backward()
    assert (np.allclose(x.grad * -2, y.detach()) and near(-y.mean().item() / 2, 0.2, 0.06)
            and 0.1 <= x.grad.min() and x.grad.max() <= 0.3)
    layer = en.nn.RReLU(0.1, 0.3)
    assert not en.equal(layer(x), layer(x)) and np.allclose(layer.eval()(x).detach(), -0.4)


def test_gumbel_softmax():
    logits = en.tensor([0.5, -1.0, 1.0])
    y = F.gumbel_softmax(logits.expand(20_000, 3), hard=True)
    assert ((y == 0) | (y == 1)).all() and np.allclose(y.mean(0), logits.softmax(0), atol=0.02)
    soft = F.gumbel_softmax(logits.expand(20_000, 3), tau=0.1)
    assert np.allclose(soft.sum(1), 1, atol=1e-5) and share(soft.amax(1) > 0.99) > 0.5
    z = logits.clone().requires_grad_()
    en.manual_seed(3); hard, = en.autograd.grad(F.gumbel_softmax(z, hard=True)[0], z)
    en.manual_seed(3); soft, = en.autograd.grad(F.gumbel_softmax(z)[0], z)
    assert np.allclose(hard, soft)


def test_deprecated_arguments_warn():
    with pytest.warns(FutureWarning, match="min_value"): en.nn.Hardtanh(min_value=-2.0)
    with pytest.warns(UserWarning, match="Implicit dimension"): F.softmax(en.ones(3))
    with pytest.warns(UserWarning, match="eps"): F.gumbel_softmax(en.ones(3), eps=1e-3)
    with pytest.warns(UserWarning, match="dropout2d"): F.dropout2d(en.ones(2, 3))
