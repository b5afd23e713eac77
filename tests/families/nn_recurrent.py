"""Samples of the recurrent layers."""
from arrays import normal


def walk(sizes, reverse, **more): return {"sizes": sizes, "reverse": reverse, **more}


EVEN, UNEVEN = (2, 2, 2), (3, 2, 1)
ROWS = {
    "rnn": [((normal(6, 3), normal(2, 3), normal(3, 3)), walk(EVEN, False, relu=False)),
            ((normal(6, 3), normal(2, 3), normal(3, 3)), walk(EVEN, True, relu=True)),
            ((normal(6, 2), normal(3, 2), normal(2, 2)), walk(UNEVEN, False, relu=False)),
            ((normal(6, 2), normal(3, 2), normal(2, 2)), walk(UNEVEN, True, relu=False))],
    "lstm": [((normal(6, 12), normal(2, 3), normal(2, 3), normal(12, 3), None), walk(EVEN, False)),
             ((normal(6, 8), normal(3, 2), normal(3, 2), normal(8, 2), None), walk(UNEVEN, True)),
             ((normal(6, 12), normal(2, 2), normal(2, 3), normal(12, 2), normal(2, 3)), walk(EVEN, True)),
             ((normal(6, 8), normal(3, 1), normal(3, 2), normal(8, 1), normal(1, 2)), walk(UNEVEN, False))],
    "gru": [((normal(6, 9), normal(2, 3), normal(9, 3), normal(9)), walk(EVEN, False)),
            ((normal(6, 6), normal(3, 2), normal(6, 2), None), walk(UNEVEN, True)),
            ((normal(6, 6), normal(3, 2), normal(6, 2), normal(6)), walk(UNEVEN, False))],
}


def options(name, states):
    """A layer over its options; `states` makes first states of a size: (layers, batch, size) or (layers,
    size)."""
    layer = f"m.nn.{name}"
    h = {shape: states(shape)
         for shape in ("1, 2, 4", "2, 2, 4", "4, 2, 4", "1, 4", "1, 3, 4", "1, 2, 5", "2, 4")}
    return [f"{layer}(3, 4) | f(r(5, 2, 3))",
            f"{layer}(3, 4) | f(r(5, 2, 3), {h['1, 2, 4']})",
            f"{layer}(3, 4) | f(r(5, 3))",
            f"{layer}(3, 4) | f(r(5, 3), {h['1, 4']})",
            f"{layer}(3, 4) | f(r(1, 1, 3))",
            f"{layer}(3, 4, 2) | f(r(5, 2, 3))",
            f"{layer}(3, 4, num_layers=2) | f(r(5, 2, 3), {h['2, 2, 4']})",
            f"{layer}(3, 4, bias=False) | f(r(5, 2, 3))",
            f"{layer}(3, 4, batch_first=True) | f(r(2, 5, 3))",
            f"{layer}(3, 4, batch_first=True) | f(r(2, 5, 3), {h['1, 2, 4']})",
            f"{layer}(3, 4, batch_first=True) | f(r(5, 3))",
            f"{layer}(3, 4, bidirectional=True) | f(r(5, 2, 3))",
            f"{layer}(3, 4, bidirectional=True) | f(r(5, 3), {h['2, 4']})",
            f"{layer}(3, 4, 2, bidirectional=True, batch_first=True) | f(r(2, 5, 3), {h['4, 2, 4']})",
            f"{layer}(3, 4, 3, bias=False, bidirectional=True, dropout=0.5) | f.eval(); f(r(5, 2, 3))",
            f"{layer}(3, 4, 2, dropout=1.0) | f(r(5, 2, 3))",
            f"{layer}(3, 4, dtype=m.float64) | f(r(5, 2, 3))",
            f"{layer}(3, 4, device='cpu') | f(r(5, 2, 3))",
            f"{layer}(3, 4, dropout=0.5) | f(r(5, 2, 3))",
            f"{layer}(3, 4) | f(r(5, 0, 3))",
            f"{layer}(3, 4) | [[tuple(p.shape) for p in ps] for ps in f.all_weights]",
            f"{layer}(3, 4) | f.flatten_parameters()",
            f"{layer}(3, 4, 2) | (f.input_size, f.hidden_size, f.num_layers, f.bias, f.batch_first, "
            "f.dropout, f.bidirectional, f.proj_size, f.mode)",
            # what does not fit
            f"{layer}(3, 4) | f(r(5, 2, 4))",
            f"{layer}(3, 4) | f(r(3))",
            f"{layer}(3, 4) | f(r(1, 5, 2, 3))",
            f"{layer}(3, 4) | f(r(5, 2, 3).double())",
            f"{layer}(3, 4) | f(r(5, 2, 3), {h['1, 3, 4']})",
            f"{layer}(3, 4) | f(r(5, 2, 3), {h['1, 2, 5']})",
            f"{layer}(3, 4) | f(r(5, 2, 3), {h['1, 4']})",
            f"{layer}(3, 4) | f(r(5, 3), {h['1, 2, 4']})",
            f"{layer}(3, 4) | f(r(0, 2, 3))",
            f"{layer}(0, 4) | 1",
            f"{layer}(3, 0) | 1",
            f"{layer}(3, 4, 0) | 1",
            f"{layer}(3, 4, bias=1) | 1",
            f"{layer}(3, 4, batch_first=None) | 1",
            f"{layer}(3, 4, dropout=2) | 1",
            f"{layer}(3, 4, dropout=True) | 1",
            f"{layer}(3., 4) | 1",
            f"{layer}(3, '4') | 1"]


