"The functions behind the layers, under the names of `torch.nn.functional`."
from edunets.errors import lacking_names as _lacking_names
from edunets.names import FUNCTIONS
from edunets.nn import module    # registers them

globals().update({name.removeprefix("nn.functional."): function for name, function in FUNCTIONS.items() if name.startswith("nn.functional.")})

__getattr__ = _lacking_names(globals())
