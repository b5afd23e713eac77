"Which versions these are, as `torch.version`: `cuda` is what CuPy brings, None without it."
from edunets import __version__
from edunets.backends.streams import cuda_version as _cuda_version
from edunets.errors import lacking_names as _lacking_names

debug, git_version, hip, rocm, xpu = False, None, None, None, None
__getattr__ = _lacking_names(globals(), cuda=_cuda_version)
