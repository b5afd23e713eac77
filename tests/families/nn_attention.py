"""Samples of attention and of the transformer's layers."""
import math

import numpy as np

from arrays import normal

SEEN = np.array([[True, False, True, True], [True, True, False, False], [False, False, False, False]])
ADDED = np.where(SEEN, np.arange(12.0).reshape(3, 4) / 7, -math.inf)
KEEP = np.array([[0, 2.0, 2, 0], [2, 0, 2, 2], [0, 2, 2, 2]])


def how(scale=0.5, causal=False): return {"scale": scale, "causal": causal}


def three(*lead, more=()): return normal(*lead, 3, 2), normal(*lead, 4, 2), normal(*lead, 4, *(more or (2,)))


ROWS = {
    "attention": [((*three(2), None, None), how()),
                  ((*three(2, more=(3,)), SEEN, None), how()),
                  ((*three(1, 2), normal(2, 3, 4), None), how(0.3)),
                  ((*three(), ADDED, None), how()),
                  ((*three(2), None, KEEP), how()),
                  ((*three(), None, None), how(1.0, True)),
                  ((normal(2, 2, 3, 2), normal(2, 1, 4, 2), normal(2, 1, 4, 2), SEEN[:, :1], KEEP),
                   how(0.7))],
}

F, HEADS = "m.nn.functional", "m.arange(48.).reshape(2, 2, 3, 4).sin()"
Q, K = f"({HEADS} * c[0, 0, 1])", f"({HEADS} + c[:, :1, :1].unsqueeze(1) / 20)"
G = "m.arange(96.).reshape(2, 4, 3, 4).cos()"
MASK, FLOATS = "m.ones(3, 3).tril().bool()", "(m.arange(9.).reshape(3, 3) % 4 / 4)"
FORWARD = f"{F}.multi_head_attention_forward"
WEIGHTS = ("m.arange(48.).reshape(12, 4).sin(), m.arange(12.) / 9, None, None, False, 0., "
           "m.arange(16.).reshape(4, 4).cos(), m.arange(4.) / 5")
SEPARATE = ("None, m.arange(12.) / 9, None, None, False, 0., m.arange(16.).reshape(4, 4).cos(), None, "
            "use_separate_proj_weight=True, q_proj_weight=m.arange(16.).reshape(4, 4).sin(), "
            "k_proj_weight=m.arange(12.).reshape(4, 3).sin(), v_proj_weight=m.arange(8.).reshape(4, 2).sin()")
