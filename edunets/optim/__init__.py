"Optimizers, under the names of `torch.optim`."
from edunets.errors import lacking_names as _lacking_names
from edunets.optim.optimizer import SGD, Optimizer
from edunets.optim.adam import Adam, AdamW
from edunets.optim.family import Adagrad, Lion, Muon, NAdam, RAdam, RMSprop
from edunets.optim.signs import ASGD, Adadelta, Adafactor, Adamax, Rprop
from edunets.optim import lr_scheduler, swa_utils
from edunets.optim.lbfgs import LBFGS

__getattr__ = _lacking_names(globals())
