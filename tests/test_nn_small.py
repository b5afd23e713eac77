"""Embeddings: what the cases beside PyTorch can't say."""
import math

import numpy as np
import pytest

import edunets as en

F = en.nn.functional
TABLE = en.arange(20.0, dtype=en.float64).reshape(5, 4).sin()


def test_a_table_remembers_how_it_began():
    en.manual_seed(0)
    for layer in (en.nn.Embedding(2000, 8), en.nn.EmbeddingBag(2000, 8, padding_idx=3)):
        filled = layer.weight.filled
        assert ((filled.distribution, filled.mean, filled.variance, filled.version)
                == ("normal", 0.0, 1.0, layer.weight._version))
        assert abs(layer.weight.mean().item()) < 0.05 and abs(layer.weight.var().item() - 1) < 0.05
    before = layer.weight.detach().clone()
    layer.reset_parameters()
    assert not layer.weight[3].any() and layer.weight[4].any() and not en.equal(before, layer.weight)
    assert layer.weight.requires_grad and layer.weight.is_leaf
    bound = 1 / math.sqrt(30)
    weight = en.nn.Bilinear(30, 40, 50).weight
    assert (weight.filled.distribution == "uniform" and -bound <= weight.min().item() < -0.99 * bound
            and 0.99 * bound < weight.max().item() <= bound)


def test_a_lookup_is_a_product_with_one_hot_rows():
    index = en.tensor([[3, 0, 0], [4, 4, 1]])
    a, b = (TABLE.clone().requires_grad_() for _ in range(2))
    x, y = F.embedding(index, a), F.one_hot(index, 5).to(en.float64) @ b
    assert en.equal(x, y)
    x.cos().sum().backward(), y.cos().sum().backward()
    assert en.allclose(a.grad, b.grad)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_a_bag_with_frequencies_is_a_sum_of_lookups(mode):
    """PyTorch's CPU has a fault here, so the embedding is the measure."""
    index = en.tensor([[1, 1, 4], [0, 1, 2]])
    a, b = (TABLE.clone().requires_grad_() for _ in range(2))
    bagged = F.embedding_bag(index, a, mode=mode, scale_grad_by_freq=True)
    looked = getattr(F.embedding(index, b, scale_grad_by_freq=True), mode)(1)
    assert en.allclose(bagged, looked)
    bagged.cos().sum().backward(), looked.cos().sum().backward()
    assert en.allclose(a.grad, b.grad)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding_idx", [None, 1])
def test_rows_of_a_matrix_are_bags_with_offsets(mode, padding_idx):
    index = en.tensor([[1, 1, 4], [0, 1, 2], [1, 1, 1], [3, 3, 4]])
    a, b = (TABLE.clone().requires_grad_() for _ in range(2))
    x = F.embedding_bag(index, a, mode=mode, padding_idx=padding_idx)
    y = F.embedding_bag(index.reshape(-1), b, en.tensor([0, 3, 6, 9]), mode=mode, padding_idx=padding_idx)
    assert en.allclose(x, y, atol=1e-14)
    x.cos().sum().backward(), y.cos().sum().backward()
    assert en.allclose(a.grad, b.grad, atol=1e-14)


def test_the_padding_counts_for_nothing_whatever_it_holds():
    table = TABLE.clone()
    table[1] = math.nan
    table.requires_grad_()
    index = en.tensor([[1, 0], [1, 1], [2, 1]])
    for mode in ("sum", "mean", "max"):
        table.grad = None
        out = F.embedding_bag(index, table, mode=mode, padding_idx=1)
        assert en.equal(out, en.stack([table[0], en.zeros(4, dtype=en.float64), table[2]]))
        out.sum().backward()
        assert not table.grad[1].any() and table.grad[0].tolist() == [1, 1, 1, 1]


def test_the_gradient_by_frequency_has_a_slope():
    """PyTorch's second gradient forgets the frequency."""
    index, w = en.tensor([[1, 1, 4], [0, 1, 2]]), TABLE.clone().requires_grad_()
    slope = lambda v: en.autograd.grad((F.embedding(index, w, scale_grad_by_freq=True) * v).sum(), w,
                                       create_graph=True)[0]
    assert en.autograd.gradcheck(slope, en.randn(2, 3, 4, dtype=en.float64).requires_grad_())


@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}])
def test_second_gradients(options):
    torch = pytest.importorskip("torch")
    found = []
    for m in (en, torch):
        w = m.tensor(TABLE.tolist(), dtype=m.float64).requires_grad_()
        v, index = m.ones(2, 3, 4, dtype=m.float64).requires_grad_(), m.tensor([[1, 1, 4], [0, 1, 2]])
        g, = m.autograd.grad((m.nn.functional.embedding(index, w, **options) * v).sin().sum(), w,
                             create_graph=True)
        found.append([x.detach().numpy() for x in (g, *m.autograd.grad((g * g).sum(), (w, v)))])
    for ours, theirs in zip(*found): np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_max_norm_is_a_write_and_shortens_what_is_looked_up_alone():
    layer = en.nn.Embedding(5, 4, max_norm=0.5)
    before, version = layer.weight.detach().clone(), layer.weight._version
    waiting = (layer.weight * layer.weight).sum()
    out = layer(en.tensor([1, 1, 3]))
    assert layer.weight._version > version and (out.norm(dim=-1) <= 0.5001).all()
    assert en.equal(layer.weight[[0, 2, 4]], before[[0, 2, 4]]) and not en.equal(layer.weight[1], before[1])
    out.sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"): waiting.backward()


