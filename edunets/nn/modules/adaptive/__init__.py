"Layers, under the names of `torch.nn.modules.adaptive`."
from edunets.nn.losses import AdaptiveLogSoftmaxWithLoss
