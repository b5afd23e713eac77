"Parameters and buffers, under the names of `torch.nn.parameter`."
from edunets.nn.lazy import UninitializedBuffer, UninitializedParameter, UninitializedTensorMixin, is_lazy
from edunets.nn.module import Buffer, Parameter
