"Layers, under the names of `torch.nn.modules.module`."
from edunets.nn.hooks import (
    register_module_backward_hook, register_module_forward_hook, register_module_forward_pre_hook,
    register_module_full_backward_hook, register_module_full_backward_pre_hook)
from edunets.nn.module import Module
