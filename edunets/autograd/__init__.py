"Autograd: PyTorch's `torch.autograd`."
from edunets.autograd import check, engine, function, functional, rules
from edunets.autograd.check import GradcheckError, gradcheck, gradgradcheck
from edunets.autograd.engine import backward, detect_anomaly, enable_grad, grad, inference_mode, no_grad, set_detect_anomaly, set_grad_enabled
from edunets.autograd.function import Function
