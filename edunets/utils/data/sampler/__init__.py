"Under the names of `torch.utils.data.sampler`."
from edunets.data import (BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler,
                          WeightedRandomSampler)
