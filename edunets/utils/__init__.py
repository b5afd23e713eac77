"Under the names of `torch.utils`."
from edunets.utils import checkpoint, data
