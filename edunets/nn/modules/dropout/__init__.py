"Layers, under the names of `torch.nn.modules.dropout`."
from edunets.nn.dropouts import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
