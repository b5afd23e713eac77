"Under the names of `torch.utils.data.dataloader`."
from edunets.data import DataLoader, default_collate, default_convert, get_worker_info
