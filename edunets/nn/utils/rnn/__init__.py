"Sequences of several lengths, under the names of `torch.nn.utils.rnn`."
from edunets.nn.recurrent import (PackedSequence, invert_permutation, pack_padded_sequence, pack_sequence,
                                  pad_packed_sequence, unpack_sequence)
from edunets.nn.utilities import pad_sequence, unpad_sequence
