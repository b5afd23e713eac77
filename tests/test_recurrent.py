"""Packed sequences beside PyTorch's; what the recurrent layers draw, and what they keep."""
import numpy as np
import pytest

import beside
import edunets as en

U = "m.nn.utils.rnn"
PACKED = f"{U}.pack_padded_sequence(m.arange(24.).reshape(3, 4, 2), [2, 3, 1, 2], enforce_sorted=False)"
CODES = [
    f"{U}.pad_sequence([v, v[:2], s.reshape(1)])",
    f"{U}.pad_sequence([x, y[:1]], True)",
    f"{U}.pad_sequence([x, y[:1]], padding_value=-1)",
    f"{U}.pad_sequence([v, v[:2]], padding_side='left')",
    f"{U}.pad_sequence([])",
    f"{U}.pad_sequence([v], padding_side='top')",
    f"{U}.pad_sequence([i, i[:1]], True, 7)",
    f"{U}.pad_sequence([x, v])",
    f"{U}.pad_sequence((v, e))",
    f"{U}.pad_sequence(x)",
    f"{U}.pack_padded_sequence(c, [2, 2, 1])",
    f"{U}.pack_padded_sequence(c, m.tensor([3, 1]), batch_first=True)",
    f"{U}.pack_padded_sequence(c, [1, 2, 1], enforce_sorted=False)",
    f"{U}.pack_padded_sequence(c, [1, 3], True, False)",
    f"{U}.pack_padded_sequence(x, [1, 1, 1])",
    f"{U}.pack_padded_sequence(c, [1, 2, 1])",
    f"{U}.pack_padded_sequence(c, [2, 2])",
    f"{U}.pack_padded_sequence(c, [2, 1, 0])",
    f"{U}.pack_padded_sequence(g, [2, 1, 1])",
    f"{U}.pad_packed_sequence({PACKED})",
    f"{U}.pad_packed_sequence({PACKED}, True, -1.)",
    f"{U}.pad_packed_sequence({PACKED}, total_length=5)",
    f"{U}.pad_packed_sequence({PACKED}, True, 2., 4)",
    f"{U}.pad_packed_sequence({PACKED}, total_length=2)",
    f"{U}.pack_sequence([v, v[:3], v[:1]])",
    f"{U}.pack_sequence([v[:3], v], enforce_sorted=False)",
    f"{U}.pack_sequence([v[:3], v])",
    f"{U}.unpack_sequence({U}.pack_sequence([v, v[:3], v[:1]]))",
    f"{U}.unpack_sequence({U}.pack_sequence([x[:1], y], enforce_sorted=False))",
    f"{U}.unpad_sequence(c, m.tensor([3, 1]), batch_first=True)",
    f"{U}.unpad_sequence(c.clone(), m.tensor([2, 1, 0]))",
    f"{U}.invert_permutation(m.tensor([2, 0, 1]))",
    f"{U}.invert_permutation(None)",
    f"{PACKED}.to(m.float64)",
    f"{PACKED}.double()",
    f"{PACKED}.float() == None",
    f"{U}.PackedSequence(v, m.tensor([3, 2, 1]))",
    f"{U}.PackedSequence(v, m.tensor([3, 2, 1]), m.tensor([2, 0, 1]))",
    f"{U}.PackedSequence((v, m.tensor([6])))",
]


def test_packed_sequences_are_pytorchs():
    assert beside.differences(CODES, pytest.importorskip("torch")) == []


def test_a_length_beyond_the_padding_is_refused():
    # PyTorch gives what it finds
    with pytest.raises(RuntimeError, match="larger than or equal to the longest"):
        en.nn.utils.rnn.pack_padded_sequence(en.ones(2, 3, 4), [3, 2, 1])


def test_backwards_is_forwards_on_the_sequence_turned_around():
    for layer in (en.nn.RNN(3, 4, bidirectional=True), en.nn.GRU(3, 4, bidirectional=True)):
        single = type(layer)(3, 4)
        single.load_state_dict({name.removesuffix("_reverse"): x
                                for name, x in layer.state_dict().items() if name.endswith("_reverse")})
        x = en.randn(5, 2, 3)
        both, turned = layer(x)[0][..., 4:], single(x.flip(0))[0].flip(0)
        np.testing.assert_allclose(both.detach().numpy(), turned.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_packing_is_each_sequence_alone():
    layer, sequences = en.nn.LSTM(3, 4, 2, bidirectional=True), [en.randn(n, 3) for n in (2, 5, 3)]
    out, (h, c) = layer(en.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False))
    for n, (x, found) in enumerate(zip(sequences, en.nn.utils.rnn.unpack_sequence(out))):
        alone, (h_alone, c_alone) = layer(x)
        for a, b in ((found, alone), (h[:, n], h_alone), (c[:, n], c_alone)):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_dropout_between_layers_only_while_training():
    layer, x = en.nn.GRU(3, 400, 2, dropout=0.25), en.randn(4, 2, 3)
    assert not np.allclose(layer(x)[0].detach().numpy(), layer(x)[0].detach().numpy())
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].detach().numpy(), layer(x)[0].detach().numpy())


def test_begins_as_pytorch_does():
    layer = en.nn.LSTM(3, 400)
    for p in layer.parameters():
        assert p.filled.scheme == "PyTorch's default" and abs(p.detach().numpy()).max() <= 1 / 20
    assert abs(layer.weight_hh_l0.std().item() - 1 / 20 / 3 ** 0.5) < 1e-3


def test_a_weight_that_was_replaced_is_used():
    layer, x = en.nn.RNN(2, 2), en.ones(1, 1, 2)
    layer.weight_ih_l0 = en.nn.Parameter(en.zeros(2, 2))
    layer.bias_ih_l0, layer.bias_hh_l0 = (en.nn.Parameter(en.zeros(2)) for _ in range(2))
    assert layer(x)[0].tolist() == [[[0, 0]]]
