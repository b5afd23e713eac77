"The switches of `torch.backends`: kept, and without effect here."
from edunets.backends import cuda, cudnn, mkldnn, mps
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals(), {"machine": "edunets.backends.machine"})
