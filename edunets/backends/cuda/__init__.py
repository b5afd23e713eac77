"The switches of `torch.backends.cuda`."
from edunets.process import MATMUL as matmul
from edunets.process import never as is_built
