"Layers, under the names of `torch.nn.modules.sparse`."
from edunets.nn.small import Embedding, EmbeddingBag
