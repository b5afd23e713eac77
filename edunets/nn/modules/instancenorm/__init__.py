"Layers, under the names of `torch.nn.modules.instancenorm`."
from edunets.nn.lazy import LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d
from edunets.nn.normalization import (
    InstanceNorm as _InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d)
