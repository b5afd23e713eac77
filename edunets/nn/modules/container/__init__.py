"Layers, under the names of `torch.nn.modules.container`."
from edunets.nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList
from edunets.nn.module import Sequential