def test_a_table_that_was_there_is_shared():
    weight = en.ones(3, 2)
    layer = en.nn.Embedding.from_pretrained(weight)
    weight[0] = 7.0
    assert layer.weight[0].tolist() == [7, 7] and not layer.weight.requires_grad
    assert en.nn.EmbeddingBag.from_pretrained(weight, freeze=False).weight.requires_grad


def test_bags_without_an_index():
    # PyTorch crashes here
    assert F.embedding_bag(en.tensor([3]), TABLE, en.zeros(0, dtype=en.int64)).shape == (0, 4)
    for mode in ("sum", "mean", "max"):
        assert not F.embedding_bag(en.zeros(0, dtype=en.int64), TABLE, en.tensor([0, 0]), mode=mode).any()
    w = TABLE.clone().requires_grad_()
    F.embedding_bag(en.tensor([2, 3]), w, en.tensor([0, 0, 2]), mode="max").sum().backward()
    assert w.grad.sum().item() == 4 and not w.grad[[0, 1, 4]].any()


def test_indices_behind_the_last_offset_belong_to_no_bag():
    index, ends = en.tensor([0, 1, 2, 3]), en.tensor([0, 2, 3])
    for mode in ("sum", "max"):
        out = F.embedding_bag(index, TABLE, ends, mode=mode, include_last_offset=True)
        assert en.equal(out[1], TABLE[2]) and len(out) == 2
    weights = en.tensor([1.0, 2.0, 3.0, 4.0], dtype=en.float64)
    assert en.allclose(F.embedding_bag(index, TABLE, ends, mode="sum", include_last_offset=True,
                                       per_sample_weights=weights)[1], 3 * TABLE[2])


def test_the_first_of_equal_ones_gets_the_gradient():
    torch = pytest.importorskip("torch")
    grads = []
    for m in (en, torch):
        w = m.ones(4, 2).requires_grad_()
        m.nn.functional.embedding_bag(m.tensor([[2, 1, 2], [3, 0, 3]]), w, mode="max").sum().backward()
        m.nn.functional.embedding_bag(m.tensor([2, 1, 0]), w, m.tensor([0, 1]), mode="max").sum().backward()
        grads.append(w.grad.tolist())
    assert grads[0] == grads[1]


def test_errors_say_what_to_try():
    index, offsets = en.tensor([0, 1, 2]), en.tensor([0, 2])
    for kind, wrong in ((IndexError, lambda: F.embedding(index + 3, TABLE)),
                        (IndexError, lambda: F.embedding(index - 1, TABLE)),
                        (RuntimeError, lambda: F.embedding_bag(index + 3, TABLE, offsets)),
                        (RuntimeError, lambda: F.embedding_bag(index - 1, TABLE, offsets, mode="max")),
                        (RuntimeError, lambda: F.embedding_bag(index, TABLE, en.tensor([0, 2, 1]))),
                        (NotImplementedError, lambda: F.embedding(index, TABLE, sparse=True)),
                        (NotImplementedError, lambda: F.embedding_bag(index, TABLE, offsets, sparse=True)),
                        (NotImplementedError, lambda: en.nn.Embedding(2, 2, sparse=True)),
                        (NotImplementedError, lambda: en.nn.EmbeddingBag(2, 2, sparse=True)),
                        (NotImplementedError, lambda: en.embedding(TABLE, index, sparse=True)),
                        (AssertionError, lambda: en.nn.Embedding(2, 2, padding_idx=2)),
                        (AssertionError, lambda: en.nn.EmbeddingBag(2, 2, padding_idx=-3)),
                        (AssertionError, lambda: en.nn.Embedding.from_pretrained(TABLE[0])),
                        (AssertionError, lambda: en.nn.Embedding(2, 2, _weight=TABLE)),
                        (ValueError, lambda: en.nn.Bilinear(0, 1, 1)),
                        (TypeError, lambda: en.nn.Embedding(2, 2)([1])),
                        (RuntimeError, lambda: en.nn.Embedding(2, 2)(en.ones(2)))):
        with pytest.raises(kind, match="Try: "): wrong()


def test_states_go_to_files_and_dtypes():
    layer = en.nn.Embedding(3, 2).double()
    assert layer(en.tensor([1])).dtype is en.float64 and list(layer.state_dict()) == ["weight"]
