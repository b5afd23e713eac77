"PyTorch's `torch.accelerator`: the same as `en.cuda`, where there is a GPU."
from edunets.backends.streams import ACCELERATOR as _ACCELERATOR
from edunets.backends.streams import current_accelerator, device_count, is_available
from edunets.errors import lacking_names as _lacking_names

globals().update(_ACCELERATOR)
__getattr__ = _lacking_names(globals())