NAMES = {
    "nn.functional.scaled_dot_product_attention": [f"{F}.scaled_dot_product_attention({a})" for a in (
        "c, c, c", f"{Q}, {K}, {K}", f"{Q}, {K}, {K}[..., :3]", "x, y, y", f"{Q}, {K}, {K}, is_causal=True",
        f"{Q}[:, :, :2], {K}, {K}, is_causal=True", f"{Q}, {K}[:, :, :2], {K}[:, :, :2], None, 0.0, True",
        f"{Q}, {K}, {K}, scale=0.3", f"{Q}, {K}, {K}, scale=2", "c, c, c, scale=0.",
        f"{Q}, {K}, {K}, {MASK}", f"{Q}, {K}, {K}, {FLOATS}",
        f"{Q}, {K}, {K}, m.ones(2, 1, 3, 3).triu().bool()", f"{Q}, {K}, {K}, m.ones(2, 1, 3).bool()",
        f"c, c, c, {MASK} & False", f"c, c, c, {MASK}.triu()", f"c, c, c, {FLOATS} - math.inf",
        f"c[0], c[0], c[0], {MASK}", f"c.double(), c.double(), c.double(), {FLOATS}",
        f"{Q}, {K}[:, :1], {K}[:, :1]", f"{Q}[:1], {K}, {K}", f"{G}, {K}, {K}, enable_gqa=True",
        f"{G}, {K}, {K}, {MASK}, enable_gqa=True",
        f"{G}, {K}, {K}, m.ones(2, 4, 3, 3).tril().bool(), enable_gqa=True",
        f"{G}, {K}, {K}, m.ones(4, 1, 3).bool(), enable_gqa=True",
        f"{G}[0], {K}[0], {K}[0], enable_gqa=True, is_causal=True", f"{G}, {K}, {K}[:, :1], enable_gqa=True",
        f"{G}[:, :3], {K}, {K}, enable_gqa=True", f"{G}, {K}, {K}", "x, x, y.double()", "v, v, v",
        "i.reshape(2, 2), i.reshape(2, 2), i.reshape(2, 2)", "x, y[:, :2], y", f"c, c, c, {MASK}.long()",
        f"c, c, c, {FLOATS}.double()", f"c, c, c, m.ones(5, 3, 3).bool()", "x, y, y, m.ones(4, 2, 2).bool()",
        "z, z, z", "c[:0], c[:0], c[:0]", "c[:, :0], c, c", "c, c, c, None, 1.0", "c, c, c, dropout_p=-0.5",
        "c, c, c, dropout_p=1.5", "h.reshape(2, 2), h.reshape(2, 2), h.reshape(2, 2)",
        f"c, c, c, {MASK}, is_causal=True", "3, c, c")] +
        [f"{F}.scaled_dot_product_attention({a}).grad_fn.name()"
         for a in ("x.requires_grad_(), y, y", "c.requires_grad_(), c, c", f"{Q}, {K}.requires_grad_(), {K}",
                   f"{Q}.requires_grad_(), {K}, {K}, {MASK}",
                   f"{Q}.requires_grad_(), {K}, {K}, dropout_p=0.5",
                   f"{G}.requires_grad_(), {K}, {K}, enable_gqa=True",
                   f"{Q}, {K}, {K}, {FLOATS}.requires_grad_()", f"{Q}.requires_grad_(), {K}, {K}[..., :3]")],
    "nn.functional.multi_head_attention_forward": [f"{FORWARD}(c, c, c, 4, 2, {WEIGHTS})",
                                                   f"{FORWARD}(c, c, c, 4, 2, {WEIGHTS}, need_weights=False)",
                                                   f"{FORWARD}(c[:1], c, c, 4, 2, {WEIGHTS}, "
                                                   "average_attn_weights=False)",
                                                   f"{FORWARD}(c, c[:1], c[:1] * 2, 4, 4, {WEIGHTS})",
                                                   f"{FORWARD}(c[0], c[0], c[0], 4, 1, {WEIGHTS})",
        f"{FORWARD}(c, c[..., :3], c[..., :2], 4, 2, {SEPARATE})",
                                                   f"{FORWARD}(c, c, c, 4, 2, {WEIGHTS}, "
                                                   "static_k=m.arange(24.).reshape(6, 2, 2).sin(), "
                                                   "static_v=m.ones(6, 2, 2))",
                                                   f"{FORWARD}(c, c, c, 4, 2, {WEIGHTS}, "
                                                   "static_k=m.ones(5, 2, 2))",
                                                   f"{FORWARD}(c, c, c, 4, 2, {WEIGHTS}, "
                                                   "static_v=m.ones(6, 2, 3))",
                                                   f"{FORWARD}(c, c, c, 5, 2, {WEIGHTS})",
                                                   f"{FORWARD}(c, c, c, 4, 3, {WEIGHTS})",
        f"{FORWARD}(c, c, c, 4, 2, m.ones(12, 4), None, m.ones(1, 1, 4), None, False, 0., m.ones(4, 4), None)", f"{FORWARD}(c, c, c, 4, 2, m.ones(12, 4), None, m.ones(1, 1, 4), m.ones(1, 1, 4), True, 0., m.ones(4, 4), None)"],
}
DIFFERENCES = [(r"attention\(c, c, c, dropout_p=-0.5\)",
                "PyTorch takes a negative probability for none; edunets refuses it, since a "
                "probability is from 0 to 1."),
               (r"enable_gqa=True\).grad_fn.name\(\): 'ViewBackward0'",
                "The groups of heads are a dimension of the row in edunets, so a view follows it, and the "
                "result has another grad_fn than PyTorch's.")]


def hidden(*shape): return f"(p({', '.join(map(str, shape))}) > 0.5).detach()"


