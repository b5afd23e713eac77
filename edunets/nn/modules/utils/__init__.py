"Helpers of layers, under the names of `torch.nn.modules.utils`."
from edunets.nn.convolution import (
    ntuple as _ntuple, pairs as _pair, quadruples as _quadruple, singles as _single, triples as _triple)
