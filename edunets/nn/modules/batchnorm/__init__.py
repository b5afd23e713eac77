"Layers, under the names of `torch.nn.modules.batchnorm`."
from edunets.nn.lazy import LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d
from edunets.nn.normalization import (
    BatchNorm as _BatchNorm, Running as _NormBase, BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm)
