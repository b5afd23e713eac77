"PyTorch's `torch.xpu`: GPUs of Intel. Programs ask whether there is one; here there is none."
from edunets.backends.streams import no_gpu as is_available
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals())
