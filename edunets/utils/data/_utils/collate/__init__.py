"The names of `torch.utils.data._utils.collate`."
from edunets.data.loading import collate, default_collate, default_collate_fn_map, default_convert
