"Layers, under the names of `torch.nn.modules.pixelshuffle`."
from edunets.nn.convolution import PixelShuffle, PixelUnshuffle