MHA = "m.nn.MultiheadAttention"
SELF = "x = r(4, 2, 8); f(x, x, x"
FIRST = "x = r(2, 4, 8); f(x, x, x"
CROSS = "y = r(5, 2, 8); f(r(4, 2, 8), y, y"
MODULES = {"MultiheadAttention": [
    f"{MHA}(8, 2) | {SELF})",
    f"{MHA}(8, 2) | {SELF}, need_weights=False)",
    f"{MHA}(8, 4) | {SELF}, average_attn_weights=False)",
    f"{MHA}(8, 1) | {SELF})",
    f"{MHA}(8, 2) | {CROSS})",
    f"{MHA}(8, 2) | f(r(4, 2, 8), r(5, 2, 8), r(5, 2, 8))",
    f"{MHA}(8, 2) | {CROSS}, need_weights=False)",
    f"{MHA}(8, 2, batch_first=True) | {FIRST})",
    f"{MHA}(8, 2, batch_first=True) | {FIRST}, need_weights=False)",
    f"{MHA}(8, 2, batch_first=True) | y = r(2, 5, 8); f(r(2, 4, 8), y, y)",
    f"{MHA}(8, 2) | x = r(4, 8); f(x, x, x)",
    f"{MHA}(8, 2, batch_first=True) | x = r(4, 8); f(x, x, x, need_weights=False)",
    f"{MHA}(8, 2) | f(r(4, 8), r(3, 8), r(3, 8), average_attn_weights=False)",
    f"{MHA}(8, 2, bias=False) | {SELF})",
    f"{MHA}(8, 2, bias=False) | {CROSS})",
    f"{MHA}(8, 2, add_bias_kv=True) | {SELF})",
    f"{MHA}(8, 2, add_bias_kv=True, batch_first=True) | {FIRST}, need_weights=False)",
    f"{MHA}(8, 2, add_zero_attn=True) | {SELF})",
    f"{MHA}(8, 2, 0.0, True, True, True) | {CROSS}, key_padding_mask={hidden(2, 5)}, "
    f"attn_mask={hidden(4, 5)})",
    f"{MHA}(8, 2, kdim=5, vdim=3) | f(r(4, 2, 8), r(3, 2, 5), r(3, 2, 3))",
    f"{MHA}(8, 2, kdim=5) | f(r(4, 2, 8), r(3, 2, 5), r(3, 2, 8))",
    f"{MHA}(8, 2, vdim=5, bias=False, batch_first=True) | f(r(2, 4, 8), r(2, 3, 8), r(2, 3, 5))",
    f"{MHA}(8, 2, kdim=8, vdim=8) | {SELF})",
    f"{MHA}(8, 2, kdim=5, vdim=3, add_bias_kv=True) | f(r(4, 2, 8), r(3, 2, 5), r(3, 2, 3))",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.tensor([[False, False, True, True], [False, "
    "True, False, False]]))",
    f"{MHA}(8, 2) | {SELF}, m.tensor([[False, False, True, True], [False] * 4]), False)",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(4, 4).triu(1).bool())",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(4, 4).triu(1).bool(), is_causal=True)",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(4, 4).triu(1).bool(), is_causal=True, need_weights=False)",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.arange(16.).reshape(4, 4).sin(), need_weights=False)",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.arange(64.).reshape(4, 4, 4).sin())",
    f"{MHA}(8, 2) | {SELF}, attn_mask=(m.arange(64.).reshape(4, 4, 4).sin() > 0.5), need_weights=False)",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.arange(8.).reshape(2, 4), "
    "attn_mask=m.arange(16.).reshape(4, 4).sin())",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.arange(8).reshape(2, 4) == 7, attn_mask=m.ones(4, "
    "4).triu(1).bool(), is_causal=True, need_weights=False)",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.arange(8).reshape(2, 4) == 7, "
    "attn_mask=m.arange(16.).reshape(4, 4).sin())",
    f"{MHA}(8, 2) | x = r(4, 8); f(x, x, x, m.tensor([False, True, False, False]))",
    f"{MHA}(8, 2) | x = r(4, 8); f(x, x, x, attn_mask=m.arange(32.).reshape(2, 4, 4).sin())",
    f"{MHA}(8, 2, add_zero_attn=True) | {SELF}, attn_mask=m.ones(4, 4).bool())",
    f"{MHA}(8, 2) | x = r(4, 2, 8); f(x, x, x, attn_mask=m.ones(4, 4).bool(), need_weights=False)",
    f"{MHA}(8, 2, dtype=m.float64) | {SELF})",
    f"{MHA}(8, 2, device='cpu') | {SELF})",
    f"{MHA}(8, 2, 0.5) | f.eval(); {SELF})",
    f"{MHA}(8, 2, dropout=1.0) | {SELF})",
    f"{MHA}(8, 2, dropout=1.0) | {SELF}, need_weights=False)",
    f"{MHA}(8, 2) | (f.embed_dim, f.num_heads, f.head_dim, f.kdim, f.vdim, f.dropout, f.batch_first, "
    "f.add_zero_attn, f.bias_k, f.bias_v)",
    f"{MHA}(8, 2, batch_first=True) | f.eval(); {FIRST}, need_weights=False)",
    f"{MHA}(8, 3) | 1",
    f"{MHA}(0, 1) | 1",
    f"{MHA}(8, 0) | 1",
    f"{MHA}(8, 2) | f(r(4, 2, 6), r(4, 2, 6), r(4, 2, 6))",
    f"{MHA}(8, 2) | f(r(4, 2, 8), r(4, 8), r(4, 8))",
    f"{MHA}(8, 2) | f(r(8), r(8), r(8))",
    f"{MHA}(8, 2) | f(r(4, 2, 8), r(5, 2, 8), r(4, 2, 8))",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(3, 4).bool())",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(4, 4).long())",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(3, 4, 4).bool())",
    f"{MHA}(8, 2) | {SELF}, attn_mask=m.ones(4).bool())",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.ones(2, 3).bool())",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.ones(4).bool())",
    f"{MHA}(8, 2) | {SELF}, is_causal=True)",
    f"{MHA}(8, 2) | x = r(4, 2, 8).double(); f(x, x, x)",
    f"{MHA}(8, 2) | x = r(4, 8); f(x, x, x, attn_mask=m.ones(3, 4, 4).bool())",
    f"{MHA}(8, 2) | {SELF}, key_padding_mask=m.ones(2, 4).long())",
    f"{MHA}(8, 2, kdim=5) | f(r(4, 2, 8), r(3, 2, 5), r(2, 2, 8))",
]}


