"Layers, under the names of `torch.nn.modules.linear`."
from edunets.nn.activations import Identity
from edunets.nn.lazy import LazyLinear
from edunets.nn.module import Linear
from edunets.nn.small import Bilinear
