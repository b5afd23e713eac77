"Layers, under the names of `torch.nn.modules.rnn`."
from edunets.nn.recurrent import (
    GRU, GRUCell, LSTM, LSTMCell, RNN, Recurrent as RNNBase, RNNCell, Cell as RNNCellBase)
