"What `torch.compile` does: a function as a graph, the graph as a program in C."
from edunets.compiler.compiled import Compiled, compile
from edunets.compiler.toolchain import cache_info, clear_cache
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals())
