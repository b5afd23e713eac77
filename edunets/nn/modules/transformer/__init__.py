"Layers, under the names of `torch.nn.modules.transformer`."
from edunets.nn.attention import (
    Transformer, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder,
    TransformerEncoderLayer)
