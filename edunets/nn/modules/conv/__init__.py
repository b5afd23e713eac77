"Layers, under the names of `torch.nn.modules.conv`."
from edunets.nn.convolution import (
    ConvolutionBase as _ConvNd, TransposedConvolution as _ConvTransposeNd, Conv1d, Conv2d, Conv3d,
    ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
from edunets.nn.lazy import (
    LazyConv1d, LazyConv2d, LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d)
