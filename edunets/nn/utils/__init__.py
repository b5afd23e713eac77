"What helps to train modules, under the names of `torch.nn.utils`."
from edunets.errors import lacking_names as _lacking_names
from edunets.nn.utilities import (clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_,
                                  get_total_norm, parameters_to_vector, skip_init, vector_to_parameters)
from edunets.nn.utils.parametrizations import (remove_spectral_norm, remove_weight_norm,
                                               spectral_norm_by_hook as spectral_norm,
                                               weight_norm_by_hook as weight_norm)
from edunets.nn.utils import clip_grad, convert_parameters, parametrizations, parametrize, rnn

__getattr__ = _lacking_names(globals())
