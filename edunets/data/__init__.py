"Datasets, samplers and the loader, under the names of `torch.utils.data`; and the training loop."
from edunets.data.workers import WorkerInfo, get_worker_info
from edunets.data.loading import (BatchSampler, ChainDataset, ConcatDataset, DataLoader, Dataset, IterableDataset, RandomSampler, Sampler, SequentialSampler, Subset, SubsetRandomSampler, TensorDataset, WeightedRandomSampler,
                                  default_collate, default_convert, random_split)
from edunets.data.learner import Callback, EarlyStopping, Learner, LivePlot, Progress
from edunets.data.checkpointing import Checkpoint
