"Where PyTorch keeps the map of collate functions."
from edunets.utils.data._utils import collate