def packed(name, more=""):
    """A layer on packed sequences: the longest first, or in any order."""
    u, sequences = "m.nn.utils.rnn", "r(4, 3, 3), m.tensor([4, 2, 1])"
    layer = f"m.nn.{name}(3, 4{more})"
    return [f"{layer} | o, h = f({u}.pack_padded_sequence({sequences})); (o.data, h)",
            f"{layer} | o, h = f({u}.pack_padded_sequence(r(3, 4, 3), [1, 4, 2], batch_first=True, "
            f"enforce_sorted=False)); ({u}.pad_packed_sequence(o, batch_first=True), h)"]


def pair(shape): return f"(r({shape}), r({shape}))"


PROJECTED = ["m.nn.LSTM(3, 4, proj_size=2) | f(r(5, 2, 3))",
             "m.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2) | f(r(5, 2, 3))",
             "m.nn.LSTM(3, 4, proj_size=2) | f(r(5, 2, 3), (r(1, 2, 2), r(1, 2, 4)))",
             "m.nn.LSTM(3, 4, 2, True, True, 0.5, True, 3) | f.eval(); f(r(2, 5, 3))",
             "m.nn.LSTM(3, 4, bias=False, proj_size=1) | f(r(5, 3))",
             "m.nn.LSTM(3, 4, proj_size=4) | 1",
             "m.nn.LSTM(3, 4, proj_size=-1) | 1",
             "m.nn.LSTM(3, 4, proj_size=2) | f(r(5, 2, 3), (r(1, 2, 4), r(1, 2, 4)))",
             "m.nn.LSTM(3, 4) | f(r(5, 2, 3))[1][1].sum()", "m.nn.LSTM(3, 4) | f(r(5, 2, 3))[1][0]"]


def cells(name, state, wrong):
    cell = f"m.nn.{name}"
    return [f"{cell}(3, 4) | f(r(2, 3))",
            f"{cell}(3, 4) | f(r(2, 3), {state('2, 4')})",
            f"{cell}(3, 4) | f(r(3))",
            f"{cell}(3, 4) | f(r(3), {state('4')})",
            f"{cell}(3, 4, bias=False) | f(r(2, 3), {state('2, 4')})",
            f"{cell}(3, 4, dtype=m.float64) | f(r(2, 3), {state('2, 4')})",
            f"{cell}(3, 4) | f(r(2, 3), f(r(2, 3)))",
            f"{cell}(3, 4) | f(r(2, 4))",
            f"{cell}(3, 4) | f(r(5, 2, 3))",
            f"{cell}(3, 4) | f(r(2, 3), {state('2, 5')})",
            f"{cell}(3, 4) | f(r(2, 3), {state('1, 4')})",
            f"{cell}(3, 4) | f(r(2, 3), {state('1, 2, 4')})",
            f"{cell}(3, 4) | f(r(2, 3)){wrong}.grad_fn.name()"]


MODULES = {
    "RNN": options("RNN", lambda shape: f"r({shape})")
    + [case.replace("(3, 4", "(3, 4, nonlinearity='relu'") for case in packed("RNN")]
    + packed("RNN", ", 2, bidirectional=True")
    + ["m.nn.RNN(3, 4, 1, 'relu') | f(r(5, 2, 3))",
       "m.nn.RNN(3, 4, nonlinearity='relu', bidirectional=True, num_layers=2) | f(r(5, 2, 3))",
       "m.nn.RNN(3, 4, nonlinearity='gelu') | 1",
       "m.nn.RNN(3, 4, proj_size=2) | 1"],
    "LSTM": options("LSTM", pair) + packed("LSTM") + packed("LSTM", ", 2, bidirectional=True, proj_size=2")
    + PROJECTED, "GRU": options("GRU", lambda shape: f"r({shape})") + packed("GRU")
    + packed("GRU", ", 2, bidirectional=True, bias=False") + ["m.nn.GRU(3, 4, proj_size=2) | 1"],
    "RNNCell": cells("RNNCell", lambda shape: f"r({shape})", "")
    + ["m.nn.RNNCell(3, 4, True, 'relu') | f(r(2, 3), r(2, 4))",
       "m.nn.RNNCell(3, 4, nonlinearity='gelu') | f(r(2, 3))"],
    "LSTMCell": cells("LSTMCell", pair, "[0]"), "GRUCell": cells("GRUCell", lambda shape: f"r({shape})", ""),
}
MODULE_DIFFERENCES = [(r"\.(RNN|GRU)\(3, 4, proj_size=2\).*raises TypeError",
                       "the signature has no such argument, and Python says so")]
