"The names of `edunets.data` where PyTorch's users look for them."
from edunets.data import (BatchSampler, ChainDataset, ConcatDataset, DataLoader, Dataset, DistributedSampler,
                          IterableDataset,
                          RandomSampler, Sampler, SequentialSampler, StackDataset, Subset, SubsetRandomSampler, TensorDataset,
                          WeightedRandomSampler, WorkerInfo, default_collate, default_convert, get_worker_info,
                          random_split)
from edunets.utils.data import _utils, dataloader, dataset, distributed, sampler
