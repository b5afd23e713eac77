"Layers, under the names of `torch.nn.modules.upsampling`."
from edunets.nn.pooling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d
