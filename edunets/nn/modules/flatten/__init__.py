"Layers, under the names of `torch.nn.modules.flatten`."
from edunets.nn.convolution import Flatten, Unflatten
