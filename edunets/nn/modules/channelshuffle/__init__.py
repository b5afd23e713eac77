"Layers, under the names of `torch.nn.modules.channelshuffle`."
from edunets.nn.convolution import ChannelShuffle
