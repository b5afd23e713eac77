"The switches of `torch.backends.cudnn`."
from edunets.process import never as is_available
from edunets.process import nothing as version

enabled, benchmark, deterministic, allow_tf32 = True, False, False, True
