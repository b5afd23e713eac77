"""What attention draws, what it keeps, and what PyTorch's names say."""
import numpy as np
import pytest

import edunets as en
from edunets.table import OPS

F = en.nn.functional


def test_dropout_keeps_the_mean_and_drops_its_share():
    en.manual_seed(0)
    q, k = en.randn(1, 2, 400, 8), en.randn(1, 2, 500, 8)
    v = en.ones(1, 2, 500, 1)
    heard = F.scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    assert abs(heard.mean().item() - 1) < 0.01 and heard.std().item() > 0.01
    layer, x = en.nn.MultiheadAttention(8, 2, dropout=0.25), en.randn(300, 1, 8)
    weights = layer(x, x, x, average_attn_weights=False)[1]
    assert (abs((weights == 0).double().mean().item() - 0.25) < 0.01
            and abs(weights.sum(-1).mean().item() - 1) < 0.01)
    layer.eval()
    assert (layer(x, x, x)[1] > 0).all()


def test_dropout_and_its_gradient_use_one_mask():
    en.manual_seed(3)
    q, k, v = (en.randn(2, 4, 3, dtype=en.float64, requires_grad=True) for _ in range(3))

    def function(q, k, v):
        en.manual_seed(4)
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.4)
    assert en.autograd.gradcheck(function, (q, k, v))


def test_nothing_is_copied_on_the_way_to_the_heads_and_back():
    layer, x = en.nn.MultiheadAttention(8, 2, batch_first=True), en.randn(2, 5, 8)
    shared = F.linear(x, layer.in_proj_weight, layer.in_proj_bias).reshape(2, 5, 3, 2, 4)
    q, k, v = (part.permute(0, 2, 1, 3) for part in shared.unbind(2))
    out = OPS.attention(q, k, v, None, None, scale=0.5, causal=False)[0]
    assert all(part._base is not None for part in (q, k, v)) and out.permute(0, 2, 1, 3).is_contiguous()


def test_weights_are_kept_once():
    q, k, v = (en.randn(1, 2, 64, 8, requires_grad=True) for _ in range(3))
    saved = F.scaled_dot_product_attention(q, k, v).grad_fn._saved
    assert (set(saved) == {"q", "k", "v", "mask", "keep", "out"}
            and sum(x.nbytes for x, _ in saved["out"]) == 4 * (2 * 64 * 64 + q.numel()))


def test_a_padded_batch_is_each_sequence_alone():
    en.manual_seed(0)
    encoder = en.nn.TransformerEncoder(en.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2).eval()
    x, lengths = en.randn(3, 5, 8), (5, 2, 3)
    padding = en.tensor([[step >= n for step in range(5)] for n in lengths])
    for grad in (True, False):
        with en.set_grad_enabled(grad): out = encoder(x, src_key_padding_mask=padding)
        for n, (sequence, length) in enumerate(zip(x, lengths)):
            np.testing.assert_allclose(out[n, :length].detach().numpy(),
                                       encoder(sequence[:length]).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_stack_has_layers_of_its_own():
    layer = en.nn.TransformerEncoderLayer(8, 2, 16)
    encoder = en.nn.TransformerEncoder(layer, 2)
    first, second = (one.linear1.weight for one in encoder.layers)
    assert first is not second and first.data_ptr() != second.data_ptr() and (first == second).all()


def test_begins_as_pytorch_does():
    layer = en.nn.MultiheadAttention(64, 4, add_bias_kv=True)
    assert (layer.in_proj_weight.filled.scheme == "xavier_uniform_"
            and layer.bias_k.filled.scheme == "xavier_normal_")
    assert ((layer.in_proj_bias == 0).all() and (layer.out_proj.bias == 0).all()
            and abs(layer.in_proj_weight).max().item() <= (6 / (4 * 64)) ** 0.5)
    assert all(p.filled.scheme == "xavier_uniform_" for p in en.nn.Transformer(8, 2, 1, 1, 16).parameters()
               if p.ndim > 1)


@pytest.mark.parametrize("causal", [False, True])
def test_half_precision_is_computed_in_single(causal):
    q = en.randn(2, 3, 8)
    exact = F.scaled_dot_product_attention(q, q, q, is_causal=causal)
    half = F.scaled_dot_product_attention(q.half(), q.half(), q.half(), is_causal=causal)
    assert half.dtype is en.float16 and abs(half.float() - exact).max().item() < 5e-3


def test_who_sees_nothing_hears_nothing():
    x = en.randn(2, 3, 4, requires_grad=True)
    for heard in (F.scaled_dot_product_attention(x, x[:, :0], x[:, :0]),
                  F.scaled_dot_product_attention(x, x, x, en.zeros(3, 3).bool())):
        heard.sum().backward()
        assert (heard == 0).all() and (x.grad == 0).all()
