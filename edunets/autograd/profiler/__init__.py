"PyTorch's `torch.autograd.profiler`. What is in it comes from `edunets.profiler`, later in the book."
from edunets.errors import lacking_names as _lacking_names

_NAMES = ("profile", "record_function", "EventList", "FunctionEvent", "FunctionEventAvg", "ProfilerActivity", "DeviceType",
          "kineto_available")
__getattr__ = _lacking_names(globals(), dict.fromkeys(_NAMES, "edunets.profiler.recipes"))
