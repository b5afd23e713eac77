"The switches of `torch.backends.mkldnn`: oneDNN is not used here, NumPy's BLAS computes products."
from edunets.process import never as is_available

enabled = True
