"The switches of `torch.backends`: kept, and without effect here."
from edunets.backends import cuda, cudnn, mps
from edunets.errors import lacking_names

__getattr__ = lacking_names(globals())
