"Under the names of `torch.utils.data.dataset`."
from edunets.data import (ChainDataset, ConcatDataset, Dataset, IterableDataset, StackDataset, Subset,
                          TensorDataset, random_split)
