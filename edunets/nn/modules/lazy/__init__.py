"Layers, under the names of `torch.nn.modules.lazy`."
from edunets.nn.lazy import LazyModuleMixin
