"edunets: a book that runs. PyTorch's face: `import edunets as en`."
__version__ = "0.1.0"

from math import e, inf, nan, pi

from edunets import (errors, tensors, table, primitives, views, names, composites, layout, indexing, creation, random, printing, autograd,
                     ops, linalg, nn, optim, saving, data, datasets, utils,
                     distributions, process, cuda, backends, accelerator, mps, xpu, version, testing, special, overrides)  # in order: each registers what the next use
from edunets.autograd.modes import (enable_grad, inference_mode, is_anomaly_check_nan_enabled, is_anomaly_enabled,
                                    is_grad_enabled, is_inference_mode_enabled, no_grad,
                                    set_grad_enabled)
import edunets.backends.meta as _meta, edunets.backends.kernels as _kernels, edunets.backends.memory as _memory
from edunets.backends.devices import get_default_device, set_default_device
from edunets.backends.streams import Event, Stream
from edunets.errors import OutOfMemoryError
from edunets.names import promote_types, result_type
from edunets.process import (are_deterministic_algorithms_enabled, asarray, frombuffer, get_float32_matmul_precision,
                             get_num_threads, is_deterministic_algorithms_warn_only_enabled,
                             set_float32_matmul_precision, set_num_threads, use_deterministic_algorithms)
from edunets.random import Generator, default_generator
from edunets.saving import load, save
from edunets.table import op
from edunets.tensors import (Size, Tensor, as_tensor, bfloat16, channels_last, channels_last_3d,
                             contiguous_format, device, dtype, finfo, float16, float32, float64, from_dlpack,
                             from_numpy, get_default_dtype, iinfo, int8, int16, int32, int64, is_tensor,
                             memory_format, preserve_format, set_default_dtype, tensor, uint8, uint16, uint32,
                             uint64)
from edunets.tensors import bool_ as bool
from edunets.tensors import float16 as half
from edunets.tensors import float32 as float
from edunets.tensors import float64 as double
from edunets.tensors import int16 as short
from edunets.tensors import int32 as int
from edunets.tensors import int64 as long

newaxis = None
globals().update({name: function for name, function in names.FUNCTIONS.items() if "." not in name})
globals().update(process.TYPES)
errors.tell_lacking(Tensor)
errors.border_methods(Tensor)
for namespace in (nn, optim, optim.lr_scheduler, optim.swa_utils, data, distributions): errors.border_classes(namespace)
del namespace
table.coming(cost="edunets.profiler.cost", rewrite="edunets.compiler.rewrites", emit="edunets.compiler.elements",
             refuse="edunets.compiler.elements", source="edunets.compiler.fusion", reduction="edunets.compiler.fusion",
             costly="edunets.compiler.fusion")
__getattr__ = errors.lacking_names(globals(), dict(profiler="edunets.profiler", draw="edunets.draw", doctor="edunets.backends.machine",
                                                   tune="edunets.backends.machine", compiler="edunets.compiler",
                                                   compile="edunets.compiler.compiled"))      # what is seldom needed comes when asked for
