"Linear algebra under the names of `torch.linalg`."
from edunets.errors import lacking_names as _lacking_names
from edunets.names import FUNCTIONS
from edunets.ops.linear_algebra import LinAlgError

globals().update({name.removeprefix("linalg."): function for name, function in FUNCTIONS.items() if name.startswith("linalg.")})

__getattr__ = _lacking_names(globals())