def layer(name, inputs, more):
    """An encoder or decoder layer over its options."""
    make = f"m.nn.{name}(8, 2, 16, 0.0"
    return [f"{make}) | f({inputs})",
            f"m.nn.{name}(8, 2, 16) | f.eval(); f({inputs})",
            f"{make}, norm_first=True) | f({inputs})",
            f"{make}, bias=False) | f({inputs})",
            f"{make}, activation='gelu') | f({inputs})",
            f"{make}, activation='relu') | f({inputs})",
            f"{make}, activation=m.tanh) | f({inputs})",
            f"{make}, activation=m.nn.SiLU()) | f({inputs})",
            f"{make}, m.nn.functional.gelu, 1e-3, True, True, False) | f({inputs})",
            f"{make}, batch_first=True) | f({inputs})",
            f"{make}, layer_norm_eps=0.1) | f({inputs})",
            f"{make}, dtype=m.float64) | f({inputs})",
            f"{make}, activation='silu') | 1",
            f"m.nn.{name}(8, 3) | 1",
            f"m.nn.{name}(8, 2, 16, 1.0) | f({inputs})",
            f"m.nn.{name}(d_model=8, nhead=2) | sum(p.numel() for p in f.parameters())",
            *(f"{make}) | f({inputs}, {a})" for a in more),
            *(f"{make}, norm_first=True, batch_first=True) | "
              f"f({inputs.replace('4, 2', '2, 4').replace('3, 2', '2, 3')}, {a})" for a in more)]


