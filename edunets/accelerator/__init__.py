"What a script asks of `torch.accelerator` where there is none."
from edunets.errors import lacking_names as _lacking_names
from edunets.process import never as is_available
from edunets.process import none_at_hand as device_count
from edunets.process import nothing as current_accelerator

__getattr__ = _lacking_names(globals())
