"PyTorch's `torch.accelerator`: asked of whatever there is, CUDA, a Mac's GPU, or a device of one's own."
from edunets.backends.streams import ACCELERATOR as _ACCELERATOR
from edunets.backends.streams import current_accelerator
from edunets.errors import lacking_names as _lacking_names

globals().update(_ACCELERATOR)
__getattr__ = _lacking_names(globals())
