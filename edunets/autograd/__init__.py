"Autograd: PyTorch's `torch.autograd`."
from edunets.autograd import (check, engine, function, functional, graph, leaves, modes, profiler, rules, tape,
                              versions)
from edunets.autograd.check import GradcheckError, gradcheck, gradgradcheck
from edunets.autograd.engine import backward, grad
from edunets.autograd.function import Function
from edunets.process import Variable
from edunets.autograd.modes import (detect_anomaly, enable_grad, inference_mode, no_grad, set_detect_anomaly,
                                    set_grad_enabled)
