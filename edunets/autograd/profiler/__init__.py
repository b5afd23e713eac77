"PyTorch's `torch.autograd.profiler`. What is in it comes from `edunets.profiler`, later in the book."
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals())
