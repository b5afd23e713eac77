"""As `torch.overrides`: classes that say what a call on them means."""
from edunets.errors import DisableTorchFunctionSubclass, handle_torch_function, has_torch_function, is_tensor_like
