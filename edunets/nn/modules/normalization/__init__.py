"Layers, under the names of `torch.nn.modules.normalization`."
from edunets.nn.normalization import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
