"Layers, under the names of `torch.nn.modules.fold`."
from edunets.nn.convolution import Fold, Unfold
