"Layers by the files of PyTorch in which they stand: the names of `torch.nn.modules`."
from edunets.nn.modules import (activation, adaptive, batchnorm, channelshuffle, container, conv, distance, dropout,
                                flatten, fold, instancenorm, lazy, linear, loss,
                                module, normalization, padding, pixelshuffle,
                                pooling, rnn, sparse, transformer, upsampling, utils)
from edunets.nn.modules.activation import *
from edunets.nn.modules.adaptive import *
from edunets.nn.modules.batchnorm import *
from edunets.nn.modules.channelshuffle import *
from edunets.nn.modules.container import *
from edunets.nn.modules.conv import *
from edunets.nn.modules.distance import *
from edunets.nn.modules.dropout import *
from edunets.nn.modules.flatten import *
from edunets.nn.modules.fold import *
from edunets.nn.modules.instancenorm import *
from edunets.nn.modules.lazy import *
from edunets.nn.modules.linear import *
from edunets.nn.modules.loss import *
from edunets.nn.modules.module import *
from edunets.nn.modules.normalization import *
from edunets.nn.modules.padding import *
from edunets.nn.modules.pixelshuffle import *
from edunets.nn.modules.pooling import *
from edunets.nn.modules.rnn import *
from edunets.nn.modules.sparse import *
from edunets.nn.modules.transformer import *
from edunets.nn.modules.upsampling import *
