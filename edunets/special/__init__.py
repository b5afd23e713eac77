"Special functions under the names of `torch.special`, as far as they are here."
from edunets.errors import lacking_names as _lacking_names
from edunets.names import FUNCTIONS
from edunets.process import SPECIAL

globals().update({name: FUNCTIONS[row] for name, row in SPECIAL.items() if row in FUNCTIONS})
__getattr__ = _lacking_names(globals())
