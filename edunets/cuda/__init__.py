"What a script asks of `torch.cuda` where there is no GPU; the devices come with chapter 7."
from edunets.errors import lacking_names as _lacking_names
from edunets.process import never as is_available
from edunets.process import never as is_bf16_supported
from edunets.process import never as is_initialized
from edunets.process import none_at_hand as device_count
from edunets.process import nothing as empty_cache
from edunets.process import nothing as manual_seed
from edunets.process import nothing as manual_seed_all

__getattr__ = _lacking_names(globals())
