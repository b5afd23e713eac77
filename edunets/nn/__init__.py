"Modules and layers, under the names of `torch.nn`."
from edunets.errors import lacking_names as _lacking_names
from edunets.nn import (hooks, state, containers, small, utilities, recurrent, activations, dropouts, losses,
                        distances, convolution, pooling, grid, normalization, attention, init, reports, utils, functional)
from edunets.nn.module import Buffer, Linear, Module, Parameter, Sequential
from edunets.nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList
from edunets.nn.small import Bilinear, CosineSimilarity, Embedding, EmbeddingBag, PairwiseDistance
from edunets.nn.convolution import (ChannelShuffle, CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d,
                                    ConstantPad2d, ConstantPad3d, Conv1d, Conv2d, Conv3d, ConvTranspose1d,
                                    ConvTranspose2d, ConvTranspose3d, Flatten, Fold, PixelShuffle, PixelUnshuffle,
                                    ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad1d,
                                    ReplicationPad2d, ReplicationPad3d, Unflatten, Unfold, ZeroPad1d, ZeroPad2d,
                                    ZeroPad3d)
from edunets.nn.normalization import (BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, InstanceNorm1d, InstanceNorm2d,
                                      InstanceNorm3d, LayerNorm, LocalResponseNorm, RMSNorm, SyncBatchNorm)
from edunets.nn.activations import (CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity,
                                    LeakyReLU, LogSigmoid, LogSoftmax, Mish, PReLU, ReLU, ReLU6, RReLU, SELU, Sigmoid,
                                    SiLU, Softmax, Softmax2d, Softmin, Softplus, Softshrink, Softsign, Tanh,
                                    Tanhshrink, Threshold)
from edunets.nn.dropouts import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from edunets.nn.attention import (MultiheadAttention, Transformer, TransformerDecoder, TransformerDecoderLayer,
                                  TransformerEncoder, TransformerEncoderLayer)
from edunets.nn.recurrent import (GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell, Recurrent as RNNBase,
                                  Cell as RNNCellBase)
from edunets.nn.distances import (CosineEmbeddingLoss, GaussianNLLLoss, HingeEmbeddingLoss, HuberLoss, L1Loss,
                                  MarginRankingLoss, MSELoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss,
                                  MultiMarginLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
                                  TripletMarginWithDistanceLoss)
from edunets.nn.losses import (AdaptiveLogSoftmaxWithLoss, BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, CTCLoss,
                               KLDivLoss, NLLLoss, NLLLoss2d)
from edunets.nn.pooling import (AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d,
                                AdaptiveMaxPool2d, AdaptiveMaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d,
                                FractionalMaxPool2d, FractionalMaxPool3d, LPPool1d,
                                LPPool2d, LPPool3d, MaxPool1d, MaxPool2d, MaxPool3d, MaxUnpool1d, MaxUnpool2d,
                                MaxUnpool3d, Upsample, UpsamplingBilinear2d, UpsamplingNearest2d)
from edunets.nn.lazy import (LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d, LazyConv1d, LazyConv2d,
                           LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d,
                           LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d, LazyLinear,
                           UninitializedBuffer, UninitializedParameter)
from edunets.nn.utilities import DataParallel
from edunets.nn import parameter
from edunets.nn import modules

__getattr__ = _lacking_names(globals())
