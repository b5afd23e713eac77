"Under the names of `torch.nn.utils.clip_grad`."
from edunets.nn.utilities import (clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_,
                                   get_total_norm)
