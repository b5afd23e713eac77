"Layers, under the names of `torch.nn.modules.distance`."
from edunets.nn.small import CosineSimilarity, PairwiseDistance
