"PyTorch's `torch.profiler`: where time and memory go, as tables, traces and pictures."
from edunets.errors import lacking_names as _lacking_names
from edunets.profiler.chart import FlameChart
from edunets.profiler.cost import Cost, cost_of, roofline
from edunets.profiler.memory import leaks
from edunets.profiler.recipes import (DeviceType, ProfilerAction, ProfilerActivity, kineto_available, profile, schedule,
                                      supported_activities, tensorboard_trace_handler)
from edunets.profiler.recorder import record_function
from edunets.profiler.traces import events_of
from edunets.profiler.shootout import Shootout

__getattr__ = _lacking_names(globals())
