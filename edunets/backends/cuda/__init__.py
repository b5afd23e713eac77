"The switches of `torch.backends.cuda`, which are kept; and whether CUDA can be used."
from edunets.backends.streams import is_available as is_built
from edunets.process import MATMUL as matmul
