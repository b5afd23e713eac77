"Layers, under the names of `torch.nn.modules.module`."
from edunets.nn.module import Module
