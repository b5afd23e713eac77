"PyTorch's `torch.mps`: waiting, memory and random numbers of a Mac's GPU."
from edunets.backends.metal import (current_allocated_memory, device_count, driver_allocated_memory, empty_cache,
                                    get_rng_state, is_available, manual_seed, recommended_max_memory, seed,
                                    set_per_process_memory_fraction, set_rng_state, synchronize)
from edunets.errors import lacking_names as _lacking_names

__getattr__ = _lacking_names(globals())
