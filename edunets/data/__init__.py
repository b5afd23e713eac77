"Datasets, samplers and the loader, under the names of `torch.utils.data`; and the training loop."
from edunets.data.samples import (BatchSampler, ChainDataset, ConcatDataset, Dataset, DistributedSampler,
                                  IterableDataset, RandomSampler, Sampler, SequentialSampler, StackDataset, Subset,
                                  SubsetRandomSampler, TensorDataset, WeightedRandomSampler, random_split)
from edunets.data.workers import WorkerInfo, get_worker_info
from edunets.data.loading import DataLoader, default_collate, default_convert
from edunets.data.learner import Callback, EarlyStopping, Learner, LivePlot, Progress
from edunets.data.checkpointing import Checkpoint
