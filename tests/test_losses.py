"""Losses where the comparison with PyTorch case by case (test_nn_torch.py, test_names.py) says too little."""
import itertools
import math
import warnings

import numpy as np
import pytest

import edunets as en
import strict

F = en.nn.functional


def test_warnings_are_pytorchs():
    torch = pytest.importorskip("torch")
    def said(m):
        x, y = m.zeros(2, 3), m.ones(2, 3)
        calls = [lambda: m.nn.functional.mse_loss(x, y[0]),
                 lambda: m.nn.functional.l1_loss(x, y, size_average=False),
                 lambda: m.nn.functional.cross_entropy(x, y, reduce=False),
                 lambda: m.nn.functional.kl_div(x, y),
                 lambda: m.nn.functional.kl_div(x, y, reduction="batchmean"),
                 lambda: m.nn.functional.smooth_l1_loss(x, y, reduction="elementwise_mean"),
                 lambda: m.nn.MSELoss(size_average=True),
                 lambda: m.nn.MSELoss()(x, y)]
        found = []
        for call in calls:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                call()
            found.append([(w.category, str(w.message).split(":")[0].replace("torch", "edunets")[:60])
                          for w in caught])
        return found
    assert said(en) == said(torch)


@pytest.mark.parametrize("warned",
                         ["F.mse_loss(x, x[0])", "F.mse_loss(x, x, size_average=True)", "F.softmax(x)"])
def test_a_warning_names_the_users_line(warned):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        eval(warned, {"F": F, "x": en.ones(2, 3)})
    assert [w.filename for w in caught] == ["<string>"]


@pytest.mark.parametrize("dtype, size", [(en.float16, 6e4), (en.float32, 1e30), (en.float64, 1e300)])
def test_who_is_sure_and_wrong_has_a_gradient(dtype, size):
    scores = en.tensor([[0.0, size, 0.0]], dtype=dtype, requires_grad=True)
    loss = F.cross_entropy(scores, en.tensor([0]))
    loss.backward()
    assert np.allclose(loss.item(), size, rtol=1e-3) and scores.grad.tolist() == [[-1, 1, 0]]
    score = en.tensor([-size], dtype=dtype, requires_grad=True)
    F.binary_cross_entropy_with_logits(score, en.ones(1, dtype=dtype)).backward()
    assert score.grad.tolist() == [-1]


def test_half_precision_counts_further_than_it_can():
    scores, targets = en.zeros(100_000, 2, dtype=en.float16), en.zeros(100_000, dtype=en.int64)
    targets[::2] = -100
    assert abs(F.cross_entropy(scores, targets).item() - math.log(2)) < 1e-3


def spelled(path, blank): return [k for k, _ in itertools.groupby(path) if k != blank]


@pytest.mark.parametrize("text, blank", [([1, 2], 0), ([1, 1], 0), ([2], 0), ([], 0), ([0, 1, 0], 2)])
def test_ctc_is_the_sum_over_all_ways(text, blank):
    sound = en.tensor(np.random.default_rng(1).normal(size=(5, 3))).log_softmax(1)
    chance = sum(math.exp(sound[range(5), path].sum().item())
                 for path in itertools.product(range(3), repeat=5) if spelled(path, blank) == text)
    loss = F.ctc_loss(sound, en.tensor(text, dtype=en.int64), 5, len(text), blank, reduction="sum")
    assert np.allclose(loss.item(), -math.log(chance))


def test_ctc_slopes():
    x = en.tensor(np.random.default_rng(1).normal(size=(4, 2, 3)), requires_grad=True)
    assert en.autograd.gradcheck(lambda x: F.ctc_loss(x, en.tensor([[1, 2], [1, 1]]), (4, 4), (2, 1),
                                                      reduction="none"), x)
    impossible = F.ctc_loss(x, en.tensor([[1, 1, 1, 1]] * 2), (4, 4), (4, 4), zero_infinity=True)
    assert impossible.item() == 0 and en.autograd.grad(impossible, x)[0].abs().sum() == 0


ELSEWHERE = """F.relu(x) F.relu(x*1,True) F.relu6(x) F.leaky_relu(x) F.elu(x) F.selu(x) F.celu(x) F.gelu(x) F.gelu(x,approximate='tanh') F.silu(x) F.mish(x) F.logsigmoid(x) F.hardtanh(x) F.hardsigmoid(x) F.hardswish(x) F.softshrink(x)
    F.hardshrink(x) F.softplus(x) F.rrelu(x) F.rrelu(x,training=True) F.threshold(x,0,1) F.prelu(x,w) F.glu(x,0) F.normalize(x) F.gumbel_softmax(x,hard=True) F.dropout(x) F.dropout1d(x) F.alpha_dropout(x,0.5,True) F.mse_loss(x,p) F.l1_loss(x,p) F.huber_loss(x,p)
    F.smooth_l1_loss(x,p) F.cross_entropy(x,t) F.cross_entropy(x,t,w,label_smoothing=0.1) F.cross_entropy(x,p) F.nll_loss(x[0],t[0]) F.binary_cross_entropy(x.sigmoid(),p,w) F.binary_cross_entropy_with_logits(x,p,w,pos_weight=w) F.kl_div(x,p) F.poisson_nll_loss(x,p,full=True)
    F.gaussian_nll_loss(x,p,p) F.gaussian_nll_loss(x,p,1.0) F.hinge_embedding_loss(x[:,0],s) F.cosine_embedding_loss(x,p,s) F.margin_ranking_loss(x[:,0],p[:,0],s) F.soft_margin_loss(x[:,0],s) F.multi_margin_loss(x[:3],t[:3],weight=w) F.triplet_margin_loss(x,p,p+1,swap=True)
    F.multilabel_margin_loss(x[:2],t[:3].expand(2,3)) F.multilabel_soft_margin_loss(x,p) F.ctc_loss(x.log_softmax(1),t[1:2],4,1)""".split()


@pytest.fixture(scope="module")
def elsewhere():
    "A device whose arrays are not NumPy's."
    with strict.at_hand(): yield en.device("strict")


@pytest.mark.parametrize("code", ELSEWHERE)
@pytest.mark.filterwarnings("ignore:reduction")
def test_on_another_array_module(code, elsewhere):
    """Forward and backward stay on the device, and are what they are here."""
    rng = np.random.default_rng(0)
    given = {"x": rng.standard_normal((4, 3)),
             "p": rng.uniform(0.1, 0.9, (4, 3)),
             "w": np.ones(3),
             "t": np.array([0, 2, 1, -100]),
             "s": np.array([1, -1, 1, -1])}
    found = []
    for device in ("cpu", elsewhere):
        scope = {name: en.tensor(value, device=device) for name, value in given.items()}
        x = scope["x"].requires_grad_()
        en.manual_seed(0)
        y = eval(code, {"F": F, **scope})
        y.sum().backward()
        assert y.device == x.grad.device == en.device(device)
        found.append([y.detach().cpu().numpy(), x.grad.cpu().numpy()])
    for here, there in zip(*found): assert np.allclose(here, there, equal_nan=True)
