"What a script asks of `torch.accelerator` where there is none."
from edunets.errors import lacking_names
from edunets.process import never as is_available
from edunets.process import none_at_hand as device_count
from edunets.process import nothing as current_accelerator

__getattr__ = lacking_names(globals())