LATER, ADD = "m.ones(4, 4).triu(1).bool()", "m.arange(16.).reshape(4, 4).sin()"
PAST = "m.nn.Transformer.generate_square_subsequent_mask(4)"
PADDED = "m.tensor([[False, False, True, True], [False, False, False, True]])"
ACROSS = "m.tensor([[False, True, True], [False, False, False]])"
ENCODER = "m.nn.TransformerEncoderLayer(8, 2, 16, 0.0)"
DECODER = "m.nn.TransformerDecoderLayer(8, 2, 16, 0.0)"
SMALL = "m.nn.Transformer(8, 2, 2, 1, 16, 0.0"
MODULES |= {
    "TransformerEncoderLayer": layer("TransformerEncoderLayer", "r(4, 2, 8)",
                                     (LATER, f"{LATER}, is_causal=True", ADD,
                                      f"src_key_padding_mask={PADDED}", f"{LATER}, {PADDED}"))
    + [f"{ENCODER} | f(r(4, 8))",
       f"{ENCODER} | f(r(4, 8), {LATER})",
       f"{ENCODER} | f(r(4, 2, 6))",
       f"{ENCODER} | f(r(4, 2, 8), {LATER}.long())",
       f"{ENCODER} | f(r(4, 2, 8), is_causal=True)"],
    "TransformerDecoderLayer": layer("TransformerDecoderLayer", "r(4, 2, 8), r(3, 2, 8)",
                                     (LATER, f"{LATER}, tgt_is_causal=True",
                                      "memory_mask=m.arange(12.).reshape(4, 3).sin()",
                                      f"tgt_key_padding_mask={PADDED}, memory_key_padding_mask={ACROSS}"))
    + [f"{DECODER} | f(r(4, 8), r(3, 8))",
       f"{DECODER} | f(r(4, 2, 8), r(3, 1, 8))",
       f"{DECODER} | f(r(4, 2, 8), r(3, 2, 6))"],
    "TransformerEncoder": [f"m.nn.TransformerEncoder({ENCODER}, 2) | f(r(4, 2, 8){a})"
                           for a in ("", f", {LATER}", f", {PAST}", f", {PAST}, is_causal=True", f", {ADD}",
                                     f", src_key_padding_mask={PADDED}", f", {LATER}, {PADDED}",
                                     f", {LATER}.long()")] +
        [f"m.nn.TransformerEncoder({ENCODER}, 2, m.nn.LayerNorm(8)) | f(r(4, 2, 8))",
         f"m.nn.TransformerEncoder({ENCODER}, 1, None, False, False) | f(r(4, 8), {PAST})",
         "m.nn.TransformerEncoder(m.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, "
         "norm_first=True), 3) | f(r(2, 4, 8), m.ones(4, 4).triu(1).bool())",
         f"m.nn.TransformerEncoder({ENCODER}, 0) | f(r(4, 2, 8))",
         f"m.nn.TransformerEncoder({ENCODER}, num_layers=2) | f.num_layers"],
    "TransformerDecoder": [f"m.nn.TransformerDecoder({DECODER}, 2) | f(r(4, 2, 8), r(3, 2, 8){a})"
                           for a in ("", f", {LATER}", f", {PAST}", f", {LATER}, tgt_is_causal=True",
                                     ", memory_mask=m.arange(12.).reshape(4, 3).sin()",
                                     f", tgt_key_padding_mask={PADDED}, memory_key_padding_mask={ACROSS}")]
    + [f"m.nn.TransformerDecoder({DECODER}, 1, m.nn.LayerNorm(8)) | f(r(4, 8), r(3, 8))"],
    "Transformer": [f"{SMALL}) | f(r(3, 2, 8), r(4, 2, 8){a})"
                    for a in ("", f", tgt_mask={PAST}",
                              f", tgt_mask={PAST}, src_key_padding_mask={ACROSS}, "
                              f"memory_key_padding_mask={ACROSS}", f", tgt_key_padding_mask={PADDED}",
                              ", src_mask=m.ones(3, 3).triu(1).bool(), memory_mask=m.ones(4, "
                              "3).triu(1).bool()", f", tgt_mask={LATER}, tgt_is_causal=True")] +
        [f"{SMALL}, batch_first=True, norm_first=True, bias=False, activation='gelu') | f(r(2, "
         "3, 8), r(2, 4, 8))",
         f"{SMALL}) | f(r(3, 8), r(4, 8))",
         f"{SMALL}) | f(r(3, 2, 8), r(4, 3, 8))",
         f"{SMALL}) | f(r(3, 2, 8), r(4, 2, 6))",
         f"{SMALL}, dtype=m.float64) | f(r(3, 2, 8), r(4, 2, 8))",
         f"{SMALL}, custom_encoder=m.nn.TransformerEncoder({ENCODER}, 1), "
         f"custom_decoder=m.nn.TransformerDecoder({DECODER}, 1)) | f(r(3, 2, 8), r(4, 2, 8))",
         f"{SMALL}) | m.nn.Transformer.generate_square_subsequent_mask(3)",
         f"{SMALL}) | f.generate_square_subsequent_mask(2, dtype=m.float64)",
         f"{SMALL}, layer_norm_eps=0.1) | (f.d_model, f.nhead, f.batch_first, f(r(3, 2, 8), r(4, 2, 8)))"],
}
MODULE_DIFFERENCES = []
