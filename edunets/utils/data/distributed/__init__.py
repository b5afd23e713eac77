"Under the names of `torch.utils.data.distributed`."
from edunets.data import DistributedSampler
