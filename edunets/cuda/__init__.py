"PyTorch's `torch.cuda`: which GPUs there are, their streams and events, and their memory."
from edunets.backends.memory import memory_summary
from edunets.backends.streams import (Stream, can_device_access_peer, current_device, current_stream, default_stream,
                                      device_count, device_of, empty_cache, get_device_capability, get_device_name,
                                      get_device_properties, get_rng_state, get_rng_state_all, initial_seed, is_available,
                                      is_bf16_supported, is_initialized, manual_seed, manual_seed_all, max_memory_allocated,
                                      max_memory_reserved, mem_get_info, memory_allocated, memory_reserved,
                                      memory_stats, reset_peak_memory_stats, seed, seed_all, set_device, set_rng_state, set_rng_state_all,
                                      set_stream, stream, synchronize)
from edunets.backends.streams import CudaEvent as Event
from edunets.backends.streams import cuda_library as init
from edunets.backends.streams import cuda_generators as _cuda_generators
from edunets.backends.streams import device_context as device
from edunets.backends.streams import max_memory_reserved as max_memory_cached      # old names
from edunets.backends.streams import memory_reserved as memory_cached
from edunets.backends.streams import reset_peak_memory_stats as reset_max_memory_allocated
from edunets.backends.streams import reset_peak_memory_stats as reset_max_memory_cached
from edunets.errors import OutOfMemoryError
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals(), default_generators=_cuda_generators)
